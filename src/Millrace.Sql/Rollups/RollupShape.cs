// What a window view with EMIT ON WINDOW CLOSE holds of its stream, so that queries over the stream can be answered from it.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>An aggregate with its arguments as expressions over the stream.</summary>
internal sealed record RollupCall(AggregateFunction Function, IReadOnlyList<ScalarExpr> Arguments, bool Distinct, ScalarExpr? Filter, bool Ordered, SqlType Type)
{
    /// <summary>A call of an aggregate over the rows.</summary>
    public static RollupCall Of(AggregateCall call, GroupedRows rows)
    {
        ScalarExpr[] arguments = [.. call.Arguments.Select(a => rows.Columns[a])];

        // count(x) of what is never null counts rows.
        bool counts = call is { Function.Name: "count", Distinct: false } && arguments is [ColumnExpr { Index: var c }]
            && c < GroupedRows.WindowStart && !rows.Scan.Columns[c].Nullable;
        return new RollupCall(call.Function, counts ? [] : arguments, call.Distinct, call.Filter < 0 ? null : rows.Columns[call.Filter], call.OrderBy.Count > 0, call.Type);
    }

    /// <summary>What it reads.</summary>
    public IEnumerable<ScalarExpr> Inputs => Filter is null ? Arguments : [.. Arguments, Filter];

    /// <summary>True when both give the same for the same rows.</summary>
    public bool IsSameAs(RollupCall other) => Function.Name == other.Function.Name && Distinct == other.Distinct && !Ordered && !other.Ordered
        && Type.Equals(other.Type) && Arguments.Count == other.Arguments.Count && Arguments.Zip(other.Arguments).All(p => ExprEquality.Same(p.First, p.Second))
        && (Filter is null ? other.Filter is null : other.Filter is not null && ExprEquality.Same(Filter, other.Filter));
}

/// <summary>
/// The meaning of a rollup's columns: one row for each window and each group in it, made of the rows of one stream. Found once, when the view is made.
/// </summary>
public sealed class RollupShape
{
    private RollupShape(GroupedRows rows, Bucket bucket, int start, int end, IReadOnlyList<(ScalarExpr, int)> keys, IReadOnlyList<(RollupCall, int)> calls)
    {
        (Rows, Bucket, StartColumn, EndColumn, Keys, Calls) = (rows, bucket, start, end, keys, calls);
    }

    /// <summary>The stream, or append-only view, that it sums up.</summary>
    public int StreamId => Rows.Scan.Object.Id;

    /// <summary>Its windows.</summary>
    public Bucket Bucket { get; }

    /// <summary>The column with the window's start, or −1.</summary>
    public int StartColumn { get; }

    /// <summary>The column with the window's end, or −1; one of the two is there.</summary>
    public int EndColumn { get; }

    /// <summary>Which rows of the stream it is made of.</summary>
    internal GroupedRows Rows { get; }

    /// <summary>What it groups by besides the window, and the column that holds it; −1 when none does.</summary>
    internal IReadOnlyList<(ScalarExpr Value, int Column)> Keys { get; }

    /// <summary>The aggregates that it has columns for.</summary>
    internal IReadOnlyList<(RollupCall Call, int Column)> Calls { get; }

