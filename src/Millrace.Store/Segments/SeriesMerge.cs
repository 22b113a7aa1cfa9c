// Merging by series: where every group holds one series and their times do not overlap, large groups are copied as bytes and only small ones joined.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>Plans the groups of a merged segment from what the footers say.</summary>
internal static class SeriesMerge
{
    // A group of at least so many rows is worth keeping as it is.
    private const int KeepRows = RowOrder.GroupRowsMax / 2;

    private readonly record struct Part(Segment Segment, int Index)
    {
        public GroupMeta Group => Segment.Groups[Index];
    }

    /// <summary>The groups of the merged segment, in order; null when series or times are mixed, so that rows must be sorted anew.</summary>
    public static List<GroupSource>? TryPlan(SegmentSchema schema, IReadOnlyList<Segment> segments, Func<Batch, Batch> widen)
    {
        if (segments.Any(s => !s.Footer.Key.SequenceEqual(schema.Key) || s.Footer.Time != schema.Time))
        {
            return null;
        }

        List<Part> parts = [.. segments.SelectMany(s => Enumerable.Range(0, s.Groups.Count).Select(g => new Part(s, g)))];
        if (SeriesOf(parts, schema.Key) is not { } series)
        {
            return null;
        }

        var groups = new List<GroupSource>();
        foreach (IGrouping<int, int> one in Enumerable.Range(0, parts.Count).GroupBy(i => series[i]).OrderBy(g => g.Key))
        {
            List<Part> inOrder = [.. one.Select(i => parts[i]).OrderBy(p => Times(p, schema.Time).First).ThenBy(p => p.Group.Offsets.First)];
            for (int i = 1; i < inOrder.Count; i++)
            {
                if (!Follows(inOrder[i - 1], inOrder[i], schema.Time))
                {
                    return null;
                }
            }

            Pack(inOrder, schema, widen, groups);
        }

        return groups;
    }

    // The rank of each group's series; null when a group holds several.
    private static int[]? SeriesOf(List<Part> parts, IReadOnlyList<int> key)
    {
        var columns = new List<Column>();
        foreach (int column in key)
        {
            ColumnBuilder? values = null;
            foreach (Part part in parts)
            {
                values ??= ColumnBuilder.For(part.Segment.Footer.Types[column]);
                if (ValueOf(part, column) is not { } value)
                {
                    return null;
                }

                values.AppendFrom(value, 0);
            }

            columns.Add(values!.View());
        }

        return SeriesCodes.Rank(columns, parts.Count, out _);
    }

    // What all rows of a group hold, as a column of one row; null when they differ or the footer does not say.
    private static Column? ValueOf(Part part, int column)
    {
        SqlType type = part.Segment.Footer.Types[column];
        BlockMeta block = part.Group.Blocks[column];
        return block.Nulls == part.Group.Rows && type.Id != TypeId.Row ? NullColumns.Of(type, 1)
            : block.Nulls == 0 && block.Zone.IsOneValue ? new ConstantColumn().Of(type, block.Zone, 1)
            : null;
    }

    private static (long First, long Last) Times(Part part, int time)
    {
        if (time < 0)
        {
            return part.Group.Offsets;
        }

        ZoneMap zone = part.Group.Blocks[time].Zone;
        return (zone.Min, zone.Max);
    }

    private static bool Follows(Part before, Part after, int time)
    {
        if (time >= 0 && (before.Group.Blocks[time].Nulls > 0 || after.Group.Blocks[time].Nulls > 0))
        {
            return false;
        }

        (long last, long first) = (Times(before, time).Last, Times(after, time).First);
        return first > last || (first == last && after.Group.Offsets.First > before.Group.Offsets.Last);
    }

    private static void Pack(List<Part> parts, SegmentSchema schema, Func<Batch, Batch> widen, List<GroupSource> groups)
    {
        var pending = new List<Part>();
        int rows = 0;
        foreach (Part part in parts)
        {
            if (rows > 0 && (rows + part.Group.Rows > RowOrder.GroupRowsMax || rows >= KeepRows))
            {
                groups.Add(Join(pending, schema, widen));
                pending = [];
                rows = 0;
            }

            pending.Add(part);
            rows += part.Group.Rows;
        }

        groups.Add(Join(pending, schema, widen));
    }

    private static GroupSource Join(List<Part> parts, SegmentSchema schema, Func<Batch, Batch> widen) =>
        parts is [var only] && only.Segment.Footer.Types.Count == schema.Columns.Count ? new CopiedGroup(only) : new JoinedGroup(parts, schema, widen);

    // The same bytes in another file: only the checksum is new.
    private sealed class CopiedGroup(Part part) : GroupSource(part.Group.Rows)
    {
        public override BlockMeta Write(int column, uint identity, CodecHabit habit, ByteWriter writer, long at)
        {
            BlockMeta block = part.Group.Blocks[column];
            Span<byte> bytes = writer.Take(block.Bytes);
            part.Segment.ReadBlock(part.Index, column, bytes);
            return block with { At = at, Crc = Crc32C.Of(bytes, identity) };
        }
    }

    private sealed class JoinedGroup(List<Part> parts, SegmentSchema schema, Func<Batch, Batch> widen) : GroupSource(parts.Sum(p => p.Group.Rows))
    {
        public override BlockMeta Write(int column, uint identity, CodecHabit habit, ByteWriter writer, long at)
        {
            int width = schema.Columns.Count;
            if (schema.Key.Contains(column) && EncodeConstant(ValueOf(parts[0], column)!, Rows, identity, writer, at) is { } constant)
            {
                // All parts hold one series.
                return constant;
            }

            ColumnBuilder joined = ColumnBuilder.For(column < width ? schema.Columns[column].Type : SqlType.BigInt);
            foreach (Part part in parts)
            {
                int own = part.Segment.Footer.Types.Count;
                if (column >= own && column < width)
                {
                    Column[] there = [.. part.Segment.Footer.Types.Select(t => NullColumns.Of(t, part.Group.Rows))];
                    joined.AppendRange(widen(new Batch(there, part.Group.Rows)).Columns[column], 0, part.Group.Rows);
                }
                else
                {
                    part.Segment.Decode(part.Index, Math.Min(column, own), joined);
                }
            }

            return Encode(joined.View(), Rows, identity, habit, writer, at);
        }
    }
}
