// min and max where nothing is ever taken back: one best value per group.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>The least (or greatest) value of up to eight bytes, held as ordered bits; append-only input.</summary>
internal sealed class MinMaxState<T, TBits>(int argument, bool max) : AggregateState
    where T : unmanaged
    where TBits : struct, IOrderedBits<T>
{
    private readonly ulong _flip = max ? ulong.MaxValue : 0;
    private ulong[] _best = [];

    /// <inheritdoc/>
    public override long Bytes => _best.Length * 8L;

    /// <summary>The value of a group that has one.</summary>
    public T Best(int slot) => TBits.From((~_best[slot] ^ _flip) & (ulong.MaxValue >> (64 - (8 * TBits.Width))));

    /// <inheritdoc/>
    public override void Ensure(int slots) => _best = Grown(_best, slots);

    // Kept inverted, so that a cleared slot (0) loses against every value.
    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<T>)batch.Columns[argument];
        ulong[] best = _best;
        ReadOnlySpan<T> values = column.Values.AsSpan(0, batch.Count);
        if (weights is null && column.Validity is null)
        {
            AddAll(values, slots.AsSpan(0, values.Length));
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if ((weights is null || weights[i] != 0) && !column.IsNull(i))
            {
                ref ulong at = ref best[slots[i]];
                at = Math.Max(at, ~(TBits.To(values[i]) ^ _flip));
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        ulong[] best = ((MinMaxState<T, TBits>)other)._best;
        for (int i = 0; i < theirs.Length; i++)
        {
            _best[ours[i]] = Math.Max(_best[ours[i]], best[theirs[i]]);
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _best[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, _best, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => _best = reader.ReadArray<ulong>(slots);

    private void AddAll(ReadOnlySpan<T> values, ReadOnlySpan<int> slots)
    {
        ulong[] best = _best;
        foreach (SlotRuns.Stretch stretch in SlotRuns.Over(slots))
        {
            if (stretch.IsRun)
            {
                ref ulong at = ref best[slots[stretch.Start]];
                at = Math.Max(at, BestOf(values[stretch.Start..stretch.End]));
                continue;
            }

            for (int i = stretch.Start; i < stretch.End; i++)
            {
                ref ulong at = ref best[slots[i]];
                at = Math.Max(at, ~(TBits.To(values[i]) ^ _flip));
            }
        }
    }

    private ulong BestOf(ReadOnlySpan<T> values)
    {
        ulong flip = ~_flip;
        ulong best = 0;
        foreach (T value in values)
        {
            best = Math.Max(best, TBits.To(value) ^ flip);
        }

        return best;
    }
}

/// <summary>min and max from <see cref="MinMaxState{T, TBits}"/>.</summary>
internal sealed class MinMaxResult<T, TBits>(MinMaxState<T, TBits> state, CountState count) : AggregateResult
    where T : unmanaged
    where TBits : struct, IOrderedBits<T>
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<T>)into;
        foreach (int slot in slots)
        {
            if (count.Counts[slot] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(state.Best(slot));
            }
        }
    }
}

/// <summary>The first row in some order per group, as encoded bytes; append-only input. Serves min, max, first and last of any type.</summary>
internal sealed class BestState(RowCodec codec, int[] columns, int[] notNull) : AggregateState
{
    private readonly EncodedRows _rows = new();
    private readonly ColumnBuilder?[] _scratch = new ColumnBuilder?[codec.Columns];
    private byte[]?[] _best = [];
    private int[] _lengths = [];
    private long _bytes;

    /// <inheritdoc/>
    public override long Bytes => (_best.Length * 12L) + _bytes;

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _best = Grown(_best, slots);
        _lengths = Grown(_lengths, slots);
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        codec.Encode(batch, columns, _rows);
        for (int i = 0; i < batch.Count; i++)
        {
            bool skip = weights is not null && weights[i] == 0;
            foreach (int c in notNull)
            {
                skip |= batch.Columns[c].IsNull(i);
            }

            int slot = slots[i];
            if (!skip && (_best[slot] is null || _rows.Row(i).SequenceCompareTo(_best[slot].AsSpan(0, _lengths[slot])) < 0))
            {
                Put(slot, _rows.Row(i));
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        var best = (BestState)other;
        for (int i = 0; i < theirs.Length; i++)
        {
            if (best._best[theirs[i]] is not { } bytes)
            {
                continue;
            }

            ReadOnlySpan<byte> row = bytes.AsSpan(0, best._lengths[theirs[i]]);
            int slot = ours[i];
            if (_best[slot] is null || row.SequenceCompareTo(_best[slot].AsSpan(0, _lengths[slot])) < 0)
            {
                Put(slot, row);
            }
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _bytes -= _best[slot]?.Length ?? 0;
            _best[slot] = null;
        }
    }

    /// <summary>Appends the last column of the group's best row, or null.</summary>
    public void Emit(int slot, ColumnBuilder into)
    {
        if (_best[slot] is null)
        {
            into.AppendNull();
            return;
        }

        for (int i = 0; i < _scratch.Length - 1; i++)
        {
            _scratch[i] ??= codec.NewBuilder(i);
            _scratch[i]!.Reset();
        }

        _scratch[^1] = into;
        codec.Decode(_best[slot].AsSpan(0, _lengths[slot]), _scratch!);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        for (int slot = 0; slot < slots; slot++)
        {
            writer.WriteBytes(_best[slot] is null ? default : _best[slot].AsSpan(0, _lengths[slot]));
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        Ensure(slots);
        for (int slot = 0; slot < slots; slot++)
        {
            ReadOnlySpan<byte> row = reader.ReadBytes();
            if (row.Length > 0)
            {
                Put(slot, row);
            }
        }
    }

    private void Put(int slot, ReadOnlySpan<byte> row)
    {
        if (_best[slot] is not { } held || held.Length < row.Length)
        {
            _bytes += row.Length - (_best[slot]?.Length ?? 0);
            _best[slot] = new byte[row.Length];
        }

        row.CopyTo(_best[slot]);
        _lengths[slot] = row.Length;
    }
}

/// <summary>min, max, first and last from <see cref="BestState"/>.</summary>
internal sealed class BestResult(BestState state) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            state.Emit(slot, into);
        }
    }
}
