// Sessions that close: which rows still begin or extend one, which come too late and are kept as such; against a plain list of sessions.
using System.Globalization;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class SessionLatenessTests
{
    private const long Second = TimedEngine.Second;
    private const long Delay = 5 * Second;

    // What the operators do that are told apart: sums by session, values that cannot be merged, rows as they are; lateness in seconds.
    private static readonly (string Name, string Select, string Tail, long Lateness, bool Emit, bool Rows)[] Views =
    [
        ("sums", "k, window_start, window_end, count(*) AS n, sum(v)::bigint AS v", "GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE", 0, true, false),
        ("sumslate", "k, window_start, window_end, count(*) AS n, sum(v)::bigint AS v",
            "GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE ALLOW LATENESS INTERVAL '15 seconds'", 15, true, false),
        ("every", "k, window_start, window_end, count(*) AS n, sum(v)::bigint AS v", "GROUP BY k, window_start, window_end ALLOW LATENESS INTERVAL '0 seconds'", 0, false, false),
        ("general", "k, window_start, window_end, count(*) AS n, array_length(array_agg(v), 1)::bigint AS c, sum(v)::bigint AS v",
            "GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE ALLOW LATENESS INTERVAL '5 seconds'", 5, true, false),
        ("generalevery", "k, window_start, window_end, count(*) AS n, array_length(array_agg(v), 1)::bigint AS c, sum(v)::bigint AS v",
            "GROUP BY k, window_start, window_end ALLOW LATENESS INTERVAL '20 seconds'", 20, false, false),
        ("rows", "k, v, at, window_start, window_end", "EMIT ON WINDOW CLOSE", 0, true, true),
        ("rowsevery", "k, v, at, window_start, window_end", "ALLOW LATENESS INTERVAL '10 seconds'", 10, false, true),
    ];

    private const long Gap = 6 * Second;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void ARowIsLateWhenNoSessionTakesItAnyMore(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = 'never')");
        long clock = engine.Now;

        // What was there before a view is never late, but its sessions are open or closed.
        (int K, long V, long? At)[] before = [.. Enumerable.Range(0, 12).Select(_ => (random.Next(3), (long)random.Next(10), (long?)(clock - random.NextInt64(40 * Second))))];
        engine.Write("s", before);
        foreach (var view in Views)
        {
            engine.Define($"CREATE MATERIALIZED VIEW {view.Name} AS SELECT {view.Select} FROM SESSION(s PARTITION BY k, at, INTERVAL '6 seconds') {view.Tail} LATE DATA INTO {view.Name}_late");
        }

        SessionList[] expected = [.. Views.Select(v => new SessionList(Gap, v.Lateness * Second))];
        long latest = before.Max(r => r.At!.Value);
        foreach (SessionList list in expected)
        {
            list.Take(before);
            list.Close(latest - Delay);
        }

        for (int step = 0; step < 120; step++)
        {
            clock += random.NextInt64(3 * Second);
            (int K, long V, long? At)[] rows = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => (random.Next(6), (long)random.Next(10),
                (long?)(clock - (random.Next(4) == 0 ? random.NextInt64(120 * Second) : random.NextInt64(7 * Second)))))];
            engine.Write("s", rows);
            latest = Math.Max(latest, rows.Max(r => r.At!.Value));
            foreach (SessionList list in expected)
            {
                list.Take(rows);
                list.Close(latest - Delay);
            }

            if (random.Next(10) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: random.Next(2) == 0);
            }

            for (int w = 0; w < Views.Length; w++)
            {
                Assert.Equal(expected[w].Answer(Views[w].Emit, Views[w].Rows, Views[w].Name.StartsWith("general", StringComparison.Ordinal)), engine.Read(Views[w].Name));
                Assert.Equal(expected[w].Late(), engine.Read(Views[w].Name + "_late"));
                Assert.Equal(expected[w].LateRows, engine.View(Views[w].Name).LateRows);
            }
        }

        Assert.All(expected, e => Assert.True(e.LateRows > 5, $"only {e.LateRows} late rows"));
        foreach (var view in Views)
        {
            long state = engine.View(view.Name).Feed.StateRows;
            long late = engine.View(view.Name + "_late").Feed.StateRows;
            Assert.True(state <= 150 && late <= 12, $"{view.Name} keeps {state} rows of state, its late rows {late}");
        }
    }

    [Fact]
    public void ClosedSessionsTakeNothingAndOpenOnesDo()
    {
        var engine = new TimedEngine();
        engine.Define(
            "CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at) WITH (idle_timeout = 'never')",
            "CREATE MATERIALIZED VIEW n AS SELECT k, count(*) AS n FROM SESSION(s PARTITION BY k, at, INTERVAL '10 seconds') WHERE v > 0 GROUP BY k, window_start, window_end "
                + "HAVING k < 5 EMIT ON WINDOW CLOSE LATE DATA INTO late");
        long start = engine.Now / (10 * Second) * 10 * Second;
        engine.Write("s", (1, 1, start), (2, 1, start + (25 * Second)));
        Assert.Equal(["1|1"], engine.Read("n"));

        // Within the gap of a session that has closed: too late alone, but not where it reaches into the time that is open.
        engine.Write("s", (1, 1, start + (9 * Second)), (1, 1, start + (16 * Second)), (1, 1, start + (14 * Second)), (7, 1, start), (1, 0, start));
        Assert.Equal([$"1|1|{Text(start + (9 * Second))}"], engine.Read("late"));
        Assert.Equal(2, engine.View("n").LateRows);
        engine.Write("s", (2, 1, start + (60 * Second)));
        Assert.Equal(["1|1", "1|2", "2|1"], engine.Read("n"));
    }

    private static string Text(long micros) => $"{DateTime.UnixEpoch.AddMicroseconds(micros):yyyy-MM-dd HH:mm:ss.FFFFFF}+00";

    /// <summary>What the views say, from nothing but lists of rows.</summary>
    private sealed class SessionList(long gap, long lateness)
    {
        private readonly List<(int K, List<(long V, long At)> Rows, bool Closed)> _sessions = [];
        private readonly List<(int K, long V, long At)> _late = [];
        private long? _watermark;

        public long LateRows => _late.Count;

        public void Take((int K, long V, long? At)[] rows)
        {
            foreach ((int k, long v, long? time) in rows)
            {
                long at = time!.Value;
                var near = _sessions.FindAll(s => !s.Closed && s.K == k && s.Rows.Exists(r => Math.Abs(r.At - at) < gap));
                if (near.Count == 0 && at + gap + lateness <= _watermark)
                {
                    _late.Add((k, v, at));
                    continue;
                }

                _sessions.RemoveAll(near.Contains);
                _sessions.Add((k, [.. near.SelectMany(s => s.Rows), (v, at)], false));
            }
        }

        public void Close(long watermark)
        {
            _watermark = watermark;
            for (int i = 0; i < _sessions.Count; i++)
            {
                _sessions[i] = (_sessions[i].K, _sessions[i].Rows, _sessions[i].Closed || _sessions[i].Rows.Max(r => r.At) + gap + lateness <= watermark);
            }
        }

        public List<string> Late() => [.. _late.Select(r => $"{r.K}|{r.V}|{Text(r.At)}").Order(StringComparer.Ordinal)];

        public List<string> Answer(bool emit, bool rows, bool counted)
        {
            var lines = new List<string>();
            foreach ((int k, List<(long V, long At)> all, bool closed) in _sessions.Where(s => s.Closed || !emit))
            {
                string window = Text(all.Min(r => r.At)) + "|" + Text(all.Max(r => r.At) + gap);
                string count = all.Count.ToString(CultureInfo.InvariantCulture);
                lines.AddRange(rows ? all.Select(r => $"{k}|{r.V}|{Text(r.At)}|{window}") : [$"{k}|{window}|{count}|{(counted ? count + "|" : "")}{all.Sum(r => r.V)}"]);
            }

            lines.Sort(StringComparer.Ordinal);
            return lines;
        }
    }
}
