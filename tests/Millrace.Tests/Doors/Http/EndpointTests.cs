// Published endpoints over HTTP, before the real engine: parameters, formats, versions, errors, and what a stranger may try.
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Doors.Http;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class EndpointTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-endpoints-").FullName;
    private Database _database = null!;
    private DoorHost _host = null!;
    private HttpClient _client = null!;

    public Task InitializeAsync() => Open();

    public async Task DisposeAsync()
    {
        await Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AnEndpointAnswersWithTypedParametersAndDefaults()
    {
        await Sellers();
        Assert.Equal("[{\"seller\":\"bob\",\"total\":\"30\"}]", await Data("top_sellers?country=AT&n=1"));
        Assert.Equal("[{\"seller\":\"bob\",\"total\":\"30\"},{\"seller\":\"ann\",\"total\":\"12\"}]", await Data("top_sellers?country=AT"));
        Assert.Equal("[{\"seller\":\"cid\",\"total\":\"7\"}]", await Data("top_sellers?n=5&country=DE"));
        Assert.Equal("[]", await Data("top_sellers?country="));
    }

    [Theory]
    [InlineData("top_sellers", "country", "is missing and has no default")]
    [InlineData("top_sellers?country=AT&n=ten", "n", "invalid input syntax for type integer: \"ten\"")]
    [InlineData("top_sellers?country=AT&n=99999999999", "n", "value \"99999999999\" is out of range for type integer")]
    [InlineData("top_sellers?country=AT&n=", "n", "invalid input syntax for type integer: \"\"")]
    [InlineData("top_sellers?country=AT&m=1", "m", "endpoint \"top_sellers\" has no such parameter")]
    [InlineData("top_sellers?country=AT&country=DE", "country", "given more than once")]
    [InlineData("top_sellers?country=%00", "country", "invalid byte sequence for encoding \"UTF8\": 0x00")]
    public async Task ABadParameterIsNamedWithCauseAndFix(string address, string parameter, string cause)
    {
        await Sellers();
        using HttpResponseMessage answer = await _client.GetAsync("/v1/endpoints/" + address);
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        JsonElement problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((parameter, cause), (problem.GetProperty("parameter").GetString(), problem.GetProperty("cause").GetString()));
        Assert.NotEqual("", problem.GetProperty("fix").GetString());
    }

    [Fact]
    public async Task WhatACallerSendsIsNeverSql()
    {
        await Sellers();
        await Sql("CREATE ENDPOINT echo (x text) AS SELECT $x AS x");
        var random = new Random(20261126);
        string[] pieces = ["'", "''", "\"", "; DROP TABLE sales; --", "$1", "$x", "$$", "/*", "*/", "\\", "%", " OR 1=1", "\u2019", "é", "\t", "--", ")", "UNION SELECT", "😀"];
        for (int i = 0; i < 300; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => pieces[random.Next(pieces.Length)]));
            JsonElement data = JsonDocument.Parse(await Data("echo?x=" + Uri.EscapeDataString(text))).RootElement;
            Assert.Equal(text, data[0].GetProperty("x").GetString());
            Assert.Equal("[]", await Data("top_sellers?country=" + Uri.EscapeDataString(text)));
        }

        Assert.Equal(4, (await _database.QueryAsync<long>("SELECT count(*) FROM sales"))[0]);
    }

    [Fact]
    public async Task RandomQueryStringsGiveAnAnswerOrAProblemAndNeverAFailure()
    {
        await Sellers();
        await Sql("CREATE ENDPOINT many (a bigint DEFAULT 1, b numeric(5,2) DEFAULT NULL, c timestamptz DEFAULT NULL, d boolean DEFAULT true, e jsonb DEFAULT NULL, "
            + "f uuid DEFAULT NULL, g int[] DEFAULT NULL, h interval DEFAULT NULL, i bytea DEFAULT NULL, j varchar(3) DEFAULT 'x') "
            + "AS SELECT $a AS a, $b AS b, $c AS c, $d AS d, $e AS e, $f AS f, $g AS g, $h AS h, $i AS i, $j AS j");
        var random = new Random(45);
        string[] values = [
            "1", "-1", "1e9999", "NaN", "true", "{", "{}", "{1,2}", "{{1}}", "[", "2026-13-45", "infinity", "\\x0", "\\xzz", "1 day", "a-b-c", "%ff", "", "99999999999999999999", "\"", "\ud83d"];
        for (int i = 0; i < 500; i++)
        {
            var query = new StringBuilder("/v1/endpoints/many?");
            for (int p = random.Next(4); p >= 0; p--)
            {
                query.Append((char)('a' + random.Next(11))).Append('=').Append(Uri.EscapeDataString(values[random.Next(values.Length)])).Append('&');
            }

            using HttpResponseMessage answer = await _client.GetAsync(query.ToString());
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{query}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task TheFormatIsChosenByAcceptOrByTheAddress()
    {
        await Sellers();
        Assert.Equal("seller,total\nbob,30\nann,12\n", await Get("top_sellers?country=AT", "text/csv"));
        Assert.Equal("{\"seller\":\"bob\",\"total\":\"30\"}\n{\"seller\":\"ann\",\"total\":\"12\"}\n", await Get("top_sellers?country=AT&format=ndjson"));
        Assert.StartsWith("{\"endpoint\":\"top_sellers\"", await Get("top_sellers?country=AT", "text/html,application/xhtml+xml,*/*;q=0.8"), StringComparison.Ordinal);
        using HttpResponseMessage none = await _client.SendAsync(Request("top_sellers?country=AT", "image/png"));
        Assert.Equal(HttpStatusCode.NotAcceptable, none.StatusCode);
        await Sql("CREATE ENDPOINT cells AS SELECT * FROM (VALUES ('=1+1'), ('-2'), ('ok')) AS v (x)");
        Assert.Equal("x\n=1+1\n-2\nok\n", await Get("cells?format=csv"));
        Assert.Equal("x\n'=1+1\n'-2\nok\n", await Get("cells?format=excel"));
    }

    [Fact]
    public async Task TheTagChangesWithWhatTheEndpointReadsAndWithNothingElse()
    {
        await Sellers();
        await Sql("CREATE TABLE other (id int PRIMARY KEY)");
        using HttpResponseMessage first = await _client.GetAsync("/v1/endpoints/top_sellers?country=AT");
        string tag = first.Headers.ETag!.Tag;
        Assert.Equal(HttpStatusCode.NotModified, await Revalidate(tag));
        await Sql("INSERT INTO other VALUES (1)");
        Assert.Equal(HttpStatusCode.NotModified, await Revalidate(tag));
        Assert.Equal(HttpStatusCode.NotModified, await Revalidate("\"x\", W/" + tag));
        await Sql("INSERT INTO sales VALUES ('ann', 'AT', 100, 5)");
        Assert.Equal(HttpStatusCode.OK, await Revalidate(tag));
        Assert.Equal("[{\"seller\":\"ann\",\"total\":\"112\"}]", await Data("top_sellers?country=AT&n=1"));
        using HttpResponseMessage csv = await _client.SendAsync(Request("top_sellers?country=AT", "text/csv"));
        using HttpResponseMessage json = await _client.SendAsync(Request("top_sellers?country=AT", "application/json"));
        Assert.NotEqual(csv.Headers.ETag!.Tag, json.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task WhatTellsTheTimeIsNotCached()
    {
        await Sql("CREATE ENDPOINT clock AS SELECT now() AS t");
        using HttpResponseMessage answer = await _client.GetAsync("/v1/endpoints/clock");
        Assert.Equal((null, "no-store"), (answer.Headers.ETag, answer.Headers.CacheControl!.ToString()));
        await Sql("CREATE ENDPOINT objects AS SELECT name FROM millrace.endpoints");
        Assert.Equal("[{\"name\":\"clock\"},{\"name\":\"objects\"}]", await Data("objects"));
    }

    [Fact]
    public async Task EndpointsSurviveARestartAndAreReplacedAndDropped()
    {
        await Sellers();
        await Close();
        await Open();
        Assert.Equal("[{\"seller\":\"bob\",\"total\":\"30\"}]", await Data("top_sellers?country=AT&n=1"));
        await Sql("CHECKPOINT");
        await Close();
        await Open();
        Assert.Equal("[{\"seller\":\"cid\",\"total\":\"7\"}]", await Data("top_sellers?country=DE"));
        await Sql("CREATE OR REPLACE ENDPOINT top_sellers AS SELECT count(*) AS n FROM sales");
        Assert.Equal("[{\"n\":\"4\"}]", await Data("top_sellers"));
        SqlException refused = await Assert.ThrowsAsync<SqlException>(() => Sql("DROP TABLE sales"));
        Assert.Equal("2BP01", refused.SqlState);
        await Sql("DROP ENDPOINT top_sellers; DROP ENDPOINT IF EXISTS top_sellers; DROP TABLE sales");
        using HttpResponseMessage gone = await _client.GetAsync("/v1/endpoints/top_sellers");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task AnEndpointMayBeCalledLikeTheViewItPublishes()
    {
        await Sellers();
        await Sql("CREATE MATERIALIZED VIEW totals AS SELECT country, sum(amount) AS total FROM sales GROUP BY country; CREATE ENDPOINT totals AS SELECT * FROM totals ORDER BY country");
        Assert.Equal("[{\"country\":\"AT\",\"total\":\"42\"},{\"country\":\"DE\",\"total\":\"7\"}]", await Data("totals"));
        await Sql("ALTER TABLE sales ADD COLUMN note text");
        Assert.Equal("[{\"country\":\"AT\",\"total\":\"42\"},{\"country\":\"DE\",\"total\":\"7\"}]", await Data("totals"));
    }

    [Theory]
    [InlineData("CREATE ENDPOINT e (country text) AS SELECT * FROM sales WHERE country = country", "42P02")]
    [InlineData("CREATE ENDPOINT e (x text) AS SELECT $y AS y", "42P02")]
    [InlineData("CREATE ENDPOINT e (x text, x int) AS SELECT $x AS y", "42701")]
    [InlineData("CREATE ENDPOINT e (x) AS SELECT $x AS y", "42601")]
    [InlineData("CREATE ENDPOINT e (x int DEFAULT 'a') AS SELECT $x AS y", "22P02")]
    [InlineData("CREATE ENDPOINT e (x timestamptz DEFAULT now()) AS SELECT $x AS y", "0A000")]
    [InlineData("CREATE ENDPOINT e (format text) AS SELECT $format AS y", "42939")]
    [InlineData("CREATE ENDPOINT e AS SELECT $1 AS y", "42P02")]
    [InlineData("CREATE ENDPOINT e AS SELECT 1 AS a, 2 AS a", "42701")]
    [InlineData("CREATE ENDPOINT top_sellers AS SELECT 1 AS a", "42710")]
    [InlineData("CREATE ENDPOINT e AS DELETE FROM sales", "42601")]
    [InlineData("CREATE ENDPOINT e WITH (cache = 1) AS SELECT 1 AS a", "22023")]
    [InlineData("SELECT $country", "42P02")]
    [InlineData("SELECT * FROM top_sellers", "42P01")]
    [InlineData("DROP ENDPOINT nothing", "42704")]
    public async Task AWrongDefinitionIsRefused(string sql, string state)
    {
        await Sellers();
        Assert.Equal(state, (await Assert.ThrowsAsync<SqlException>(() => Sql(sql))).SqlState);
    }

    [Fact]
    public async Task OpenApiDescribesWhatIsThere()
    {
        await Sellers();
        JsonElement api = JsonDocument.Parse(await _client.GetStringAsync("/openapi.json")).RootElement;
        Assert.Equal("3.1.0", api.GetProperty("openapi").GetString());
        JsonElement get = api.GetProperty("paths").GetProperty("/v1/endpoints/top_sellers").GetProperty("get");
        JsonElement n = get.GetProperty("parameters")[1];
        Assert.Equal(("n", false, "integer", "10"), (n.GetProperty("name").GetString(), n.GetProperty("required").GetBoolean(),
            n.GetProperty("schema").GetProperty("type").GetString(), n.GetProperty("schema").GetProperty("default").GetRawText()));
        JsonElement ok = get.GetProperty("responses").GetProperty("200").GetProperty("content");
        JsonElement schemas = api.GetProperty("components").GetProperty("schemas");

        // Every reference leads somewhere, and the events are those of a feed.
        foreach (System.Text.RegularExpressions.Match reference in System.Text.RegularExpressions.Regex.Matches(api.GetRawText(), "\"#/components/(\\w+)/([^\"]+)\""))
        {
            Assert.True(api.GetProperty("components").GetProperty(reference.Groups[1].Value).TryGetProperty(reference.Groups[2].Value, out _), reference.Value);
        }

        Assert.Equal("#/components/schemas/top_sellers.Event", ok.GetProperty("text/event-stream").GetProperty("schema").GetProperty("$ref").GetString());
        Assert.Equal(["seller", "total"], schemas.GetProperty("top_sellers.Row").GetProperty("properties").EnumerateObject().Select(p => p.Name));
        string[] told = [.. schemas.GetProperty("top_sellers.Event").GetProperty("oneOf").EnumerateArray()
            .Select(e => schemas.GetProperty(e.GetProperty("$ref").GetString()!["#/components/schemas/".Length..]).GetProperty("properties").GetProperty("event").GetProperty("const").GetString()!)];
        Assert.Equal(["snapshot", "delta", "schema", "progress", "gap", "reset", "error", "auth_expired"], told);
        await Sql("DROP ENDPOINT top_sellers");
        Assert.Equal("{}", JsonDocument.Parse(await _client.GetStringAsync("/openapi.json")).RootElement.GetProperty("paths").GetRawText());
    }

    [Fact]
    public async Task AnyNameCanBeAskedFor()
    {
        foreach (string name in (string[])["a/b", "a%2Fb", "ü ?&#", "100%"])
        {
            await Sql($"CREATE TABLE \"{name}\" (id int PRIMARY KEY); CREATE ENDPOINT \"{name}\" AS SELECT id FROM \"{name}\"");
            using var rows = new StringContent("{\"id\":7}", Encoding.UTF8, "application/json");
            using HttpResponseMessage written = await _client.PostAsync("/v1/streams/" + Uri.EscapeDataString(name), rows);
            Assert.Equal((name, HttpStatusCode.OK), (name, written.StatusCode));
            Assert.Equal("[{\"id\":7}]", await Data(Uri.EscapeDataString(name)));
        }
    }

    [Fact]
    public async Task AnotherMethodIsToldWhichThereAre()
    {
        await Sellers();
        foreach ((HttpMethod method, string address, string allowed) in ((HttpMethod, string, string)[])
            [(HttpMethod.Post, "/v1/endpoints/top_sellers", "GET, HEAD"), (HttpMethod.Get, "/v1/sql", "POST"), (HttpMethod.Delete, "/query", "GET, HEAD, POST")])
        {
            using var request = new HttpRequestMessage(method, address);
            using HttpResponseMessage answer = await _client.SendAsync(request);
            Assert.Equal((HttpStatusCode.MethodNotAllowed, allowed), (answer.StatusCode, string.Join(", ", answer.Content.Headers.Allow)));
        }
    }

    [Fact]
    public async Task OnlyConfiguredOriginsMayRead()
    {
        await Sellers();
        Assert.Equal((HttpStatusCode.Forbidden, null), await From("https://shop.example", "/v1/endpoints/top_sellers?country=AT"));
        await Close();
        await Open(new HttpDoorOptions { AllowedOrigins = ["https://shop.example"] });
        Assert.Equal((HttpStatusCode.OK, "https://shop.example"), await From("https://shop.example", "/v1/endpoints/top_sellers?country=AT"));
        Assert.Equal((HttpStatusCode.NoContent, "https://shop.example"), await From("https://shop.example", "/v1/sql", HttpMethod.Options));
        Assert.Equal((HttpStatusCode.Forbidden, null), await From("https://evil.example", "/v1/endpoints/top_sellers?country=AT"));
        await Close();
        await Open(new HttpDoorOptions { AllowedOrigins = ["*"] });
        Assert.Equal((HttpStatusCode.OK, "https://evil.example"), await From("https://evil.example", "/v1/endpoints/top_sellers?country=AT"));
        Assert.Equal((HttpStatusCode.Forbidden, null), await From("https://evil.example", "/v1/sql", HttpMethod.Post));
        Assert.Equal((HttpStatusCode.Forbidden, null), await From("https://evil.example", "/v1/catalog"));
    }

    [Fact]
    public async Task LargeAnswersAreStreamedAndSmallOnesKept()
    {
        await Sql("CREATE ENDPOINT many (n int DEFAULT 3) AS SELECT g AS i, repeat('x', 100) AS pad FROM generate_series(1, $n) AS g ORDER BY g");
        foreach (int rows in (int[])[0, 1, 255, 256, 257, 60_000])
        {
            string text = await Get($"many?n={rows}&format=ndjson");
            Assert.Equal(rows, text.Count(c => c == '\n'));
            JsonElement json = JsonDocument.Parse(await Get($"many?n={rows}")).RootElement;
            Assert.Equal((rows, rows), (json.GetProperty("rows").GetInt32(), json.GetProperty("data").GetArrayLength()));
        }
    }

    private async Task Sellers() => await Sql("""
        CREATE TABLE sales (seller text, country text, amount int, id int PRIMARY KEY);
        INSERT INTO sales VALUES ('ann', 'AT', 12, 1), ('bob', 'AT', 10, 2), ('bob', 'AT', 20, 3), ('cid', 'DE', 7, 4);
        CREATE ENDPOINT top_sellers (country text, n int DEFAULT 10) AS
          SELECT seller, sum(amount) AS total FROM sales WHERE sales.country = $country GROUP BY seller ORDER BY total DESC, seller LIMIT $n
        """);

    private async Task Sql(string sql)
    {
        await using Session session = _database.NewSession();
        await session.ExecuteAsync(sql);
    }

    private async Task<string> Data(string address) => JsonDocument.Parse(await Get(address)).RootElement.GetProperty("data").GetRawText();

    private async Task<string> Get(string address, string? accept = null)
    {
        using HttpResponseMessage answer = await _client.SendAsync(Request(address, accept));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private async Task<HttpStatusCode> Revalidate(string tag)
    {
        HttpRequestMessage request = Request("top_sellers?country=AT", null);
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        using HttpResponseMessage answer = await _client.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<(HttpStatusCode, string?)> From(string origin, string address, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, address);
        request.Headers.Add("Origin", origin);
        using HttpResponseMessage answer = await _client.SendAsync(request);
        return (answer.StatusCode, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed) ? string.Join(",", allowed) : null);
    }

    private static HttpRequestMessage Request(string address, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/endpoints/" + address);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return request;
    }

    private Task Open() => Open(new HttpDoorOptions());

    private async Task Open(HttpDoorOptions options)
    {
        _database = await Database.OpenAsync(_folder, new DatabaseOptions { Durability = Millrace.Log.Durability.None });
        _host = await DoorHost.StartAsync(_database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null, HttpOptions = options });
        _client = HttpSafetyTests.Client(_host);
    }

    private async Task Close()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }
}
