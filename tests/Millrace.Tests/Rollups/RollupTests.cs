// Rollups as a user meets them: notices through both doors, parameters, cursors, COPY, endpoints; and the retention of the rollup itself.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Tests.Doors.Postgres;
using Millrace.Tests.Engine;
using Millrace.Tests.Sessions;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Rollups;

public sealed class RollupTests : OneSession
{
    private const long Hour = RollupEngine.Hour;

    private protected override async Task SetUpAsync()
    {
        await Session.ExecuteAsync("CREATE STREAM cpu (host text, load double precision, at timestamptz, WATERMARK FOR at AS at) WITH (idle_timeout = 'never')");
        await Session.ExecuteAsync(
            "CREATE MATERIALIZED VIEW cpu_1h AS SELECT host, window_start, count(*) AS n, max(load) AS peak FROM TUMBLE(cpu, at, INTERVAL '1 hour') " +
            "GROUP BY host, window_start EMIT ON WINDOW CLOSE");
        await Session.ExecuteAsync(
            "INSERT INTO cpu SELECT 'h' || i % 2, i, timestamptz '2026-03-01 00:00:00+00' + i * INTERVAL '15 minutes' FROM generate_series(0, 40) AS g (i)");
    }

    [Fact]
    public async Task ANoticeSaysWhatIsGone()
    {
        Assert.Empty((await Database.ExecuteAsync("SELECT count(*) FROM cpu")).Notices);
        await Session.ExecuteAsync("ALTER STREAM cpu SET (retention = '1 day')");
        StatementResult whole = await Database.ExecuteAsync("SELECT count(*) FROM cpu WHERE at < '2026-03-01 10:00:00+00'");
        Assert.Equal(40L, BoxedValue.Get(whole.Batches[0].Columns[0], 0));
        Notice told = Assert.Single(whole.Notices);
        Assert.Equal(("00000", "rows of \"cpu\" are gone by retention: \"cpu_1h\" answers for all before 2026-03-01 10:00:00+00", null), (told.SqlState, told.Message, told.Hint));
        StatementResult cut = await Database.ExecuteAsync("SELECT count(*) FROM cpu WHERE at >= '2026-03-01 01:20:00+00' AND at < '2026-03-01 04:00:00+00'");
        Assert.Equal(8L, BoxedValue.Get(cut.Batches[0].Columns[0], 0));
        told = Assert.Single(cut.Notices);
        Assert.EndsWith("answers for 2026-03-01 02:00:00+00 to 2026-03-01 04:00:00+00", told.Message, StringComparison.Ordinal);
        Assert.Equal("what is gone of 2026-03-01 01:20:00+00 to 2026-03-01 02:00:00+00 lies in no whole window of a rollup and is missing", told.Hint);
        await Session.ExecuteAsync("SET rollups = off");
        Assert.Empty((await Session.ExecuteAsync("SELECT count(*) FROM cpu"))[0].Notices);

        await using DoorHost host = await DoorHost.StartAsync(Database.NewSession);
        await using var source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={host.Port};Username=millrace;Database=millrace");
        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        var notices = new List<PostgresNotice>();
        connection.Notice += (_, e) => notices.Add(e.Notice);
        await using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM cpu WHERE at >= @from AND host = @host";
        command.Parameters.AddWithValue("from", new DateTime(2026, 3, 1, 2, 0, 0, DateTimeKind.Utc));
        command.Parameters.AddWithValue("host", "h1");
        Assert.Equal(16L, await command.ExecuteScalarAsync());
        PostgresNotice notice = Assert.Single(notices);
        Assert.Equal(("NOTICE", "00000"), (notice.Severity, notice.SqlState));
        Assert.EndsWith("answers for 2026-03-01 02:00:00+00 to 2026-03-01 10:00:00+00", notice.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CursorsCopyAndEndpointsAreAnsweredToo()
    {
        await Session.ExecuteAsync("CREATE ENDPOINT peaks (h text) AS SELECT max(load) AS peak FROM cpu WHERE host = $h");
        await Session.ExecuteAsync("ALTER STREAM cpu SET (retention = '1 day')");
        Assert.Single((await Session.ExecuteAsync("DECLARE c CURSOR WITH HOLD FOR SELECT max(load) FROM cpu"))[0].Notices);
        Assert.Equal(39.0, BoxedValue.Get((await Session.ExecuteAsync("FETCH ALL FROM c"))[0].Batches[0].Columns[0], 0));
        Assert.Single((await Session.ExecuteAsync("COPY (SELECT max(load) FROM cpu) TO STDOUT"))[0].Notices);
        PublishedQuery peaks = Database.FindEndpoint("peaks")!;
        Assert.Equal(38.0, BoxedValue.Get(peaks.Read(peaks.Bind([new("h", "h0")])).Rows.Batches[0].Columns[0], 0));

        // What is written is made of rows.
        await Session.ExecuteAsync("CREATE TABLE t (n bigint)");
        await Session.ExecuteAsync("INSERT INTO t SELECT count(*) FROM cpu");
        Assert.Equal(0L, BoxedValue.Get((await Session.ExecuteAsync("SELECT n FROM t"))[0].Batches[0].Columns[0], 0));
    }

    /// <summary>Without the end of its windows in its columns a rollup's rows go by their start: not by when they were computed, which is today.</summary>
    [Theory]
    [InlineData("host, window_start", 3)]
    [InlineData("host, window_end", 4)]
    public void ARollupKeepsToItsOwnRetention(string columns, int left)
    {
        var db = new EngineOnSimDisk(new SimDisk(1), sealRows: 1 << 20);
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at) WITH (idle_timeout = 'never', retention = '1 day')");
        db.Define($"CREATE MATERIALIZED VIEW r WITH (retention = '3 hours 30 minutes') AS SELECT {columns.Replace("host", "k", StringComparison.Ordinal)}, count(*) AS n "
            + $"FROM TUMBLE(s, at, INTERVAL '1 hour') GROUP BY k, window_start, window_end EMIT ON WINDOW CLOSE");
        long start = (db.Clock.UtcNowMicros / Hour * Hour) - (10 * Hour);
        for (int hour = 0; hour <= 10; hour++)
        {
            db.WriteAt("s", (1, hour, start + (hour * Hour)));
            db.Ask(new CompactRequest());
        }

        Assert.Equal(left, Rows(db));
        db.Ask(new CheckpointRequest());
        db.Reopen(crash: true);
        Assert.Equal(left, Rows(db));
        db.Define("ALTER MATERIALIZED VIEW r SET (retention = '90 minutes')");
        Assert.Equal(left - 2, Rows(db));
        db.Define("ALTER MATERIALIZED VIEW r RESET (retention)");
        db.WriteAt("s", (1, 11, start + (15 * Hour)));
        Assert.Equal(left - 1, Rows(db));
    }

    /// <summary>
    /// A view that stands still answers nothing. When it goes on, what it had given before stays as it is, though rows may have come for that: so it answers for
    /// what closes from then on, and the rest is read from rows.
    /// </summary>
    [Fact]
    public void APausedRollupIsNotUsedAndOneThatWasResumedForWhatClosesLater()
    {
        var db = new RollupEngine(1, sealRows: 1 << 20);
        db.Db.Define("CREATE STREAM s (k int, g text, v bigint, d double precision, at timestamptz, WATERMARK FOR at AS at) WITH (idle_timeout = 'never')");
        db.Db.Define("CREATE MATERIALIZED VIEW r AS SELECT k, window_start, count(*) AS n FROM TUMBLE(s, at, INTERVAL '1 hour') GROUP BY k, window_start EMIT ON WINDOW CLOSE");
        long start = db.Now / Hour * Hour;
        Write(start, start + Hour, start + (2 * Hour), start + (3 * Hour));
        const string All = "SELECT count(*) FROM s";
        Assert.Equal(1, Uses(All, 4));
        db.Db.Define("ALTER MATERIALIZED VIEW r PAUSE");
        Assert.Equal(0, Uses(All, 4));
        Write(start + 1, start + (4 * Hour), start + (5 * Hour)); // the first is late, and nobody notes it
        db.Db.Ask(new CheckpointRequest());
        db.Db.Reopen(crash: true);
        Assert.Equal(0, Uses(All, 7));
        db.Db.Define("ALTER MATERIALIZED VIEW r RESUME");
        Write(start + (6 * Hour), start + (7 * Hour));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(0, Uses($"SELECT count(*) FROM s WHERE at < {At(start + (2 * Hour))}", 3));
            Assert.Equal(1, Uses($"SELECT count(*) FROM s WHERE at >= {At(start + (4 * Hour))}", 4));
            Assert.Equal(1, Uses(All, 9));
            db.Db.Reopen(crash: true);
        }

        void Write(params long[] times) => db.Append("s", [.. times.Select(t => (object?[])[1, null, 1L, 1.0, t])]);

        static string At(long micros) => $"'{DateTime.UnixEpoch.AddTicks(micros * 10):yyyy-MM-dd HH:mm:ss}+00'";

        int Uses(string sql, int count)
        {
            (List<string> rows, IReadOnlyList<RollupReport> reports) = db.Read(sql, RollupMode.On);
            Assert.Equal([$"{count}"], rows);
            return reports.Sum(r => r.Uses.Count);
        }
    }

