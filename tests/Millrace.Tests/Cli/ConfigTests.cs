// millrace config: every fault of a file is told at once with its place, its cause and what to do; secrets stay secret.
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Cli;
using Millrace.Cli.Config;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class ConfigTests
{
    private static readonly string[] Known = ["data", "pg", "http", "durability", "state-bytes"];
    private static readonly IPEndPoint Open = new(IPAddress.Any, 8086);
    private static readonly Settings Safe = new("d", Durability.Fsync, new IPEndPoint(IPAddress.Loopback, 5433), new IPEndPoint(IPAddress.Loopback, 8086), new HttpDoorOptions());

    [Fact]
    public async Task EveryFaultIsToldAtOnce()
    {
        using var folder = new TempFolder();
        string file = folder["c.json"];
        await File.WriteAllTextAsync(file, """
            {
              "dtaa": "x",
              "http": "nonsense",
              "durability": "maybe", // a comment
              "state-bytes": -1,
              "workers": [2],
              "http": "127.0.0.1:1",
              "admin-token": "short",
              "tls-cert": "cert.pem"
            }
            """);
        (int code, string output, string error) = await CliProcess.RunAsync("config", "check", file, "--log", "xml");
        Assert.Equal((2, ""), (code, error));
        foreach (string line in new[]
        {
            $"error: {file}, line 2: there is no setting \"dtaa\"\n  fix: did you mean \"data\"?",
            $"error: {file}, line 3: \"nonsense\" is not ADDR:PORT",
            $"error: {file}, line 4: \"maybe\" is not one of fsync, os, none",
            $"error: {file}, line 5: \"-1\" is not a whole number above 0",
            $"error: {file}, line 6: \"workers\" is neither a text nor a number",
            $"error: {file}, line 7: \"http\" is there a second time (the first: line 3)",
            $"error: {file}, line 8: a token that may do everything has 16 characters at least",
            $"error: {file}, line 9: tls-cert is given without tls-key",
            "error: --log: \"xml\" is not one of text, json",
            "9 errors, ",
        })
        {
            Assert.Contains(line, output, StringComparison.Ordinal);
        }

        (code, _, error) = await CliProcess.RunAsync("serve", "--config", file);
        Assert.Equal(2, code);
        Assert.Contains("(and 7 more: millrace config check tells all)", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task WhatCountsIsShownWithItsSourceAndWithoutSecrets()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["c.json"], "{ \"data\": \"/file\", \"pg\": \"off\" }");
        var environment = new Dictionary<string, string> { ["MILLRACE_CONFIG"] = folder["c.json"], ["MILLRACE_DATA"] = "/env", ["MILLRACE_ADMIN_TOKEN"] = "a-secret-of-some-length" };
        using var show = new CliProcess(["config", "show", "--http", "127.0.0.1:9000"], environment);
        show.In.Close();
        Assert.Equal(0, await show.WaitAsync());
        string[] lines = show.Out.Split('\n');
        Assert.Contains(lines, l => l.StartsWith("data ", StringComparison.Ordinal) && l.Contains("/env", StringComparison.Ordinal) && l.EndsWith("MILLRACE_DATA", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("pg ", StringComparison.Ordinal) && l.Contains("off", StringComparison.Ordinal) && l.EndsWith("c.json, line 1", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("http ", StringComparison.Ordinal) && l.EndsWith("--http", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("durability ", StringComparison.Ordinal) && l.Contains(" fsync ", StringComparison.Ordinal) && l.EndsWith("default", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("workers ", StringComparison.Ordinal) && l.EndsWith("default", StringComparison.Ordinal));
        Assert.DoesNotContain("a-secret", show.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "not a JSON object of settings")]
    [InlineData("", "not a JSON object of settings")]
    [InlineData("{\"data\":", "not a JSON object of settings")]
    [InlineData("{\"data\":\"a\"} {}", "not a JSON object of settings")]
    [InlineData("{\n\"data\":\"a\",\n\"pg\" \"b\"}", "f, line 3: not a JSON object of settings")]
    public void AFileThatIsNoObjectIsRefused(string text, string words)
    {
        var file = SettingsFile.Parse("f", Encoding.UTF8.GetBytes(text), Known);
        Assert.Contains(words, Assert.Single(file.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void CommentsTrailingCommasNumbersAndAByteOrderMarkAreTaken()
    {
        var file = SettingsFile.Parse("f", "\uFEFF{ // where\n \"data\": \"a\\u00e4\", \"state-bytes\": 12, }"u8, Known);
        Assert.Empty(file.Problems);
        Assert.Equal(("aä", "12", "f, line 2", null), (file["data"], file["state-bytes"], file.PlaceOf("data"), file["pg"]));
    }

    [Fact]
    public void SafeSettingsHaveNoProblems() => Assert.Empty(SettingsCheck.Problems(Safe));

    [Fact]
    public void UnsafeCombinationsAreNamed()
    {
        Is("--pg, --http: every door is off", true, Safe with { Http = null, Postgres = null });
        Is("--pg, --http: both doors are to listen on port 5433", true, Safe with { Http = new IPEndPoint(IPAddress.Any, 5433) });
        Is("--http: 0.0.0.0:8086 is beyond loopback without TLS", false, Safe with { Http = Open });
        Is("--pg: 0.0.0.0:8086 is beyond loopback without TLS", false, Safe with { Postgres = Open, Http = null });
        Is("--auth: none, and the HTTP door is beyond loopback", false, Safe with { Http = Open, Security = new DoorSecurity { RequireLogin = false } });
        Is("--alerts: any, and a door is beyond loopback", false, Safe with { Http = Open, Alerts = "any" });
        Is("--durability: os: acknowledged rows are lost when the machine loses power", false, Safe with { Durability = Durability.Os });
        Is("--http-origins: \"https://a.example/\" is no origin", false, Safe with { HttpOptions = new HttpDoorOptions { AllowedOrigins = ["*", "https://b.example:1", "https://a.example/"] } });
        Is("--http-hosts: \"*.example\" is no host name", false, Safe with { HttpOptions = new HttpDoorOptions { AllowedHosts = ["db.example", "[::1]", "*.example"] } });
        Is("--state-bytes:", false, Safe with { StateBytes = long.MaxValue });

        static void Is(string words, bool fatal, Settings settings) =>
            Assert.Contains(SettingsCheck.Problems(settings), p => p.ToString().StartsWith(words, StringComparison.Ordinal) && p.IsFatal == fatal);
    }

    [Fact]
    public void VariablesThatNobodyLooksAtAreNamed()
    {
        SettingProblem problem = Assert.Single(SettingsCheck.Environment(["PATH", "MILLRACE_HTTP", "MILLRACE_TOKEN", "MILLRACE_HTPP"], ["MILLRACE_HTTP", "MILLRACE_PG"]));
        Assert.Equal("MILLRACE_HTPP: nothing looks at this variable; did you mean MILLRACE_HTTP?", problem.ToString());
    }

    [UnixFact]
    public void AFileWithASecretThatOthersMayReadIsNamed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var folder = new TempFolder();
        string file = folder["c.json"];
        File.WriteAllText(file, "{}");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Empty(SettingsCheck.Files(file, null, null));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("everybody on this machine may read it", Assert.Single(SettingsCheck.Files(file, null, null)).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void WarningsFailOnlyWhenAskedTo()
    {
        var found = new SettingsFound(Safe, [new SettingProblem("--durability", "os", "leave it", IsFatal: false)], []);
        Assert.Equal(0, ConfigVerb.Tell(found, strict: false, TextWriter.Null));
        Assert.Equal(1, ConfigVerb.Tell(found, strict: true, TextWriter.Null));
        Assert.Equal(0, ConfigVerb.Tell(found with { Problems = [] }, strict: true, TextWriter.Null));
        Assert.Equal(2, ConfigVerb.Tell(found with { Problems = [new SettingProblem("a", "b", "c")] }, strict: false, TextWriter.Null));
    }

    [Fact]
    public void TheLogIsLinesOfJson()
    {
        var text = new StringWriter { NewLine = "\n" };
        using var log = new ServerLog(text, LogForm.Json, TimeProvider.System);
        log.Tell("ready", ("pg", "127.0.0.1:1"), ("http", null));
        log.Warn("two\nlines \"quoted\"");
        string[] lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        JsonElement first = JsonDocument.Parse(lines[0]).RootElement, second = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal(("info", "ready", "127.0.0.1:1"), (first.GetProperty("level").GetString(), first.GetProperty("message").GetString(), first.GetProperty("pg").GetString()));
        Assert.False(first.TryGetProperty("http", out _));
        Assert.Equal(("warning", "two\nlines \"quoted\""), (second.GetProperty("level").GetString(), second.GetProperty("message").GetString()));
    }
}
