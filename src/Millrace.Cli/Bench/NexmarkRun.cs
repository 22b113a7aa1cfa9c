// One Nexmark query measured: its rate with everything on, then its latency at a steady rate.
using System.Diagnostics;
using System.Globalization;
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Millrace.Log;

namespace Millrace.Cli;

/// <summary>What is run.</summary>
internal sealed record NexmarkSettings(
    IReadOnlyList<NexmarkQuery> Queries, int Events, int WriteEvents, int Runs, int Rate, int Seconds, Durability Durability,
    int Workers, bool Split);

/// <summary>What came out for one query; rates are events a second, one of each run; the second does not count the time that goes into making segments of old rows.</summary>
internal sealed record NexmarkResult(
    NexmarkQuery Query, IReadOnlyList<double> PerCore, IReadOnlyList<double> PerCoreUnsealed, IReadOnlyList<double> Wall, double? P50Ms, double? P99Ms, long StateBytes, long ResultBytes,
    long Changes, IReadOnlyList<OperatorStatistics> Operators);

/// <summary>
/// Every event of all three streams counts, as in the benchmark's definition, whether the query reads it or not. Events are drawn before anything is timed.
/// Per core means: by the processor time of the whole process, all its threads, log, checkpoints, compiling and collecting garbage included.
/// </summary>
internal sealed class NexmarkRun(NexmarkSettings settings)
{
    private const int WritesInFlight = 2;
    private const int LatencyWritesASecond = 100;

    // Small enough that even a run of the default size makes a few.
    private const long CheckpointLogBytes = 64L << 20;

    private static readonly string[] s_streams = ["person", "auction", "bid"];

    private Batch[][] _writes = [];
    private Batch[][] _paced = [];

    /// <summary>Several queries as one: all of them are views of the same database.</summary>
    public static NexmarkQuery Together(IReadOnlyList<NexmarkQuery> queries) =>
        new("all", $"{queries.Count} views together", string.Join(";\n", queries.Select(q => q.Definition.TrimEnd().TrimEnd(';'))));

    /// <summary>Draws the events of all runs.</summary>
    public void Draw()
    {
        _writes = Draw(settings.Events, settings.WriteEvents);
        _paced = settings.Rate > 0 ? Draw(settings.Rate * settings.Seconds, Math.Max(1, settings.Rate / LatencyWritesASecond)) : [];
    }

    /// <summary>Measures a query; reports progress in parts of 1.</summary>
    public async Task<NexmarkResult> MeasureAsync(NexmarkQuery query, Action<double> progress, CancellationToken cancellation)
    {
        var perCore = new List<double>();
        var unsealed = new List<double>();
        var wall = new List<double>();
        double step = 1.0 / (settings.Runs + 2);
        long state = 0;
        long result = 0;
        long changes = 0;
        IReadOnlyList<OperatorStatistics> operators = [];
        for (int run = -1; run < settings.Runs; run++)
        {
            await using var view = await LiveView.OpenAsync(query, settings);
            GC.Collect();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            await view.AppendAllAsync(_writes, cancellation);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            if (run >= 0)
            {
                perCore.Add(settings.Events / cpuSeconds);
                unsealed.Add(settings.Events / (cpuSeconds - SealingSeconds()));
                wall.Add(settings.Events / seconds);
                (operators, state, result, changes) = await view.LookAsync();
            }

            progress(step);
        }

        List<double> latencies = await LatenciesAsync(query, cancellation);
        progress(step);
        return new NexmarkResult(query, perCore, unsealed, wall, At(latencies, 0.50), At(latencies, 0.99), state, result, changes, operators);
    }

