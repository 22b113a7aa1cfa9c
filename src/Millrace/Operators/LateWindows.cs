// Which windows had closed when rows for them came: what is made of these windows lacks the rows.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// The ends of windows that missed rows, as at most <see cref="RangesMax"/> stretches: when there are more, the two that lie closest become one. So too many
/// windows may be named, never too few.
/// </summary>
internal sealed class LateWindows
{
    private const int RangesMax = 64;

    /// <summary>From the first end to the last of each stretch, ascending; replaced, never changed.</summary>
    public (long First, long Last)[] Ranges { get; private set; } = [];

    /// <summary>Notes a window by its end, µs.</summary>
    public void Add(long end)
    {
        int at = 0;
        while (at < Ranges.Length && Ranges[at].Last < end)
        {
            at++;
        }

        if (at < Ranges.Length && Ranges[at].First <= end)
        {
            return;
        }

        List<(long First, long Last)> ranges = [.. Ranges];
        ranges.Insert(at, (end, end));
        if (ranges.Count > RangesMax)
        {
            int closest = Enumerable.Range(0, ranges.Count - 1).MinBy(i => (Int128)ranges[i + 1].First - ranges[i].Last);
            ranges[closest] = (ranges[closest].First, ranges[closest + 1].Last);
            ranges.RemoveAt(closest + 1);
        }

        Ranges = [.. ranges];
    }

    /// <summary>Writes them into a checkpoint.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Ranges.Length);
        foreach ((long first, long last) in Ranges)
        {
            writer.WriteInt64(first);
            writer.WriteInt64(last);
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Load(ref ByteReader reader)
    {
        var ranges = new (long, long)[reader.ReadCount()];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = (reader.ReadInt64(), reader.ReadInt64());
        }

        Ranges = ranges;
    }
}
