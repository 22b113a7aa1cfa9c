// RELIABILITY T9 to T19 over every kind of file of a data folder: what is lost, emptied, swapped or overwritten is found, or of no consequence.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class DamageTests
{
    private const int Sector = 512;

    /// <summary>T9, T10, T11: one file is gone, empty, has a sector of zeros or ones, two sectors or two whole files changed places.</summary>
    [Fact]
    public void WhateverHappensToOneFileIsFoundOrHarmless()
    {
        EngineOnSimDisk db = Filled(11);
        List<string> expected = db.Everything();
        db.Engine.Dispose();
        string[] paths = [.. Files(db.Disk)];
        Assert.All((string[])["FORMAT", "log/", "checkpoint/", "segments/"], kind => Assert.Contains(paths, p => p.StartsWith(kind, StringComparison.Ordinal)));
        int refused = 0;
        foreach (string path in paths)
        {
            byte[] content = db.Disk.Content(path);
            foreach ((string what, byte[]? changed) in Changes(content))
            {
                SimDisk copy = db.Disk.Copy(1);
                if (changed is null)
                {
                    copy.Delete(path);
                }
                else
                {
                    copy.Put(path, changed);
                }

                refused += Judge(copy, expected, $"{path}: {what}") ? 1 : 0;
            }

            foreach (string other in paths.Where(p => p != path && p.Split('/')[0] == path.Split('/')[0]))
            {
                SimDisk copy = db.Disk.Copy(2);
                copy.Put(path, db.Disk.Content(other));
                copy.Put(other, content);
                refused += Judge(copy, expected, $"{path} and {other} changed places") ? 1 : 0;
            }
        }

        Assert.True(refused > 10, $"{refused} refused");
    }

    /// <summary>T12: the power goes at every operation of drops and retention, and once more in the recovery from that: what must be kept is there.</summary>
    [Fact]
    public void APowerCutInDropsAndRetentionTakesNothingElse()
    {
        for (int at = 0; ; at++)
        {
            EngineOnSimDisk db = Filled((ulong)at + 100);
            List<string> kept = [.. db.Everything().Where(l => l.StartsWith("t:", StringComparison.Ordinal) || l.StartsWith("kept:", StringComparison.Ordinal))];
            db.Disk.OperationsToPowerCut = at;
            bool cut = false;
            try
            {
                db.Define("ALTER STREAM s SET (retention_bytes = 1)");
                db.Ask(new CheckpointRequest());
                db.Define("DROP STREAM s CASCADE");
                db.Ask(new CheckpointRequest());
                db.Define("CREATE STREAM s (k int, v bigint)");
                db.Ask(new CheckpointRequest());
            }
            catch (SimPowerCutException)
            {
                cut = true;
            }

            for (int again = at % 5; again >= 0; again--)
            {
                db.Disk.Crash();
                db.Disk.Restart();
                db.Disk.OperationsToPowerCut = again == 0 ? -1 : 3 * again;
                try
                {
                    db.Open();
                }
                catch (SimPowerCutException)
                {
                    // Once more.
                }
            }

            db.Disk.OperationsToPowerCut = -1;
            db.Reopen(crash: true);
            List<string> after = db.Everything();
            Assert.Equal(kept, after.Where(l => l.StartsWith("t:", StringComparison.Ordinal) || l.StartsWith("kept:", StringComparison.Ordinal)));
            Assert.Empty(db.Engine.RecoveryWarnings);
            if (!cut)
            {
                return;
            }
        }
    }

    /// <summary>T16: no room for a merge, or for a checkpoint: that is told with 53100, nothing is lost, and it works when there is room.</summary>
    [Fact]
    public void AFullDiskPutsMergesAndCheckpointsOff()
    {
        EngineOnSimDisk db = Filled(12);
        List<string> expected = db.Everything();
        db.Disk.CapacityBytes = Files(db.Disk).Sum(f => (long)db.Disk.Content(f).Length) + 100;
        Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Ask(new CompactRequest())).SqlState);
        Assert.Equal("53100", Assert.Throws<SqlException>(() => db.Ask(new CheckpointRequest())).SqlState);
        Assert.Equal(expected, db.Everything());
        db.Reopen();
        Assert.Equal(expected, db.Everything());
        db.Disk.CapacityBytes = long.MaxValue;
        db.Write("t", (1, 1));
        db.Write("t", (1, 2));
        expected = db.Everything();
        db.Ask(new CompactRequest());
        db.Ask(new CheckpointRequest());
        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
        Assert.DoesNotContain(Files(db.Disk), f => f.EndsWith(IDisk.TemporarySuffix, StringComparison.Ordinal));
    }

    /// <summary>T18: a copy of the folder of a live database opens like one after a kill; a clock an hour back or ten years on harms nothing.</summary>
    [Theory]
    [InlineData(-3600L)]
    [InlineData(10L * 366 * 86_400)]
    public void ACopyOfALiveFolderAndAClockThatJumps(long seconds)
    {
        EngineOnSimDisk db = Filled(13);
        List<string> expected = db.Everything();
        long time = db.Engine.Current.TimeMicros;
        var copy = new EngineOnSimDisk(db.Disk.Copy(3), sealRows: 25);
        Assert.Equal(expected, copy.Everything());
        copy.Clock.JumpTo(time + (seconds * 1_000_000));
        copy.Reopen(crash: true);
        Assert.Equal(expected, copy.Everything());
        copy.Write("t", (1, 5));
        copy.Write("kept", (1, 5));
        Assert.True(copy.Engine.Current.TimeMicros >= time, "time went back");
        expected = copy.Everything();
        copy.Ask(new CheckpointRequest());
        copy.Reopen(crash: true);
        Assert.Equal(expected, copy.Everything());
    }

    /// <summary>T19: a checkpoint of a newer version is no damage: it is refused by name and stays where it is.</summary>
    [Fact]
    public void ANewerCheckpointIsRefusedByName()
    {
        EngineOnSimDisk db = Filled(14);
        db.Engine.Dispose();
        SimDisk copy = db.Disk.Copy(4);
        string newest = "checkpoint/" + copy.List("checkpoint").Last(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal));
        copy.Damage(newest, 4, 0x40);
        Assert.Contains(newest, Assert.Throws<NewerFormatException>(() => new EngineOnSimDisk(copy)).Message, StringComparison.Ordinal);
        Assert.True(copy.Exists(newest));
    }

    // True when it was refused; otherwise everything must be as it was.
    private static bool Judge(SimDisk copy, List<string> expected, string what)
    {
        copy.CompleteAtOnce = true;
        try
        {
            List<string> found = new EngineOnSimDisk(copy, sealRows: 25).Everything();
            Assert.True(expected.SequenceEqual(found), $"{what}: {expected.Count} rows became {found.Count}, and nothing was said");
            return false;
        }
        catch (Exception e) when (e is CorruptionException or DataFolderException or NewerFormatException or SqlException { SqlState: "XX001" })
        {
            return true;
        }
    }

    private static IEnumerable<(string What, byte[]? Changed)> Changes(byte[] content)
    {
        yield return ("gone", null);
        yield return ("empty", []);
        yield return ("cut in half", content[..(content.Length / 2)]);
        for (int at = 0; at < content.Length; at += Sector)
        {
            int length = Math.Min(Sector, content.Length - at);
            foreach (byte fill in (byte[])[0x00, 0xFF])
            {
                byte[] changed = [.. content];
                changed.AsSpan(at, length).Fill(fill);
                yield return ($"sector at {at} of {fill:x2}", changed);
            }

            if (at + (2 * Sector) <= content.Length)
            {
                byte[] swapped = [.. content];
                content.AsSpan(at, Sector).CopyTo(swapped.AsSpan(at + Sector));
                content.AsSpan(at + Sector, Sector).CopyTo(swapped.AsSpan(at));
                yield return ($"sectors at {at} and behind it changed places", swapped);
            }
        }
    }

    private static EngineOnSimDisk Filled(ulong seed)
    {
        var db = new EngineOnSimDisk(new SimDisk(seed) { CompleteAtOnce = true }, sealRows: 25);
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE STREAM kept (k int, v bigint)");
        db.Define("CREATE TABLE t (k int PRIMARY KEY, v bigint)");
        db.Define("CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k");
        for (int i = 0; i < 40; i++)
        {
            db.Write("s", (i % 3, i), (i % 4, 2 * i));
            db.Write("kept", (i, 3 * i));
            db.Write("t", (i % 7, i));
            if (i is 15 or 30)
            {
                db.Ask(new CheckpointRequest());
            }
        }

        return db;
    }

    private static IEnumerable<string> Files(SimDisk disk) =>
        disk.List("").Where(n => n is not ("log" or "checkpoint" or "segments"))
            .Concat(new[] { "log", "checkpoint", "segments" }.SelectMany(folder => disk.List(folder).Select(n => $"{folder}/{n}")));
}
