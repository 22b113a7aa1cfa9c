// What a rollup saves: hour averages over all rows, from rows and from the rollup, one after the other in the same run.
using System.Diagnostics;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>The metrics of 100 hosts (<c>--events</c> rows) and a rollup by host and hour.</summary>
internal static class RollupsBench
{
    private const string Name = "rollups";
    private const int BatchRows = 10_000;
    private const int Hosts = 100;
    private const int Warmups = 30;

    private const string Hours = "SELECT hostname, time_bucket('1 hour', ts) AS hour, avg(usage_user) FROM cpu GROUP BY hostname, hour";
    private const string Days = "SELECT time_bucket('1 day', ts) AS day, max(usage_user), count(*) FROM cpu GROUP BY day";

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int rows = options.Events ?? 1_000_000;
        using TestFolder folder = TestFolder.Make();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.Os });
        await database.ExecuteAsync(TsbsData.Definition("cpu", decimals: true));
        await database.ExecuteAsync(
            "CREATE MATERIALIZED VIEW cpu_1h WITH (key = 'hostname') AS SELECT hostname, window_start, window_end, count(*) AS n, avg(usage_user) AS mean, max(usage_user) AS peak " +
            "FROM TUMBLE(cpu, ts, INTERVAL '1 hour') GROUP BY hostname, window_start, window_end EMIT ON WINDOW CLOSE");
        var data = new TsbsData(Hosts, decimals: true);
        for (int done = 0; done < rows; done += BatchRows)
        {
            Progress.Say($"{Name}: {done:N0} rows of {rows:N0}");
            await database.AppendAsync("cpu", data.Take(BatchRows));
        }

        await database.CompactAsync();
        await using Session session = database.NewSession();
        foreach ((string what, string sql) in new[] { ("mean by host and hour", Hours), ("max and count by day", Days) })
        {
            foreach (string mode in new[] { "off", "on" })
            {
                Progress.Say($"{Name}: {what}, rollups = {mode}");
                await session.ExecuteAsync($"SET rollups = {mode}");
                var ms = new List<double>();
                for (int run = -Warmups; run < options.Runs * 3; run++)
                {
                    long start = Stopwatch.GetTimestamp();
                    await session.ExecuteAsync(sql);
                    if (run >= 0)
                    {
                        ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                }

                report.Add(Name, $"{what}, from {(mode == "on" ? "the rollup and the open hour" : "rows")}", "ms", [.. ms]);
            }
        }
    }
}
