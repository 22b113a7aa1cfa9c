// Rows by key slot with weights and match counts: one side of a join.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Encoded rows in chains by key slot. Each different row of a key is held once, with its weight and, for outer joins, the weight of its partners.
/// Without <paramref name="retractable"/> there is no index by row: each added row is an entry of its own, and none is ever taken back.
/// </summary>
internal sealed class RowStore(bool retractable)
{
    private const int None = -1;

    private ByteArena _arena = new();
    private int[] _heads = [];
    private Entry[] _entries = [];
    private int _end;
    private int _free = None;
    private readonly GrowingTable<HashedSlot> _table = new(); // of all rows, where there is an index by row
    private FrozenSlots? _frozenHeads;
    private FrozenSlots? _frozenEntries;

    // Saved as it is, every byte of it a field's.
    private struct Entry
    {
        public long Address;
        public long Weight;
        public long Matches;
        public int Length;
        public int Key;
        public int Next;
        public int Previous;
    }

    /// <summary>Entries held.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _arena.Bytes + (_heads.Length * 4L) + (_entries.Length * 40L) + _table.Bytes;

    /// <summary>First row of a key, or −1.</summary>
    public int First(int key) => key < _heads.Length ? _heads[key] - 1 : None;

    /// <summary>The next row of the same key, or −1.</summary>
    public int Next(int row) => _entries[row].Next;

    /// <summary>The row's weight.</summary>
    public long Weight(int row) => _entries[row].Weight;

    /// <summary>Weight of the row's partners on the other side.</summary>
    public ref long Matches(int row)
    {
        Keep(row);
        return ref _entries[row].Matches;
    }

    /// <summary>The row's bytes; valid until the next change.</summary>
    public ReadOnlySpan<byte> Row(int row) => _arena.Get(_entries[row].Address, _entries[row].Length);

    /// <summary>Adds to the weight of a row; gives its number, or −1 when its weight has become 0 and it is gone.</summary>
    /// <param name="key">The key's slot.</param>
    /// <param name="bytes">The row, exactly encoded.</param>
    /// <param name="weight">What is added.</param>
    /// <param name="matches">Its partners' weight, should the row be new.</param>
    public int Change(int key, ReadOnlySpan<byte> bytes, long weight, long matches)
    {
        if (weight == 0)
        {
            return None;
        }

        if (!retractable)
        {
            Check.That(weight > 0);
            return Add(key, bytes, weight, matches);
        }

        uint hash = KeyHash.Of(bytes, key);
        HashedSlot[] part = _table.PartOf(hash);
        int at = Seek(part, key, bytes, hash);
        int row = part[at].Slot;
        if (row < 0)
        {
            int added = Add(key, bytes, weight, matches);
            _table.Put(part, at, new HashedSlot(hash, added));
            return added;
        }

        Keep(row);
        _entries[row].Weight += weight;
        if (_entries[row].Weight != 0)
        {
            return row;
        }

        _table.RemoveAt(part, at);
        Unlink(row);
        return None;
    }

    /// <summary>Writes all rows; numbers and chains stay what they are.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Count);
        writer.WriteVarint((ulong)_heads.Length);
        writer.WriteVarint((ulong)_end);
        writer.WriteVarint((ulong)(_free + 1));
        _frozenHeads = FrozenSlots.Begin(writer, _heads.Length);
        FrozenSlots.Write(writer, _heads, _heads.Length);
        FrozenSlots.End(writer);
        _frozenEntries = FrozenSlots.Begin(writer, _end);
        FrozenSlots.Write(writer, _entries, _end);
        FrozenSlots.End(writer);
        _arena.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh store.</summary>
    public void Load(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        if (reader.Version >= CheckpointFile.WithPages)
        {
            Count = count;
            LoadArrays(ref reader);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            int key = reader.ReadCount();
            long weight = reader.ReadInt64();
            long matches = reader.ReadInt64();
            Change(key, reader.ReadBytes(), weight, matches);
        }
    }

