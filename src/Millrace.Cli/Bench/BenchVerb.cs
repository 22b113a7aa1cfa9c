// millrace bench: a short ingest-and-aggregate run on this machine, to compare machines; the project's benchmarks live in bench/.
using System.CommandLine;
using System.Diagnostics;
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Millrace.Log;

namespace Millrace.Cli;

/// <summary>Appends Nexmark bids to a temporary database and keeps one grouped view over them, for a few seconds.</summary>
internal static class BenchVerb
{
    private const int BatchEvents = 10_000;

    public static Command Command()
    {
        var seconds = new Option<int>("--seconds") { Description = "How long to run", DefaultValueFactory = _ => 5 };
        var durability = new Option<string>("--durability") { Description = "fsync, os or none", DefaultValueFactory = _ => "fsync" };
        durability.AcceptOnlyFromAmong("fsync", "os", "none");
        var command = new Command("bench", "Measure this machine: Nexmark bids into a stream with one live view (the full benchmarks are in bench/)") { seconds, durability };
        command.Subcommands.Add(NexmarkVerb.Command());
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(seconds), Enum.Parse<Durability>(parsed.GetValue(durability)!, ignoreCase: true)));
        return command;
    }

    private static async Task<int> RunAsync(int seconds, Durability durability)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"millrace-bench-{Environment.ProcessId}");
        try
        {
            await using Database database = await Database.OpenAsync(folder, new DatabaseOptions { Durability = durability });
            await using Session session = database.NewSession();
            await session.ExecuteAsync(
                """
                CREATE STREAM bid (auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamp, extra text);
                CREATE MATERIALIZED VIEW by_auction AS SELECT auction, count(*) AS bids, max(price) AS highest FROM bid GROUP BY auction
                """);
            var generator = new NexmarkGenerator();
            var bids = new BatchBuilder(NexmarkGenerator.Bid);
            long rows = 0;
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                bids.Reset();
                generator.Generate(BatchEvents, null, null, bids);
                rows += bids.Count;
                await database.AppendAsync("bid", bids.ToBatch());
            }

            double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine($"{rows:N0} bids in {elapsed:N1} s, durability {durability.ToString().ToLowerInvariant()}: {rows / elapsed:N0} rows/s through the log and one live view");
            return Exit.Done;
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
