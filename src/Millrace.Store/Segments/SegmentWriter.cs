// Writes the file of a segment: its groups column by column, the filters of some columns, then the footer.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>What a footer says of the columns.</summary>
internal sealed record SegmentShape(IReadOnlyList<SqlType> Types, IReadOnlyList<int> Key, int Time);

/// <summary>Where the rows of one group come from.</summary>
internal abstract class GroupSource(int rows)
{
    public int Rows { get; } = rows;

    /// <summary>Appends the block of a column (the one behind the last is that of the offsets) and tells what is in it.</summary>
    /// <param name="column">Which.</param>
    /// <param name="identity">What checksums go on from.</param>
    /// <param name="habit">What was chosen for the column's blocks before.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="at">Where in the file the block begins.</param>
    public abstract BlockMeta Write(int column, uint identity, CodecHabit habit, ByteWriter writer, long at);

    /// <summary>Encodes rows as they are.</summary>
    protected static BlockMeta Encode(Column block, int rows, uint identity, CodecHabit habit, ByteWriter writer, long at)
    {
        int start = writer.Length;
        BlockCodec.Encode(block, 0, rows, writer, habit);
        ReadOnlySpan<byte> bytes = writer.Written[start..];
        return new BlockMeta(at, bytes.Length, Crc32C.Of(bytes, identity), NullsOf(block, rows), ZoneMap.Of(block, 0, rows));
    }

    /// <summary>Encodes rows that are all as the first one of <paramref name="value"/>; null when the type has no short form.</summary>
    protected static BlockMeta? EncodeConstant(Column value, int rows, uint identity, ByteWriter writer, long at)
    {
        int start = writer.Length;
        if (!ConstantBlock.TryEncode(value, writer))
        {
            writer.TruncateTo(start);
            return null;
        }

        ReadOnlySpan<byte> bytes = writer.Written[start..];
        ZoneMap zone = ZoneMap.Of(value, 0, 1);
        return new BlockMeta(at, bytes.Length, Crc32C.Of(bytes, identity), value.IsNull(0) ? rows : 0, zone with { Sum = zone.Sum * rows });
    }

    private static int NullsOf(Column column, int rows)
    {
        int nulls = 0;
        for (int i = 0; column.Validity is not null && i < rows; i++)
        {
            nulls += column.IsNull(i) ? 1 : 0;
        }

        return nulls;
    }
}

/// <summary>Rows picked out of whole columns.</summary>
/// <param name="columns">The columns, that of the offsets last.</param>
/// <param name="builders">One a column, used again from group to group.</param>
/// <param name="rows">Which rows, in order.</param>
/// <param name="same">Columns in which all these rows are the same.</param>
internal sealed class GatheredGroup(Column[] columns, ColumnBuilder[] builders, ArraySegment<int> rows, int[] same) : GroupSource(rows.Count)
{
    public override BlockMeta Write(int column, uint identity, CodecHabit habit, ByteWriter writer, long at)
    {
        ColumnBuilder builder = builders[column];
        builder.Reset();
        if (Array.IndexOf(same, column) >= 0)
        {
            builder.AppendRows(columns[column], rows.AsSpan(0, 1));
            if (EncodeConstant(builder.View(), Rows, identity, writer, at) is { } constant)
            {
                return constant;
            }

            builder.Reset();
        }

        builder.AppendRows(columns[column], rows);
        return Encode(builder.View(), Rows, identity, habit, writer, at);
    }
}

/// <summary>Builds the content of segment files.</summary>
internal static class SegmentWriter
{
    /// <summary>The file of groups that follow one another in the segment's order.</summary>
    public static BuiltSegment Write(string path, SegmentShape shape, IReadOnlyList<GroupSource> groups, long partition, long minTime, long maxTime)
    {
        uint identity = SegmentFormat.IdentityOf(path);
        var content = new List<ReadOnlyMemory<byte>> { default };
        var filters = new List<FilterMeta>();
        var filterBytes = new List<ReadOnlyMemory<byte>>();
        long at = SegmentFormat.HeaderBytes;
        GroupMeta[] metas = [.. groups.Select(g => new GroupMeta(g.Rows, new BlockMeta[shape.Types.Count + 1]))];
        for (int c = 0; c <= shape.Types.Count; c++)
        {
            var writer = new ByteWriter(4096);
            var habit = new CodecHabit();
            for (int g = 0; g < metas.Length; g++)
            {
                metas[g].Blocks[c] = groups[g].Write(c, identity, habit, writer, at + writer.Length);
            }

            content.Add(writer.WrittenMemory);
            at += writer.Length;
            var bytes = new ByteWriter(0);
            if (c < shape.Types.Count && FilterChoice.TryWrite(c, shape.Types[c], metas, writer.Written, identity, bytes) is { } filter)
            {
                filters.Add(filter);
                filterBytes.Add(bytes.WrittenMemory);
            }
        }

        for (int f = 0; f < filters.Count; f++)
        {
            filters[f] = filters[f] with { At = at };
            at += filters[f].Bytes;
        }

        content.AddRange(filterBytes);

        content[0] = SegmentFormat.Header(identity, filters.Count > 0);
        var footer = new ByteWriter(4096);
        new Footer(shape.Types, shape.Key, shape.Time, metas, filters).Write(footer);
        content.Add(footer.WrittenMemory);
        content.Add(SegmentFormat.Tail(at, footer.Written, identity));
        var info = new SegmentInfo(
            path, metas.Sum(m => (long)m.Rows), metas.Min(m => m.Offsets.First), metas.Max(m => m.Offsets.Last), minTime, maxTime, partition,
            content.Sum(c => (long)c.Length));
        return new BuiltSegment(info, content);
    }
}
