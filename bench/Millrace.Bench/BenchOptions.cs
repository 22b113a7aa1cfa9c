// What a benchmark run is asked for.
using System.Globalization;

namespace Millrace.Bench;

/// <summary>Names, repetitions and sizes.</summary>
/// <param name="Names">The benchmarks to run, in order.</param>
/// <param name="Runs">Measured repetitions of each loop; warm-ups come on top.</param>
/// <param name="Events">Events of a run, or null for each benchmark's own default.</param>
/// <param name="Only">Of nexmark the one query to run, and its dataflow alone; of codecs the data sets and of doors the part to take; null for all.</param>
/// <param name="Json">File for the figures as JSON, or null; <c>-</c> is standard output.</param>
internal sealed record BenchOptions(IReadOnlyList<string> Names, int Runs, int? Events, string? Only, string? Json)
{
    /// <summary>Reads the command line; null when it makes no sense.</summary>
    public static BenchOptions? Parse(string[] args, IReadOnlyCollection<string> known)
    {
        var names = new List<string>();
        int runs = 7;
        int? events = null;
        string? only = null;
        string? json = null;
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            bool number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) && parsed > 0;
            switch (args[i])
            {
                case "--runs" when number: runs = parsed; i++; break;
                case "--events" when number: events = parsed; i++; break;
                case "--only" when value is not null: only = value; i++; break;
                case "--json": json = value is null || value.StartsWith("--", StringComparison.Ordinal) ? "-" : value; i += json == "-" && value != "-" ? 0 : 1; break;
                default:
                    if (!known.Contains(args[i]))
                    {
                        return null;
                    }

                    names.Add(args[i]);
                    break;
            }
        }

        return new BenchOptions(names.Count == 0 ? [.. known] : names, runs, events, only, json);
    }
}

/// <summary>One line on standard error that says what is being done.</summary>
internal static class Progress
{
    public static void Say(string text)
    {
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine("… " + text);
        }
        else
        {
            Console.Error.Write("\r\u001b[K… " + text);
        }
    }

    public static void Clear()
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r\u001b[K");
        }
    }
}
