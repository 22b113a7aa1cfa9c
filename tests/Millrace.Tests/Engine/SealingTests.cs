// Rows on their way into segments: nothing lost, nothing doubled, damage told, files deleted when nobody can need them.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class SealingTests
{
    [Fact]
    public void SealedRowsAreReadLikeAnyOthersAndTheLogIsFreed()
    {
        var db = new EngineOnSimDisk(new SimDisk(1), sealRows: 50);
        Fill(db, 40);
        List<string> before = db.Everything();
        db.Ask(new CompactRequest());
        Assert.Equal(before, db.Everything());
        Assert.True(db.Disk.List("segments").Count >= 1);
        db.Ask(new CheckpointRequest());
        db.Ask(new CheckpointRequest());
        Assert.Single(db.Disk.List("log"));
        db.Reopen();
        Assert.Equal(before, db.Everything());
        db.Write("s", (7, 7));
        db.Reopen(crash: true);
        Assert.Equal(before.Count + 1, db.Everything().Count(l => l.StartsWith("s:", StringComparison.Ordinal)) + before.Count(l => !l.StartsWith("s:", StringComparison.Ordinal)));
    }

    /// <summary>T12: the power goes at every operation of the disk while rows are sealed and merged: the old set or the new, never anything else.</summary>
    [Fact]
    public void APowerCutAtAnyPointLeavesTheOldSetOrTheNew()
    {
        for (int at = 0; ; at++)
        {
            var db = new EngineOnSimDisk(new SimDisk((ulong)at + 1), sealRows: 30);
            Fill(db, 10);
            List<string> before = db.Everything();
            db.Disk.OperationsToPowerCut = at;
            bool cut = false;
            try
            {
                db.Ask(new CompactRequest());
                db.Ask(new CheckpointRequest());
                Fill2(db);
                db.Ask(new CompactRequest());
                db.Ask(new CheckpointRequest());
            }
            catch (SimPowerCutException)
            {
                cut = true;
            }

            db.Reopen(crash: true);
            List<string> after = db.Everything();
            foreach (IGrouping<string, string> row in before.Where(l => !l.StartsWith("by_k:", StringComparison.Ordinal)).GroupBy(l => l))
            {
                int found = after.Count(l => l == row.Key);
                Assert.True(found >= row.Count(), $"cut at {at}: {row.Key} {row.Count()} times before, {found} after");
            }

            int rows = after.Count(l => l.StartsWith("s:", StringComparison.Ordinal));
            Assert.InRange(rows, 70, 82);
            Assert.Equal(rows, Total(after, "by_k", 1));
            Assert.Empty(db.Engine.RecoveryWarnings);
            if (!cut)
            {
                return;
            }
        }
    }

    /// <summary>T14: the newest checkpoint is damaged; the one before it and the log name segments that were merged away since, and they are still there.</summary>
    [Fact]
    public void TheOlderCheckpointFindsItsSegments()
    {
        var db = new EngineOnSimDisk(new SimDisk(3), sealRows: 20);
        Fill(db, 8);
        db.Ask(new CheckpointRequest());
        Fill2(db);
        db.Ask(new CompactRequest());
        db.Define("CREATE MATERIALIZED VIEW late AS SELECT k, count(*) AS n FROM s GROUP BY k");
        db.Ask(new CheckpointRequest());
        List<string> before = db.Everything();
        string newest = "checkpoint/" + db.Disk.List("checkpoint").Last(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal));
        db.Disk.Damage(newest, 20, 0x40);
        db.Reopen();
        Assert.Contains("set aside", Assert.Single(db.Engine.RecoveryWarnings), StringComparison.Ordinal);
        Assert.Equal(before, db.Everything());
    }

    [Fact]
    public void FilesGoWhenNoCheckpointCanNeedThem()
    {
        var db = new EngineOnSimDisk(new SimDisk(4), sealRows: 1000);
        for (int i = 0; i < 5; i++)
        {
            Fill2(db, i == 0);
            db.Ask(new CompactRequest());
        }

        Assert.True(db.Disk.List("segments").Count > 1);
        db.Ask(new CheckpointRequest());
        db.Write("s", (1, 1));
        db.Ask(new CheckpointRequest());
        Assert.Single(db.Disk.List("segments"));
        db.Define("DROP STREAM s");
        db.Ask(new CheckpointRequest());
        db.Define("CREATE STREAM t (k int, v bigint)");
        db.Ask(new CheckpointRequest());
        Assert.Empty(db.Disk.List("segments"));
    }

    [Fact]
    public void ADamagedSegmentIsNamedAndTheRestGoesOn()
    {
        var db = new EngineOnSimDisk(new SimDisk(5), sealRows: 1000);
        Fill(db, 5);
        db.Define("CREATE STREAM other (k int, v bigint)");
        db.Write("other", (1, 2));
        db.Ask(new CompactRequest());
        db.Ask(new CheckpointRequest());
        StoredSegment hit = db.Engine.Objects.First(o => o.Definition.Name == "s").AppendedRows!.Segments[0];
        db.Disk.Damage(hit.Info.Path, hit.Info.FileBytes - 30, 0x10);
        db.Reopen();
        string warning = Assert.Single(db.Engine.RecoveryWarnings);
        Assert.Contains(hit.Info.Path, warning, StringComparison.Ordinal);
        Assert.Contains("offsets 0 to", warning, StringComparison.Ordinal);
        SqlException refused = Assert.Throws<SqlException>(() => CountOf(db));
        Assert.Equal("XX001", refused.SqlState);
        Assert.Single(db.Engine.Current.Find(db.Engine.Current.Catalog.Find(null, "other")!.Id).Scan(db.Engine.Current.Load));
        db.Write("s", (9, 9));
        Assert.NotEmpty(db.Engine.Current.Find(db.Engine.Current.Catalog.Find(null, "by_k")!.Id).Scan(db.Engine.Current.Load));
    }

    /// <summary>Disk full: nothing is sealed, nothing is lost, and it goes on by itself when there is room.</summary>
    [Fact]
    public void AFullDiskPutsSealingOff()
    {
        var disk = new SimDisk(6);
        var db = new EngineOnSimDisk(disk, sealRows: 1000);
        Fill(db, 5);
        List<string> before = db.Everything();
        disk.CapacityBytes = 0;
        Assert.Throws<SqlException>(() => db.Ask(new CompactRequest()));
        Assert.Equal(before, db.Everything());
        disk.CapacityBytes = long.MaxValue;
        db.Write("s", (3, 3));
        db.Write("s", (3, 4));
        db.Ask(new CompactRequest());
        Assert.NotEmpty(disk.List("segments"));
        db.Reopen(crash: true);
        Assert.Equal(before.Count(l => l.StartsWith("s:", StringComparison.Ordinal)) + 2, CountOf(db));
    }

    private static int CountOf(EngineOnSimDisk db) => db.Everything().Count(l => l.StartsWith("s:", StringComparison.Ordinal));

    // The sum of a column of a relation.
    private static int Total(List<string> everything, string relation, int column) =>
        everything.Where(l => l.StartsWith(relation + ":", StringComparison.Ordinal)).Sum(l => int.Parse(
            l[(relation.Length + 2)..l.IndexOf('×', StringComparison.Ordinal)].Split('|')[column].Trim(), System.Globalization.CultureInfo.InvariantCulture));

    private static void Fill(EngineOnSimDisk db, int writes)
    {
        db.Define("CREATE STREAM s (k int, v bigint) WITH (key = 'k')");
        db.Define("CREATE MATERIALIZED VIEW by_k AS SELECT k, count(*) AS n, sum(v) AS v FROM s GROUP BY k");
        db.Define("CREATE MATERIALIZED VIEW big AS SELECT k, v FROM s WHERE v > 3");
        for (int i = 0; i < writes; i++)
        {
            db.Write("s", [.. Enumerable.Range(0, 7).Select(n => ((i + n) % 3, (long)((i * n) % 11)))]);
        }
    }

    private static void Fill2(EngineOnSimDisk db, bool create = false)
    {
        if (create)
        {
            db.Define("CREATE STREAM s (k int, v bigint)");
        }

        for (int i = 0; i < 6; i++)
        {
            db.Write("s", (i, i), (i + 1, 100 + i));
        }
    }
}
