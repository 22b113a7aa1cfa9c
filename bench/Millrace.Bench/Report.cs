// The figures of a run, as a table and as JSON.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.Bench;

/// <summary>One figure: the same thing measured several times.</summary>
/// <param name="Bench">The benchmark.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">The unit of the values.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Median">The middle one.</param>
/// <param name="Max">The largest.</param>
/// <param name="Samples">How many there are.</param>
internal sealed record Figure(string Bench, string Name, string Unit, double Min, double Median, double Max, int Samples)
{
    public static Figure Of(string bench, string name, string unit, IEnumerable<double> samples)
    {
        double[] sorted = [.. samples.Order()];
        return new Figure(bench, name, unit, sorted[0], sorted[sorted.Length / 2], sorted[^1], sorted.Length);
    }
}

/// <summary>Collects figures.</summary>
internal sealed class Report
{
    private readonly List<Figure> _figures = [];

    public void Add(Figure figure) => _figures.Add(figure);

    public void Add(string bench, string name, string unit, params double[] samples) => Add(Figure.Of(bench, name, unit, samples));

    /// <summary>Latencies (ms) as one row each for the median, the 99th percentile and the largest.</summary>
    public void AddLatency(string bench, string name, IReadOnlyCollection<double> ms)
    {
        double[] sorted = [.. ms.Order()];
        foreach ((string label, double at) in new[] { ("p50", 0.50), ("p99", 0.99), ("max", 1.0) })
        {
            double value = sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * at))];
            _figures.Add(new Figure(bench, $"{name} {label}", "ms", value, value, value, sorted.Length));
        }
    }

    public void Print(TextWriter to)
    {
        to.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC");
        string[][] rows =
        [
            ["benchmark", "figure", "min", "median", "max", "unit", "samples"],
            .. _figures.Select(f => new[] { f.Bench, f.Name, Text(f.Min), Text(f.Median), Text(f.Max), f.Unit, f.Samples.ToString(CultureInfo.InvariantCulture) }),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows)
        {
            to.WriteLine(string.Join("  ", row.Select((cell, c) => c is >= 2 and <= 4 ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
        }
    }

    public void WriteJson(string file)
    {
        string json = JsonSerializer.Serialize(
            new
            {
                when = DateTime.UtcNow,
                os = RuntimeInformation.OSDescription,
                cores = Environment.ProcessorCount,
                runtime = Environment.Version.ToString(),
                figures = _figures,
            },
            new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });
        if (file == "-")
        {
            Console.WriteLine(json);
        }
        else
        {
            File.WriteAllText(file, json);
        }
    }

    private static string Text(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : Math.Abs(value) >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture);
}
