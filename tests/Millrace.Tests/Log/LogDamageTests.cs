// Truncation, garbage and flipped bits: a torn tail is cut, damage is named, and nothing wrong is ever read.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class LogDamageTests
{
    private const string Only = "log/00000000000000000000.log";
    private static readonly LogOptions Options = new() { FileBytes = 1 << 30, Random = () => 0xABCDEF0123456789 };

    /// <summary>T6: wherever the last file ends, what is whole before is served, and the log goes on.</summary>
    [Fact]
    public void TruncatedAtEveryByte()
    {
        byte[] whole = Written([40, 0, 900, 7, 300], closed: false, out long[] ends);
        for (int length = FileHeader.Bytes; length <= whole.Length; length++)
        {
            var disk = new SimDisk(1) { CompleteAtOnce = true };
            disk.Put(Only, whole.AsSpan(0, length));
            int survive = ends.Count(e => e <= length);
            bool torn = length != (survive == 0 ? FileHeader.Bytes : ends[survive - 1]);
            using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", Options))
            {
                Assert.Equal(survive, LogTools.ReadAll(log).Count);
                Assert.Equal(torn, log.Recovery.Reason is not null);
                Assert.Equal(torn ? length - (survive == 0 ? FileHeader.Bytes : ends[survive - 1]) : 0, log.Recovery.TruncatedBytes);
                log.Append("next"u8);
            }
            using WriteAheadLog again = WriteAheadLog.Open(disk, "log", Options);
            Assert.Equal(survive + 1, LogTools.ReadAll(again).Count);
            Assert.Null(again.Recovery.Reason);
        }
    }

    /// <summary>T11: a log file has its header before it has its name, so a file without one is damaged, not new.</summary>
    [Fact]
    public void AFileShorterThanItsHeaderIsDamaged()
    {
        byte[] whole = Written([40], closed: true, out _);
        for (int length = 0; length < FileHeader.Bytes; length++)
        {
            var disk = new SimDisk(1);
            disk.Put(Only, whole.AsSpan(0, length));
            CorruptionException e = Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(disk, "log", Options));
            Assert.Equal((Only, $"{length} bytes"), (e.File, e.Found));
        }
    }

    /// <summary>T7: behind the last record anything may stand after a crash.</summary>
    [Fact]
    public void TailsOfZerosOnesGarbageAndStaleRecords()
    {
        byte[] whole = Written([40, 500, 60], closed: false, out long[] ends);
        var random = new SimRandom(9);
        foreach (int length in (int[])[1, 47, 48, 49, 200, 512, 4096, 40_000, 100_000])
        {
            byte[] garbage = new byte[length];
            random.Fill(garbage);
            byte[] magics = [.. Enumerable.Repeat("MRLR"u8.ToArray(), (length / 4) + 1).SelectMany(m => m).Take(length)];
            byte[] stale = [.. Enumerable.Repeat(whole[FileHeader.Bytes..], (length / 600) + 1).SelectMany(b => b).Take(length)];
            foreach (byte[] tail in (byte[][])[new byte[length], [.. Enumerable.Repeat((byte)0xFF, length)], garbage, magics, stale])
            {
                var disk = new SimDisk(1) { CompleteAtOnce = true };
                disk.Put(Only, [.. whole, .. tail]);
                using WriteAheadLog log = WriteAheadLog.Open(disk, "log", Options);
                Assert.Equal(3, LogTools.ReadAll(log).Count);
                Assert.Equal(ends[^1], log.End.Value);
                Assert.Equal(length, log.Recovery.TruncatedBytes);
                Assert.NotNull(log.Recovery.Reason);
                log.Append(LogTools.Payload(3, 10));
                Assert.Equal(4, LogTools.ReadAll(log).Count);
            }
        }
    }

    /// <summary>A file of the same place in another log, or of another life of the same file, gives none of its records.</summary>
    [Fact]
    public void RecordsOfAnotherFileAreStrangers()
    {
        byte[] one = Written([40, 500], closed: false, out long[] ends);
        byte[] two = Written([40, 500], closed: false, out _, new LogOptions { FileBytes = 1 << 30, Random = () => 77 });
        two.AsSpan((int)ends[0]).CopyTo(one.AsSpan((int)ends[0]));
        var disk = new SimDisk(1);
        disk.Put(Only, one);
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", Options);
        Assert.Single(LogTools.ReadAll(log));
    }

    /// <summary>T8: every bit of a log that was closed, over all its files: found, or of no consequence. Never a wrong answer.</summary>
    [Fact]
    public void EveryFlippedBitOfAClosedLogIsDetectedOrHarmless()
    {
        var options = new LogOptions { FileBytes = 600, Random = () => 42, VerifyAll = true };
        var disk = new SimDisk(3) { CompleteAtOnce = true };
        int[] lengths = [0, 100, 300, 400, 20, 5, 250];
        using (WriteAheadLog log = WriteAheadLog.Open(disk, "log", options))
        {
            Array.ForEach(Enumerable.Range(0, lengths.Length).ToArray(), i => log.Append(LogTools.Payload(i, lengths[i])));
        }
        Assert.Equal(3, disk.List("log").Count);
        int detected = 0;
        int harmless = 0;
        foreach (string name in disk.List("log"))
        {
            byte[] content = disk.Content($"log/{name}");
            for (int bit = 0; bit < content.Length * 8; bit++)
            {
                SimDisk copy = disk.Copy(4);
                copy.Damage($"log/{name}", bit / 8, (byte)(1 << (bit % 8)));
                try
                {
                    using WriteAheadLog log = WriteAheadLog.Open(copy, "log", options);
                    List<byte[]> found = LogTools.ReadAll(log);
                    Assert.Equal(lengths.Length, found.Count);
                    Assert.All(found, (payload, i) => Assert.Equal(LogTools.Payload(i, lengths[i]), payload));
                    harmless++;
                }
                catch (CorruptionException e)
                {
                    Assert.Equal($"log/{name}", e.File);
                    detected++;
                }
                catch (NewerFormatException e)
                {
                    Assert.Equal($"log/{name}", e.File);
                    detected++;
                }
            }
        }
        // Only the closing mark itself proves nothing about itself.
        Assert.Equal(FragmentHeader.Bytes * 8, harmless);
        Assert.True(detected > 10_000);
    }

    /// <summary>Without reading everything at the start, damage in an old file is found when it is read.</summary>
    [Fact]
    public void DamageInAnOldFileIsFoundWhenItIsRead()
    {
        SimDisk disk = ThreeFiles(out LogOptions options);
        disk.Damage(Only, 200, 1);
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
        CorruptionException e = Assert.Throws<CorruptionException>(() => LogTools.ReadAll(log));
        Assert.Equal(Only, e.File);
        Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(disk, "log", options with { VerifyAll = true }));
    }

    /// <summary>The mark in a later record proves the earlier one: in the middle it is damage, with the loss named, and nothing is cut.</summary>
    [Fact]
    public void DamageBelowAMarkIsRefusedAndNothingIsCut()
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        WriteAheadLog log = WriteAheadLog.Open(disk, "log", Options);
        LogPosition bad = log.Append(LogTools.Payload(0, 3000));
        log.BeginSync()!.Wait();
        LogPosition next = log.Append(LogTools.Payload(1, 3000));
        byte[] before = disk.Content(Only);
        disk.Restart();
        disk.Damage(Only, bad.Value + 6, 0x40); // its length
        CorruptionException e = Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(disk, "log", Options));
        Assert.Equal((Only, bad.Value), (e.File, e.Offset));
        Assert.Contains($"positions {bad} to {next}", e.Loss);
        Assert.Equal(before.Length, disk.Content(Only).Length);
        disk.Damage(Only, bad.Value + 6, 0x40);
        Assert.Equal(2, LogTools.ReadAll(WriteAheadLog.Open(disk, "log", Options)).Count);
    }

    /// <summary>T10: a file lost, swapped with its neighbour, or of another log.</summary>
    [Fact]
    public void LostSwappedAndForeignFilesAreRefused()
    {
        SimDisk disk = ThreeFiles(out LogOptions options);
        IReadOnlyList<string> names = disk.List("log");
        byte[][] contents = [.. names.Select(n => disk.Content($"log/{n}"))];

        SimDisk lost = disk.Copy(1);
        lost.Delete($"log/{names[1]}");
        Assert.Contains("more bytes", Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(lost, "log", options)).Expected);

        SimDisk swapped = disk.Copy(1);
        swapped.Put($"log/{names[0]}", contents[1]);
        swapped.Put($"log/{names[1]}", contents[0]);
        Assert.Contains("name says", Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(swapped, "log", options)).Expected);

        SimDisk foreign = disk.Copy(1);
        SimDisk other = ThreeFiles(out _, id: 99);
        foreign.Put($"log/{names[1]}", other.Content($"log/{names[1]}"));
        Assert.Contains("another log", Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(foreign, "log", options)).Found);

        SimDisk shorter = disk.Copy(1);
        shorter.Put($"log/{names[1]}", contents[1].AsSpan(0, contents[1].Length - 3));
        Assert.Throws<CorruptionException>(() => WriteAheadLog.Open(shorter, "log", options));
    }

    private static SimDisk ThreeFiles(out LogOptions options, ulong id = 42)
    {
        options = new LogOptions { FileBytes = 600, Random = () => id };
        var disk = new SimDisk(3) { CompleteAtOnce = true };
        using WriteAheadLog log = WriteAheadLog.Open(disk, "log", options);
        for (int i = 0; i < 3; i++)
        {
            log.Append(LogTools.Payload(i, 600));
        }
        return disk;
    }

    /// <summary>The bytes of a log of one file with these records, each synced, and where each record ends.</summary>
    private static byte[] Written(int[] lengths, bool closed, out long[] ends, LogOptions? options = null)
    {
        var disk = new SimDisk(1) { CompleteAtOnce = true };
        WriteAheadLog log = WriteAheadLog.Open(disk, "log", options ?? Options);
        ends = new long[lengths.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            log.Append(LogTools.Payload(i, lengths[i]));
            log.BeginSync()!.Wait();
            ends[i] = log.End.Value;
        }
        if (closed)
        {
            log.Close();
        }
        return disk.Content(Only);
    }
}
