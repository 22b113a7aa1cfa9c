// CHANGELOG: replaying the changes gives the relation, at every epoch, whatever crashes in between; and nothing is told twice.
using System.Globalization;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class ChangelogTests
{
    private static readonly string[] Relations = ["t", "sums", "alike", "best"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void ReplayingTheChangesGivesTheRelation(ulong seed)
    {
        var random = new SimRandom(seed);
        var engine = new TimedEngine();
        engine.Define(
            "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE MATERIALIZED VIEW sums AS SELECT k % 4 AS g, sum(v) AS v, count(*) AS n FROM t GROUP BY k % 4",
            "CREATE MATERIALIZED VIEW alike AS SELECT v % 3 AS v FROM t",
            "CREATE MATERIALIZED VIEW best AS SELECT max(v) AS v FROM t",
            "CREATE STREAM t_early AS CHANGELOG FROM t");
        var rows = new Dictionary<int, long>();
        int defined = 0;
        var told = new Dictionary<string, List<string>>();
        for (int step = 0; step < 60; step++)
        {
            switch (step % 9 == 8 && defined < Relations.Length ? 0 : 1 + random.Next(9))
            {
                case 0:
                    engine.Define($"CREATE STREAM {Relations[defined]}_changes AS CHANGELOG FROM {Relations[defined]}");
                    defined++;
                    break;
                case 1:
                    engine.Checkpoint();
                    break;
                case 2 or 3:
                    engine.Reopen(crash: random.Next(2) == 0);
                    break;
                case 4 or 5 when rows.Count > 0:
                    int gone = rows.Keys.Order().ElementAt(random.Next(rows.Count));
                    engine.Delete("t", (gone, rows[gone], null));
                    rows.Remove(gone);
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

            engine.JumpClock(random.Next(3) * 1000);
            Check("t_early", "t");
            foreach (string relation in Relations[..defined])
            {
                Check(relation + "_changes", relation);
            }
        }

        Assert.Equal(Relations.Length, defined);

        void Check(string changelog, string relation)
        {
            List<string[]> changes = Changes(engine, changelog);
            string label = $"seed {seed}, {changelog}";
            // What has been told stays told: nothing is lost and nothing comes twice.
            List<string> lines = [.. changes.Select(c => string.Join("|", c))];
            List<string> before = told.GetValueOrDefault(changelog, []);
            Assert.True(lines.Count >= before.Count && before.SequenceEqual(lines.Take(before.Count)), label);
            told[changelog] = lines;
            Assert.True(engine.Read(relation).SequenceEqual(Replay(changes, keyed: relation != "alike", label)), label);
        }
    }

    [Fact]
    public void AnEpochTellsItsNetChangeAndUpdatesAsPairs()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)");
        engine.Write("t", (1, 10, null), (2, 20, null));
        engine.Define(
            "CREATE STREAM c (key, value, at) WITH (retention = '7 days') AS CHANGELOG FROM t",
            "CREATE MATERIALIZED VIEW rw AS WITH sub AS CHANGELOG FROM t SELECT k, v, changelog_op, _changelog_row_id FROM sub",
            "CREATE MATERIALIZED VIEW big AS SELECT k, change_kind FROM CHANGELOG((SELECT k, v FROM t WHERE v > 15))",
            "CREATE MATERIALIZED VIEW latest AS SELECT DISTINCT ON (key) key, value, change_kind FROM c ORDER BY key, change_id DESC");
        engine.Write("t", (1, 10, null));
        engine.Write("t", (2, 21, null), (3, 30, null), (3, 31, null));
        engine.Delete("t", (1, 10, null));
        engine.Write("t", (2, 5, null));
        Assert.Equal(
            ["1|10|~|1|insert", "2|20|~|2|insert", "2|20|~|3|update_before", "2|21|~|4|update_after", "3|31|~|5|insert", "1|10|~|6|delete", "2|21|~|7|update_before", "2|5|~|8|update_after"],
            Changes(engine, "c").Select(c => string.Join("|", c[..^1])));
        Assert.Equal(["1|10|1|1", "1|10|2|6", "2|20|1|2", "2|20|4|3", "2|21|3|4", "2|21|4|7", "2|5|3|8", "3|31|1|5"], engine.Read("rw"));
        Assert.Equal(["2|delete", "2|insert", "2|update_after", "2|update_before", "3|insert"], engine.Read("big"));
        Assert.Equal(["1|10|delete", "2|5|update_after", "3|31|insert"], engine.Read("latest"));
        engine.Define("DROP MATERIALIZED VIEW latest", "ALTER STREAM c RENAME TO d", "ALTER TABLE t ADD COLUMN note text", "DROP STREAM d");
        Assert.Equal("42809", Assert.Throws<SqlException>(() => engine.Define("DROP STREAM rw")).SqlState);
    }

    [Fact]
    public void AFollowerGetsTheRowsThereAreAndThenEachChange()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)");
        engine.Write("t", (1, 10, null));
        var bound = (BoundSubscribe)engine.Bind("SUBSCRIBE (SELECT k, v, change_kind FROM CHANGELOG(t))");
        Subscriber subscriber = engine.Ask(new SubscribeRequest(bound.Query, snapshot: true, progress: false, bytesMax: 1 << 20));
        engine.Write("t", (1, 11, null));
        var seen = new List<string>();
        while (subscriber.Reader.TryRead(out SubscriptionEvent? e))
        {
            seen.AddRange(Enumerable.Range(0, e.Batch!.Count).Select(i => SimText.Row(e.Batch, i, 3)));
        }

        Assert.Equal(["1|10|insert", "1|10|update_before", "1|11|update_after"], seen);
    }

    // In the order in which they came; the last cell is the time in microseconds.
    private static List<string[]> Changes(TimedEngine engine, string name)
    {
        DatabaseSnapshot snapshot = engine.Engine.Current;
        CatalogObject o = snapshot.Catalog.Find(null, name)!;
        return [.. snapshot.Find(o.Id).Scan(snapshot.Load).SelectMany(b => Enumerable.Range(0, b.Count)
            .Select(i => $"{SimText.Row(b, i, o.Columns.Count - 1)}|{((FixedColumn<long>)b.Columns[^1]).Values[i]}".Split('|')))];
    }

    private static List<string> Replay(List<string[]> changes, bool keyed, string label)
    {
        var rows = new List<string>();
        long time = 0;
        for (int i = 0; i < changes.Count; i++)
        {
            string row = string.Join("|", changes[i][..^3]);
            Assert.True(changes[i][^3] == $"{i + 1}", label);
            long at = long.Parse(changes[i][^1], CultureInfo.InvariantCulture);
            Assert.True(at >= time, label);
            time = at;
            bool follows = i > 0 && changes[i - 1][^2] == "update_before";
            Assert.True(follows == (changes[i][^2] == "update_after"), label);
            Assert.True(keyed || changes[i][^2] is "insert" or "delete", label);
            if (changes[i][^2] is "insert" or "update_after")
            {
                rows.Add(row);
            }
            else
            {
                Assert.True(rows.Remove(row), $"{label}: {row} was not there");
            }
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }
}
