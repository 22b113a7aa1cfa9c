// The last rows of every series without reading the others.
using System.Runtime.InteropServices;
using Millrace.Core;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>Picks, of the groups that hold one partition each, those with its largest time. Bounds in the footer decide; ties stay.</summary>
internal static class LastGroups
{
    /// <summary>The groups that may hold a partition's last rows.</summary>
    /// <param name="groups">All groups of some partitions, those of a segment one after the other.</param>
    /// <param name="last">What is wanted.</param>
    public static List<(StoredSegment Segment, int Group)> Of(List<(StoredSegment Segment, int Group)> groups, LastRows last)
    {
        // What a segment says of its partitions is worked out once and kept: a hundred million rows have tens of thousands of groups.
        var best = new Dictionary<ByteSlice, long>();
        foreach (StoredSegment segment in groups.Select(g => g.Segment).Distinct())
        {
            SegmentLast of = segment.LastOf(last);
            for (int i = 0; i < of.Keys.Length; i++)
            {
                ref long known = ref CollectionsMarshal.GetValueRefOrAddDefault(best, of.Keys[i], out bool exists);
                known = exists ? Math.Max(known, of.Largest[i]) : of.Largest[i];
            }
        }

        var kept = new List<(StoredSegment, int)>();
        for (int from = 0, to; from < groups.Count; from = to)
        {
            StoredSegment segment = groups[from].Segment;
            SegmentLast of = segment.LastOf(last);
            long[] wanted = Array.ConvertAll(of.Keys, key => best[key]);
            for (to = from; to < groups.Count && groups[to].Segment == segment; to++)
            {
                int group = groups[to].Group;
                if (of.KeyOf[group] is var key && (key < 0 || segment.Open().Groups[group].Blocks[last.Time].Zone.Max == wanted[key]))
                {
                    kept.Add(groups[to]);
                }
            }
        }

        return kept;
    }

    /// <summary>The partitions of a segment, as far as its groups hold one each, by what the footer says.</summary>
    public static SegmentLast Of(Segment segment, LastRows last)
    {
        var found = new Dictionary<ByteSlice, int>();
        var largest = new List<long>();
        int[] keyOf = new int[segment.Groups.Count];
        for (int g = 0; g < keyOf.Length; g++)
        {
            GroupMeta group = segment.Groups[g];
            keyOf[g] = -1;
            if (IsOnePartition(segment, group, last) && BoundsTime(segment, group, last))
            {
                ByteSlice key = KeyOf(segment, group, last);
                long max = group.Blocks[last.Time].Zone.Max;
                if (found.TryGetValue(key, out int at))
                {
                    largest[at] = Math.Max(largest[at], max);
                }
                else
                {
                    found.Add(key, at = largest.Count);
                    largest.Add(max);
                }

                keyOf[g] = at;
            }
        }

        return new SegmentLast(last, [.. found.Keys], [.. largest], keyOf);
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

/// <summary>What a segment's footer says of its partitions.</summary>
/// <param name="Last">What was asked.</param>
/// <param name="Keys">The partitions.</param>
/// <param name="Largest">By partition: its largest time in this segment.</param>
/// <param name="KeyOf">By group: its partition; −1 when it holds several, or its times are not known.</param>
internal sealed record SegmentLast(LastRows Last, ByteSlice[] Keys, long[] Largest, int[] KeyOf);
