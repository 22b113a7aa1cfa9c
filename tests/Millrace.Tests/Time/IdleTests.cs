// Inputs that fall silent: they hold nobody back, and the last windows close by themselves.
using Xunit;

namespace Millrace.Tests.Time;

public sealed class IdleTests
{
    private const long Second = TimedEngine.Second;
    private const string Closing = "SELECT window_start, count(*) AS n FROM TUMBLE({0}, at, INTERVAL '10 seconds') GROUP BY window_start EMIT ON WINDOW CLOSE";

    [Fact]
    public void TheLastWindowClosesByItself()
    {
        TimedEngine engine = Start("");
        long first = engine.Now - (engine.Now % (10 * Second));
        engine.Write("a", (1, 1, first + Second), (2, 1, first + (8 * Second)));
        engine.Pass(6 * Second);
        Assert.Empty(engine.Read("ca"));

        // From the last row on (8 s into the window) its end is 2 s away, and the watermark trails by 5 s; but silence counts as such after 10 s only.
        engine.Pass(3_900_000);
        Assert.Empty(engine.Read("ca"));
        engine.Pass(200_000);
        Assert.Single(engine.Read("ca"));
        engine.Pass(3600 * Second);
        Assert.Single(engine.Read("ca"));
        Assert.Equal(0, engine.View("ca").Feed.StateRows);
    }

    [Fact]
    public void SilenceGoesOnFromWhereTheRowsWereHoweverLongAgoThatIs()
    {
        TimedEngine engine = Start("");
        long past = 10 * 365 * 24 * TimedEngine.Hour;
        engine.Write("a", (1, 1, past));
        engine.Pass(14 * Second);
        Assert.Empty(engine.Read("ca"));
        engine.Pass(2 * Second);
        Assert.Single(engine.Read("ca"));

        // What comes next is not late.
        engine.Write("a", (1, 1, past + (20 * Second)));
        engine.Pass(60 * Second);
        Assert.Equal(2, engine.Read("ca").Count);
        Assert.Equal(0, engine.View("ca").Feed.LateRows);
    }

    [Fact]
    public void AnIdleInputHoldsTheOtherBackOnlyUntilItsTimeout()
    {
        TimedEngine engine = Start("");
        engine.Define("CREATE STREAM b (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds')",
            "CREATE MATERIALIZED VIEW pair AS SELECT k, v, at FROM a UNION ALL SELECT k, v, at FROM b",
            "CREATE MATERIALIZED VIEW cb AS " + string.Format(Closing, "pair"));
        long start = engine.Now - (engine.Now % (10 * Second));
        engine.Write("b", (9, 1, start));
        for (int i = 0; i < 30; i++)
        {
            engine.Write("a", (i, 1, start + (i * Second)));
            engine.Pass(Second);
            if (i < 9)
            {
                Assert.Empty(engine.Read("cb"));
            }
        }

        // b has been silent since the beginning: windows of a close by a's watermark.
        Assert.Equal(2, engine.Read("cb").Count);
        engine.Write("b", (9, 1, start));
        Assert.Equal(1, engine.View("cb").Feed.LateRows);
        engine.Pass(3600 * Second);
        Assert.Equal(3, engine.Read("cb").Count);
    }

    [Fact]
    public void NeverMeansNever()
    {
        TimedEngine engine = Start("WITH (idle_timeout = 'never')");
        engine.Write("a", (1, 1, engine.Now));
        engine.Pass(24 * TimedEngine.Hour);
        Assert.Empty(engine.Read("ca"));
        Assert.Equal(long.MaxValue, engine.Engine.DueMicros);
        engine.Define("ALTER STREAM a SET (idle_timeout = '1 minute')");
        engine.Pass(TimedEngine.Minute);
        Assert.Single(engine.Read("ca"));
    }

    [Fact]
    public void TheTimeADatabaseIsDownIsNoSilence()
    {
        TimedEngine engine = Start("");
        engine.Write("a", (1, 1, engine.Now));
        engine.Reopen(crash: true);
        engine.JumpClock(TimedEngine.Hour);
        engine.Settle();
        Assert.Empty(engine.Read("ca"));

        // Whoever was cut off comes back with what he could not send.
        engine.Write("a", (2, 1, engine.Now - TimedEngine.Hour));
        Assert.Equal(0, engine.View("ca").Feed.LateRows);
        engine.Pass(TimedEngine.Minute);
        Assert.Equal(["2"], engine.Read("ca").Select(r => r.Split('|')[1]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WindowsOverProcessingTimeCloseByTheClock(bool restart)
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM s (k int, v bigint, at timestamptz)",
            "CREATE MATERIALIZED VIEW w AS SELECT k, window_end - window_start AS size, count(*) AS n "
            + "FROM TUMBLE(s, PROCTIME(), INTERVAL '10 seconds') GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE");
        engine.Pass(10 * Second - (engine.Now % (10 * Second)));
        engine.Write("s", (1, 1, null), (1, 2, null));
        engine.Pass(5 * Second);
        engine.Write("s", (1, 3, null));
        if (restart)
        {
            engine.Checkpoint();
            engine.Reopen(crash: true);
        }

        engine.Pass(4_900_000);
        Assert.Empty(engine.Read("w"));
        engine.Pass(200_000);
        Assert.Equal(["1|00:00:10|3"], engine.Read("w"));
        engine.Write("s", (1, 4, null));
        engine.Pass(TimedEngine.Minute);
        Assert.Equal(["1|00:00:10|1", "1|00:00:10|3"], engine.Read("w"));
        Assert.Equal(0, engine.View("w").Feed.StateRows);
    }

    private static TimedEngine Start(string options)
    {
        var engine = new TimedEngine();
        engine.Define("CREATE STREAM a (k int, v bigint, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds') " + options,
            "CREATE MATERIALIZED VIEW ca AS " + string.Format(Closing, "a"));
        return engine;
    }
}
