// The log's own promises: positions, rotation, durability, freeing, disk full, refusal of newer formats.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class LogTests
{
    [Fact]
    public void ANewLogIsEmptyAndGoesOnWhereItWasLeft()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.Path);
        LogPosition first;
        using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions()))
        {
            Assert.Equal(new RecoveryReport(0, 0, 0, null), log.Recovery);
            Assert.False(log.ReadFrom(log.First).TryRead(out _, out _));
            first = log.Append([new byte[] { 1 }, new byte[] { 2, 3 }]);
            Assert.True(log.Durable <= first);
            log.BeginSync()!.Wait();
            Assert.Equal(log.End, log.Durable);
            Assert.Same(PendingIo.Done, log.BeginSync());
        }
        using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions()))
        {
            Assert.Equal(1, log.Recovery.Records);
            Assert.Null(log.Recovery.Reason);
            Assert.Equal([1, 2, 3], log.ReadAt(first));
            Assert.True(log.Append(ReadOnlySpan<byte>.Empty) > first);
            Assert.Throws<CorruptionException>(() => log.ReadAt(new LogPosition(first.Value + 1)));
            Assert.Throws<CorruptionException>(() => log.ReadAt(new LogPosition(log.End.Value + 1000)));
            Assert.Throws<CorruptionException>(() => log.ReadAt(log.End));
        }
        using var last = WriteAheadLog.Open(disk, "log", new LogOptions { VerifyAll = true });
        Assert.Equal(2, LogTools.ReadAll(last).Count);
    }

    [Fact]
    public void AnOpenReaderSeesWhatIsAppendedLaterAcrossFiles()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { FileBytes = 500 });
        using LogReader reader = log.ReadFrom(log.First);
        for (int i = 0; i < 50; i++)
        {
            LogPosition at = log.Append(LogTools.Payload(i, 100 + i));
            Assert.True(reader.TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload));
            Assert.Equal(at, position);
            Assert.Equal(LogTools.Payload(i, 100 + i), payload.ToArray());
            Assert.False(reader.TryRead(out _, out _));
        }
        Assert.True(disk.List("log").Count > 10);
        Assert.Equal(disk.List("log").Sum(n => disk.Content($"log/{n}").Length), log.BytesOnDisk);
    }

    [Fact]
    public void FreeingDeletesWholeFilesBehindThePosition()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { FileBytes = 500 });
        List<LogPosition> at = [.. Enumerable.Range(0, 40).Select(i => log.Append(LogTools.Payload(i, 100)))];
        int before = disk.List("log").Count;
        log.FreeBefore(at[0]);
        Assert.Equal(before, disk.List("log").Count);
        log.FreeBefore(at[20]);
        Assert.True(disk.List("log").Count < before);
        Assert.True(log.First <= at[20] && log.First > at[10]);
        Assert.Equal(LogTools.Payload(20, 100), log.ReadAt(at[20]));
        Assert.Throws<CorruptionException>(() => log.ReadAt(at[0]));
        log.FreeBefore(log.End);
        Assert.Single(disk.List("log"));
    }

    [Theory]
    [InlineData(Durability.Os)]
    [InlineData(Durability.None)]
    public void RelaxedLogsDoNotSyncUntilTheyAreClosed(Durability durability)
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        var options = new LogOptions { Durability = durability, FileBytes = 2000 };
        WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
        List<LogPosition> at = [.. Enumerable.Range(0, 30).Select(i => log.Append(LogTools.Payload(i, i * 20)))];
        Assert.Null(log.BeginSync());
        Assert.Equal(LogTools.Payload(29, 29 * 20), log.ReadAt(at[29]));
        log.Close();
        disk.Crash();
        using WriteAheadLog again = WriteAheadLog.Open(disk, "log", options with { VerifyAll = true });
        Assert.Equal(30, LogTools.ReadAll(again).Count);
        Assert.Null(again.Recovery.Reason);
    }

    [Theory]
    [InlineData(Durability.Os)]
    [InlineData(Durability.None)]
    public void APowerCutLeavesARelaxedLogAPrefix(Durability durability)
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var disk = new SimDisk(seed);
            var options = new LogOptions { Durability = durability, FileBytes = 1000 };
            WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
            for (int i = 0; i < 30; i++)
            {
                log.Append(LogTools.Payload(i, i * 20));
            }
            disk.Crash();
            using WriteAheadLog again = WriteAheadLog.Open(disk, "log", options);
            Assert.All(LogTools.ReadAll(again), (payload, i) => Assert.Equal(LogTools.Payload(i, i * 20), payload));
        }
    }

    /// <summary>Reads go on while the disk is full: what lies in the file is read without handing over first what is staged.</summary>
    [Fact]
    public void AFullDiskDoesNotStandInTheWayOfReading()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { Durability = Durability.None });
        LogPosition first = log.Append(LogTools.Payload(0, 100));
        Assert.Equal(LogTools.Payload(0, 100), log.ReadAt(first));
        Assert.Equal(log.End, log.Written);
        LogPosition second = log.Append(LogTools.Payload(1, 100));
        Assert.Equal(second, log.Written);
        disk.CapacityBytes = log.Written.Value;
        Assert.Equal(LogTools.Payload(0, 100), log.ReadAt(first));
        Assert.True(Assert.Throws<DiskException>(() => log.ReadAt(second)).IsDiskFull);
        disk.CapacityBytes = long.MaxValue;
        Assert.Equal(LogTools.Payload(1, 100), log.ReadAt(second));
    }

    /// <summary>Disk full: the append fails, the log is as before, and it resumes by itself; it opens with no byte free.</summary>
    [Fact]
    public void AFullDiskFailsTheAppendAndNothingElse()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions());
        log.Append(LogTools.Payload(0, 100));
        disk.CapacityBytes = log.End.Value + 300;
        for (int i = 0; i < 3; i++)
        {
            Assert.True(Assert.Throws<DiskException>(() => log.Append(LogTools.Payload(1, 400))).IsDiskFull);
            Assert.Equal(log.End.Value, disk.Content("log/00000000000000000000.log").Length);
        }
        log.Append(LogTools.Payload(1, 100));
        log.BeginSync()!.Wait();
        disk.CapacityBytes = log.End.Value;
        log.Close();
        disk.Restart();
        log = WriteAheadLog.Open(disk, "log", new LogOptions());
        Assert.Null(log.Recovery.Reason);
        Assert.Throws<DiskException>(() => log.Append(LogTools.Payload(2, 10)));
        disk.CapacityBytes = long.MaxValue;
        log.Append(LogTools.Payload(2, 10));
        Assert.Equal(3, LogTools.ReadAll(log).Count);
    }

    /// <summary>T5: any write may fail half way; even when the rest cannot be cut off at once, no later record lands behind it.</summary>
    [Fact]
    public void EveryWriteFailsOnceWithEveryErrorAndTheLogIsAsBefore()
    {
        foreach (int errno in (int[])[Posix.EIO, Posix.ENOSPC, Posix.EROFS, Posix.EDQUOT])
        {
            for (int failing = 0; failing < 12; failing++)
            {
                var disk = new SimDisk((ulong)failing) { CompleteAtOnce = true };
                WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions { FileBytes = 300_000 });
                int operation = -failing;
                disk.Fault = (op, _) => op is SimOp.Write or SimOp.Truncate && operation++ is 0 or 1 or 2 ? errno : 0;
                var appended = new List<int>();
                for (int i = 0; i < 20; i++)
                {
                    try
                    {
                        log.Append(LogTools.Payload(i, 200_000 + i));
                        appended.Add(i);
                    }
                    catch (DiskException e)
                    {
                        Assert.Equal(errno, e.Errno);
                    }
                }
                Assert.InRange(appended.Count, 17, 19);
                log.Close();
                using WriteAheadLog again = WriteAheadLog.Open(disk, "log", new LogOptions { VerifyAll = true });
                Assert.Null(again.Recovery.Reason);
                Assert.Equal(appended.Select(i => LogTools.Payload(i, 200_000 + i)), LogTools.ReadAll(again));
            }
        }
    }

    [Fact]
    public void AFailedSyncPoisonsTheLogForGood()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions());
        log.Append(LogTools.Payload(0, 10));
        log.BeginSync()!.Wait();
        log.Append(LogTools.Payload(1, 10));
        bool once = true;
        disk.Fault = (op, _) => op == SimOp.Sync && once && !(once = false) ? Posix.EIO : 0;
        PendingIo pending = log.BeginSync()!;
        Assert.True(Assert.IsType<DiskException>(pending.Error).IsSyncFailure);
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<LogPoisonedException>(() => log.Append([1]));
            Assert.Throws<LogPoisonedException>(log.BeginSync);
            Assert.Throws<LogPoisonedException>(() => log.FreeBefore(log.End));
        }
        Assert.NotNull(log.Poison);
        Assert.Throws<LogPoisonedException>(log.Close);
        disk.Restart();
        Assert.Single(LogTools.ReadAll(WriteAheadLog.Open(disk, "log", new LogOptions())));
    }

    [Fact]
    public void OneSyncAtATimeAndRecordsHaveALimit()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = false };
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", new LogOptions());
        log.Append([1]);
        PendingIo pending = log.BeginSync()!;
        log.Append([2]);
        Assert.Throws<BugException>(log.BeginSync);
        pending.Wait();
        Assert.True(log.Durable < log.End);
        byte[] chunk = new byte[1 << 20];
        List<ReadOnlyMemory<byte>> tooMuch = [.. Enumerable.Repeat(new ReadOnlyMemory<byte>(chunk), 1025)];
        Assert.Throws<ArgumentException>(() => log.Append(tooMuch));
    }

    /// <summary>T19.</summary>
    [Fact]
    public void ANewerLogFileIsRefusedByName()
    {
        var disk = new SimDisk(1);
        WriteAheadLog.Open(disk, "log", new LogOptions()).Close();
        const string Name = "log/00000000000000000000.log";
        byte[] content = disk.Content(Name);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(8), 2);
        disk.Put(Name, content);
        NewerFormatException e = Assert.Throws<NewerFormatException>(() => WriteAheadLog.Open(disk, "log", new LogOptions()));
        Assert.Equal((Name, 2, 1), (e.File, (int)e.Version, (int)e.Known));
        Assert.Contains(Name, e.Message);
    }

    [Fact]
    public void AnUnfinishedPublishIsRemovedAndStrangersAreLeftAlone()
    {
        var disk = new SimDisk(1);
        WriteAheadLog.Open(disk, "log", new LogOptions()).Close();
        disk.Put("log/00000000000000000099.log.5.tmp", "half"u8);
        disk.Put("log/notes.txt", "mine"u8);
        WriteAheadLog.Open(disk, "log", new LogOptions()).Close();
        Assert.Equal(["00000000000000000000.log", "notes.txt"], disk.List("log"));
    }
}
