// What an import shows: a bar a file in a terminal, and one line at the end.
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Millrace.Cli.Import;

/// <summary>Loads files and shows how far it is: rows, megabytes a second, time left. Without a terminal only the sum is written.</summary>
internal static class ImportProgress
{
    public static async Task ShowAsync(ImportRun run, IReadOnlyList<ImportSource> sources, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            if (Console.IsErrorRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is not null)
            {
                foreach (ImportSource source in sources)
                {
                    await run.LoadAsync(source, (_, _) => { }, cancellation);
                }
            }
            else
            {
                IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
                await console.Progress()
                    .Columns(
                        new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new CountColumn(run, start),
                        new RemainingTimeColumn())
                    .StartAsync(progress => BarsAsync(progress, run, sources, cancellation));
            }
        }
        finally
        {
            foreach (string line in run.Made.Concat(run.Told))
            {
                await Console.Error.WriteLineAsync(line);
            }
        }

        double seconds = Math.Max(Stopwatch.GetElapsedTime(start).TotalSeconds, 1e-3);
        string dropped = run.Dropped == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {run.Dropped:N0} bad rows left out");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{run.Rows:N0} rows in {seconds:N1} s ({run.Rows / seconds:N0} rows/s, {run.Bytes / seconds / 1e6:N1} MB/s){dropped}"));
    }

    private static async Task BarsAsync(ProgressContext progress, ImportRun run, IReadOnlyList<ImportSource> sources, CancellationToken cancellation)
    {
        ProgressTask[] bars = [.. sources.Select(s => progress.AddTask(Markup.Escape(s.Path), autoStart: false))];
        for (int i = 0; i < bars.Length; i++)
        {
            ProgressTask bar = bars[i];
            bar.StartTask();
            bar.IsIndeterminate = sources[i].IsStandardInput;
            await run.LoadAsync(
                sources[i],
                (length, at) =>
                {
                    bar.MaxValue = Math.Max(length, 1);
                    bar.Value = at;
                },
                cancellation);
            bar.IsIndeterminate = false;
            bar.Value = bar.MaxValue;
            bar.StopTask();
        }
    }

    /// <summary>Rows and megabytes a second, of all files so far.</summary>
    private sealed class CountColumn(ImportRun run, long start) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (!task.IsStarted || task.IsFinished)
            {
                return Text.Empty;
            }

            double seconds = Math.Max(Stopwatch.GetElapsedTime(start).TotalSeconds, 1e-3);
            return new Text(string.Create(CultureInfo.InvariantCulture, $"{run.Rows:N0} rows  {run.Bytes / seconds / 1e6:N0} MB/s"));
        }
    }
}
