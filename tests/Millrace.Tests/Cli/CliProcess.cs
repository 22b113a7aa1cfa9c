// The built executable as a process: what users and scripts see.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Tests.Cli;

/// <summary>Runs <c>millrace</c> with arguments; killed when disposed.</summary>
internal sealed partial class CliProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CliProcess(string[] arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null, string[]? under = null)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Millrace.Cli.dll");
        string[] command = [.. under ?? [], "dotnet", path, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (string inherited in start.Environment.Keys.Where(k => k.StartsWith("MILLRACE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(inherited);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, e) => Collect(_out, e.Data);
        _process.ErrorDataReceived += (_, e) => Collect(_error, e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException("ended before it was ready: " + Error));
    }

    public string Out => Text(_out);

    public string Error => Text(_error);

    public StreamWriter In => _process.StandardInput;

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Code, string Out, string Error)> RunAsync(params string[] arguments)
    {
        using var process = new CliProcess(arguments);
        process.In.Close();
        return (await process.WaitAsync(), process.Out, process.Error);
    }

    /// <summary>Waits for the line that begins with ready and returns the addresses by door.</summary>
    public async Task<Dictionary<string, string>> ReadyAsync()
    {
        string line = await _ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return line.Split(' ').Skip(1).Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
    }

    public async Task<int> WaitAsync(double seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Terminate() => Check(Kill(_process.Id, 15));

    /// <summary>Ctrl-C; or SIGTERM where the tests themselves run in a shell's background, whose children inherit that SIGINT is ignored.</summary>
    public void Interrupt() => Check(Kill(_process.Id, IgnoresInterrupts() ? 15 : 2));

    public void KillHard() => _process.Kill();

    private bool IgnoresInterrupts() =>
        File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (Convert.ToUInt64(line[7..].Trim(), 16) & (1 << (2 - 1))) != 0;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(5000);
        }

        _process.Dispose();
    }

    private void Collect(StringBuilder to, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (to)
        {
            to.Append(line).Append('\n');
        }

        if (to == _out && line.StartsWith("ready ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"kill failed: {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}

/// <summary>A folder that goes when the test does.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("millrace-cli-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
