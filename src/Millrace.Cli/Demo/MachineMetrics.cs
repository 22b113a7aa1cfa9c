// This machine's own figures, read from /proc on Linux and from what .NET knows elsewhere.
using System.Globalization;

namespace Millrace.Cli.Demo;

/// <summary>A core's busy share since the sample before, 0 to 1.</summary>
internal readonly record struct CoreSample(int Core, double Busy);

/// <summary>Bytes of a device or interface since the sample before.</summary>
internal readonly record struct TrafficSample(string Name, long In, long Out);

/// <summary>A process: its busy share of one core since the sample before, and its resident memory.</summary>
internal readonly record struct ProcessSample(int Pid, string Name, double Busy, long MemoryBytes);

/// <summary>Everything that was read at one moment.</summary>
internal sealed class MachineSample
{
    public DateTime At { get; init; }

    public List<CoreSample> Cores { get; } = [];

    public List<TrafficSample> Disks { get; } = [];

    public List<TrafficSample> Networks { get; } = [];

    public List<ProcessSample> Processes { get; } = [];

    public (long Used, long Available, long Swap) Memory { get; set; }

    public (double One, double Five, int Runnable, int Processes)? Load { get; set; }
}

/// <summary>Reads samples; each tells what happened since the one before.</summary>
internal abstract class MachineMetrics
{
    /// <summary>How many processes a sample lists.</summary>
    public const int ProcessesMax = 20;

    /// <summary>The reader for this machine.</summary>
    public static MachineMetrics Create() => Directory.Exists("/proc/self") ? new ProcMetrics() : new PortableMetrics();

    /// <summary>Reads a sample; the first has nothing before it and is mostly empty.</summary>
    public abstract MachineSample Read();
}

/// <summary>What .NET can tell anywhere: this process and the machine's memory.</summary>
internal sealed class PortableMetrics : MachineMetrics
{
    private readonly Dictionary<int, TimeSpan> _times = [];
    private DateTime _before = DateTime.UtcNow;

    public override MachineSample Read()
    {
        var sample = new MachineSample { At = DateTime.UtcNow };
        double seconds = Math.Max((sample.At - _before).TotalSeconds, 0.001);
        _before = sample.At;
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        sample.Memory = (memory.MemoryLoadBytes, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes, 0);
        double busy = 0;
        foreach (System.Diagnostics.Process process in System.Diagnostics.Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    TimeSpan time = process.TotalProcessorTime;
                    double share = _times.TryGetValue(process.Id, out TimeSpan before) ? (time - before).TotalSeconds / seconds : 0;
                    _times[process.Id] = time;
                    busy += share;
                    sample.Processes.Add(new ProcessSample(process.Id, process.ProcessName, share, process.WorkingSet64));
                }
                catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
                {
                    // Gone meanwhile, or not ours to look at.
                }
            }
        }

        sample.Cores.Add(new CoreSample(0, Math.Clamp(busy / Environment.ProcessorCount, 0, 1)));
        sample.Processes.Sort((a, b) => b.Busy.CompareTo(a.Busy));
        sample.Processes.RemoveRange(Math.Min(ProcessesMax, sample.Processes.Count), Math.Max(sample.Processes.Count - ProcessesMax, 0));
        return sample;
    }
}

/// <summary>Linux: /proc/stat, meminfo, diskstats, net/dev, loadavg and one stat file a process. man 5 proc.</summary>
internal sealed class ProcMetrics : MachineMetrics
{
    private const double TicksPerSecond = 100;
    private const int SectorBytes = 512;
    private static readonly int PageBytes = Environment.SystemPageSize;
    private readonly Dictionary<int, (long Busy, long All)> _cores = [];
    private readonly Dictionary<string, (long In, long Out)> _disks = [];
    private readonly Dictionary<string, (long In, long Out)> _networks = [];
    private Dictionary<int, long> _processes = [];
    private DateTime _before = DateTime.UtcNow;

