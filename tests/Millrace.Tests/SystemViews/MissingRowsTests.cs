// Rows that came to a view and are not in its answer, though the view has others: how many and why.
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.SystemViews;

public sealed class MissingRowsTests : IAsyncLifetime
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
    public async Task ConditionsSayHowManyTheyKeptOut()
    {
        await Run("CREATE MATERIALIZED VIEW v AS SELECT who, n FROM s WHERE n > 1; CREATE MATERIALIZED VIEW w AS SELECT who, n FROM v WHERE who <> 'ben'");
        Assert.Equal("", await Missing("v"));
        await Insert("('ada', 1, '2026-03-01 10:00:00+00'), ('ben', 2, '2026-03-01 10:00:01+00'), ('ben', 0, '2026-03-01 10:00:02+00')");
        Assert.Equal("2/3 2 of 3 rows have not met the condition n > 1 // -", await Missing("v"));
        Assert.Equal("1/1 1 row has not met the condition who <> 'ben' // look at a few rows of what it reads: spelling, units and time zones are what is mostly off", await Missing("w"));
        await Run("ALTER MATERIALIZED VIEW w PAUSE");
        Assert.Equal("", await Missing("w"));
    }

    [Fact]
    public async Task NewestWindowsWaitForTheSlowerInput()
    {
        await Run("CREATE STREAM slow (n int, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = 'never')");
        await Run("CREATE VIEW joined AS SELECT n, at FROM s UNION ALL SELECT n, at FROM slow");
        await Run("CREATE MATERIALIZED VIEW v AS SELECT window_start, count(*) AS n FROM TUMBLE(joined, at, INTERVAL '1 minute') GROUP BY window_start EMIT ON WINDOW CLOSE");
        await Run("INSERT INTO slow VALUES (1, '2026-03-01 10:01:10+00')");
        await Insert("('ada', 1, '2026-03-01 10:00:10+00'), ('ada', 1, '2026-03-01 10:01:10+00'), ('ada', 1, '2026-03-01 10:02:10+00'), ('ada', 1, '2026-03-01 10:09:10+00')");
        Assert.Equal("2026-03-01 10:00:00+00", await Rows("SELECT window_start::text FROM v"));
        string said = await Missing("v");
        Assert.StartsWith("3/- 3 rows of the answer wait for the end of their windows: the watermark is at 2026-03-01 10:01:05+00 // \"slow\" holds it back", said, StringComparison.Ordinal);
        await Run("INSERT INTO slow VALUES (1, '2026-03-01 11:00:00+00')");
        Assert.StartsWith("2/- 2 rows of the answer wait", await Missing("v"), StringComparison.Ordinal);
        Assert.Contains("\"s\" holds it back, at 2026-03-01 10:09:05+00", await Missing("v"), StringComparison.Ordinal);
        Assert.Equal("", await Rows("SELECT object FROM millrace.empty_views"));
    }

    [Fact]
    public async Task LateRowsAndRowsWithoutATimeAreCounted()
    {
        await Run("CREATE STREAM t (who text, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds')");
        await Run("CREATE MATERIALIZED VIEW v AS SELECT window_start, count(*) AS n FROM TUMBLE(t, at, INTERVAL '1 minute') GROUP BY window_start EMIT ON WINDOW CLOSE");
        await Run("INSERT INTO t VALUES ('ada', '2026-03-01 10:00:00+00'), ('far', '2036-01-01 00:00:00+00')");
        await Run("INSERT INTO t VALUES ('ada', '2026-03-01 10:00:10+00'), ('ben', '2026-03-01 10:00:20+00')");
        Assert.Contains("2/- 2 rows came after their windows had closed: the watermark is at 2035-12-31 23:59:", await Missing("v"), StringComparison.Ordinal);
        Assert.Contains("one row with a time far ahead", await Missing("v"), StringComparison.Ordinal);
        await Run("CREATE TABLE loose (id int PRIMARY KEY, at timestamptz)");
        await Run("CREATE MATERIALIZED VIEW u AS SELECT window_start, count(*) AS n FROM TUMBLE(loose, at, INTERVAL '1 minute') GROUP BY window_start");
        await Run("INSERT INTO loose VALUES (1, '2026-03-01 10:00:10+00'), (2, NULL)");
        Assert.Equal("1/2 1 of 2 rows has no time to be put into a window by: it is null // look at the event time of what it reads", await Missing("u"));
    }

    [Fact]
    public async Task JoinsSayWhichSideHasNoPartners()
    {
        await Run("CREATE MATERIALIZED VIEW j AS SELECT s.who, p.city FROM s JOIN people p ON p.name = s.who");
        await Run("CREATE MATERIALIZED VIEW l AS SELECT s.who, p.city FROM s LEFT JOIN people p ON p.name = s.who");
        await Insert("('ada', 1, '2026-03-01 10:00:00+00'), ('Ben', 2, '2026-03-01 10:00:01+00')");
        Assert.Contains("2/2 2 rows of \"s\" came to the join (", await Missing("l"), StringComparison.Ordinal);
        Assert.Contains("), and none from its other side: \"people\" // is that side empty", await Missing("l"), StringComparison.Ordinal);
        Assert.Equal("2", await Rows("SELECT count(*)::text FROM l"));
        await Run("INSERT INTO people VALUES ('ada', 'London'), ('ben', 'Graz'), ('cyn', 'Linz')");
        Assert.Equal("", await Missing("l"));
        Assert.StartsWith("1/2 at least 1 of 2 rows of \"s\" has found no partner in the join (", await Missing("j"), StringComparison.Ordinal);
        Assert.EndsWith("// compare a few keys of both sides: types that look alike, blanks and case are what is mostly off", await Missing("j"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasThereBeforeTheViewWasLoadedIsNotTakenForNothing()
    {
        using var folder = new TempFolder();
        await _database.DisposeAsync();
        _database = await Database.OpenAsync(folder.Path);
        await Run("CREATE STREAM s (who text); CREATE TABLE people (name text PRIMARY KEY); CREATE TABLE nobody (name text PRIMARY KEY)");
        await Run("CREATE MATERIALIZED VIEW j AS SELECT s.who FROM s JOIN people p ON p.name = s.who; CREATE MATERIALIZED VIEW l AS SELECT s.who FROM s LEFT JOIN nobody n ON n.name = s.who");
        await Run("INSERT INTO people VALUES ('ada'); INSERT INTO s VALUES ('ada')");
        await Run("CHECKPOINT");
        await _database.DisposeAsync();
        _database = await Database.OpenAsync(folder.Path);
        await Run("INSERT INTO s VALUES ('ben'), ('ada')");
        Assert.StartsWith("1/2 at least 1 of 2 rows of \"s\" has found no partner in the join (on ", await Missing("j"), StringComparison.Ordinal);
        Assert.Contains("and none from its other side: \"nobody\"", await Missing("l"), StringComparison.Ordinal);
    }

    private Task<string> Missing(string view) => Rows(
        $"SELECT \"rows\" || '/' || coalesce(of_rows::text, '-') || ' ' || reason || ' // ' || coalesce(hint, '-') FROM millrace.missing_rows WHERE object = '{view}'");

    private Task Insert(string rows) => Run("INSERT INTO s VALUES " + rows);

    private async Task Run(string sql) => await _database.ExecuteAsync(sql);

    private async Task<string> Rows(string sql) => string.Join('\n', await _database.QueryAsync<string>(sql));
}
