// What the log takes: bytes a second of large records, and commits a second of small ones from one and from many writers.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Bench;

/// <summary>The log alone with records of 1 MiB, and a database's commits of one row each.</summary>
internal static class LogBench
{
    private const string Name = "log";
    private const int RecordBytes = 1 << 20;
    private const int Records = 256;
    private const double Seconds = 2;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        foreach (Durability durability in new[] { Durability.None, Durability.Os, Durability.Fsync })
        {
            string label = durability.ToString().ToLowerInvariant();
            var rates = new List<double>();
            for (int run = -1; run < options.Runs; run++)
            {
                Progress.Say($"{Name}: records of 1 MiB, {label}, run {run + 1} of {options.Runs}");
                double rate = Append(durability);
                if (run >= 0)
                {
                    rates.Add(rate);
                }
            }

            report.Add(Figure.Of(Name, $"{label}: append records of 1 MiB", "MB/s", rates));
            foreach (int writers in new[] { 1, 64 })
            {
                Progress.Say($"{Name}: commits of one row, {label}, {writers} writers");
                (double commits, List<double> ms) = await CommitAsync(durability, writers);
                report.Add(Name, $"{label}: commits of 1 row, {writers} writers", "commits/s", commits);
                report.AddLatency(Name, $"{label}: commit of 1 row, {writers} writers", ms);
            }
        }
    }

    private static double Append(Durability durability)
    {
        using TestFolder folder = TestFolder.Make();
        using var disk = new RealDisk(folder.Path);
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { Durability = durability });
        byte[] record = new byte[RecordBytes];
        new Random(1).NextBytes(record);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Records; i++)
        {
            log.Append(record);
            log.BeginSync()?.Wait();
        }

        return Records * (double)RecordBytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<(double Rate, List<double> Ms)> CommitAsync(Durability durability, int writers)
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(durability);
        await database.ExecuteAsync("CREATE STREAM s (v bigint)");
        long begin = Stopwatch.GetTimestamp();
        List<double>[] all = await Task.WhenAll(Enumerable.Range(0, writers).Select(w => Task.Run(async () =>
        {
            var ms = new List<double>();
            while (Stopwatch.GetElapsedTime(begin).TotalSeconds < Seconds)
            {
                long start = Stopwatch.GetTimestamp();
                await database.AppendAsync("s", new Batch([new FixedColumn<long>(SqlType.BigInt, [w], 1)], 1));
                ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            return ms;
        })));
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        List<double> every = [.. all.SelectMany(m => m)];
        return (every.Count / elapsed, every);
    }
}