    public override MachineSample Read()
    {
        var sample = new MachineSample { At = DateTime.UtcNow };
        double seconds = Math.Max((sample.At - _before).TotalSeconds, 0.001);
        _before = sample.At;
        ReadCores(sample);
        ReadMemory(sample);
        foreach (string line in Lines("/proc/diskstats"))
        {
            string[] f = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (f.Length > 9 && !f[2].StartsWith("loop", StringComparison.Ordinal) && !f[2].StartsWith("ram", StringComparison.Ordinal))
            {
                Traffic(_disks, sample.Disks, f[2], Number(f[5]) * SectorBytes, Number(f[9]) * SectorBytes);
            }
        }

        foreach (string line in Lines("/proc/net/dev").Skip(2))
        {
            string[] f = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (f.Length > 9)
            {
                Traffic(_networks, sample.Networks, f[0], Number(f[1]), Number(f[9]));
            }
        }

        string[] load = Lines("/proc/loadavg")[0].Split(' ', '/');
        sample.Load = (double.Parse(load[0], CultureInfo.InvariantCulture), double.Parse(load[1], CultureInfo.InvariantCulture), (int)Number(load[3]), (int)Number(load[4]));
        ReadProcesses(sample, seconds);
        return sample;
    }

    private void ReadCores(MachineSample sample)
    {
        foreach (string line in Lines("/proc/stat"))
        {
            if (!line.StartsWith("cpu", StringComparison.Ordinal) || !char.IsAsciiDigit(line[3]))
            {
                continue;
            }

            string[] f = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int core = (int)Number(f[0][3..]);
            long all = f.Skip(1).Take(8).Sum(Number);
            long busy = all - Number(f[4]) - Number(f[5]);
            if (_cores.TryGetValue(core, out (long Busy, long All) before) && all > before.All)
            {
                sample.Cores.Add(new CoreSample(core, Math.Clamp((busy - before.Busy) / (double)(all - before.All), 0, 1)));
            }

            _cores[core] = (busy, all);
        }
    }

    private static void ReadMemory(MachineSample sample)
    {
        var kib = new Dictionary<string, long>();
        foreach (string line in Lines("/proc/meminfo"))
        {
            string[] f = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            kib[f[0]] = Number(f[1]);
        }

        long available = kib.GetValueOrDefault("MemAvailable");
        sample.Memory = ((kib.GetValueOrDefault("MemTotal") - available) * 1024, available * 1024, (kib.GetValueOrDefault("SwapTotal") - kib.GetValueOrDefault("SwapFree")) * 1024);
    }

    private void ReadProcesses(MachineSample sample, double seconds)
    {
        var now = new Dictionary<int, long>(_processes.Count);
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(folder.AsSpan("/proc/".Length), out int pid))
            {
                continue;
            }

            try
            {
                string stat = File.ReadAllText(folder + "/stat");
                int open = stat.IndexOf('(', StringComparison.Ordinal);
                int close = stat.LastIndexOf(')');
                string[] f = stat[(close + 2)..].Split(' ');
                long ticks = Number(f[11]) + Number(f[12]);
                now[pid] = ticks;
                double busy = _processes.TryGetValue(pid, out long before) ? (ticks - before) / TicksPerSecond / seconds : 0;
                sample.Processes.Add(new ProcessSample(pid, stat[(open + 1)..close], busy, Number(f[21]) * PageBytes));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException or ArgumentOutOfRangeException)
            {
                // Ended while we looked.
            }
        }

        _processes = now;
        sample.Processes.Sort((a, b) => a.Busy != b.Busy ? b.Busy.CompareTo(a.Busy) : b.MemoryBytes.CompareTo(a.MemoryBytes));
        sample.Processes.RemoveRange(Math.Min(ProcessesMax, sample.Processes.Count), Math.Max(sample.Processes.Count - ProcessesMax, 0));
    }

    private static void Traffic(Dictionary<string, (long In, long Out)> before, List<TrafficSample> to, string name, long read, long written)
    {
        if (before.TryGetValue(name, out (long In, long Out) last))
        {
            to.Add(new TrafficSample(name, Math.Max(read - last.In, 0), Math.Max(written - last.Out, 0)));
        }

        before[name] = (read, written);
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long value) ? value : 0;
}
