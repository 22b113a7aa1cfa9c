// The HTTP door in front of the real engine: what goes in by POST comes out by SQL and by events.
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Doors;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class HttpDatabaseTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-http-").FullName;
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenAsync(_folder, new DatabaseOptions { Durability = Millrace.Log.Durability.None, SubscriptionBytesMax = 64 << 10 });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null });
        _client = HttpSafetyTests.Client(_host);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task EveryTypeComesBackAsItWent()
    {
        await Sql("CREATE TABLE t (id bigint PRIMARY KEY, b boolean, s smallint, i int, r real, d double precision, n numeric(20,3), x text, y bytea, "
            + "dt date, tm time, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb, a int[])");
        await Post("/v1/streams/t", "application/json", """
            {"id":1,"b":true,"s":-1,"i":2,"r":1.5,"d":1e10,"n":"123456789012.345","x":"é","y":"\\x00ff","dt":"2026-02-03","tm":"04:05:06.5",
             "ts":"2026-02-03T04:05:06.789","tz":"2026-02-03T04:05:06+02:00","iv":"1 day 2 hours","u":"12345678-1234-1234-1234-123456789abc","j":{"b":[1,2],"a":null},"a":[1,null,3]}
            """);
        Assert.Equal(
            "[\"1\",true,-1,2,1.5,10000000000,\"123456789012.345\",\"é\",\"\\\\x00ff\",\"2026-02-03\",\"04:05:06.5\",\"2026-02-03T04:05:06.789\",\"2026-02-03T02:05:06Z\","
            + "\"1 day 02:00:00\",\"12345678-1234-1234-1234-123456789abc\",{\"a\": null, \"b\": [1, 2]},[1,null,3]]",
            Rows(await Sql("SELECT * FROM t"))[0].GetRawText());
        await Post("/v1/streams/t", "text/csv", "id,n,tz,a,j\n2,1.5,2026-02-03 04:05:06+00,\"{4,5}\",\"{\"\"k\"\":1}\"\n");
        Assert.Equal("[\"2\",\"1.500\",\"2026-02-03T04:05:06Z\",[4,5],{\"k\": 1}]", Rows(await Sql("SELECT id, n, tz, a, j FROM t WHERE id = 2"))[0].GetRawText());
    }

    [Fact]
    public async Task TablesAreUpsertedByKeyAndDefaultsFillIn()
    {
        await Sql("CREATE TABLE t (id bigint PRIMARY KEY, state text DEFAULT 'new', n int NOT NULL DEFAULT 7)");
        await Post("/v1/streams/t", "application/x-ndjson", "{\"id\":1}\n{\"id\":2,\"state\":null,\"n\":1}\n{\"id\":1,\"state\":\"old\"}\n");
        Assert.Equal("[[\"1\",\"old\",7],[\"2\",null,1]]", Rows(await Sql("SELECT * FROM t ORDER BY id")).GetRawText());
        await Post("/v1/streams/t", "text/csv", "id\n3\n");
        Assert.Equal("[[\"3\",\"new\",7]]", Rows(await Sql("SELECT * FROM t WHERE id = 3")).GetRawText());
        JsonElement answer = await Post("/v1/streams/t?on_error=skip", "application/x-ndjson", "{\"id\":4,\"n\":null}\n{\"state\":\"x\"}\n{\"id\":5}\n");
        Assert.Equal((1, 2), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32()));
    }

    [Fact]
    public async Task RowsAreNumberedWhereNoNumberIsGiven()
    {
        await Sql("CREATE TABLE t (id bigserial PRIMARY KEY, v text NOT NULL)");
        await Post("/v1/streams/t", "application/x-ndjson", "{\"v\":\"a\"}\n{\"v\":\"b\",\"id\":null}\n{\"v\":\"c\",\"id\":9}\n");
        await Post("/v1/streams/t", "text/csv", "v\nd\n");
        await _database.AppendAsync("t", [new { V = "e" }]);
        Assert.Equal("[[\"1\",\"a\"],[\"2\",\"b\"],[\"9\",\"c\"],[\"10\",\"d\"],[\"11\",\"e\"]]", Rows(await Sql("SELECT * FROM t ORDER BY id")).GetRawText());
    }

    [Fact]
    public async Task WhatIsNotInPublicIsNamedWithItsSchema()
    {
        await Sql("CREATE SCHEMA shop; CREATE STREAM shop.s (a int); CREATE STREAM s (b int); CREATE MATERIALIZED VIEW shop.m AS SELECT count(*) AS n FROM shop.s");
        await Post("/v1/streams/shop.s", "application/json", "{\"a\":1}");
        await Post("/v1/streams/s", "application/json", "[{\"b\":1},{\"b\":2}]");
        await _database.AppendAsync("shop.s", [new { A = 2 }, new { A = 3 }]);
        Assert.Equal("[[\"3\"]]", Rows(await Sql("SELECT n FROM shop.m")).GetRawText());
        Assert.Equal("[[\"2\"]]", Rows(await Sql("SELECT count(*) FROM s")).GetRawText());
        string metrics = await _client.GetStringAsync("/metrics");
        Assert.Contains("object=\"shop.s\"", metrics, StringComparison.Ordinal);
        Assert.Contains("object=\"s\"", metrics, StringComparison.Ordinal);
        using var graph = JsonDocument.Parse(await _client.GetStringAsync("/v1/graph?view=shop.m"));
        int stream = _database.Catalog.FindNamed("shop.s")!.Id;
        Assert.Contains(graph.RootElement.GetProperty("edges").EnumerateArray(), e => e.GetRawText().Contains($"object:{stream}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OffsetsFollowTheStream()
    {
        await Sql("CREATE STREAM s (a int)");
        Assert.Equal("0", (await Post("/v1/streams/s", "application/json", "[{\"a\":1},{\"a\":2}]")).GetProperty("offset").GetString());
        Assert.Equal("2", (await Post("/v1/streams/s", "application/json", "{\"a\":3}")).GetProperty("offset").GetString());
    }

    [Fact]
    public async Task ASubscriberSeesTheAnswerAndEachChange()
    {
        await Sql("CREATE STREAM s (k text, v bigint); CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS v FROM s GROUP BY k");
        await Post("/v1/streams/s", "application/json", "{\"k\":\"a\",\"v\":1}");
        using HttpResponseMessage answer = await _client.GetAsync("/v1/subscribe?query=SELECT+k,+v+FROM+m", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Contains("\"name\":\"v\",\"type\":\"numeric\"", await Data(reader, "schema"), StringComparison.Ordinal);
        Assert.EndsWith("\"rows\":[[\"a\",\"1\"]],\"last\":true}", await Data(reader, "snapshot"), StringComparison.Ordinal);
        for (int i = 2; i < 30; i++)
        {
            await Post("/v1/streams/s", "application/json", "{\"k\":\"a\",\"v\":1}");
            string data = await Data(reader, "delta");
            Assert.Contains($"[-1,[\"a\",\"{i - 1}\"]]", data, StringComparison.Ordinal);
            Assert.Contains($"[1,[\"a\",\"{i}\"]]", data, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ASlowSubscriberIsDroppedAlone()
    {
        await Sql("CREATE STREAM s (k bigint, v text)");
        using HttpResponseMessage slow = await _client.GetAsync("/v1/subscribe?slow=drop&query=SELECT+*+FROM+s", HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage fast = await _client.GetAsync("/v1/subscribe?query=SELECT+k+FROM+s", HttpCompletionOption.ResponseHeadersRead);
        using var fastReader = new StreamReader(await fast.Content.ReadAsStreamAsync());
        await Data(fastReader, "snapshot");
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{{\"k\":{i},\"v\":\"{new string('x', 1000)}\"}}\n"));
        for (int i = 0; i < 200; i++)
        {
            await Post("/v1/streams/s", "application/x-ndjson", rows);
            await Data(fastReader, "delta");
        }

        // Twenty megabytes are more than sockets and the feed's 64 KiB hold: it has missed some.
        using var slowReader = new StreamReader(await slow.Content.ReadAsStreamAsync());
        Assert.Contains("53400", await Data(slowReader, "error"), StringComparison.Ordinal);
        await Post("/v1/streams/s", "application/json", "{\"k\":-1}");
        Assert.Contains("\"-1\"", await Data(fastReader, "delta"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ErrorsNameTheirPlaceAndTheNearestName()
    {
        await Sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)");
        JsonElement error = await Error("SELECT id,\n  nmae FROM t");
        Assert.Equal("42703", error.GetProperty("sqlstate").GetString());
        Assert.Equal((2, 3), (error.GetProperty("line").GetInt32(), error.GetProperty("column").GetInt32()));
        Assert.Contains("name", error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        error = await Error("SELECT id FORM t");
        Assert.Equal("42601", error.GetProperty("sqlstate").GetString());
        error = await Error("SELECT 1/0");
        Assert.Equal("22012", error.GetProperty("sqlstate").GetString());
        using HttpResponseMessage refused = await _client.GetAsync("/v1/subscribe?query=SELECT+nmae+FROM+t");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task AStatementThatFailsUndoesItsScript()
    {
        await Sql("CREATE TABLE t (id bigint PRIMARY KEY)");
        await Error("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1/0)");
        Assert.Equal("[[\"0\"]]", Rows(await Sql("SELECT count(*) FROM t")).GetRawText());
    }

    [Fact]
    public async Task ManyClientsWriteAtOnce()
    {
        await Sql("CREATE STREAM s (a int); CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n, sum(a) AS s FROM s");
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await Post("/v1/streams/s", "application/x-ndjson", $"{{\"a\":{i}}}\n{{\"a\":1000}}\n"));
        Assert.Equal("[[\"400\",\"219900\"]]", Rows(await Sql("SELECT * FROM m")).GetRawText());
    }

    private async Task<JsonElement> Sql(string query) => await Post("/v1/sql", "application/json", JsonSerializer.Serialize(new { query }));

    private async Task<JsonElement> Error(string query)
    {
        using HttpResponseMessage answer = await _client.PostAsync("/v1/sql", HttpSafetyTests.Json(JsonSerializer.Serialize(new { query })));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    private async Task<JsonElement> Post(string path, string type, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using HttpResponseMessage answer = await _client.PostAsync(path, content);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static JsonElement Rows(JsonElement answer) => answer.GetProperty("results").EnumerateArray().Last().GetProperty("rows");

    // The next event of a kind; others (progress) are passed over.
    private static async Task<string> Data(StreamReader reader, string kind)
    {
        string name = "";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
            if (line.StartsWith("data: ", StringComparison.Ordinal) && name == kind)
            {
                return line[6..];
            }
        }

        throw new EndOfStreamException();
    }
}
