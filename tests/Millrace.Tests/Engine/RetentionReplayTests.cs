// What retention has let go is the same after a restart, whatever sealing, checkpoints and backups came between, and so is all that was computed meanwhile.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class RetentionReplayTests
{
    private const long Minute = 60_000_000;

    /// <summary>A backup ends a chunk; a replay from the checkpoint before it, which knew nothing of that, brought its rows back (simulator's seed 5248).</summary>
    [Fact]
    public void RowsThatWentDoNotComeBackWhenTheReplayCutsChunksElsewhere()
    {
        var db = new EngineOnSimDisk(new SimDisk(1) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        db.Ask(new CheckpointRequest());
        db.Write("s", (1, 1), (1, 2));
        db.Ask(new BackupRequest(new SimDisk(2) { CompleteAtOnce = true }, "b", default));
        db.Clock.Advance(TimeSpan.FromMinutes(50));
        db.Write("s", (1, 3));
        db.Clock.Advance(TimeSpan.FromMinutes(20));
        db.Settle();
        Assert.Equal([3L], db.Values("s"));
        db.Define("CREATE MATERIALIZED VIEW counted AS SELECT k, count(*) FROM s GROUP BY k");
        Assert.Equal([1L], db.Values("counted"));
        for (int i = 0; i < 2; i++)
        {
            db.Reopen(crash: true);
            Assert.Equal([3L], db.Values("s"));
            Assert.Equal([1L], db.Values("counted"));
        }
    }

    /// <summary>What is being sealed stays until that is done; a view that is made meanwhile has counted it, and still has after a restart.</summary>
    [Fact]
    public void AViewMadeWhileRowsWereHeldBackBySealingIsTheSameAfterARestart()
    {
        var db = new EngineOnSimDisk(new SimDisk(3) { CompleteAtOnce = true }, sealRows: 1000) { HoldBackground = true };
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        db.Define("CREATE STREAM other (k int, v bigint)");
        db.Write("s", (1, 1), (1, 2));
        db.Engine.Submit(new CompactRequest());
        db.Settle();
        db.Clock.Advance(TimeSpan.FromMinutes(70));
        db.Write("other", (1, 1));
        db.Define("CREATE MATERIALIZED VIEW counted AS SELECT k, count(*) FROM s GROUP BY k");
        Assert.Equal([2L], db.Values("counted"));
        db.RunBackground();
        Assert.Empty(db.Values("s"));
        List<string> before = db.Everything();
        db.HoldBackground = false;
        db.Reopen(crash: true);
        Assert.Equal(before, db.Everything());
    }

    /// <summary>Rows that go while writes come in go in the same records as these: no epochs of their own.</summary>
    [Fact]
    public void WritesTakeAlongWhatGoes()
    {
        var db = new EngineOnSimDisk(new SimDisk(4) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        db.Write("s", (1, 1));
        db.Ask(new CheckpointRequest());
        db.Clock.Advance(TimeSpan.FromMinutes(61));
        long before = db.Engine.Current.Epoch;
        Assert.Equal(before + 1, db.Write("s", (1, 2)));
        Assert.Equal(before + 1, db.Engine.Current.Epoch);
        Assert.Equal([2L], db.Values("s"));
    }

    /// <summary>Somebody who still reads an epoch from long before is told what is the matter: nothing is damaged.</summary>
    [Fact]
    public void ASnapshotWhoseRowsTheLogHasLostSaysSo()
    {
        var db = new EngineOnSimDisk(new SimDisk(5) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        db.Write("s", [.. Enumerable.Range(0, 300).Select(i => (i, (long)i))]);
        db.Ask(new CheckpointRequest());
        db.Write("s", [.. Enumerable.Range(0, 300).Select(i => (i, (long)i))]);
        DatabaseSnapshot held = db.Engine.Current;
        db.Clock.Advance(TimeSpan.FromMinutes(70));
        db.Settle();
        db.Ask(new CheckpointRequest());
        db.Write("s", [.. Enumerable.Range(0, 300).Select(i => (i, (long)i))]);
        db.Ask(new CheckpointRequest());
        Assert.Equal("72000", Assert.Throws<SqlException>(() => Count(held)).SqlState);
        Assert.Equal(300, Count(db.Engine.Current));

        static int Count(DatabaseSnapshot snapshot) => snapshot.Find(1).Scan(snapshot.Load).Sum(b => b.Count);
    }

    /// <summary>Logs of before do not say what went: there it follows from the time, as it did.</summary>
    [Fact]
    public void OfAnOlderLogItIsWorkedOut()
    {
        var disk = new SimDisk(6) { CompleteAtOnce = true };
        var db = new EngineOnSimDisk(disk);
        db.Define("CREATE STREAM s (k int, v bigint) WITH (retention = '1 hour')");
        db.Write("s", (1, 1));
        long time = db.Engine.Current.TimeMicros;
        Schema schema = db.Engine.Current.Catalog.Find(null, "s")!.Columns;
        long epoch = db.Engine.Current.Epoch;
        disk.Restart();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { Random = () => 1 }))
        {
            var record = new ByteWriter(100);
            foreach ((long minute, long value) in ((long, long)[])[(100, 2), (130, 3)])
            {
                var rows = new BatchBuilder(schema);
                ((FixedBuilder<int>)rows.Columns[0]).Append(1);
                ((FixedBuilder<long>)rows.Columns[1]).Append(value);
                rows.EndRow();
                record.Reset();
                CommitRecord.Write(record, ++epoch, time + (minute * Minute), [new CommitEntry(EntryKind.Append, 1, rows.ToBatch(), null)]);
                record.Buffer[0] = 3;
                log.Append(record.Written);
            }

            record.Reset();
            CommitRecord.Write(record, ++epoch, time + (165 * Minute), []);
            record.Buffer[0] = 3;
            log.Append(record.Written);
        }

        db.Reopen();
        // One tail: it went when all of it was too old, and not before.
        Assert.Equal([1L, 2, 3], db.Values("s"));
        disk.Restart();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { Random = () => 1 }))
        {
            var record = new ByteWriter(100);
            CommitRecord.Write(record, ++epoch, time + (191 * Minute), []);
            record.Buffer[0] = 3;
            log.Append(record.Written);
        }

        db.Reopen();
        Assert.Empty(db.Values("s"));
    }
}
