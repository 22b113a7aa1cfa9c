// Backups of a live database: the state of one epoch, whatever is written, sealed and let go meanwhile; nothing damaged is ever restored.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class BackupTests
{
    [Fact]
    public void ABackupIsTheStateOfItsEpochWhateverHappensMeanwhile()
    {
        EngineOnSimDisk db = Filled(1);
        db.HoldBackground = true;
        List<string> then = db.Everything();
        var target = new SimDisk(101) { CompleteAtOnce = true };
        var request = new BackupRequest(target, "/backup", default);
        db.Engine.Submit(request);
        db.Settle();
        SqlException second = Assert.Throws<SqlException>(() => db.Ask(new BackupRequest(new SimDisk(9), "/other", default)));
        Assert.Equal("55006", second.SqlState);

        // What the backup still has to copy is sealed, dropped, let go and checkpointed away.
        for (int i = 0; i < 30; i++)
        {
            db.Write("s", (i, 1000 + i));
            db.Write("t", (i % 5, i));
        }

        db.Define("DROP STREAM gone CASCADE");
        db.Define("ALTER STREAM s SET (retention_bytes = 1)");
        for (int i = 0; i < 3; i++)
        {
            db.Ask(new CheckpointRequest());
            db.Write("s", (i, i));
        }

        Assert.False(request.Task.IsCompleted);
        db.RunBackground();
        BackupFolder made = Done(request.Task);
        Assert.Empty(made.Missing);
        List<string> later = db.Everything();
        db.Ask(new CheckpointRequest());
        db.Reopen(crash: true);
        Assert.Equal(later, db.Everything());
        Assert.Equal(then, Restored(target).Everything());
        Assert.Throws<DataFolderException>(() => new EngineOnSimDisk(target));
    }

    /// <summary>A restored folder is a database like any other: it goes on, and can be backed up again.</summary>
    [Fact]
    public void ARestoredFolderGoesOn()
    {
        EngineOnSimDisk db = Filled(2);
        for (int round = 0; round < 3; round++)
        {
            var target = new SimDisk((ulong)round) { CompleteAtOnce = true };
            db.Ask(new BackupRequest(target, "/backup", default));
            List<string> then = db.Everything();
            db = Restored(target);
            Assert.Equal(then, db.Everything());
            db.Write("s", (round, round));
            db.Ask(new CompactRequest());
            then = db.Everything();
            db.Ask(new CheckpointRequest());
            db.Reopen(crash: true);
            Assert.Equal(then, db.Everything());
        }
    }

    /// <summary>T9 for backups: a byte of any of its files is flipped; the restore refuses and names the file, and what it left behind is no data folder.</summary>
    [Fact]
    public void ADamagedBackupIsRefused()
    {
        EngineOnSimDisk db = Filled(3);
        var target = new SimDisk(103) { CompleteAtOnce = true };
        BackupFolder made = db.Ask(new BackupRequest(target, "/backup", default));
        foreach (string path in made.Files.Select(f => f.Path).Append(BackupFolder.ManifestFile))
        {
            int length = target.Content(path).Length;
            for (int at = 0; at < length; at += 1 + (length / 60))
            {
                SimDisk copy = target.Copy(5);
                copy.Damage(path, at, (byte)(1 << (at % 8)));
                var into = new SimDisk(6) { CompleteAtOnce = true };
                Exception refused = Assert.ThrowsAny<Exception>(() => BackupFolder.Restore(copy, into, _ => { }));
                Assert.True(refused is CorruptionException or DataFolderException, refused.ToString());
                Assert.Contains(path, refused.Message, StringComparison.Ordinal);
                Assert.False(into.Exists("FORMAT"));
            }

            // T10, T11: it is missing, or cut.
            SimDisk without = target.Copy(7);
            without.Delete(path);
            Assert.ThrowsAny<Exception>(() => BackupFolder.Restore(without, new SimDisk(8) { CompleteAtOnce = true }, _ => { }));
        }
    }

    /// <summary>T12: the power goes at every operation of a backup: its folder is a whole backup or none. And at every operation of a restore.</summary>
    [Fact]
    public void APowerCutLeavesAWholeBackupOrNone()
    {
        int none = 0;
        for (int cut = 0; ; cut++)
        {
            EngineOnSimDisk db = Filled(4);
            List<string> then = db.Everything();
            var target = new SimDisk((ulong)cut + 1) { CompleteAtOnce = true, OperationsToPowerCut = cut };
            bool done = false;
            try
            {
                db.Ask(new BackupRequest(target, "/backup", default));
                done = true;
            }
            catch (SimPowerCutException)
            {
                none++;
            }

            target.OperationsToPowerCut = -1;
            target.Crash();
            target.Restart();
            if (!target.Exists(BackupFolder.ManifestFile))
            {
                Assert.False(done);
                Assert.Throws<DataFolderException>(() => BackupFolder.Restore(target, new SimDisk(1), _ => { }));
                continue;
            }

            Assert.Equal(then, Restored(target).Everything());
            if (done)
            {
                break;
            }
        }

        Assert.True(none > 20, $"only {none} cuts");
    }

    [Fact]
    public void APowerCutInARestoreLeavesAWholeFolderOrNone()
    {
        EngineOnSimDisk db = Filled(5);
        List<string> then = db.Everything();
        var backup = new SimDisk(105) { CompleteAtOnce = true };
        db.Ask(new BackupRequest(backup, "/backup", default));
        for (int cut = 0; ; cut++)
        {
            var into = new SimDisk((ulong)cut + 1) { CompleteAtOnce = true, OperationsToPowerCut = cut };
            bool done = false;
            try
            {
                BackupFolder.Restore(backup, into, _ => { });
                done = true;
            }
            catch (SimPowerCutException)
            {
                // Half of it is there.
            }

            into.OperationsToPowerCut = -1;
            into.Crash();
            into.Restart();
            if (into.Exists("FORMAT"))
            {
                Assert.Equal(then, new EngineOnSimDisk(into, 25).Everything());
            }
            else
            {
                Assert.False(done);
                if (into.List("").Any(n => n != "LOCK" && !n.EndsWith(IDisk.TemporarySuffix, StringComparison.Ordinal)))
                {
                    Assert.Throws<DataFolderException>(() => new EngineOnSimDisk(into));
                }
            }

            if (done)
            {
                return;
            }
        }
    }

    /// <summary>T16 for backups: the backup's disk is full; that is told, nothing else is touched, and with room it works.</summary>
    [Fact]
    public void AFullTargetIsTold()
    {
        EngineOnSimDisk db = Filled(6);
        var target = new SimDisk(106) { CompleteAtOnce = true, CapacityBytes = 3_000 };
        SqlException full = Assert.Throws<SqlException>(() => db.Ask(new BackupRequest(target, "/backup", default)));
        Assert.Equal("53100", full.SqlState);
        Assert.Contains("/backup", full.Message, StringComparison.Ordinal);
        db.Write("s", (1, 1));
        Assert.Equal("58P02", Assert.Throws<SqlException>(() => db.Ask(new BackupRequest(target, "/backup", default))).SqlState);
        var roomy = new SimDisk(107) { CompleteAtOnce = true };
        db.Ask(new BackupRequest(roomy, "/roomy", default));
        Assert.Equal(db.Everything(), Restored(roomy).Everything());
    }

    /// <summary>A damaged segment does not stop the rest from being saved: it is named in the backup, and is missing in what is restored.</summary>
    [Fact]
    public void ADamagedSegmentIsLeftOutAndNamed()
    {
        EngineOnSimDisk db = Filled(7);
        StoredSegment hit = db.Engine.Objects.First(o => o.Definition.Name == "s").AppendedRows!.Segments[0];
        db.Disk.Damage(hit.Info.Path, 40, 0x10);
        db.Reopen();
        var target = new SimDisk(108) { CompleteAtOnce = true };
        BackupFolder made = db.Ask(new BackupRequest(target, "/backup", default));
        Assert.Contains(hit.Info.Path, Assert.Single(made.Missing), StringComparison.Ordinal);
        EngineOnSimDisk again = Restored(target);
        Assert.Contains(hit.Info.Path, Assert.Single(again.Engine.RecoveryWarnings), StringComparison.Ordinal);
        Assert.Equal("XX001", Assert.Throws<SqlException>(() => again.Values("s")).SqlState);
        Assert.NotEmpty(again.Values("gone"));
    }

    [Fact]
    public void ItCanBeCalledOff()
    {
        EngineOnSimDisk db = Filled(8);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Equal("57014", Assert.Throws<SqlException>(() => db.Ask(new BackupRequest(new SimDisk(109) { CompleteAtOnce = true }, "/backup", source.Token))).SqlState);
        db.Write("s", (1, 1));
    }

    // For a task that is complete: nobody else runs.
    private static T Done<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static EngineOnSimDisk Filled(ulong seed)
    {
        var db = new EngineOnSimDisk(new SimDisk(seed) { CompleteAtOnce = true }, sealRows: 25);
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE STREAM gone (k int, v bigint)");
        db.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        db.Define("CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k");
        db.Define("CREATE MATERIALIZED VIEW big AS SELECT k, v FROM gone WHERE v > 3");
        for (int i = 0; i < 30; i++)
        {
            db.Write("s", (i % 3, i), (i % 4, 2 * i));
            db.Write("gone", (i, i));
            db.Write("t", (i % 7, i));
            if (i == 15)
            {
                db.Ask(new CheckpointRequest());
            }
        }

        return db;
    }

    private static EngineOnSimDisk Restored(SimDisk backup)
    {
        var into = new SimDisk(999) { CompleteAtOnce = true };
        BackupFolder.Restore(backup, into, _ => { });
        return new EngineOnSimDisk(into, sealRows: 25);
    }
}
