// The end of a segment file: what its columns are, and where each group's blocks lie and what they hold.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>One block: the rows of one group in one column.</summary>
/// <param name="At">Where it begins in the file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Crc">CRC32C of its bytes, going on from the file's identity.</param>
/// <param name="Nulls">Rows that are null in it.</param>
/// <param name="Zone">Bounds of the others.</param>
internal readonly record struct BlockMeta(long At, int Bytes, uint Crc, int Nulls, ZoneMap Zone);

/// <summary>A group of rows: neighbours in the segment's order, of one series where series are long.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Blocks">By column; the last is that of the offsets.</param>
internal sealed record GroupMeta(int Rows, BlockMeta[] Blocks)
{
    /// <summary>Smallest and largest offset.</summary>
    public (long First, long Last) Offsets => (Blocks[^1].Zone.Min, Blocks[^1].Zone.Max);
}

/// <summary>
/// Layout: varint columns; their types; varint key columns; their indexes; int32 time column; varint groups; per group: varint rows; per column and
/// then group (the order of the blocks in the file): varint bytes, int32 CRC, varint nulls, zone map.
/// </summary>
internal sealed record Footer(IReadOnlyList<SqlType> Types, IReadOnlyList<int> Key, int Time, IReadOnlyList<GroupMeta> Groups)
{
    public void Write(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Types.Count);
        foreach (SqlType type in Types)
        {
            BatchCodec.WriteType(writer, type);
        }

        writer.WriteVarint((ulong)Key.Count);
        foreach (int key in Key)
        {
            writer.WriteVarint((ulong)key);
        }

        writer.WriteInt32(Time);
        writer.WriteVarint((ulong)Groups.Count);
        foreach (GroupMeta group in Groups)
        {
            writer.WriteVarint((ulong)group.Rows);
        }

        for (int c = 0; c <= Types.Count; c++)
        {
            foreach (GroupMeta group in Groups)
            {
                BlockMeta block = group.Blocks[c];
                writer.WriteVarint((ulong)block.Bytes);
                writer.WriteInt32((int)block.Crc);
                writer.WriteVarint((ulong)block.Nulls);
                block.Zone.Write(writer);
            }
        }
    }

    /// <summary>Reads a footer whose blocks lie between the header and <paramref name="footerAt"/>.</summary>
    /// <exception cref="FormatException">The bytes are no such footer.</exception>
    public static Footer Read(ReadOnlySpan<byte> bytes, long footerAt)
    {
        var reader = new ByteReader(bytes);
        var types = new SqlType[InRange(reader.ReadCount(), 0, reader.Remaining)];
        for (int c = 0; c < types.Length; c++)
        {
            types[c] = BatchCodec.ReadType(ref reader);
        }

        int[] key = new int[InRange(reader.ReadCount(), 0, types.Length)];
        for (int k = 0; k < key.Length; k++)
        {
            key[k] = InRange(reader.ReadCount(), 0, types.Length - 1);
        }

        int time = InRange(reader.ReadInt32(), -1, types.Length - 1);
        var groups = new GroupMeta[InRange(reader.ReadCount(), 0, reader.Remaining)];
        for (int g = 0; g < groups.Length; g++)
        {
            groups[g] = new GroupMeta(InRange(reader.ReadCount(), 1, Codecs.BlockCodec.RowsMax), new BlockMeta[types.Length + 1]);
        }

        long at = SegmentFormat.HeaderBytes;
        for (int c = 0; c <= types.Length; c++)
        {
            foreach (GroupMeta group in groups)
            {
                int length = reader.ReadCount();
                uint crc = (uint)reader.ReadInt32();
                int nulls = InRange(reader.ReadCount(), 0, group.Rows);
                group.Blocks[c] = new BlockMeta(at, length, crc, nulls, ZoneMap.Read(ref reader));
                at += length;
            }
        }

        return at == footerAt && reader.Remaining == 0 ? new Footer(types, key, time, groups) : throw new FormatException($"blocks end at {at}, the footer begins at {footerAt}");
    }

    private static int InRange(int value, int min, int max) =>
        value >= min && value <= max ? value : throw new FormatException($"{value} where {min} to {max} can be");
}
