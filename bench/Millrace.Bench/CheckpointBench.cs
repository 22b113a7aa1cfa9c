// What a checkpoint costs whoever writes meanwhile, and what it writes: one view of many keys, of which few or all change between two checkpoints.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>
/// One view of <c>--events</c> keys (a million), aggregating, and behind that joining or ranking; a writer of 1,000 rows an insert that never pauses, and a checkpoint four times in its
/// midst. The rows between two checkpoints have keys of one hundredth of all, side by side or spread over all of them. Durability os.
/// </summary>
internal static class CheckpointBench
{
    private const string Name = "checkpoint";
    private const int BatchRows = 1_000;
    private const int Checkpoints = 4;

    private static readonly Schema s_layout = new([new Field("k", SqlType.BigInt), new Field("v", SqlType.BigInt)]);

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int keys = options.Events ?? 1_000_000;
        const string Totals = "SELECT k AS key, count(*) AS n, sum(v) AS total FROM s GROUP BY k";
        foreach ((string name, string view, Func<int, long> change) in new (string, string, Func<int, long>)[]
        {
            ("changes side by side", Totals, i => i % (keys / 100)),
            ("changes all over", Totals, i => i % (keys / 100) * 100L),
            ("changes all over, text keys", "SELECT 'key ' || k AS key, count(*) AS n, sum(v) AS total FROM s GROUP BY 1", i => i % (keys / 100) * 100L),
            ("changes all over, a join of totals", $"SELECT a.key, a.total, b.n FROM ({Totals}) AS a JOIN ({Totals}) AS b ON a.key = b.key", i => i % (keys / 100) * 100L),
            ("changes all over, top 3 of ten totals",
                $"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key / 10 ORDER BY total DESC) AS r FROM ({Totals}) AS x) AS y WHERE r <= 3", i => i % (keys / 100) * 100L),
        })
        {
            using TestFolder folder = TestFolder.Make();
            await using Database database = await Database.OpenAsync(
                folder.Path, new DatabaseOptions { Durability = Durability.Os, CheckpointLogBytes = long.MaxValue });
            await database.ExecuteAsync("CREATE STREAM s (k bigint, v bigint)");
            await database.ExecuteAsync($"CREATE MATERIALIZED VIEW m AS {view}");
            for (int at = 0; at < keys; at += 50_000)
            {
                Progress.Say($"{Name}: {name}, {at:N0} of {keys:N0} keys");
                await database.AppendAsync("s", Rows(i => i, at, Math.Min(50_000, keys - at)));
            }

            await database.ExecuteAsync("CHECKPOINT");
            await MeasureAsync(database, folder.Path, change, options.Runs, (figure, unit, samples) => report.Add(Name, $"{keys:N0} keys, {name}: {figure}", unit, samples));
        }
    }

    private static async Task MeasureAsync(Database database, string folder, Func<int, long> change, int runs, Action<string, string, double[]> add)
    {
        var longest = new List<double>();
        var quiet = new List<double>();
        var written = new List<double>();
        var took = new List<double>();
        int at = 0;
        for (int run = 0; run < Math.Min(runs, Checkpoints); run++)
        {
            quiet.Add(await LongestAsync(database, change, Task.Delay(TimeSpan.FromSeconds(1)), () => at += BatchRows));
            HashSet<string> before = [.. Files(folder)];
            long start = Stopwatch.GetTimestamp();
            Task checkpoint = database.ExecuteAsync("CHECKPOINT");
            longest.Add(await LongestAsync(database, change, checkpoint, () => at += BatchRows));
            took.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            written.Add(Files(folder).Where(f => !before.Contains(f)).Sum(f => new FileInfo(f).Length) / 1048576.0);
        }

        add("longest append without a checkpoint", "ms", [.. quiet]);
        add("longest append during one", "ms", [.. longest]);
        add("until it is there", "ms", [.. took]);
        add("bytes written", "MiB", [.. written]);
    }

    private static async Task<double> LongestAsync(Database database, Func<int, long> change, Task until, Func<int> next)
    {
        double longest = 0;
        while (!until.IsCompleted)
        {
            Batch rows = Rows(change, next(), BatchRows);
            long start = Stopwatch.GetTimestamp();
            await database.AppendAsync("s", rows);
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        await until;
        return longest;
    }

    private static string[] Files(string folder) => Directory.GetFiles(Path.Combine(folder, "checkpoint"));

    private static Batch Rows(Func<int, long> key, int from, int count)
    {
        var builder = new BatchBuilder(s_layout);
        for (int i = from; i < from + count; i++)
        {
            ((FixedBuilder<long>)builder.Columns[0]).Append(key(i));
            // Sums that repeat would be the same blocks over and over, which are written once.
            ((FixedBuilder<long>)builder.Columns[1]).Append((int)((uint)i * 2_654_435_761 >> 8) % 1_000_003);
            builder.EndRow();
        }

        return builder.ToBatch();
    }
}
