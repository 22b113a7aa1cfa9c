// CREATE SINK … INTO: the target is what the query says at every epoch, each row written once, whatever crashes in between.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class SinkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void TargetsFollowTheirQueriesThroughCrashes(ulong seed)
    {
        var random = new SimRandom(seed);
        var engine = new TimedEngine();
        engine.Define(
            "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE STREAM s (k int, v bigint, at timestamptz)",
            "CREATE TABLE sums (g int PRIMARY KEY, v bigint, n bigint)",
            "CREATE TABLE latest (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE STREAM big (k int, v bigint, at timestamptz)",
            "CREATE MATERIALIZED VIEW of_sums AS SELECT count(*) AS groups, sum(n) AS n FROM sums",
            "CREATE INDEX ON sums (n)",
            "CREATE STREAM changes AS CHANGELOG FROM sums",
            "CREATE SINK into_sums INTO sums AS SELECT k % 4, sum(v), count(*) FROM t GROUP BY k % 4",
            "CREATE SINK into_latest INTO latest FROM s",
            "CREATE SINK into_big INTO big AS SELECT k, v * 10, at FROM s WHERE v > 3",
            "CREATE MATERIALIZED VIEW of_big AS SELECT count(*) AS n, sum(v) AS v FROM big");
        var rows = new Dictionary<int, long>();
        var newest = new Dictionary<int, long>();
        var given = new List<string>();
        List<string> told = [];
        for (int step = 0; step < 80; step++)
        {
            switch (random.Next(11))
            {
                case 0:
                    engine.Checkpoint();
                    break;
                case 1 or 2:
                    engine.Reopen(crash: random.Next(2) == 0);
                    break;
                case 3:
                    engine.Ask(new CompactRequest());
                    break;
                case 4 when rows.Count > 0:
                    int gone = rows.Keys.Order().ElementAt(random.Next(rows.Count));
                    engine.Delete("t", (gone, rows[gone], null));
                    rows.Remove(gone);
                    break;
                case 5:
                    // What others write into the stream lies among what the sink writes.
                    engine.Write("big", (99, step, null));
                    given.Add($"99|{step}|~");
                    break;
                case 6 or 7 or 8:
                    var appended = Enumerable.Range(0, 1 + random.Next(5)).Select(_ => (K: random.Next(6), V: (long)random.Next(8), At: (long?)null)).ToArray();
                    engine.Write("s", appended);
                    foreach ((int k, long v, _) in appended)
                    {
                        newest[k] = v;
                        given.AddRange(v > 3 ? [$"{k}|{v * 10}|~"] : []);
                    }

                    break;
                default:
                    var written = Enumerable.Range(0, 1 + random.Next(6)).Select(_ => (K: random.Next(12), V: (long)random.Next(8), At: (long?)null)).ToArray();
                    engine.Write("t", written);
                    foreach ((int k, long v, _) in written)
                    {
                        rows[k] = v;
                    }

                    break;
            }

            string label = $"seed {seed}, step {step}";
            string[] sums = [.. rows.GroupBy(r => r.Key % 4).Select(g => $"{g.Key}|{g.Sum(r => r.Value)}|{g.Count()}").Order(StringComparer.Ordinal)];
            Assert.True(sums.SequenceEqual(engine.Read("sums").Order(StringComparer.Ordinal)), label);
            Assert.True(new[] { $"{sums.Length}|{(rows.Count == 0 ? "~" : rows.Count)}" }.SequenceEqual(engine.Read("of_sums")), label);
            Assert.True(newest.Select(r => $"{r.Key}|{r.Value}|~").Order(StringComparer.Ordinal).SequenceEqual(engine.Read("latest").Order(StringComparer.Ordinal)), label);
            Assert.True(given.Order(StringComparer.Ordinal).SequenceEqual(engine.Read("big").Order(StringComparer.Ordinal)), label);
            Assert.Equal(given.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), engine.Read("of_big")[0].Split('|')[0]);

            // Nothing is told twice of what a sink has changed.
            List<string> now = [.. engine.Read("changes").OrderBy(c => long.Parse(c.Split('|')[3], System.Globalization.CultureInfo.InvariantCulture))];
            Assert.True(told.Count <= now.Count && told.SequenceEqual(now.Take(told.Count)), label);
            told = now;
        }
    }

    [Fact]
    public void SeveralSinksShareATable()
    {
        var engine = new TimedEngine();
        engine.Define(
            "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE TABLE u (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE TABLE wide (k int PRIMARY KEY, a bigint, b bigint) ON CONFLICT DO UPDATE IF NOT NULL",
            "CREATE SINK a INTO wide (k, a) AS SELECT k, v FROM t",
            "CREATE SINK b INTO wide (k, b) AS SELECT k, v FROM u",
            "CREATE TABLE either (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE SINK c INTO either FROM t",
            "CREATE SINK d INTO either FROM u");
        engine.Write("t", (1, 10, null), (2, 20, null));
        engine.Write("u", (2, 200, null), (3, 300, null));
        engine.Write("t", (2, 21, null));
        Assert.Equal(["1|10|~", "2|21|200", "3|~|300"], engine.Read("wide"));
        Assert.Equal(["1|10|~", "2|21|~", "3|300|~"], engine.Read("either"));
        engine.Delete("t", (1, 10, null));
        engine.Reopen(crash: true);
        Assert.Equal(["2|21|200", "3|~|300"], engine.Read("wide"));
        Assert.Equal(["2|21|~", "3|300|~"], engine.Read("either"));
        engine.Define("DROP SINK c");
        engine.Write("t", (7, 7, null));
        Assert.Equal(["2|21|~", "3|300|~"], engine.Read("either"));
    }

    [Fact]
    public void ASinkThatItsTableRefusesStandsStillAndGoesOn()
    {
        var engine = new TimedEngine();
        engine.Define(
            "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE TABLE o (k int PRIMARY KEY, v bigint NOT NULL)",
            "CREATE SINK s INTO o AS SELECT k, nullif(v, 0) FROM t");
        engine.Write("t", (1, 10, null), (2, 20, null));
        engine.Write("t", (1, 11, null), (3, 0, null));
        Assert.Equal(["1|10", "2|20"], engine.Read("o"));
        Assert.Contains("stands still", engine.View("s").Error!.Message, StringComparison.Ordinal);
        engine.Delete("t", (2, 20, null));
        Assert.Equal("23502", Assert.Throws<SqlException>(() => engine.Define("ALTER SINK s RESUME")).SqlState);
        engine.Reopen(crash: true);
        Assert.Contains("stands still", engine.View("s").Error!.Message, StringComparison.Ordinal);
        engine.Write("t", (3, 5, null));
        engine.Define("ALTER SINK s RESUME");
        Assert.Equal(["1|11", "3|5"], engine.Read("o"));
        engine.Reopen(crash: true);
        engine.Write("t", (4, 4, null));
        Assert.Equal(["1|11", "3|5", "4|4"], engine.Read("o"));

        // What is there already is refused at once.
        engine.Define("CREATE TABLE p (k int PRIMARY KEY, v bigint CHECK (v < 5))");
        Assert.Equal("23514", Assert.Throws<SqlException>(() => engine.Define("CREATE SINK q INTO p AS SELECT k, v FROM t")).SqlState);
        Assert.Empty(engine.Read("p"));
    }
}
