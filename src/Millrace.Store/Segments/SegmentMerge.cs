// Compaction: several small segments of one time partition become one.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>Merges segments. Rows keep their offsets; what arrived in between and went elsewhere leaves gaps.</summary>
internal static class SegmentMerge
{
    /// <summary>Builds one segment of the rows of <paramref name="segments"/>, which stay as they are.</summary>
    /// <param name="schema">The columns of today.</param>
    /// <param name="segments">Segments of one partition.</param>
    /// <param name="widen">Fills up rows from before columns were added, so that all have the same.</param>
    /// <param name="path">The new file.</param>
    /// <exception cref="CorruptionException">One of them is damaged.</exception>
    public static BuiltSegment Build(SegmentSchema schema, IReadOnlyList<Segment> segments, Func<Batch, Batch> widen, string path)
    {
        long partition = segments[0].Info.Partition;
        long minTime = segments.Min(s => s.Info.MinTime);
        long maxTime = segments.Max(s => s.Info.MaxTime);
        if (SeriesMerge.TryPlan(schema, segments, widen) is { } groups)
        {
            var shape = new SegmentShape([.. schema.Columns.Fields.Select(f => f.Type)], schema.Key, schema.Time);
            return SegmentWriter.Write(path, shape, groups, partition, minTime, maxTime);
        }

        var rows = new List<Batch>();
        var offsets = new List<long>();
        foreach ((Batch batch, long[] at) in SegmentOrder.InArrivalOrder(segments, SegmentScan.All))
        {
            rows.Add(widen(batch));
            offsets.AddRange(at);
        }

        BuiltSegment built = SegmentBuilder.Build(schema, rows, [.. offsets], 0, _ => path).Single();
        return built with { Info = built.Info with { Partition = partition, MinTime = minTime, MaxTime = maxTime } };
    }
}
