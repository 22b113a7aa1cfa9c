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
            long made = Stopwatch.GetTimestamp();
            for (int i = 0; i < views; i++)
            {
                await database.ExecuteAsync($"CREATE MATERIALIZED VIEW v{i} AS SELECT k, count(*) AS n, sum(v) AS total FROM quiet WHERE v > {i} GROUP BY k");
            }

            if (views > 0)
            {
                report.Add(Name, $"{views} views: CREATE MATERIALIZED VIEW", "ms each", Stopwatch.GetElapsedTime(made).TotalMilliseconds / views);
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

    private static async Task CommitAsync(Database database, int commits)
    {
        for (int i = 0; i < commits; i++)
        {
            await database.AppendAsync("busy", new Batch([new FixedColumn<long>(SqlType.BigInt, [i], 1)], 1));
        }
    }
}
