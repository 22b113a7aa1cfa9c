// Why a view is empty, said for each way in which one can be.
using Millrace.Core;
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.SystemViews;

public sealed class EmptyViewsTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero));
    private Database _database = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenInMemoryAsync(new DatabaseOptions { Clock = _clock });
        await Run("CREATE STREAM s (who text, n int, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds'); CREATE TABLE people (name text PRIMARY KEY, city text)");
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task NothingHasCome()
    {
        await Run("CREATE MATERIALIZED VIEW a AS SELECT who, count(*) AS n FROM s GROUP BY who; CREATE MATERIALIZED VIEW b AS SELECT who FROM a WHERE n > 1");
        await Says("a", "no row has come into \"s\"", "POST /v1/streams/s");
        await Says("b", "it reads \"a\", which is empty", "why is said of that view");
        await Run("INSERT INTO s VALUES ('ada', 1, '2026-03-01 10:00:00+00')");
        Assert.Equal("b", await Rows("SELECT object FROM millrace.empty_views"));
        await Says("b", "none of 1 row has met the condition n > 1", "look at a few rows");
    }

    [Fact]
    public async Task NoWindowHasEnded()
    {
        await Run("CREATE MATERIALIZED VIEW v AS SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1 minute') GROUP BY window_start EMIT ON WINDOW CLOSE");
        await Run("INSERT INTO s VALUES ('ada', 1, '2026-03-01 10:00:10+00'), ('ben', 2, '2026-03-01 10:00:20+00')");
        await Says("v", "came, and no window has ended: the watermark is at 2026-03-01 10:00:15+00", "\"s\" holds it back");
        await Run("INSERT INTO s VALUES ('ada', 1, '2026-03-01 10:01:06+00')");
        Assert.Equal("", await Rows("SELECT object FROM millrace.empty_views"));
    }

    [Fact]
    public async Task EverythingIsLate()
    {
        await Run("INSERT INTO s VALUES ('far', 0, '2036-01-01 00:00:00+00')");
        await Run("CREATE MATERIALIZED VIEW v AS SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1 minute') WHERE who <> 'far' GROUP BY window_start EMIT ON WINDOW CLOSE");
        await Run("INSERT INTO s VALUES ('ada', 1, '2026-03-01 10:00:10+00'), ('ben', 2, '2026-03-01 10:00:20+00')");
        await Says("v", "2 rows came after their windows had closed: the watermark is at 2035-12-31 23:59:55+00", "one row with a time far ahead");
    }

    [Fact]
    public async Task ConditionsJoinsAndTimeKeepRowsOut()
    {
        await Run("CREATE MATERIALIZED VIEW j AS SELECT s.who, p.city FROM s JOIN people p ON p.name = s.who");
        await Run("CREATE MATERIALIZED VIEW t AS SELECT who FROM s WHERE at > now() - INTERVAL '1 hour'");
        await Run("INSERT INTO s VALUES ('ada', 1, '2026-02-01 10:00:00+00')");
        await Says("j", "1 row came to the join", "is that side empty");
        await Says("j", "none from its other side: \"people\"", "");
        await Says("t", "none of 1 row is within the time of the condition", "compares with now()");
        await Run("INSERT INTO people VALUES ('Ada', 'London')");
        await Says("j", "none of 2 rows has found a partner in the join", "compare a few keys");
        await Run("CREATE TABLE orders (id int PRIMARY KEY, amount int); CREATE MATERIALIZED VIEW large AS SELECT id FROM orders WHERE amount > 10");
        await Run("INSERT INTO orders VALUES (1, 20)");
        await Run("DELETE FROM orders");
        await Says("large", "it had rows, and all have left again", "changed or deleted");
        await Run("ALTER MATERIALIZED VIEW large PAUSE WITH (reason = 'for a while')");
        await Says("large", "it is paused: for a while", "RESUME");
    }

    private async Task Says(string view, string reason, string hint)
    {
        string found = await Rows($"SELECT reason || ' // ' || coalesce(hint, '') FROM millrace.empty_views WHERE object = '{view}'");
        Assert.Contains(reason, found, StringComparison.Ordinal);
        Assert.Contains(hint, found, StringComparison.Ordinal);
    }

    private async Task Run(string sql) => await _database.ExecuteAsync(sql);

    private async Task<string> Rows(string sql) => string.Join(' ', await _database.QueryAsync<string>(sql));
}
