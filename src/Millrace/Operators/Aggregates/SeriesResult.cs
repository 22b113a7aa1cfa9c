// Aggregates over a series of values in order of time: delta, increase, rate, derivative, and the exponential moving average.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Reads a group's (time, value) rows in order of time. Rows of equal time are in order of their values, so that the answer does not depend on arrival.</summary>
/// <param name="kind">Which.</param>
/// <param name="state">Ordered by time; its values are the value, the time, and for the moving average the half-life.</param>
internal sealed class SeriesResult(AggregateKind kind, OrderedState state) : AggregateResult
{
    private const double MicrosPerSecond = 1_000_000;

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<double>)into;
        foreach (int slot in slots)
        {
            Column[] columns = state.Read(slot, int.MaxValue);
            ReadOnlySpan<double> values = ((FixedColumn<double>)columns[0]).Values.AsSpan(0, columns[0].Length);
            ReadOnlySpan<long> times = ((FixedColumn<long>)columns[1]).Values.AsSpan(0, values.Length);
            double? result = kind switch
            {
                AggregateKind.Delta => values.Length < 2 ? null : values[^1] - values[0],
                AggregateKind.Increase => values.Length < 2 ? null : Increase(values),
                AggregateKind.Rate => values.Length < 2 || times[^1] == times[0] ? null : Increase(values) / (((double)times[^1] - times[0]) / MicrosPerSecond),
                AggregateKind.Derivative => Slope(values, times),
                _ => MovingAverage(values, times, columns[2]),
            };
            if (result is { } value)
            {
                builder.Append(value);
            }
            else
            {
                builder.AppendNull();
            }
        }
    }

    // A counter that falls has begun anew, from zero.
    private static double Increase(ReadOnlySpan<double> values)
    {
        double sum = 0;
        for (int i = 1; i < values.Length; i++)
        {
            sum += values[i] >= values[i - 1] ? values[i] - values[i - 1] : values[i];
        }

        return sum;
    }

    // Of the least-squares line, in the value's unit per second.
    private static double? Slope(ReadOnlySpan<double> values, ReadOnlySpan<long> times)
    {
        if (values.Length < 2 || times[^1] == times[0])
        {
            return null;
        }

        double meanTime = 0;
        double meanValue = 0;
        double product = 0;
        double square = 0;
        for (int i = 0; i < values.Length; i++)
        {
            // Seconds from the first row: small numbers, whatever year it is.
            double x = ((double)times[i] - times[0]) / MicrosPerSecond;
            double dx = x - meanTime;
            meanTime += dx / (i + 1);
            meanValue += (values[i] - meanValue) / (i + 1);
            product += dx * (values[i] - meanValue);
            square += dx * (x - meanTime);
        }

        return product / square;
    }

    // A value weighs half as much for each half-life that it lies before the last.
    private static double? MovingAverage(ReadOnlySpan<double> values, ReadOnlySpan<long> times, Column halfLives)
    {
        if (values.Length == 0 || halfLives.IsNull(values.Length - 1))
        {
            return null;
        }

        Interval given = ((FixedColumn<Interval>)halfLives).Values[values.Length - 1];
        double halfLife = (((given.Months * 30.0) + given.Days) * 86_400_000_000) + given.Micros;
        if (!(halfLife > 0))
        {
            throw new SqlException("22023", "the half-life of ema must be positive");
        }

        double sum = 0;
        double weight = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double fade = i == 0 ? 0 : Math.Pow(0.5, ((double)times[i] - times[i - 1]) / halfLife);
            sum = (sum * fade) + values[i];
            weight = (weight * fade) + 1;
        }

        return sum / weight;
    }
}
