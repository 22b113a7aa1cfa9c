// What the HTTP door's endpoints answer, over a database of plain memory.
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Doors.Http;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class HttpEndpointTests
{
    [Theory]
    [InlineData("application/json", "{\"id\":1,\"who\":\"a\"}", 1)]
    [InlineData("application/json; charset=utf-8", "[{\"id\":1},{\"id\":2}]", 2)]
    [InlineData("application/x-ndjson", "{\"id\":1}\n{\"id\":2}\n\n{\"id\":3}", 3)]
    [InlineData("text/csv", "who,id\na,1\n\"b,c\",2\n", 2)]
    public async Task RowsComeInFourLayouts(string type, string body, int rows)
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        (HttpStatusCode status, JsonElement answer) = await Post(host, "/v1/streams/clicks", type, body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(rows, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(0, answer.GetProperty("rejected").GetInt32());
        Assert.Equal("0", answer.GetProperty("offset").GetString());
        Assert.Equal(Enumerable.Range(1, rows).Select(i => (long)i), ((FixedColumn<long>)database.Appended.Single().Columns[0]).Values[..rows]);
    }

    [Fact]
    public async Task CsvWithoutAHeaderTakesNamesFromTheAddress()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        (_, JsonElement answer) = await Post(host, "/v1/streams/clicks?columns=who,id&on_error=skip", "text/csv", "a,1\nb,x\nc,3\n");
        Assert.Equal(2, answer.GetProperty("accepted").GetInt32());
        JsonElement error = answer.GetProperty("errors")[0];
        Assert.Equal(2, error.GetProperty("line").GetInt64());
        Assert.Equal("id", error.GetProperty("column").GetString());
        (_, answer) = await Post(host, "/v1/streams/clicks?columns=who,id", "text/csv", "a,1\nb,x\nc,3\n");
        Assert.Equal(2, answer.GetProperty("errors")[0].GetProperty("line").GetInt64());
    }

    [Fact]
    public async Task SkipKeepsTheGoodLines()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        string body = "{\"id\":1}\n{\"id\":}\n{\"id\":3}\n{\"who\":\"x\"}\n";
        (HttpStatusCode status, JsonElement answer) = await Post(host, "/v1/streams/clicks?on_error=skip", "application/x-ndjson", body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((2, 2), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Equal([2, 4], answer.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("line").GetInt64()));
        Assert.Contains("not-null", answer.GetProperty("errors")[1].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, database.Appended.Single().Count);
    }

    [Fact]
    public async Task FailWritesNothing()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync();
        (HttpStatusCode status, JsonElement answer) = await Post(host, "/v1/streams/clicks", "application/x-ndjson", "{\"id\":1}\n{\"id\":2,\"whoo\":1}\n");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(2, answer.GetProperty("errors")[0].GetProperty("line").GetInt64());
        Assert.Contains("did you mean \"who\"", answer.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Empty(database.Appended);
        (status, _) = await Post(host, "/v1/streams/clicks?unknown=ignore", "application/x-ndjson", "{\"id\":1}\n{\"id\":2,\"whoo\":1}\n");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task BadRowsAreCountedOnlySoFar()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync(new HttpDoorOptions { BadRowsMax = 10 });
        (HttpStatusCode status, _) = await Post(
            host, "/v1/streams/clicks?on_error=skip", "application/x-ndjson", "{\"id\":1}\n" + string.Concat(Enumerable.Repeat("x\n", 11)));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Empty(database.Appended);
    }

    [Theory]
    [InlineData("/v1/streams/click", "application/json", 404, "did you mean \"clicks\"?")]
    [InlineData("/v1/streams/totals", "application/json", 409, "not a stream")]
    [InlineData("/v1/streams/clicks", "text/plain", 415, "is not understood")]
    [InlineData("/v1/streams/clicks", "application/json; charset=utf-16", 415, "charset")]
    [InlineData("/v1/streams/clicks?on_error=never", "application/json", 400, "fail or skip")]
    public async Task MistakesAreExplained(string path, string type, int status, string words)
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        (HttpStatusCode got, JsonElement answer) = await Post(host, path, type, "{\"id\":1}");
        Assert.Equal(status, (int)got);
        Assert.Contains(words, answer.GetProperty("detail").GetString() + answer.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SqlAnswersWithTypedRows()
    {
        var rows = new BatchBuilder(new Schema(
            [new("big", SqlType.BigInt), new("n", SqlType.Integer), new("d", SqlType.Double), new("t", SqlType.Timestamp), new("j", SqlType.Jsonb), new("s", SqlType.Text)]));
        ((FixedBuilder<long>)rows.Columns[0]).Append(long.MaxValue);
        ((FixedBuilder<int>)rows.Columns[1]).Append(-5);
        ((FixedBuilder<double>)rows.Columns[2]).Append(double.NaN);
        ((FixedBuilder<long>)rows.Columns[3]).Append(1_500_000);
        ((BytesBuilder)rows.Columns[4]).Append("{\"a\": [1, 2]}"u8);
        ((BytesBuilder)rows.Columns[5]).Append("<é\">"u8);
        rows.EndRow();
        foreach (ColumnBuilder column in rows.Columns)
        {
            column.AppendNull();
        }

        rows.EndRow();
        var database = new FakeDatabase
        {
            Answer = _ => [new StatementResult { CommandTag = "SELECT 2", Columns = rows.Schema, Batches = [rows.View()], RowCount = 2, Epoch = 9, Notices = [new Notice("00000", "hello")] }],
        };
        await using DoorHost host = await database.StartAsync();
        (HttpStatusCode status, JsonElement answer) = await Post(host, "/v1/sql", "application/json", "{\"query\":\"select 1\",\"maxRows\":1}");
        Assert.Equal(HttpStatusCode.OK, status);
        JsonElement result = answer.GetProperty("results")[0];
        Assert.Equal("SELECT 2", result.GetProperty("command").GetString());
        Assert.Equal("timestamp without time zone", result.GetProperty("columns")[3].GetProperty("type").GetString());
        Assert.True(result.GetProperty("truncated").GetBoolean());
        Assert.Equal("[\"9223372036854775807\",-5,\"NaN\",\"1970-01-01T00:00:01.5\",{\"a\": [1, 2]},\"<é\\\">\"]", result.GetProperty("rows")[0].GetRawText());
        Assert.Equal(1, result.GetProperty("rows").GetArrayLength());
        Assert.Equal("hello", result.GetProperty("notices")[0].GetString());
    }

    [Fact]
    public async Task AnSqlErrorNamesItsPlace()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        (HttpStatusCode status, JsonElement answer) = await Post(host, "/v1/sql", "application/json", "{\"query\":\"select 1\\nfrom from t\"}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("42601", answer.GetProperty("sqlstate").GetString());
        Assert.Equal((2, 6), (answer.GetProperty("line").GetInt32(), answer.GetProperty("column").GetInt32()));
        Assert.Equal(14, answer.GetProperty("position").GetInt32());
        (status, _) = await Post(host, "/v1/sql", "application/json", "{\"query\":\"subscribe totals\"}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Theory]
    [InlineData("42601", 400)]
    [InlineData("42P01", 400)]
    [InlineData("22P02", 400)]
    [InlineData("0A000", 400)]
    [InlineData("23502", 400)]
    [InlineData("23505", 409)]
    [InlineData("42501", 403)]
    [InlineData("53200", 503)]
    [InlineData("53400", 429)]
    [InlineData("54000", 413)]
    [InlineData("57P03", 503)]
    [InlineData("28000", 401)]
    [InlineData("XX000", 500)]
    public void EverySqlStateHasAStatus(string sqlState, int status) => Assert.Equal(status, Problem.StatusOf(sqlState));

    [Fact]
    public async Task CatalogStatsAndGraphKeepTheirContract()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        using HttpClient client = HttpSafetyTests.Client(host);
        JsonElement catalog = JsonDocument.Parse(await client.GetStringAsync("/v1/catalog")).RootElement;
        Assert.Equal(7, catalog.GetProperty("epoch").GetInt64());
        JsonElement clicks = catalog.GetProperty("objects")[0];
        Assert.Equal(("clicks", "stream", "at", true), (
            clicks.GetProperty("name").GetString(), clicks.GetProperty("kind").GetString(), clicks.GetProperty("eventTime").GetString(), clicks.GetProperty("appendOnly").GetBoolean()));
        Assert.False(clicks.GetProperty("columns")[0].GetProperty("nullable").GetBoolean());
        Assert.Equal("[\"who\"]", catalog.GetProperty("objects")[1].GetProperty("primaryKey").GetRawText());
        Assert.Equal("view", catalog.GetProperty("objects")[1].GetProperty("kind").GetString());
        JsonElement stats = JsonDocument.Parse(await client.GetStringAsync("/v1/stats")).RootElement;
        Assert.Equal("2023-11-14T22:13:20Z", stats.GetProperty("objects")[0].GetProperty("watermark").GetString());
        Assert.True(stats.GetProperty("objects")[0].GetProperty("lagMs").GetInt64() > 0);
        Assert.Equal(JsonValueKind.Null, stats.GetProperty("objects")[1].GetProperty("rows").ValueKind);
        Assert.True(stats.GetProperty("connections").GetInt64() >= 1);
        JsonElement graph = JsonDocument.Parse(await client.GetStringAsync("/v1/graph")).RootElement;
        Assert.Equal("[1,2]", graph.GetProperty("objects").GetRawText());
        Assert.Equal(100, graph.GetProperty("operators")[0].GetProperty("nsPerRow").GetDouble());
        Assert.Equal("object:1", graph.GetProperty("edges")[0].GetProperty("from").GetString());
    }

    [Fact]
    public async Task MetricsArePrometheusText()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        using HttpClient client = HttpSafetyTests.Client(host);
        string text = await client.GetStringAsync("/metrics");
        Assert.Contains("# HELP millrace_epoch The newest epoch.\n# TYPE millrace_epoch gauge\nmillrace_epoch 7\n", text, StringComparison.Ordinal);
        Assert.Contains("millrace_object_rows_total{object=\"clicks\",kind=\"stream\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("millrace_object_failed{object=\"totals\",kind=\"materializedview\"} 1\n", text, StringComparison.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Matches("^(# (HELP|TYPE) (millrace|process)_[a-z_]+ .+|(millrace|process)_[a-z_]+(\\{[^}]*\\})? -?[0-9.eE+-]+)$", line);
        }
    }

    [Fact]
    public void AlertsAreCountedByNameUpToABound()
    {
        var catalog = new CatalogSnapshot([]);
        AlertStatistics[] alerts = [new("a \"b\"", 2, 5, 3, 7, 1, 4, false), .. Enumerable.Range(0, 1_500).Select(i => new AlertStatistics($"x{i:0000}", 1, 1, 0, 1, 0, 0, i == 0))];
        string text = MetricsEndpoint.Text(new DatabaseStatistics(1, 1, 1, 1, 1, 1, 1, 1, []) { Alerts = alerts }, catalog, 0, 0);
        foreach (string line in new[]
        {
            "# TYPE millrace_alerts gauge\nmillrace_alerts 1501\n", "# TYPE millrace_alert_firing gauge\nmillrace_alert_firing{alert=\"a \\\"b\\\"\"} 2\n",
            "# TYPE millrace_alert_fired_total counter\nmillrace_alert_fired_total{alert=\"a \\\"b\\\"\"} 5\n", "millrace_alert_resolved_total{alert=\"a \\\"b\\\"\"} 3\n",
            "millrace_alert_deliveries_total{alert=\"a \\\"b\\\"\"} 7\n", "millrace_alert_deliveries_failed_total{alert=\"a \\\"b\\\"\"} 1\n",
            "millrace_alert_retries_total{alert=\"a \\\"b\\\"\"} 4\n", "millrace_alert_broken{alert=\"x0000\"} 1\n", "millrace_alert_firing{alert=\"\",others=\"501\"} 501\n",
        })
        {
            Assert.Contains(line, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("x1400", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFollowedQueryComesAsEvents()
    {
        var database = new FakeDatabase();
        await using DoorHost host = await database.StartAsync(new HttpDoorOptions { KeepAlive = TimeSpan.FromMilliseconds(50) });
        using HttpClient client = HttpSafetyTests.Client(host);
        database.Feed.Writer.TryWrite(new SubscriptionEvent(SubscriptionEventKind.Snapshot, 5, 0, Totals([("a", 1, 1), ("b", 2, 2)]), Last: true));
        using HttpResponseMessage answer = await client.GetAsync("/v1/subscribe?query=select+*+from+totals", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal("no", answer.Headers.GetValues("X-Accel-Buffering").Single());
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal(("schema", null, "{\"columns\":[{\"name\":\"who\",\"type\":\"text\"},{\"name\":\"n\",\"type\":\"bigint\"}],\"key\":[0],\"epoch\":5,\"resumed\":false}"), await Next(reader));

        (string name, string? id, string data) = await Next(reader);
        Assert.Equal(("snapshot", "{\"epoch\":5,\"rows\":[[\"a\",\"1\"],[\"b\",\"2\"],[\"b\",\"2\"]],\"last\":true}"), (name, data));
        string feed = id!["5-".Length..];
        database.Feed.Writer.TryWrite(new SubscriptionEvent(SubscriptionEventKind.Delta, 6, 0, Totals([("a", 1, -1), ("a", 2, 1)]), Last: true));
        Assert.Equal(("delta", "6-" + feed, "{\"epoch\":6,\"changes\":[[-1,[\"a\",\"1\"]],[1,[\"a\",\"2\"]]]}"), await After("progress"));

        // Quiet now: a sign of life must come, and it tells how far the feed has looked.
        database.Feed.Writer.TryWrite(new SubscriptionEvent(SubscriptionEventKind.Progress, 7, 0));
        do
        {
            (name, id, data) = await Next(reader);
            Assert.Equal("progress", name);
        }
        while (data != "{\"epoch\":7}");
        Assert.Equal("7-" + feed, id);
        database.Feed.Writer.TryWrite(new SubscriptionEvent(SubscriptionEventKind.Error, 8, 0, Error: new SqlException("53400", "too slow")));
        database.Feed.Writer.Complete();
        (name, _, data) = await After("progress");
        Assert.Equal("error", name);
        Assert.Equal(429, JsonDocument.Parse(data).RootElement.GetProperty("status").GetInt32());
        Assert.Empty((await reader.ReadToEndAsync()).Trim());

        async Task<(string Name, string? Id, string Data)> After(string passed)
        {
            while (true)
            {
                (string Name, string? Id, string Data) next = await Next(reader);
                if (next.Name != passed)
                {
                    return next;
                }
            }
        }
    }

    [Fact]
    public async Task StatisticsStream()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        using HttpClient client = HttpSafetyTests.Client(host);
        using HttpResponseMessage answer = await client.GetAsync("/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("stats", (await Next(reader)).Name);
        Assert.Equal("7-0", (await Next(reader)).Id);
    }

    [Fact]
    public async Task EventStreamsAreBoundedAndEndWithTheServer()
    {
        DoorHost host = await new FakeDatabase().StartAsync(new HttpDoorOptions { EventStreamsMax = 1 });
        using HttpClient client = HttpSafetyTests.Client(host);
        using HttpResponseMessage first = await client.GetAsync("/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage second = await client.GetAsync("/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Task stop = host.DisposeAsync().AsTask();
        Assert.Same(stop, await Task.WhenAny(stop, Task.Delay(TimeSpan.FromSeconds(9))));
    }

    [Fact]
    public async Task APortInUseIsNamed()
    {
        await using DoorHost host = await new FakeDatabase().StartAsync();
        var database = new FakeDatabase();
        DoorException error = await Assert.ThrowsAsync<DoorException>(() =>
            DoorHost.StartAsync(database.Backend, database.Backend.NewSession, new DoorHostOptions { Http = host.Http, Postgres = null }));
        Assert.Equal($"127.0.0.1:{host.Http!.Port} is in use by another process", error.Message);
    }

    private static Batch Totals((string Who, long N, long Weight)[] rows)
    {
        var builder = new BatchBuilder(FakeDatabase.Totals.Columns);
        foreach ((string who, long n, long weight) in rows)
        {
            ((BytesBuilder)builder.Columns[0]).Append(Encoding.UTF8.GetBytes(who));
            ((FixedBuilder<long>)builder.Columns[1]).Append(n);
            builder.EndRow(weight);
        }

        return builder.ToBatch();
    }

    private static async Task<(string Name, string? Id, string Data)> Next(StreamReader reader)
    {
        string name = "";
        string? id = null;
        string data = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 && name.Length > 0)
            {
                return (name, id, data);
            }

            name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
            id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
            data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
        }

        throw new EndOfStreamException();
    }

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> Post(DoorHost host, string path, string type, string body)
    {
        using HttpClient client = HttpSafetyTests.Client(host);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using HttpResponseMessage answer = await client.PostAsync(path, content);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(text.Length > 0, $"{answer.StatusCode} without a body");
        return (answer.StatusCode, JsonDocument.Parse(text).RootElement);
    }
}
