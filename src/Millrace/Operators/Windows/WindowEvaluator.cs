// One window call over the rows of one partition in order, or a stretch of them.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>What lies before a stretch of a partition.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Groups">Groups of peers.</param>
/// <param name="Slot">The slot in which running aggregates have them, or 0.</param>
/// <param name="Head">The partition's first row, where the stretch begins behind it.</param>
internal readonly record struct BeforeStretch(long Rows, long Groups, int Slot, Batch? Head);

/// <summary>Computes a window function or an aggregate over frames for every row of a partition or of a stretch of it.</summary>
internal sealed class WindowEvaluator
{
    private readonly WindowCall _call;
    private readonly IReadOnlyList<SortKey> _orderBy;
    private readonly ColumnBuilder[] _results;
    private ColumnBuilder _result;

    public WindowEvaluator(WindowCall call, WindowPlan plan)
    {
        _call = call;
        _orderBy = plan.OrderBy;
        _results = [ColumnBuilder.For(call.Type), ColumnBuilder.For(call.Type)];
        _result = _results[0];
        Aggregate = call.Aggregate is null ? null : new FrameAggregate(call, plan.Input.Columns);
        Reach = WindowReach.Of(call, plan, Aggregate);
    }

    /// <summary>How far a change of a row reaches.</summary>
    public WindowReach Reach { get; }

    /// <summary>What works out an aggregate.</summary>
    public FrameAggregate? Aggregate { get; }

    /// <summary>The function, where it is none of an aggregate.</summary>
    public WindowKind? Kind => _call.Function is null ? null : (WindowKind)_call.Function.Body;

    /// <summary>The column of its first argument.</summary>
    public int Argument => _call.Arguments[0];

    /// <summary>By side: where the frames of its rows begin and end, for calls that have frames.</summary>
    public (int[] From, int[] To)[] Frames { get; } = new (int[], int[])[2];

    /// <summary>One value for all rows; lent until the next call for the same side.</summary>
    public Column Repeat(Column value, int count, int side)
    {
        ColumnBuilder result = _results[side];
        result.Reset();
        for (int i = 0; i < count; i++)
        {
            result.AppendFrom(value, 0);
        }

        return result.View();
    }

    /// <summary>The value of each row; lent until the next call for the same side.</summary>
    /// <param name="rows">The rows in order.</param>
    /// <param name="group">The peer group of each row.</param>
    /// <param name="starts">First row of each peer group, then the number of rows.</param>
    /// <param name="side">0 or 1.</param>
    /// <param name="before">What lies before them.</param>
    public Column Evaluate(Batch rows, int[] group, int[] starts, int side = 0, BeforeStretch before = default)
    {
        _result = _results[side];
        _result.Reset();
        if (Aggregate is not null)
        {
            Frames[side] = WindowFrames.Bounds(_call.Frame, _orderBy, rows, group, starts);
            if (_call.Frame.Exclusion == FrameExclusion.NoOthers)
            {
                Aggregate.Evaluate(rows, Frames[side].From, Frames[side].To, _result, before.Slot);
            }
            else
            {
                Aggregate.EvaluateExcluding(rows, Frames[side].From, Frames[side].To, i => WindowFrames.Holes(_call.Frame.Exclusion, i, group, starts), _result);
            }

            return _result.View();
        }

        switch ((WindowKind)_call.Function!.Body)
        {
            case WindowKind.RowNumber: Longs(rows.Count, i => before.Rows + i + 1); break;
            case WindowKind.Rank: Longs(rows.Count, i => before.Rows + starts[group[i]] + 1); break;
            case WindowKind.DenseRank: Longs(rows.Count, i => before.Groups + group[i] + 1); break;
            case WindowKind.PercentRank: Doubles(rows.Count, i => rows.Count == 1 ? 0 : starts[group[i]] / (double)(rows.Count - 1)); break;
            case WindowKind.CumeDist: Doubles(rows.Count, i => starts[group[i] + 1] / (double)rows.Count); break;
            case WindowKind.Ntile: Ntile(rows); break;
            case WindowKind.Lag: Shift(rows, -1); break;
            case WindowKind.Lead: Shift(rows, 1); break;
            default: FromFrame(rows, group, starts, side, before.Head); break;
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
        long? buckets = Integer(rows.Columns[_call.Arguments[0]], 0);
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
        Column values = rows.Columns[_call.Arguments[0]];
        for (int i = 0; i < rows.Count; i++)
        {
            long? by = _call.Arguments.Count > 1 ? Integer(rows.Columns[_call.Arguments[1]], i) : 1;
            long at = i + (direction * (by ?? 0));
            if (by is null)
            {
                _result.AppendNull();
            }
            else if (at >= 0 && at < rows.Count)
            {
                _result.AppendFrom(values, (int)at);
            }
            else if (_call.Arguments.Count > 2)
            {
                _result.AppendFrom(rows.Columns[_call.Arguments[2]], i);
            }
            else
            {
                _result.AppendNull();
            }
        }
    }

    private void FromFrame(Batch rows, int[] group, int[] starts, int side, Batch? head)
    {
        Frames[side] = WindowFrames.Bounds(_call.Frame, _orderBy, rows, group, starts);
        (int[] from, int[] to) = Frames[side];
        Column values = rows.Columns[_call.Arguments[0]];
        for (int i = 0; i < rows.Count; i++)
        {
            if (head is not null && Reach.Need == WindowNeed.First)
            {
                _result.AppendFrom(head.Columns[_call.Arguments[0]], 0);
                continue;
            }

            long? nth = 1;
            if ((WindowKind)_call.Function!.Body == WindowKind.NthValue)
            {
                nth = Integer(rows.Columns[_call.Arguments[1]], i);
                if (nth is <= 0)
                {
                    throw new SqlException("22016", "argument of nth_value must be greater than zero");
                }
            }

            bool last = (WindowKind)_call.Function.Body == WindowKind.LastValue;
            long at = last ? to[i] - 1 : from[i] + (nth ?? 1) - 1;
            if (_call.Frame.Exclusion != FrameExclusion.NoOthers)
            {
                var holes = WindowFrames.Holes(_call.Frame.Exclusion, i, group, starts);
                int count = WindowFrames.Count(from[i], to[i], holes);
                long n = last ? count - 1 : (nth ?? 1) - 1;
                at = n >= 0 && n < count ? WindowFrames.Nth(from[i], to[i], n, holes) : int.MaxValue;
            }

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
