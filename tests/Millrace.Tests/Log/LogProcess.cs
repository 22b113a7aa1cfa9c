// Runs the small log-writing process, under strace or limits when a test wants its system calls to fail.
using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Millrace.Tests.Log;

internal sealed record LogProcess(int ExitCode, IReadOnlyList<string> Lines, string Errors)
{
    /// <summary>The last record number that the process said was on disk; what it recovered counts.</summary>
    internal long Acknowledged => Lines.Where(l => l.StartsWith("acked ", StringComparison.Ordinal) || l.StartsWith("recovered ", StringComparison.Ordinal))
        .Select(Number).DefaultIfEmpty(0).Last();

    internal static LogProcess Write(string folder, int count, int bytes, int group, string[]? under = null) =>
        Run([.. under ?? [], .. Dotnet, "log-writer", folder, Text(count), Text(bytes), Text(group)]);

    /// <summary>The records there are, each checked; and what recovery had to cut off.</summary>
    internal static (long Records, long Truncated) Read(string folder)
    {
        LogProcess reader = Run([.. Dotnet, "log-reader", folder]);
        Assert.True(reader.ExitCode == 0, reader.Errors);
        string[] words = reader.Lines[^1].Split(' ');
        return (Parse(words[1]), Parse(words[3]));
    }

    internal static string[] Strace(string inject, string? path = null) =>
        ["strace", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", .. path is null ? Array.Empty<string>() : ["-P", path],
            "-e", $"trace={inject[..inject.IndexOf(':', StringComparison.Ordinal)]}", "-e", $"inject={inject}"];

    internal static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // its double mapping needs a large file, which a file size limit forbids
        start.Environment["DOTNET_TieredCompilation"] = "1";
        return Process.Start(start)!;
    }

    internal static string[] Writer(string folder, int count, int bytes, int group) =>
        [.. Dotnet, "log-writer", folder, Text(count), Text(bytes), Text(group)];

    internal static LogProcess Run(string[] command)
    {
        using Process process = Start(command);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(60_000))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"did not end: {string.Join(' ', command)}");
        }
        return new LogProcess(process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries), errors.GetAwaiter().GetResult());
    }

    internal static long Number(string line) => Parse(line[(line.LastIndexOf(' ') + 1)..]);

    private static string[] Dotnet => ["dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "Millrace.Sim.dll")];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);
}