    private void LoadArrays(ref ByteReader reader)
    {
        int heads = reader.ReadCount();
        _end = reader.ReadCount();
        _free = reader.ReadCount() - 1;
        _heads = reader.ReadArray<int>(heads);
        _entries = reader.ReadArray<Entry>(_end);
        _arena.Load(ref reader);
        bool good = _free < _end && !_heads.AsSpan().ContainsAnyExceptInRange(0, _end);
        foreach (ref Entry entry in Live())
        {
            good &= entry.Next >= None && entry.Next < _end && entry.Previous >= None && entry.Previous < _end
                && (entry.Length < 0 || ((uint)entry.Key < (uint)heads && _arena.Holds(entry.Address, entry.Length)));
        }

        if (!good)
        {
            throw new FormatException("rows of a join that are not where they should be");
        }

        if (retractable)
        {
            for (int row = 0; row < _end; row++)
            {
                if (_entries[row].Length >= 0)
                {
                    _table.Add(new HashedSlot(KeyHash.Of(Row(row), _entries[row].Key), row));
                }
            }
        }
    }

    // A row that is about to change is handed to the checkpoint that is being copied.
    private void Keep(int row) => FrozenSlots.Keep(ref _frozenEntries, [row]);

    private void KeepHead(int key) => FrozenSlots.Keep(ref _frozenHeads, [key]);

    private int Add(int key, ReadOnlySpan<byte> bytes, long weight, long matches)
    {
        int row = _free;
        if (row != None)
        {
            Keep(row);
            _free = _entries[row].Next;
        }
        else
        {
            row = _end++;
            if (row == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Max(16, _entries.Length * 2));
            }
        }

        if (key >= _heads.Length)
        {
            Array.Resize(ref _heads, Math.Max(key + 1, Math.Max(16, _heads.Length * 2)));
        }

        int next = _heads[key] - 1;
        if (next >= 0)
        {
            Keep(next);
            _entries[next].Previous = row;
        }

        KeepHead(key);
        _heads[key] = row + 1;
        _entries[row] = new Entry
        {
            Address = _arena.Add(bytes),
            Length = bytes.Length,
            Weight = weight,
            Matches = matches,
            Key = key,
            Next = next,
            Previous = None,
        };
        Count++;
        return row;
    }

    private void Unlink(int row)
    {
        Keep(row);
        ref Entry entry = ref _entries[row];
        if (entry.Previous >= 0)
        {
            Keep(entry.Previous);
            _entries[entry.Previous].Next = entry.Next;
        }
        else
        {
            KeepHead(entry.Key);
            _heads[entry.Key] = entry.Next + 1;
        }

        if (entry.Next >= 0)
        {
            Keep(entry.Next);
            _entries[entry.Next].Previous = entry.Previous;
        }

        _arena.Free(entry.Length);
        entry = new Entry { Length = -1, Next = _free };
        _free = row;
        Count--;
        if (_arena.NeedsCompaction)
        {
            Compact();
        }
    }

    private int Seek(HashedSlot[] part, int key, ReadOnlySpan<byte> bytes, uint hash)
    {
        int mask = part.Length - 1;
        int at = (int)hash & mask;
        while (!HashedSlot.IsEmpty(part[at]))
        {
            if (HashedSlot.Hash(part[at]) == hash)
            {
                ref Entry entry = ref _entries[part[at].Slot];
                if (entry.Key == key && entry.Length == bytes.Length && _arena.Get(entry.Address, entry.Length).SequenceEqual(bytes))
                {
                    break;
                }
            }

            at = (at + 1) & mask;
        }

        return at;
    }

    private void Compact()
    {
        // A checkpoint may be copying the entries as they were, with the bytes to which they lead.
        _entries = [.. _entries];
        var fresh = new ByteArena();
        foreach (ref Entry entry in Live())
        {
            if (entry.Length >= 0)
            {
                entry.Address = fresh.Add(_arena.Get(entry.Address, entry.Length));
            }
        }

        _arena = fresh;
    }

    private Span<Entry> Live() => _entries.AsSpan(0, _end);
}
