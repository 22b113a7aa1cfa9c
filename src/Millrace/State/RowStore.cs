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
    private ulong[] _table = retractable ? new ulong[16] : [];

    private struct Entry
    {
        public long Address;
        public long Weight;
        public long Matches;
        public int Length;
        public int Key;
        public int Next;
        public int Previous;
        public uint Hash;
    }

    /// <summary>Entries held.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _arena.Bytes + (_heads.Length * 4L) + (_entries.Length * 48L) + (_table.Length * 8L);

    /// <summary>First row of a key, or −1.</summary>
    public int First(int key) => key < _heads.Length ? _heads[key] - 1 : None;

    /// <summary>The next row of the same key, or −1.</summary>
    public int Next(int row) => _entries[row].Next;

    /// <summary>The row's weight.</summary>
    public long Weight(int row) => _entries[row].Weight;

    /// <summary>Weight of the row's partners on the other side.</summary>
    public ref long Matches(int row) => ref _entries[row].Matches;

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
            return Add(key, bytes, weight, matches, 0);
        }

        uint hash = KeyHash.Of(bytes, key);
        int at = Seek(key, bytes, hash);
        if (_table[at] == 0)
        {
            int added = Add(key, bytes, weight, matches, hash);
            _table[at] = ((ulong)hash << 32) | (uint)(added + 1);
            if (Count * 2 > _table.Length)
            {
                Rehash(_table.Length * 2);
            }

            return added;
        }

        int row = (int)(uint)_table[at] - 1;
        _entries[row].Weight += weight;
        if (_entries[row].Weight != 0)
        {
            return row;
        }

        RemoveFromTable(at);
        Unlink(row);
        return None;
    }

    /// <summary>Writes all rows; a key's chain keeps its order.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Count);
        for (int key = 0; key < _heads.Length; key++)
        {
            // Added at the head: write from the tail, so that reading rebuilds the same chain.
            int last = None;
            for (int row = First(key); row >= 0; row = Next(row))
            {
                last = row;
            }

            for (int row = last; row >= 0; row = _entries[row].Previous)
            {
                writer.WriteVarint((ulong)key);
                writer.WriteInt64(_entries[row].Weight);
                writer.WriteInt64(_entries[row].Matches);
                writer.WriteBytes(Row(row));
            }
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh store.</summary>
    public void Load(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        for (int i = 0; i < count; i++)
        {
            int key = reader.ReadCount();
            long weight = reader.ReadInt64();
            long matches = reader.ReadInt64();
            Change(key, reader.ReadBytes(), weight, matches);
        }
    }

    private int Add(int key, ReadOnlySpan<byte> bytes, long weight, long matches, uint hash)
    {
        int row = _free;
        if (row != None)
        {
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
            _entries[next].Previous = row;
        }

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
            Hash = hash,
        };
        Count++;
        return row;
    }

    private void Unlink(int row)
    {
        ref Entry entry = ref _entries[row];
        if (entry.Previous >= 0)
        {
            _entries[entry.Previous].Next = entry.Next;
        }
        else
        {
            _heads[entry.Key] = entry.Next + 1;
        }

        if (entry.Next >= 0)
        {
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

    private int Seek(int key, ReadOnlySpan<byte> bytes, uint hash)
    {
        int mask = _table.Length - 1;
        int at = (int)hash & mask;
        while (_table[at] != 0)
        {
            if ((uint)(_table[at] >> 32) == hash)
            {
                ref Entry entry = ref _entries[(int)(uint)_table[at] - 1];
                if (entry.Key == key && entry.Length == bytes.Length && _arena.Get(entry.Address, entry.Length).SequenceEqual(bytes))
                {
                    break;
                }
            }

            at = (at + 1) & mask;
        }

        return at;
    }

    private void RemoveFromTable(int hole)
    {
        int mask = _table.Length - 1;
        for (int at = (hole + 1) & mask; _table[at] != 0; at = (at + 1) & mask)
        {
            int home = (int)(_table[at] >> 32) & mask;
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                _table[hole] = _table[at];
                hole = at;
            }
        }

        _table[hole] = 0;
    }

    private void Rehash(int size)
    {
        _table = new ulong[size];
        for (int row = 0; row < _end; row++)
        {
            if (_entries[row].Length >= 0)
            {
                int at = (int)_entries[row].Hash & (size - 1);
                while (_table[at] != 0)
                {
                    at = (at + 1) & (size - 1);
                }

                _table[at] = ((ulong)_entries[row].Hash << 32) | (uint)(row + 1);
            }
        }
    }

    private void Compact()
    {
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
