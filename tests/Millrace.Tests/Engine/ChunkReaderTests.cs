// Rows that memory has let go are read from the log once, not for every question, and within a bound.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class ChunkReaderTests
{
    private const int Rows = 600;

    [Fact]
    public void WhatWasReadOnceDoesNotNeedTheLogAgain()
    {
        EngineOnSimDisk db = Restarted(tailBytesMax: 1 << 20);
        List<long> first = db.Values("s");
        Assert.Equal(Enumerable.Range(0, Rows).Select(i => (long)i), first);

        DamageLog(db.Disk);

        Assert.Equal(first, db.Values("s"));
    }

    [Fact]
    public void WithoutRoomTheLogIsReadEachTime()
    {
        EngineOnSimDisk db = Restarted(tailBytesMax: 0);
        Assert.Equal(Rows, db.Values("s").Count);

        DamageLog(db.Disk);

        Assert.Throws<CorruptionException>(() => db.Values("s"));
    }

    [Fact]
    public void TimesAreKnownOnceRowsWereRead()
    {
        EngineOnSimDisk db = Restarted(tailBytesMax: 0);
        DatabaseSnapshot snapshot = db.Engine.Current;
        ChunkSnapshot chunks = db.Engine.Current.Find(snapshot.Catalog.Find(null, "timed")!.Id).Appended!;
        Assert.Equal(Rows, chunks.Unsealed(snapshot.Catalog.Find(null, "timed")!.Id, snapshot.Load).Sum(b => b.Count));

        DamageLog(db.Disk);

        // No row is of that time: what would not match is not read, so the damage is not seen.
        var later = new Millrace.Store.Segments.ColumnRange(2) { Integers = (Rows * 10L, long.MaxValue) };
        Assert.Empty(chunks.Unsealed(snapshot.Catalog.Find(null, "timed")!.Id, snapshot.Load, later));
    }

    private static EngineOnSimDisk Restarted(long tailBytesMax)
    {
        var db = new EngineOnSimDisk(new SimDisk(5) { CompleteAtOnce = true }) { TailBytesMax = tailBytesMax };
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE STREAM timed (k int, v bigint, at timestamp, WATERMARK FOR at AS at)");
        for (int i = 0; i < Rows; i += 50)
        {
            db.Write("s", [.. Enumerable.Range(i, 50).Select(v => (v % 7, (long)v))]);
            db.WriteAt("timed", [.. Enumerable.Range(i, 50).Select(v => (v % 7, (long)v, (long)v))]);
        }

        db.Ask(new CheckpointRequest());
        db.Reopen();
        return db;
    }

    private static void DamageLog(SimDisk disk)
    {
        foreach (string path in disk.List("log").Select(name => "log/" + name))
        {
            using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
            for (long at = 64; at < file.Length; at += 40)
            {
                disk.Damage(path, at, 0xFF);
            }
        }
    }
}
