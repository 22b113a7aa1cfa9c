// Windows that close: which rows count, which are late and kept as such, and what is given of each window; against a plain replay.
using System.Globalization;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class LatenessTests
{
    private const long Second = TimedEngine.Second;
    private const long Delay = 5 * Second;

    // Slide, size, lateness in seconds.
    private static readonly (string Name, string Sql, long Slide, long Size, long Lateness, bool Emit)[] Views =
    [
        ("close", "FROM TUMBLE(s, at, INTERVAL '10 seconds') GROUP BY k, window_start EMIT ON WINDOW CLOSE", 10, 10, 0, true),
        ("closelate", "FROM TUMBLE(TABLE s, DESCRIPTOR(at), INTERVAL '10 seconds') GROUP BY k, window_start EMIT ON WINDOW CLOSE ALLOW LATENESS INTERVAL '20 seconds'", 10, 10, 20, true),
        ("every", "FROM TUMBLE(s, at, INTERVAL '10 seconds') GROUP BY k, window_start ALLOW LATENESS INTERVAL '0 seconds'", 10, 10, 0, false),
        ("everylate", "FROM TUMBLE(s, at, INTERVAL '7 seconds') WHERE v >= 0 GROUP BY k, window_start ALLOW LATENESS INTERVAL '1 minute'", 7, 7, 60, false),
        ("hop", "FROM HOP(s, at, INTERVAL '5 seconds', INTERVAL '15 seconds') GROUP BY k, window_start EMIT ON WINDOW CLOSE", 5, 15, 0, true),
        ("hopevery", "FROM HOP(s, at, INTERVAL '5 seconds', INTERVAL '15 seconds') GROUP BY k, window_start ALLOW LATENESS INTERVAL '10 seconds'", 5, 15, 10, false),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void OnlyWhatComesInTimeCounts(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = 'never')");
        foreach (var view in Views)
        {
            engine.Define($"CREATE MATERIALIZED VIEW {view.Name} AS SELECT k, window_start, count(*) AS n, sum(v)::bigint AS v {view.Sql} LATE DATA INTO {view.Name}_late");
        }

        // Made later and over what is late: it sees every one of these rows once.
        engine.Define("CREATE MATERIALIZED VIEW too_late AS SELECT k, count(*) AS n, sum(v)::bigint AS v FROM hop_late GROUP BY k");
        var lateRows = Views.Select(_ => new List<string>()).ToArray();

        var counted = Views.Select(_ => new Dictionary<(int K, long Start), (long N, long V)>()).ToArray();
        long[] late = new long[Views.Length];
        long watermark = long.MinValue;
        long latest = 0;
        long clock = engine.Now;
        for (int step = 0; step < 120; step++)
        {
            clock += random.NextInt64(4 * Second);
            (int K, long V, long? At)[] rows = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => (random.Next(3), (long)random.Next(10),
                (long?)(clock - (random.Next(5) == 0 ? random.NextInt64(120 * Second) : random.NextInt64(6 * Second)))))];
            engine.Write("s", rows);
            for (int w = 0; w < Views.Length; w++)
            {
                foreach ((int k, long v, long? at) in rows)
                {
                    var starts = new List<long>();
                    for (long start = at!.Value / (Views[w].Slide * Second) * Views[w].Slide * Second; start > at - (Views[w].Size * Second); start -= Views[w].Slide * Second)
                    {
                        starts.Add(start);
                    }

                    long[] open = [.. starts.Where(s => watermark == long.MinValue || s + ((Views[w].Size + Views[w].Lateness) * Second) > watermark)];
                    if (open.Length == 0)
                    {
                        late[w]++;
                        lateRows[w].Add($"{k}|{v}|{DateTime.UnixEpoch.AddMicroseconds(at.Value):yyyy-MM-dd HH:mm:ss.FFFFFF}+00");
                    }

                    foreach (long start in open)
                    {
                        (long n, long sum) = counted[w].GetValueOrDefault((k, start));
                        counted[w][(k, start)] = (n + 1, sum + v);
                    }
                }
            }

            latest = Math.Max(latest, rows.Max(r => r.At!.Value));
            watermark = latest - Delay;
            if (random.Next(12) == 0)
            {
                if (random.Next(2) == 0)
                {
                    engine.Checkpoint();
                }

                engine.Reopen(crash: true);
            }

            for (int w = 0; w < Views.Length; w++)
            {
                string[] expected = [.. counted[w].Where(c => !Views[w].Emit || c.Key.Start + ((Views[w].Size + Views[w].Lateness) * Second) <= watermark)
                    .Select(c => $"{c.Key.K}|{DateTime.UnixEpoch.AddMicroseconds(c.Key.Start):yyyy-MM-dd HH:mm:ss}+00|{c.Value.N}|{c.Value.V}").Order(StringComparer.Ordinal)];
                List<string> found = engine.Read(Views[w].Name);
                Assert.True(expected.AsSpan().SequenceEqual(found.ToArray()),
                    $"seed {seed} step {step} {Views[w].Name}: missing {string.Join("; ", expected.Except(found))}; too much {string.Join("; ", found.Except(expected))}");
                lateRows[w].Sort(StringComparer.Ordinal);
                Assert.Equal(lateRows[w], engine.Read(Views[w].Name + "_late"));
                if (Views[w].Slide == Views[w].Size)
                {
                    Assert.Equal(late[w], engine.View(Views[w].Name).LateRows);
                }
            }
        }

        int hop = Array.FindIndex(Views, v => v.Name == "hop");
        Assert.True(lateRows[hop].Count > 20, $"only {lateRows[hop].Count} late rows");
        Assert.Equal(
            lateRows[hop].Select(r => r.Split('|')).GroupBy(r => r[0]).Select(g => $"{g.Key}|{g.Count()}|{g.Sum(r => long.Parse(r[1], CultureInfo.InvariantCulture))}").Order(StringComparer.Ordinal),
            engine.Read("too_late"));
        foreach (var view in Views)
        {
            long open = (view.Size + view.Lateness + 20) / view.Slide * 3;
            Assert.True(engine.View(view.Name).Feed.StateRows <= 2 * open, $"{view.Name} keeps {engine.View(view.Name).Feed.StateRows} rows of state");
        }
    }
}
