// Variances, covariances and regressions from exact sums: no drift, however much is taken back.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Exact sums of x and x² of integers or numerics, as big integers of one scale per group.</summary>
internal sealed class SquareSumState(int argument) : AggregateState
{
    private BigInteger[] _sums = [];
    private BigInteger[] _squares = [];
    private byte[] _scales = [];
    private long[] _nans = [];

    /// <inheritdoc/>
    public override long Bytes => _sums.Length * 100L;

    /// <summary>Sum, sum of squares (at twice the scale), scale, and whether a NaN is among the values.</summary>
    public (BigInteger Sum, BigInteger Squares, int Scale, bool IsNaN) this[int slot] => (_sums[slot], _squares[slot], _scales[slot], _nans[slot] != 0);

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _sums = Grown(_sums, slots);
        _squares = Grown(_squares, slots);
        _scales = Grown(_scales, slots);
        _nans = Grown(_nans, slots);
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        Column column = batch.Columns[argument];
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = weights is null ? 1 : weights[i];
            if (weight == 0 || column.IsNull(i))
            {
                continue;
            }

            int slot = slots[i];
            int scale = 0;
            BigInteger value;
            switch (column)
            {
                case FixedColumn<short> c: value = c.Values[i]; break;
                case FixedColumn<int> c: value = c.Values[i]; break;
                case FixedColumn<long> c: value = c.Values[i]; break;
                default:
                    Numeric number = ((FixedColumn<Numeric>)column).Values[i];
                    if (number.IsNaN)
                    {
                        _nans[slot] += weight;
                        continue;
                    }

                    value = number.Unscaled;
                    scale = number.Scale;
                    break;
            }

            if (scale > _scales[slot])
            {
                BigInteger factor = BigInteger.Pow(10, scale - _scales[slot]);
                _sums[slot] *= factor;
                _squares[slot] *= factor * factor;
                _scales[slot] = (byte)scale;
            }
            else if (scale < _scales[slot])
            {
                value *= BigInteger.Pow(10, _scales[slot] - scale);
            }

            _sums[slot] += value * weight;
            _squares[slot] += value * value * weight;
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => true;

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        var sums = (SquareSumState)other;
        for (int i = 0; i < theirs.Length; i++)
        {
            int slot = ours[i];
            int their = theirs[i];
            int scale = Math.Max(_scales[slot], sums._scales[their]);
            BigInteger factor = BigInteger.Pow(10, scale - _scales[slot]);
            BigInteger theirFactor = BigInteger.Pow(10, scale - sums._scales[their]);
            _sums[slot] = (_sums[slot] * factor) + (sums._sums[their] * theirFactor);
            _squares[slot] = (_squares[slot] * factor * factor) + (sums._squares[their] * theirFactor * theirFactor);
            _scales[slot] = (byte)scale;
            _nans[slot] += sums._nans[their];
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            _sums[slot] = 0;
            _squares[slot] = 0;
            _scales[slot] = 0;
            _nans[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        for (int i = 0; i < slots; i++)
        {
            writer.WriteBytes(_sums[i].ToByteArray());
            writer.WriteBytes(_squares[i].ToByteArray());
            writer.WriteByte(_scales[i]);
            writer.WriteInt64(_nans[i]);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        Ensure(slots);
        for (int i = 0; i < slots; i++)
        {
            _sums[i] = new BigInteger(reader.ReadBytes());
            _squares[i] = new BigInteger(reader.ReadBytes());
            _scales[i] = reader.ReadByte();
            _nans[i] = reader.ReadInt64();
        }
    }
}

/// <summary>Variance and deviation of integers and numerics: numeric, digit by digit as PostgreSQL's numeric_stddev_internal.</summary>
internal sealed class ExactVarianceResult(AggregateKind kind, SquareSumState state, CountState count) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        bool sample = kind is AggregateKind.VarSamp or AggregateKind.StddevSamp;
        bool root = kind is AggregateKind.StddevPop or AggregateKind.StddevSamp;
        var builder = (FixedBuilder<Numeric>)into;
        foreach (int slot in slots)
        {
            long n = count.Counts[slot];
            if (n < (sample ? 2 : 1))
            {
                builder.AppendNull();
                continue;
            }

            (BigInteger sum, BigInteger squares, int scale, bool isNaN) = state[slot];
            BigInteger numerator = (squares * n) - (sum * sum);
            if (isNaN || numerator.Sign <= 0)
            {
                builder.Append(isNaN ? Numeric.NaN : Numeric.Create(0, 0));
                continue;
            }

            (BigInteger value, int digits) = DecimalRatio.Quotient(numerator, 2 * scale, (BigInteger)n * (sample ? n - 1 : n));
            builder.Append(DecimalRatio.Fit(root ? DecimalRatio.Root(value, digits) : value, digits));
        }
    }
}

/// <summary>Exact sums of x, y, x², y², xy over rows where both are not null; with one argument x alone.</summary>
internal sealed class MomentState(int[] arguments) : AggregateState
{
    private const int Unit = 2148;
    private readonly ExactSums[] _sums = [.. Enumerable.Range(0, arguments.Length == 1 ? 2 : 5).Select(i => new ExactSums(i is 0 or 2 ? 1074 : Unit))];

    /// <inheritdoc/>
    public override long Bytes => _sums.Sum(s => s.Bytes);

    /// <summary>True when some value is NaN or infinite.</summary>
    public bool IsSpecial(int slot) => _sums.Any(s => s.IsSpecial(slot));

    /// <summary>Sum of the last argument (x).</summary>
    public ExactSums X => _sums[0];

