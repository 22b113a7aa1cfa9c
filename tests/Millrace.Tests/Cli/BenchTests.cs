// millrace bench nexmark as a process: every query runs, and the figures come as a table and as JSON.
using System.Text.Json;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class BenchTests
{
    [Fact]
    public async Task EveryNexmarkQueryIsMeasured()
    {
        using var folder = new TempFolder();
        (int code, string output, string error) = await CliProcess.RunAsync(
            "bench", "nexmark", "--events", "2000", "--write-events", "500", "--runs", "1", "--rate", "0", "--durability", "none", "--operators", "--json", folder["f.json"]);
        Assert.True(code == 0, error);
        JsonElement queries = JsonDocument.Parse(await File.ReadAllTextAsync(folder["f.json"])).RootElement.GetProperty("queries");
        Assert.Equal(Enumerable.Range(0, 24).Select(i => $"q{i}"), queries.EnumerateArray().Select(q => q.GetProperty("name").GetString()));
        Assert.All(queries.EnumerateArray(), q => Assert.True(q.GetProperty("eventsPerSecondPerCore").GetProperty("median").GetDouble() > 0));
        Assert.Equal(1840, queries[0].GetProperty("changes").GetInt64());
        Assert.Contains("q23", output, StringComparison.Ordinal);
        Assert.Contains("ns a row", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownQueryIsRefused()
    {
        (int code, _, string error) = await CliProcess.RunAsync("bench", "nexmark", "--queries", "q0,q24");
        Assert.Equal((2, "millrace: there is no Nexmark query \"q24\": they are q0 to q23\n"), (code, error));
    }
}