    /// <summary>Up to where rows are gone is logged: a replay that cuts chunks elsewhere must not take more of them for gone than are.</summary>
    [Fact]
    public void UpToWhereRowsAreGoneIsTheSameAfterARestart()
    {
        var db = new EngineOnSimDisk(new SimDisk(1) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint, at timestamp, WATERMARK FOR at AS at) WITH (retention = '1 hour')");
        db.Ask(new CheckpointRequest());
        long start = db.Clock.UtcNowMicros;
        db.WriteAt("s", (1, 1, start));
        db.Ask(new BackupRequest(new SimDisk(2) { CompleteAtOnce = true }, "b", default));
        db.WriteAt("s", (1, 2, start + (Hour / 2)));
        db.Clock.Advance(TimeSpan.FromMinutes(80));
        db.Settle();
        Assert.Equal([2L], db.Values("s"));
        Assert.Equal(start, db.Engine.Current.Find(1).GoneUpto);
        db.Reopen(crash: true);
        Assert.Equal([2L], db.Values("s"));
        Assert.Equal(start, db.Engine.Current.Find(1).GoneUpto);
    }

    private static long Rows(EngineOnSimDisk db)
    {
        DatabaseSnapshot snapshot = db.Engine.Current;
        return snapshot.Find(snapshot.Catalog.Find(null, "r")!.Id).Appended!.Rows;
    }
}
