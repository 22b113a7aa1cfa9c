// The first 64 bytes of a log file: which log, which stretch of it, and how it hangs on the file before.
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>
/// <code>
///  0 magic 8 | 8 version 4 | 12 header bytes 4 | 16 first position 8 | 24 durable 8 | 32 log id 8 | 40 salt 8 | 48 previous CRC 4 | 52 zero 8 | 60 CRC 4
/// </code>
/// The first 12 bytes mean the same in every version. The CRC is the file's identity: it seeds the CRC of each fragment header in it.
/// </summary>
internal readonly record struct FileHeader(long FirstPosition, long Durable, ulong LogId, ulong Salt, uint PreviousCrc)
{
    internal const int Bytes = 64;
    private const ulong Magic = 0x0A0D_474F_4C52_4D89; // "\x89MRLOG\r\n"

    internal byte[] Encode(out uint identity)
    {
        byte[] to = new byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(to, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(8), LogFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(12), Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(to.AsSpan(16), FirstPosition);
        BinaryPrimitives.WriteInt64LittleEndian(to.AsSpan(24), Durable);
        BinaryPrimitives.WriteUInt64LittleEndian(to.AsSpan(32), LogId);
        BinaryPrimitives.WriteUInt64LittleEndian(to.AsSpan(40), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(48), PreviousCrc);
        identity = Crc32C.Of(to.AsSpan(0, 60));
        BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(60), identity);
        return to;
    }

    /// <summary>Reads and checks the header of the file named for <paramref name="firstPosition"/>; throws on damage and on a newer version.</summary>
    internal static FileHeader Read(IDiskFile file, long firstPosition, out uint identity)
    {
        Span<byte> from = stackalloc byte[Bytes];
        int got = file.Read(0, from);
        if (got < Bytes)
        {
            Damaged(file.Path, 0, "a file header of 64 bytes", $"{got} bytes");
        }
        if (BinaryPrimitives.ReadUInt64LittleEndian(from) != Magic)
        {
            Damaged(file.Path, 0, "the magic number of a log file", Convert.ToHexString(from[..8]));
        }
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]);
        if (version > LogFormat.Version)
        {
            throw new NewerFormatException(file.Path, version, LogFormat.Version);
        }
        identity = BinaryPrimitives.ReadUInt32LittleEndian(from[60..]);
        uint crc = Crc32C.Of(from[..60]);
        if (identity != crc)
        {
            Damaged(file.Path, 0, $"header CRC {crc:x8}", $"{identity:x8}");
        }
        var header = new FileHeader(
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[48..]));
        if (header.FirstPosition != firstPosition)
        {
            Damaged(file.Path, 16, $"first position {firstPosition}, as the file's name says", $"{header.FirstPosition}");
        }
        if (version != LogFormat.Version || header.Durable < 0 || header.Durable > firstPosition)
        {
            Damaged(file.Path, 8, "a sound file header", $"version {version}, durable {header.Durable}");
        }
        return header;
    }

    [DoesNotReturn]
    private static void Damaged(string path, long offset, string expected, string found) => throw new CorruptionException(path, offset, expected, found);
}
