// The columnar store in process: how fast rows get in and are sealed, how small they are, how fast questions are answered. No door, no peer.
using System.Diagnostics;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>Metrics of 100 hosts; <c>--events</c> is the number of rows, <c>--only</c> int or f2.</summary>
internal static class StoreBench
{
    private const string Name = "store";
    private const int BatchRows = 10_000;
    private const int Hosts = 100;

    // The runtime compiles what runs often a second and a third time.
    private const int Warmups = 200;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        foreach (bool decimals in new[] { false, true })
        {
            string set = decimals ? "f2" : "int";
            if (options.Only is null || options.Only == set)
            {
                await RunAsync(options, report, set, decimals);
            }
        }
    }

    private static async Task RunAsync(BenchOptions options, Report report, string set, bool decimals)
    {
        int rows = options.Events ?? 1_000_000;
        using TestFolder folder = TestFolder.Make();
        await using Database database = await Database.OpenAsync(folder.Path, new DatabaseOptions { Durability = Durability.Os });
        await database.ExecuteAsync(TsbsData.Definition("cpu", decimals));
        var data = new TsbsData(Hosts, decimals);
        double appending = 0;
        for (int done = 0; done < rows; done += BatchRows)
        {
            Progress.Say($"{Name} {set}: {done:N0} rows of {rows:N0}");
            Core.Batch batch = data.Take(BatchRows);
            long start = Stopwatch.GetTimestamp();
            await database.AppendAsync("cpu", batch);
            appending += Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        report.Add(Name, $"{set}: append", "M rows/s", rows / appending / 1e6);
        long sealing = Stopwatch.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        await database.CompactAsync();
        report.Add(Name, $"{set}: seal what was left", "s", Stopwatch.GetElapsedTime(sealing).TotalSeconds);
        report.Add(Name, $"{set}: seal, processor time", "s", (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        report.Add(Name, $"{set}: bytes a value", "B", database.Segments().Sum(s => s.Bytes) / (double)rows / TsbsData.Fields.Length);
        await using Session session = database.NewSession();
        for (int query = 0; query < TsbsQueries.Names.Length; query++)
        {
            Progress.Say($"{Name} {set}: {TsbsQueries.Names[query]}");
            var draws = new Draws();
            var ms = new List<double>();
            var processor = new List<double>();
            for (int run = -Warmups; run < options.Runs * 3; run++)
            {
                string sql = TsbsQueries.Sql(query, draws, Hosts, rows, "ts");
                TimeSpan before = Environment.CpuUsage.TotalTime;
                long start = Stopwatch.GetTimestamp();
                await session.ExecuteAsync(sql);
                if (run >= 0)
                {
                    ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    processor.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
                }
            }

            report.Add(Name, $"{set}: {TsbsQueries.Names[query]}", "ms", [.. ms]);
            report.Add(Name, $"{set}: {TsbsQueries.Names[query]}", "ms CPU", [.. processor]);
        }
    }
}
