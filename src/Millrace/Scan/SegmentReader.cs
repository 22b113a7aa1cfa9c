// Reads the segments of an object together; says which of them is damaged.
using Millrace.Core;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>Rows of several stored segments.</summary>
internal static class SegmentReader
{
    /// <summary>The rows in the order of their offsets.</summary>
    /// <exception cref="SqlException">XX001: a segment that is needed is damaged.</exception>
    public static IEnumerable<Batch> InArrivalOrder(StoredSegment[] segments, SegmentScan scan)
    {
        if (segments.Length == 0)
        {
            yield break;
        }

        using IEnumerator<(Batch Rows, long[] Offsets)> rows =
            SegmentOrder.InArrivalOrder(segments.Select(s => s.Open()), scan).GetEnumerator();
        while (true)
        {
            try
            {
                if (!rows.MoveNext())
                {
                    yield break;
                }
            }
            catch (CorruptionException e) when (Array.Find(segments, s => s.Info.Path == e.File) is { } damaged)
            {
                throw damaged.Note(e);
            }

            yield return rows.Current.Rows;
        }
    }
}
