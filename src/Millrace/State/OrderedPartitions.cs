// Rows by partition and order, and the epoch's changes to them: what top-N, window functions and sessions share.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps the rows of each partition sorted. Changes are held back until the end of the epoch, so that an operator sees a partition before and after
/// all of them. An entry's bytes are (partition slot, order columns), then the whole row exactly encoded, then the length of the first part.
/// </summary>
internal sealed class OrderedPartitions
{
    private readonly KeyIndex _index;
    private readonly int[] _partitionColumns;
    private readonly int[] _orderColumns;
    private readonly RowCodec _orderCodec;
    private readonly RowCodec _rowCodec;
    private readonly EncodedRows _order = new();
    private readonly EncodedRows _rows = new();
    private readonly List<int> _touched = [];
    private readonly HashSet<int> _revisited = [];
    private readonly List<(int Start, int Length, long Weight, int Next)> _changes = [];
    private byte[] _buffer = [];
    private int _buffered;
    private int[] _heads = []; // by slot: 1 + the last change, or 0
    private int[] _slots = [];

    public OrderedPartitions(Schema input, IReadOnlyList<int> partitionBy, IReadOnlyList<SortKey> orderBy)
    {
        _partitionColumns = [.. partitionBy];
        _orderColumns = [0, .. orderBy.Select(k => k.Column + 1)];
        _index = KeyIndex.For([.. partitionBy.Select(c => input[c].Type)]);
        _orderCodec = new RowCodec(
            [SqlType.Integer, .. orderBy.Select(k => input[k.Column].Type)], exact: false, [false, .. orderBy.Select(k => k.Descending)],
            [false, .. orderBy.Select(k => k.NullsFirst)]);
        _rowCodec = RowCodec.Of(input);
    }

    /// <summary>All rows.</summary>
    public OrderedRows Rows { get; } = new();

    /// <summary>Bytes of state.</summary>
    public long Bytes => Rows.Bytes + _index.Bytes + _buffer.Length;

    /// <summary>Partitions with changes, in the order in which they were touched.</summary>
    public IReadOnlyList<int> Touched => _touched;

    /// <summary>Holds back the changes of a batch; rows for which <paramref name="skip"/> has a null are left out.</summary>
    public void Take(Batch input, Column? skip = null)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        _index.FindOrAdd(input, _partitionColumns, _slots);
        if (_heads.Length < _index.SlotEnd)
        {
            Array.Resize(ref _heads, Math.Max(_index.SlotEnd, _heads.Length * 2));
        }

