// millrace bench nexmark: the options, and what is told while it runs and at its end.
using System.CommandLine;
using Millrace.Generators.Nexmark;
using Millrace.Log;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>Runs Nexmark queries one after another.</summary>
internal static class NexmarkVerb
{
    public static Command Command()
    {
        var queries = new Option<string>("--queries") { Description = "Which, for example q0,q5 (default: all)", HelpName = "q0,q1,…" };
        var events = new Option<int>("--events") { Description = "Events of a run", HelpName = "N", DefaultValueFactory = _ => 1_000_000 };
        var write = new Option<int>("--write-events") { Description = "Events in one write", HelpName = "N", DefaultValueFactory = _ => 50_000 };
        var runs = new Option<int>("--runs") { Description = "Measured runs of each query; one more goes before them", HelpName = "N", DefaultValueFactory = _ => 3 };
        var rate = new Option<int>("--rate") { Description = "Events a second while latency is measured; 0 leaves it out", HelpName = "N", DefaultValueFactory = _ => 100_000 };
        var seconds = new Option<int>("--seconds") { Description = "How long latency is measured", HelpName = "N", DefaultValueFactory = _ => 2 };
        var durability = new Option<string>("--durability") { Description = "fsync, os or none", DefaultValueFactory = _ => "fsync" };
        durability.AcceptOnlyFromAmong("fsync", "os", "none");
        var operators = new Option<bool>("--operators") { Description = "Also print what each operator of each query did" };
        var workers = new Option<int>("--workers") { Description = "Threads that compute views", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
        var split = new Option<bool>("--split") { Description = "Split the keyed work of each view over the workers" };
        var together = new Option<bool>("--together") { Description = "All of the queries as views of one database, instead of each alone" };
        var json = new Option<string>("--json") { Description = "Write the figures to this file as JSON; - is standard output, instead of the table", HelpName = "FILE" };
        var command = new Command("nexmark", "Measure the Nexmark queries: each alone, as a live view over the three streams, log and checkpoints on")
        {
            queries, events, write, runs, rate, seconds, durability, workers, split, together, operators, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            IReadOnlyList<NexmarkQuery> chosen = Chosen(parsed.GetValue(queries));
            var settings = new NexmarkSettings(
                parsed.GetValue(together) ? [NexmarkRun.Together(chosen)] : chosen, Positive(parsed.GetValue(events), "--events"), Positive(parsed.GetValue(write), "--write-events"),
                Positive(parsed.GetValue(runs), "--runs"), parsed.GetValue(rate), Positive(parsed.GetValue(seconds), "--seconds"),
                Enum.Parse<Durability>(parsed.GetValue(durability)!, ignoreCase: true),
                Positive(parsed.GetValue(workers), "--workers"), parsed.GetValue(split));
            return RunAsync(settings, parsed.GetValue(operators), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(NexmarkSettings settings, bool operators, string? json, CancellationToken cancellation)
    {
        var run = new NexmarkRun(settings);
        var results = new List<NexmarkResult>();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress().AutoClear(true).HideCompleted(false).StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask("drawing events", maxValue: settings.Queries.Count);
            run.Draw();
            foreach (NexmarkQuery query in settings.Queries)
            {
                bar.Description = Markup.Escape($"{query.Name} {query.Title}");
                results.Add(await run.MeasureAsync(query, step => bar.Increment(step), cancellation));
            }
        });
        var report = new NexmarkReport(settings, results);
        if (json is not null)
        {
            report.WriteJson(json);
        }

        if (json != "-")
        {
            report.Print(Console.Out, operators);
        }

        return Exit.Done;
    }

    private static IReadOnlyList<NexmarkQuery> Chosen(string? names) => string.IsNullOrWhiteSpace(names)
        ? NexmarkQueries.All
        : [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(n => NexmarkQueries.Find(n)
            ?? throw new UsageException($"there is no Nexmark query \"{n}\": they are q0 to q23"))];

    private static int Positive(int value, string option) => value > 0 ? value : throw new UsageException($"{option} must be above 0");
}
