// The layout of a segment file: header, blocks column by column, filters, footer, tail.
using System.Buffers.Binary;
using System.Text;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Store.Segments;

/// <summary>
/// <code>
/// header   magic "MRSG", int32 version, uint32 identity, uint32 CRC32C of these twelve bytes
/// blocks   of column 0, group 0 … n − 1; of column 1 …; the offsets of the rows are the last column
/// filters  of some columns, see GroupFilter; only from version 2, and a file without any says version 1
/// footer   see Footer
/// tail     int64 position of the footer, int32 its bytes, uint32 its CRC32C, uint32 identity, uint32 CRC32C of these twenty bytes
/// </code>
/// The identity is the checksum of the file's path, and every CRC of a block or footer goes on from it: a file under another name, or a block that
/// was written into the wrong file, is found out. All integers are little-endian.
/// </summary>
internal static class SegmentFormat
{
    /// <summary>The newest version.</summary>
    public const int Version = 2;

    private const int WithoutFilters = 1;

    public const int HeaderBytes = 16;
    public const int TailBytes = 24;

    private const uint Magic = 0x4753_524D;

    public static uint IdentityOf(string path) => Crc32C.Of(Encoding.UTF8.GetBytes(path), Magic);

    public static byte[] Header(uint identity, bool hasFilters)
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), hasFilters ? Version : WithoutFilters);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), identity);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(header.AsSpan(0, 12)));
        return header;
    }

    public static byte[] Tail(long footerAt, ReadOnlySpan<byte> footer, uint identity)
    {
        byte[] tail = new byte[TailBytes];
        BinaryPrimitives.WriteInt64LittleEndian(tail, footerAt);
        BinaryPrimitives.WriteInt32LittleEndian(tail.AsSpan(8), footer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(tail.AsSpan(12), Crc32C.Of(footer, identity));
        BinaryPrimitives.WriteUInt32LittleEndian(tail.AsSpan(16), identity);
        BinaryPrimitives.WriteUInt32LittleEndian(tail.AsSpan(20), Crc32C.Of(tail.AsSpan(0, 20)));
        return tail;
    }

    /// <summary>Checks header and tail and returns where the footer is.</summary>
    /// <exception cref="CorruptionException">They are not those of this file.</exception>
    /// <exception cref="NewerFormatException">The file is of a newer version.</exception>
    public static (long At, int Bytes, uint Crc) Check(IDiskFile file, SegmentInfo info)
    {
        string path = info.Path;
        uint identity = IdentityOf(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.Length < HeaderBytes + TailBytes)
        {
            throw Damaged(info, 0, "a segment of at least 40 bytes", $"{file.Length} bytes");
        }

        file.Read(0, header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != Crc32C.Of(header[..12]))
        {
            throw Damaged(info, 0, "the header of a segment", "something else");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (version is < WithoutFilters or > Version)
        {
            throw version > Version ? new NewerFormatException(path, version, Version) : Damaged(info, 4, $"version {WithoutFilters} to {Version}", $"{version}");
        }

        uint found = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (found != identity)
        {
            throw Damaged(info, 8, $"the identity {identity:x8} of a file of this name", $"{found:x8}: the file of another name");
        }

        if (file.Length != info.FileBytes)
        {
            throw Damaged(info, Math.Min(file.Length, info.FileBytes), $"{info.FileBytes} bytes", $"{file.Length}");
        }

        long tailAt = file.Length - TailBytes;
        Span<byte> tail = stackalloc byte[TailBytes];
        file.Read(tailAt, tail);
        long at = BinaryPrimitives.ReadInt64LittleEndian(tail);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(tail[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(tail[20..]) != Crc32C.Of(tail[..20]) || BinaryPrimitives.ReadUInt32LittleEndian(tail[16..]) != identity
            || at < HeaderBytes || bytes < 0 || at + bytes != tailAt)
        {
            throw Damaged(info, tailAt, "the tail of a segment", "something else");
        }

        return (at, bytes, BinaryPrimitives.ReadUInt32LittleEndian(tail[12..]));
    }

    public static CorruptionException Damaged(SegmentInfo info, long at, string expected, string found, Exception? inner = null) =>
        new(info.Path, at, expected, found, $"up to {info.Rows} rows with offsets {info.FirstOffset} to {info.LastOffset}", inner);
}
