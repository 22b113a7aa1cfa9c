// Slots of keys of any type, held as encoded bytes.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Open addressing over stored hashes; the bytes lie in an arena. The first writing of a key (2.5 or 2.50) is the one it keeps.</summary>
internal sealed class BytesIndex : KeyIndex
{
    private readonly RowCodec _codec;
    private readonly EncodedRows _rows = new();
    private readonly GrowingTable<HashedSlot> _table = new();
    private ByteArena _arena = new();
    private long[] _addresses = [];
    private int[] _lengths = [];
    private int[] _keyLengths = [];
    private uint[] _hashes = [];

    public BytesIndex(SqlType[] types, bool[]? refuseNulls = null)
        : base(types, refuseNulls) => _codec = new RowCodec(types, exact: true);

    /// <inheritdoc/>
    public override long Bytes => _table.Bytes + _arena.Bytes + (_addresses.Length * 20L) + FreeBytes;

    /// <inheritdoc/>
    public override void FindOrAdd(Batch batch, ReadOnlySpan<int> columns, int[] slots)
    {
        _codec.Encode(batch, columns, _rows);
        for (int i = 0; i < batch.Count; i++)
        {
            if (RefuseNulls is not null && Refused(batch, columns, i))
            {
                slots[i] = -1;
                continue;
            }

            ReadOnlySpan<byte> key = _rows.Key(i);
            uint hash = KeyHash.Of(key);
            HashedSlot[] part = _table.PartOf(hash);
            int at = Seek(part, key, hash);
            int slot = part[at].Slot;
            slots[i] = slot >= 0 ? slot : Add(_rows.Row(i), key.Length, hash, part, at);
        }
    }

    /// <inheritdoc/>
    public override void Find(Batch batch, ReadOnlySpan<int> columns, int[] slots)
    {
        _codec.Encode(batch, columns, _rows);
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<byte> key = _rows.Key(i);
            uint hash = KeyHash.Of(key);
            HashedSlot[] part = _table.PartOf(hash);
            slots[i] = RefuseNulls is not null && Refused(batch, columns, i) ? -1 : part[Seek(part, key, hash)].Slot;
        }
    }

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<int> slots, ReadOnlySpan<ColumnBuilder> into)
    {
        foreach (int slot in slots)
        {
            _codec.Decode(_arena.Get(_addresses[slot], _lengths[slot]), into);
        }
    }

    /// <inheritdoc/>
    protected override void RemoveKey(int slot)
    {
        HashedSlot[] part = _table.PartOf(_hashes[slot]);
        int mask = part.Length - 1;
        int at = (int)_hashes[slot] & mask;
        while (part[at].Slot != slot)
        {
            Check.That(part[at].Slot >= 0);
            at = (at + 1) & mask;
        }

        _table.RemoveAt(part, at);
        _arena.Free(_lengths[slot]);
        _lengths[slot] = -1;
        if (_arena.NeedsCompaction)
        {
            Compact();
        }
    }

    /// <inheritdoc/>
    protected override void SaveKeys(ByteWriter writer)
    {
        FrozenSlots.Write(writer, _addresses, SlotEnd);
        FrozenSlots.Write(writer, _lengths, SlotEnd);
        FrozenSlots.Write(writer, _keyLengths, SlotEnd);
        _arena.Save(writer);
    }

    /// <inheritdoc/>
    protected override void LoadKeys(ref ByteReader reader, int[] live)
    {
        EnsureSlots(SlotEnd);
        Array.Fill(_lengths, -1);
        if (reader.Version >= CheckpointFile.WithPages)
        {
            LoadPages(ref reader, live);
            return;
        }

        foreach (int slot in live)
        {
            int keyLength = reader.ReadCount();
            ReadOnlySpan<byte> row = reader.ReadBytes();
            if (keyLength > row.Length)
            {
                throw new FormatException("key longer than its row");
            }

            Put(slot, row, keyLength, KeyHash.Of(row[..keyLength]));
            _table.Add(new HashedSlot(_hashes[slot], slot));
        }
    }

    private void LoadPages(ref ByteReader reader, int[] live)
    {
        // Places of free slots may hold anything.
        long[] addresses = reader.ReadArray<long>(SlotEnd);
        int[] lengths = reader.ReadArray<int>(SlotEnd);
        int[] keyLengths = reader.ReadArray<int>(SlotEnd);
        _arena.Load(ref reader);
        foreach (int slot in live)
        {
            if (!_arena.Holds(addresses[slot], lengths[slot]) || (uint)keyLengths[slot] > (uint)lengths[slot])
            {
                throw new FormatException("a key that is not where it should be");
            }

            ReadOnlySpan<byte> key = _arena.Get(addresses[slot], keyLengths[slot]);
            (_addresses[slot], _lengths[slot], _keyLengths[slot], _hashes[slot]) = (addresses[slot], lengths[slot], keyLengths[slot], KeyHash.Of(key));
            _table.Add(new HashedSlot(_hashes[slot], slot));
        }
    }

    private int Seek(HashedSlot[] part, ReadOnlySpan<byte> key, uint hash)
    {
        int mask = part.Length - 1;
        int at = (int)hash & mask;
        while (!HashedSlot.IsEmpty(part[at]))
        {
            if (HashedSlot.Hash(part[at]) == hash)
            {
                int slot = part[at].Slot;
                if (_keyLengths[slot] == key.Length && _arena.Get(_addresses[slot], key.Length).SequenceEqual(key))
                {
                    break;
                }
            }

            at = (at + 1) & mask;
        }

        return at;
    }

    private int Add(ReadOnlySpan<byte> row, int keyLength, uint hash, HashedSlot[] part, int at)
    {
        int slot = NewSlot();
        EnsureSlots(slot + 1);
        Put(slot, row, keyLength, hash);
        _table.Put(part, at, new HashedSlot(hash, slot));
        return slot;
    }

    private void Put(int slot, ReadOnlySpan<byte> row, int keyLength, uint hash)
    {
        _addresses[slot] = _arena.Add(row);
        _lengths[slot] = row.Length;
        _keyLengths[slot] = keyLength;
        _hashes[slot] = hash;
    }

    private void Compact()
    {
        // A checkpoint may be copying the addresses as they were, with the bytes to which they lead.
        _addresses = [.. _addresses];
        var fresh = new ByteArena();
        for (int slot = 0; slot < SlotEnd; slot++)
        {
            if (_lengths[slot] >= 0)
            {
                _addresses[slot] = fresh.Add(_arena.Get(_addresses[slot], _lengths[slot]));
            }
        }

        _arena = fresh;
    }

    private void EnsureSlots(int slots)
    {
        if (_lengths.Length < slots)
        {
            int size = Math.Max(slots, Math.Max(16, _lengths.Length * 2));
            int old = _lengths.Length;
            Array.Resize(ref _addresses, size);
            Array.Resize(ref _lengths, size);
            Array.Resize(ref _keyLengths, size);
            Array.Resize(ref _hashes, size);
            Array.Fill(_lengths, -1, old, size - old);
        }
    }
}
