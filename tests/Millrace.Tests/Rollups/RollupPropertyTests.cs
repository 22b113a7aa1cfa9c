// Random streams, rollups and queries: with rollups and without the answers are the same to the last digit, over late rows, retention, restarts and crashes.
using System.Globalization;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Rollups;

public sealed class RollupPropertyTests
{
    private const long Minute = RollupEngine.Minute;
    private const long Hour = RollupEngine.Hour;

    // Rows often share their times.
    private const long Tie = RollupEngine.Second / 4;
    private const string Columns = "(k int, g text, v bigint, d double precision, p numeric, at timestamptz, WATERMARK FOR at AS at - INTERVAL '# minutes')";
    private const string Values = "count(*) AS n, count(v) AS nv, sum(v) AS sv, min(v) AS mv, max(v) AS xv, sum(d) AS sd, count(d) AS nd, sum(k) AS sk, count(k) AS nk, " +
        "min(g) AS mg, count(*) FILTER (WHERE v > 50) AS big, sum(p) AS sp, count(p) AS np, min(p) AS mp, max(p) AS xp, max(d) AS dx";

    // Equal values of several scales.
    private static readonly object[] Prices =
        [.. new[] { "1", "1.0", "1.00", "-2.5", "0.125", "99999999.99", "0" }.Select(t => (object)Millrace.Core.Numeric.Parse(System.Text.Encoding.ASCII.GetBytes(t)))];

    private static readonly object[] Odd = [-0.0, 0.0, double.NaN, 1e308];

    private static readonly string[] Rollups =
    [
        $"SELECT k, g, window_start, {Values}, avg(d) AS ad, first(v, at) AS fv, last(v, at) AS lv FROM TUMBLE(#, at, INTERVAL '5 minutes') GROUP BY k, g, window_start EMIT ON WINDOW CLOSE",
        $"SELECT time_bucket('1 hour', at) AS h, k, {Values}, first(v, at) AS fv, last(v, at) AS lv FROM # GROUP BY h, k EMIT ON WINDOW CLOSE",
        $"SELECT window_end, g, {Values}, count(DISTINCT k) AS dk FROM TUMBLE(#, at, INTERVAL '3 hours') GROUP BY g, window_start, window_end EMIT ON WINDOW CLOSE",
        $"SELECT date_trunc('minute', at) AS m, k, {Values} FROM # WHERE k IN (1, 2, 3) GROUP BY m, k EMIT ON WINDOW CLOSE",
        $"SELECT window_start, window_end, k % 2 = 0 AS even, {Values} FROM TUMBLE(#, at, INTERVAL '30 minutes', INTERVAL '10 minutes') " +
            "GROUP BY window_start, window_end, even EMIT ON WINDOW CLOSE ALLOW LATENESS INTERVAL '10 minutes'",
        $"SELECT k, window_start, extract(minute FROM window_start) AS m, {Values}, max(window_end) AS we, count(*) FILTER (WHERE window_end > at + INTERVAL '2 minutes') AS ne " +
            "FROM TUMBLE(#, at, INTERVAL '5 minutes') GROUP BY k, window_start, m EMIT ON WINDOW CLOSE",
        $"SELECT window_start, extract(second FROM at) AS s, {Values} FROM TUMBLE(#, at, INTERVAL '1 second') GROUP BY window_start, s EMIT ON WINDOW CLOSE",
        $"SELECT window_start, {Values} FROM TUMBLE(#, at, INTERVAL '1 second') GROUP BY window_start EMIT ON WINDOW CLOSE",
    ];

