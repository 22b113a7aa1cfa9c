// Exact sums of integers, and what is read from them: sum and avg.
using System.Numerics;
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Sums of smallint or integer in 64 bits: enough for two billion rows of the largest value, checked beyond.</summary>
internal sealed class SmallSumState<T>(int argument) : AggregateState
    where T : unmanaged, IBinaryInteger<T>
{
    private long[] _sums = [];

    /// <summary>The sums by slot.</summary>
    public long[] Sums => _sums;

    /// <inheritdoc/>
    public override long Bytes => _sums.Length * 8L;

    /// <inheritdoc/>
    public override void Ensure(int slots) => _sums = Grown(_sums, slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<T>)batch.Columns[argument];
        long[] sums = _sums;
        ReadOnlySpan<T> values = column.Values.AsSpan(0, batch.Count);
        ReadOnlySpan<int> at = slots.AsSpan(0, values.Length);
        if (weights is null && column.Validity is null)
        {
            foreach (SlotRuns.Stretch stretch in SlotRuns.Over(at))
            {
                if (stretch.IsRun)
                {
                    ref long sum = ref sums[at[stretch.Start]];
                    sum = checked(sum + SumOf(values[stretch.Start..stretch.End]));
                    continue;
                }

                for (int i = stretch.Start; i < stretch.End; i++)
                {
                    ref long sum = ref sums[at[i]];
                    sum = checked(sum + long.CreateTruncating(values[i]));
                }
            }

            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!column.IsNull(i))
            {
                ref long sum = ref sums[at[i]];
                sum = checked(sum + (long.CreateTruncating(values[i]) * (weights is null ? 1 : weights[i])));
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        long[] sums = ((SmallSumState<T>)other)._sums;
        for (int i = 0; i < theirs.Length; i++)
        {
            _sums[ours[i]] = checked(_sums[ours[i]] + sums[theirs[i]]);
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _sums[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, _sums, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => _sums = reader.ReadArray<long>(slots);

    // Of a batch: far too few rows for 64 bits to overflow.
    private static long SumOf(ReadOnlySpan<T> values)
    {
        long sum = 0;
        foreach (T value in values)
        {
            sum += long.CreateTruncating(value);
        }

        return sum;
    }
}

/// <summary>Sums of bigint in 128 bits.</summary>
internal sealed class BigSumState(int argument) : AggregateState
{
    private Int128[] _sums = [];

    /// <summary>The sums by slot.</summary>
    public Int128[] Sums => _sums;

    /// <inheritdoc/>
    public override long Bytes => _sums.Length * 16L;

    /// <inheritdoc/>
    public override void Ensure(int slots) => _sums = Grown(_sums, slots);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<long>)batch.Columns[argument];
        Int128[] sums = _sums;
        ReadOnlySpan<long> values = column.Values.AsSpan(0, batch.Count);
        ReadOnlySpan<int> at = slots.AsSpan(0, values.Length);
        if (weights is null && column.Validity is null)
        {
            foreach (SlotRuns.Stretch stretch in SlotRuns.Over(at))
            {
                if (stretch.IsRun)
                {
                    sums[at[stretch.Start]] += SlotRuns.Sum(values[stretch.Start..stretch.End]);
                }
                else
                {
                    AddEach(values[stretch.Start..stretch.End], at[stretch.Start..stretch.End]);
                }
            }

            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!column.IsNull(i))
            {
                sums[at[i]] += weights is null ? values[i] : (Int128)values[i] * weights[i];
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        Int128[] sums = ((BigSumState)other)._sums;
        for (int i = 0; i < theirs.Length; i++)
        {
            _sums[ours[i]] += sums[theirs[i]];
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _sums[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, _sums, slots);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => _sums = reader.ReadArray<Int128>(slots);

    // Int128 by its halves: the runtime's own addition is slower here.
    private void AddEach(ReadOnlySpan<long> values, ReadOnlySpan<int> at)
    {
        Int128[] sums = _sums;
        for (int i = 0; i < values.Length; i++)
        {
            ref ulong low = ref Unsafe.As<Int128, ulong>(ref sums[at[i]]);
            ref ulong high = ref Unsafe.Add(ref low, 1);
            ulong value = (ulong)values[i];
            ulong sum = low + value;
            high += (ulong)(values[i] >> 63) + (sum < value ? 1UL : 0);
            low = sum;
        }
    }
}

/// <summary>sum(smallint), sum(integer): bigint.</summary>
internal sealed class SmallSumResult(Func<long[]> sums, CountState count) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<long>)into;
        long[] values = sums();
        long[] counts = count.Counts;
        foreach (int slot in slots)
        {
            if (counts[slot] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(values[slot]);
            }
        }
    }
}

/// <summary>sum(bigint): numeric.</summary>
internal sealed class BigSumResult(BigSumState sum, CountState count) : AggregateResult
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
            }
            else
            {
                builder.Append(Numeric.Create(sum.Sums[slot], 0));
            }
        }
    }
}

/// <summary>avg of integers: numeric with PostgreSQL's digits.</summary>
internal sealed class IntegerAvgResult(Func<int, Int128> sum, CountState count) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<Numeric>)into;
        foreach (int slot in slots)
        {
            if (count.Counts[slot] <= 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(DecimalRatio.Divide(sum(slot), 0, count.Counts[slot]));
            }
        }
    }
}
