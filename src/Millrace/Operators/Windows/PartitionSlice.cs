// A stretch of a partition as it was and as it is: read once, with the epoch's changes taken out again for what it was.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>One of the two states of a stretch: its rows in order, with their groups of peers.</summary>
internal sealed class SliceSide(Schema columns)
{
    private readonly List<int> _peerStarts = [];

    /// <summary>The rows.</summary>
    public BatchBuilder Rows { get; } = new(columns);

    /// <summary>By entry of the stretch: its first row.</summary>
    public List<int> Starts { get; } = [];

    /// <summary>The number of the group of peers of each row.</summary>
    public int[] Group { get; private set; } = [];

    /// <summary>The first row of each group, then the number of rows.</summary>
    public int[] GroupStarts { get; private set; } = [];

    /// <summary>Empties it.</summary>
    public void Reset()
    {
        Rows.Reset();
        Starts.Clear();
        _peerStarts.Clear();
    }

    /// <summary>Adds an entry that is there <paramref name="weight"/> times, and may be not at all.</summary>
    public void Add(OrderedPartitions partitions, ReadOnlySpan<byte> entry, long weight, ref bool newGroup)
    {
        Starts.Add(Rows.Count);
        if (weight > 0 && newGroup)
        {
            _peerStarts.Add(Rows.Count);
            newGroup = false;
        }

        for (; weight > 0; weight--)
        {
            partitions.Decode(entry, Rows.Columns);
            Rows.EndRow();
        }
    }

    /// <summary>The rows so far, with <see cref="Group"/> and <see cref="GroupStarts"/> worked out.</summary>
    public Batch View()
    {
        GroupStarts = [.. _peerStarts, Rows.Count];
        Group = new int[Rows.Count];
        for (int g = 0; g < _peerStarts.Count; g++)
        {
            Group.AsSpan(GroupStarts[g], GroupStarts[g + 1] - GroupStarts[g]).Fill(g);
        }

        return Rows.View();
    }

    /// <summary>The row behind the last one of an entry.</summary>
    public int End(int entry) => entry + 1 < Starts.Count ? Starts[entry + 1] : Rows.Count;
}

/// <summary>Entries from a place on, as far as they have been read.</summary>
internal sealed class PartitionSlice(OrderedPartitions partitions, Schema columns)
{
    private readonly List<bool> _changed = [];
    private readonly List<byte[]> _keys = [];
    private readonly byte[] _prefix = new byte[OrderedPartitions.PrefixLength];
    private OrderedRows.Cursor _cursor;
    private byte[] _order = [];
    private bool _newOldGroup;
    private bool _newNewGroup;

    /// <summary>The stretch before the epoch's changes.</summary>
    public SliceSide Old { get; } = new(columns);

    /// <summary>The stretch with them.</summary>
    public SliceSide New { get; } = new(columns);

    /// <summary>Entries read.</summary>
    public int Count => _changed.Count;

    /// <summary>The last entry that the epoch changes, or −1.</summary>
    public int LastChanged { get; private set; }

    /// <summary>The next of the partition's changes that has not been read.</summary>
    public int NextChange { get; private set; }

    /// <summary>True when the partition ends with what has been read.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>True when the epoch changes an entry.</summary>
    public bool IsChanged(int entry) => _changed[entry];

    /// <summary>The bytes of an entry.</summary>
    public byte[] Key(int entry) => _keys[entry];

    /// <summary>Begins at the first entry that is not below <paramref name="start"/>.</summary>
    public void Begin(int slot, ReadOnlySpan<byte> start, int nextChange)
    {
        Old.Reset();
        New.Reset();
        _changed.Clear();
        _keys.Clear();
        OrderedPartitions.Prefix(slot, _prefix);
        _cursor = partitions.Rows.Seek(start);
        _order = [];
        LastChanged = -1;
        NextChange = nextChange;
        AtEnd = false;
    }

    /// <summary>Reads on: up to the change <paramref name="through"/> at least, and then until so many entries lie behind the last change.</summary>
    public void Extend(List<(ReadOnlyMemory<byte> Key, long Weight)> changes, int through, int behind)
    {
        while (NextChange <= through || Count - 1 - LastChanged < behind)
        {
            bool inTree = _cursor.At(_prefix);
            bool isChange = NextChange < changes.Count;
            if (!inTree && !isChange)
            {
                AtEnd = true;
                return;
            }

            int order = !inTree ? 1 : !isChange ? -1 : _cursor.Key.SequenceCompareTo(changes[NextChange].Key.Span);
            ReadOnlySpan<byte> key = order <= 0 ? _cursor.Key : changes[NextChange].Key.Span;
            long now = order <= 0 ? _cursor.Weight : 0;
            long before = order >= 0 ? now - changes[NextChange].Weight : now;
            ReadOnlySpan<byte> peers = OrderedPartitions.OrderPart(key);
            if (!peers.SequenceEqual(_order))
            {
                _order = peers.ToArray();
                _newOldGroup = true;
                _newNewGroup = true;
            }

            Old.Add(partitions, key, before, ref _newOldGroup);
            New.Add(partitions, key, now, ref _newNewGroup);
            _changed.Add(order >= 0);
            _keys.Add(key.ToArray());
            if (order >= 0)
            {
                LastChanged = Count - 1;
                NextChange++;
            }

            if (order <= 0)
            {
                _cursor.Next();
            }
        }
    }
}
