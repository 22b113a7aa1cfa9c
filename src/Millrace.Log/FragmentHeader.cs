// The 48 bytes before each piece of a record.
using System.Buffers.Binary;
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>Which piece of a record a fragment is. The numbers are on disk.</summary>
internal enum FragmentKind : byte
{
    Full = 1,
    First = 2,
    Middle = 3,
    Last = 4,

    /// <summary>No record: says up to where the log is durable, written when it is closed.</summary>
    Mark = 5,
}

/// <summary>
/// <code>
///  0 magic 4 | 4 version 1 | 5 kind 1 | 6 length 2 | 8 position 8 | 16 durable 8 | 24 record length 4 | 28 record offset 4
/// 32 CRC of the fragment header before 4 | 36 payload CRC 4 | 40 salt 4 | 44 CRC of this header, seeded with the file's identity 4
/// </code>
/// <c>Durable</c> is the end of what a sync had covered when this was written: whatever is bad before it is damage, not a torn tail.
/// </summary>
internal struct FragmentHeader
{
    internal const int Bytes = 48;
    internal const uint Magic = 0x524C_524D; // "MRLR"

    internal FragmentKind Kind;
    internal int Length;
    internal long Position;
    internal long Durable;
    internal int RecordLength;
    internal int RecordOffset;
    internal uint PreviousCrc;
    internal uint PayloadCrc;
    internal uint Crc;

    /// <summary>Writes the header and sets <see cref="Crc"/>.</summary>
    internal void Encode(Span<byte> to, uint salt, uint identity)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        to[4] = LogFormat.Version;
        to[5] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], (ushort)Length);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Durable);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], RecordLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], RecordOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], PreviousCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[36..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], salt);
        Crc = Crc32C.Of(to[..44], identity);
        BinaryPrimitives.WriteUInt32LittleEndian(to[44..], Crc);
    }

    /// <summary>
    /// Reads a header that must belong at <paramref name="position"/>; false with the reason in <paramref name="bad"/> when it does not.
    /// What it accepts is sound in itself: the kind is known and lengths fit the block and the record.
    /// </summary>
    internal static bool TryParse(ReadOnlySpan<byte> from, long position, long blockLeft, uint salt, uint identity, out FragmentHeader header, out string bad)
    {
        header = default;
        bad = "";
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(from);
        if (magic != Magic)
        {
            bad = $"magic {magic:x8}";
            return false;
        }
        header.Crc = BinaryPrimitives.ReadUInt32LittleEndian(from[44..]);
        if (header.Crc != Crc32C.Of(from[..44], identity))
        {
            bad = $"header CRC {header.Crc:x8}";
            return false;
        }
        header.Kind = (FragmentKind)from[5];
        header.Length = BinaryPrimitives.ReadUInt16LittleEndian(from[6..]);
        header.Position = BinaryPrimitives.ReadInt64LittleEndian(from[8..]);
        header.Durable = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        header.RecordLength = BinaryPrimitives.ReadInt32LittleEndian(from[24..]);
        header.RecordOffset = BinaryPrimitives.ReadInt32LittleEndian(from[28..]);
        header.PreviousCrc = BinaryPrimitives.ReadUInt32LittleEndian(from[32..]);
        header.PayloadCrc = BinaryPrimitives.ReadUInt32LittleEndian(from[36..]);
        uint foundSalt = BinaryPrimitives.ReadUInt32LittleEndian(from[40..]);
        if (from[4] != LogFormat.Version || foundSalt != salt || header.Position != position)
        {
            bad = $"version {from[4]}, salt {foundSalt:x8}, position {header.Position}";
            return false;
        }
        if (!header.IsSound(blockLeft))
        {
            bad = $"kind {(int)header.Kind}, {header.Length} bytes at {header.RecordOffset} of {header.RecordLength}, durable {header.Durable}";
            return false;
        }
        return true;
    }

    private readonly bool IsSound(long blockLeft)
    {
        long end = (long)RecordOffset + Length;
        bool lengths = RecordLength is >= 0 and <= LogFormat.RecordBytesMax && RecordOffset >= 0 && end <= RecordLength
            && Length <= blockLeft - Bytes && Durable >= 0 && Durable <= Position;
        return lengths && Kind switch
        {
            FragmentKind.Full => RecordOffset == 0 && Length == RecordLength,
            FragmentKind.First => RecordOffset == 0 && Length < RecordLength,
            FragmentKind.Middle => RecordOffset > 0 && end < RecordLength,
            FragmentKind.Last => RecordOffset > 0 && end == RecordLength,
            FragmentKind.Mark => RecordLength == 0,
            _ => false,
        };
    }
}
