// InfluxDB's clients against the real engine: streams made on first sight, widened, told from what is bad, and still there after a restart.
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Sql;
using Millrace.Tests.Doors.Http;
using Xunit;

namespace Millrace.Tests.Doors.LineProtocol;

public sealed class LineWriteTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _client = null!;

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task TelegrafOfInfluxDb1()
    {
        using HttpResponseMessage ping = await _client.GetAsync("/ping");
        Assert.Equal(HttpStatusCode.NoContent, ping.StatusCode);
        Assert.StartsWith("1.8.", ping.Headers.GetValues("X-Influxdb-Version").Single(), StringComparison.Ordinal);
        using var create = new FormUrlEncodedContent([new("q", "CREATE DATABASE \"telegraf\"")]);
        using HttpResponseMessage created = await _client.PostAsync("/query?db=telegraf", create);
        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.Equal(0, Json(created).GetProperty("results")[0].GetProperty("statement_id").GetInt32());

        using HttpResponseMessage written = await Write("/write?consistency=any&db=telegraf&precision=ns&rp=", """
            cpu,cpu=cpu0,host=web\ 1 usage_idle=97.5,usage_user=2i 1700000000000000000
            cpu,cpu=cpu1,host=web\ 1 usage_idle=90.25,usage_user=7i 1700000000000000000
            mem,host=web\ 1 used=1234567890u,swap=f,note="a \"b\"" 1700000000000000999
            """, gzip: true);
        Assert.Equal(HttpStatusCode.NoContent, written.StatusCode);
        Assert.Equal("2023-11-14 22:13:20+00|cpu0|web 1|97.5|2;2023-11-14 22:13:20+00|cpu1|web 1|90.25|7", await Rows("SELECT * FROM cpu ORDER BY cpu"));
        Assert.Equal("2023-11-14 22:13:20+00|web 1|1234567890|f|a \"b\"", await Rows("SELECT * FROM mem"));
        CatalogObject cpu = _database.Catalog.Find(null, "cpu")!;
        Assert.Equal((ObjectKind.Stream, 0, "time"), (cpu.Kind, cpu.EventTime, cpu.Columns[0].Name));
        Assert.Equal([1, 2], cpu.SeriesKey);

        using HttpResponseMessage names = await _client.GetAsync("/query?q=SHOW+DATABASES;show%20measurements");
        Assert.Equal(
            """{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["millrace"]]}]},"""
            + """{"statement_id":1,"series":[{"name":"measurements","columns":["name"],"values":[["cpu"],["mem"]]}]}]}""",
            await names.Content.ReadAsStringAsync());
        using HttpResponseMessage select = await _client.GetAsync("/query?q=SELECT+*+FROM+cpu");
        Assert.Equal(HttpStatusCode.BadRequest, select.StatusCode);
        Assert.StartsWith("error parsing query: 'SELECT * FROM cpu'", Json(select).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientOfInfluxDb2()
    {
        using HttpResponseMessage health = await _client.GetAsync("/health");
        Assert.Equal("pass", Json(health).GetProperty("status").GetString());
        _client.DefaultRequestHeaders.Add("Authorization", "Token secret");
        using HttpResponseMessage written = await Write("/api/v2/write?org=home&bucket=sensors&precision=s", "air,room=attic t=21.5 1700000000\nair,room=cellar t=12 1700000001\n");
        Assert.Equal(HttpStatusCode.NoContent, written.StatusCode);
        Assert.Equal("2023-11-14 22:13:20+00|attic|21.5;2023-11-14 22:13:21+00|cellar|12", await Rows("SELECT * FROM air ORDER BY time"));
    }

    [Fact]
    public async Task GoodLinesAreWrittenAndBadOnesTold()
    {
        using HttpResponseMessage v1 = await Write("/write?db=x", "m v=1i 1000\nm v=1.5 2000\nm v\nm v=4i 4000\nn v=1i 99999999999999999999\n");
        Assert.Equal(HttpStatusCode.BadRequest, v1.StatusCode);
        Assert.Equal(
            "partial write: line 2: field type conflict: input field \"v\" on measurement \"m\" is type float, already exists as type integer\n"
            + "line 3: unable to parse 'm v': invalid field format\n"
            + "line 5: unable to parse 'n v=1i 99999999999999999999': time outside range -9223372036854775806 - 9223372036854775806 dropped=3",
            Json(v1).GetProperty("error").GetString());
        Assert.Equal("1;4", await Rows("SELECT v FROM m ORDER BY v"));
        Assert.Null(_database.Catalog.Find(null, "n"));

        using HttpResponseMessage v2 = await Write("/api/v2/write?bucket=x", "m v=5i\nm v=\"s\"\n");
        Assert.Equal(HttpStatusCode.BadRequest, v2.StatusCode);
        Assert.Equal("invalid", v2.Headers.GetValues("X-Platform-Error-Code").Single());
        JsonElement error = Json(v2);
        Assert.Equal(("invalid", 2L), (error.GetProperty("code").GetString(), error.GetProperty("line").GetInt64()));
        Assert.EndsWith("is type string, already exists as type integer dropped=1", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("1;4;5", await Rows("SELECT v FROM m ORDER BY v"));

        using HttpResponseMessage unit = await Write("/write?precision=day", "m v=1i");
        Assert.Equal(HttpStatusCode.BadRequest, unit.StatusCode);
        Assert.Contains("none of ns", Json(unit).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatLinesBringIsAddedAndOldRowsStay()
    {
        await Good("m,host=a v=1 1000000");
        await _database.ExecuteAsync("CREATE MATERIALIZED VIEW c AS SELECT host, count(*) AS n FROM m GROUP BY host");
        await Good("m,host=a,rack=r1 v=2,w=t 2000000\nm,host=b x=\"s\" 3000000");
        await _database.CompactAsync();
        await Good("m,rack=r2,Zone=z x=\"t\",W=7i 4000000");
        await _database.CompactAsync();
        const string all = "a|1|null|null|null|null|null;a|2|r1|t|null|null|null;b|null|null|null|s|null|null;null|null|r2|null|t|z|7";
        for (int restart = 0; restart < 2; restart++)
        {
            CatalogObject m = _database.Catalog.Find(null, "m")!;
            Assert.Equal(["host", "rack", "Zone"], m.SeriesKey.Select(k => m.Columns[k].Name));
            Assert.Equal(all, await Rows("SELECT host, v, rack, w, x, \"Zone\", \"W\" FROM m ORDER BY time"));
            Assert.Equal("a|2;b|1;null|1", await Rows("SELECT * FROM c ORDER BY host"));
            await StopAsync();
            await StartAsync();
        }
    }

    [Fact]
    public async Task ManyNewThingsAtOnce()
    {
        // Each writer brings measurements and fields that others bring as well, in another order, and some of its own.
        const int writers = 12;
        await Parallel.ForEachAsync(Enumerable.Range(0, writers), async (w, _) =>
        {
            for (int round = 0; round < 5; round++)
            {
                var body = new StringBuilder();
                for (int i = 0; i < 6; i++)
                {
                    int m = (i + w) % 6;
                    body.Append(CultureInfo.InvariantCulture, $"m{m},w=w{w} f{(w + round) % 4}={w}i,f{(w + round + 1) % 4}={round}i,own{w}=1 {round + 1}000\n");
                }

                await Good(body.ToString());
            }
        });
        for (int m = 0; m < 6; m++)
        {
            Assert.Equal($"{writers * 5}", await Rows($"SELECT count(*) FROM m{m}"));
            for (int w = 0; w < writers; w++)
            {
                Assert.Equal("5|5", await Rows($"SELECT count(*), count(own{w}) FROM m{m} WHERE w = 'w{w}'"));
            }
        }
    }

    [Fact]
    public async Task AStreamMadeBySqlIsWrittenByItsTypes()
    {
        await _database.ExecuteAsync("CREATE STREAM s (host text NOT NULL, n int DEFAULT 7, at timestamptz, amount numeric(6,2)) WITH (event_time = 'at', key = 'host')");
        await _database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY)");
        using HttpResponseMessage answer = await Write("/write?precision=ms", "s,host=a amount=1.239 1000\ns,host=b n=3i,amount=2i 2000\ns n=1i 3000\nt id=1i\ns,host=c n=2.5\n");
        string error = Json(answer).GetProperty("error").GetString()!;
        Assert.Contains("line 3: null value in column \"host\"", error, StringComparison.Ordinal);
        Assert.Contains("line 4: measurement \"t\" is a table, not a stream", error, StringComparison.Ordinal);
        Assert.Contains("line 5: field type conflict", error, StringComparison.Ordinal);
        Assert.EndsWith("dropped=3", error, StringComparison.Ordinal);
        Assert.Equal("a|7|1970-01-01 00:00:01+00|1.24;b|3|1970-01-01 00:00:02+00|2.00", await Rows("SELECT * FROM s ORDER BY at"));
    }

    [Fact]
    public async Task WindowsOfTheStreamClose()
    {
        await Good("m v=1i 1000000000\nm v=2i 2000000000");
        await _database.ExecuteAsync(
            "CREATE MATERIALIZED VIEW sums AS SELECT window_start, sum(v) AS v FROM TUMBLE(m, time, INTERVAL '1 minute') GROUP BY window_start EMIT ON WINDOW CLOSE");
        Assert.Equal("", await Rows("SELECT v FROM sums"));
        await Good("m v=5i 121000000000");
        Assert.Equal("3", await Rows("SELECT v FROM sums"));
    }

    [Fact]
    public async Task BodiesHaveBounds()
    {
        await StopAsync();
        await StartAsync(new HttpDoorOptions { BodyBytesMax = 4 << 20 });

        // Packed, so that the body is sent whole before the answer comes: a client that is still writing may not get to see it.
        using HttpResponseMessage large = await Write("/api/v2/write?bucket=b", string.Concat(Enumerable.Repeat("m v=1i 1000\n", 400_000)), gzip: true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal("request too large", Json(large).GetProperty("code").GetString());
        string lines = string.Concat(Enumerable.Range(0, 1000).Select(i => $"m v={i}i {i}000\n"));
        byte[] packed = Pack(lines);
        for (int length = 1; length < packed.Length; length += 97)
        {
            using HttpResponseMessage cut = await Send("/write", packed[..length], gzip: true);
            Assert.Equal(HttpStatusCode.BadRequest, cut.StatusCode);
            Assert.Contains("cut short", Json(cut).GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        using HttpResponseMessage endless = await Write("/write", "m v=\"" + new string('x', 3 << 19), gzip: true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, endless.StatusCode);
        Assert.Null(_database.Catalog.Find(null, "m"));
    }

    [Theory]
    [InlineData("POST", "/write")]
    [InlineData("POST", "/api/v2/write")]
    [InlineData("POST", "/query")]
    [InlineData("GET", "/query?q=SHOW+MEASUREMENTS")]
    public async Task AForeignPageIsRefused(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = method == "POST" ? new StringContent("m v=1", Encoding.UTF8, "text/plain") : null;
        request.Headers.Add("Origin", "http://evil.example");
        using HttpResponseMessage answer = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Null(_database.Catalog.Find(null, "m"));
    }

    private async Task StartAsync(HttpDoorOptions? options = null)
    {
        _database = await Database.OpenAsync(_folder.Path, new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(
            _database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null, HttpOptions = options ?? new HttpDoorOptions() });
        _client = HttpSafetyTests.Client(_host);
    }

    private async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task Good(string lines)
    {
        using HttpResponseMessage answer = await Write("/write", lines);
        Assert.True(answer.StatusCode == HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync());
    }

    private Task<HttpResponseMessage> Write(string path, string lines, bool gzip = false) => Send(path, gzip ? Pack(lines) : Encoding.UTF8.GetBytes(lines), gzip);

    private async Task<HttpResponseMessage> Send(string path, byte[] body, bool gzip)
    {
        using var content = new ByteArrayContent(body);
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return await _client.PostAsync(path, content);
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static JsonElement Json(HttpResponseMessage answer)
    {
        using var body = new MemoryStream();
        answer.Content.CopyTo(body, null, default);
        return JsonDocument.Parse(body.ToArray()).RootElement.Clone();
    }

    private async Task<string> Rows(string query)
    {
        StatementResult result = await _database.ExecuteAsync(query);
        return string.Join(';', result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(
            row => string.Join('|', b.Columns.Take(result.Columns!.Count).Select(c => Millrace.Core.TextFormat.ToText(c, row) ?? "null")))));
    }
}
