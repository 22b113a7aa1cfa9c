// sum and avg of intervals: months, days and microseconds each on their own.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Sums of the three parts of intervals.</summary>
internal sealed class IntervalSumState(int argument) : AggregateState
{
    private Int128[] _parts = [];

    /// <inheritdoc/>
    public override long Bytes => _parts.Length * 16L;

    /// <summary>The parts summed.</summary>
    public (Int128 Months, Int128 Days, Int128 Micros) this[int slot] => (_parts[3 * slot], _parts[(3 * slot) + 1], _parts[(3 * slot) + 2]);

    /// <inheritdoc/>
    public override void Ensure(int slots) => _parts = Grown(_parts, slots * 3);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<Interval>)batch.Columns[argument];
        for (int i = 0; i < batch.Count; i++)
        {
            if (!column.IsNull(i))
            {
                Int128 weight = weights is null ? 1 : weights[i];
                int at = slots[i] * 3;
                _parts[at] += column.Values[i].Months * weight;
                _parts[at + 1] += column.Values[i].Days * weight;
                _parts[at + 2] += column.Values[i].Micros * weight;
            }
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _parts.AsSpan(slot * 3, 3).Clear();
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots) => FrozenSlots.Write(writer, _parts, slots, each: 3);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots) => _parts = reader.ReadArray<Int128>(slots * 3);
}

/// <summary>sum and avg of interval.</summary>
internal sealed class IntervalSumResult(IntervalSumState sum, CountState count, bool average) : AggregateResult
{
    private const double DayMicros = 86_400_000_000;

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<Interval>)into;
        foreach (int slot in slots)
        {
            long n = count.Counts[slot];
            if (n == 0)
            {
                builder.AppendNull();
                continue;
            }

            (Int128 months, Int128 days, Int128 micros) = sum[slot];
            try
            {
                builder.Append(checked(average ? Divide((int)months, (int)days, (long)micros, n) : new Interval((int)months, (int)days, (long)micros)));
            }
            catch (OverflowException)
            {
                throw new SqlException("22008", "interval out of range");
            }
        }
    }

    // interval_div: what months leave over goes to days (30 a month), what days leave over to microseconds.
    private static Interval Divide(int months, int days, long micros, double factor)
    {
        int wholeMonths = (int)(months / factor);
        int wholeDays = (int)(days / factor);
        double restDays = Round(((months / factor) - wholeMonths) * 30);
        double seconds = Round(((days / factor) - wholeDays + restDays - (int)restDays) * (DayMicros / 1e6));
        if (Math.Abs(seconds) >= DayMicros / 1e6)
        {
            wholeDays += (int)(seconds / (DayMicros / 1e6));
            seconds -= (int)(seconds / (DayMicros / 1e6)) * (DayMicros / 1e6);
        }

        return new Interval(wholeMonths, wholeDays + (int)restDays, (long)Math.Round((micros / factor) + (seconds * 1e6), MidpointRounding.ToEven));
    }

    private static double Round(double value) => Math.Round(value * 1e6, MidpointRounding.ToEven) / 1e6;
}