        var slots = new FixedColumn<int>(SqlType.Integer, _slots, input.Count);
        _orderCodec.Encode(new Batch([slots, .. input.Columns], input.Count), _orderColumns, _order);
        _rowCodec.Encode(input, _rows);
        for (int i = 0; i < input.Count; i++)
        {
            if (_heads[_slots[i]] == 0)
            {
                _touched.Add(_slots[i]);
                _heads[_slots[i]] = -1;
            }

            if (skip is null || !skip.IsNull(i))
            {
                _changes.Add(Store(_order.Row(i), _rows.Row(i), input.Weight(i), Math.Max(0, _heads[_slots[i]])));
                _heads[_slots[i]] = _changes.Count;
            }
        }
    }

    /// <summary>The entries that the epoch changes in a partition, latest first.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> ChangedEntries(int slot)
    {
        for (int at = Math.Max(0, _heads[slot]); at > 0; at = _changes[at - 1].Next)
        {
            yield return _buffer.AsMemory(_changes[at - 1].Start, _changes[at - 1].Length);
        }
    }

    /// <summary>The epoch's changes of a partition in order, each entry once, without those that cancel out.</summary>
    public void Changes(int slot, List<(ReadOnlyMemory<byte> Key, long Weight)> into)
    {
        into.Clear();
        for (int at = Math.Max(0, _heads[slot]); at > 0; at = _changes[at - 1].Next)
        {
            into.Add((_buffer.AsMemory(_changes[at - 1].Start, _changes[at - 1].Length), _changes[at - 1].Weight));
        }

        into.Sort((a, b) => a.Key.Span.SequenceCompareTo(b.Key.Span));
        int kept = 0;
        for (int i = 0; i < into.Count;)
        {
            (ReadOnlyMemory<byte> key, long weight) = into[i];
            for (i++; i < into.Count && into[i].Key.Span.SequenceEqual(key.Span); i++)
            {
                weight += into[i].Weight;
            }

            if (weight != 0)
            {
                into[kept++] = (key, weight);
            }
        }

        into.RemoveRange(kept, into.Count - kept);
    }

    /// <summary>How many changes of a partition are held.</summary>
    public int HeldOf(int slot)
    {
        int count = 0;
        for (int at = Math.Max(0, _heads[slot]); at > 0; at = _changes[at - 1].Next)
        {
            count++;
        }

        return count;
    }

    /// <summary>Applies the held changes of a partition.</summary>
    public void Apply(int slot)
    {
        for (int at = Math.Max(0, _heads[slot]); at > 0; at = _changes[at - 1].Next)
        {
            Rows.Add(_buffer.AsSpan(_changes[at - 1].Start, _changes[at - 1].Length), _changes[at - 1].Weight);
        }

        _heads[slot] = 0;
    }

    /// <summary>Changes held back.</summary>
    public int Held => _changes.Count;

    /// <summary>Applies all held changes in the midst of an epoch; their partitions stay touched.</summary>
    public void ApplyHeld()
    {
        foreach (int slot in _touched)
        {
            Apply(slot);
            _heads[slot] = -1;
        }

        _changes.Clear();
        _buffered = 0;
    }

    /// <summary>Ends the epoch, after every touched partition has been applied; partitions without rows are forgotten.</summary>
    public void EndEpoch()
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        _revisited.UnionWith(_touched);
        foreach (int slot in _revisited)
        {
            Prefix(slot, prefix);
            if (!Rows.Seek(prefix).At(prefix))
            {
                _index.Remove(slot);
            }
        }

        _revisited.Clear();
        _touched.Clear();
        _changes.Clear();
        _buffered = 0;
        if (_buffer.Length > 1 << 20)
        {
            _buffer = [];
        }
    }

    /// <summary>Has a partition looked at when the epoch ends: rows of it have been taken away.</summary>
    public void Revisit(int slot) => _revisited.Add(slot);

    /// <summary>The partition of an entry.</summary>
    public static int Slot(ReadOnlySpan<byte> entry) => (int)BinaryPrimitives.ReadUInt32BigEndian(entry[1..]) ^ int.MinValue;

    /// <summary>Bytes of <see cref="Prefix"/>.</summary>
    public const int PrefixLength = 5;

    /// <summary>What the entries of a partition begin with.</summary>
    public static void Prefix(int slot, Span<byte> into)
    {
        into[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(into[1..], (uint)(slot ^ int.MinValue));
    }

    /// <summary>The part of an entry that decides who is a peer: partition and order columns.</summary>
    public static ReadOnlySpan<byte> OrderPart(ReadOnlySpan<byte> entry) => entry[..BinaryPrimitives.ReadInt32LittleEndian(entry[^4..])];

    /// <summary>Appends the row of an entry.</summary>
    public void Decode(ReadOnlySpan<byte> entry, ReadOnlySpan<ColumnBuilder> into) =>
        _rowCodec.Decode(entry[BinaryPrimitives.ReadInt32LittleEndian(entry[^4..])..^4], into);

    /// <summary>Writes the state.</summary>
    public void Save(ByteWriter writer)
    {
        Check.That(_touched.Count == 0);
        _index.Save(writer);
        Rows.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(ref ByteReader reader)
    {
        _index.Load(ref reader);
        Rows.Load(ref reader);
    }

    private (int Start, int Length, long Weight, int Next) Store(ReadOnlySpan<byte> order, ReadOnlySpan<byte> row, long weight, int next)
    {
        int length = order.Length + row.Length + 4;
        long needed = (long)_buffered + length;
        if (needed > _buffer.Length)
        {
            if (needed > Array.MaxLength)
            {
                throw new SqlException("54000", "one epoch changes more than 2 GiB of ordered rows", hint: "write in smaller transactions");
            }

            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(1024, _buffer.Length * 2L))));
        }

        int start = _buffered;
        Span<byte> to = _buffer.AsSpan(start, length);
        order.CopyTo(to);
        row.CopyTo(to[order.Length..]);
        BinaryPrimitives.WriteInt32LittleEndian(to[^4..], order.Length);
        _buffered += length;
        return (start, length, weight, next);
    }
}
