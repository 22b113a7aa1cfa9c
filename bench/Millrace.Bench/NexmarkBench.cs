// Nexmark q0–q3 in process: dataflow alone, and appended to a database with the view live; beside each a hand-written loop over the same columns.
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// Events are drawn beforehand. "dataflow" and "by hand" count the rows the query reads (bids for q0–q2, auctions and persons for q3); "append" counts every
/// event of all three streams, as the benchmark's definition does, through AppendAsync with the view live, log included.
/// </summary>
internal static class NexmarkBench
{
    private const string Name = "nexmark";
    // Short loops must run for a while before the runtime has compiled them for good.
    private const int WarmUps = 12;
    private const int BatchEvents = 64 << 10;

    private static readonly (string Name, Func<NexmarkEvents, long> ByHand)[] s_queries =
        [("q0", NexmarkByHand.Q0), ("q1", NexmarkByHand.Q1), ("q2", NexmarkByHand.Q2), ("q3", NexmarkByHand.Q3)];

    private static readonly Durability[] s_durabilities = [Durability.None, Durability.Os, Durability.Fsync];

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int count = options.Events ?? 4_000_000;
        Progress.Say($"{Name}: drawing {count:N0} events");
        NexmarkEvents events = NexmarkEvents.Draw(count, BatchEvents);
        var drawing = new Measure();
        for (int run = 0; run < options.Runs; run++)
        {
            // What draws events must not be what limits them.
            await drawing.TakeAsync(count, () => NexmarkEvents.Draw(count, BatchEvents));
        }

        drawing.AddTo(report, Name, "drawing events");
        double logBytes = 0;
        foreach ((string name, Func<NexmarkEvents, long> byHand) in s_queries.Where(q => options.Only is null || options.Only == q.Name))
        {
            string sql = NexmarkQueries.Find(name)!.Sql;
            // The join reads few of the events: it gets three times as many, drawn without the bids between them.
            NexmarkEvents fed = name == "q3" ? NexmarkEvents.Draw(count * 3, BatchEvents * 3, bids: false) : events;
            (Measure flow, Measure hand) = await RaceAsync(options, name, sql, byHand, fed);
            flow.AddTo(report, Name, name + " dataflow", hand);
            hand.AddTo(report, Name, name + " by hand");
            foreach (Durability durability in options.Only is null ? s_durabilities : [])
            {
                var append = new Measure();
                for (int run = -1; run < options.Runs; run++)
                {
                    Progress.Say($"{Name} {name}: append, durability {durability}, run {run + 1} of {options.Runs}");
                    logBytes = await AppendAsync(run < 0 ? new Measure() : append, durability, sql, events, count);
                }

                append.AddTo(report, Name, $"{name} append, {durability.ToString().ToLowerInvariant()}");
            }
        }

        if (logBytes > 0)
        {
            report.Add(Name, "log bytes of an event", "B", logBytes);
        }
    }

    private static async Task<(Measure Flow, Measure Hand)> RaceAsync(
        BenchOptions options, string name, string sql, Func<NexmarkEvents, long> byHand, NexmarkEvents events)
    {
        var flow = new Measure();
        var hand = new Measure();
        long read = events.RowsRead(name == "q3");
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.None);
        await database.ExecuteAsync(NexmarkQueries.Schema);
        for (int run = -WarmUps; run < options.Runs; run++)
        {
            Progress.Say($"{Name} {name}: dataflow, run {run + 1} of {options.Runs}");
            long given = 0;
            var compiled = new Compiled(database, sql);
            await (run < 0 ? new Measure() : hand).TakeAsync(read, () => given = byHand(events));
            await (run < 0 ? new Measure() : flow).TakeAsync(read, () => ByDataflow(compiled, events));
            Check.That(given == compiled.RowsOut, $"{name}: {given} rows by hand, {compiled.RowsOut} from the dataflow");
            if (run == options.Runs - 1 && Environment.GetEnvironmentVariable("EXPLAIN") is not null)
            {
                Console.WriteLine(string.Join('\n', compiled.Explain));
            }
        }

        return (flow, hand);
    }

    private static void ByDataflow(Compiled compiled, NexmarkEvents events)
    {
        foreach ((string input, Batch batch) in events.Batches)
        {
            compiled.Push(input, batch);
            compiled.EndEpoch();
        }
    }

    // The engine takes ownership of batches; it never changes their arrays, so every run may append the same ones in a new shell.
    private static async Task<double> AppendAsync(Measure measure, Durability durability, string sql, NexmarkEvents events, int count)
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(durability);
        await database.ExecuteAsync(NexmarkQueries.Schema);
        await database.ExecuteAsync("CREATE MATERIALIZED VIEW q AS " + sql);
        await measure.TakeAsync(count, async () =>
        {
            // Two writes are in flight, so that the engine is not idle while a caller wakes up.
            Task earlier = Task.CompletedTask;
            foreach ((string input, Batch batch) in events.Batches)
            {
                Task next = database.AppendAsync(input, new Batch(batch.Columns, batch.Count)).AsTask();
                await earlier;
                earlier = next;
            }

            await earlier;
        });
        return database.Engine.LogBytes / (double)count;
    }
}
