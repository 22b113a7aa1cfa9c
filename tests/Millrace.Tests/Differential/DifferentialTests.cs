// Random schemas, views and changes against a real PostgreSQL: after every step each view equals PostgreSQL's answer to its query.
using System.Globalization;
using System.Text;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Millrace.Tests.Differential;

/// <summary>
/// A view-step is one view compared with PostgreSQL after one step: 10,000 of them, or MILLRACE_DIFF_VIEW_STEPS=N. MILLRACE_DIFF_SEED=N repeats one seed,
/// MILLRACE_DIFF_STEPS=N gives each seed more or fewer steps, MILLRACE_DIFF_FOR=SECONDS hunts with new seeds, MILLRACE_DIFF_AT_ONCE=N runs so many seeds beside one
/// another. How many there were is the test's output.
/// </summary>
[Collection("postgres")]
public sealed class DifferentialTests(PostgresServer server, ITestOutputHelper output)
{
    private const int StepsUsual = 40;
    private const int ViewStepsWanted = 10_000;

    [PostgresFact]
    public async Task Views_equal_PostgreSQL_after_every_step()
    {
        Assert.Null(PostgresServer.Missing);
        int steps = Setting("MILLRACE_DIFF_STEPS") ?? StepsUsual;
        int? only = Setting("MILLRACE_DIFF_SEED");
        int? seconds = Setting("MILLRACE_DIFF_FOR");
        int wanted = Setting("MILLRACE_DIFF_VIEW_STEPS") ?? ViewStepsWanted;
        int first = only ?? Setting("MILLRACE_DIFF_FIRST") ?? (seconds is null ? 1 : Environment.TickCount & 0xFFFFFF);
        var statistics = new RunStatistics();
        var differences = new List<Difference>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        double told = 0;
        int seed = first;
        var gate = new Lock();
        bool Enough() => only is not null ? seed > first
            : seconds is int limit ? clock.Elapsed.TotalSeconds >= limit || differences.Count >= 200
            : statistics.ViewSteps >= wanted || differences.Count >= 3;

        // Seeds are taken in turn by so many lanes, each with a connection and a schema of its own.
        async Task LaneAsync(int lane)
        {
            await using var postgres = new NpgsqlConnection(server.ConnectionString);
            await postgres.OpenAsync();
            while (true)
            {
                int taken;
                lock (gate)
                {
                    if (Enough())
                    {
                        return;
                    }

                    taken = seed++;
                }

                var run = new DifferentialRun(taken, steps);
                await run.RunAsync(postgres, "d" + lane);
                lock (gate)
                {
                    statistics.Add(run.Statistics);
                    differences.AddRange(run.Differences);
                    if (clock.Elapsed.TotalSeconds > told + 60)
                    {
                        told = clock.Elapsed.TotalSeconds;
                        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{told:0} s: seed {taken}, {statistics.ViewSteps} view-steps, {differences.Count} differences"));
                        if (Environment.GetEnvironmentVariable("MILLRACE_DIFF_OUT") is string soFar)
                        {
                            Save(soFar, $"after {told:0} s: seeds from {first} to {taken}, {statistics.ViewSteps} view-steps", statistics, differences);
                        }
                    }
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, only is null ? Setting("MILLRACE_DIFF_AT_ONCE") ?? 1 : 1).Select(lane => Task.Run(() => LaneAsync(lane))));

        string summary = string.Create(CultureInfo.InvariantCulture, $"seeds {first} to {seed - 1}: {statistics.ViewSteps} view-steps ({statistics.NotEmpty} with rows) of {statistics.Views} views, ")
            + string.Create(CultureInfo.InvariantCulture, $"{statistics.Queries} queries, {statistics.Writes} writes, {statistics.Refused.Values.Sum()} refused by name, ")
            + string.Create(CultureInfo.InvariantCulture, $"{differences.Count} differences, {clock.Elapsed.TotalSeconds:0} s");
        output.WriteLine(summary);
        foreach ((string message, int count) in statistics.Refused.OrderByDescending(r => r.Value))
        {
            output.WriteLine($"  refused {count}: {message}");
        }

        if (Environment.GetEnvironmentVariable("MILLRACE_DIFF_OUT") is string folder)
        {
            Save(folder, summary, statistics, differences);
        }

        Assert.True(differences.Count == 0, summary + "\n" + string.Join("\n\n", differences.OrderBy(d => d.Sql.Length + d.Script.Length).Take(3)));
        Assert.True(only is not null || seconds is not null || statistics.ViewSteps >= wanted, "too few view-steps: " + summary);
        Assert.True(only is not null || statistics.Refused.Values.Sum() * 10 <= statistics.Views + statistics.Queries, "more than a tenth is refused: " + summary);
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static void Save(string folder, string summary, RunStatistics statistics, List<Difference> differences)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder().AppendLine(summary);
        foreach ((string message, int count) in statistics.Refused.OrderByDescending(r => r.Value))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"refused {count}: {message}");
        }

        foreach (Difference difference in differences.OrderBy(d => d.Sql.Length))
        {
            text.AppendLine("########").AppendLine(difference.ToString());
        }

        File.WriteAllText(Path.Combine(folder, "differences.txt"), text.ToString());
    }
}
