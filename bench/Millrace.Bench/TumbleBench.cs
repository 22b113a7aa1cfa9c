// A tumbling count/sum/avg by 1,000 keys on one thread, through SQL, beside a hand-written dictionary loop over the same columns.
using System.Runtime.InteropServices;
using Millrace.Core;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// Ours twice: the statement CREATE MATERIALIZED VIEW over a stream's history, from its text to the view that can be read; and the same query's dataflow
/// alone, an epoch every 64 Ki events as when they come in live.
/// </summary>
internal static class TumbleBench
{
    private const string Name = "tumble";
    private const int BatchRows = 64 << 10;
    private const int Keys = 1000;
    private const long WindowMicros = 1_000_000;

    private const string Query =
        "SELECT window_start, k, count(*) AS n, sum(v) AS total, avg(v) AS mean FROM TUMBLE(events, ts, INTERVAL '1 second') GROUP BY window_start, k";

    private struct Sums
    {
        public long Count;
        public long Sum;
    }

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int events = options.Events ?? 10_000_000;
        Batch[] batches = Events(events);
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.None);
        await database.ExecuteAsync("CREATE STREAM events (ts timestamptz, k integer, v bigint)");
        foreach (Batch batch in batches)
        {
            await database.AppendAsync("events", batch);
        }

        var view = new Measure();
        var flow = new Measure();
        var hand = new Measure();
        (long groups, long counted) = ByHand(batches);
        for (int run = -2; run < options.Runs; run++)
        {
            Progress.Say($"{Name}: run {run + 1} of {options.Runs}");
            Measure At(Measure m) => run < 0 ? new Measure() : m;
            await At(hand).TakeAsync(events, () => ByHand(batches));
            await At(view).TakeAsync(events, () => database.ExecuteAsync("CREATE MATERIALIZED VIEW sums AS " + Query));
            await At(flow).TakeAsync(events, () => ByDataflow(database, batches));
            if (run < 0)
            {
                IReadOnlyList<long> seen = await database.QueryAsync<long>("SELECT count(*) FROM sums UNION ALL SELECT sum(n)::bigint FROM sums");
                Check.That(seen.Order().SequenceEqual([groups, counted]), "the view has other groups than the loop by hand");
            }

            await database.ExecuteAsync("DROP MATERIALIZED VIEW sums");
        }

        view.AddTo(report, Name, "CREATE MATERIALIZED VIEW", hand);
        flow.AddTo(report, Name, "dataflow, epochs of 64 Ki", hand);
        hand.AddTo(report, Name, "by hand");
    }

    private static void ByDataflow(Database database, Batch[] batches)
    {
        var compiled = new Compiled(database, Query);
        foreach (Batch batch in batches)
        {
            compiled.Push("events", batch);
            compiled.EndEpoch();
        }

        if (Environment.GetEnvironmentVariable("EXPLAIN") is not null)
        {
            Console.WriteLine(string.Join('\n', compiled.Explain));
        }
    }

    private static Batch[] Events(int count)
    {
        var random = new Random(42);
        var batches = new List<Batch>();
        long time = 1_700_000_000_000_000;
        for (int done = 0; done < count; done += BatchRows)
        {
            int rows = Math.Min(BatchRows, count - done);
            long[] times = new long[rows];
            int[] keys = new int[rows];
            long[] values = new long[rows];
            for (int i = 0; i < rows; i++)
            {
                times[i] = time += random.Next(3);
                keys[i] = random.Next(Keys);
                values[i] = random.Next(1_000_000);
            }

            batches.Add(new Batch(
                [
                    new FixedColumn<long>(SqlType.TimestampTz, times, rows), new FixedColumn<int>(SqlType.Integer, keys, rows),
                    new FixedColumn<long>(SqlType.BigInt, values, rows),
                ],
                rows));
        }

        return [.. batches];
    }

    private static (long Groups, long Counted) ByHand(Batch[] batches)
    {
        var sums = new Dictionary<(long Window, int Key), Sums>();
        foreach (Batch batch in batches)
        {
            long[] times = ((FixedColumn<long>)batch.Columns[0]).Values;
            int[] keys = ((FixedColumn<int>)batch.Columns[1]).Values;
            long[] values = ((FixedColumn<long>)batch.Columns[2]).Values;
            for (int i = 0; i < batch.Count; i++)
            {
                long window = times[i] - (times[i] % WindowMicros);
                ref Sums at = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (window, keys[i]), out _);
                at.Count++;
                at.Sum += values[i];
            }
        }

        long counted = 0;
        double means = 0;
        foreach (Sums s in sums.Values)
        {
            counted += s.Count;
            means += s.Sum / (double)s.Count;
        }

        Check.That(means > 0);
        return (sums.Count, counted);
    }
}