    /// <summary>The shape of a view; null when it is no rollup.</summary>
    /// <param name="plan">The view's plan.</param>
    /// <param name="functions">Knows which conversions there are.</param>
    public static RollupShape? Of(PlanNode plan, FunctionCatalog functions)
    {
        if (Unwrap(plan, false) is not { } found || GroupedRows.Of(found.Aggregate.Input) is not { } rows || rows.IsVolatile
            || rows.Scan.Object.WatermarkDelay < 0 || rows.Terms.Concat(rows.Columns).Any(e => TimeBounds.TellsTime(e) || !CannotFail(e, functions)))
        {
            return null;
        }

        AggregatePlan aggregate = found.Aggregate;
        (int start, int end) = (-1, -1);
        Bucket? bucket = null;
        var keys = new List<(ScalarExpr, int)>();
        var calls = new List<(RollupCall, int)>();
        for (int k = 0; k < aggregate.Keys.Count; k++)
        {
            ScalarExpr key = rows.Columns[aggregate.Keys[k]];
            int column = IndexOf(found.Columns, e => e is ColumnExpr c && c.Index == k);
            if (WindowOf(key, rows) is not { } window)
            {
                keys.Add((key, column));
                continue;
            }

            if (bucket is { } other && !other.IsSameAs(window))
            {
                return null;
            }

            bucket = window;
            if (key is ColumnExpr { Index: GroupedRows.WindowEnd })
            {
                end = end < 0 ? column : end;
                continue;
            }

            start = start < 0 ? column : start;
            end = end < 0 ? IndexOf(found.Columns, e => e is CallExpr { Function.Name: "+", Arguments: [ColumnExpr c, LiteralExpr { Value: Interval { Months: 0, Days: 0 } size }] }
                && c.Index == k && size.Micros == window.Size) : end;
        }

        if (bucket is null || (start < 0 && end < 0))
        {
            return null;
        }

        for (int c = 0; c < aggregate.Calls.Count; c++)
        {
            if (IndexOf(found.Columns, e => e is ColumnExpr x && x.Index == aggregate.Keys.Count + c) is >= 0 and var column)
            {
                calls.Add((RollupCall.Of(aggregate.Calls[c], rows), column));
            }
        }

        return new RollupShape(rows, bucket.Value, start, end, keys, calls);
    }

    // The windows that a key of the view names: with the end, or the start, of a tumbling window, or the start of a bucket.
    private static Bucket? WindowOf(ScalarExpr key, GroupedRows rows) => key switch
    {
        ColumnExpr { Index: GroupedRows.WindowStart or GroupedRows.WindowEnd } => rows.Window is { Cumulative: false } w && w.Slide == w.Size ? new Bucket(w.Size, w.Offset) : null,
        _ => CoarseTime.StartOf(key, rows.Time, localIsUtc: true),
    };

    // What is above the aggregate may only choose and name columns: a row that is dropped there would be missed.
    private static (AggregatePlan Aggregate, IReadOnlyList<ScalarExpr> Columns)? Unwrap(PlanNode plan, bool closes)
    {
        switch (plan)
        {
            case ProjectPlan project when Unwrap(project.Input, closes) is { } below:
                return (below.Aggregate, [.. project.Expressions.Select(e => ExprMap.Substitute(e, below.Columns))]);
            case EmitOnClosePlan { ByClock: false, EveryChange: false } close when !closes:
                return Unwrap(close.Input, true);
            case AggregatePlan aggregate when closes:
                return (aggregate, [.. Plans.Columns(aggregate)]);
            default:
                return null;
        }
    }

    // In a view what fails is NULL; in a query it is an error. Only where nothing can fail do both mean the same.
    private static bool CannotFail(ScalarExpr expr, FunctionCatalog functions) => expr switch
    {
        ColumnExpr or LiteralExpr => true,
        AndExpr or OrExpr or NotExpr or IsNullExpr or IsDistinctExpr or InListExpr or CaseExpr or CoalesceExpr => ExprMap.Children(expr).All(e => CannotFail(e, functions)),
        CallExpr { Function.Name: "=" or "<>" or "<" or "<=" or ">" or ">=" } call => call.Arguments.All(e => CannotFail(e, functions)),
        CallExpr { Arguments: [var from] } call => IsWider(from.Type.Id, call.Type.Id)
            && ReferenceEquals(functions.FindCast(from.Type, call.Type)?.Function, call.Function) && CannotFail(from, functions),
        CallExpr { Arguments: [LiteralExpr, ColumnExpr time] } => CoarseTime.Of(expr, time.Index, localIsUtc: true) is not null,
        _ => false,
    };

    private static bool IsWider(TypeId from, TypeId to) => from switch
    {
        TypeId.SmallInt => to is TypeId.Integer or TypeId.BigInt or TypeId.Numeric or TypeId.Real or TypeId.Double,
        TypeId.Integer => to is TypeId.BigInt or TypeId.Numeric or TypeId.Double,
        TypeId.BigInt => to is TypeId.Numeric or TypeId.Double,
        TypeId.Real => to is TypeId.Double,
        _ => false,
    };

    private static int IndexOf(IReadOnlyList<ScalarExpr> list, Func<ScalarExpr, bool> test)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (test(list[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
