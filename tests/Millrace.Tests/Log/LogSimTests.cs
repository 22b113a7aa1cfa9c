// Thousands of short lives of a log on a disk that tears, loses and fails.
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class LogSimTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWasAcknowledgedSurvivesEveryLife(bool faults)
    {
        long recovered = 0;
        long torn = 0;
        long cuts = 0;
        for (ulong seed = 1; seed <= 1000; seed++)
        {
            var life = new LogLifetime(seed, faults);
            try
            {
                life.Run(lives: 5);
            }
            catch (Exception e)
            {
                throw new Xunit.Sdk.XunitException($"seed {seed}, faults {faults}: {e}");
            }
            recovered += life.Recovered;
            torn += life.TornTails;
            cuts += life.PowerCuts;
        }
        Assert.True(recovered > 10_000 && torn > 200 && cuts > 1000, $"too tame: {recovered} recovered, {torn} torn tails, {cuts} power cuts");
    }

    /// <summary>The power goes at each operation of a short life in turn, and again at each operation of the recovery.</summary>
    [Fact]
    public void PowerCutAtEachOperationAndAgainInRecovery()
    {
        for (int cut = 0; ; cut++)
        {
            int acknowledged = 0;
            var disk = new SimDisk((ulong)cut + 77) { CompleteAtOnce = true, OperationsToPowerCut = cut };
            bool done = false;
            try
            {
                using WriteAheadLog log = Open(disk);
                for (int i = 0; i < 12; i++)
                {
                    log.Append(LogTools.Payload(i, 150));
                    log.BeginSync()!.Wait();
                    acknowledged = i + 1;
                    log.FreeBefore(new LogPosition(Math.Max(0, log.Durable.Value - 1200)));
                }
                log.Close();
                done = true;
            }
            catch (SimPowerCutException)
            {
            }
            disk.Crash();
            for (int again = 0; ; again++)
            {
                disk.OperationsToPowerCut = again;
                try
                {
                    using WriteAheadLog log = Open(disk);
                    List<byte[]> found = LogTools.ReadAll(log);
                    int first = found.Count == 0 ? 0 : found[0][0];
                    Assert.InRange(first + found.Count, acknowledged, acknowledged + 1);
                    for (int i = 0; i < found.Count; i++)
                    {
                        Assert.Equal(LogTools.Payload(first + i, 150), found[i]);
                    }
                    break;
                }
                catch (SimPowerCutException)
                {
                    disk.Crash();
                }
            }
            if (done)
            {
                Assert.True(cut > 60, $"{cut} operations only");
                break;
            }
        }
    }

    /// <summary>After a failed sync the pages are clean and lost: what the next start serves must survive a power cut after it.</summary>
    [Fact]
    public void WhatAFailedSyncLeftInThePageCacheIsWrittenAgain()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var disk = new SimDisk(seed) { CompleteAtOnce = true };
            WriteAheadLog log = Open(disk);
            log.Append(LogTools.Payload(1, 2000));
            disk.Fault = (op, _) => op is SimOp.Sync or SimOp.Truncate ? Posix.EIO : 0;
            Assert.ThrowsAny<DiskException>(() => log.BeginSync()!.Wait());
            Assert.Throws<LogPoisonedException>(() => log.Append([1]));
            disk.Restart();
            disk.Fault = null;
            int served = LogTools.ReadAll(Open(disk)).Count;
            disk.Crash();
            Assert.Equal(served, LogTools.ReadAll(Open(disk)).Count);
        }
    }

    /// <summary>Without a sync for each commit several files may hold such pages, not the last alone; the next checkpoint must not call them durable.</summary>
    [Theory]
    [InlineData(Durability.Os)]
    [InlineData(Durability.None)]
    public void WhatAFailedSyncLeftIsWrittenAgainInEveryFile(Durability durability)
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var disk = new SimDisk(seed) { CompleteAtOnce = true };
            WriteAheadLog log = Open(disk, durability);
            for (int i = 0; i < 12; i++)
            {
                log.Append(LogTools.Payload(i, 150));
            }

            disk.Fault = (op, path) => op is SimOp.Sync && path.EndsWith(LogFormat.FileName(0), StringComparison.Ordinal) ? Posix.EIO : 0;
            Assert.ThrowsAny<DiskException>(log.Sync);
            disk.Restart();
            disk.Fault = null;
            log = Open(disk, durability);
            int served = LogTools.ReadAll(log).Count;
            Assert.Equal(12, served);
            Assert.True(log.FilesFrom(log.First).Count > 2);
            log.Append(LogTools.Payload(12, 150)); // says that what is before it is durable
            log.Sync();
            disk.Crash();
            Assert.Equal(served + 1, LogTools.ReadAll(Open(disk, durability)).Count);
        }
    }

    [Fact]
    public void TheSameSeedGivesTheSameLife()
    {
        static (long, long, long) Run()
        {
            var life = new LogLifetime(4711, faults: true);
            life.Run(20);
            return (life.Recovered, life.PowerCuts, life.TornTails);
        }
        Assert.Equal(Run(), Run());
    }

    private static WriteAheadLog Open(SimDisk disk, Durability durability = Durability.Fsync) =>
        WriteAheadLog.Open(disk, "log", new LogOptions { FileBytes = 400, Random = () => 5, Durability = durability });
}
