// Exact sums of numerics with the display scale that PostgreSQL gives them: the largest among the values present.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Sums of numerics by slot, and how many values of each scale are present where the column declares no scale.</summary>
internal sealed class NumericSumState(int argument, bool countScales) : AggregateState
{
    private Int128[] _sums = [];
    private byte[] _scales = [];
    private readonly Dictionary<(int Slot, byte Scale), long> _counts = [];
    private readonly Dictionary<int, long> _nans = [];

    /// <inheritdoc/>
    public override long Bytes => (_sums.Length * 17L) + ((_counts.Count + _nans.Count) * 40L);

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _sums = Grown(_sums, slots);
        _scales = Grown(_scales, slots);
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<Numeric>)batch.Columns[argument];
        try
        {
            for (int i = 0; i < batch.Count; i++)
            {
                long weight = weights is null ? 1 : weights[i];
                if (weight != 0 && !column.IsNull(i))
                {
                    Add(slots[i], column.Values[i], weight);
                }
            }
        }
        catch (OverflowException)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => !countScales;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        var sums = (NumericSumState)other;
        try
        {
            for (int i = 0; i < theirs.Length; i++)
            {
                Add(ours[i], sums._sums[theirs[i]], sums._scales[theirs[i]], 1);
                if (sums._nans.Count > 0 && sums._nans.TryGetValue(theirs[i], out long nans))
                {
                    Count(_nans, ours[i], nans);
                }
            }
        }
        catch (OverflowException)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _sums[slot] = 0;
            for (int scale = _scales[slot]; countScales && scale >= 0; scale--)
            {
                _counts.Remove((slot, (byte)scale));
            }

            _scales[slot] = 0;
            _nans.Remove(slot);
        }
    }

    /// <summary>True when the sum is NaN.</summary>
    public bool IsNaN(int slot) => _nans.Count > 0 && _nans.ContainsKey(slot);

    /// <summary>The sum as an unscaled integer, with its display scale.</summary>
    public (Int128 Unscaled, int Scale) Sum(int slot)
    {
        Int128 sum = _sums[slot];
        int scale = _scales[slot];
        while (countScales && scale > 0 && !_counts.ContainsKey((slot, (byte)scale)))
        {
            // No value with this many digits is left, so the last digit of the sum is 0.
            sum /= 10;
            scale--;
        }

        return (sum, scale);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        FrozenSlots.Write(writer, _sums, slots);
        FrozenSlots.Write(writer, _scales, slots);
        writer.WriteVarint((ulong)_counts.Count);
        foreach (((int slot, byte scale), long count) in _counts.OrderBy(p => p.Key))
        {
            writer.WriteVarint((ulong)slot);
            writer.WriteByte(scale);
            writer.WriteInt64(count);
        }

        writer.WriteVarint((ulong)_nans.Count);
        foreach ((int slot, long count) in _nans.OrderBy(p => p.Key))
        {
            writer.WriteVarint((ulong)slot);
            writer.WriteInt64(count);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _sums = reader.ReadArray<Int128>(slots);
        _scales = reader.ReadArray<byte>(slots);
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            int slot = reader.ReadCount();
            byte scale = reader.ReadByte();
            _counts[(slot, scale)] = reader.ReadInt64();
        }

        for (int left = reader.ReadCount(); left > 0; left--)
        {
            int slot = reader.ReadCount();
            _nans[slot] = reader.ReadInt64();
        }
    }

    private void Add(int slot, Numeric value, long weight)
    {
        if (value.IsNaN)
        {
            Count(_nans, slot, weight);
            return;
        }

        Add(slot, value.Unscaled, value.Scale, weight);
        if (countScales)
        {
            Count(_counts, (slot, (byte)value.Scale), weight);
        }
    }

    private void Add(int slot, Int128 unscaled, int scale, long weight)
    {
        checked
        {
            if (scale > _scales[slot])
            {
                _sums[slot] *= Power(scale - _scales[slot]);
                _scales[slot] = (byte)scale;
            }
            else if (scale < _scales[slot])
            {
                unscaled *= Power(_scales[slot] - scale);
            }

            _sums[slot] += unscaled * weight;
        }
    }

    private static void Count<TKey>(Dictionary<TKey, long> counts, TKey key, long weight)
        where TKey : notnull
    {
        long now = counts.GetValueOrDefault(key) + weight;
        if (now == 0)
        {
            counts.Remove(key);
        }
        else
        {
            counts[key] = now;
        }
    }

    private static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (int i = 0; i < exponent; i++)
        {
            power = checked(power * 10);
        }

        return power;
    }
}

/// <summary>sum and avg of numeric.</summary>
internal sealed class NumericSumResult(NumericSumState sum, CountState count, bool average) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<Numeric>)into;
        foreach (int slot in slots)
        {
            if (count.Counts[slot] == 0)
            {
                builder.AppendNull();
                continue;
            }

            if (sum.IsNaN(slot))
            {
                builder.Append(Numeric.NaN);
                continue;
            }

            (Int128 unscaled, int scale) = sum.Sum(slot);
            builder.Append(average ? DecimalRatio.Divide(unscaled, scale, count.Counts[slot]) : Numeric.Create(unscaled, scale));
        }
    }
}
