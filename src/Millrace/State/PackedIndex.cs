// Slots of keys that fit into 8 or 16 bytes: compared as integers, no byte string anywhere.
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A key of one or two words.</summary>
internal interface IPackedKey<TSelf>
    where TSelf : struct
{
    /// <summary>Makes a key.</summary>
    static abstract TSelf Make(ulong lo, ulong hi);

    /// <summary>True when both are the same.</summary>
    static abstract bool Same(TSelf a, TSelf b);

    /// <summary>Seeded hash with the null mask.</summary>
    static abstract uint Hash(TSelf key, uint mask);

    /// <summary>True when there is a second word.</summary>
    static abstract bool Wide { get; }
}

internal readonly struct Key64(ulong lo) : IPackedKey<Key64>
{
    private readonly ulong _lo = lo;

    public static bool Wide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Key64 Make(ulong lo, ulong hi) => new(lo);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Same(Key64 a, Key64 b) => a._lo == b._lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(Key64 key, uint mask) => KeyHash.Of(key._lo, mask);
}

internal readonly struct Key128(ulong lo, ulong hi) : IPackedKey<Key128>
{
    private readonly ulong _lo = lo;
    private readonly ulong _hi = hi;

    public static bool Wide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Key128 Make(ulong lo, ulong hi) => new(lo, hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Same(Key128 a, Key128 b) => a._lo == b._lo && a._hi == b._hi;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(Key128 key, uint mask) => KeyHash.Of(key._lo, key._hi, mask);
}

/// <summary>Keys as integers in a table, and again by slot.</summary>
internal sealed class PackedIndex<TKey>(SqlType[] types, PackedLayout layout, bool[]? refuseNulls) : KeyIndex(types, refuseNulls)
    where TKey : struct, IPackedKey<TKey>
{
    private readonly uint _refuse = refuseNulls is null ? 0 : (uint)refuseNulls.Select((r, i) => r ? 1 << i : 0).Sum();
    private readonly GrowingTable<Entry> _table = new();
    private ulong[] _lo = [];
    private ulong[] _hi = [];
    private uint[] _masks = [];

    private NearSlots _near = new();

    // Slots of the keys whose outer word is Outer and whose inner word is Base plus the index; 1 + slot, or 0.
    private sealed class NearSlots
    {
        public const int Length = 4096;
        public const int RowsMin = 256; // smaller batches do without
        public int[] Slots = [];
        public int Patience = 256; // rows elsewhere before the cache moves; longer each time that did not help
        public ulong? Outer;
        public ulong Base;
        public bool OuterIsLow;
        private bool _used;

        public void Use() => _used = true;

        public void Forget()
        {
            if (_used)
            {
                Array.Clear(Slots);
                _used = false;
            }
        }
    }

    private struct Entry : ITableEntry<Entry>
    {
        public TKey Key;
        public uint Mask;
        public int SlotPlus1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static bool IsEmpty(in Entry entry) => entry.SlotPlus1 == 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static uint Hash(in Entry entry) => TKey.Hash(entry.Key, entry.Mask);
    }

    /// <inheritdoc/>
    public override long Bytes => _table.Bytes + (_near.Slots.Length * 4L) + ((_lo.Length + _hi.Length) * 8L) + (_masks.Length * 4L) + FreeBytes;

    /// <inheritdoc/>
    public override void FindOrAdd(Batch batch, ReadOnlySpan<int> columns, int[] slots)
    {
        (ulong[] lo, ulong[] hi) = layout.Pack(batch, columns);
        if (layout.Masks is { } masks)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                slots[i] = (masks[i] & _refuse) != 0 ? -1 : FindOrAdd(TKey.Make(lo[i], TKey.Wide ? hi[i] : 0), masks[i]);
            }

            return;
        }

        if (batch.Count < NearSlots.RowsMin)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                slots[i] = FindOrAdd(TKey.Make(lo[i], TKey.Wide ? hi[i] : 0), 0);
            }
        }
        else if (TKey.Wide)
        {
            // Mostly one word (a window's start) hardly changes from row to row, and the other (a key) lies in a small range.
            bool outerIsLow = Changes(lo, batch.Count) <= Changes(hi, batch.Count);
            FindOrAddNear(outerIsLow ? lo : hi, outerIsLow ? hi : lo, outerIsLow, batch.Count, slots);
        }
        else
        {
            FindOrAddNear([], lo, outerIsLow: false, batch.Count, slots);
        }
    }

    // Rows whose outer word is the one of the cache and whose inner word lies near its base need no hashing: their slot is looked up directly.
    private void FindOrAddNear(ulong[] outer, ulong[] inner, bool outerIsLow, int count, int[] slots)
    {
        if (_near.Outer is null || _near.OuterIsLow != outerIsLow)
        {
            _near = new NearSlots { Outer = TKey.Wide ? null : 0, OuterIsLow = outerIsLow };
        }

        if (_near.Slots.Length == 0)
        {
            _near.Slots = new int[NearSlots.Length];
        }

        ReadOnlySpan<ulong> inners = inner.AsSpan(0, count);
        ReadOnlySpan<ulong> outers = TKey.Wide ? outer.AsSpan(0, count) : inners;
        Span<int> to = slots.AsSpan(0, count);
        int[] near = _near.Slots;
        ulong here = _near.Outer ?? 0;
        bool has = _near.Outer is not null;
        ulong start = _near.Base;
        int away = 0;
        int hits = 0;
        for (int i = 0; i < inners.Length; i++)
        {
            ulong distance = inners[i] - start;
            if ((!TKey.Wide || outers[i] == here) && has && distance < NearSlots.Length)
            {
                int found = near[(int)distance];
                if (found == 0)
                {
                    near[(int)distance] = found = FindOrAdd(Key(TKey.Wide ? outers[i] : 0, inners[i], outerIsLow), 0) + 1;
                }

                to[i] = found - 1;
                hits++;
                continue;
            }

            to[i] = FindOrAdd(Key(TKey.Wide ? outers[i] : 0, inners[i], outerIsLow), 0);
            if (++away == _near.Patience)
            {
                // Many rows elsewhere: go there. The base is the least of the rows to come.
                away = 0;
                _near.Patience = Math.Min(_near.Patience * 2, 1 << 20);
                ReadOnlySpan<ulong> ahead = inners[i..Math.Min(i + 256, inners.Length)];
                ulong least = ulong.MaxValue;
                foreach (ulong value in ahead)
                {
                    least = Math.Min(least, value);
                }

                if (!has || least != start || (TKey.Wide && outers[i] != here))
                {
                    here = TKey.Wide ? outers[i] : 0;
                    start = least;
                    has = true;
                    Array.Clear(near);
                }
            }
        }

        _near.Use();
        _near.Patience = hits > count / 2 ? 256 : _near.Patience;
        _near.Outer = has ? here : null;
        _near.Base = start;
    }

    private static TKey Key(ulong outer, ulong inner, bool outerIsLow) =>
        !TKey.Wide ? TKey.Make(inner, 0) : outerIsLow ? TKey.Make(outer, inner) : TKey.Make(inner, outer);

    private static int Changes(ulong[] words, int count)
    {
        int changes = 0;
        for (int i = 1; i < Math.Min(count, 64); i++)
        {
            changes += words[i] != words[i - 1] ? 1 : 0;
        }

        return changes;
    }

    /// <inheritdoc/>
    public override void Find(Batch batch, ReadOnlySpan<int> columns, int[] slots)
    {
        (ulong[] lo, ulong[] hi) = layout.Pack(batch, columns);
        uint[]? masks = layout.Masks;
        for (int i = 0; i < batch.Count; i++)
        {
            uint nulls = masks is null ? 0 : masks[i];
            TKey key = TKey.Make(lo[i], TKey.Wide ? hi[i] : 0);
            slots[i] = (nulls & _refuse) != 0 ? -1 : Found(key, nulls);
        }
    }

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<int> slots, ReadOnlySpan<ColumnBuilder> into)
    {
        for (int c = 0; c < into.Length; c++)
        {
            layout.Decode(c, slots, _lo, _hi, _masks, into[c]);
        }
    }

    /// <inheritdoc/>
    protected override void RemoveKey(int slot)
    {
        _near.Forget();
        TKey key = TKey.Make(_lo[slot], TKey.Wide ? _hi[slot] : 0);
        uint hash = TKey.Hash(key, _masks[slot]);
        Entry[] part = _table.PartOf(hash);
        int at = Seek(part, key, _masks[slot], hash);
        Check.That(part[at].SlotPlus1 == slot + 1);
        _table.RemoveAt(part, at);
    }

    /// <inheritdoc/>
    protected override void SaveKeys(ByteWriter writer)
    {
        // As they lie there, free slots too: copying is all it takes.
        FrozenSlots.Write(writer, _lo, SlotEnd);
        if (TKey.Wide)
        {
            FrozenSlots.Write(writer, _hi, SlotEnd);
        }

        bool nulls = _masks.AsSpan(0, SlotEnd).ContainsAnyExcept(0u);
        writer.WriteByte(nulls ? (byte)1 : (byte)0);
        if (nulls)
        {
            FrozenSlots.Write(writer, _masks, SlotEnd);
        }
    }

    /// <inheritdoc/>
    protected override void LoadKeys(ref ByteReader reader, int[] live)
    {
        if (reader.Version >= CheckpointFile.WithBlocks)
        {
            _lo = reader.ReadArray<ulong>(SlotEnd);
            _hi = reader.ReadArray<ulong>(TKey.Wide ? SlotEnd : 0);
            _masks = reader.ReadByte() != 0 ? reader.ReadArray<uint>(SlotEnd) : new uint[SlotEnd];
        }
        else
        {
            LoadOneByOne(ref reader, live);
        }

        foreach (int slot in live)
        {
            _table.Add(new Entry { Key = TKey.Make(_lo[slot], TKey.Wide ? _hi[slot] : 0), Mask = _masks[slot], SlotPlus1 = slot + 1 });
        }
    }

    private void LoadOneByOne(ref ByteReader reader, int[] live)
    {
        EnsureSlots(SlotEnd);
        foreach (int slot in live)
        {
            _lo[slot] = (ulong)reader.ReadInt64();
            if (TKey.Wide)
            {
                _hi[slot] = (ulong)reader.ReadInt64();
            }

            _masks[slot] = (uint)reader.ReadVarint();
        }
    }

    private int FindOrAdd(TKey key, uint nulls)
    {
        uint hash = TKey.Hash(key, nulls);
        Entry[] part = _table.PartOf(hash);
        int at = Seek(part, key, nulls, hash);
        return part[at].SlotPlus1 != 0 ? part[at].SlotPlus1 - 1 : Add(key, nulls, part, at);
    }

    private int Found(TKey key, uint nulls)
    {
        uint hash = TKey.Hash(key, nulls);
        Entry[] part = _table.PartOf(hash);
        return part[Seek(part, key, nulls, hash)].SlotPlus1 - 1;
    }

    // Where the key is, or the empty place where it belongs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Seek(Entry[] part, TKey key, uint nulls, uint hash)
    {
        int mask = part.Length - 1;
        int at = (int)hash & mask;
        while (part[at].SlotPlus1 != 0 && !(TKey.Same(part[at].Key, key) && part[at].Mask == nulls))
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    private int Add(TKey key, uint nulls, Entry[] part, int at)
    {
        int slot = NewSlot();
        EnsureSlots(slot + 1);
        _lo[slot] = Unsafe.As<TKey, ulong>(ref key);
        if (TKey.Wide)
        {
            _hi[slot] = Unsafe.Add(ref Unsafe.As<TKey, ulong>(ref key), 1);
        }

        _masks[slot] = nulls;
        _table.Put(part, at, new Entry { Key = key, Mask = nulls, SlotPlus1 = slot + 1 });
        return slot;
    }

    private void EnsureSlots(int slots)
    {
        if (_masks.Length < slots)
        {
            int size = Math.Max(slots, Math.Max(16, _masks.Length * 2));
            Array.Resize(ref _lo, size);
            Array.Resize(ref _hi, TKey.Wide ? size : 0);
            Array.Resize(ref _masks, size);
        }
    }
}
