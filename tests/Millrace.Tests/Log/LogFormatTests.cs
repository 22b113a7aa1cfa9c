// What is on disk: golden bytes, and properties of every header and cut.
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class LogFormatTests
{
    /// <summary>Fails when the format changes: then the version must change too, and old files must still be read.</summary>
    [Fact]
    public void GoldenFile()
    {
        var disk = new SimDisk(1);
        ulong random = 0x1111111111111111;
        using (var log = WriteAheadLog.Open(disk, "log", new LogOptions { Random = () => random += 0x1111111111111111 }))
        {
            log.Append("hi"u8);
            log.BeginSync()!.Wait();
        }
        Assert.Equal(["00000000000000000000.log"], disk.List("log"));
        string[] expected =
        [
            "894D524C4F470D0A 01000000 40000000 0000000000000000 0000000000000000 2222222222222222 3333333333333333 00000000 0000000000000000 08C324CF",
            "4D524C52 01 01 0200 4000000000000000 4000000000000000 02000000 00000000 08C324CF C2D99DF5 33333333 754F703E 6869",
            "4D524C52 01 05 0000 7200000000000000 7200000000000000 00000000 00000000 754F703E 00000000 33333333 3B167EF1",
        ];
        string found = Convert.ToHexString(disk.Content("log/00000000000000000000.log"));
        Assert.Equal(string.Concat(expected).Replace(" ", "", StringComparison.Ordinal), found);
        Assert.Equal(Crc32C.Of("hi"u8), BitConverter.ToUInt32(disk.Content("log/00000000000000000000.log"), 64 + 36));
        Assert.Equal([1, 2, 3, 4, 5], Enum.GetValues<FragmentKind>().Select(k => (int)k));
    }

    [Fact]
    public void HeadersRoundTripAndAnyFlippedBitIsSeen()
    {
        var random = new SimRandom(5);
        byte[] bytes = new byte[FragmentHeader.Bytes];
        for (int round = 0; round < 200; round++)
        {
            int length = random.Next(1000);
            var written = new FragmentHeader
            {
                Kind = FragmentKind.Middle,
                Length = length,
                Position = random.Between(100, int.MaxValue - 1),
                Durable = random.Next(100),
                RecordOffset = random.Between(1, 1000),
                RecordLength = 5000,
                PreviousCrc = (uint)random.NextULong(),
                PayloadCrc = (uint)random.NextULong(),
            };
            uint salt = (uint)random.NextULong();
            uint identity = (uint)random.NextULong();
            written.Encode(bytes, salt, identity);
            Assert.True(FragmentHeader.TryParse(bytes, written.Position, 2000, salt, identity, out FragmentHeader read, out _));
            Assert.Equal(written, read);
            Assert.False(FragmentHeader.TryParse(bytes, written.Position + 1, 2000, salt, identity, out _, out _));
            Assert.False(FragmentHeader.TryParse(bytes, written.Position, 2000, salt, identity + 1, out _, out _));
            Assert.False(FragmentHeader.TryParse(bytes, written.Position, length + FragmentHeader.Bytes - 1, salt, identity, out _, out _));
            for (int bit = 0; bit < FragmentHeader.Bytes * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(FragmentHeader.TryParse(bytes, written.Position, 2000, salt, identity, out _, out string bad), $"bit {bit}");
                Assert.NotEmpty(bad);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void ZerosNeverParse() =>
        Assert.False(FragmentHeader.TryParse(new byte[FragmentHeader.Bytes], 0, LogFormat.BlockBytes, 0, 0, out _, out _));

    /// <summary>Each length around the edges of blocks, at each distance of the start from the edge.</summary>
    [Fact]
    public void EveryCutAtABlockIsJoinedAgain()
    {
        var disk = new SimDisk(2) { CompleteAtOnce = true };
        var lengths = new List<int>();
        for (int around = -60; around <= 60; around++)
        {
            lengths.Add(LogFormat.BlockBytes - FragmentHeader.Bytes - FileHeader.Bytes + around);
            lengths.Add(Math.Max(0, around));
        }
        lengths.Add((3 * LogFormat.BlockBytes) + 17);
        lengths.Add(1_000_000);
        using var log = WriteAheadLog.Open(disk, "log", new LogOptions { FileBytes = 1 << 30 });
        List<LogPosition> positions = [.. lengths.Select((length, i) => log.Append(LogTools.Payload(i, length)))];
        Assert.Equal(positions.Order(), positions);
        List<byte[]> found = LogTools.ReadAll(log);
        Assert.Equal(lengths.Count, found.Count);
        for (int i = 0; i < lengths.Count; i++)
        {
            Assert.True(found[i].AsSpan().SequenceEqual(LogTools.Payload(i, lengths[i])), $"record {i} of {lengths[i]} bytes");
            Assert.True(log.ReadAt(positions[i]).AsSpan().SequenceEqual(found[i]));
        }
    }

    [Fact]
    public void NamesSortAsPositions()
    {
        Assert.Equal("00000000000000000000.log", LogFormat.FileName(0));
        Assert.Equal("09223372036854775807.log", LogFormat.FileName(long.MaxValue));
        Assert.True(LogFormat.TryParseFileName("00000000000000065536.log", out long first) && first == 65536);
        Assert.False(LogFormat.TryParseFileName("0000000000000006553x.log", out _));
        Assert.False(LogFormat.TryParseFileName("65536.log", out _));
        Assert.False(LogFormat.TryParseFileName("-0000000000000000001.log", out _));
    }
}