    /// <summary>Sum of the first argument (y).</summary>
    public ExactSums Y => _sums[2];

    /// <summary>n·Σx² − (Σx)², in units of 2^−2148.</summary>
    public BigInteger SpreadX(int slot, long n) => (_sums[1].Exact(slot) * n) - BigInteger.Pow(_sums[0].Exact(slot), 2);

    /// <summary>n·Σy² − (Σy)², in units of 2^−2148.</summary>
    public BigInteger SpreadY(int slot, long n) => (_sums[3].Exact(slot) * n) - BigInteger.Pow(_sums[2].Exact(slot), 2);

    /// <summary>n·Σxy − Σx·Σy, in units of 2^−2148.</summary>
    public BigInteger SpreadXY(int slot, long n) => (_sums[4].Exact(slot) * n) - (_sums[0].Exact(slot) * _sums[2].Exact(slot));

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        foreach (ExactSums sums in _sums)
        {
            sums.Ensure(slots);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        Column xs = batch.Columns[arguments[^1]];
        Column ys = batch.Columns[arguments[0]];
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = weights is null ? 1 : weights[i];
            if (weight == 0 || xs.IsNull(i) || ys.IsNull(i))
            {
                continue;
            }

            int slot = slots[i];
            double x = Get(xs, i);
            _sums[0].Add(slot, x, weight);
            _sums[1].AddProduct(slot, x, x, weight);
            if (arguments.Length == 2)
            {
                double y = Get(ys, i);
                _sums[2].Add(slot, y, weight);
                _sums[3].AddProduct(slot, y, y, weight);
                _sums[4].AddProduct(slot, x, y, weight);
            }
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (ExactSums sums in _sums)
        {
            foreach (int slot in slots)
            {
                sums.Clear(slot);
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        foreach (ExactSums sums in _sums)
        {
            sums.Save(writer, slots);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        foreach (ExactSums sums in _sums)
        {
            sums.Load(ref reader, slots);
        }
    }

    private static double Get(Column column, int row) => column is FixedColumn<float> f ? f.Values[row] : ((FixedColumn<double>)column).Values[row];
}

/// <summary>Variance, covariance, correlation and regression of floats.</summary>
internal sealed class FloatStatisticsResult(AggregateKind kind, MomentState state, CountState count) : AggregateResult
{
    private const int Unit = 2148;

    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        foreach (int slot in slots)
        {
            long n = count.Counts[slot];
            if (into is FixedBuilder<long> counts)
            {
                counts.Append(n);
            }
            else if (n > 0 && Value(slot, n) is { } value)
            {
                ((FixedBuilder<double>)into).Append(value);
            }
            else
            {
                into.AppendNull();
            }
        }
    }

    private double? Value(int slot, long n)
    {
        bool sample = kind is AggregateKind.VarSamp or AggregateKind.StddevSamp or AggregateKind.CovarSamp;
        if (sample && n < 2)
        {
            return null;
        }

        if (kind is AggregateKind.RegrAvgX or AggregateKind.RegrAvgY)
        {
            return (kind == AggregateKind.RegrAvgX ? state.X : state.Y).Value(slot) / n;
        }

        if (state.IsSpecial(slot))
        {
            return double.NaN;
        }

        BigInteger pairs = (BigInteger)n * (sample ? n - 1 : n);
        switch (kind)
        {
            case AggregateKind.VarPop or AggregateKind.VarSamp:
                return ExactSums.Ratio(state.SpreadX(slot, n), pairs, Unit);
            case AggregateKind.StddevPop or AggregateKind.StddevSamp:
                return Math.Sqrt(ExactSums.Ratio(state.SpreadX(slot, n), pairs, Unit));
            case AggregateKind.CovarPop or AggregateKind.CovarSamp:
                return ExactSums.Ratio(state.SpreadXY(slot, n), pairs, Unit);
            case AggregateKind.RegrSxx:
                return ExactSums.Ratio(state.SpreadX(slot, n), n, Unit);
            case AggregateKind.RegrSyy:
                return ExactSums.Ratio(state.SpreadY(slot, n), n, Unit);
            case AggregateKind.RegrSxy:
                return ExactSums.Ratio(state.SpreadXY(slot, n), n, Unit);
        }

        BigInteger xx = state.SpreadX(slot, n);
        BigInteger yy = state.SpreadY(slot, n);
        BigInteger xy = state.SpreadXY(slot, n);
        switch (kind)
        {
            case AggregateKind.Corr:
                return xx.IsZero || yy.IsZero ? null : CorrelationOf(xx, yy, xy);
            case AggregateKind.RegrR2:
                return xx.IsZero ? null : yy.IsZero ? 1 : ExactSums.Ratio(xy * xy, xx * yy, 0);
            case AggregateKind.RegrSlope:
                return xx.IsZero ? null : ExactSums.Ratio(xy, xx, 0);
            case AggregateKind.RegrIntercept:
                // (Σy·Σx² − Σx·Σxy) / (n·Σx² − (Σx)²) = (Σy − slope·Σx) / n
                return xx.IsZero ? null : ExactSums.Ratio((state.Y.Exact(slot) * xx) - (state.X.Exact(slot) * xy), xx * n, 1074);
            default:
                throw new BugException($"BUG: no statistics for {kind}");
        }
    }

    private static double CorrelationOf(BigInteger xx, BigInteger yy, BigInteger xy) =>
        Math.Clamp(xy.Sign * Math.Sqrt(ExactSums.Ratio(xy * xy, xx * yy, 0)), -1, 1);
}
