// Where each row's window frame begins and ends.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Frame bounds as row numbers, [from, to), for every row of a partition. Both ascend with the row.</summary>
internal static class WindowFrames
{
    /// <summary>The bounds; an empty frame has from = to.</summary>
    public static (int[] From, int[] To) Bounds(FrameSpec frame, IReadOnlyList<SortKey> orderBy, Batch rows, int[] group, int[] starts)
    {
        int count = rows.Count;
        int[] from = new int[count];
        int[] to = new int[count];
        int[]? startDistance = null;
        int[]? endDistance = null;
        if (frame.Unit == FrameUnit.Range && frame.StartOffset is not null)
        {
            startDistance = Distances(frame.Start == FrameBound.Preceding, frame.StartOffset, orderBy, rows, group, starts, lower: true);
        }

        if (frame.Unit == FrameUnit.Range && frame.EndOffset is not null)
        {
            endDistance = Distances(frame.End == FrameBound.Preceding, frame.EndOffset, orderBy, rows, group, starts, lower: false);
        }

        long startOffset = frame.Unit == FrameUnit.Range ? 0 : Offset(frame.StartOffset, "starting");
        long endOffset = frame.Unit == FrameUnit.Range ? 0 : Offset(frame.EndOffset, "ending");
        for (int i = 0; i < count; i++)
        {
            from[i] = startDistance?[i] ?? Edge(frame.Unit, frame.Start, startOffset, i, count, group, starts, lower: true);
            to[i] = Math.Max(from[i], endDistance?[i] ?? Edge(frame.Unit, frame.End, endOffset, i, count, group, starts, lower: false));
        }

        return (from, to);
    }

    /// <summary>The rows that EXCLUDE takes out of a row's frame: two ranges, the first before the second, either may be empty.</summary>
    public static (int From, int To, int SecondFrom, int SecondTo) Holes(FrameExclusion exclusion, int row, int[] group, int[] starts)
    {
        (int first, int end) = (starts[group[row]], starts[group[row] + 1]);
        return exclusion switch
        {
            FrameExclusion.CurrentRow => (row, row + 1, row + 1, row + 1),
            FrameExclusion.Group => (first, end, end, end),
            FrameExclusion.Ties => (first, row, row + 1, end),
            _ => (row, row, row, row),
        };
    }

    /// <summary>The place of the n-th row (from 0) that counts between two places; −1 when there are not so many.</summary>
    public static int Nth(int from, int to, long n, (int From, int To, int SecondFrom, int SecondTo) holes)
    {
        long at = from + n;
        foreach ((int start, int end) in new[] { (holes.From, holes.To), (holes.SecondFrom, holes.SecondTo) })
        {
            int low = Math.Max(start, from);
            int high = Math.Min(end, to);
            at += high > low && at >= low ? high - low : 0;
        }

        return at < to ? (int)at : -1;
    }

    /// <summary>How many rows count between two places.</summary>
    public static int Count(int from, int to, (int From, int To, int SecondFrom, int SecondTo) holes) => Math.Max(0, to - from)
        - Math.Max(0, Math.Min(holes.To, to) - Math.Max(holes.From, from)) - Math.Max(0, Math.Min(holes.SecondTo, to) - Math.Max(holes.SecondFrom, from));

    private static int Edge(FrameUnit unit, FrameBound bound, long offset, int row, int count, int[] group, int[] starts, bool lower)
    {
        switch (bound)
        {
            case FrameBound.UnboundedPreceding: return 0;
            case FrameBound.UnboundedFollowing: return count;
            case FrameBound.CurrentRow when unit == FrameUnit.Rows: return lower ? row : row + 1;
            case FrameBound.CurrentRow: return lower ? starts[group[row]] : starts[group[row] + 1];
        }

        long distance = bound == FrameBound.Preceding ? -offset : offset;
        if (unit == FrameUnit.Rows)
        {
            return (int)Math.Clamp(row + distance + (lower ? 0 : 1), 0, count);
        }

        long target = Math.Clamp(group[row] + distance + (lower ? 0 : 1), 0, starts.Length - 1);
        return starts[target];
    }

    private static long Offset(LiteralExpr? literal, string which)
    {
        long offset = literal?.Value switch
        {
            null when literal is null => 0,
            short v => v,
            int v => v,
            long v => v,
            _ => throw new SqlException("22004", $"frame {which} offset must not be null"),
        };
        return offset >= 0 ? Math.Min(offset, int.MaxValue) : throw new SqlException("22013", $"frame {which} offset must not be negative");
    }

    // RANGE with an offset: the first row (or the one behind the last) whose key is within the distance. Nulls are at no distance from values.
    private static int[] Distances(bool preceding, LiteralExpr offset, IReadOnlyList<SortKey> orderBy, Batch rows, int[] group, int[] starts, bool lower)
    {
        if (orderBy.Count != 1)
        {
            throw new SqlException("42P20", "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
        }

        SortKey key = orderBy[0];
        Column column = rows.Columns[key.Column];
        double distance = WindowKeys.Distance(offset, column.Type);
        if (WindowKeys.IsNegative(offset, column.Type))
        {
            throw new SqlException("22013", "invalid preceding or following size in window function");
        }

        bool whole = WindowKeys.IsWhole(column.Type);
        Int128 bound = 0;
        int[] edges = new int[rows.Count];
        int sign = key.Descending ? -1 : 1;
        int at = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            if (column.IsNull(i))
            {
                edges[i] = lower ? starts[group[i]] : starts[group[i] + 1];
                continue;
            }

            if (whole)
            {
                bound = WindowKeys.Moved(column, i, offset, back: preceding != key.Descending);
            }

            // Nulls before the values do not belong to any distance, nor do those behind.
            while (at < rows.Count && (column.IsNull(at) ? at < i : Before(at, i)))
            {
                at++;
            }

            edges[i] = at;
        }

        return edges;

        // True while row a lies before the edge of row i.
        bool Before(int a, int i)
        {
            if (whole)
            {
                Int128 beyond = sign * (WindowKeys.Whole(column, a) - bound);
                return lower ? beyond < 0 : beyond <= 0;
            }

            double gap = sign * (WindowKeys.Real(column, a) - WindowKeys.Real(column, i));
            double edge = preceding ? -distance : distance;
            return lower ? gap < edge : gap <= edge;
        }
    }
}
