// Files as relations: what is read, what is said of rows that do not fit, who may, and what cannot be.
using System.IO.Compression;
using System.Text;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Files;

public sealed class FileTableTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private Session _session = null!;

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(_folder.In("files"));
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { FilesFolder = _folder.In("files") });
        _session = _database.NewSession();
        Write("orders.csv", "id,shop,amount,at,\"with comma, and space\"\n1,Graz,12.5,2026-03-01T10:00:00Z,a\n2,\"Wi\"\"en\",8,2026-03-01T11:00:00Z,\n");
    }

    public async Task DisposeAsync()
    {
        await _session.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task CsvHasTheColumnsOfItsHeader()
    {
        StatementResult all = (await _session.ExecuteAsync("SELECT * FROM 'orders.csv'"))[0];
        Assert.Equal(
            ["id bigint", "shop text", "amount double precision", "at timestamp with time zone", "with comma, and space text"],
            all.Columns!.Fields.Select(f => $"{f.Name} {f.Type}"));
        Assert.Equal("1|Graz|12.5 2|Wi\"en|8", await Rows("SELECT id, shop, amount FROM 'orders.csv' ORDER BY id"));
        Assert.Equal("Graz|2", await Rows("SELECT min(orders.shop), count(*) FROM 'orders.csv'"));
        Assert.Equal("1|2", await Rows("SELECT a.id, b.id FROM 'orders.csv' AS a JOIN 'orders.csv' b ON b.id = a.id + 1"));
        Assert.Equal("3", await Rows("WITH x AS (SELECT id FROM 'orders.csv') SELECT sum(id) FROM x"));
        await Run("CREATE TABLE shops (name text PRIMARY KEY, city text); INSERT INTO shops VALUES ('Graz', 'Styria')");
        Assert.Equal("Styria|12.5", await Rows("SELECT s.city, o.amount FROM 'orders.csv' o JOIN shops s ON s.name = o.shop"));
    }

    [Fact]
    public async Task OtherLayoutsToo()
    {
        Write("semi.csv", "\uFEFFa;b\r\n1;x,y\r\n2;z\r\n");
        Write("tabs.tsv", "a\tb\n1\tx\n");
        Write("events.ndjson", "{\"id\":1,\"tags\":[\"a\"]}\n\n{\"id\":2,\"late\":true}\n");
        using (var packed = new GZipStream(File.Create(_folder.In("files/packed.csv.gz")), CompressionLevel.Fastest))
        {
            packed.Write("n\n"u8);
            for (int i = 0; i < 300_000; i++)
            {
                packed.Write(Encoding.UTF8.GetBytes(i + "\n"));
            }
        }

        Assert.Equal("1|x,y 2|z", await Rows("SELECT a, b FROM 'semi.csv'"));
        Assert.Equal("1|x", await Rows("SELECT a, b FROM 'tabs.tsv'"));
        Assert.Equal("1|[\"a\"]|NULL 2|NULL|t", await Rows("SELECT id, tags, late FROM 'events.ndjson' ORDER BY id"));
        Assert.Equal("300000|44999850000", await Rows("SELECT count(*), sum(n) FROM 'packed.csv.gz'"));
        Assert.Equal("0", await Rows("SELECT count(*) FROM 'packed.csv.gz' WHERE n < 0"));
    }

    [Fact]
    public async Task TablesAndStreamsAreMadeOfFilesAndComeBack()
    {
        await Run("CREATE TABLE t AS SELECT id, shop, amount * 2 AS twice, ARRAY[id] AS ids FROM 'orders.csv'");
        await Run("CREATE STREAM s WITH (key = 'shop') AS SELECT id, shop FROM 'orders.csv'");
        await Run("CREATE TABLE keyed (name PRIMARY KEY, n) AS SELECT shop, count(*) FROM 'orders.csv' GROUP BY shop; INSERT INTO keyed VALUES ('Graz', 5) ON CONFLICT DO NOTHING");
        await Run("CREATE TABLE named (a, b, PRIMARY KEY (a)) AS SELECT id, shop FROM 'orders.csv'");
        await Run("CREATE TABLE empty AS SELECT id FROM 'orders.csv' WITH NO DATA");
        await Run("INSERT INTO s SELECT id + 10, shop FROM 'orders.csv'; UPDATE t SET twice = o.amount FROM 'orders.csv' o WHERE o.id = t.id AND o.id = 1");
        File.Delete(_folder.In("files/orders.csv"));
        await _session.DisposeAsync();
        await _database.DisposeAsync();
        _database = await Database.OpenAsync(_folder.In("data"), new DatabaseOptions { FilesFolder = _folder.In("files") });
        _session = _database.NewSession();
        Assert.Equal("1|Graz|12.5|{1} 2|Wi\"en|16|{2}", await Rows("SELECT id, shop, twice, ids FROM t ORDER BY id"));
        Assert.Equal("1 2 11 12", await Rows("SELECT id FROM s ORDER BY id"));
        Assert.Equal("0", await Rows("SELECT count(*) FROM empty"));
        Assert.Equal("2|1", await Rows("SELECT count(*), max(n) FROM keyed"));
        Assert.Equal("2|b", await Rows("SELECT count(*), max(column_name) FROM information_schema.columns WHERE table_name = 'named'"));
        await Refused("23505", "INSERT INTO named VALUES (1, 'twice')");
    }

    [Fact]
    public async Task PreparedStatementsCursorsAndCopyReadThemAsWell()
    {
        await Run("PREPARE p AS SELECT id FROM 'orders.csv' WHERE shop = $1");
        Assert.Equal("1", await Rows("EXECUTE p('Graz')"));
        Write("orders.csv", "id,shop,amount,at,\"with comma, and space\"\n9,Graz,1,2026-03-01T10:00:00Z,\n");
        Assert.Equal("9", await Rows("EXECUTE p('Graz')"));
        Assert.Equal("9", await Rows("BEGIN; DECLARE c CURSOR FOR SELECT id FROM 'orders.csv'; FETCH 1 FROM c"));
        await Run("COMMIT");
        Assert.Contains("orders", await Rows("EXPLAIN SELECT id FROM 'orders.csv'"), StringComparison.Ordinal);
        Assert.Equal(1, (await _session.ExecuteAsync("COPY (SELECT * FROM 'orders.csv') TO STDOUT"))[0].RowCount);
    }

    [Fact]
    public async Task RowsThatDoNotFitAreToldWithFileLineAndColumn()
    {
        var text = new StringBuilder("n,m\n");
        for (int i = 0; i < 1_200; i++)
        {
            text.Append(i).Append(",1\n");
        }

        Write("late.csv", text + "many,1\n");
        SqlException e = await Refused("22P02", "SELECT sum(n) FROM 'late.csv'");
        Assert.StartsWith("late.csv:1202: column \"n\": invalid input syntax for type bigint", e.Message, StringComparison.Ordinal);
        Assert.Contains("first 1,000 rows", e.Hint, StringComparison.Ordinal);
        Assert.Equal("SELECT sum(n) FROM ".Length, e.Position);
        Write("short.csv", "a,b\n1,2\n3\n");
        Assert.StartsWith("short.csv:3: missing data for column \"b\"", (await Refused("22P04", "SELECT * FROM 'short.csv'")).Message, StringComparison.Ordinal);
        Write("twice.csv", "a,a\n1,2\n");
        Assert.StartsWith("twice.csv:1: column \"a\"", (await Refused("42701", "SELECT * FROM 'twice.csv'")).Message, StringComparison.Ordinal);
        Write("bad.ndjson", "{\"a\":1}\n{\"a\":\n");
        Assert.StartsWith("bad.ndjson:2: ", (await Refused("22P02", "SELECT * FROM 'bad.ndjson'")).Message, StringComparison.Ordinal);
        Write("none.csv", "");
        await Refused("22P04", "SELECT * FROM 'none.csv'");
        Assert.Equal("did you mean \"id\"?", (await Refused("42703", "SELECT idd FROM 'orders.csv'")).Hint);
        Assert.Equal("did you mean 'orders.csv'?", (await Refused("58P01", "SELECT * FROM 'order.csv'")).Hint);
    }

    [Fact]
    public async Task WhatIsKeptUpToDateReadsNoFile()
    {
        foreach (string sql in new[]
        {
            "CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM 'orders.csv'", "CREATE VIEW v AS SELECT * FROM 'orders.csv'", "SUBSCRIBE (SELECT * FROM 'orders.csv')",
            "CREATE ENDPOINT e AS SELECT * FROM 'orders.csv'", "CREATE ALERT a ON (SELECT * FROM 'orders.csv') NOTIFY 'http://example.com/'",
            "EXPLAIN CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM 'orders.csv'", "BEGIN; DECLARE c CURSOR FOR SUBSCRIBE (SELECT * FROM 'orders.csv')",
        })
        {
            SqlException e = await Refused("0A000", sql);
            Assert.StartsWith("'orders.csv' is a file: only a query that runs once can read it", e.Message, StringComparison.Ordinal);
            await Run("ROLLBACK");
        }

        await Refused("0A000", "SELECT * FROM 'orders.parquet'");
        await Refused("0A000", "SELECT * FROM 'https://example.com/orders.csv'");
        await Refused("42601", "SELECT * FROM 'orders'");
        await Refused("0A000", "SELECT * FROM 'orders.'");
    }

    [Theory]
    [InlineData("../secret.csv")]
    [InlineData("/etc/hosts.csv")]
    [InlineData("sub/../../secret.csv")]
    [InlineData("link/secret.csv")]
    [InlineData("linked.csv")]
    public async Task WhatIsOutsideTheFolderIsNotRead(string path)
    {
        File.WriteAllText(_folder.In("secret.csv"), "password\nhunter2\n");
        Directory.CreateDirectory(_folder.In("files/sub"));
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateSymbolicLink(_folder.In("files/link"), _folder.Path);
            File.CreateSymbolicLink(_folder.In("files/linked.csv"), _folder.In("secret.csv"));
        }

        SqlException e = await Refused("42501", $"SELECT * FROM '{path}'");
        Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnAServerOnlyWhoMay()
    {
        await using Database closed = await Database.OpenInMemoryAsync();
        await using Session stranger = closed.NewSession();
        string path = _folder.In("files/orders.csv");
        Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(() => stranger.ExecuteAsync($"SELECT * FROM '{path}'").AsTask())).SqlState);
        Assert.Equal(2, (await closed.ExecuteAsync($"SELECT * FROM '{path}'")).RowCount);

        await Run("CREATE USER app; CREATE USER root SUPERUSER; GRANT SELECT ON ALL TABLES TO app");
        await using Session app = _database.NewSession();
        app.User = "app";
        foreach (string sql in new[] { "SELECT * FROM 'orders.csv'", "SELECT * FROM 'no such.csv'", "EXPLAIN SELECT * FROM 'orders.csv'", "COPY (SELECT * FROM 'orders.csv') TO STDOUT" })
        {
            Assert.Equal("42501", (await Assert.ThrowsAsync<SqlException>(() => app.ExecuteAsync(sql).AsTask())).SqlState);
        }

        app.User = "root";
        Assert.Equal(2, (await app.ExecuteAsync("SELECT * FROM 'orders.csv'"))[0].RowCount);
    }

    private void Write(string name, string text) => File.WriteAllText(_folder.In("files/" + name), text);

    private async Task Run(string sql) => await _session.ExecuteAsync(sql);

    private async Task<SqlException> Refused(string state, string sql)
    {
        SqlException e = await Assert.ThrowsAsync<SqlException>(() => _session.ExecuteAsync(sql).AsTask());
        Assert.True(e.SqlState == state, $"{sql}: {e.SqlState} {e.Message}");
        return e;
    }

    private async Task<string> Rows(string sql)
    {
        StatementResult result = (await _session.ExecuteAsync(sql))[^1];
        return string.Join(' ', result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(r =>
            string.Join('|', Enumerable.Range(0, result.Columns!.Count).Select(c => b.Columns[c].IsNull(r) ? "NULL" : TextFormat.ToText(b.Columns[c], r))))));
    }
}
