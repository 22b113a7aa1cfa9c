// Runs a loop several times and gives its rate by the wall and by the processor time it took.
using System.Diagnostics;

namespace Millrace.Bench;

/// <summary>
/// Rates of a loop. The processor time is the whole process's, so compiling and collecting garbage count; it says what a loaded machine's wall clock cannot.
/// </summary>
internal sealed class Measure
{
    private readonly List<double> _wall = [];
    private readonly List<double> _cpu = [];

    /// <summary>Events a second by the wall clock.</summary>
    public IReadOnlyList<double> Wall => _wall;

    /// <summary>Events a second of processor time, over all threads.</summary>
    public IReadOnlyList<double> Cpu => _cpu;

    /// <summary>Runs and times <paramref name="run"/> once, after <paramref name="before"/>, which is not timed.</summary>
    public async Task TakeAsync(long events, Func<Task> run, Func<Task>? before = null)
    {
        if (before is not null)
        {
            await before();
        }

        GC.Collect();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await run();
        double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _wall.Add(events / wall);
        _cpu.Add(events / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    /// <summary>Runs and times <paramref name="run"/> once.</summary>
    public Task TakeAsync(long events, Action run) => TakeAsync(
        events,
        () =>
        {
            run();
            return Task.CompletedTask;
        });

    /// <summary>Adds both rates in millions a second, and the ratio to <paramref name="byHand"/> when there is one.</summary>
    public void AddTo(Report report, string bench, string name, Measure? byHand = null)
    {
        report.Add(Figure.Of(bench, name, "M events/s", _wall.Select(r => r / 1e6)));
        report.Add(Figure.Of(bench, name + ", per core", "M events/CPU s", _cpu.Select(r => r / 1e6)));
        if (byHand is not null)
        {
            // Runs were taken in turns, so that whatever else the machine does hits both alike.
            report.Add(Figure.Of(bench, name + " / by hand", "% of CPU rate", _cpu.Zip(byHand._cpu, (a, b) => a / b * 100)));
        }
    }
}
