// Tests of RELIABILITY by number, where the whole engine is needed: damaged checkpoints, full disks, crashes inside definitions, slow subscribers.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class ReliabilityTests
{
    private const string Sums = "CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k";
    private const string Joined = "CREATE MATERIALIZED VIEW joined AS SELECT s.k, s.v, t.v AS w FROM s LEFT JOIN t ON s.k = t.k";

    /// <summary>T14: the newest checkpoint is damaged at any place; the one before and a longer replay give the same answers, and the file is kept.</summary>
    [Fact]
    public void ADamagedCheckpointCostsOnlyTime()
    {
        var db = new EngineOnSimDisk(new SimDisk(1) { CompleteAtOnce = true });
        CreateAll(db);
        FillAndCheckpoint(db, checkpoints: 3);
        List<string> expected = db.Everything();
        string newest = "checkpoint/" + db.Disk.List("checkpoint").Last(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal));
        int length = db.Disk.Content(newest).Length;
        for (int at = 0; at < length; at += 17)
        {
            SimDisk copy = db.Disk.Copy((ulong)at);
            copy.CompleteAtOnce = true;
            copy.Damage(newest, at, 0x10);
            var again = new EngineOnSimDisk(copy);
            Assert.Equal(expected, again.Everything());
            Assert.Contains(newest, Assert.Single(again.Engine.RecoveryWarnings), StringComparison.Ordinal);
            Assert.True(copy.Exists(newest + ".damaged"));
        }
    }

    /// <summary>T9: one byte of any file is flipped; the start is refused with the place, or every answer is the right one.</summary>
    [Fact]
    public void AFlippedByteNeverGivesAWrongAnswer()
    {
        var db = new EngineOnSimDisk(new SimDisk(2) { CompleteAtOnce = true }, sealRows: 25);
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        FillAndCheckpoint(db, checkpoints: 2);
        Assert.NotEmpty(db.Disk.List("segments"));
        List<string> expected = db.Everything();
        db.Engine.Dispose(); // notes how far the log is durable: what is bad below that is damage, not a torn tail
        int refused = 0;
        int harmless = 0;
        foreach (string path in Files(db.Disk))
        {
            int length = db.Disk.Content(path).Length;
            for (int at = 0; at < length; at += 1 + (length / 400))
            {
                SimDisk copy = db.Disk.Copy(7);
                copy.CompleteAtOnce = true;
                copy.Damage(path, at, (byte)(1 << (at % 8)));
                try
                {
                    Assert.Equal(expected, new EngineOnSimDisk(copy).Everything());
                    harmless++;
                }
                catch (Exception e) when (e is CorruptionException or DataFolderException or NewerFormatException or SqlException { SqlState: "XX001" })
                {
                    refused++;
                }
            }
        }

        Assert.True(refused > 100 && harmless > 100, $"{refused} refused, {harmless} harmless");
    }

    /// <summary>T16: no space left: writes are refused with 53100 and leave nothing, reads go on, a restart works, and it all resumes by itself.</summary>
    [Fact]
    public void AFullDiskRefusesWritesAndResumes()
    {
        var db = new EngineOnSimDisk(new SimDisk(3) { CompleteAtOnce = true });
        CreateAll(db);
        FillAndCheckpoint(db, checkpoints: 1);
        List<string> expected = db.Everything();
        db.Disk.CapacityBytes = Files(db.Disk).Sum(f => (long)db.Disk.Content(f).Length);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Write("s", (1, 1))).SqlState);
            Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Write("t", (1, 77))).SqlState);
            Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Define("CREATE STREAM other (k int)")).SqlState);
            Assert.Equal(expected, db.Everything());
        }

        db.Reopen();
        Assert.Equal(expected, db.Everything());
        Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Write("s", (1, 1))).SqlState);
        db.Disk.CapacityBytes = long.MaxValue;
        db.Write("s", (1, 1));
        db.Write("t", (1, 77));
        expected = db.Everything();
        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
    }

    /// <summary>T17: a second engine on the same folder is refused; a kill leaves no stale lock.</summary>
    [Fact]
    public void ASecondEngineIsRefused()
    {
        var db = new EngineOnSimDisk(new SimDisk(4) { CompleteAtOnce = true });
        Assert.Throws<DataFolderBusyException>(() => new EngineOnSimDisk(db.Disk));
        db.Reopen();
    }

    /// <summary>T20: the power goes at each operation of CREATE MATERIALIZED VIEW; the view is there and right, or it is not there at all.</summary>
    [Fact]
    public void ACrashInsideCreateViewLeavesNoHalfView()
    {
        int there = 0;
        int absent = 0;
        for (int cut = 0; ; cut++)
        {
            var db = new EngineOnSimDisk(new SimDisk((ulong)cut) { CompleteAtOnce = true });
            db.Define("CREATE STREAM s (k int, v bigint)");
            db.Write("s", (1, 10), (2, 20), (1, 30));
            db.Disk.OperationsToPowerCut = cut;
            bool done = false;
            try
            {
                db.Define(Sums);
                done = true;
                db.Ask(new CheckpointRequest());
                db.Disk.OperationsToPowerCut = -1;
            }
            catch (SimPowerCutException)
            {
                db.Reopen(crash: true);
            }

            bool exists = db.Engine.Current.Catalog.Find(null, "sums") is not null;
            Assert.True(exists || !done, "an acknowledged view is gone");
            (there, absent) = exists ? (there + 1, absent) : (there, absent + 1);
            if (!exists)
            {
                db.Define(Sums);
            }

            db.Write("s", (2, 5));
            Assert.Equal(["sums: 1|2|40 ×1", "sums: 2|2|25 ×1"], db.Everything().Where(l => l.StartsWith("sums", StringComparison.Ordinal)));
            if (done && db.Disk.Lifetime == 0)
            {
                break;
            }
        }

        Assert.True(there > 2 && absent > 0, $"{there} times there, {absent} times not");
    }

    /// <summary>T26: rows one by one, all at once, before the view or after it: the same view. Inserting and deleting leaves nothing.</summary>
    [Fact]
    public void HowRowsAreSplitChangesNothing()
    {
        (int, long)[] rows = [.. Enumerable.Range(0, 200).Select(i => (i % 7, (long)(i * 37 % 101)))];
        var one = new EngineOnSimDisk(new SimDisk(5) { CompleteAtOnce = true });
        var many = new EngineOnSimDisk(new SimDisk(6) { CompleteAtOnce = true });
        var late = new EngineOnSimDisk(new SimDisk(7) { CompleteAtOnce = true });
        CreateAll(one);
        CreateAll(many);
        late.Define("CREATE STREAM s (k int, v bigint)");
        late.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        one.Write("s", rows);
        one.Write("t", (1, 1), (2, 2), (3, 3));
        late.Write("s", rows);
        late.Write("t", (1, 1), (2, 2), (3, 3));
        foreach (int key in (int[])[3, 1, 2])
        {
            many.Write("t", (key, -1));
        }

        foreach ((int, long) row in rows)
        {
            many.Engine.Submit(new WriteRequest([many.Entry("s", row)])); // gathered into group commits
        }

        foreach (int key in (int[])[1, 2, 3])
        {
            many.Write("t", (key, key));
        }

        many.Write("t", (9, 9));
        Batch gone = many.Entry("t", (9, 9)).Batch;
        int t = many.Engine.Current.Catalog.Find(null, "t")!.Id;
        many.Ask(new WriteRequest([new WriteEntry(t, new Batch(gone.Columns, 1, [-1]), WriteRule.Change)]));
        late.Define(Sums);
        late.Define(Joined);
        Assert.Equal(one.Everything(), many.Everything());
        Assert.Equal(one.Everything(), late.Everything());
    }

    /// <summary>T28: a subscriber that does not read is dropped with a reason; another one beside it, and writers, do not notice.</summary>
    [Fact]
    public void ASlowSubscriberIsDroppedAlone()
    {
        var db = new EngineOnSimDisk(new SimDisk(8) { CompleteAtOnce = true });
        CreateAll(db);
        Subscriber slow = db.Ask(new SubscribeRequest(db.Bind("SELECT * FROM sums"), snapshot: true, progress: false, bytesMax: 2000));
        Subscriber quick = db.Ask(new SubscribeRequest(db.Bind("SELECT * FROM sums"), snapshot: true, progress: false, bytesMax: 2000));
        var seen = new Dictionary<string, long>();
        for (int i = 0; i < 100; i++)
        {
            db.Write("s", (i % 3, i));
            Read(quick, seen);
        }

        Assert.True(slow.Closed);
        Assert.False(quick.Closed);
        Assert.Equal(1, db.Engine.Subscriptions);
        SubscriptionEvent? last = null;
        while (slow.Reader.TryRead(out SubscriptionEvent? e))
        {
            last = e;
        }

        Assert.Equal((SubscriptionEventKind.Error, "53400"), (last!.Kind, last.Error!.SqlState));
        Assert.Equal(db.Everything().Where(l => l.StartsWith("sums", StringComparison.Ordinal)), seen.Where(r => r.Value != 0).Select(r => $"sums: {r.Key} ×{r.Value}").Order(StringComparer.Ordinal));
    }

    private static void Read(Subscriber subscriber, Dictionary<string, long> rows)
    {
        while (subscriber.Reader.TryRead(out SubscriptionEvent? e))
        {
            Assert.Null(e.Error);
            for (int i = 0; i < e.Batch!.Count; i++)
            {
                string row = SimText.Row(e.Batch, i, e.Batch.Columns.Length);
                rows[row] = rows.GetValueOrDefault(row) + e.Batch.Weight(i);
            }
        }
    }

    private static void CreateAll(EngineOnSimDisk db)
    {
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        db.Define(Sums);
        db.Define(Joined);
    }

    private static void FillAndCheckpoint(EngineOnSimDisk db, int checkpoints)
    {
        for (int i = 0; i < checkpoints; i++)
        {
            for (int j = 0; j < 10; j++)
            {
                db.Write("s", (j % 4, i * j), (j % 3, j));
                db.Write("t", (j % 5, i + j));
            }

            db.Ask(new CheckpointRequest());
        }

        db.Write("s", (1, 1000));
        db.Write("t", (2, 2000));
    }

    private static IEnumerable<string> Files(SimDisk disk) =>
        disk.List("").Where(n => disk.List(n).Count == 0 && n is not ("log" or "checkpoint" or "segments"))
            .Concat(new[] { "log", "checkpoint", "segments" }.SelectMany(folder => disk.List(folder).Select(n => $"{folder}/{n}")));
}
