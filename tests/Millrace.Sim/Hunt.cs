// The simulator from the command line: repeat one seed, or hunt for a seed that fails.
using System.Diagnostics;
using System.Globalization;

namespace Millrace.Sim;

/// <summary><c>--seed N [--verbose]</c> repeats one lifetime; <c>--count N</c> or <c>--for 10m</c> tries one seed after the other, from <c>--from N</c> or a random one.</summary>
internal static class Hunt
{
    private const string Usage = "usage: sim --seed N [--verbose] | sim [--from N] (--count N | --for 30s|10m|2h)";

    internal static int Run(string[] args)
    {
        ulong? seed = null;
        ulong from = (ulong)Random.Shared.Next();
        long count = long.MaxValue;
        TimeSpan? time = null;
        bool verbose = false;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--seed" when ulong.TryParse(Next(), CultureInfo.InvariantCulture, out ulong n): seed = n; break;
                case "--from" when ulong.TryParse(Next(), CultureInfo.InvariantCulture, out ulong n): from = n; break;
                case "--count" when long.TryParse(Next(), CultureInfo.InvariantCulture, out long n): count = n; break;
                case "--for" when TryParseTime(Next()) is { } t: time = t; break;
                case "--verbose": verbose = true; break;
                default: return Refuse();
            }

            string Next() => ++i < args.Length ? args[i] : "";
        }

        if (seed is { } one)
        {
            return RunOne(one, verbose ? Console.Out : null) ? 0 : 1;
        }

        return count == long.MaxValue && time is null ? Refuse() : RunMany(from, count, time);
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(Usage);
        return 64;
    }

    private static bool RunOne(ulong seed, TextWriter? print)
    {
        var simulator = new Simulator(seed, print);
        try
        {
            simulator.Run();
            Console.WriteLine($"seed {seed}: trace {simulator.Hash:x16}; {simulator.Counts}");
            return true;
        }
        catch (SimFailure e)
        {
            Console.WriteLine($"seed {seed} FAILED: {e.Message}\ntrace {simulator.Hash:x16}; repeat with: ./dev sim --seed {seed} --verbose");
            return false;
        }
    }

    private static int RunMany(ulong from, long count, TimeSpan? time)
    {
        var counts = new SimCounts();
        var watch = Stopwatch.StartNew();
        TimeSpan said = TimeSpan.Zero;
        long done = 0;
        for (; done < count && (time is null || watch.Elapsed < time); done++)
        {
            ulong seed = from + (ulong)done;
            var simulator = new Simulator(seed);
            try
            {
                simulator.Run();
            }
            catch (SimFailure e)
            {
                Console.WriteLine($"seed {seed} FAILED after {done} that held: {e.Message}\nrepeat with: ./dev sim --seed {seed} --verbose");
                return 1;
            }

            counts.Add(simulator.Counts);
            if (watch.Elapsed - said > TimeSpan.FromSeconds(10))
            {
                said = watch.Elapsed;
                Console.WriteLine($"{said.TotalSeconds:F0} s: {done + 1} lifetimes from seed {from}, {(done + 1) / said.TotalSeconds:F1}/s; {counts}");
            }
        }

        Console.WriteLine($"{done} lifetimes held, seeds {from} to {from + (ulong)done - 1}, in {watch.Elapsed.TotalSeconds:F0} s; {counts}");
        return 0;
    }

    private static TimeSpan? TryParseTime(string text) => text.Length > 1 && double.TryParse(text[..^1], CultureInfo.InvariantCulture, out double n) ? text[^1] switch
    {
        's' => TimeSpan.FromSeconds(n),
        'm' => TimeSpan.FromMinutes(n),
        'h' => TimeSpan.FromHours(n),
        _ => null,
    } : null;
}
