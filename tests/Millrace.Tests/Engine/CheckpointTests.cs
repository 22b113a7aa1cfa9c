// Checkpoints: what has not changed is not written again, the flow goes on meanwhile, and whatever happens in between, nothing is lost.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class CheckpointTests
{
    private const string Folder = "checkpoint";

    /// <summary>A large run is written once, and named by each checkpoint after that; what no kept checkpoint names is deleted.</summary>
    [Fact]
    public void WhatDoesNotChangeIsWrittenOnce()
    {
        EngineOnSimDisk db = Filled(1, sectionBytesMin: 1 << 20);
        db.Ask(new CheckpointRequest());
        string large = Assert.Single(StateFiles(db.Disk));
        long bytes = db.Disk.Content(large).Length;
        Assert.True(bytes > 10_000, $"{bytes} bytes");
        for (int i = 0; i < 6; i++)
        {
            db.Write("t", (5_000 + i, i), (6_000 + i, i), (7_000 + i, i));
            db.Write("s", (i, 1));
            db.Ask(new CheckpointRequest());
            string[] files = StateFiles(db.Disk);
            Assert.Contains(large, files);
            Assert.All(files.Where(f => f != large), f => Assert.True(db.Disk.Content(f).Length < bytes / 4, $"{f} has {db.Disk.Content(f).Length} bytes beside {bytes}"));
            Assert.Equal(2, Checkpoints(db.Disk).Length);
            Assert.Equal(files, Named(db.Disk));
            if (i % 2 == 1)
            {
                List<string> expected = db.Everything();
                db.Reopen(crash: true);
                Assert.Equal(expected, db.Everything());
            }
        }

        db.Define("DROP TABLE t CASCADE");
        db.Define("DROP MATERIALIZED VIEW sums");
        db.Ask(new CheckpointRequest());
        db.Write("s", (1, 1));
        db.Ask(new CheckpointRequest());
        Assert.Empty(StateFiles(db.Disk));
    }

    /// <summary>Of state that is changed in place only the blocks that changed are written, after a restart too.</summary>
    [Theory]
    [InlineData("SELECT k, count(*) AS n, sum(v) AS total, max(v) AS most FROM s GROUP BY k")]
    [InlineData("SELECT k::text || ' is the key' AS key, count(*) AS n FROM s GROUP BY key")]
    [InlineData("SELECT k, v FROM (SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM s) AS x WHERE r < 3")]
    [InlineData("SELECT a.k, a.v, b.v AS w FROM s AS a LEFT JOIN s AS b ON a.k = b.k AND b.v < 3")]
    public void OfStateChangedInPlaceOnlyWhatChangedIsWritten(string view)
    {
        var db = new EngineOnSimDisk(new SimDisk(7) { CompleteAtOnce = true }, sealRows: 100_000);
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define($"CREATE MATERIALIZED VIEW m AS {view}");
        for (int part = 0; part < 4; part++)
        {
            db.Write("s", [.. Enumerable.Range(part * 20_000, 20_000).Select(i => (i, i * 7L))]);
        }

        db.Ask(new CheckpointRequest());
        long all = db.Disk.Content(Assert.Single(StateFiles(db.Disk))).Length;
        var written = new List<long>();
        for (int i = 0; i < 4; i++)
        {
            db.Write("s", (100 + i, 5), (15_000 + i, 6));
            string[] before = StateFiles(db.Disk);
            db.Ask(new CheckpointRequest());
            written.Add(StateFiles(db.Disk).Except(before).Sum(f => (long)db.Disk.Content(f).Length));
            List<string> expected = db.Everything();
            db.Reopen(crash: true);
            Assert.Equal(expected, db.Everything());
        }

        Assert.All(written, w => Assert.True(w > 0 && w < all / 3, $"{w} of {all} bytes"));
    }

    /// <summary>Files of which little is named any more do not stay for that: the folder holds at most twice what two checkpoints name, and a little.</summary>
    [Fact]
    public void GarbageDoesNotPileUp()
    {
        EngineOnSimDisk db = Filled(2);
        for (int i = 0; i < 30; i++)
        {
            db.Write("t", [.. Enumerable.Range(0, 40 * (i % 5)).Select(n => ((n * 37) % 900, (long)i))]);
            db.Write("s", [.. Enumerable.Range(0, 1 << (i % 8)).Select(n => (n, (long)i))]);
            db.Ask(new CheckpointRequest());
            long named = 0;
            foreach (string path in Checkpoints(db.Disk))
            {
                named += CheckpointFile.Read(db.Disk, path).PieceBytes;
            }

            long held = StateFiles(db.Disk).Sum(f => (long)db.Disk.Content(f).Length);
            Assert.True(held <= (2 * named) + 1_000, $"round {i}: {held} bytes held, {named} named");
        }

        List<string> expected = db.Everything();
        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
    }

    /// <summary>Commits go on between the freezing of a checkpoint and its end, and are none of it; a loss of power at any stage takes nothing.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TheFlowGoesOnWhileACheckpointIsWritten(int stage)
    {
        EngineOnSimDisk db = Filled(3);
        db.HoldCheckpoints = true;
        var first = new CheckpointRequest();
        var second = new CheckpointRequest();
        db.Engine.Submit(first);
        db.Settle();
        long frozen = db.Engine.Current.Epoch;
        for (int i = 0; i < 20; i++)
        {
            db.Write("t", (i, -i));
            db.Write("s", (i, i), (i + 1, i));
        }

        db.Engine.Submit(second);
        db.Settle();
        Assert.False(first.Task.IsCompleted || second.Task.IsCompleted);
        Assert.False(db.Engine.IsIdle);
        List<string> expected = db.Everything();
        db.RunBackground(stage);
        Assert.Equal((stage > 0, stage > 1), (first.Task.IsCompleted, second.Task.IsCompleted));
        if (stage > 0)
        {
            Assert.Equal(frozen, await first.Task);
        }

        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
        Assert.Equal(stage, Checkpoints(db.Disk).Length);
        Assert.Empty(db.Engine.RecoveryWarnings);
        db.HoldCheckpoints = false;
        db.Write("s", (1, 1));
        db.Ask(new CheckpointRequest());
        Assert.Equal(StateFiles(db.Disk), Named(db.Disk));
    }

    /// <summary>T12: the power goes at each operation of a checkpoint that writes some pieces, names others and deletes files, and of the recovery from that.</summary>
    [Fact]
    public void APowerCutAtAnyOperationTakesNothing()
    {
        for (int at = 0; ; at++)
        {
            EngineOnSimDisk db = Filled((ulong)at + 50);
            db.Ask(new CheckpointRequest());
            Change(db, 1);
            db.Ask(new CheckpointRequest());
            Change(db, 2);
            List<string> expected = db.Everything();
            db.Disk.OperationsToPowerCut = at;
            bool cut = false;
            try
            {
                db.Ask(new CheckpointRequest());
            }
            catch (SimPowerCutException)
            {
                cut = true;
            }

            db.Disk.Crash();
            db.Disk.Restart();
            db.Disk.OperationsToPowerCut = at % 7;
            try
            {
                db.Open();
            }
            catch (SimPowerCutException)
            {
                // Once more.
            }

            db.Disk.OperationsToPowerCut = -1;
            db.Reopen(crash: true);
            Assert.Equal(expected, db.Everything());
            Assert.Empty(db.Engine.RecoveryWarnings);
            Change(db, 3);
            expected = db.Everything();
            db.Ask(new CheckpointRequest());
            Assert.Equal(StateFiles(db.Disk), Named(db.Disk));
            db.Reopen(crash: true);
            Assert.Equal(expected, db.Everything());
            if (!cut)
            {
                Assert.True(at > 8, $"{at} operations");
                return;
            }
        }
    }

    /// <summary>Any bit of a named block: damage to what only the newest has leads to the one before; to what both name, to a refusal that says which file.</summary>
    [Fact]
    public void DamageToAFileOfStateIsFound()
    {
        // Enough that the change before the last checkpoint leaves most blocks what they are.
        EngineOnSimDisk db = Filled(4);
        db.Write("t", [.. Enumerable.Range(1_000, 4_000).Select(i => (i, (long)i))]);
        for (int i = 0; i < 3; i++)
        {
            // The log is freed behind rows that are sealed.
            db.Write("s", [.. Enumerable.Range(0, 400).Select(n => (n, (long)n))]);
            db.Ask(new CheckpointRequest());
        }

        Change(db, 1);
        db.Ask(new CheckpointRequest());
        List<string>[] named = [.. Checkpoints(db.Disk).Select(p => CheckpointFile.Read(db.Disk, p).Files.Select(n => StateFile.Path(Folder, n)).ToList())];
        string shared = named[0].Intersect(named[1]).MaxBy(f => db.Disk.Content(f).Length)!;
        string own = named[1].Except(named[0]).Single();
        List<string> expected = db.Everything();
        var random = new SimRandom(5);
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            SimDisk copy = db.Disk.Copy((ulong)i);
            copy.CompleteAtOnce = true;
            string path = i % 2 == 0 ? own : shared;
            int length = copy.Content(path).Length;
            if (i < 2)
            {
                copy.Delete(path);
            }
            else
            {
                copy.Damage(path, i < 34 ? i / 2 : random.Next(length), (byte)(1 << random.Next(8)));
            }

            if (path == own)
            {
                var opened = new EngineOnSimDisk(copy);
                Assert.Equal(expected, opened.Everything());
                Assert.Contains(own, Assert.Single(opened.Engine.RecoveryWarnings), StringComparison.Ordinal);
                Change(opened, 3);
                opened.Ask(new CheckpointRequest());
                List<string> now = opened.Everything();
                opened.Reopen(crash: true);
                Assert.Equal(now, opened.Everything());
                continue;
            }

            try
            {
                // A block that the newest no longer names may be damaged: then it starts, with everything.
                Assert.Equal(expected, new EngineOnSimDisk(copy).Everything());
            }
            catch (CorruptionException e)
            {
                Assert.Contains(shared, e.Message, StringComparison.Ordinal);
                Assert.Equal(2, Checkpoints(copy).Length);
                refused++;
                copy.Put(shared, db.Disk.Content(shared));
                copy.Restart();
                Assert.Equal(expected, new EngineOnSimDisk(copy).Everything());
            }
        }

        Assert.True(refused > 5, $"{refused} refused");
    }

    /// <summary>T16: no room for a file of state: 53100, its file is gone, and the next checkpoint writes all that this one would have.</summary>
    [Fact]
    public void AFullDiskPutsItOff()
    {
        EngineOnSimDisk db = Filled(6);
        db.Disk.CapacityBytes = Files(db.Disk).Sum(f => (long)db.Disk.Content(f).Length) + 3_000;
        Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Ask(new CheckpointRequest())).SqlState);
        Assert.Empty(StateFiles(db.Disk));
        List<string> expected = db.Everything();
        db.Disk.CapacityBytes = long.MaxValue;
        db.Ask(new CheckpointRequest());
        Assert.Equal(StateFiles(db.Disk), Named(db.Disk));
        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
    }

    private static EngineOnSimDisk Filled(ulong seed, long sectionBytesMin = 64)
    {
        var db = new EngineOnSimDisk(new SimDisk(seed) { CompleteAtOnce = true }, sealRows: 400) { SectionBytesMin = sectionBytesMin };
        db.Reopen();
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        db.Define("CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k");
        db.Define("CREATE MATERIALIZED VIEW paired AS SELECT s.k, s.v, t.v AS w FROM s JOIN t ON s.k = t.k WHERE s.v < 50");
        db.Write("t", [.. Enumerable.Range(0, 900).Select(i => (i, (long)i))]);
        db.Write("s", [.. Enumerable.Range(0, 900).Select(i => (i, (long)i))]);
        return db;
    }

    private static void Change(EngineOnSimDisk db, int by)
    {
        db.Write("t", (by, 100 * by), (10_000 + by, by), (20_000 + by, by));
        db.Write("s", (by, 10 + by), (30_000 + by, by), (20_000 + by, by));
    }

    private static string[] StateFiles(SimDisk disk) => [.. disk.List(Folder).Where(n => StateFile.NumberOf(n) >= 0).Select(n => $"{Folder}/{n}")];

    private static string[] Checkpoints(SimDisk disk) =>
        [.. disk.List(Folder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)).Select(n => $"{Folder}/{n}")];

    private static string[] Named(SimDisk disk) => [.. Checkpoints(disk)
        .SelectMany(p => CheckpointFile.Read(disk, p).Files).Distinct().Order().Select(n => StateFile.Path(Folder, n))];

    private static IEnumerable<string> Files(SimDisk disk) =>
        disk.List("").Where(n => n is not ("log" or "checkpoint" or "segments"))
            .Concat(new[] { "log", "checkpoint", "segments" }.SelectMany(folder => disk.List(folder).Select(n => $"{folder}/{n}")));
}
