// LATE DATA INTO: what a late row is when the clock closed its window, which conditions hold for it, and what becomes of the stream with its view.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class LateDataTests
{
    private const long Second = TimedEngine.Second;
    private const string Stream = "CREATE STREAM s (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (idle_timeout = '10 seconds')";
    private const string Tumble = "FROM TUMBLE(s, at, INTERVAL '10 seconds')";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWindowThatTheClockClosedIsClosedForLateRowsToo(bool crash)
    {
        var engine = new TimedEngine();
        engine.Define(Stream, $"CREATE MATERIALIZED VIEW n AS SELECT k, count(*) AS n {Tumble} GROUP BY k, window_start EMIT ON WINDOW CLOSE LATE DATA INTO late");
        long start = engine.Now / (10 * Second) * 10 * Second;
        engine.Write("s", (1, 1, start));
        Assert.Empty(engine.Read("n"));
        engine.Pass(60 * Second);
        Assert.Equal(["1|1"], engine.Read("n"));
        Assert.Empty(engine.Read("late"));
        if (crash)
        {
            engine.Reopen(crash: true);
        }

        engine.Write("s", (1, 2, start + (3 * Second)), (2, 3, start + (61 * Second)));
        Assert.Equal([$"1|2|{Text(start + (3 * Second))}"], engine.Read("late"));
        Assert.Equal(1, engine.View("n").LateRows);
        engine.Checkpoint();
        engine.Reopen(crash);
        engine.Write("s", (1, 4, start + (9 * Second)));
        Assert.Equal([$"1|2|{Text(start + (3 * Second))}", $"1|4|{Text(start + (9 * Second))}"], engine.Read("late"));
        Assert.Equal(2, engine.View("n").LateRows);
    }

    [Fact]
    public void ConditionsOnTheRowHoldForLateRowsAndAllColumnsAreThere()
    {
        var engine = new TimedEngine();
        engine.Define(
            Stream,
            $"CREATE MATERIALIZED VIEW n AS SELECT window_start, count(*) AS n {Tumble} WHERE v > 1 GROUP BY k, window_start HAVING k < 5 AND count(*) > 1 EMIT ON WINDOW CLOSE LATE DATA INTO late",
            $"CREATE MATERIALIZED VIEW plain AS SELECT v, window_end FROM (SELECT * {Tumble} WHERE v > 1) t WHERE k < 5 EMIT ON WINDOW CLOSE LATE DATA INTO plainlate",
            "CREATE MATERIALIZED VIEW longer AS SELECT window_start, window_end, count(*) AS n FROM CUMULATE((SELECT v, at FROM s), at, INTERVAL '5 seconds', INTERVAL '20 seconds') "
                + "GROUP BY window_start, window_end EMIT ON WINDOW CLOSE LATE DATA INTO longerlate");
        long start = engine.Now / (20 * Second) * 20 * Second;
        engine.Write("s", (1, 2, start), (1, 2, start + (20 * Second)));
        engine.Write("s", (1, 1, start + Second), (1, 2, start + Second), (7, 2, start + Second), (3, 9, start + Second), (3, 9, start + (17 * Second)));
        Assert.Equal([$"1|2|{Text(start + Second)}", $"3|9|{Text(start + Second)}"], engine.Read("late"));
        Assert.Equal(engine.Read("late"), engine.Read("plainlate"));
        // The long window is open until 20: a row at 1 s counts there, though its shorter ones have closed.
        Assert.Empty(engine.Read("longerlate"));
        engine.Write("s", (1, 2, start + (40 * Second)));
        engine.Write("s", (1, 8, start + Second));
        Assert.Equal([$"8|{Text(start + Second)}"], engine.Read("longerlate"));
        foreach (string name in new[] { "n", "plain" })
        {
            Assert.Equal(3, engine.View(name).LateRows);
        }
    }

    [Fact]
    public void TheStreamGoesWithItsViewAndNotWithoutIt()
    {
        var engine = new TimedEngine();
        engine.Define(Stream, $"CREATE MATERIALIZED VIEW n AS SELECT k, count(*) AS n {Tumble} GROUP BY k, window_start EMIT ON WINDOW CLOSE LATE DATA INTO late");
        engine.Define("CREATE MATERIALIZED VIEW after AS SELECT k FROM late", "ALTER MATERIALIZED VIEW late SET (retention = '1 day')", "ALTER MATERIALIZED VIEW late RENAME TO tardy");
        engine.Reopen(crash: true);
        Assert.Equal("2BP01", Assert.Throws<SqlException>(() => engine.Define("DROP MATERIALIZED VIEW tardy CASCADE")).SqlState);
        Assert.Contains("after", Assert.Throws<SqlException>(() => engine.Define("DROP MATERIALIZED VIEW n")).Detail);
        engine.Define("DROP MATERIALIZED VIEW after", "DROP MATERIALIZED VIEW n");
        Assert.Equal(["s"], engine.Engine.Objects.Select(o => o.Definition.Name));
        engine.Define($"CREATE MATERIALIZED VIEW late AS SELECT k, count(*) AS n {Tumble} GROUP BY k, window_start ALLOW LATENESS INTERVAL '1 minute' LATE DATA INTO tardy");
        engine.Checkpoint();
        engine.Reopen(crash: false);
        Assert.Equal([1, 5, 6], engine.Engine.Objects.Select(o => o.Id));
        engine.Define("DROP STREAM s CASCADE");
        Assert.Empty(engine.Engine.Objects);
    }

    private static string Text(long micros) => $"{DateTime.UnixEpoch.AddMicroseconds(micros):yyyy-MM-dd HH:mm:ss.FFFFFF}+00";
}
