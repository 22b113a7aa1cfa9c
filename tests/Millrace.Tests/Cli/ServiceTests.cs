// millrace as a service: the unit is sound, systemd is told how far the server is, the log is JSON from the first line to the last.
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Millrace.Cli.Config;
using Xunit;

namespace Millrace.Tests.Cli;

/// <summary>A test that needs systemd-analyze.</summary>
public sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = File.Exists("/usr/bin/systemd-analyze") ? null : "systemd-analyze is not installed (apt-get install systemd)";
}

public sealed class ServiceTests
{
    private static string Packaging
    {
        get
        {
            string root = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(root, "Millrace.slnx")))
            {
                root = Path.GetDirectoryName(root)!;
            }

            return Path.Combine(root, "packaging", "systemd");
        }
    }

    // systemd looks at RestartPreventExitStatus for the main process alone: a command before it that failed with 2 had the unit started again for ever.
    [Fact]
    public void WhatRunsBeforeTheServerDecidesNothing()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Packaging, "millrace.service"));
        Assert.Contains("RestartPreventExitStatus=2 3", lines);
        Assert.All(lines.Where(l => l.StartsWith("ExecStartPre=", StringComparison.Ordinal)), l => Assert.StartsWith("ExecStartPre=-", l, StringComparison.Ordinal));
    }

    [SystemdFact]
    public async Task TheUnitIsSoundAndClosed()
    {
        using var folder = new TempFolder();
        string unit = await File.ReadAllTextAsync(Path.Combine(Packaging, "millrace.service"));
        // The executable is not installed where the tests run; all else is as it is shipped.
        await File.WriteAllTextAsync(folder["millrace.service"], unit.Replace("/usr/local/bin/millrace", "/bin/true", StringComparison.Ordinal));
        Assert.Equal((0, ""), await Analyze("verify", folder["millrace.service"]));
        (int code, string output) = await Analyze("security", "--offline=true", "--threshold=20", "--no-pager", folder["millrace.service"]);
        Assert.True(code == 0, "the unit leaves more open than 2.0 of 10:\n" + output);
    }

    [Fact]
    public void TheConfigurationThatIsShippedIsGood()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(Packaging, "millrace.json"));
        Assert.Empty(SettingsFile.Parse("millrace.json", json, ["pg", "http"]).Problems);
    }

    [UnixFact]
    public async Task TheSupervisorIsToldAndTheLogIsJson()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var folder = new TempFolder();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        using var server = new CliProcess(
            ["serve", "--data", folder["data"], "--http", "127.0.0.1:0", "--pg", "127.0.0.1:0", "--log", "json"], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder["notify"] });
        Dictionary<string, string> doors = await server.ReadyAsync();
        Assert.Equal($"READY=1\nSTATUS=ready pg={doors["pg"]} http={doors["http"]}", Receive(socket));
        using (var client = new HttpClient { BaseAddress = new Uri($"http://{doors["http"]}") })
        {
            Assert.Contains("ready for queries", await client.GetStringAsync("/ready"), StringComparison.Ordinal);
            string metrics = await client.GetStringAsync("/metrics");
            Assert.Contains("\nmillrace_build_info{version=\"", metrics, StringComparison.Ordinal);
            Assert.Contains("\nprocess_resident_memory_bytes ", metrics, StringComparison.Ordinal);
        }

        server.Terminate();
        Assert.Equal("STOPPING=1\nSTATUS=draining", Receive(socket));
        Assert.Equal(0, await server.WaitAsync());
        JsonElement[] lines = [.. server.Error.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(["opening", "ready", "draining", "stopped"], lines.Select(l => l.GetProperty("message").GetString()).Where(m => m is "opening" or "ready" or "draining" or "stopped"));
        Assert.Equal("SIGTERM", lines.Single(l => l.GetProperty("message").GetString() == "draining").GetProperty("reason").GetString());
        Assert.All(lines, l => Assert.Equal("info", l.GetProperty("level").GetString()));
    }

    [Fact]
    public async Task AStartThatFailsIsALineOfJsonToo()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["file"], "");
        (int code, _, string error) = await CliProcess.RunAsync("serve", "--data", folder["file"], "--http", "127.0.0.1:0", "--pg", "off", "--log", "json");
        Assert.Equal(1, code);
        Assert.Equal("error", JsonDocument.Parse(error.TrimEnd('\n').Split('\n')[^1]).RootElement.GetProperty("level").GetString());
    }

    private static string Receive(Socket socket)
    {
        byte[] bytes = new byte[4096];
        return Encoding.UTF8.GetString(bytes, 0, socket.Receive(bytes));
    }

    private static async Task<(int Code, string Output)> Analyze(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("systemd-analyze", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (output + await error).Trim());
    }
}
