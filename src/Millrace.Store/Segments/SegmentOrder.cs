// Reads several segments as one sequence in the order of arrival.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>Merges by offset. A segment is read when its first offset is due, so only those that overlap are in memory together.</summary>
internal static class SegmentOrder
{
    /// <summary>The rows of all segments, ascending by offset.</summary>
    public static IEnumerable<(Batch Rows, long[] Offsets)> InArrivalOrder(IEnumerable<Segment> segments, SegmentScan scan)
    {
        var waiting = new Queue<Segment>(segments.OrderBy(s => s.Info.FirstOffset));
        var open = new List<Cursor>();
        while (waiting.Count > 0 || open.Count > 0)
        {
            while (waiting.TryPeek(out Segment? next) && (open.Count == 0 || next.Info.FirstOffset < open.Min(c => c.Offset)))
            {
                waiting.Dequeue();
                var cursor = new Cursor(next.InArrivalOrder(scan).GetEnumerator());
                if (cursor.Next())
                {
                    open.Add(cursor);
                }
            }

            if (open.Count == 0)
            {
                continue;
            }

            Cursor first = open.MinBy(c => c.Offset)!;
            long until = long.MaxValue;
            foreach (Cursor other in open)
            {
                until = other == first ? until : Math.Min(until, other.Offset);
            }

            until = waiting.TryPeek(out Segment? later) ? Math.Min(until, later.Info.FirstOffset) : until;
            yield return first.Take(until);
            if (!first.HasMore && !first.Next())
            {
                first.Dispose();
                open.Remove(first);
            }
        }
    }

    private sealed class Cursor(IEnumerator<(Batch Rows, long[] Offsets)> rows) : IDisposable
    {
        private int _at;

        public long Offset => rows.Current.Offsets[_at];

        public bool HasMore => _at < rows.Current.Offsets.Length;

        public bool Next()
        {
            _at = 0;
            while (rows.MoveNext())
            {
                if (rows.Current.Offsets.Length > 0)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The rows up to an offset; at least one.</summary>
        public (Batch Rows, long[] Offsets) Take(long until)
        {
            (Batch batch, long[] offsets) = rows.Current;
            int from = _at;
            int end = Array.BinarySearch(offsets, from, offsets.Length - from, until);
            _at = end < 0 ? ~end : end;
            if (from == 0 && _at == offsets.Length)
            {
                return rows.Current;
            }

            var columns = new Column[batch.Columns.Length];
            for (int c = 0; c < columns.Length; c++)
            {
                ColumnBuilder builder = batch.Columns[c].NewBuilder();
                builder.AppendRange(batch.Columns[c], from, _at - from);
                columns[c] = builder.View();
            }

            return (new Batch(columns, _at - from), offsets[from.._at]);
        }

        public void Dispose() => rows.Dispose();
    }
}
