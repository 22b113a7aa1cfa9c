// Signed tokens (JWT): which are taken, what their holders may and may not do, and feeds that end when a permission does.
using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Doors.Http.Access;
using Xunit;

namespace Millrace.Tests.Access;

public sealed class SignedTokenTests : IAsyncLifetime
{
    private const string Password = "corr3ct-horse-battery";
    private const long Later = 4_000_000_000;
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef");
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions
        {
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Postgres = null,
            Security = new DoorSecurity { WebTokens = WebTokenKey.OfSecret(Secret) },
            HttpOptions = new HttpDoorOptions { Time = _time, KeepAlive = TimeSpan.FromMilliseconds(20) },
        });
        _http = new HttpClient { BaseAddress = new Uri($"http://{_host.Http}") };
        foreach (string sql in (string[])["CREATE TABLE sales (id int PRIMARY KEY, country text)", "INSERT INTO sales VALUES (1, 'AT'), (2, 'DE')",
            "CREATE ENDPOINT by_country (country text DEFAULT NULL) AS SELECT s.id, s.country FROM sales s WHERE $country IS NULL OR s.country = $country",
            "CREATE ENDPOINT everything AS SELECT * FROM sales",
            $"CREATE USER chief SUPERUSER PASSWORD '{Password}+'", $"CREATE USER app PASSWORD '{Password}'", "GRANT SELECT ON sales TO app", "GRANT SELECT ON ENDPOINT by_country TO app"])
        {
            await _database.ExecuteAsync(sql);
        }
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ATokenOfEndpointsReadsThemAndNothingElse()
    {
        string token = Sign(new { exp = Later, endpoints = new[] { "by_country" } });
        Assert.Equal((HttpStatusCode.OK, "[1,2]"), await Ids("/v1/endpoints/by_country", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/endpoints/everything", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/sql", token, HttpMethod.Post));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/catalog", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/subscribe?query=SELECT+1", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/streams/sales", token, HttpMethod.Post));
        Assert.Equal(["by_country"], (await Json("/v1/endpoints", token)).GetProperty("endpoints").EnumerateArray().Select(e => e.GetProperty("name").GetString()!));
        Assert.Equal(["/v1/endpoints/by_country"], (await Json("/openapi.json", token)).GetProperty("paths").EnumerateObject().Select(p => p.Name));
        using ClientWebSocket socket = await SocketAsync("/v1/ws", token);
        await SayAsync(socket, "{\"subscribe\":\"a\",\"query\":\"SELECT * FROM sales\"}");
        Assert.Contains("42501", await HearAsync(socket, "error"), StringComparison.Ordinal);
        await SayAsync(socket, "{\"subscribe\":\"b\",\"endpoint\":\"everything\"}");
        Assert.Contains("42501", await HearAsync(socket, "error"), StringComparison.Ordinal);
        await SayAsync(socket, "{\"subscribe\":\"c\",\"endpoint\":\"by_country\"}");
        Assert.Contains("\"AT\"", await HearAsync(socket, "snapshot"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatATokenDecidesCannotBeChangedAndIsNotMixedUp()
    {
        string all = Sign(new { exp = Later, endpoints = new[] { "by_country" } });
        string at = Sign(new { exp = Later, endpoints = new[] { "by_country", "everything" }, @params = new { country = "AT" } });
        string de = Sign(new { exp = Later, sub = "app", @params = new { country = "DE" } });

        // One address, three answers: what is kept for one is not given to another.
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal((HttpStatusCode.OK, "[1,2]"), await Ids("/v1/endpoints/by_country", all));
            Assert.Equal((HttpStatusCode.OK, "[1]"), await Ids("/v1/endpoints/by_country", at));
            Assert.Equal((HttpStatusCode.OK, "[2]"), await Ids("/v1/endpoints/by_country", de));
        }

        Assert.Equal((HttpStatusCode.OK, "[1]"), await Ids("/v1/endpoints/by_country?country=AT", at));
        Assert.Equal(HttpStatusCode.BadRequest, await Status("/v1/endpoints/by_country?country=DE", at));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/endpoints/everything", at));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/sql", de, HttpMethod.Post));
        using ClientWebSocket socket = await SocketAsync("/v1/ws", at);
        await SayAsync(socket, "{\"subscribe\":\"a\",\"endpoint\":\"by_country\"}");
        string snapshot = await HearAsync(socket, "snapshot");
        Assert.True(snapshot.Contains("\"AT\"", StringComparison.Ordinal) && !snapshot.Contains("\"DE\"", StringComparison.Ordinal), snapshot);
        await SayAsync(socket, "{\"subscribe\":\"b\",\"endpoint\":\"by_country\",\"params\":{\"country\":\"DE\"}}");
        Assert.Contains("is decided by the token", await HearAsync(socket, "error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenOfAUserHasHisPermissionsAsLongAsHeIsThere()
    {
        string token = Sign(new { exp = Later, sub = "app", aud = new[] { "x", "millrace" } });
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/endpoints/by_country", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/v1/endpoints/everything", token));
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/subscribe?query=SELECT+*+FROM+sales", token));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status("/v1/endpoints/by_country", Sign(new { exp = Later, sub = "nobody" })));
        await _database.ExecuteAsync("DROP USER app");
        Assert.Equal(HttpStatusCode.Unauthorized, await Status("/v1/endpoints/by_country", token));
    }

    [Fact]
    public async Task ATokensRateIsKept()
    {
        string token = Sign(new { exp = Later, endpoints = new[] { "by_country" }, rate = 2 });
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/endpoints/by_country", token));
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/endpoints/by_country", token));
        Assert.Equal(HttpStatusCode.TooManyRequests, await Status("/v1/endpoints/by_country", token));
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/endpoints/by_country", Sign(new { exp = Later + 1, endpoints = new[] { "by_country" }, rate = 2 })));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await Status("/v1/endpoints/by_country", token));
    }

    [Fact]
    public void OnlyWhatIsSignedGoodAndUnderstoodIsTaken()
    {
        WebTokenKey key = WebTokenKey.OfSecret(Secret);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1_000_000);
        Assert.NotNull(Of(Sign(new { exp = 1_000_001, sub = "a", iat = 1, iss = "x" })));
        Assert.Null(Of(Sign(new { exp = 1_000_000, sub = "a" })));
        Assert.Null(Of(Sign(new { sub = "a" })));
        Assert.Null(Of(Sign(new { exp = "1000001", sub = "a" })));
        Assert.NotNull(Of(Sign(new { exp = 1_000_001, sub = "a", nbf = 1_000_060 })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a", nbf = 1_000_061 })));
        Assert.Null(Of(Sign(new { exp = 1_000_001 })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "" })));
        Assert.NotNull(Of(Sign(new { exp = 1_000_001, endpoints = Array.Empty<string>() })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a", aud = "other" })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a", rate = 0 })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a", endpoints = new[] { 1 } })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a", @params = new { x = new[] { 1 } } })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a" }, new { alg = "none" })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a" }, new { alg = "RS256" })));
        Assert.Null(Of(Sign(new { exp = 1_000_001, sub = "a" }, new { alg = "HS256", crit = new[] { "b64" } })));
        Assert.Null(WebToken.Of(Sign(new { exp = 1_000_001, sub = "a" }), WebTokenKey.OfSecret([.. Secret, 1]), now));
        string good = Sign(new { exp = 1_000_001, sub = "a" });
        string[] parts = good.Split('.');
        foreach (string bad in (string[])["", "..", "a.b.c", good + ".", good + "=", $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", $" {good}", $"{parts[1]}.{parts[0]}.{parts[2]}"])
        {
            Assert.Null(Of(bad));
        }

        const int seed = 7;
        var random = new Random(seed);
        for (int i = 0; i < 2_000; i++)
        {
            char[] text = good.ToCharArray();
            int at = random.Next(text.Length);
            text[at] = "ABCDabcd01-_."[random.Next(13)];
            // The last character of a signature holds two bits that say nothing.
            Assert.True(new string(text) == good || at == text.Length - 1 || Of(new string(text)) is null, $"seed {seed}: {new string(text)}");
        }

        WebToken? Of(string text) => WebToken.Of(text, key, now);
    }

    [Fact]
    public void PublicKeysSaySoThemselvesAndSmallOnesAreRefused()
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1);
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256), large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using RSA rsa = RSA.Create(2048), small = RSA.Create(1024);
        WebTokenKey es = Load(curve.ExportSubjectPublicKeyInfoPem()), rs = Load(rsa.ExportSubjectPublicKeyInfoPem());
        Assert.Equal(("ES256", "RS256"), (es.Algorithm, rs.Algorithm));
        string Signed(string algorithm, Func<byte[], byte[]> sign)
        {
            string body = $"{Part(new { alg = algorithm })}.{Part(new { exp = 9, sub = "a" })}";
            return $"{body}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(body)))}";
        }

        string byCurve = Signed("ES256", b => curve.SignData(b, HashAlgorithmName.SHA256)), byRsa = Signed("RS256", b => rsa.SignData(b, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.NotNull(WebToken.Of(byCurve, es, now));
        Assert.NotNull(WebToken.Of(byRsa, rs, now));
        Assert.Null(WebToken.Of(byCurve, rs, now));
        Assert.Null(WebToken.Of(byRsa, es, now));

        // The old trick: the public key, which everybody has, as the secret of a hash.
        byte[] pem = Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem());
        Assert.Null(WebToken.Of(Signed("HS256", b => HMACSHA256.HashData(pem, b)), rs, now));
        Assert.Null(WebToken.Of(Signed("RS256", b => HMACSHA256.HashData(pem, b)), rs, now));
        foreach (string text in (string[])[large.ExportSubjectPublicKeyInfoPem(), small.ExportSubjectPublicKeyInfoPem(), "-----BEGIN NOTHING-----", "too short a secret", ""])
        {
            DoorException refused = Assert.Throws<DoorException>(() => Load(text));
            Assert.True(text.Length == 0 || !refused.Message.Contains(text, StringComparison.Ordinal));
        }

        Assert.Equal("HS256", Load("0123456789abcdef0123456789abcdef\n").Algorithm);
        Assert.Throws<DoorException>(() => WebTokenKey.Load(_folder.In("not there")));

        WebTokenKey Load(string text)
        {
            File.WriteAllText(_folder.In("key"), text);
            return WebTokenKey.Load(_folder.In("key"));
        }
    }

    // Sent on its own account, so nothing here waits for a time: the feed looks again whenever it has been quiet, which here is every 20 ms.
    [Theory]
    [InlineData("revoked", "permission denied")]
    [InlineData("dropped", "is gone")]
    [InlineData("expired", "has expired")]
    public async Task AFeedEndsWithThePermissionToFollowIt(string how, string reason)
    {
        string token = how == "dropped" ? await TokenAsync("CREATE TOKEN probe FOR app") : Sign(new { exp = 100, sub = "app" });
        using ClientWebSocket socket = await SocketAsync("/v1/ws", token), alone = await SocketAsync("/v1/endpoints/by_country", token);
        await SayAsync(socket, "{\"subscribe\":\"a\",\"query\":\"SELECT * FROM sales\"}");
        await HearAsync(socket, "snapshot");
        await HearAsync(alone, "snapshot");
        using HttpResponseMessage feed = await AskAsync("/v1/endpoints/by_country", token, HttpMethod.Get, "text/event-stream");
        using HttpResponseMessage stats = await AskAsync("/v1/stats/stream", token, HttpMethod.Get, "text/event-stream");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (feed.StatusCode, stats.StatusCode));
        switch (how)
        {
            case "revoked": await _database.ExecuteAsync("REVOKE SELECT ON ENDPOINT by_country FROM app; REVOKE SELECT ON sales FROM app"); break;
            case "dropped": await _database.ExecuteAsync("DROP TOKEN probe"); break;
            default: _time.Advance(TimeSpan.FromSeconds(101)); break;
        }

        Assert.Contains(reason, await HearAsync(socket, "auth_expired"), StringComparison.Ordinal);
        Assert.Contains(reason, await HearAsync(alone, "auth_expired"), StringComparison.Ordinal);
        string text = await feed.Content.ReadAsStringAsync();
        Assert.Contains("event: auth_expired\ndata: {\"reason\":\"", text, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);

        if (how != "revoked")
        {
            Assert.EndsWith("event: auth_expired\ndata: {\"reason\":\"" + (how == "dropped" ? "the token or user that opened this feed is gone" : "the token has expired") + "\"}\n\n",
                await stats.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // The connection is still there, and opens nothing any more.
        await SayAsync(socket, "{\"subscribe\":\"b\",\"endpoint\":\"by_country\"}");
        Assert.Contains(how == "revoked" ? "42501" : "28000", await HearAsync(socket, "error"), StringComparison.Ordinal);
    }

    private static string Sign(object claims, object? header = null)
    {
        string body = $"{Part(header ?? new { alg = "HS256", typ = "JWT" })}.{Part(claims)}";
        return $"{body}.{Base64Url.EncodeToString(HMACSHA256.HashData(Secret, Encoding.ASCII.GetBytes(body)))}";
    }

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

    private async Task<string> TokenAsync(string sql)
    {
        await using Session session = _database.NewSession();
        return Millrace.Core.TextFormat.ToText((await session.ExecuteAsync(sql))[0].Batches[0].Columns[1], 0)!;
    }

    private async Task<HttpResponseMessage> AskAsync(string address, string token, HttpMethod method, string? accept = null)
    {
        using var request = new HttpRequestMessage(method, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<HttpStatusCode> Status(string address, string token, HttpMethod? method = null)
    {
        using HttpResponseMessage answer = await AskAsync(address, token, method ?? HttpMethod.Get);
        return answer.StatusCode;
    }

    private async Task<JsonElement> Json(string address, string token)
    {
        using HttpResponseMessage answer = await AskAsync(address, token, HttpMethod.Get);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    private async Task<(HttpStatusCode Status, string Ids)> Ids(string address, string token) =>
        (HttpStatusCode.OK, $"[{string.Join(',', (await Json(address, token)).GetProperty("data").EnumerateArray().Select(r => r.GetProperty("id").GetInt32()).Order())}]");

    private async Task<ClientWebSocket> SocketAsync(string address, string token)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(new Uri($"ws://{_host.Http}{address}"), CancellationToken.None);
        return socket;
    }

    private static Task SayAsync(ClientWebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    // The next event of a name; others pass by.
    private static async Task<string> HearAsync(ClientWebSocket socket, string name)
    {
        byte[] buffer = new byte[64 << 10];
        while (true)
        {
            WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, CancellationToken.None);
            Assert.NotEqual(WebSocketMessageType.Close, got.MessageType);
            string text = Encoding.UTF8.GetString(buffer, 0, got.Count);
            if (text.Contains($"\"event\":\"{name}\"", StringComparison.Ordinal))
            {
                return text;
            }
        }
    }
}