    // Processor time of the thread that seals, which this run's database has begun. Only Linux tells; elsewhere it is counted as everything else is.
    private static double SealingSeconds()
    {
        const string Threads = "/proc/self/task";
        if (!Directory.Exists(Threads))
        {
            return 0;
        }

        double nanos = 0;
        foreach (string thread in Directory.EnumerateDirectories(Threads))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(thread, "comm")).StartsWith("millrace-seal", StringComparison.Ordinal))
                {
                    nanos += double.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
                }
            }
            catch (IOException)
            {
                // A thread that has ended meanwhile.
            }
        }

        return nanos / 1e9;
    }

    // From handing in a write to its acknowledgement: the view shows it then. Writes are sent when they are due, whether or not earlier ones are answered.
    private async Task<List<double>> LatenciesAsync(NexmarkQuery query, CancellationToken cancellation)
    {
        var latencies = new List<double>(_paced.Length);
        if (_paced.Length == 0)
        {
            return latencies;
        }

        await using var view = await LiveView.OpenAsync(query, settings);
        var running = new List<Task<double>>(_paced.Length);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / LatencyWritesASecond));
        long start = Stopwatch.GetTimestamp();
        foreach (Batch[] write in _paced)
        {
            long due = start + (running.Count * Stopwatch.Frequency / LatencyWritesASecond);
            while (Stopwatch.GetTimestamp() < due)
            {
                await timer.WaitForNextTickAsync(cancellation);
            }

            running.Add(TimedAsync(view, write, cancellation));
        }

        latencies.AddRange(await Task.WhenAll(running));
        latencies.Sort();
        return latencies;
    }

    private static async Task<double> TimedAsync(LiveView view, Batch[] write, CancellationToken cancellation)
    {
        long sent = Stopwatch.GetTimestamp();
        await view.AppendAsync(write, cancellation);
        return Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
    }

    private static double? At(List<double> sorted, double share) => sorted.Count == 0 ? null : sorted[(int)((sorted.Count - 1) * share)];

    // One array a write, one batch a stream.
    private static Batch[][] Draw(int events, int each)
    {
        var generator = new NexmarkGenerator();
        BatchBuilder[] rows = [new(NexmarkGenerator.Person), new(NexmarkGenerator.Auction), new(NexmarkGenerator.Bid)];
        var writes = new List<Batch[]>();
        for (int done = 0; done < events; done += each)
        {
            generator.Generate(Math.Min(each, events - done), rows[0], rows[1], rows[2]);
            writes.Add([.. rows.Select(r => r.ToBatch())]);
            Array.ForEach(rows, r => r.Reset());
        }

        return [.. writes];
    }

    /// <summary>A database of its own with one live view, gone when disposed.</summary>
    private sealed class LiveView(Database database, string folder) : IAsyncDisposable
    {
        public static async Task<LiveView> OpenAsync(NexmarkQuery query, NexmarkSettings settings)
        {
            string folder = Directory.CreateTempSubdirectory("millrace-nexmark-").FullName;
            Database database = await Database.OpenAsync(folder, new DatabaseOptions
            {
                Durability = settings.Durability,
                CheckpointLogBytes = CheckpointLogBytes,
                Workers = settings.Workers,
                SplitViews = settings.Split,
            });
            var view = new LiveView(database, folder);
            await using Session session = database.NewSession();
            await session.ExecuteAsync(NexmarkQueries.Schema);
            await session.ExecuteAsync(query.Definition);
            return view;
        }

        // A few writes are in flight, so that the engine is not idle while a caller wakes up.
        public async Task AppendAllAsync(Batch[][] writes, CancellationToken cancellation)
        {
            var running = new Queue<Task>();
            foreach (Batch[] write in writes)
            {
                if (running.Count == WritesInFlight)
                {
                    await running.Dequeue();
                }

                running.Enqueue(AppendAsync(write, cancellation));
            }

            await Task.WhenAll(running);
        }

        // The database takes ownership of a batch but never changes its arrays: every run may hand in the same ones in a new shell.
        public async Task AppendAsync(Batch[] write, CancellationToken cancellation)
        {
            var parts = new List<Task>();
            for (int s = 0; s < write.Length; s++)
            {
                if (write[s].Count > 0)
                {
                    parts.Add(database.AppendAsync(s_streams[s], new Batch(write[s].Columns, write[s].Count), cancellation).AsTask());
                }
            }

            await Task.WhenAll(parts);
        }

        public async Task<(IReadOnlyList<OperatorStatistics> Operators, long State, long Result, long Changes)> LookAsync()
        {
            IReadOnlyList<OperatorStatistics> operators = (await database.GraphAsync()).Operators;
            int[] ids = [.. database.Catalog.All.Where(o => o.Kind == Millrace.Sql.ObjectKind.MaterializedView).Select(o => o.Id)];
            ObjectStatistics[] views = [.. database.Statistics().Objects.Where(o => ids.Contains(o.Id))];
            if (Array.Find(views, v => v.Error is not null) is { } stopped)
            {
                throw new InvalidOperationException(stopped.Error);
            }

            long state = operators.Sum(o => o.StateBytes);
            return (operators, state, views.Sum(v => v.Bytes) - state, views.Sum(v => v.ChangesTotal));
        }

        public async ValueTask DisposeAsync()
        {
            await database.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}
