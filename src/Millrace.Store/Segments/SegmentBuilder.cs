// Makes segments of rows: one for each time partition they fall into.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>Builds the files of segments in memory. Pure: whoever calls publishes them.</summary>
internal static class SegmentBuilder
{
    /// <summary>Sorts rows and splits them by time partition.</summary>
    /// <param name="schema">Their columns; rows may have fewer (from before columns were added), all rows given have the same.</param>
    /// <param name="rows">In order of offset.</param>
    /// <param name="partitionMicros">The length of a partition, µs; 0 when rows are not split by time.</param>
    /// <param name="path">Names the file of the n-th segment.</param>
    public static List<BuiltSegment> Build(SegmentSchema schema, IReadOnlyList<SealedRows> rows, long partitionMicros, Func<int, string> path)
    {
        int count = rows.Sum(r => r.Rows.Count);
        long[] offsets = new long[count];
        int at = 0;
        foreach (SealedRows sealedRows in rows)
        {
            for (int i = 0; i < sealedRows.Rows.Count; i++)
            {
                offsets[at++] = sealedRows.FirstOffset + i;
            }
        }

        return Build(schema, [.. rows.Select(r => r.Rows)], offsets, partitionMicros, path);
    }

    /// <summary>As the other, for rows whose offsets ascend but need not follow one another.</summary>
    public static List<BuiltSegment> Build(SegmentSchema schema, IReadOnlyList<Batch> rows, long[] offsets, long partitionMicros, Func<int, string> path)
    {
        if (offsets.Length == 0)
        {
            return [];
        }

        int width = rows[0].Columns.Length;
        Check.That(rows.All(r => r.Columns.Length == width && r.Weights is null) && width <= schema.Columns.Count);
        var types = new SqlType[width];
        var columns = new Column[width];
        for (int c = 0; c < width; c++)
        {
            types[c] = rows[0].Columns[c].Type;
            columns[c] = Join(rows, c);
        }

        int[] key = [.. schema.Key.Where(k => k < width)];
        int[] series = SeriesCodes.Rank([.. key.Select(k => columns[k])], offsets.Length, out int seriesCount);
        int time = schema.Time < width ? schema.Time : -1;
        long[] times = time < 0 ? [] : TimesOf(columns[time], offsets.Length);
        var built = new List<BuiltSegment>();
        foreach ((long partition, int[] members) in Partitions(times, offsets.Length, partitionMicros))
        {
            List<int> groups = RowOrder.Sort(members, series, seriesCount, times);
            built.Add(Encode(new Source(types, key, time, columns, offsets, times), partition, members, groups, path(built.Count)));
        }

        return built;
    }

    /// <summary>The partition an event time falls into.</summary>
    public static long PartitionOf(long time, long partitionMicros) =>
        partitionMicros <= 0 ? 0 : time / partitionMicros - (time % partitionMicros < 0 ? 1 : 0);

    private sealed record Source(SqlType[] Types, int[] Key, int Time, Column[] Columns, long[] Offsets, long[] Times);

    private static BuiltSegment Encode(Source source, long partition, int[] order, List<int> groups, string path)
    {
        uint identity = SegmentFormat.IdentityOf(path);
        var content = new List<ReadOnlyMemory<byte>> { SegmentFormat.Header(identity) };
        long at = SegmentFormat.HeaderBytes;
        GroupMeta[] metas = [.. groups.Select(rows => new GroupMeta(rows, new BlockMeta[source.Types.Length + 1]))];
        for (int c = 0; c <= source.Types.Length; c++)
        {
            var writer = new ByteWriter(4096);
            Column column = c < source.Types.Length ? source.Columns[c] : new FixedColumn<long>(SqlType.BigInt, source.Offsets, source.Offsets.Length);
            ColumnBuilder gathered = column.NewBuilder();
            int row = 0;
            for (int g = 0; g < metas.Length; g++)
            {
                int rows = metas[g].Rows;
                gathered.Reset();
                gathered.AppendRows(column, order.AsSpan(row, rows));
                row += rows;
                Column block = gathered.View();
                int start = writer.Length;
                BlockCodec.Encode(block, 0, rows, writer);
                ReadOnlySpan<byte> bytes = writer.Written[start..];
                metas[g].Blocks[c] = new BlockMeta(at + start, bytes.Length, Crc32C.Of(bytes, identity), NullsOf(block, rows), ZoneMap.Of(block, 0, rows));
            }

            content.Add(writer.WrittenMemory);
            at += writer.Length;
        }

        var footer = new ByteWriter(4096);
        new Footer(source.Types, source.Key, source.Time, metas).Write(footer);
        content.Add(footer.WrittenMemory);
        content.Add(SegmentFormat.Tail(at, footer.Written, identity));
        (long minTime, long maxTime) = Bounds(source.Times, order);
        (long first, long last) = (metas.Min(m => m.Offsets.First), metas.Max(m => m.Offsets.Last));
        var info = new SegmentInfo(path, order.Length, first, last, minTime, maxTime, partition, content.Sum(c => (long)c.Length));
        return new BuiltSegment(info, content);
    }

    private static Column Join(IReadOnlyList<Batch> rows, int column)
    {
        if (rows.Count == 1)
        {
            return rows[0].Columns[column];
        }

        ColumnBuilder builder = rows[0].Columns[column].NewBuilder();
        foreach (Batch batch in rows)
        {
            builder.AppendRange(batch.Columns[column], 0, batch.Count);
        }

        return builder.View();
    }

    // A row without an event time counts as the earliest: it is in the first partition and goes with it.
    private static long[] TimesOf(Column column, int count)
    {
        long[] values = ((FixedColumn<long>)column).Values;
        if (column.Validity is null)
        {
            return values;
        }

        long earliest = long.MaxValue;
        for (int i = 0; i < count; i++)
        {
            earliest = column.IsNull(i) ? earliest : Math.Min(earliest, values[i]);
        }

        long[] times = values.AsSpan(0, count).ToArray();
        for (int i = 0; i < count; i++)
        {
            times[i] = column.IsNull(i) ? (earliest == long.MaxValue ? 0 : earliest) : times[i];
        }

        return times;
    }

    private static IEnumerable<(long Partition, int[] Rows)> Partitions(long[] times, int count, long partitionMicros)
    {
        int[] all = new int[count];
        for (int i = 0; i < count; i++)
        {
            all[i] = i;
        }

        if (times.Length == 0 || partitionMicros <= 0)
        {
            return [(0, all)];
        }

        (long min, long max) = Bounds(times, all);
        long first = PartitionOf(min, partitionMicros);
        return first == PartitionOf(max, partitionMicros)
            ? [(first, all)]
            : all.GroupBy(i => PartitionOf(times[i], partitionMicros)).OrderBy(g => g.Key).Select(g => (g.Key, g.ToArray()));
    }

    private static (long Min, long Max) Bounds(long[] times, int[] rows)
    {
        if (times.Length == 0)
        {
            return (0, 0);
        }

        (long min, long max) = (long.MaxValue, long.MinValue);
        foreach (int row in rows)
        {
            min = Math.Min(min, times[row]);
            max = Math.Max(max, times[row]);
        }

        return (min, max);
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
