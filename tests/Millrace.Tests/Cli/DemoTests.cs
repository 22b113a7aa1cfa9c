// millrace demo as a process: real input and the auction flow, every view lives, and a second run goes on from the folder.
using System.Text;
using System.Text.Json;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class DemoTests
{
    private static readonly string[] Views =
    [
        "cpu_by_10s", "cpu_alert", "network_by_10s", "bidder_sessions", "top_processes", "bids_hopping", "top_channels", "sales_by_category", "precious_auctions",
        "new_sellers", "high_bids",
    ];

    [Fact]
    public async Task ItRunsStopsAndGoesOn()
    {
        using var folder = new TempFolder();
        long events = await RunAsync(folder["data"], atLeast: 3_000);
        long more = await RunAsync(folder["data"], atLeast: events + 1_000);
        Assert.True(more > events);
    }

    private static async Task<long> RunAsync(string data, long atLeast)
    {
        using var demo = new CliProcess(["demo", "--data", data, "--http", "127.0.0.1:0", "--pg", "127.0.0.1:0", "--rate", "1000"]);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{(await demo.ReadyAsync())["http"]}") };
        JsonElement catalog = JsonDocument.Parse(await client.GetStringAsync("/v1/catalog")).RootElement;
        Dictionary<string, int> ids = catalog.GetProperty("objects").EnumerateArray().ToDictionary(o => o.GetProperty("name").GetString()!, o => o.GetProperty("id").GetInt32());
        Assert.Subset(ids.Keys.ToHashSet(), new HashSet<string>([.. Views, "cpu", "memory", "process", "person", "auction", "bid"]));

        Assert.Contains("busiest_processes", await client.GetStringAsync("/v1/endpoints"), StringComparison.Ordinal);

        // The data tells when enough has come; the clock is only there to give up.
        long next = 0;
        long machine = 0;
        DateTime end = DateTime.UtcNow.AddSeconds(90);
        while ((next < atLeast || machine < 40) && DateTime.UtcNow < end)
        {
            await Task.Delay(200);
            next = await Single(client, "SELECT coalesce(max(event), 0) FROM demo_progress");
            machine = await Single(client, "SELECT count(*) FROM process");
        }

        Assert.True(next >= atLeast && machine >= 40, $"{next} events, {machine} process rows; {demo.Error}{demo.Out}");
        JsonElement stats = JsonDocument.Parse(await client.GetStringAsync("/v1/stats")).RootElement;
        Assert.All(stats.GetProperty("objects").EnumerateArray(), o => Assert.False(o.TryGetProperty("error", out JsonElement e), e.ToString()));

        // A view equals its query, whatever goes on around it: one statement reads one epoch.
        Assert.Equal(0, await Single(client, """
            SELECT count(*) FROM (SELECT category, auctions FROM sales_by_category
            EXCEPT SELECT c.name, count(*) FROM auction a JOIN category c ON a.category = c.id GROUP BY c.name) d
            """));
        demo.Interrupt();
        Assert.Equal(0, await demo.WaitAsync());
        Assert.Contains("keeps the data", demo.Out, StringComparison.Ordinal);
        return next;
    }

    private static async Task<long> Single(HttpClient client, string query)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { query }), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync("/v1/sql", content);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return long.Parse(JsonDocument.Parse(text).RootElement.GetProperty("results")[0].GetProperty("rows")[0][0].GetString()!);
    }
}
