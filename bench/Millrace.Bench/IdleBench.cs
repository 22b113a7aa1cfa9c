// What views cost that have nothing to do: processor time of a quiet database, and of commits that they do not read.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>Databases with 0, 100 and 1,000 views over one stream, while nothing comes in and while another stream is written.</summary>
internal static class IdleBench
{
    private const string Name = "idle";
    private const int Commits = 5_000;
    private const double SettleSeconds = 8;
    private const double QuietSeconds = 5;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        foreach (int views in new[] { 0, 100, 1_000 })
        {
            Progress.Say($"{Name}: {views} views");
            using TestFolder folder = TestFolder.Make();
            await using Database database = await folder.OpenAsync(Durability.None);
            await database.ExecuteAsync("CREATE STREAM quiet (k integer, v bigint, ts timestamptz)");
            await database.ExecuteAsync("CREATE STREAM busy (v bigint)");
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long made = Stopwatch.GetTimestamp();
            for (int i = 0; i < views; i++)
            {
                await database.ExecuteAsync($"CREATE MATERIALIZED VIEW v{i} AS SELECT k, count(*) AS n, sum(v) AS total FROM quiet WHERE v > {i} GROUP BY k");
            }

            if (views > 0)
            {
                report.Add(Name, $"{views} views: CREATE MATERIALIZED VIEW", "ms each", Stopwatch.GetElapsedTime(made).TotalMilliseconds / views);
                report.Add(Name, $"{views} views: managed memory", "KB each", (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024.0 / views);
                await FirstResultAsync(database, report, views);
            }

            // The runtime goes on compiling for a while after the last statement: that is not what views cost.
            await Task.Delay(TimeSpan.FromSeconds(SettleSeconds));
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            await Task.Delay(TimeSpan.FromSeconds(QuietSeconds));
            report.Add(Name, $"{views} views: nothing comes in", "% of a core", (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / QuietSeconds * 100);
            await CommitAsync(database, 500);
            cpu = Environment.CpuUsage.TotalTime;
            await CommitAsync(database, Commits);
            report.Add(Name, $"{views} views: a commit that none of them reads", "us CPU", (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Commits);
        }
    }

    // From the statement to the first answer of the new view, over an empty stream; each of another shape, so that nothing is compiled already.
    private static async Task FirstResultAsync(Database database, Report report, int views)
    {
        await database.ExecuteAsync("CREATE STREAM empty (k integer, v bigint, ts timestamptz, WATERMARK FOR ts AS ts - INTERVAL '1 second')");
        string[] shapes =
        [
            "SELECT k, sum(v) AS x FROM empty GROUP BY k",
            "SELECT window_start, k, avg(v) AS x FROM TUMBLE(empty, ts, INTERVAL '1 minute') GROUP BY window_start, k EMIT ON WINDOW CLOSE",
            "SELECT * FROM (SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM empty) t WHERE r <= 3",
            "SELECT a.k, b.v FROM empty a JOIN empty b ON a.k = b.v AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '5 seconds'",
            "SELECT k, v * 2 AS v2, lag(v) OVER (PARTITION BY k ORDER BY ts) AS x FROM empty WHERE v % 7 <> 3",
        ];
        double most = 0;
        double total = 0;
        for (int i = 0; i < shapes.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await database.ExecuteAsync($"CREATE MATERIALIZED VIEW first{i} AS {shapes[i]}");
            await database.ExecuteAsync($"SELECT count(*) FROM first{i}");
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            most = Math.Max(most, ms);
            total += ms;
        }

        report.Add(Name, $"{views} views: one more and its first result, mean of {shapes.Length} shapes", "ms", total / shapes.Length);
        report.Add(Name, $"{views} views: one more and its first result, slowest", "ms", most);
    }

    private static async Task CommitAsync(Database database, int commits)
    {
        for (int i = 0; i < commits; i++)
        {
            await database.AppendAsync("busy", new Batch([new FixedColumn<long>(SqlType.BigInt, [i], 1)], 1));
        }
    }
}