    /// <summary>Rows come late and without a time, rollups let go of old windows and are made late: but the stream keeps everything.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void RowsOrRollupsGiveTheSame(ulong seed)
    {
        var random = new SimRandom(seed);
        var db = new RollupEngine(seed, sealRows: random.Next(2) == 0 ? 64 : 1 << 20);
        db.Db.Define($"CREATE STREAM s {Columns.Replace("#", random.Next(3) == 0 ? "0" : "2", StringComparison.Ordinal)} WITH (key = 'k', idle_timeout = 'never')");
        long time = (db.Now - (3 * RollupEngine.Day)) / Minute * Minute;
        int used = 0;
        for (int step = 0; step < 30; step++)
        {
            if (step == 0)
            {
                db.Db.Define("CREATE MATERIALIZED VIEW minutes AS " + Rollups[0].Replace("#", "s", StringComparison.Ordinal));
            }
            else if (random.Next(4) == 0)
            {
                MakeRollup(db, random, step, random.Next(2) == 0 ? " WITH (retention = '2 days 18 hours')" : "");
            }

            db.Append("s", Rows(random, ref time, lateOneIn: random.Next(3) == 0 ? 15 : 0, last: step > 26));
            Disturb(db, random, pauses: true);
            for (int q = 0; q < 5; q++)
            {
                string sql = Query(random, "s", time);
                (List<string> expected, _) = db.Read(sql, RollupMode.Off);
                (List<string> found, IReadOnlyList<RollupReport> reports) = db.Read(sql, RollupMode.On);
                Assert.True(expected.SequenceEqual(found), Told(seed, step, sql, expected, found, reports));
                Assert.All(reports, r => Assert.All(r.Uses, u => Assert.True(u.Gone.IsEmpty)));
                used += reports.Sum(r => r.Uses.Count);
            }
        }

        Assert.True(used > 3, $"seed {seed}: rollups answered {used} times only");
    }

    /// <summary>The stream forgets what is older than some hours, or beyond some bytes: rollups give what its twin that forgets nothing gives, wherever none of it is missing.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void WhatRetentionDroppedIsAnsweredFromRollups(ulong seed)
    {
        var random = new SimRandom(seed);
        var db = new RollupEngine(seed, sealRows: random.Next(2) == 0 ? 64 : 1 << 20);
        string kept = random.Next(3) == 0 ? "retention_bytes = '3 kB'" : "retention = '5 hours'";
        db.Db.Define($"CREATE STREAM s {Columns.Replace("#", "2", StringComparison.Ordinal)} WITH (key = 'k', idle_timeout = 'never', {kept})");
        db.Db.Define($"CREATE STREAM twin {Columns.Replace("#", "2", StringComparison.Ordinal)} WITH (idle_timeout = 'never')");
        long time = db.Now / Minute * Minute;
        bool pauses = random.OneIn(4);
        int gone = 0;
        for (int step = 0; step < 25; step++)
        {
            if (step == 0)
            {
                db.Db.Define("CREATE MATERIALIZED VIEW minutes AS " + Rollups[0].Replace("#", "s", StringComparison.Ordinal));
            }
            else if (random.Next(6) == 0)
            {
                MakeRollup(db, random, step, random.Next(3) == 0 ? " WITH (retention = '40 hours')" : "");
            }

            IReadOnlyList<object?[]> rows = Rows(random, ref time, lateOneIn: 0, odd: false);
            db.Append("s", rows);
            db.Append("twin", rows);
            db.Db.Clock.JumpTo(Math.Max(db.Now, time));
            Disturb(db, random, pauses);
            for (int q = 0; q < 5; q++)
            {
                string sql = Query(random, "s", time);
                (List<string> found, IReadOnlyList<RollupReport> reports) = db.Read(sql, RollupMode.On);
                if (reports is [{ Missing.IsEmpty: true, Uses.Count: > 0 } report] && (report.Uses.Any(u => !u.Gone.IsEmpty) || db.Snapshot.Find(report.Stream.Id).GoneUpto == long.MinValue))
                {
                    // Sums of floats over several windows are all that may differ, and only where there is nothing better.
                    bool rounds = sql.Contains("(d)", StringComparison.Ordinal);
                    (List<string> expected, _) = db.Read(sql.Replace("(s,", "(twin,", StringComparison.Ordinal)
                        .Replace("FROM s", "FROM twin", StringComparison.Ordinal), RollupMode.Off);
                    Assert.True(rounds ? IsNear(expected, found) : expected.SequenceEqual(found), Told(seed, step, sql, expected, found, reports));
                    gone += report.Uses.Count(u => !u.Gone.IsEmpty);
                }
            }
        }

        Assert.True(gone > 3 || pauses, $"seed {seed}: rows that were gone were asked for {gone} times only");
    }

    /// <summary>Twelve seeds; more and others by MILLRACE_SEEDS=count and MILLRACE_SEED=first.</summary>
    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(Given("MILLRACE_SEED", 1), Given("MILLRACE_SEEDS", 12)).Select(i => (ulong)i)];

    private static int Given(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : otherwise;

    private static void MakeRollup(RollupEngine db, SimRandom random, int step, string with) =>
        db.Db.Define($"CREATE MATERIALIZED VIEW r{step}{with} AS {Rollups[random.Next(Rollups.Length)].Replace("#", "s", StringComparison.Ordinal)}");

    private static void Disturb(RollupEngine db, SimRandom random, bool pauses)
    {
        switch (random.Next(pauses ? 10 : 8))
        {
            case 8 or 9: PauseOrResume(db, random); break;
            case 0: db.Db.Ask(new CompactRequest()); break;
            case 1: db.Db.Ask(new CheckpointRequest()); break;
            case 2: db.Db.Reopen(crash: true); break;
            case 3:
                db.Db.Engine.Dispose();
                db.Db.Reopen();
                break;
            default: break;
        }
    }

    private static void PauseOrResume(RollupEngine db, SimRandom random)
    {
        CatalogObject[] views = [.. db.Snapshot.Catalog.All.Where(o => o.Kind == ObjectKind.MaterializedView)];
        CatalogObject view = views[random.Next(views.Length)];
        try
        {
            db.Db.Define($"ALTER MATERIALIZED VIEW {view.Name} {(view.Paused is null ? "PAUSE" : "RESUME")}");
        }
        catch (Millrace.Core.SqlException e) when (e.SqlState == "55000")
        {
            // It has let rows go, or has no key: it stays paused.
        }
    }

    private static List<object?[]> Rows(SimRandom random, ref long time, int lateOneIn, bool odd = true, bool last = false)
    {
        var rows = new List<object?[]>();
        int count = 5 + random.Next(60);
        for (int i = 0; i < count; i++)
        {
            time += random.Next(4) == 0 ? random.Next((int)(12 * Minute)) : random.Next((int)Minute);
            long at = lateOneIn > 0 && random.Next(lateOneIn) == 0 ? time - random.Next(int.MaxValue) : time - random.Next((int)(90 * RollupEngine.Second));
            rows.Add([
                random.Next(20) == 0 ? null : random.Next(5), random.Next(15) == 0 ? null : ByteSlice($"g{random.Next(3)}"),
                random.Next(10) == 0 ? null : (long)random.Next(100), random.Next(10) == 0 ? null : random.Next(30) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(100_000) / 7.0,
                random.Next(10) == 0 ? null : Prices[random.Next(Prices.Length)],
                (odd ? random.Next(25) : 25) switch
                {
                    0 => null,
                    1 when random.Next(4) == 0 => long.MinValue,
                    1 when last => long.MaxValue,
                    _ => at / Tie * Tie,
                }]);
        }

        return rows;
    }

    private static object ByteSlice(string text) => Millrace.Core.ByteSlice.From(text);

    private static string Query(SimRandom random, string stream, long time)
    {
        string T(long micros) => "'" + DateTime.UnixEpoch.AddTicks(micros * 10).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "+00'";
        (string from, string? bucket) = random.Next(9) switch
        {
            0 => ($"TUMBLE({stream}, at, INTERVAL '1 hour')", "window_start"),
            1 => ($"TUMBLE({stream}, at, INTERVAL '{new[] { 5, 30, 180 }[random.Next(3)]} minutes'{(random.Next(3) == 0 ? ", INTERVAL '10 minutes'" : "")})",
                random.Next(2) == 0 ? "window_start" : "window_end"),
            2 => ($"HOP({stream}, at, INTERVAL '1 hour', INTERVAL '3 hours')", "window_start"),
            3 => ($"CUMULATE({stream}, at, INTERVAL '1 hour', INTERVAL '6 hours')", "window_end"),
            4 => (stream, null),
            5 => (stream, $"date_trunc('{new[] { "second", "minute", "hour", "day", "month" }[random.Next(5)]}', at)"),
            6 => (stream, $"extract({new[] { "second", "minute", "hour", "dow" }[random.Next(4)]} FROM at)"),
            _ => (stream, $"time_bucket('{new[] { "5 minutes", "10 minutes", "1 hour", "2 hours", "3 hours", "1 day" }[random.Next(6)]}', at)"),
        };
        List<string> keys = bucket is null ? [] : [bucket];
        keys.AddRange(new[] { "k", "g", "k % 2 = 0" }.Where(_ => random.Next(4) == 0));
        if (bucket?.StartsWith("window", StringComparison.Ordinal) == true && random.Next(3) == 0)
        {
            keys.Add(random.Next(2) == 0 ? "extract(minute FROM window_start)" : "extract(hour FROM window_start)");
        }

        string[] all = ["count(*)", "count(v)", "sum(v)", "min(v)", "max(v)", "avg(v)", "sum(d)", "avg(d)", "sum(k)", "avg(k)", "min(g)", "first(v, at)", "last(v, at)",
            "sum(p)", "avg(p)", "min(p)", "max(p)", "max(d)", "count(*) FILTER (WHERE v > 50)", "count(DISTINCT k)"];
        if (bucket?.StartsWith("window", StringComparison.Ordinal) == true && random.Next(4) == 0)
        {
            all = ["max(window_end)", "count(*) FILTER (WHERE window_end > at + INTERVAL '2 minutes')"];
        }

        List<string> values = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => all[random.Next(random.Next(3) == 0 ? all.Length : Math.Min(all.Length, 11))])];
        var where = new List<string>();
        long step = random.Next(3) == 0 ? Hour : 1;
        if (random.Next(3) == 0)
        {
            where.Add($"at >= {T((time - random.Next(int.MaxValue) - (random.Next(8) * Hour)) / step * step)}");
        }

        if (random.Next(4) == 0)
        {
            where.Add($"at {(random.Next(2) == 0 ? "<" : "<=")} {T((time - random.Next(int.MaxValue)) / step * step)}");
        }

        switch (random.Next(7))
        {
            case 0: where.Add("k = 2"); break;
            case 1: where.Add("k IN (1, 2, 3)"); break;
            case 2: where.Add("g = 'g1'"); break;
            case 3: where.Add($"time_bucket('1 hour', at) >= {T(time - (4 * Hour))}"); break;
            case 4 when bucket?.StartsWith("window", StringComparison.Ordinal) == true: where.Add($"{bucket} > {T(time - (5 * Hour))}"); break;
            default: break;
        }

        return $"SELECT {string.Join(", ", keys.Concat(values).Select((e, i) => $"{e} AS c{i}"))} FROM {from}"
            + (where.Count > 0 ? " WHERE " + string.Join(" AND ", where) : "")
            + (keys.Count > 0 ? " GROUP BY " + string.Join(", ", keys.Select((_, i) => i + 1)) : "");
    }

    private static bool IsNear(List<string> expected, List<string> found)
    {
        if (expected.Count != found.Count)
        {
            return false;
        }

        for (int i = 0; i < expected.Count; i++)
        {
            string[] a = expected[i].Split('|');
            string[] b = found[i].Split('|');
            if (a.Length != b.Length || !a.Zip(b).All(p => IsNear(p.First, p.Second)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsNear(string expected, string found) => expected == found
        || (double.TryParse(expected, CultureInfo.InvariantCulture, out double x) && double.TryParse(found, CultureInfo.InvariantCulture, out double y)
            && Math.Abs(x - y) <= 1e-12 * Math.Abs(x));

    private static string Told(ulong seed, int step, string sql, List<string> expected, List<string> found, IReadOnlyList<RollupReport> reports)
    {
        IEnumerable<string> uses = reports.SelectMany(r => r.Uses)
            .Select(u => $"{u.Rollup.View.Query}\n  {string.Join(" ", u.Times.Ranges)} after {u.Rollup.After} closed {u.Rollup.ClosedUpto}");
        return $"seed {seed}, step {step}\n{sql}\n{string.Join("\n", uses)}\nrows: {string.Join(" ", reports.SelectMany(r => r.Rows.Ranges))}"
            + $"\nexpected only:\n{string.Join("\n", expected.Except(found).Take(10))}\nfound only:\n{string.Join("\n", found.Except(expected).Take(10))}";
    }
}
