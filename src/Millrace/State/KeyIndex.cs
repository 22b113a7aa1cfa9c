// From key columns to small dense numbers (slots): the heart of every keyed operator.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Gives each different key a slot; operators keep their state in arrays by slot. Slots of removed keys are used again: who removes a key clears
/// its state first. Nulls are equal to one another; with <paramref name="refuseNulls"/> a row with a null in such a column gets slot −1.
/// </summary>
internal abstract class KeyIndex(SqlType[] types, bool[]? refuseNulls)
{
    private int[] _free = [];
    private int _freeCount;
    private FrozenSlots? _frozen;

    /// <summary>Types of the key columns.</summary>
    protected SqlType[] Types { get; } = types;

    /// <summary>Per key column: true when null matches nothing.</summary>
    protected bool[]? RefuseNulls { get; } = refuseNulls;

    /// <summary>One more than the largest slot ever given.</summary>
    public int SlotEnd { get; private set; }

    /// <summary>Keys held.</summary>
    public int Count => SlotEnd - _freeCount;

    /// <summary>Memory held, in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>The leanest index for keys of these types.</summary>
    public static KeyIndex For(IReadOnlyList<SqlType> types, bool[]? refuseNulls = null)
    {
        SqlType[] own = [.. types];
        bool[]? refuse = refuseNulls is not null && refuseNulls.Contains(true) ? refuseNulls : null;
        return PackedLayout.TryMake(own) is not { } layout ? new BytesIndex(own, refuse)
            : layout.Words == 1 ? new PackedIndex<Key64>(own, layout, refuse)
            : new PackedIndex<Key128>(own, layout, refuse);
    }

    /// <summary>The slot of each row; keys not seen before get one.</summary>
    public abstract void FindOrAdd(Batch batch, ReadOnlySpan<int> columns, int[] slots);

    /// <summary>The slot of each row, or −1.</summary>
    public abstract void Find(Batch batch, ReadOnlySpan<int> columns, int[] slots);

    /// <summary>Appends the keys of the given slots to one builder a key column.</summary>
    public abstract void Decode(ReadOnlySpan<int> slots, ReadOnlySpan<ColumnBuilder> into);

    /// <summary>Forgets a key; its slot may be given again.</summary>
    public void Remove(int slot)
    {
        // Its place may go to another key.
        FrozenSlots.Keep(ref _frozen, [slot]);

        RemoveKey(slot);
        if (_freeCount == _free.Length)
        {
            Array.Resize(ref _free, Math.Max(16, _free.Length * 2));
        }

        _free[_freeCount++] = slot;
    }

    /// <summary>Writes keys and slots.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)SlotEnd);
        writer.WriteVarint((ulong)_freeCount);
        writer.WriteArray(_free, _freeCount);
        _frozen = FrozenSlots.Begin(writer, SlotEnd);
        SaveKeys(writer);
        FrozenSlots.End(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote; slots keep their numbers.</summary>
    public void Load(ref ByteReader reader)
    {
        SlotEnd = reader.ReadCount();
        _freeCount = reader.ReadCount();
        _free = reader.ReadArray<int>(_freeCount);
        if (_freeCount > SlotEnd || _free.AsSpan().ContainsAnyExceptInRange(0, SlotEnd - 1))
        {
            throw new FormatException("free slots out of range");
        }

        LoadKeys(ref reader, Live());
    }

    /// <summary>Slots in use, ascending.</summary>
    public int[] Live()
    {
        var free = new System.Collections.BitArray(SlotEnd);
        for (int i = 0; i < _freeCount; i++)
        {
            free[_free[i]] = true;
        }

        int[] live = new int[SlotEnd - _freeCount];
        int count = 0;
        for (int i = 0; i < SlotEnd && count < live.Length; i++)
        {
            if (!free[i])
            {
                live[count++] = i;
            }
        }

        return live;
    }

    /// <summary>A slot for a new key.</summary>
    protected int NewSlot() => _freeCount > 0 ? _free[--_freeCount] : SlotEnd++;

    /// <summary>Memory of what the base holds.</summary>
    protected long FreeBytes => _free.Length * 4L;

    /// <summary>Takes the key of a slot out of the table.</summary>
    protected abstract void RemoveKey(int slot);

    /// <summary>Writes the keys of all slots.</summary>
    protected abstract void SaveKeys(ByteWriter writer);

    /// <summary>Reads the keys of the slots.</summary>
    protected abstract void LoadKeys(ref ByteReader reader, int[] live);

    /// <summary>True when the row has a null where it matches nothing.</summary>
    protected bool Refused(Batch batch, ReadOnlySpan<int> columns, int row)
    {
        for (int c = 0; c < columns.Length; c++)
        {
            if (RefuseNulls![c] && batch.Columns[columns[c]].IsNull(row))
            {
                return true;
            }
        }

        return false;
    }
}
