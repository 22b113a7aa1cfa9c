// Makes segments of rows: one for each time partition they fall into.
using Millrace.Core;

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
            columns[c] = rows.Count == 1 ? rows[0].Columns[c] : ColumnBuilder.Join(types[c], [.. rows.Select(r => r.Columns[c])]);
        }

        int[] key = [.. schema.Key.Where(k => k < width)];
        int[] series = SeriesCodes.Rank([.. key.Select(k => columns[k])], offsets.Length, out int seriesCount);
        int time = schema.Time < width ? schema.Time : -1;
        long[] times = time < 0 ? [] : TimesOf(columns[time], offsets.Length);
        Column[] source = [.. columns, new FixedColumn<long>(SqlType.BigInt, offsets, offsets.Length)];
        var built = new List<BuiltSegment>();
        foreach ((long partition, int[] members) in Partitions(times, offsets.Length, partitionMicros))
        {
            List<int> groups = RowOrder.Sort(members, series, seriesCount, times);
            (long minTime, long maxTime) = Bounds(times, members);
            built.Add(SegmentWriter.Write(
                path(built.Count), new SegmentShape(types, key, time), Gathered(source, key, series, members, groups), partition, minTime, maxTime));
        }

        return built;
    }

    /// <summary>The partition an event time falls into.</summary>
    public static long PartitionOf(long time, long partitionMicros) =>
        partitionMicros <= 0 ? 0 : time / partitionMicros - (time % partitionMicros < 0 ? 1 : 0);

    private static List<GroupSource> Gathered(Column[] columns, int[] key, int[] series, int[] order, List<int> groups)
    {
        ColumnBuilder[] builders = [.. columns.Select(c => c.NewBuilder())];
        var gathered = new List<GroupSource>();
        int at = 0;
        foreach (int rows in groups)
        {
            // Sorted by series: when the first and the last row are of one, all are.
            bool one = series[order[at]] == series[order[at + rows - 1]];
            gathered.Add(new GatheredGroup(columns, builders, new ArraySegment<int>(order, at, rows), one ? key : []));
            at += rows;
        }

        return gathered;
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
}
