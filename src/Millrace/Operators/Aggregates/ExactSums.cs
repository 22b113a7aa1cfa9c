// Sums of floats without rounding: order does not matter, and what is taken back leaves nothing behind.
using System.Numerics;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Exact sums of doubles by slot. A sum is a pair of doubles (Knuth's two-sum keeps what rounding loses); in the rare case that two do not hold
/// it exactly it goes on as a big integer in units of 2^−<paramref name="unit"/>. NaN and infinities are counted apart. The value is the exact sum
/// rounded once, so it depends neither on order nor on what was added and taken back in between.
/// </summary>
/// <param name="unit">1074 for sums of doubles, 2148 for sums of products of two.</param>
internal sealed class ExactSums(int unit)
{
    private double[] _high = [];
    private double[] _low = [];
    private readonly Dictionary<int, BigInteger> _big = [];
    private readonly Dictionary<int, (long NaN, long Plus, long Minus)> _special = [];

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => (_high.Length * 16L) + (_big.Count * 120L) + (_special.Count * 48L);

    /// <summary>Makes room for slots.</summary>
    public void Ensure(int slots)
    {
        if (_high.Length < slots)
        {
            int size = Math.Max(slots, Math.Max(16, _high.Length * 2));
            Array.Resize(ref _high, size);
            Array.Resize(ref _low, size);
        }
    }

    /// <summary>Adds a value.</summary>
    public void Add(int slot, double value)
    {
        double high = _high[slot];
        double low = _low[slot];
        double sum = high + value;
        double part = sum - high;
        double lost = (high - (sum - part)) + (value - part);
        double rest = low + lost;
        double restPart = rest - low;
        double restLost = (low - (rest - restPart)) + (lost - restPart);
        double top = sum + rest;
        if (restLost != 0 || !double.IsFinite(top))
        {
            AddSlow(slot, value, 1);
            return;
        }

        double topPart = top - sum;
        _high[slot] = top;
        _low[slot] = (sum - (top - topPart)) + (rest - topPart);
    }

    /// <summary>Adds the values of a run of one slot.</summary>
    public void AddRun(int slot, ReadOnlySpan<double> values)
    {
        ReadOnlySpan<Vector<double>> vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        if (SlotRuns.TrySum(vectors, out Vector<double> high, out Vector<double> low))
        {
            for (int lane = 0; lane < Vector<double>.Count; lane++)
            {
                Add(slot, high[lane]);
                Add(slot, low[lane]);
            }

            values = values[(vectors.Length * Vector<double>.Count)..];
        }

        foreach (double value in values)
        {
            Add(slot, value);
        }
    }

    /// <summary>Adds a value <paramref name="weight"/> times.</summary>
    public void Add(int slot, double value, long weight)
    {
        if (weight is 1 or -1)
        {
            Add(slot, weight == 1 || !double.IsFinite(value) ? value : -value, value, weight);
        }
        else if (weight != 0)
        {
            AddSlow(slot, value, weight);
        }
    }

    /// <summary>Adds x · y · weight.</summary>
    public void AddProduct(int slot, double x, double y, long weight)
    {
        double product = x * y;
        double magnitude = Math.Abs(product);
        if (weight is 1 or -1 && magnitude is > 1e-250 and < 1e300)
        {
            double lost = Math.FusedMultiplyAdd(x, y, -product);
            Add(slot, weight * product);
            Add(slot, weight * lost);
        }
        else if (!double.IsFinite(x) || !double.IsFinite(y))
        {
            CountSpecial(slot, product, weight);
        }
        else if (magnitude != 0 || (x != 0 && y != 0))
        {
            Spill(slot, Units(x, unit / 2) * Units(y, unit / 2) * weight);
        }
    }

    /// <summary>Adds a sum of another: exact, as everything here.</summary>
    public void Merge(int slot, ExactSums other, int theirs)
    {
        if (other._special.TryGetValue(theirs, out (long NaN, long Plus, long Minus) special))
        {
            (long nan, long plus, long minus) = _special.GetValueOrDefault(slot);
            _special[slot] = (nan + special.NaN, plus + special.Plus, minus + special.Minus);
        }

        if (double.IsNaN(other._high[theirs]))
        {
            Spill(slot, other._big[theirs]);
            return;
        }

        Add(slot, other._high[theirs]);
        Add(slot, other._low[theirs]);
    }

    /// <summary>The sum, correctly rounded.</summary>
    public double Value(int slot)
    {
        if (_special.Count > 0 && _special.TryGetValue(slot, out (long NaN, long Plus, long Minus) special))
        {
            return special.NaN != 0 || (special.Plus != 0 && special.Minus != 0) ? double.NaN
                : special.Plus != 0 ? double.PositiveInfinity : double.NegativeInfinity;
        }

        return double.IsNaN(_high[slot]) ? Ratio(_big[slot], BigInteger.One, unit) : _high[slot];
    }

    /// <summary>True when a NaN or an infinity is part of the sum.</summary>
    public bool IsSpecial(int slot) => _special.Count > 0 && _special.ContainsKey(slot);

    /// <summary>The finite part of the sum in units of 2^−unit.</summary>
    public BigInteger Exact(int slot) => double.IsNaN(_high[slot]) ? _big[slot] : Units(_high[slot], unit) + Units(_low[slot], unit);

    /// <summary>Forgets a slot.</summary>
    public void Clear(int slot)
    {
        _high[slot] = 0;
        _low[slot] = 0;
        _big.Remove(slot);
        _special.Remove(slot);
    }

    /// <summary>Writes slots below <paramref name="slots"/>.</summary>
    public void Save(ByteWriter writer, int slots)
    {
        FrozenSlots.Write(writer, _high, slots);
        FrozenSlots.Write(writer, _low, slots);
        writer.WriteVarint((ulong)_big.Count);
        foreach ((int slot, BigInteger value) in _big.OrderBy(p => p.Key))
        {
            writer.WriteVarint((ulong)slot);
            writer.WriteBytes(value.ToByteArray());
        }

        writer.WriteVarint((ulong)_special.Count);
        foreach ((int slot, (long nan, long plus, long minus)) in _special.OrderBy(p => p.Key))
        {
            writer.WriteVarint((ulong)slot);
            writer.WriteInt64(nan);
            writer.WriteInt64(plus);
            writer.WriteInt64(minus);
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(ref ByteReader reader, int slots)
    {
        _high = reader.ReadArray<double>(slots);
        _low = reader.ReadArray<double>(slots);
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            int slot = reader.ReadCount();
            _big[slot] = new BigInteger(reader.ReadBytes());
        }

        for (int left = reader.ReadCount(); left > 0; left--)
        {
            int slot = reader.ReadCount();
            _special[slot] = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        }
    }

    /// <summary>A finite double in units of 2^−unit.</summary>
    public static BigInteger Units(double value, int unit)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7FF;
        long mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        mantissa = exponent == 0 ? mantissa : mantissa | (1L << 52);
        BigInteger units = (BigInteger)mantissa << (Math.Max(exponent, 1) - 1 + unit - 1074);
        return bits < 0 ? -units : units;
    }

    /// <summary>numerator / denominator · 2^−unit, correctly rounded (but for subnormal results).</summary>
    public static double Ratio(BigInteger numerator, BigInteger denominator, int unit)
    {
        if (numerator.IsZero)
        {
            return 0;
        }

        bool negative = numerator.Sign < 0;
        numerator = BigInteger.Abs(numerator);

        // At least 64 bits of quotient, the rest as one sticky bit: then the conversion rounds once and right.
        int shift = (int)(66 - (numerator.GetBitLength() - denominator.GetBitLength()));
        BigInteger quotient = BigInteger.DivRem(
            shift >= 0 ? numerator << shift : numerator, shift >= 0 ? denominator : denominator << -shift, out BigInteger remainder);
        int drop = (int)quotient.GetBitLength() - 62;
        BigInteger top = quotient >> drop;
        bool sticky = !remainder.IsZero || top << drop != quotient;
        ulong bits = ((ulong)top << 1) | (sticky ? 1UL : 0);
        double value = Math.ScaleB((double)bits, drop - 1 - shift - unit);
        return negative ? -value : value;
    }

    private void Add(int slot, double signed, double value, long weight)
    {
        if (double.IsFinite(value))
        {
            Add(slot, signed);
        }
        else
        {
            CountSpecial(slot, value, weight);
        }
    }

    private void AddSlow(int slot, double value, long weight)
    {
        if (double.IsFinite(value))
        {
            Spill(slot, Units(value, unit) * weight);
        }
        else
        {
            CountSpecial(slot, value, weight);
        }
    }

    private void Spill(int slot, BigInteger more)
    {
        _big[slot] = Exact(slot) + more;
        _high[slot] = double.NaN;
        _low[slot] = 0;
    }

    private void CountSpecial(int slot, double value, long weight)
    {
        (long nan, long plus, long minus) = _special.GetValueOrDefault(slot);
        if (double.IsNaN(value))
        {
            nan += weight;
        }
        else if (value > 0)
        {
            plus += weight;
        }
        else
        {
            minus += weight;
        }

        if ((nan, plus, minus) == default)
        {
            _special.Remove(slot);
        }
        else
        {
            _special[slot] = (nan, plus, minus);
        }
    }
}

/// <summary>Exact sums of a real or double column.</summary>
internal sealed class FloatSumState(int argument, bool single) : AggregateState
{
    /// <summary>The sums by slot.</summary>
    public ExactSums Sums { get; } = new(1074);

    /// <inheritdoc/>
    public override long Bytes => Sums.Bytes;

    /// <inheritdoc/>
    public override void Ensure(int slots) => Sums.Ensure(slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        Column column = batch.Columns[argument];
        double[]? doubles = single ? null : ((FixedColumn<double>)column).Values;
        float[]? floats = single ? ((FixedColumn<float>)column).Values : null;
        if (doubles is not null && weights is null && column.Validity is null)
        {
            AddDoubles(doubles.AsSpan(0, batch.Count), slots.AsSpan(0, batch.Count));
            return;
        }

        for (int i = 0; i < batch.Count; i++)
        {
            if (!column.IsNull(i))
            {
                double value = doubles is null ? floats![i] : doubles[i];
                if (weights is null)
                {
                    Sums.Add(slots[i], value);
                }
                else
                {
                    Sums.Add(slots[i], value, weights[i]);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        ExactSums sums = ((FloatSumState)other).Sums;
        for (int i = 0; i < theirs.Length; i++)
        {
            Sums.Merge(ours[i], sums, theirs[i]);
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            Sums.Clear(slot);
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => Sums.Save(writer, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => Sums.Load(ref reader, slots);

    private void AddDoubles(ReadOnlySpan<double> values, ReadOnlySpan<int> slots)
    {
        foreach (SlotRuns.Stretch stretch in SlotRuns.Over(slots))
        {
            if (stretch.IsRun)
            {
                Sums.AddRun(slots[stretch.Start], values[stretch.Start..stretch.End]);
                continue;
            }

            for (int i = stretch.Start; i < stretch.End; i++)
            {
                Sums.Add(slots[i], values[i]);
            }
        }
    }
}

/// <summary>sum and avg of real and double.</summary>
internal sealed class FloatSumResult(FloatSumState sum, CountState count, bool average) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            if (count.Counts[slot] == 0)
            {
                into.AppendNull();
                continue;
            }

            double value = sum.Sums.Value(slot);
            value = average ? value / count.Counts[slot] : value;
            if (into is FixedBuilder<float> single)
            {
                single.Append((float)value);
            }
            else
            {
                ((FixedBuilder<double>)into).Append(value);
            }
        }
    }
}
