// The figures of a Nexmark run as a table and as JSON.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.Cli;

/// <summary>Prints results.</summary>
internal sealed class NexmarkReport(NexmarkSettings settings, IReadOnlyList<NexmarkResult> results)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Print(TextWriter to, bool operators)
    {
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Nexmark, {settings.Events:N0} events, {settings.WriteEvents:N0} a write, durability {settings.Durability.ToString().ToLowerInvariant()}, ")
            + string.Create(CultureInfo.InvariantCulture, $"{settings.Runs} runs, {settings.Workers} workers; {Machine()}"));
        to.WriteLine("K events/s per core (of processor time) as min, median, max; the median without the time of sealing; by the wall: median; latency at "
            + string.Create(CultureInfo.InvariantCulture, $"{settings.Rate:N0} events/s, ms"));
        string[][] rows =
        [
            ["query", "min", "per core", "max", "unsealed", "wall", "p50", "p99", "state MB", "result MB", "changes", ""],
            .. results.Select(r => new[]
            {
                r.Query.Name, K(r.PerCore.Min()), K(Median(r.PerCore)), K(r.PerCore.Max()), K(Median(r.PerCoreUnsealed)), K(Median(r.Wall)), Ms(r.P50Ms), Ms(r.P99Ms),
                Mb(r.StateBytes), Mb(r.ResultBytes), r.Changes.ToString("N0", CultureInfo.InvariantCulture), r.Query.Title,
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows)
        {
            to.WriteLine(string.Join("  ", row.Select((cell, c) => c is 0 or 11 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }

        foreach (NexmarkResult result in operators ? results : [])
        {
            to.WriteLine();
            foreach (OperatorStatistics o in result.Operators)
            {
                double perRow = o.RowsIn > 0 ? (double)o.Nanos / o.RowsIn : 0;
                to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{result.Query.Name}  {o.Name} {o.Detail}: {o.Nanos / 1e6:N0} ms, {perRow:N0} ns a row, in {o.RowsIn:N0}, out {o.RowsOut:N0}, ")
                    + string.Create(CultureInfo.InvariantCulture, $"state {o.StateRows:N0} rows, {Mb(o.StateBytes)} MB"));
            }
        }
    }

    public void WriteJson(string file)
    {
        string json = JsonSerializer.Serialize(
            new
            {
                When = DateTime.UtcNow,
                Machine = Machine(),
                settings.Events,
                settings.WriteEvents,
                settings.Runs,
                settings.Workers,
                LatencyRate = settings.Rate,
                Durability = settings.Durability.ToString().ToLowerInvariant(),
                Queries = results.Select(r => new
                {
                    r.Query.Name,
                    r.Query.Title,
                    EventsPerSecondPerCore = new { Min = Math.Round(r.PerCore.Min()), Median = Math.Round(Median(r.PerCore)), Max = Math.Round(r.PerCore.Max()) },
                    EventsPerSecondPerCoreUnsealed = Math.Round(Median(r.PerCoreUnsealed)),
                    EventsPerSecondWall = new { Min = Math.Round(r.Wall.Min()), Median = Math.Round(Median(r.Wall)), Max = Math.Round(r.Wall.Max()) },
                    LatencyMs = new { P50 = r.P50Ms, P99 = r.P99Ms },
                    r.StateBytes,
                    r.ResultBytes,
                    r.Changes,
                }),
            },
            s_json);
        if (file == "-")
        {
            Console.WriteLine(json);
        }
        else
        {
            File.WriteAllText(file, json + "\n");
        }
    }

    private static string Machine() => $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, .NET {Environment.Version}";

    private static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string K(double rate) => (rate / 1000).ToString("N0", CultureInfo.InvariantCulture);

    private static string Ms(double? ms) => ms?.ToString("N2", CultureInfo.InvariantCulture) ?? "-";

    private static string Mb(long bytes) => (bytes / 1e6).ToString("N1", CultureInfo.InvariantCulture);
}
