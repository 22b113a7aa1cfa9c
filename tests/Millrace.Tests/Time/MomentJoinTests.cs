// ASOF joins and joins as of the present, against plain loops over what was written.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class MomentJoinTests
{
    private const long Second = TimedEngine.Second;

    private readonly record struct Row(int K, long V, long? At);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void OfAllRowsTheClosestCountsWhateverChanges(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        engine.Define("CREATE TABLE a (k int, v bigint, at timestamptz, PRIMARY KEY (v))", "CREATE TABLE b (k int, v bigint, at timestamptz, PRIMARY KEY (v))");
        string[] operators = [">=", ">", "<=", "<"];
        for (int i = 0; i < 4; i++)
        {
            engine.Define($"CREATE MATERIALIZED VIEW inner{i} AS SELECT a.v AS x, b.v AS y FROM a ASOF JOIN b ON a.k = b.k AND a.at {operators[i]} b.at",
                $"CREATE MATERIALIZED VIEW outer{i} AS SELECT a.v AS x, b.v AS y FROM a ASOF LEFT JOIN b MATCH_CONDITION (a.at {operators[i]} b.at) ON b.k = a.k AND b.v % 5 <> 0");
        }

        Dictionary<long, Row>[] tables = [[], []];
        long start = engine.Now;
        for (int step = 0; step < 150; step++)
        {
            int side = random.Next(2);
            string name = side == 0 ? "a" : "b";
            if (tables[side].Count > 0 && random.Next(4) == 0)
            {
                Row gone = tables[side].Values.ElementAt(random.Next(tables[side].Count));
                engine.Delete(name, (gone.K, gone.V, gone.At));
                tables[side].Remove(gone.V);
            }
            else
            {
                Row[] rows = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new Row(random.Next(3), random.Next(40),
                    random.Next(12) == 0 ? null : start + (random.Next(15) * Second))).DistinctBy(r => r.V)];
                engine.Write(name, [.. rows.Select(r => (r.K, r.V, r.At))]);
                foreach (Row row in rows)
                {
                    tables[side][row.V] = row;
                }
            }

            if (random.Next(20) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: true);
            }

            for (int i = 0; i < 4; i++)
            {
                Same($"seed {seed} step {step} {operators[i]}", Expected(tables, operators[i], _ => true, outer: false), engine.Read($"inner{i}"));
                Same($"seed {seed} step {step} left {operators[i]}", Expected(tables, operators[i], b => b.V % 5 != 0, outer: true), engine.Read($"outer{i}"));
            }
        }
    }

    [Fact]
    public void BehindTheWatermarkLittleIsKept()
    {
        var engine = new TimedEngine();
        foreach (string name in new[] { "a", "b" })
        {
            engine.Define($"CREATE STREAM {name} (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = 'never')");
        }

        engine.Define("CREATE MATERIALIZED VIEW j AS SELECT a.v AS x, b.v AS y FROM a ASOF JOIN b ON a.k = b.k AND a.at >= b.at");
        long start = engine.Now;
        for (int i = 0; i < 300; i++)
        {
            engine.Write("b", [.. Enumerable.Range(0, 10).Select(k => (k, (long)i, (long?)(start + (i * Second))))]);
            engine.Write("a", [.. Enumerable.Range(0, 10).Select(k => (k, (long)((i * 10) + k), (long?)(start + (i * Second) + (k * 1000) - (3 * Second))))]);
            Assert.True(engine.View("j").Feed.StateRows < 250, $"{engine.View("j").Feed.StateRows} rows of state");
        }

        Assert.Equal(Enumerable.Range(30, 2970).Select(x => $"{x}|{(x / 10) - 3}").Order(StringComparer.Ordinal), engine.Read("j"));
        engine.Write("a", (1, 99999, start));
        Assert.Equal(1, engine.View("j").LateRows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ARowMeetsWhatIsThereWhenItComes(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)", "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)",
            "CREATE MATERIALIZED VIEW met AS SELECT s.v AS x, d.v AS y FROM s JOIN t FOR SYSTEM_TIME AS OF PROCTIME() AS d ON s.k + 1 = d.k",
            "CREATE MATERIALIZED VIEW all_met AS SELECT s.v AS x, d.v AS y FROM s LEFT JOIN t FOR SYSTEM_TIME AS OF now() AS d ON s.k + 1 = d.k AND s.v > d.v");
        var table = new Dictionary<int, long>();
        var met = new List<string>();
        var all = new List<string>();
        for (int step = 0; step < 150; step++)
        {
            if (random.Next(2) == 0)
            {
                int key = random.Next(6);
                if (table.TryGetValue(key, out long old) && random.Next(3) == 0)
                {
                    engine.Delete("t", (key, old, null));
                    table.Remove(key);
                }
                else
                {
                    table[key] = random.Next(200);
                    engine.Write("t", (key, table[key], null));
                }
            }
            else
            {
                (int K, long V, long? At)[] rows = [.. Enumerable.Range(0, random.Next(1, 5)).Select(i => (random.Next(6), (step * 10L) + i, (long?)null))];
                engine.Write("s", rows);
                foreach ((int k, long v, _) in rows)
                {
                    bool found = table.TryGetValue(k + 1, out long y);
                    if (found)
                    {
                        met.Add($"{v}|{y}");
                    }

                    all.Add(found && v > y ? $"{v}|{y}" : $"{v}|~");
                }
            }

            if (random.Next(20) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: true);
            }

            Same($"seed {seed} step {step}", met, engine.Read("met"));
            Same($"seed {seed} step {step} left", all, engine.Read("all_met"));
            Assert.Equal(table.Count, engine.View("met").Feed.StateRows);
        }
    }

    [Fact]
    public void VersionsAreToldApartByTheirOwnTime()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)", "CREATE STREAM rates (k int, v bigint, at timestamptz) WITH (event_time = 'at')",
            "CREATE MATERIALIZED VIEW priced AS SELECT s.v AS x, r.v AS y FROM s LEFT JOIN rates FOR SYSTEM_TIME AS OF s.at AS r ON s.k = r.k");
        long start = engine.Now;
        engine.Write("rates", (1, 10, start), (1, 20, start + (10 * Second)), (2, 5, start));
        engine.Write("s", (1, 100, start + Second), (1, 101, start + (10 * Second)), (1, 102, start - 1), (3, 103, start));
        Assert.Equal(["100|10", "101|20", "102|~", "103|~"], engine.Read("priced"));
        engine.Write("rates", (1, 15, start + Second)); // a version that comes late corrects
        Assert.Equal(["100|15", "101|20", "102|~", "103|~"], engine.Read("priced"));
    }

    private static List<string> Expected(Dictionary<long, Row>[] tables, string comparison, Func<Row, bool> right, bool outer)
    {
        var rows = new List<string>();
        foreach (Row a in tables[0].Values)
        {
            Row[] candidates = [.. tables[1].Values.Where(b => right(b) && b.K == a.K && (comparison switch
            {
                ">=" => a.At >= b.At,
                ">" => a.At > b.At,
                "<=" => a.At <= b.At,
                _ => a.At < b.At,
            })).OrderBy(b => b.At).ThenBy(b => b.V)];
            if (candidates.Length > 0)
            {
                rows.Add($"{a.V}|{(comparison[0] == '>' ? candidates[^1] : candidates[0]).V}");
            }
            else if (outer)
            {
                rows.Add($"{a.V}|~");
            }
        }

        return rows;
    }

    private static void Same(string where, IEnumerable<string> expected, List<string> found)
    {
        string[] sorted = [.. expected.Order(StringComparer.Ordinal)];
        Assert.True(sorted.AsSpan().SequenceEqual(found.ToArray()),
            $"{where}: missing {string.Join("; ", sorted.Except(found))}; too much {string.Join("; ", found.Except(sorted))}; {found.Count} of {sorted.Length}");
    }
}
