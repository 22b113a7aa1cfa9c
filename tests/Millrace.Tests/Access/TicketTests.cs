// Tickets: each opens the address it was made for, once, for half a minute, as long as its token is there, and nobody's take the room of others.
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Doors.Http.Access;
using Xunit;

namespace Millrace.Tests.Access;

public sealed class TicketTests : IAsyncLifetime
{
    private const string Password = "corr3ct-horse-battery";
    private const string AdminToken = "0123456789abcdef-preset";
    private const string Mine = "/v1/subscribe?query=SELECT+*+FROM+mine";
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _http = null!;
    private string _token = "";

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions
        {
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Postgres = null,
            Security = new DoorSecurity { AdminToken = AdminToken },
            HttpOptions = new HttpDoorOptions { Time = _time },
        });
        _http = new HttpClient { BaseAddress = new Uri($"http://{_host.Http}") };
        foreach (string sql in (string[])["CREATE TABLE mine (id int PRIMARY KEY, x text)", "CREATE TABLE theirs (id int PRIMARY KEY)", "INSERT INTO mine VALUES (1, 'one')",
            "CREATE ENDPOINT live (a int DEFAULT 0, b text DEFAULT 'z') AS SELECT * FROM mine WHERE id > $a AND x <> $b", "CREATE ENDPOINT \"a/b c\" AS SELECT * FROM mine",
            $"CREATE USER chief SUPERUSER PASSWORD '{Password}+'", $"CREATE USER app PASSWORD '{Password}'", "GRANT SELECT ON mine TO app", "GRANT SELECT ON ENDPOINT live, \"a/b c\" TO app"])
        {
            await _database.ExecuteAsync(sql);
        }

        _token = await TokenAsync("CREATE TOKEN probe FOR app");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ATicketOpensAQueryOnce()
    {
        string ticket = await TicketAsync(Mine);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), await OpenAsync($"{Mine}&ticket={ticket}"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);

        // It carries the permissions of its token and no others.
        const string Theirs = "/v1/subscribe?query=SELECT+*+FROM+theirs";
        Assert.Equal(HttpStatusCode.Forbidden, (await OpenAsync($"{Theirs}&ticket={await TicketAsync(Theirs)}")).Status);
    }

    [Fact]
    public async Task ATicketOpensASocketOnce()
    {
        string ticket = await TicketAsync("/v1/ws");
        using (ClientWebSocket socket = await SocketAsync($"/v1/ws?ticket={ticket}"))
        {
            await socket.SendAsync("{\"subscribe\":\"a\",\"query\":\"SELECT x FROM mine\"}"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
            Assert.Contains("\"event\":\"schema\"", await ReceiveAsync(socket), StringComparison.Ordinal);
            Assert.Contains("[[\"one\"]]", await ReceiveAsync(socket), StringComparison.Ordinal);
            await socket.SendAsync("{\"subscribe\":\"b\",\"query\":\"SELECT * FROM theirs\"}"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
            Assert.Contains("42501", await ReceiveAsync(socket), StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<WebSocketException>(() => SocketAsync($"/v1/ws?ticket={ticket}"));
    }

    [Fact]
    public async Task ATicketOpensAnEndpointsFeed()
    {
        string ticket = await TicketAsync("/v1/endpoints/live?a=0&format=events");
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), await OpenAsync($"/v1/endpoints/live?a=0&format=events&ticket={ticket}"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"/v1/endpoints/live?a=0&format=events&ticket={ticket}")).Status);
        using ClientWebSocket socket = await SocketAsync($"/v1/endpoints/live?ticket={await TicketAsync("/v1/endpoints/live")}");
        Assert.Contains("\"event\":\"schema\"", await ReceiveAsync(socket), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/ws", "/v1/catalog?ticket={0}")]
    [InlineData("/v1/ws", "/v1/ws?x=1&ticket={0}")]
    [InlineData(Mine, "/v1/subscribe?query=SELECT+*+FROM+theirs&ticket={0}")]
    [InlineData(Mine, "/v1/subscribe?ticket={0}")]
    [InlineData(Mine, Mine + "&mode=changes&ticket={0}")]
    [InlineData(Mine, Mine + "&query=SELECT+1&ticket={0}")]
    [InlineData("/v1/endpoints/live?a=0", "/v1/endpoints/live?a=1&ticket={0}")]
    [InlineData("/v1/endpoints/live?a=0&b=1", "/v1/endpoints/live?a=1&b=0&ticket={0}")]
    [InlineData("/v1/endpoints/live?a=0&a=1", "/v1/endpoints/live?a=1&a=0&ticket={0}")]
    [InlineData("/v1/endpoints/live", "/v1/endpoints/LIVE?ticket={0}")]
    public async Task AtAnotherAddressItOpensNothingAndIsUsedUp(string made, string opened)
    {
        string ticket = await TicketAsync(made);
        using HttpResponseMessage answer = await _http.GetAsync(opened.Replace("{0}", ticket, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("for another address", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"{made}{(made.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ticket={ticket}")).Status);
    }

    [Theory]
    [InlineData("/v1/subscribe?query=SELECT * FROM mine", "/v1/subscribe?ticket={0}&query=SELECT%20%2A%20FROM%20mine")]
    [InlineData("/v1/endpoints/live?b=ü&a=0", "/v1/endpoints/live?a=%30&ticket={0}&b=%C3%BC")]
    [InlineData("/v1/endpoints/live?a=0&ticket=x", "/v1/endpoints/live?ticket={0}&a=0")]
    [InlineData("/v1/endpoints/l%69ve?", "/v1/endpoints/live?ticket={0}")]
    [InlineData("/v1/endpoints/live?b=a%26a%3D7", "/v1/endpoints/live?b=a%26a%3D7&ticket={0}")]
    public async Task TheSameAddressMayBeWrittenInAnotherWay(string made, string opened) =>
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync(opened.Replace("{0}", await TicketAsync(made), StringComparison.Ordinal))).Status);

    [Fact]
    public async Task ASlashWithinANameStaysOne()
    {
        string ticket = await TicketAsync("/v1/endpoints/a%2Fb%20c");
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"/v1/endpoints/a/b%20c?ticket={ticket}")).Status);
        ticket = await TicketAsync("/v1/endpoints/a%2Fb%20c");
        Assert.NotEqual(HttpStatusCode.Unauthorized, (await OpenAsync($"/v1/endpoints/a%2Fb%20c?ticket={ticket}")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"for\":null}")]
    [InlineData("{\"for\":1}")]
    [InlineData("{\"for\":\"\"}")]
    [InlineData("{\"for\":\"v1/ws\"}")]
    [InlineData("{\"for\":\"//elsewhere/v1/ws\"}")]
    [InlineData("{\"for\":\"http://localhost/v1/ws\"}")]
    [InlineData("{\"for\":\"/v1/ws\",\"for\":\"/v1/ws\"}")]
    [InlineData("{\"for\":\"\\ud800\"}")]
    public async Task ATicketForNothingIsRefused(string body)
    {
        using HttpResponseMessage answer = await AskAsync(body, Bearer(_token));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("what the ticket is for", text, StringComparison.Ordinal);
        Assert.Contains("/v1/ws", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressIsNoLongerThanOneCanBe()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(Body("/" + new string('x', 9_000)), Bearer(_token))).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await AskAsync(Body("/" + new string('x', 90_000)), Bearer(_token))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(Body("/" + new string('x', 8_000)), Bearer(_token))).StatusCode);
    }

    [Fact]
    public async Task ATicketMakesNoTicketAndWritesNothing()
    {
        string ticket = await TicketAsync("/v1/tickets");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.PostAsync($"/v1/tickets?ticket={ticket}", new StringContent(Body("/v1/ws")))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.PostAsync("/v1/tickets", new StringContent(Body("/v1/ws")))).StatusCode);
        ticket = await TicketAsync("/v1/sql");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.PostAsync($"/v1/sql?ticket={ticket}", new StringContent("{\"query\":\"SELECT 1\"}", Encoding.UTF8, "application/json"))).StatusCode);
    }

    [Fact]
    public async Task ATicketIsOverAfterHalfAMinute()
    {
        string ticket = await TicketAsync(Mine);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);
        ticket = await TicketAsync(Mine);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);
    }

    [Theory]
    [InlineData("DROP TOKEN probe")]
    [InlineData("DROP TOKEN probe; CREATE TOKEN probe FOR app")]
    [InlineData("DROP USER app")]
    public async Task ATicketOfWhatIsGoneOpensNothing(string sql)
    {
        string ticket = await TicketAsync(Mine);
        await RunAsync(sql);
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);
    }

    [Fact]
    public async Task ATicketOfAPasswordEndsWithItsUser()
    {
        var password = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"app:{Password}")));
        string ticket = await TicketAsync(Mine, password);
        await RunAsync("DROP TOKEN probe; ALTER USER app PASSWORD 'another one altogether'");
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);
        await RunAsync($"ALTER USER app PASSWORD '{Password}'");
        ticket = await TicketAsync(Mine, password);
        await RunAsync($"DROP USER app; CREATE USER app PASSWORD '{Password}'; GRANT SELECT ON mine TO app");
        Assert.Equal(HttpStatusCode.Unauthorized, (await OpenAsync($"{Mine}&ticket={ticket}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync($"{Mine}&ticket={await TicketAsync(Mine, password)}")).Status);
    }

    [Fact]
    public async Task ThePresetTokenHasTicketsToo()
    {
        string ticket = await TicketAsync("/v1/catalog", Bearer(AdminToken));
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync($"/v1/catalog?ticket={ticket}")).Status);
    }

    [Fact]
    public async Task NobodysTicketsTakeTheRoomOfOthers()
    {
        for (int i = 0; i < 1_000; i++)
        {
            using HttpResponseMessage given = await AskAsync(Body("/v1/ws"), Bearer(_token));
            Assert.Equal(HttpStatusCode.OK, given.StatusCode);
        }

        using HttpResponseMessage refused = await AskAsync(Body("/v1/ws"), Bearer(_token));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Contains("probe has 1000 tickets that were not used yet", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);
        await TicketAsync("/v1/ws", Bearer(AdminToken));
        await TicketAsync("/v1/ws", Bearer(await TokenAsync("CREATE TOKEN second FOR app")));
        _time.Advance(TimeSpan.FromSeconds(31));
        await TicketAsync("/v1/ws");
    }

    [Fact]
    public void UsedAndOldOnesDoNotCount()
    {
        var tickets = new Tickets(_time, ownMax: 2, max: 3);
        (Caller a, Caller b, Caller nobody) = (new("a", "app", Id: 7), new("b", "app", Id: 8), new("admin", null));
        TicketAddress address = TicketAddress.Parse("/v1/ws")!.Value;
        string first = tickets.Issue(a, address);
        string second = tickets.Issue(a, address);
        Assert.Equal(429, Assert.Throws<HttpException>(() => tickets.Issue(a, address)).Status);

        // Used ones make room, in whatever order they are used, at the right address or a wrong one.
        Assert.Same(a, tickets.Redeem(second, address));
        Assert.Null(tickets.Redeem(second, address));
        second = tickets.Issue(a, address);
        Assert.Null(tickets.Redeem(first, TicketAddress.Parse("/v1/stats")!.Value));
        first = tickets.Issue(a, address);
        for (int i = 0; i < 10; i++)
        {
            Assert.Same(b, tickets.Redeem(tickets.Issue(b, address), address));
        }

        tickets.Issue(nobody, address);
        HttpException full = Assert.Throws<HttpException>(() => tickets.Issue(b, address));
        Assert.Equal((503, "there are 3 tickets of all users that were not used yet, and no more are kept"), (full.Status, full.Message));

        // Old ones make room by themselves.
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(tickets.Redeem(first, address));
        tickets.Issue(a, address);
        tickets.Issue(a, address);
        Assert.Equal(429, Assert.Throws<HttpException>(() => tickets.Issue(a, address)).Status);
        tickets.Issue(b, address);
    }

    private static string Body(string address) => JsonSerializer.Serialize(new Dictionary<string, string> { ["for"] = address });

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    private async Task RunAsync(string sql)
    {
        await using Session session = _database.NewSession();
        foreach (string statement in sql.Split("; "))
        {
            await session.ExecuteAsync(statement);
        }
    }

    private async Task<string> TokenAsync(string sql)
    {
        await using Session session = _database.NewSession();
        return Millrace.Core.TextFormat.ToText((await session.ExecuteAsync(sql))[0].Batches[0].Columns[1], 0)!;
    }

    private async Task<HttpResponseMessage> AskAsync(string body, AuthenticationHeaderValue credentials)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tickets") { Headers = { Authorization = credentials }, Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await _http.SendAsync(request);
    }

    private async Task<string> TicketAsync(string address, AuthenticationHeaderValue? credentials = null)
    {
        using HttpResponseMessage answer = await AskAsync(Body(address), credentials ?? Bearer(_token));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(30, json.RootElement.GetProperty("expiresIn").GetInt32());
        return json.RootElement.GetProperty("ticket").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string? Type)> OpenAsync(string address)
    {
        using HttpResponseMessage answer = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType);
    }

    private async Task<ClientWebSocket> SocketAsync(string address)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{_host.Http}{address}"), CancellationToken.None);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[64 << 10];
        WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, CancellationToken.None);
        return Encoding.UTF8.GetString(buffer, 0, got.Count);
    }
}
