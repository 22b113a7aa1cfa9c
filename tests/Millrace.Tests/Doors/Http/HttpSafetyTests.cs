// T32, T33, T38-T40 of RELIABILITY: who may use the HTTP door, and what bodies it takes.
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Millrace.Doors;
using Millrace.Doors.Http;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class HttpSafetyTests
{
    [Theory]
    [InlineData("Host: localhost", 200)]
    [InlineData("Host: LOCALHOST:{port}", 200)]
    [InlineData("Host: 127.0.0.1:{port}", 200)]
    [InlineData("Host: [::1]:{port}", 200)]
    [InlineData("Host: db.home:1234", 200)]
    [InlineData("Host: 127.0.0.1.evil.com", 403)]
    [InlineData("Host: evil.example:{port}", 403)]
    [InlineData("Host: localhost.", 403)]
    [InlineData("Host: 127.0.0.2", 403)]
    [InlineData("Host: 2130706433", 403)]
    [InlineData("Host: ", 403)]
    [InlineData("X-None: 1", 400)]
    [InlineData("Host: localhost\r\nHost: evil.example", 400)]
    [InlineData("Host: localhost:80@evil.example", 400)]
    public async Task OnlyOurOwnNamesAreAnswered(string header, int status)
    {
        await using DoorHost host = await new FakeDatabase().StartAsync(new HttpDoorOptions { AllowedHosts = ["db.home"] });
        string answer = await Raw(host, $"GET /v1/catalog HTTP/1.1\r\n{header.Replace("{port}", host.Http!.Port.ToString())}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        if (status != 200)
        {
            Assert.DoesNotContain("clicks", answer, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string, string> Uses => new()
    {
        { "POST", "/v1/sql", "application/json" },
        { "POST", "/v1/sql", "text/plain" },
        { "POST", "/v1/streams/clicks", "application/x-ndjson" },
        { "POST", "/v1/streams/clicks", "text/plain" },
        { "POST", "/v1/streams/clicks", "application/x-www-form-urlencoded" },
        { "GET", "/v1/subscribe?query=select+1", "" },
        { "GET", "/v1/stats/stream", "" },
        { "GET", "/v1/ws", "" },
        { "GET", "/v1/catalog", "" },
        { "OPTIONS", "/v1/sql", "" },
        { "POST", "/", "text/plain" },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task AForeignPageCanNeitherReadNorWrite(string method, string path, string type)
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        string[] strangers =
        [
            "Origin: http://evil.example", "Origin: null", "Origin: http://localhost:1", "Origin: https://127.0.0.1:{port}", "Origin: ",
            "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://evil.example\r\nSec-Fetch-Site: same-origin",
        ];
        foreach (string stranger in strangers)
        {
            string body = "{\"query\":\"select 1\"}";
            string answer = await Raw(host, $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{host.Http!.Port}\r\n"
                + $"{stranger.Replace("{port}", host.Http.Port.ToString())}\r\n"
                + (type.Length == 0 ? "" : $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n") + "Connection: close\r\n\r\n" + (type.Length == 0 ? "" : body));
            Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Access-Control", answer, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Empty(database.Executed);
        Assert.Empty(database.Appended);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{port}", true)]
    [InlineData("https://dash.example", true)]
    [InlineData("https://dash.example.evil", false)]
    public async Task OurOwnPageAndConfiguredOnesMay(string origin, bool may)
    {
        await using DoorHost host = await new FakeDatabase().StartAsync(new HttpDoorOptions { AllowedOrigins = ["https://dash.example"] });
        using HttpClient client = Client(host);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/streams/clicks") { Content = Json("{\"id\":1}") };
        request.Headers.Add("Origin", origin.Replace("{port}", host.Http!.Port.ToString()));
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(may ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/sql")]
    [InlineData("GET", "/v1/streams/clicks")]
    [InlineData("GET", "/v1/subscribe?query=delete+from+t")]
    [InlineData("GET", "/v1/subscribe?query=create+table+t(a+int)")]
    [InlineData("GET", "/v1/subscribe?query=select+1;drop+table+t")]
    public async Task GetChangesNothing(string method, string path)
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        using HttpClient client = Client(host);
        using HttpResponseMessage answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.Empty(database.Executed);
    }

    [Fact]
    public async Task AnswersTellBrowsersToKeepOut()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        using HttpClient client = Client(host);
        foreach (string path in new[] { "/v1/catalog", "/", "/v1/none" })
        {
            using HttpResponseMessage answer = await client.GetAsync(path);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task AGzipBombIsCutAtTheLimit()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync(new HttpDoorOptions { BodyBytesMax = 32 << 20 });
        using HttpClient client = Client(host);
        foreach (bool lines in new[] { false, true })
        {
            using var packed = new MemoryStream();
            await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                // Blank lines are no rows, so only the limit ends this; zeros are one endless row, which has its own.
                byte[] zeros = new byte[1 << 20];
                zeros.AsSpan().Fill(lines ? (byte)'\n' : (byte)0);
                for (int i = 0; i < 256; i++)
                {
                    await gzip.WriteAsync(zeros);
                }
            }

            using HttpResponseMessage answer = await Gzip(client, packed.ToArray());
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        }

        Assert.Empty(database.Appended);
    }

    [Fact]
    public async Task ACutGzipBodyWritesNothing()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        using HttpClient client = Client(host);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"{{\"id\":{i},\"who\":\"w{i * 7919}\"}}\n"))));
        }

        byte[] whole = packed.ToArray();
        for (int length = 0; length < whole.Length; length += length < 20 || length > whole.Length - 30 ? 1 : 17)
        {
            using HttpResponseMessage answer = await Gzip(client, whole[..length]);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest || length == 0, $"{length} of {whole.Length}: {answer.StatusCode}");
        }

        byte[] damaged = [.. whole];
        damaged[^5] ^= 1;
        using HttpResponseMessage wrong = await Gzip(client, damaged);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Empty(database.Appended);
        using HttpResponseMessage good = await Gzip(client, whole);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.Equal(200, database.Appended.Single().Count);
    }

    [Fact]
    public async Task AnAnnouncedGigabyteIsRefusedUnread()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        string answer = await Raw(host, $"POST /v1/streams/clicks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            + "Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("256 MiB", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnannouncedGigabyteIsCut()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync(new HttpDoorOptions { BodyBytesMax = 4 << 20 });
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Http!);
        await using NetworkStream stream = socket.GetStream();
        await stream.WriteAsync("POST /v1/streams/clicks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        byte[] piece = Encoding.ASCII.GetBytes("10000\r\n" + new string('\n', 65536) + "\r\n");
        Task<int> answered = stream.ReadAsync(new byte[4096]).AsTask();
        long sent = 0;
        try
        {
            while (!answered.IsCompleted && sent < 1L << 30)
            {
                await stream.WriteAsync(piece);
                sent += 65536;
            }
        }
        catch (IOException)
        {
            // Closed by the server while we were still sending: that is the point.
        }

        Assert.True(sent < 128 << 20, $"{sent} bytes were taken");
        Assert.Empty(database.Appended);
    }

    [Theory]
    [InlineData("{\"query\":\"select 1\",\"query\":\"select 2\"}")]
    [InlineData("{\"query\":1}")]
    [InlineData("[]")]
    [InlineData("{\"query\":\"select 1\",\"maxRows\":1e9999}")]
    [InlineData("{\"query\":\"\\ud800\"}")]
    [InlineData("")]
    public async Task OddJsonIsRefused(string body)
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        using HttpClient client = Client(host);
        using HttpResponseMessage answer = await client.PostAsync("/v1/sql", Json(body));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Empty(database.Executed);
    }

    [Fact]
    public async Task DeepJsonIsRefused()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        using HttpClient client = Client(host);
        using HttpResponseMessage answer = await client.PostAsync(
            "/v1/sql", Json("{\"query\":\"select 1\",\"x\":" + new string('[', 50_000) + new string(']', 50_000) + "}"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task ABugTellsNoStackTrace()
    {
        var database = new FakeDatabase { Answer = _ => throw new InvalidOperationException("secret detail") };
        await using DoorHost host = await database.StartAsync();
        using HttpClient client = Client(host);
        using HttpResponseMessage answer = await client.PostAsync("/v1/sql", Json("{\"query\":\"select 1\"}"));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RandomBytesNeverBringItDown()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        var random = new Random(7);
        byte[] sample = Encoding.ASCII.GetBytes("POST /v1/streams/clicks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}");
        for (int round = 0; round < 60; round++)
        {
            byte[] bytes = [.. sample];
            for (int i = 0; i < 3; i++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            using var socket = new TcpClient();
            await socket.ConnectAsync(host.Http!);
            await socket.GetStream().WriteAsync(bytes.AsMemory(0, random.Next(bytes.Length)));
            socket.LingerState = new LingerOption(true, 0);
        }

        using HttpClient client = Client(host);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode);
    }

    internal static HttpClient Client(DoorHost host) => new() { BaseAddress = new Uri($"http://127.0.0.1:{host.Http!.Port}") };

    internal static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task<HttpResponseMessage> Gzip(HttpClient client, byte[] packed)
    {
        var content = new ByteArrayContent(packed);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        content.Headers.ContentEncoding.Add("gzip");
        return await client.PostAsync("/v1/streams/clicks", content);
    }

    private static async Task<string> Raw(DoorHost host, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Http!);
        await using NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        byte[] buffer = new byte[16384];
        int length = 0;
        int read;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((read = await stream.ReadAsync(buffer.AsMemory(length), limit.Token)) > 0)
        {
            length += read;
            string text = Encoding.UTF8.GetString(buffer, 0, length);
            if (text.Contains("\r\n\r\n", StringComparison.Ordinal) && text.EndsWith('}'))
            {
                break;
            }
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
