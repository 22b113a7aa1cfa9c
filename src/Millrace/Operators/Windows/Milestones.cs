// What lies before a place in a large partition, without reading it: counts and running aggregates of pieces of some hundred rows.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// A partition in pieces of consecutive entries. Each knows its rows, its groups of peers and the state of the running aggregates over its rows alone. What lies
/// before a place is the sum of the pieces before, and the rows between; the sum that was asked for last is kept, so that a place at the end costs
/// nothing but its own piece. Nothing of it is saved: it is worked out from the rows.
/// </summary>
internal sealed class Milestones(OrderedPartitions partitions, int slot, RunningStates states)
{
    private const int PieceMax = 128;
    private const int PieceUsual = 64;

    private readonly List<Piece> _pieces = [];
    private readonly byte[] _prefix = PrefixOf(slot);
    private int _summed; // pieces in the sum
    private int _sum = -1;
    private long _sumRows;
    private long _sumGroups;

    private sealed class Piece(byte[] start)
    {
        public readonly byte[] Start = start; // the first entry that belongs to it
        public int Entries = int.MaxValue; // unknown, and more than fits
        public long Rows;
        public long Groups; // that begin in it
        public int State = -1;
        public bool Stale = true;
    }

    /// <summary>Pieces, for what they take of memory.</summary>
    public int Count => _pieces.Count;

    /// <summary>Takes note of a changed entry.</summary>
    public void Changed(ReadOnlySpan<byte> entry)
    {
        if (_pieces.Count == 0)
        {
            return;
        }

        int at = Find(entry);
        Stale(at);

        // Whether the next piece begins with a new group of peers depends on the last entry of this one. A stale piece may be empty by now.
        bool ask = true;
        for (int next = at + 1; ask && next < _pieces.Count; next++)
        {
            ask = _pieces[next].Stale;
            Stale(next);
        }

        _pieces[at].Entries = Math.Min(int.MaxValue - 1, _pieces[at].Entries) + 1;
    }

    /// <summary>Counts what lies before an entry, and leaves the running aggregates of it in the slot <see cref="RunningStates.Prefix"/>.</summary>
    public (long Rows, long Groups) Before(ReadOnlySpan<byte> entry)
    {
        if (_pieces.Count == 0)
        {
            _pieces.Add(new Piece(_prefix));
        }

        int at = Find(entry);
        for (int i = 0; i <= at; i++)
        {
            // The piece of the entry itself is read below; it only must not have become too large.
            if (_pieces[i].Stale && (i < at || _pieces[i].Entries > PieceMax))
            {
                i += Read(i);
                at = Find(entry);
            }
        }

        Sum(at);
        states.Clear(RunningStates.Prefix);
        states.Merge(RunningStates.Prefix, [_sum]);
        (long rows, long groups) = Walk(_pieces[at].Start, entry, RunningStates.Prefix);
        return (_sumRows + rows, _sumGroups + groups);
    }

    /// <summary>The running aggregates of all rows, in the slot <see cref="RunningStates.Prefix"/>.</summary>
    public void All()
    {
        byte[] behind = [.. _prefix, 255];
        Before(behind);
    }

    /// <summary>Gives back what it holds of the states.</summary>
    public void Free()
    {
        foreach (Piece piece in _pieces)
        {
            states.Free(piece.State);
        }

        states.Free(_sum);
        _pieces.Clear();
        (_summed, _sum) = (0, -1);
    }

    private static byte[] PrefixOf(int slot)
    {
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        return prefix;
    }

    private void Stale(int at)
    {
        _pieces[at].Stale = true;
        if (at < _summed)
        {
            _summed = 0;
        }
    }

    // The last piece that does not begin behind an entry.
    private int Find(ReadOnlySpan<byte> entry)
    {
        int low = 0;
        int high = _pieces.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (entry.SequenceCompareTo(_pieces[middle].Start) >= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private void Sum(int pieces)
    {
        if (_sum < 0)
        {
            _sum = states.Take();
            _summed = 0;
        }

        if (_summed > pieces || _summed == 0)
        {
            states.Clear(_sum);
            (_summed, _sumRows, _sumGroups) = (0, 0, 0);
        }

        if (_summed == pieces)
        {
            return;
        }

        int[] added = new int[pieces - _summed];
        for (int i = 0; i < added.Length; i++)
        {
            Piece piece = _pieces[_summed + i];
            added[i] = piece.State;
            _sumRows += piece.Rows;
            _sumGroups += piece.Groups;
        }

        states.Merge(_sum, added);
        _summed = pieces;
    }

    // Works a piece out anew; one that has become too large is cut, one that is empty goes. Gives by how many pieces there are more.
    private int Read(int at)
    {
        Piece piece = _pieces[at];
        if (_summed > at)
        {
            _summed = 0;
        }

        byte[]? end = at + 1 < _pieces.Count ? _pieces[at + 1].Start : null;
        var cuts = new List<byte[]>();
        piece.Entries = CountEntries(piece.Start, end, cuts);
        if (piece.Entries == 0 && at > 0)
        {
            states.Free(piece.State);
            _pieces.RemoveAt(at);
            return -1;
        }

        _pieces.InsertRange(at + 1, cuts.Select(c => new Piece(c)));
        for (int i = at; i <= at + cuts.Count; i++)
        {
            Piece part = _pieces[i];
            part.State = part.State < 0 ? states.Take() : part.State;
            states.Clear(part.State);
            (part.Rows, part.Groups) = Walk(part.Start, i + 1 < _pieces.Count ? _pieces[i + 1].Start : default, part.State);
            part.Entries = cuts.Count == 0 ? part.Entries : PieceUsual;
            part.Stale = false;
        }

        return cuts.Count;
    }

    private int CountEntries(byte[] start, byte[]? end, List<byte[]> cuts)
    {
        int count = 0;
        OrderedRows.Cursor cursor = partitions.Rows.Seek(start);
        for (; cursor.At(_prefix) && (end is null || cursor.Key.SequenceCompareTo(end) < 0); cursor.Next())
        {
            if (count > 0 && count % PieceUsual == 0)
            {
                cuts.Add(cursor.Key.ToArray());
            }

            count++;
        }

        // The last cut may leave a few entries by themselves: they stay where they are.
        if (cuts.Count > 0 && (count <= PieceMax || count % PieceUsual is > 0 and < PieceUsual / 4))
        {
            cuts.RemoveAt(cuts.Count - 1);
        }

        return count;
    }

    // Counts and adds the entries from one on and before another (without one: to the partition's end).
    private (long Rows, long Groups) Walk(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, int into)
    {
        OrderedRows.Cursor cursor = partitions.Rows.Seek(start);
        OrderedRows.Cursor back = cursor;
        if (partitions.Rows.Count > 0)
        {
            back.Previous();
        }

        byte[] order = partitions.Rows.Count > 0 && back.At(_prefix) ? OrderedPartitions.OrderPart(back.Key).ToArray() : [];
        long rows = 0;
        long groups = 0;
        states.Begin();
        for (; cursor.At(_prefix) && (end.IsEmpty || cursor.Key.SequenceCompareTo(end) < 0); cursor.Next())
        {
            ReadOnlySpan<byte> peers = OrderedPartitions.OrderPart(cursor.Key);
            if (!peers.SequenceEqual(order))
            {
                groups++;
                order = peers.ToArray();
            }

            rows += Math.Max(0, cursor.Weight);
            states.Add(partitions, cursor.Key, cursor.Weight, into);
        }

        states.End(into);
        return (rows, groups);
    }
}
