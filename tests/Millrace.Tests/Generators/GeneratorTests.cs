// Streams that make their rows: which rows, at which rate by a clock that is moved, through changes and restarts, and what is refused.
using Millrace.Core;
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.Generators;

public sealed class GeneratorTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero));
    private Database _database = null!;

    public async Task InitializeAsync() => _database = await OpenAsync();

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task RowsComeAtTheirRate()
    {
        await Run("CREATE STREAM s WITH (generator = 'random', rate = 10)");
        Assert.Equal("0", await Rows("SELECT count(*) FROM s"));
        await AdvanceAsync(0.25);
        Assert.Equal("0|10:00:00.1 1|10:00:00.2", await Rows("SELECT id, to_char(at, 'HH24:MI:SS.FF1') FROM s ORDER BY id"));
        await AdvanceAsync(0.75);
        await AdvanceAsync(0);
        Assert.Equal("10|9", await Rows("SELECT count(*), max(id) FROM s"));
        Assert.Equal("id bigint|name text|value double precision|at timestamp with time zone", await Columns("SELECT * FROM s"));
        Assert.Equal("s|random|10|10|0|NULL", await Rows("SELECT object, generator, rate, rows, skipped, error FROM millrace.generators"));

        await Run("ALTER STREAM s SET (rate = 2)");
        await AdvanceAsync(0);
        await AdvanceAsync(1);
        Assert.Equal("12", await Rows("SELECT count(*) FROM s"));
        await Run("ALTER STREAM s SET (rate = 0)");
        await AdvanceAsync(60);
        Assert.Equal("12", await Rows("SELECT count(*) FROM s"));
        await Run("DROP STREAM s");
        await AdvanceAsync(1);
        Assert.Equal("", await Rows("SELECT * FROM millrace.generators"));
    }

    [Fact]
    public async Task ViewsAreKeptUpToDateAndWindowsClose()
    {
        await Run("CREATE STREAM s (who text, amount numeric(8,2), at timestamptz, WATERMARK FOR at AS at - INTERVAL '1 second') WITH (generator = 'random', rate = 5)");
        await Run("CREATE MATERIALIZED VIEW per_second AS SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1 second') GROUP BY window_start EMIT ON WINDOW CLOSE");
        await AdvanceAsync(4);
        Assert.Equal("5 5", await Rows("SELECT n FROM per_second ORDER BY window_start OFFSET 1"));
    }

    [Fact]
    public async Task TheSameSeedGivesTheSameRows()
    {
        const string Columns = "(id bigint, who text, city varchar(3), a int, b smallint, c real, d double precision, e numeric(5,1), f boolean, g uuid, h jsonb, i bytea, "
            + "j interval, k date, l time, m timestamp, n timestamptz)";
        await Run($"CREATE STREAM one {Columns} WITH (generator = 'random', rate = 100, seed = 7); CREATE STREAM two {Columns} WITH (generator = 'random', rate = 100, seed = 7); "
            + $"CREATE STREAM three {Columns} WITH (generator = 'random', rate = 100)");
        await AdvanceAsync(3);
        Assert.Equal("300|300", await Rows("SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM three)"));
        Assert.Equal("0", await Rows("SELECT count(*) FROM (SELECT * FROM one EXCEPT SELECT * FROM two) AS x"));
        Assert.NotEqual("0", await Rows("SELECT count(*) FROM (SELECT who, a, d FROM one EXCEPT SELECT who, a, d FROM three) AS x"));
        Assert.Equal("0", await Rows(
            "SELECT count(*) FROM one WHERE NOT (a BETWEEN 0 AND 999 AND e > 0 AND length(city) <= 3 AND d BETWEEN 0 AND 100) OR who IS NULL OR g IS NULL OR h ->> 'name' IS NULL"));
        Assert.Equal("t|t|2", await Rows("SELECT count(DISTINCT who) > 5, count(DISTINCT a) > 50, count(DISTINCT f) FROM one"));
        Assert.Equal("300", await Rows("SELECT count(DISTINCT g) FROM one"));
    }

    [Fact]
    public async Task ItGoesOnAfterARestart()
    {
        await Run("CREATE STREAM s (id bigint, twice bigint AS (id * 2)) WITH (generator = 'random', rate = 10); CREATE STREAM bid WITH (generator = 'nexmark', rate = 1000)");
        await AdvanceAsync(1);
        await Run("ALTER STREAM s ADD COLUMN name text; ALTER STREAM s RENAME TO t; ALTER STREAM bid RENAME TO offers");
        await AdvanceAsync(1);
        await _database.DisposeAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        _database = await OpenAsync();
        await AdvanceAsync(1);
        Assert.Equal("30|29|870|20", await Rows("SELECT count(*), max(id), sum(twice), count(name) FROM t"));
        Assert.Equal("2760", await Rows("SELECT count(*) FROM offers"));
        Assert.Contains("seed", await Rows("SELECT definition FROM millrace.objects WHERE name = 't'"), StringComparison.Ordinal);
        await _database.DisposeAsync();
        _database = await OpenAsync(run: false);
        await AdvanceAsync(0);
        Assert.Equal("t|random|10|0", await Rows("SELECT object, generator, rate, rows FROM millrace.generators WHERE object = 't'"));
    }

    [Fact]
    public async Task NexmarkIsOneAuctionInThreeStreams()
    {
        await Run("CREATE STREAM person WITH (generator = 'nexmark', rate = 5000)");
        await AdvanceAsync(0.5);
        await Run("CREATE STREAM auction WITH (generator = 'nexmark', rate = 5000)");
        await Run("CREATE STREAM offers (price bigint, auction bigint, date_time timestamp) WITH (generator = 'nexmark', events = 'bid', rate = 5000)");
        await AdvanceAsync(0.5);
        await AdvanceAsync(0.5);
        Assert.Equal("150|300|4600", await Rows("SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM auction), (SELECT count(*) FROM offers)"));
        Assert.Equal("t", await Rows("SELECT count(*) > 2000 FROM offers o JOIN auction a ON a.id = o.auction"));
        Assert.Equal("2026-03-01 10:00:00|2026-03-01 10:00:01", await Rows("SELECT date_trunc('second', min(date_time)), date_trunc('second', max(date_time)) FROM offers"));
    }

    [Fact]
    public async Task WhatADatabaseCannotKeepUpWithIsPassedOverAndCounted()
    {
        await Run("CREATE STREAM s WITH (generator = 'random', rate = 100)");
        await AdvanceAsync(60);
        Assert.Equal("500|499|5500", await Rows("SELECT (SELECT count(*) FROM s), (SELECT max(id) FROM s), skipped FROM millrace.generators"));
        Assert.Equal("10:01:00", await Rows("SELECT to_char(max(at), 'HH24:MI:SS') FROM s"));
        _clock.Advance(TimeSpan.FromHours(-1));
        await AdvanceAsync(0);
        await AdvanceAsync(1);
        Assert.Equal("600", await Rows("SELECT count(*) FROM s"));
    }

    [Theory]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'rendom')")]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'nexmark')")]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'random', rate = -1)")]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'random', rate = 1000001)")]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'random', rate = 'fast')")]
    [InlineData("22023", "CREATE STREAM s (a int) WITH (rate = 10)")]
    [InlineData("22023", "CREATE TABLE s (a int) WITH (generator = 'random')")]
    [InlineData("0A000", "CREATE STREAM s (a int[]) WITH (generator = 'random')")]
    [InlineData("42703", "CREATE STREAM bid (auction int) WITH (generator = 'nexmark')")]
    [InlineData("42703", "CREATE STREAM bid (price bigint, prize bigint) WITH (generator = 'nexmark')")]
    [InlineData("0A000", "CREATE STREAM s WITH (generator = 'random'); ALTER STREAM s SET (generator = 'nexmark')")]
    [InlineData("22023", "CREATE STREAM s WITH (generator = 'random'); ALTER STREAM s SET (rate = 'x')")]
    [InlineData("22023", "CREATE STREAM s (a int); ALTER STREAM s SET (rate = 1)")]
    [InlineData("0A000", "CREATE STREAM s")]
    public async Task WhatCannotBeIsRefused(string state, string sql)
    {
        SqlException e = await Assert.ThrowsAsync<SqlException>(() => _database.ExecuteAsync(sql));
        Assert.True(e.SqlState == state, $"{sql}: {e.SqlState} {e.Message}");
    }

    // The loop itself waits for ever: rows are made when the test says so.
    private Task<Database> OpenAsync(bool run = true) => Database.OpenAsync(_folder.In("data"), new DatabaseOptions
    {
        Clock = _clock,
        RunGenerators = run,
        GeneratorPause = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation),
    });

    private async Task AdvanceAsync(double seconds)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        if (_database.Options.RunGenerators)
        {
            await _database.Generators.StepAsync();
        }
    }

    private async Task Run(string sql) => await _database.ExecuteAsync(sql);

    private async Task<string> Columns(string sql) => string.Join('|', (await _database.ExecuteAsync(sql)).Columns!.Fields.Select(f => $"{f.Name} {f.Type}"));

    private async Task<string> Rows(string sql)
    {
        StatementResult result = await _database.ExecuteAsync(sql);
        return string.Join(' ', result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(r =>
            string.Join('|', Enumerable.Range(0, result.Columns!.Count).Select(c => b.Columns[c].IsNull(r) ? "NULL" : TextFormat.ToText(b.Columns[c], r))))));
    }
}
