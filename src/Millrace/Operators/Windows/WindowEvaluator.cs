// One window call over the rows of one partition in order.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Computes a window function or an aggregate over frames for every row of a partition.</summary>
internal sealed class WindowEvaluator(WindowCall call, IReadOnlyList<SortKey> orderBy, Schema input)
{
    private readonly ColumnBuilder _result = ColumnBuilder.For(call.Type);
    private readonly FrameAggregate? _aggregate = call.Aggregate is null ? null : new FrameAggregate(call, input);

    /// <summary>The value of each row; lent until the next call.</summary>
    /// <param name="rows">The partition's rows in order.</param>
    /// <param name="group">The peer group of each row.</param>
    /// <param name="starts">First row of each peer group, then the number of rows.</param>
    public Column Evaluate(Batch rows, int[] group, int[] starts)
    {
        _result.Reset();
        if (_aggregate is not null)
        {
            (int[] from, int[] to) = WindowFrames.Bounds(call.Frame, orderBy, rows, group, starts);
            _aggregate.Evaluate(rows, from, to, _result);
            return _result.View();
        }

        switch ((WindowKind)call.Function!.Body)
        {
            case WindowKind.RowNumber: Longs(rows.Count, i => i + 1); break;
            case WindowKind.Rank: Longs(rows.Count, i => starts[group[i]] + 1); break;
            case WindowKind.DenseRank: Longs(rows.Count, i => group[i] + 1); break;
            case WindowKind.PercentRank: Doubles(rows.Count, i => rows.Count == 1 ? 0 : starts[group[i]] / (double)(rows.Count - 1)); break;
            case WindowKind.CumeDist: Doubles(rows.Count, i => starts[group[i] + 1] / (double)rows.Count); break;
            case WindowKind.Ntile: Ntile(rows); break;
            case WindowKind.Lag: Shift(rows, -1); break;
            case WindowKind.Lead: Shift(rows, 1); break;
            default: FromFrame(rows, group, starts); break;
        }

        return _result.View();
    }

    private void Longs(int count, Func<int, long> value)
    {
        var builder = (FixedBuilder<long>)_result;
        for (int i = 0; i < count; i++)
        {
            builder.Append(value(i));
        }
    }

    private void Doubles(int count, Func<int, double> value)
    {
        var builder = (FixedBuilder<double>)_result;
        for (int i = 0; i < count; i++)
        {
            builder.Append(value(i));
        }
    }

    // The first buckets take one row more when they do not come out even; the bucket count is that of the partition's first row.
    private void Ntile(Batch rows)
    {
        long? buckets = Integer(rows.Columns[call.Arguments[0]], 0);
        if (buckets is <= 0)
        {
            throw new SqlException("22014", "argument of ntile must be greater than zero");
        }

        for (int i = 0; i < rows.Count; i++)
        {
            if (buckets is not { } n)
            {
                _result.AppendNull();
                continue;
            }

            long size = rows.Count / n;
            long longer = rows.Count % n;
            long tile = i < longer * (size + 1) ? i / (size + 1) : longer + ((i - (longer * (size + 1))) / Math.Max(1, size));
            if (_result is FixedBuilder<int> ints)
            {
                ints.Append((int)tile + 1);
            }
            else
            {
                ((FixedBuilder<long>)_result).Append(tile + 1);
            }
        }
    }

    private void Shift(Batch rows, int direction)
    {
        Column values = rows.Columns[call.Arguments[0]];
        for (int i = 0; i < rows.Count; i++)
        {
            long? by = call.Arguments.Count > 1 ? Integer(rows.Columns[call.Arguments[1]], i) : 1;
            long at = i + (direction * (by ?? 0));
            if (by is null)
            {
                _result.AppendNull();
            }
            else if (at >= 0 && at < rows.Count)
            {
                _result.AppendFrom(values, (int)at);
            }
            else if (call.Arguments.Count > 2)
            {
                _result.AppendFrom(rows.Columns[call.Arguments[2]], i);
            }
            else
            {
                _result.AppendNull();
            }
        }
    }

    private void FromFrame(Batch rows, int[] group, int[] starts)
    {
        (int[] from, int[] to) = WindowFrames.Bounds(call.Frame, orderBy, rows, group, starts);
        Column values = rows.Columns[call.Arguments[0]];
        for (int i = 0; i < rows.Count; i++)
        {
            long? nth = 1;
            if ((WindowKind)call.Function!.Body == WindowKind.NthValue)
            {
                nth = Integer(rows.Columns[call.Arguments[1]], i);
                if (nth is <= 0)
                {
                    throw new SqlException("22016", "argument of nth_value must be greater than zero");
                }
            }

            long at = (WindowKind)call.Function.Body == WindowKind.LastValue ? to[i] - 1 : from[i] + (nth ?? 1) - 1;
            if (nth is not null && from[i] < to[i] && at < to[i])
            {
                _result.AppendFrom(values, (int)at);
            }
            else
            {
                _result.AppendNull();
            }
        }
    }

    private static long? Integer(Column column, int row) => column.IsNull(row) ? null : column switch
    {
        FixedColumn<short> c => c.Values[row],
        FixedColumn<int> c => c.Values[row],
        FixedColumn<long> c => c.Values[row],
        _ => throw new SqlException("42804", $"an integer is expected, not {column.Type}"),
    };
}
