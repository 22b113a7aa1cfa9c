// Live feeds over HTTP: server-sent events and WebSockets, resuming, and what a stranger may send.
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class FeedWireTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-wire-").FullName;
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder, new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null });
        _client = HttpSafetyTests.Client(_host);
        await Sql("CREATE TABLE sales (seller text PRIMARY KEY, country text, amount int); INSERT INTO sales VALUES ('ann', 'AT', 12), ('bob', 'AT', 30), ('cid', 'DE', 7);"
            + "CREATE ENDPOINT sales (c text DEFAULT 'AT') AS SELECT seller, amount FROM sales WHERE country = $c");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AnEndpointIsFollowedAndComeBackTo()
    {
        string id;
        using (Events events = await Follow("/v1/endpoints/sales"))
        {
            Assert.Contains("\"key\":[0]", (await events.Next("schema")).Data, StringComparison.Ordinal);
            (string data, id) = await events.Next("snapshot");
            Assert.EndsWith("\"rows\":[{\"seller\":\"ann\",\"amount\":12},{\"seller\":\"bob\",\"amount\":30}],\"last\":true}", data, StringComparison.Ordinal);
            await Sql("UPDATE sales SET amount = 13 WHERE seller = 'ann'");
            (data, id) = await events.Next("delta");
            Assert.EndsWith("\"upserts\":[{\"seller\":\"ann\",\"amount\":13}],\"deletes\":[]}", data, StringComparison.Ordinal);
        }

        await Sql("UPDATE sales SET amount = 1 WHERE seller = 'cid'");
        await Sql("DELETE FROM sales WHERE seller = 'bob'");
        using (Events back = await Follow("/v1/endpoints/sales?c=AT", id))
        {
            // Nothing of what it had, and everything it missed.
            Assert.Contains("\"resumed\":true", (await back.Next("schema")).Data, StringComparison.Ordinal);
            Assert.EndsWith("\"upserts\":[],\"deletes\":[{\"seller\":\"bob\"}]}", (await back.Next("delta")).Data, StringComparison.Ordinal);
        }

        foreach (string strange in (string[])["1-1", "99999999-" + id.Split('-')[1], "x", "-", "9223372036854775808-1", "0-0"])
        {
            using Events events = await Follow("/v1/endpoints/sales?since=" + strange);
            await events.Next("schema");
            Assert.Equal("reset", (await events.Any()).Name);
            Assert.Equal("snapshot", (await events.Any()).Name);
        }
    }

    [Fact]
    public async Task ModesShowTheSameChangeInTheirOwnWay()
    {
        using Events changes = await Follow("/v1/endpoints/sales?mode=changes");
        using Events latest = await Follow("/v1/endpoints/sales?mode=latest");
        using Events slowly = await Follow("/v1/endpoints/sales?min_interval=1ms&slow=drop");
        await changes.Next("snapshot");
        await latest.Next("snapshot");
        await slowly.Next("snapshot");
        await Sql("UPDATE sales SET amount = 31 WHERE seller = 'bob'");
        Assert.EndsWith("\"changes\":[[-1,{\"seller\":\"bob\",\"amount\":30}],[1,{\"seller\":\"bob\",\"amount\":31}]]}", (await changes.Next("delta")).Data, StringComparison.Ordinal);
        Assert.EndsWith("\"rows\":[{\"seller\":\"ann\",\"amount\":12},{\"seller\":\"bob\",\"amount\":31}],\"last\":true}", (await latest.Next("snapshot")).Data, StringComparison.Ordinal);
        Assert.EndsWith("\"upserts\":[{\"seller\":\"bob\",\"amount\":31}],\"deletes\":[]}", (await slowly.Next("delta")).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/endpoints/sales?mode=what", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/sales?slow=what", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/sales?min_interval=1e9", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/sales?min_interval=99999999999s", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/sales?snapshot=2", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/sales?d=1", HttpStatusCode.BadRequest)]
    [InlineData("/v1/endpoints/nothing", HttpStatusCode.NotFound)]
    [InlineData("/v1/subscribe?query=SELECT+name+FROM+millrace.objects", HttpStatusCode.BadRequest)]
    [InlineData("/v1/ws", HttpStatusCode.UpgradeRequired)]
    public async Task WhatCannotBeFollowedIsAProblem(string address, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "text/event-stream");
        using HttpResponseMessage answer = await _client.SendAsync(request);
        Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task AnEndpointsAddressIsAWebSocketToo()
    {
        using ClientWebSocket socket = await Socket("/v1/endpoints/sales?c=DE");
        Assert.Equal("schema", (await Receive(socket)).GetProperty("event").GetString());
        Assert.Equal("[{\"seller\":\"cid\",\"amount\":7}]", (await Receive(socket)).GetProperty("data").GetProperty("rows").GetRawText());
        await Sql("UPDATE sales SET amount = 8 WHERE seller = 'cid'");
        JsonElement delta = await Receive(socket);
        Assert.Equal("[{\"seller\":\"cid\",\"amount\":8}]", delta.GetProperty("data").GetProperty("upserts").GetRawText());
        Assert.Contains('-', delta.GetProperty("id").GetString()!);
        await Send(socket, "{}");
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await Closed(socket));
    }

    [Fact]
    public async Task ManyFeedsShareOneSocketAndOneBadOneLeavesTheOthersAlone()
    {
        using ClientWebSocket socket = await Socket("/v1/ws");
        await Send(socket, "{\"subscribe\":\"a\",\"endpoint\":\"sales\",\"params\":{\"c\":\"DE\"}}");
        Assert.Equal(("a", "schema"), Named(await Receive(socket)));
        Assert.Equal(("a", "snapshot"), Named(await Receive(socket)));
        await Send(socket, "{\"subscribe\":\"b\",\"endpoint\":\"sales\",\"params\":{\"x\":1}}");
        JsonElement error = await Receive(socket);
        Assert.Equal(("b", "error", "x"), (error.GetProperty("sub").GetString(), error.GetProperty("event").GetString(), error.GetProperty("data").GetProperty("parameter").GetString()));
        await Send(socket, "{\"subscribe\":\"c\",\"query\":\"SELEC 1\"}");
        Assert.Equal(("c", "error"), Named(await Receive(socket)));
        await Send(socket, "{\"subscribe\":\"d\",\"query\":\"SELECT count(*) AS n FROM sales\"}");
        Assert.Equal(("d", "schema"), Named(await Receive(socket)));
        Assert.Equal("[[\"3\"]]", (await Receive(socket)).GetProperty("data").GetProperty("rows").GetRawText());
        await Send(socket, "{\"unsubscribe\":\"a\"}");
        await Send(socket, "{\"subscribe\":\"e\",\"query\":\"SELECT 1 AS one\"}");
        Assert.Equal(("e", "schema"), Named(await Receive(socket)));
        Assert.Equal(("e", "snapshot"), Named(await Receive(socket)));
        await Sql("INSERT INTO sales VALUES ('dan', 'DE', 1)");
        Assert.Equal(("d", "delta"), Named(await Receive(socket)));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
    }

    [Fact]
    public async Task StrangeMessagesCloseTheSocketAndNothingElse()
    {
        var random = new Random(29);
        string[] texts = ["", "{", "[]", "null", "{\"subscribe\":1}", "{\"subscribe\":\"a\"}",
            "{\"subscribe\":\"a\",\"query\":\"x\",\"endpoint\":\"y\"}", "{\"unsubscribe\":\"a\",\"subscribe\":\"b\",\"query\":\"q\"}",
            "{\"subscribe\":\"a\",\"subscribe\":\"a\",\"query\":\"SELECT 1\"}",
            new string('[', 5_000), "{\"subscribe\":\"a\",\"endpoint\":\"sales\",\"params\":[1]}",
            "{\"subscribe\":\"" + new string('x', 200) + "\",\"query\":\"SELECT 1\"}"];
        foreach (string text in texts)
        {
            using ClientWebSocket socket = await Socket("/v1/ws");
            await Send(socket, text);
            Assert.Equal(WebSocketCloseStatus.PolicyViolation, await Closed(socket));
        }

        for (int i = 0; i < 20; i++)
        {
            byte[] bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);
            using ClientWebSocket socket = await Socket("/v1/ws");
            await socket.SendAsync(bytes, random.Next(2) == 0 ? WebSocketMessageType.Binary : WebSocketMessageType.Text, true, CancellationToken.None);
            try
            {
                Assert.NotNull(await Closed(socket));
            }
            catch (WebSocketException)
            {
                // Text that is not UTF-8 is cut off without a farewell.
            }
        }

        using ClientWebSocket large = await Socket("/v1/ws");
        await large.SendAsync(new byte[70 << 10], WebSocketMessageType.Text, true, CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await Closed(large));
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task AForeignPageMayNotOpenASocket()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://evil.example");
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{_host.Http}/v1/ws"), CancellationToken.None));
    }

    private static (string?, string?) Named(JsonElement message) => (message.GetProperty("sub").GetString(), message.GetProperty("event").GetString());

    private async Task<ClientWebSocket> Socket(string address)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{_host.Http}{address}"), CancellationToken.None);
        return socket;
    }

    private static Task Send(ClientWebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<JsonElement> Receive(ClientWebSocket socket)
    {
        byte[] buffer = new byte[64 << 10];
        WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, CancellationToken.None);
        Assert.Equal((WebSocketMessageType.Text, true), (got.MessageType, got.EndOfMessage));
        return JsonDocument.Parse(buffer.AsMemory(0, got.Count)).RootElement;
    }

    private static async Task<WebSocketCloseStatus?> Closed(ClientWebSocket socket)
    {
        byte[] buffer = new byte[64 << 10];
        WebSocketReceiveResult got;
        do
        {
            got = await socket.ReceiveAsync(buffer, CancellationToken.None);
        }
        while (got.MessageType != WebSocketMessageType.Close);
        return got.CloseStatus;
    }

    private async Task<Events> Follow(string address, string? id = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "text/event-stream");
        if (id is not null)
        {
            request.Headers.Add("Last-Event-ID", id);
        }

        HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
        return new Events(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    private async Task Sql(string sql)
    {
        await using Session session = _database.NewSession();
        await session.ExecuteAsync(sql);
    }

    private sealed class Events(HttpResponseMessage answer, StreamReader reader) : IDisposable
    {
        public async Task<(string Data, string Id)> Next(string name)
        {
            while (true)
            {
                (string got, string data, string id) = await Any();
                if (got == name)
                {
                    return (data, id);
                }

                Assert.True(got is "schema" or "progress" or "snapshot", $"{got} {data}");
            }
        }

        public async Task<(string Name, string Data, string Id)> Any()
        {
            (string name, string data, string id) = ("", "", "");
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0 && name.Length > 0)
                {
                    return (name, data, id);
                }

                name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
                data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
                id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
            }

            throw new EndOfStreamException();
        }

        public void Dispose()
        {
            reader.Dispose();
            answer.Dispose();
        }
    }
}
