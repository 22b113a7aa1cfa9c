// The budget of state: who is paused, what the others say meanwhile, and that a resumed view is what a fresh one would be.
using System.Globalization;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Tests.Time;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class MemoryTests
{
    private const string Stream = "CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '1 second') WITH (idle_timeout = 'never')";

    // Views and what they read; each has a twin that is never paused.
    private static readonly (string Name, string Query)[] Views =
    [
        ("groups", "SELECT k, count(*) AS n, sum(v)::bigint AS v FROM {s} GROUP BY k"),
        ("joined", "SELECT s.k, t.v, count(*) AS n FROM s JOIN t ON s.k = t.k GROUP BY s.k, t.v"),
        ("closed", "SELECT k, window_end, count(*) AS n FROM TUMBLE(s, at, INTERVAL '10 seconds') GROUP BY k, window_end EMIT ON WINDOW CLOSE"),
        ("over", "SELECT n, count(*) AS m FROM {groups} GROUP BY n"),
        ("pair", "SELECT o.m, t.k FROM {over} o JOIN t ON o.n = t.v"),
        ("again", "SELECT k, count(*) AS n FROM {closed} GROUP BY k"),
    ];

    [Fact]
    public void TheViewThatGrowsBeyondTheBudgetIsPausedAndTheOthersGoOn()
    {
        var engine = new TimedEngine();
        engine.Define(
            Stream,
            "CREATE MATERIALIZED VIEW small AS SELECT count(*) AS n FROM s",
            "CREATE MATERIALIZED VIEW big AS SELECT k, count(*) AS n FROM s GROUP BY k",
            "CREATE INDEX by_n ON big (n)",
            "CREATE MATERIALIZED VIEW over AS SELECT sum(n)::bigint AS n FROM big",
            "CREATE MATERIALIZED VIEW above AS SELECT n FROM over WHERE n > 0",
            "ALTER SYSTEM SET state_bytes_max = '200 kB'");
        int key = 0;
        while (engine.View("big").Error is null)
        {
            Assert.True(key < 100_000, "nothing was paused");
            engine.Write("s", [.. Enumerable.Range(key, 500).Select(k => (k, 1L, (long?)null))]);
            key += 500;
        }

        Assert.Null(engine.View("small").Still);
        Assert.Equal([$"{key}"], engine.Read("small"));
        foreach (bool crash in new[] { false, true })
        {
            string paused = Refused(engine, "big");
            Assert.StartsWith("view \"big\" is paused: the state of all views and subscriptions came to ", paused, StringComparison.Ordinal);
            Assert.Contains("state_bytes_max is 200000; this view had ", paused, StringComparison.Ordinal);
            Assert.Equal($"\"over\" waits for what it reads: {paused}", Refused(engine, "over"));
            Assert.StartsWith("\"above\" waits for what it reads: ", Refused(engine, "above"), StringComparison.Ordinal);
            Assert.StartsWith("\"by_n\" waits for", Refused(engine, "by_n"), StringComparison.Ordinal);
            Assert.True(engine.View("big").Feed.StateBytes < 1000, "the state was not given back");
            Assert.Equal("55000", Assert.Throws<SqlException>(() => engine.Define("CREATE MATERIALIZED VIEW more AS SELECT k FROM big")).SqlState);
            Assert.Equal("53200", Assert.Throws<SqlException>(() => engine.Define("ALTER MATERIALIZED VIEW big RESUME")).SqlState);
            Assert.Equal("53200", Assert.Throws<SqlException>(() => engine.Define("CREATE MATERIALIZED VIEW more AS SELECT k, sum(v) AS v FROM s GROUP BY k")).SqlState);
            Assert.Equal("55000", Assert.Throws<SqlException>(() => engine.Ask(new SubscribeRequest(((BoundSubscribe)engine.Bind("SUBSCRIBE over")).Query, true, false, 1 << 20))).SqlState);
            if (crash)
            {
                engine.Checkpoint();
            }

            engine.Reopen(crash);
        }

        engine.Write("s", (7, 1, null));
        Assert.Equal([$"{key + 1}"], engine.Read("small"));
        engine.Define("ALTER SYSTEM RESET state_bytes_max", "ALTER MATERIALIZED VIEW big RESUME", "CREATE MATERIALIZED VIEW fresh AS SELECT k, count(*) AS n FROM s GROUP BY k");
        Assert.Equal(engine.Read("fresh"), engine.Read("big"));
        Assert.Equal([$"{key + 1}"], engine.Read("above"));
        engine.Write("s", (7, 1, null));
        engine.Reopen(crash: true);
        Assert.Equal(engine.Read("fresh"), engine.Read("big"));
        Assert.Equal([$"{key + 2}"], engine.Read("above"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task SplitViewsArePausedAndResumedAsOthersAre(int workers)
    {
        using var folder = new TempFolder();
        var options = new DatabaseOptions { Durability = Millrace.Log.Durability.None, SplitViews = true, Workers = workers, WorkersRowsMin = 0 };
        Database database = await Database.OpenAsync(folder.Path, options);
        await database.ExecuteAsync(
            "CREATE STREAM s (k int, v bigint); "
            + "CREATE MATERIALIZED VIEW small AS SELECT count(*) AS n FROM s; "
            + "CREATE MATERIALIZED VIEW big AS SELECT k, count(*) AS n, max(v) AS most FROM s GROUP BY k; "
            + "CREATE MATERIALIZED VIEW above AS SELECT n, count(*) AS keys FROM big GROUP BY n; "
            + "CREATE TABLE names (k int PRIMARY KEY, name text); "
            + "INSERT INTO names SELECT g, 'n' || g FROM generate_series(1, 100) AS g; "
            + "CREATE MATERIALIZED VIEW named AS SELECT n.name, s.v FROM s JOIN names n ON n.k = s.k WHERE s.k <= 3; "
            + "ALTER SYSTEM SET state_bytes_max = '1 MB'");
        int rows = 0;
        for (; rows < 200_000 && await Paused(database) is null; rows += 5_000)
        {
            await database.ExecuteAsync($"INSERT INTO s SELECT g, g FROM generate_series({rows + 1}, {rows + 5_000}) AS g");
        }

        Assert.Contains("state_bytes_max is 1000000", await Paused(database), StringComparison.Ordinal);
        for (int restart = 0; restart < 2; restart++)
        {
            Assert.Equal($"{rows}", await Value(database, "SELECT n FROM small"));
            Assert.Equal($"{3 + restart}", await Value(database, "SELECT count(*) FROM named"));
            foreach (string view in new[] { "big", "above" })
            {
                Assert.Equal("55000", (await Assert.ThrowsAsync<SqlException>(async () => await Value(database, $"SELECT * FROM {view}"))).SqlState);
            }

            Assert.Equal("53200", (await Assert.ThrowsAsync<SqlException>(async () => await database.ExecuteAsync("ALTER MATERIALIZED VIEW big RESUME"))).SqlState);
            await database.ExecuteAsync("INSERT INTO s VALUES (1, 0)");
            rows++;
            await database.DisposeAsync();
            database = await Database.OpenAsync(folder.Path, options);
        }

        await database.ExecuteAsync("ALTER SYSTEM RESET state_bytes_max; ALTER MATERIALIZED VIEW big RESUME; INSERT INTO s VALUES (1, 7), (2, 7)");
        Assert.Equal("0", await Value(database, "SELECT count(*) FROM (SELECT k, count(*) AS n, max(v) AS most FROM s GROUP BY k EXCEPT ALL SELECT * FROM big) AS d"));
        Assert.Equal("0", await Value(database, "SELECT count(*) FROM (SELECT * FROM big EXCEPT ALL SELECT k, count(*) AS n, max(v) AS most FROM s GROUP BY k) AS d"));
        Assert.Equal($"{rows - 2}", await Value(database, "SELECT sum(keys) FROM above"));
        await database.DisposeAsync();
        database = await Database.OpenAsync(folder.Path, options);
        Assert.Equal($"{rows + 2}", await Value(database, "SELECT sum(n) FROM big"));
        await database.DisposeAsync();

        static async Task<string?> Paused(Database database) => await Value(database, "SELECT paused FROM millrace.objects WHERE name = 'big'");
    }

    private static async Task<string?> Value(Database database, string sql)
    {
        StatementResult result = await database.ExecuteAsync(sql);
        return TextFormat.ToText(result.Batches[0].Columns[0], 0);
    }

    [Fact]
    public void ASmallerBudgetPausesTheLargestFirstAndDropsASubscriptionThatHoldsMore()
    {
        var engine = new TimedEngine();
        engine.Define(Stream);
        engine.Write("s", [.. Enumerable.Range(0, 2000).Select(k => (k, 1L, (long?)null))]);
        engine.Define("CREATE MATERIALIZED VIEW larger AS SELECT k, count(*) AS n FROM s GROUP BY k", "CREATE MATERIALIZED VIEW lesser AS SELECT k, count(*) AS n FROM s WHERE k < 100 GROUP BY k");
        Subscriber reader = engine.Ask(new SubscribeRequest(((BoundSubscribe)engine.Bind("SUBSCRIBE (SELECT a.k FROM s a JOIN s b ON a.k = b.k)")).Query, false, false, 1 << 20));
        engine.Define($"ALTER SYSTEM SET state_bytes_max = {engine.View("larger").Feed.StateBytes - 1}");
        Assert.True(reader.Closed);
        engine.Write("s", (1, 1, null));
        Assert.NotNull(engine.View("larger").Error);
        Assert.Null(engine.View("lesser").Still);
        Assert.Equal(100, engine.Read("lesser").Count);
        Assert.Equal("22023", Assert.Throws<SqlException>(() => engine.Define("ALTER SYSTEM SET state_bytes_max = 'much'")).SqlState);
    }

    [Fact]
    public void WhatCannotBeComputedAgainIsNotPausedByHand()
    {
        var engine = new TimedEngine();
        engine.Define(
            Stream, "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE STREAM changes AS CHANGELOG FROM t",
            "CREATE MATERIALIZED VIEW moments AS SELECT s.k, t.v FROM s JOIN t FOR SYSTEM_TIME AS OF PROCTIME() ON s.k = t.k",
            "CREATE MATERIALIZED VIEW lately AS SELECT k, window_end, count(*) AS n FROM TUMBLE(s, at, INTERVAL '10 seconds') GROUP BY k, window_end EMIT ON WINDOW CLOSE LATE DATA INTO late");
        foreach (string name in new[] { "changes", "moments", "lately", "late" })
        {
            Assert.Equal("55000", Assert.Throws<SqlException>(() => engine.Define($"ALTER MATERIALIZED VIEW {name} PAUSE")).SqlState);
            Assert.Null(engine.View(name).Still);
        }

        Assert.Equal("42809", Assert.Throws<SqlException>(() => engine.Define("ALTER TABLE t PAUSE")).SqlState);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void AResumedViewIsWhatItWouldBeHadItNeverPaused(ulong seed)
    {
        var random = new SimRandom(seed);
        var engine = new TimedEngine();
        engine.Define(Stream, "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)");
        foreach (string twin in new[] { "", "_twin" })
        {
            foreach ((string name, string query) in Views)
            {
                string own = query.Replace("{s}", "s", StringComparison.Ordinal);
                foreach ((string read, _) in Views)
                {
                    own = own.Replace("{" + read + "}", read + twin, StringComparison.Ordinal);
                }

                engine.Define($"CREATE MATERIALIZED VIEW {name}{twin} AS {own}");
            }
        }

        engine.Define("CREATE STREAM told AS CHANGELOG FROM groups");
        var table = new Dictionary<int, long>();
        long time = engine.Now;
        for (int step = 0; step < 70; step++)
        {
            switch (random.Next(12))
            {
                case 0 or 1:
                    Pause(Views[random.Next(Views.Length)].Name);
                    break;
                case 2 or 3:
                    Resume(Views[random.Next(Views.Length)].Name);
                    break;
                case 4:
                    engine.Checkpoint();
                    break;
                case 5:
                    engine.Reopen(crash: random.Next(2) == 0);
                    break;
                case 6 when table.Count > 0:
                    int gone = table.Keys.Order().ElementAt(random.Next(table.Count));
                    engine.Delete("t", (gone, table[gone], null));
                    table.Remove(gone);
                    break;
                case 6 or 7 or 8:
                    (int key, long value) = (random.Next(8), random.Next(5));
                    engine.Write("t", (key, value, null));
                    table[key] = value;
                    break;
                default:
                    time += random.Next(8) * 1_000_000L;
                    engine.Write("s", [.. Enumerable.Range(0, 1 + random.Next(5)).Select(i => (random.Next(8), (long)random.Next(5), (long?)(time + (i * 1000))))]);
                    break;
            }

            engine.JumpClock(1000);
            engine.Settle();
            foreach ((string name, _) in Views)
            {
                if (engine.View(name).Still is null)
                {
                    Assert.True(engine.Read(name + "_twin").SequenceEqual(engine.Read(name)), $"seed {seed} step {step} {name}");
                }
                else
                {
                    Refused(engine, name);
                }
            }
        }

        foreach ((string name, _) in Views)
        {
            Resume(name);
            Assert.True(engine.Read(name + "_twin").SequenceEqual(engine.Read(name)), $"seed {seed} at the end {name}");
        }

        Assert.Equal(engine.Read("groups"), Replayed(engine));

        void Pause(string name) => engine.Define($"ALTER MATERIALIZED VIEW {name} PAUSE WITH (reason = 'a test''s')");

        void Resume(string name)
        {
            try
            {
                engine.Define($"ALTER MATERIALIZED VIEW {name} RESUME");
            }
            catch (SqlException e) when (e.SqlState == "55000")
            {
                Assert.Contains("which stands still", e.Message, StringComparison.Ordinal);
            }
        }
    }

    private static string Refused(TimedEngine engine, string name) => Assert.Throws<SqlException>(() => engine.Read(name)).Message;

    // The rows that the changes told come to, whatever was paused in between.
    private static List<string> Replayed(TimedEngine engine)
    {
        var rows = new List<string>();
        foreach (string[] cells in engine.Read("told").Select(l => l.Split('|')).OrderBy(c => long.Parse(c[^3], CultureInfo.InvariantCulture)))
        {
            string row = string.Join("|", cells[..^3]);
            if (cells[^2] is "insert" or "update_after")
            {
                rows.Add(row);
            }
            else
            {
                Assert.True(rows.Remove(row), $"{row} was not there");
            }
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }
}
