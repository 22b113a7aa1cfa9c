// The end of a segment file: what its columns are, where each group's blocks lie and what they hold, and where the filters are.
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
/// then group (the order of the blocks in the file): varint bytes, int32 CRC, varint nulls, zone map. Where there are filters: varint how many; per
/// filter: varint column, byte page bits, varint bytes, int32 CRC.
/// </summary>
internal sealed record Footer(IReadOnlyList<SqlType> Types, IReadOnlyList<int> Key, int Time, IReadOnlyList<GroupMeta> Groups, IReadOnlyList<FilterMeta> Filters)
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

        if (Filters.Count > 0)
        {
            writer.WriteVarint((ulong)Filters.Count);
            foreach (FilterMeta filter in Filters)
            {
                writer.WriteVarint((ulong)filter.Column);
                writer.WriteByte((byte)filter.PageBits);
                writer.WriteVarint((ulong)filter.Bytes);
                writer.WriteInt32((int)filter.Crc);
            }
        }
    }

    /// <summary>Reads a footer whose blocks and filters lie between the header and <paramref name="footerAt"/>.</summary>
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

        FilterMeta[] filters = reader.Remaining == 0 ? [] : ReadFilters(ref reader, types, ref at);
        return at == footerAt && reader.Remaining == 0
            ? new Footer(types, key, time, groups, filters)
            : throw new FormatException($"blocks and filters end at {at}, the footer begins at {footerAt}");
    }

    private static FilterMeta[] ReadFilters(ref ByteReader reader, SqlType[] types, ref long at)
    {
        var filters = new FilterMeta[InRange(reader.ReadCount(), 1, types.Length)];
        for (int f = 0; f < filters.Length; f++)
        {
            int column = InRange(reader.ReadCount(), 0, types.Length - 1);
            int pageBits = InRange(reader.ReadByte(), 0, 24);
            int bytes = InRange(reader.ReadCount(), GroupFilter.EntryBytes << pageBits, int.MaxValue);
            if (!FilterChoice.Suits(types[column]))
            {
                throw new FormatException($"a filter of {types[column]}");
            }

            filters[f] = new FilterMeta(column, pageBits, at, bytes, (uint)reader.ReadInt32());
            at += bytes;
        }

        return filters;
    }

    private static int InRange(int value, int min, int max) =>
        value >= min && value <= max ? value : throw new FormatException($"{value} where {min} to {max} can be");
}
