// bool_and, bool_or, and the bitwise aggregates.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>How many rows are true, per group.</summary>
internal sealed class TrueState(int argument) : AggregateState
{
    private long[] _trues = [];

    /// <summary>The counts by slot.</summary>
    public long[] Trues => _trues;

    /// <inheritdoc/>
    public override long Bytes => _trues.Length * 8L;

    /// <inheritdoc/>
    public override void Ensure(int slots) => _trues = Grown(_trues, slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<bool>)batch.Columns[argument];
        for (int i = 0; i < batch.Count; i++)
        {
            if (column.Values[i] && !column.IsNull(i))
            {
                _trues[slots[i]] += weights is null ? 1 : weights[i];
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        long[] trues = ((TrueState)other)._trues;
        for (int i = 0; i < theirs.Length; i++)
        {
            _trues[ours[i]] += trues[theirs[i]];
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _trues[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, _trues, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => _trues = reader.ReadArray<long>(slots);
}

/// <summary>bool_and (all true) and bool_or (any true).</summary>
internal sealed class BooleanResult(TrueState trues, CountState count, bool all) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<bool>)into;
        foreach (int slot in slots)
        {
            if (count.Counts[slot] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(all ? trues.Trues[slot] == count.Counts[slot] : trues.Trues[slot] != 0);
            }
        }
    }
}

/// <summary>bit_and, bit_or, bit_xor over the group's different values.</summary>
internal sealed class BitResult(AggregateKind kind, OrderedState state) : AggregateResult
{
    private readonly List<long> _weights = [];

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            _weights.Clear();
            Column values = state.Read(slot, int.MaxValue, _weights, once: true)[0];
            if (values.Length == 0)
            {
                into.AppendNull();
                continue;
            }

            long bits = kind == AggregateKind.BitAnd ? -1 : 0;
            for (int i = 0; i < values.Length; i++)
            {
                long value = values switch
                {
                    FixedColumn<short> c => c.Values[i],
                    FixedColumn<int> c => c.Values[i],
                    _ => ((FixedColumn<long>)values).Values[i],
                };
                bits = kind switch
                {
                    AggregateKind.BitAnd => bits & value,
                    AggregateKind.BitOr => bits | value,
                    _ => (_weights[i] & 1) != 0 ? bits ^ value : bits,
                };
            }

            switch (into)
            {
                case FixedBuilder<short> b: b.Append((short)bits); break;
                case FixedBuilder<int> b: b.Append((int)bits); break;
                default: ((FixedBuilder<long>)into).Append(bits); break;
            }
        }
    }
}
