// The embedded database from its front door: write, ask, subscribe, reopen.
using Millrace.Core;
using Millrace.Log;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class DatabaseTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-test-").FullName;
    private Database _db = null!;

    public async Task InitializeAsync() => _db = await OpenAsync();

    public async Task DisposeAsync()
    {
        await _db.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AStreamKeepsItsRowsInOrder()
    {
        await _db.ExecuteAsync("CREATE STREAM s (a int, b text)");
        await _db.ExecuteAsync("INSERT INTO s VALUES (1, 'x'), (2, NULL)");
        await _db.ExecuteAsync("INSERT INTO s VALUES (3, 'z')");
        Assert.Equal(["1|x", "2|", "3|z"], await RowsAsync("SELECT * FROM s"));
        Assert.Equal(["3"], await RowsAsync("SELECT count(*) FROM s"));
    }

    [Fact]
    public async Task AViewFollowsATable()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, k text, v int)");
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20)");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS total, count(*) AS n FROM t GROUP BY k");
        Assert.Equal(["a|10|1", "b|20|1"], await RowsAsync("SELECT * FROM m ORDER BY k"));
        await _db.ExecuteAsync("INSERT INTO t VALUES (3, 'a', 5)");
        await _db.ExecuteAsync("UPDATE t SET v = v + 100 WHERE k = 'b'");
        Assert.Equal(["a|15|2", "b|120|1"], await RowsAsync("SELECT * FROM m ORDER BY k"));
        await _db.ExecuteAsync("DELETE FROM t WHERE id = 2");
        Assert.Equal(["a|15|2"], await RowsAsync("SELECT * FROM m ORDER BY k"));
    }

    [Fact]
    public async Task TheNewestObjectMayBeAPlainViewThatIsDropped()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY)");
        await _db.ExecuteAsync("CREATE VIEW v AS SELECT id FROM t");
        await _db.ExecuteAsync("DROP VIEW v");
        await _db.ExecuteAsync("INSERT INTO t VALUES (1)");
        Assert.Equal(["1"], await RowsAsync("SELECT * FROM t"));
    }

    [Fact]
    public async Task ADuplicateKeyIsRefusedAndChangesNothing()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int)");
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 1)");
        SqlException e = await Assert.ThrowsAsync<SqlException>(() => _db.ExecuteAsync("INSERT INTO t VALUES (2, 2), (1, 3)"));
        Assert.Equal("23505", e.SqlState);
        Assert.Equal(["1|1"], await RowsAsync("SELECT * FROM t"));
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 3), (2, 2) ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v");
        Assert.Equal(["1|4", "2|2"], await RowsAsync("SELECT * FROM t ORDER BY id"));
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 9), (3, 3) ON CONFLICT DO NOTHING");
        Assert.Equal(["1|4", "2|2", "3|3"], await RowsAsync("SELECT * FROM t ORDER BY id"));
    }

    [Fact]
    public async Task ATransactionIsSeenWholeOrNotAtAll()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS s FROM t");
        await using Session a = _db.NewSession();
        await a.ExecuteAsync("BEGIN");
        await a.ExecuteAsync("INSERT INTO t VALUES (1, 10)");
        await a.ExecuteAsync("UPDATE t SET v = v * 2");
        Assert.Equal("1|20", Assert.Single(Render((await a.ExecuteAsync("SELECT * FROM t"))[0])));
        Assert.Empty(await RowsAsync("SELECT * FROM t"));
        await a.ExecuteAsync("COMMIT");
        Assert.Equal(["1|20"], await RowsAsync("SELECT * FROM t"));
        Assert.Equal(["20"], await RowsAsync("SELECT * FROM m"));
        await a.ExecuteAsync("BEGIN; DELETE FROM t; ROLLBACK");
        Assert.Equal(["1|20"], await RowsAsync("SELECT * FROM t"));
    }

    [Fact]
    public async Task TheFirstCommitterWins()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
        await using Session a = _db.NewSession();
        await a.ExecuteAsync("BEGIN");
        await a.ExecuteAsync("UPDATE t SET v = 2");
        await _db.ExecuteAsync("UPDATE t SET v = 3");
        SqlException e = await Assert.ThrowsAsync<SqlException>(async () => await a.ExecuteAsync("COMMIT"));
        Assert.Equal("40001", e.SqlState);
        Assert.Equal(["1|3"], await RowsAsync("SELECT * FROM t"));
        Assert.Equal(TransactionStatus.Idle, a.Status);
    }

    [Fact]
    public async Task ViewsOnViewsAreTheSameAfterReopening()
    {
        await _db.ExecuteAsync("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at - INTERVAL '1 second')");
        await _db.ExecuteAsync("CREATE TABLE names (k int PRIMARY KEY, name text)");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW sums AS SELECT k, window_start, sum(v) AS total FROM TUMBLE(s, at, INTERVAL '10 seconds') GROUP BY k, window_start");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW named AS SELECT n.name, s.window_start, s.total FROM sums s JOIN names n ON s.k = n.k");
        await _db.ExecuteAsync("CREATE MATERIALIZED VIEW best AS SELECT name, max(total) AS best FROM named GROUP BY name");
        await _db.ExecuteAsync("INSERT INTO names VALUES (1, 'one'), (2, 'two')");
        await _db.ExecuteAsync("INSERT INTO s VALUES (1, 5, '2024-01-01 00:00:01'), (1, 6, '2024-01-01 00:00:09'), (2, 7, '2024-01-01 00:00:11')");
        await ReopenAsync();
        string[] before = ["one|11", "two|7"];
        Assert.Equal(before, await RowsAsync("SELECT * FROM best ORDER BY name"));
        await _db.ExecuteAsync("UPDATE names SET name = 'uno' WHERE k = 1; INSERT INTO s VALUES (1, 100, '2024-01-01 00:00:02')");
        Assert.Equal(["two|7", "uno|111"], await RowsAsync("SELECT * FROM best ORDER BY name"));
        await ReopenAsync();
        Assert.Equal(["two|7", "uno|111"], await RowsAsync("SELECT * FROM best ORDER BY name"));
        Assert.Equal(["4"], await RowsAsync("SELECT count(*) FROM s"));
    }

    [Fact]
    public async Task ASubscriptionIsSnapshotThenChanges()
    {
        await _db.ExecuteAsync("CREATE STREAM s (k text, v int); INSERT INTO s VALUES ('a', 1)");
        await using IAsyncEnumerator<Change<(string K, long N)>> changes = _db
            .SubscribeAsync<(string, long)>("SELECT k AS item1, count(*) AS item2 FROM s GROUP BY k").GetAsyncEnumerator();
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal((("a", 1L), 1, true), (changes.Current.Row, changes.Current.Weight, changes.Current.Snapshot));
        await _db.ExecuteAsync("INSERT INTO s VALUES ('a', 2)");
        var seen = new List<(string, long, long)>();
        for (int i = 0; i < 2; i++)
        {
            Assert.True(await changes.MoveNextAsync());
            seen.Add((changes.Current.Row.K, changes.Current.Row.N, changes.Current.Weight));
        }

        Assert.Equal([("a", 1, -1), ("a", 2, 1)], seen.OrderBy(s => s.Item3));
    }

    [Fact]
    public async Task AnIndexAnswersWhatAScanWould()
    {
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, k text, v int)");
        await _db.ExecuteAsync("INSERT INTO t SELECT g, 'k' || (g % 10), g FROM generate_series(1, 1000) AS g");
        string[] scanned = await RowsAsync("SELECT id FROM t WHERE k = 'k3' ORDER BY id");
        Assert.Equal(100, scanned.Length);
        await _db.ExecuteAsync("CREATE INDEX t_k ON t (k)");
        Assert.Equal(scanned, await RowsAsync("SELECT id FROM t WHERE k = 'k3' ORDER BY id"));
        await _db.ExecuteAsync("DELETE FROM t WHERE id = 3");
        Assert.Equal(scanned[1..], await RowsAsync("SELECT id FROM t WHERE k = 'k3' ORDER BY id"));
        Assert.Equal(["500|k0|500"], await RowsAsync("SELECT * FROM t WHERE id = 500"));
    }

    [Fact]
    public async Task DroppingWhatOthersReadNeedsCascade()
    {
        await _db.ExecuteAsync("CREATE STREAM s (a int); CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM s");
        Assert.Equal("2BP01", (await Assert.ThrowsAsync<SqlException>(() => _db.ExecuteAsync("DROP STREAM s"))).SqlState);
        await _db.ExecuteAsync("DROP STREAM s CASCADE");
        Assert.Equal("42P01", (await Assert.ThrowsAsync<SqlException>(() => _db.ExecuteAsync("SELECT * FROM m"))).SqlState);
    }

    [Fact]
    public async Task ObjectsMapByName()
    {
        await _db.ExecuteAsync("CREATE STREAM readings (sensor text, at timestamptz, degrees double precision)");
        await _db.AppendAsync("readings", [new Reading("a", new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), 21.5), new Reading("b", DateTime.UnixEpoch, -1)]);
        IReadOnlyList<Reading> rows = await _db.QueryAsync<Reading>("SELECT * FROM readings WHERE degrees > $1", 0.0);
        Assert.Equal(new Reading("a", new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), 21.5), Assert.Single(rows));
        Assert.Equal(2L, Assert.Single(await _db.QueryAsync<long>("SELECT count(*) FROM readings")));
    }

    private sealed record Reading(string Sensor, DateTime At, double Degrees);

    private async Task ReopenAsync()
    {
        await _db.DisposeAsync();
        _db = await OpenAsync();
    }

    private Task<Database> OpenAsync() => Database.OpenAsync(_folder, new DatabaseOptions { Durability = Durability.Os });

    private async Task<string[]> RowsAsync(string sql) => Render(await _db.ExecuteAsync(sql));

    private static string[] Render(StatementResult result) => [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(row =>
        string.Join('|', Enumerable.Range(0, result.Columns!.Count).Select(c => TextFormat.ToText(b.Columns[c], row) ?? ""))))];
}
