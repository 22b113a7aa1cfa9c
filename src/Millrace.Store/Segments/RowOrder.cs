// Puts rows into the order of a segment: by series, then event time, then offset.
namespace Millrace.Store.Segments;

/// <summary>Where the rows of a segment come from, and where its groups end.</summary>
internal static class RowOrder
{
    /// <summary>Most rows of a group.</summary>
    public const int GroupRowsMax = 4096;

    // A series this long gets groups of its own; shorter ones share.
    private const int OwnGroupRows = 1024;

    /// <summary>Sorts <paramref name="rows"/> (ascending by offset) in place; returns the number of rows in each group.</summary>
    /// <param name="rows">Indexes of the rows.</param>
    /// <param name="series">By row: the rank of its series.</param>
    /// <param name="seriesCount">How many series there are.</param>
    /// <param name="times">By row: its event time; empty when there is none.</param>
    public static List<int> Sort(int[] rows, int[] series, int seriesCount, long[] times)
    {
        int[] ends = new int[seriesCount + 1];
        foreach (int row in rows)
        {
            ends[series[row] + 1]++;
        }

        for (int s = 0; s < seriesCount; s++)
        {
            ends[s + 1] += ends[s];
        }

        // Counting sort keeps the order of arrival inside a series: mostly that of time already.
        int[] sorted = new int[rows.Length];
        int[] next = ends[..seriesCount];
        foreach (int row in rows)
        {
            sorted[next[series[row]]++] = row;
        }

        sorted.CopyTo(rows, 0);
        var groups = new List<int>();
        int shared = 0;
        int[] spare = [];
        for (int s = 0; s < seriesCount; s++)
        {
            int length = ends[s + 1] - ends[s];
            if (times.Length > 0)
            {
                SortByTime(rows.AsSpan(ends[s], length), times, ref spare);
            }

            if (length < OwnGroupRows && shared + length <= GroupRowsMax)
            {
                shared += length;
                continue;
            }

            if (shared > 0)
            {
                groups.Add(shared);
                shared = 0;
            }

            if (length < OwnGroupRows)
            {
                shared = length;
                continue;
            }

            int pieces = (length + GroupRowsMax - 1) / GroupRowsMax;
            for (int p = 0; p < pieces; p++)
            {
                groups.Add((int)((long)length * (p + 1) / pieces - (long)length * p / pieces));
            }
        }

        if (shared > 0)
        {
            groups.Add(shared);
        }

        return groups;
    }

    // Rows come nearly in order of time, in stretches: those that are in order already are merged with their neighbours, and where one ends before the
    // next begins there is nothing to do. Equal times stay in order of offset.
    private static void SortByTime(Span<int> rows, long[] times, ref int[] spare)
    {
        var ends = new List<int>();
        for (int i = 1; i < rows.Length; i++)
        {
            if (times[rows[i]] < times[rows[i - 1]])
            {
                ends.Add(i);
            }
        }

        if (ends.Count == 0)
        {
            return;
        }

        ends.Add(rows.Length);
        if (spare.Length < rows.Length)
        {
            spare = new int[rows.Length];
        }

        while (ends.Count > 1)
        {
            int kept = 0;
            int start = 0;
            for (int i = 0; i < ends.Count; i += 2)
            {
                int end = ends[Math.Min(i + 1, ends.Count - 1)];
                if (i + 1 < ends.Count)
                {
                    Merge(rows[start..end], ends[i] - start, times, spare);
                }

                ends[kept++] = end;
                start = end;
            }

            ends.RemoveRange(kept, ends.Count - kept);
        }
    }

    private static void Merge(Span<int> rows, int middle, long[] times, int[] spare)
    {
        // What is below all of the right side stays where it is.
        long least = times[rows[middle]];
        int first = middle;
        while (first > 0 && times[rows[first - 1]] > least)
        {
            first--;
        }

        Span<int> left = spare.AsSpan(0, middle - first);
        rows[first..middle].CopyTo(left);
        int to = first;
        int l = 0;
        int r = middle;
        while (l < left.Length && r < rows.Length)
        {
            rows[to++] = times[rows[r]] < times[left[l]] ? rows[r++] : left[l++];
        }

        left[l..].CopyTo(rows[to..]);
    }
}
