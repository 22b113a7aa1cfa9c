// Temporary tables: they go with their session, with DISCARD, and when a database is opened that was left with them; nothing lasting is built on them.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Sessions;

public sealed class TemporaryTableTests
{
    [Fact]
    public async Task TheyGoWithTheirSession()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await using Session other = database.NewSession();
        await using (Session session = database.NewSession())
        {
            await session.ExecuteAsync("CREATE TEMP TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'x'); CREATE INDEX a_v ON a (v)");
            await session.ExecuteAsync("CREATE TEMPORARY TABLE IF NOT EXISTS b AS SELECT id, v || 'y' AS w FROM a; ALTER TABLE b RENAME TO c");
            Assert.Equal(["a|t", "c|t"], await Rows(other, "SELECT relname || '|' || relpersistence FROM pg_class WHERE relname IN ('a', 'b', 'c') ORDER BY 1"));
            Assert.Equal(["xy"], await Rows(session, "SELECT w FROM c"));
            Assert.Equal(["LOCAL TEMPORARY"], await Rows(session, "SELECT table_type FROM information_schema.tables WHERE table_name = 'c'"));
            await other.ExecuteAsync("CREATE TABLE b (id int)");
        }

        Assert.Equal(["b"], await Rows(other, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task DiscardDropsThem()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await using Session session = database.NewSession();
        foreach (string discard in (string[])["DISCARD TEMP", "DISCARD ALL"])
        {
            await session.ExecuteAsync("CREATE TEMP TABLE a (id int)");
            await session.ExecuteAsync("DISCARD PLANS");
            Assert.Equal(["0"], await Rows(session, "SELECT count(*)::text FROM a"));
            await session.ExecuteAsync(discard);
            await StateAsync(session, "42P01", "SELECT * FROM a");
        }
    }

    // The session is never disposed of, as when the process dies.
    [Fact]
    public async Task OpeningDropsWhatWasLeft()
    {
        using var folder = new TempFolder();
        await using (Database database = await Database.OpenAsync(folder.In("data")))
        {
            await database.NewSession().ExecuteAsync("CREATE TEMP TABLE a (id int); CREATE TABLE b (id int)");
        }

        await using Database again = await Database.OpenAsync(folder.In("data"));
        await using Session session = again.NewSession();
        Assert.Equal(["b"], await Rows(session, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task NothingThatLastsIsBuiltOnThem()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await using Session session = database.NewSession();
        await session.ExecuteAsync("CREATE TEMP TABLE a (id int)");
        await StateAsync(session, "0A000", "CREATE VIEW v AS SELECT * FROM a");
        await StateAsync(session, "0A000", "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM a");
        await StateAsync(session, "0A000", "CREATE TEMP STREAM s (id int)");
        await StateAsync(session, "42P16", "CREATE TEMP TABLE public.t (id int)");
        await StateAsync(session, "42P07", "CREATE TABLE a (id int)");
    }

    [Fact]
    public async Task RefreshFindsAMaterializedViewFresh()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await using Session session = database.NewSession();
        await session.ExecuteAsync("CREATE TABLE t (id int); CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t; CREATE VIEW v AS SELECT * FROM t");
        Assert.Equal("REFRESH MATERIALIZED VIEW", (await session.ExecuteAsync("REFRESH MATERIALIZED VIEW CONCURRENTLY m WITH DATA"))[0].CommandTag);
        await StateAsync(session, "42809", "REFRESH MATERIALIZED VIEW v");
        await StateAsync(session, "42P01", "REFRESH MATERIALIZED VIEW nothing");
        await StateAsync(session, "0A000", "REFRESH MATERIALIZED VIEW m WITH NO DATA");
        await session.ExecuteAsync("SET ROLE NONE; RESET ROLE");
        await StateAsync(session, "42501", "SET ROLE somebody");
    }

    [Fact]
    public async Task NothingIsDefinedInAReadOnlyTransaction()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await using Session session = database.NewSession();
        foreach (string sql in (string[])["CREATE TABLE t (id int)", "CREATE TEMP TABLE t (id int)", "CREATE USER u", "DROP TABLE IF EXISTS t"])
        {
            await session.ExecuteAsync("BEGIN READ ONLY");
            await StateAsync(session, "25006", sql);
            await session.ExecuteAsync("ROLLBACK");
        }
    }

    private static async Task<string[]> Rows(Session session, string sql)
    {
        StatementResult result = (await session.ExecuteAsync(sql))[0];
        return [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => TextFormat.ToText(b.Columns[0], i)!))];
    }

    private static async Task StateAsync(Session session, string state, string sql)
    {
        var e = await Record.ExceptionAsync(() => session.ExecuteAsync(sql).AsTask()) as SqlException;
        Assert.True(e?.SqlState == state, $"{sql}: {e?.SqlState} {e?.Message}");
    }
}
