// The last rows of every series without reading the others.
using Millrace.Core;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>Picks, of the groups that hold one partition each, those with its largest time. Bounds in the footer decide; ties stay.</summary>
internal static class LastGroups
{
    /// <summary>The groups that may hold a partition's last rows.</summary>
    public static List<(StoredSegment Segment, int Group)> Of(List<(StoredSegment Segment, int Group)> groups, LastRows last)
    {
        var best = new Dictionary<ByteSlice, long>();
        var keys = new ByteSlice?[groups.Count];
        for (int i = 0; i < groups.Count; i++)
        {
            Segment segment = groups[i].Segment.Open();
            GroupMeta group = segment.Groups[groups[i].Group];
            if (IsOnePartition(segment, group, last) && BoundsTime(segment, group, last))
            {
                ByteSlice key = KeyOf(segment, group, last);
                keys[i] = key;
                long max = group.Blocks[last.Time].Zone.Max;
                best[key] = best.TryGetValue(key, out long known) ? Math.Max(known, max) : max;
            }
        }

        var kept = new List<(StoredSegment, int)>();
        for (int i = 0; i < groups.Count; i++)
        {
            if (keys[i] is not { } key || groups[i].Segment.Open().Groups[groups[i].Group].Blocks[last.Time].Zone.Max == best[key])
            {
                kept.Add(groups[i]);
            }
        }

        return kept;
    }

    /// <summary>Of a group that holds one series in order of time: the first row that has its largest time. Of others: 0.</summary>
    public static int FirstOfLast(GroupReader reader, Segment segment, int group, LastRows last)
    {
        GroupMeta meta = segment.Groups[group];
        if (segment.Footer.Time != last.Time || !IsOnePartition(segment, meta, last) || !BoundsTime(segment, meta, last)
            || !segment.Footer.Key.All(k => meta.Blocks[k] is { Nulls: 0, Zone.IsOneValue: true }))
        {
            return 0;
        }

        ReadOnlySpan<long> times = ((FixedColumn<long>)reader.Decoded(last.Time)).Values.AsSpan(0, meta.Rows);
        int first = meta.Rows - 1;
        while (first > 0 && times[first - 1] == times[first])
        {
            first--;
        }

        return first;
    }

    private static bool IsOnePartition(Segment segment, GroupMeta group, LastRows last)
    {
        foreach (int column in last.Partition)
        {
            if (column < segment.Footer.Types.Count && group.Blocks[column] is not { Nulls: 0, Zone.IsOneValue: true })
            {
                return false;
            }
        }

        return true;
    }

    private static bool BoundsTime(Segment segment, GroupMeta group, LastRows last) =>
        last.Time < segment.Footer.Types.Count && segment.Footer.Types[last.Time].IsTimestamp
        && group.Blocks[last.Time] is { Nulls: 0, Zone.Kind: ZoneKind.Integer };

    // A column that was added later is the same in all rows of the group.
    private static ByteSlice KeyOf(Segment segment, GroupMeta group, LastRows last)
    {
        var writer = new ByteWriter(32);
        foreach (int column in last.Partition)
        {
            if (column < segment.Footer.Types.Count)
            {
                (group.Blocks[column].Zone with { Sum = 0 }).Write(writer);
            }
            else
            {
                writer.WriteByte(255);
            }
        }

        return new ByteSlice(writer.Written.ToArray(), 0, writer.Length);
    }
}
