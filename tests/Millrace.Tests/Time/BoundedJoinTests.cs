// Interval and window joins: the answer of a plain double loop, and state that goes with the watermark.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class BoundedJoinTests
{
    private const long Second = TimedEngine.Second;
    private const long Delay = 5 * Second;

    private readonly record struct Row(int K, long V, long At, bool Late);

    private static readonly (string Name, string Sql, Func<Row, Row, bool> Matches, bool Left)[] Joins =
    [
        ("between", "SELECT a.v AS x, b.v AS y FROM a JOIN b ON a.k = b.k AND b.at BETWEEN a.at - INTERVAL '2 seconds' AND a.at + INTERVAL '7 seconds'",
            (a, b) => a.K == b.K && b.At >= a.At - (2 * Second) && b.At <= a.At + (7 * Second), false),
        ("strict", "SELECT a.v AS x, b.v AS y FROM a, b WHERE a.k = b.k AND a.at < b.at AND a.at + INTERVAL '4 seconds' > b.at",
            (a, b) => a.K == b.K && a.At < b.At && a.At + (4 * Second) > b.At, false),
        ("outer", "SELECT a.v AS x, b.v AS y FROM a LEFT JOIN b ON a.k = b.k AND b.at >= a.at AND b.at <= a.at + INTERVAL '3 seconds'",
            (a, b) => a.K == b.K && b.At >= a.At && b.At <= a.At + (3 * Second), true),
        ("windows", "SELECT a.v AS x, b.v AS y FROM "
            + "TUMBLE(a, at, INTERVAL '10 seconds') a JOIN TUMBLE(b, at, INTERVAL '10 seconds') b ON a.k = b.k AND a.window_end = b.window_end",
            (a, b) => a.K == b.K && a.At / (10 * Second) == b.At / (10 * Second), false),
        ("starts", "SELECT a.v AS x, b.v AS y FROM "
            + "HOP(a, at, INTERVAL '5 seconds', INTERVAL '5 seconds') a JOIN TUMBLE(b, at, INTERVAL '5 seconds') b ON a.k = b.k AND a.window_start = b.window_start",
            (a, b) => a.K == b.K && a.At / (5 * Second) == b.At / (5 * Second), false),
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void PairsAreThoseOfADoubleLoop(int seed, bool late)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        foreach (string name in new[] { "a", "b" })
        {
            engine.Define($"CREATE STREAM {name} (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = 'never')");
        }

        foreach ((string name, string sql, _, _) in Joins)
        {
            engine.Define($"CREATE MATERIALIZED VIEW j_{name} AS {sql}");
        }

        List<Row>[] rows = [[], []];
        long[] latest = [0, 0];
        long clock = engine.Now;
        long lateRows = 0;
        int number = 0;
        for (int step = 0; step < 150; step++)
        {
            clock += random.NextInt64(3 * Second);
            long watermark = Math.Min(latest[0], latest[1]) - Delay;
            int side = random.Next(2);
            var batch = new List<(int, long, long?)>();
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                bool isLate = late && watermark > 0 && random.Next(8) == 0;
                long at = isLate ? watermark - 1 - random.NextInt64(40 * Second) : Math.Max(watermark, clock - random.NextInt64(4 * Second));
                lateRows += isLate ? 1 : 0;
                rows[side].Add(new Row(random.Next(4), ++number, at, isLate));
                latest[side] = Math.Max(latest[side], at);
                batch.Add((rows[side][^1].K, number, at));
            }

            engine.Write(side == 0 ? "a" : "b", [.. batch]);
            if (random.Next(15) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: true);
            }

            foreach ((string name, _, Func<Row, Row, bool> matches, bool left) in Joins)
            {
                Compare($"seed {seed} step {step} {name}", engine.Read("j_" + name), rows, matches, left, late);
            }
        }

        foreach ((string name, _, _, _) in Joins)
        {
            // A row whose window is still open loses no partner.
            long counted = engine.View("j_" + name).LateRows;
            Assert.True(name is "windows" or "starts" ? counted <= lateRows : counted == lateRows, $"{name}: {counted} of {lateRows} late rows");
        }
    }

    [Fact]
    public void StateIsBoundedByTheInterval()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM a (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds')",
            "CREATE STREAM b (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds')",
            "CREATE MATERIALIZED VIEW j AS SELECT a.v AS x, b.v AS y FROM a JOIN b ON a.k = b.k AND b.at BETWEEN a.at AND a.at + INTERVAL '1 second'",
            "CREATE MATERIALIZED VIEW closed AS SELECT window_start, count(*) AS n "
            + "FROM TUMBLE((SELECT a.at, a.k FROM a JOIN b ON a.k = b.k AND b.at BETWEEN a.at AND a.at + INTERVAL '1 second'), at, INTERVAL '10 seconds') "
            + "GROUP BY window_start EMIT ON WINDOW CLOSE");
        long start = engine.Now / (10 * Second) * (10 * Second);
        for (int i = 0; i < 60; i++)
        {
            (int, long, long?)[] rows = [.. Enumerable.Range(0, 1000).Select(k => (k + (i * 1000), (long)k, (long?)(start + (i * Second) + k)))];
            engine.Write("a", rows);
            engine.Write("b", rows);
            Assert.True(engine.View("j").Feed.StateRows < 40_000, $"{engine.View("j").Feed.StateRows} rows of state after {i} seconds");
        }

        Assert.Equal(60_000, engine.Read("j").Count);
        engine.Pass(TimedEngine.Minute);
        Assert.Equal(["10000"], engine.Read("closed").Select(r => r.Split('|')[1]).Distinct());
        Assert.Equal(6, engine.Read("closed").Count);
        Assert.Equal(0, engine.View("closed").LateRows);
    }

    // Of late rows nothing is promised but that no pair is wrong.
    private static void Compare(string where, List<string> found, List<Row>[] rows, Func<Row, Row, bool> matches, bool left, bool late)
    {
        var must = new List<string>();
        var may = new HashSet<string>();
        foreach (Row a in rows[0])
        {
            bool any = false;
            foreach (Row b in rows[1].Where(b => matches(a, b)))
            {
                string pair = $"{a.V}|{b.V}";
                may.Add(pair);
                if (!a.Late && !b.Late)
                {
                    must.Add(pair);
                    any = true;
                }
            }

            if (left)
            {
                may.Add($"{a.V}|~");
                if (!any && !late)
                {
                    must.Add($"{a.V}|~");
                }
            }
        }

        Assert.True(must.All(found.Contains), $"{where}: {string.Join("; ", must.Where(m => !found.Contains(m)))} missing");
        Assert.True(found.All(may.Contains) && found.Distinct().Count() == found.Count, $"{where}: {string.Join("; ", found.Where(f => !may.Contains(f)))} must not be");
        Assert.True(late || found.Count == must.Count, $"{where}: {found.Count} rows, {must.Count} expected");
    }
}
