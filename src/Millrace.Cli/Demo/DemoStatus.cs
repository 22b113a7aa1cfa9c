// What the demo shows while it runs: a live table in a terminal, plain lines elsewhere.
using System.Diagnostics;
using System.Globalization;
using Millrace.Sql;
using Spectre.Console;

namespace Millrace.Cli.Demo;

/// <summary>Redraws once a second in a terminal; otherwise writes a line every five seconds.</summary>
internal sealed class DemoStatus(Server server, MachineFeed? machine, AuctionFeed auction)
{
    private static readonly Dictionary<string, string> Shows = DemoSchema.Views.ToDictionary(v => v.Name, v => v.Shows);
    private readonly Dictionary<int, long> _before = [];
    private long _last = Stopwatch.GetTimestamp();
    private long _rowsBefore;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            if (Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is not null || !AnsiConsole.Profile.Capabilities.Ansi)
            {
                await Lines(timer, cancellation);
            }
            else
            {
                await AnsiConsole.Live(new Text("")).AutoClear(false).StartAsync(async live =>
                {
                    while (await timer.WaitForNextTickAsync(cancellation))
                    {
                        live.UpdateTarget(Table());
                    }
                });
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The demo ends.
        }
    }

    private async Task Lines(PeriodicTimer timer, CancellationToken cancellation)
    {
        for (int second = 1; await timer.WaitForNextTickAsync(cancellation); second++)
        {
            if (second % 5 == 0)
            {
                DatabaseStatistics s = server.Database.Statistics();
                double seconds = Elapsed();
                double rate = (s.IngestRowsTotal - _rowsBefore) / seconds;
                _rowsBefore = s.IngestRowsTotal;
                int failed = s.Objects.Count(o => o.Error is not null);
                await Console.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rate:N0} rows/s  {s.IngestRowsTotal:N0} rows  epoch {s.Epoch}  {s.MemoryBytes >> 20} MiB memory  {s.DiskBytes >> 20} MiB disk")
                    + (failed == 0 ? "" : $"  {failed} views failed") + (machine?.Problem is { } problem ? $"  {problem}" : ""));
            }
        }
    }

    private Table Table()
    {
        DatabaseStatistics s = server.Database.Statistics();
        CatalogSnapshot catalog = server.Database.Catalog;
        double seconds = Elapsed();
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]Millrace demo[/]");
        table.AddColumn("object").AddColumn("what it is").AddColumn(new TableColumn("rows").RightAligned()).AddColumn(new TableColumn("changes/s").RightAligned());
        foreach (ObjectStatistics o in s.Objects)
        {
            if (catalog.Find(o.Id) is not { } known || known.Kind == ObjectKind.Table)
            {
                continue;
            }

            long total = known.Kind == ObjectKind.Stream ? o.RowsTotal : o.ChangesTotal;
            double rate = (total - _before.GetValueOrDefault(o.Id, total)) / seconds;
            _before[o.Id] = total;
            string what = known.Kind == ObjectKind.Stream ? "stream" : Shows.GetValueOrDefault(known.Name, "view");
            table.AddRow(
                Markup.Escape(known.Name),
                o.Error is null ? Markup.Escape(what) : $"[red]{Markup.Escape(o.Error)}[/]",
                o.Rows?.ToString("N0", CultureInfo.InvariantCulture) ?? "",
                rate.ToString("N0", CultureInfo.InvariantCulture));
        }

        double ingest = (s.IngestRowsTotal - _rowsBefore) / seconds;
        _rowsBefore = s.IngestRowsTotal;
        table.Caption(string.Create(
            CultureInfo.InvariantCulture,
            $"{ingest:N0} rows/s in, {auction.Rows + (machine?.Rows ?? 0):N0} sent, epoch {s.Epoch}, {s.MemoryBytes >> 20} MiB memory, {s.DiskBytes >> 20} MiB disk")
            + $"\n{Markup.Escape(DemoVerb.Addresses(server))}\nCtrl-C stops; running it again goes on from the folder."
            + (machine?.Problem is { } problem ? $"\n[red]{Markup.Escape(problem)}[/]" : ""));
        return table;
    }

    private double Elapsed()
    {
        double seconds = Math.Max(Stopwatch.GetElapsedTime(_last).TotalSeconds, 0.001);
        _last = Stopwatch.GetTimestamp();
        return seconds;
    }
}
