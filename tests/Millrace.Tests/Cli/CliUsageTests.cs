// The command line's refusals: one line on standard error, a code, nothing started.
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class CliUsageTests
{
    [Theory]
    [InlineData("the kafka door (Kafka protocol) does not exist yet", "serve", "--kafka", "127.0.0.1:9092")]
    [InlineData("the resp door (Redis protocol) does not exist yet", "serve", "--resp", "127.0.0.1:6380")]
    [InlineData("is not one of required, none", "serve", "--auth", "maybe")]
    [InlineData("is not one of public, any, off", "serve", "--alerts", "maybe")]
    [InlineData("belong together", "serve", "--tls-cert", "cert.pem")]
    [InlineData("is not ADDR:PORT", "serve", "--http", "nonsense")]
    [InlineData("is not ADDR:PORT", "serve", "--http", "127.0.0.1:70000")]
    [InlineData("is not one of fsync, os, none", "serve", "--durability", "maybe")]
    [InlineData("every door is off", "serve", "--http", "off", "--pg", "off")]
    [InlineData("between 1 and", "demo", "--rate", "0")]
    [InlineData("there is no option --formt", "sql", "--formt")]
    [InlineData("say what to do")]
    public async Task WrongUsageIsOneLineAndCodeTwo(string words, params string[] arguments)
    {
        (int code, string output, string error) = await CliProcess.RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("millrace: ", error, StringComparison.Ordinal);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task AnUnknownOptionIsRefused()
    {
        (int code, _, string error) = await CliProcess.RunAsync("serve", "--prot", "1");
        Assert.NotEqual(0, code);
        Assert.Contains("--prot", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfigurationFileIsChecked()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["c.json"], "{\"dtaa\":\"x\"}");
        (int code, _, string error) = await CliProcess.RunAsync("serve", "--config", folder["c.json"]);
        Assert.Equal(2, code);
        Assert.Contains("no setting \"dtaa\"", error, StringComparison.Ordinal);
        (code, _, error) = await CliProcess.RunAsync("serve", "--config", folder["none.json"]);
        Assert.Equal(1, code);
        Assert.Contains("none.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelpNamesTheVerbsAndDoors()
    {
        (int code, string output, _) = await CliProcess.RunAsync("--help");
        Assert.Equal(0, code);
        foreach (string verb in new[] { "serve", "demo", "sql", "check", "bench" })
        {
            Assert.Contains(verb, output, StringComparison.Ordinal);
        }

        (_, output, _) = await CliProcess.RunAsync("serve", "--help");
        Assert.Contains("--durability", output, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:8086", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThereMustBeAFolderToCheck()
    {
        (int code, _, string error) = await CliProcess.RunAsync("check", "/nonexistent/millrace");
        Assert.Equal((1, "millrace: there is no folder /nonexistent/millrace\n"), (code, error));
    }

    [Fact]
    public async Task NoServerIsSaidSo()
    {
        (int code, _, string error) = await CliProcess.RunAsync("sql", "127.0.0.1:1", "-c", "select 1");
        Assert.Equal(1, code);
        Assert.Contains("no server answers at 127.0.0.1:1", error, StringComparison.Ordinal);
    }
}
