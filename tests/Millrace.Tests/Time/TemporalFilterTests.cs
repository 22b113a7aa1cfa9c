// Conditions on now() in views: at every epoch a view has the rows that its condition gives at that epoch's time, without new input and over restarts.
using System.Globalization;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class TemporalFilterTests
{
    private const long Second = TimedEngine.Second;
    private const long Minute = TimedEngine.Minute;
    private const long Hour = TimedEngine.Hour;

    private readonly record struct Row(int K, long V, long? At);

    // A condition beside what it means, written down independently of the engine.
    private static readonly (string Sql, Func<Row, long, bool> Holds)[] Conditions =
    [
        ("at > now() - INTERVAL '1 hour'", (r, now) => r.At > now - Hour),
        ("at >= now() - INTERVAL '10 minutes'", (r, now) => r.At >= now - (10 * Minute)),
        ("at BETWEEN now() - INTERVAL '1 hour' AND now()", (r, now) => r.At >= now - Hour && r.At <= now),
        ("at <= now()", (r, now) => r.At <= now),
        ("at < now() + INTERVAL '5 minutes' AND v > 3", (r, now) => r.At < now + (5 * Minute) && r.V > 3),
        ("now() - at < INTERVAL '30 minutes'", (r, now) => now - r.At < 30 * Minute),
        ("at - now() <= INTERVAL '3 minutes'", (r, now) => r.At - now <= 3 * Minute),
        ("at + INTERVAL '20 minutes' > now()", (r, now) => r.At > now - (20 * Minute)),
        ("at > now() - INTERVAL '1 hour' OR v = 1", (r, now) => r.At > now - Hour || r.V == 1),
        ("NOT (at > now() - INTERVAL '15 minutes')", (r, now) => r.At is { } at && !(at > now - (15 * Minute))),
        ("at::date = current_date", (r, now) => r.At is { } at && Day(at) == Day(now)),
        ("at::date <> current_date - 1", (r, now) => r.At is { } at && Day(at) != Day(now) - 1),
        ("at >= date_trunc('hour', now())", (r, now) => r.At >= now - Mod(now, Hour)),
        ("at < time_bucket(INTERVAL '10 minutes', now())", (r, now) => r.At < now - Mod(now, 10 * Minute)),
        ("at > now() - INTERVAL '1 month'", (r, now) => r.At is { } at && Time(at) > Time(now).AddMonths(-1)),
        ("at::timestamp >= localtimestamp - INTERVAL '2 minutes'", (r, now) => r.At >= now - (2 * Minute)),
        ("now() - at BETWEEN INTERVAL '5 minutes' AND INTERVAL '10 minutes'", (r, now) => now - r.At >= 5 * Minute && now - r.At <= 10 * Minute),
        ("CASE WHEN v > 3 THEN at > now() - INTERVAL '1 hour' ELSE at > now() - INTERVAL '1 minute' END", (r, now) => r.At > now - (r.V > 3 ? Hour : Minute)),
        ("at IS NULL OR at > now()", (r, now) => r.At is null || r.At > now),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AViewIsItsConditionAtTheTimeOfEveryEpoch(int seed)
    {
        var random = new Random(seed);
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)", "CREATE TABLE t (k int PRIMARY KEY, v bigint, at timestamptz)");
        var s = new List<Row>();
        var t = new Dictionary<int, Row>();
        int defined = 0;
        for (int step = 0; step < 120; step++)
        {
            switch (random.Next(10))
            {
                case 0 when defined < Conditions.Length:
                    // Some views from the start, others over history.
                    for (int i = 0; i < 5 && defined < Conditions.Length; i++, defined++)
                    {
                        engine.Define($"CREATE MATERIALIZED VIEW s{defined} AS SELECT * FROM s WHERE {Conditions[defined].Sql}",
                            $"CREATE MATERIALIZED VIEW t{defined} AS SELECT * FROM t WHERE {Conditions[defined].Sql}",
                            $"CREATE MATERIALIZED VIEW c{defined} AS SELECT k, count(*) AS n, sum(v)::bigint AS v FROM s WHERE {Conditions[defined].Sql} GROUP BY k",
                            $"CREATE MATERIALIZED VIEW j{defined} AS SELECT k, v, w FROM s JOIN (SELECT k AS key, v AS w FROM t) other ON k = key AND ({Conditions[defined].Sql})");
                    }

                    break;
                case 1 or 2 or 3:
                    Row[] rows = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Any(random, engine.Now))];
                    engine.Write("s", [.. rows.Select(r => (r.K, r.V, r.At))]);
                    s.AddRange(rows);
                    break;
                case 4 or 5:
                    Row row = Any(random, engine.Now);
                    engine.Write("t", (row.K, row.V, row.At));
                    t[row.K] = row;
                    break;
                case 6 when t.Count > 0:
                    Row gone = t.Values.ElementAt(random.Next(t.Count));
                    engine.Delete("t", (gone.K, gone.V, gone.At));
                    t.Remove(gone.K);
                    break;
                case 7 when random.Next(3) == 0:
                    if (random.Next(2) == 0)
                    {
                        engine.Checkpoint();
                    }

                    engine.Reopen(crash: random.Next(2) == 0);
                    break;
                case 8 when random.Next(4) == 0:
                    engine.JumpClock(random.Next(2) == 0 ? -Minute : random.Next(40) * 24 * Hour);
                    engine.Settle();
                    break;
                default:
                    engine.Pass(random.Next(4) switch { 0 => Second, 1 => 7 * Minute, 2 => Minute + random.Next(1000), _ => random.Next(90) * Minute });
                    break;
            }

            Compare(engine, s, t, defined, $"seed {seed} step {step}");
        }

        Assert.True(defined == Conditions.Length, $"seed {seed} defines {defined} views");
    }

    [Fact]
    public void WhatHasLeftLeavesNoState()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)",
            "CREATE MATERIALIZED VIEW hour AS SELECT k, count(*) AS n FROM s WHERE at > now() - INTERVAL '1 hour' GROUP BY k");
        engine.Write("s", [.. Enumerable.Range(0, 5000).Select(i => (i % 100, (long)i, (long?)(engine.Now - i)))]);
        Assert.Equal(100, engine.Read("hour").Count);
        Assert.True(engine.View("hour").Feed.StateRows >= 5000);
        engine.Pass(2 * Hour);
        Assert.Empty(engine.Read("hour"));
        Assert.Equal(0, engine.View("hour").Feed.StateRows);
        engine.Write("s", (1, 1, engine.Now - (2 * Hour)));
        Assert.Equal(0, engine.View("hour").Feed.StateRows);
    }

    [Fact]
    public void ASubscriptionHearsOfRowsThatLeave()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)");
        engine.Write("s", (1, 1, engine.Now));
        var subscribe = (BoundSubscribe)engine.Bind("SUBSCRIBE (SELECT k FROM s WHERE at > now() - INTERVAL '1 minute')");
        Subscriber subscriber = engine.Ask(new SubscribeRequest(subscribe.Query, true, false, 1 << 20));
        Assert.True(subscriber.Reader.TryRead(out SubscriptionEvent? first) && first.Batch!.Count == 1);
        engine.Pass(59 * Second);
        Assert.False(subscriber.Reader.TryRead(out _));
        engine.Pass(2 * Second);
        Assert.True(subscriber.Reader.TryRead(out SubscriptionEvent? second) && second.Batch is { Count: 1 } gone && gone.Weight(0) == -1);
    }

    [Fact]
    public void AThousandIdleViewsWakeNobody()
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds')");
        for (int i = 0; i < 1000; i++)
        {
            engine.Define(i % 2 == 0
                ? $"CREATE MATERIALIZED VIEW v{i} AS SELECT k, v FROM s WHERE at > now() - INTERVAL '{i + 1} minutes'"
                : $"CREATE MATERIALIZED VIEW v{i} AS SELECT window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '{i} seconds') GROUP BY window_start EMIT ON WINDOW CLOSE");
        }

        engine.Write("s", (1, 1, engine.Now));
        engine.Pass(100 * Hour);
        Assert.Equal(long.MaxValue, engine.Engine.DueMicros);
        Assert.Equal(-1, engine.Engine.MillisecondsUntilDue);
        long ticks = engine.Engine.TicksTotal;
        Assert.True(ticks <= 1100, $"{ticks} epochs for a thousand ends");
        engine.Pass(1000 * Hour);
        Assert.Equal(ticks, engine.Engine.TicksTotal);
    }

    private static Row Any(Random random, long now) => new(
        random.Next(6), random.Next(8), random.Next(12) switch
        {
            0 => null,
            1 => now + (random.Next(100) * Minute),
            2 => now,
            3 => now - Hour,
            4 => now - (10 * Minute),
            5 => now - (random.Next(60) * 24 * Hour),
            6 => random.Next(2) == 0 ? long.MaxValue : long.MinValue,
            _ => now - random.NextInt64(100 * Minute),
        });

    private static void Compare(TimedEngine engine, List<Row> s, Dictionary<int, Row> t, int defined, string where)
    {
        // As of the epoch; and as of now, unless that is only just past.
        long[] moments = engine.Now >= engine.Engine.Current.TimeMicros + 100_000 ? [engine.Engine.Current.TimeMicros, engine.Now] : [engine.Engine.Current.TimeMicros];
        for (int i = 0; i < defined; i++)
        {
            foreach (long now in moments)
            {
                bool Holds(Row r) => Finite(r, Conditions[i].Sql) && Conditions[i].Holds(r, now);
                Row[] kept = [.. s.Where(Holds)];
                Same(kept.Select(Text), engine.Read($"s{i}"), $"{where}: {Conditions[i].Sql} over the stream");
                Same(t.Values.Where(Holds).Select(Text), engine.Read($"t{i}"), $"{where}: {Conditions[i].Sql} over the table");
                Same(kept.GroupBy(r => r.K).Select(g => $"{g.Key}|{g.Count()}|{g.Sum(r => r.V)}"), engine.Read($"c{i}"), $"{where}: {Conditions[i].Sql} counted");
                Same(kept.Where(r => t.ContainsKey(r.K)).Select(r => $"{r.K}|{r.V}|{t[r.K].V}"), engine.Read($"j{i}"), $"{where}: {Conditions[i].Sql} joined");
            }
        }
    }

    // A difference to an infinite time is an error, which in a view drops the row.
    private static bool Finite(Row r, string sql) => r.At is not (long.MaxValue or long.MinValue) || (!sql.Contains("- at") && !sql.Contains("at -"));

    private static void Same(IEnumerable<string> expected, List<string> found, string where)
    {
        string[] sorted = [.. expected.Order(StringComparer.Ordinal)];
        Assert.True(sorted.AsSpan().SequenceEqual(found.ToArray()), $"{where}: expected {string.Join("; ", sorted)}; found {string.Join("; ", found)}");
    }

    private static string Text(Row r) => $"{r.K}|{r.V}|{r.At switch
    {
        null => "~",
        long.MaxValue => "infinity",
        long.MinValue => "-infinity",
        { } at => Time(at).ToString(at % Second == 0 ? "yyyy-MM-dd HH:mm:ss+00" : "yyyy-MM-dd HH:mm:ss.FFFFFF+00", CultureInfo.InvariantCulture),
    }}";

    private static DateTime Time(long micros) => micros is long.MaxValue ? DateTime.MaxValue : micros is long.MinValue ? DateTime.MinValue : DateTime.UnixEpoch.AddMicroseconds(micros);

    private static long Day(long micros) => micros is long.MaxValue or long.MinValue ? micros : (micros - Mod(micros, 24 * Hour)) / (24 * Hour);

    private static long Mod(long value, long by) => ((value % by) + by) % by;
}
