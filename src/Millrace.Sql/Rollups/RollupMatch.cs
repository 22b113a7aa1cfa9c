// Whether one rollup can answer one aggregate over its stream, and what its columns are in that answer.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A rollup as it stands at one epoch.</summary>
/// <param name="View">The view.</param>
/// <param name="Shape">What its columns mean.</param>
/// <param name="After">It answers for windows that begin after this, µs: what is earlier it had dropped, or its stream had when it was made.</param>
/// <param name="ClosedUpto">It answers for windows that end by then, µs.</param>
/// <param name="Late">The ends of windows for which rows came too late, from the first to the last of each stretch.</param>
public sealed record RollupCandidate(CatalogObject View, RollupShape Shape, long After, long ClosedUpto, IReadOnlyList<(long First, long Last)> Late);

/// <summary>A rollup whose columns say what a query asks.</summary>
internal sealed record RollupMatch(RollupCandidate Rollup)
{
    /// <summary>Conditions over the view's columns and those of the query's window function.</summary>
    public required IReadOnlyList<ScalarExpr> Terms { get; init; }

    /// <summary>The query's group keys.</summary>
    public required IReadOnlyList<ScalarExpr> Keys { get; init; }

    /// <summary>Its own conditions on the time: what lies outside it does not hold.</summary>
    public required TimeRanges Limits { get; init; }

    /// <summary>The query's parts; null when one is missing.</summary>
    public IReadOnlyList<ScalarExpr>? Parts { get; init; }

    /// <summary>The query's results, where each of its groups is one row of the view; null when one is missing or groups are larger.</summary>
    public IReadOnlyList<ScalarExpr>? Results { get; init; }

    /// <summary>Why it is of no use; null when it is.</summary>
    public string? Reason { get; init; }

    /// <summary>The time that stands for all times of the window: its start.</summary>
    public static ScalarExpr Representative(RollupCandidate rollup) => rollup.Shape.StartColumn >= 0
        ? new ColumnExpr(rollup.Shape.StartColumn, rollup.View.Columns[rollup.Shape.StartColumn].Type)
        : new ColumnExpr(rollup.View.Columns.Count, rollup.View.Columns[rollup.Shape.EndColumn].Type);

    /// <summary>Compares a rollup with a query.</summary>
    public static RollupMatch Of(RollupCandidate rollup, AggregatePlan aggregate, GroupedRows rows, RollupParts parts, FunctionCatalog functions, bool localIsUtc)
    {
        RollupShape shape = rollup.Shape;
        var translation = new Translation(rollup, rows, localIsUtc);
        RollupMatch No(string reason) => new(rollup) { Terms = [], Keys = [], Limits = TimeRanges.None, Reason = reason };
        if (rows.Window is { } window && !(shape.Bucket.Divides(new Bucket(window.Slide, window.Offset)) && window.Size % shape.Bucket.Size == 0))
        {
            return No("the query's windows are not made of whole windows of its");
        }

        var limits = TimeRanges.All;
        List<ScalarExpr> known = [.. rows.Terms];
        foreach (ScalarExpr own in shape.Rows.Terms)
        {
            if (shape.Rows.Times(own) is { } times)
            {
                limits = limits.And(times);
            }
            else if (!known.Any(t => shape.Rows.Same(own, rows, t)) && !(shape.Rows.MeansTheSame(own, rows) && IsImplied(own, known, functions)))
            {
                return No("it holds only rows that fulfil its own WHERE, which the query does not ask for");
            }
        }

        var terms = new List<ScalarExpr>();
        foreach (ScalarExpr term in rows.Terms)
        {
            if (rows.Times(term) is null && !shape.Rows.Terms.Any(t => shape.Rows.Same(t, rows, term)))
            {
                if (translation.Of(term) is not { } translated)
                {
                    return No("a condition of the query is on something else than its groups");
                }

                terms.Add(translated);
            }
        }

        var keys = new List<ScalarExpr>();
        foreach (int key in aggregate.Keys)
        {
            if (translation.Of(rows.Columns[key]) is not { } translated)
            {
                return No("the query groups by something else, or by less than its windows");
            }

            keys.Add(translated);
        }

        bool allKeys = shape.Keys.All(k => aggregate.Keys.Any(q => shape.Rows.Same(k.Value, rows, rows.Columns[q])));
        ScalarExpr?[] columns = [.. parts.Parts.Select(p => p.Call is null ? Representative(rollup) : Column(rollup, rows, p.Call))];
        bool combines = parts.Whole < 0 && (allKeys || !parts.NeedsAllKeys) && Array.TrueForAll(columns, c => c is not null);
        ScalarExpr[]? results = allKeys && HasItsWindows(aggregate, rows, shape.Bucket, localIsUtc) ? Direct(rollup, rows, parts, columns) : null;
        if (!combines && results is null)
        {
            int missing = Enumerable.Range(0, parts.Calls.Count).FirstOrDefault(i => Column(rollup, rows, parts.Calls[i]) is null);
            return No($"it does not have what {parts.Calls[missing].Function.Name}() needs for such groups");
        }

        return new RollupMatch(rollup)
        {
            Terms = terms,
            Keys = keys,
            Limits = limits,
            Parts = combines ? [.. columns.Select(c => c!)] : null,
            Results = results,
        };
    }

    private static ScalarExpr[]? Direct(RollupCandidate rollup, GroupedRows rows, RollupParts parts, ScalarExpr?[] columns)
    {
        var results = new ScalarExpr[parts.Calls.Count];
        ScalarExpr[] combined = [.. parts.Parts.Select((p, i) => columns[i] is { } c ? parts.Cast(c, p.CombinedType) : new LiteralExpr(null, p.CombinedType))];
        for (int i = 0; i < results.Length; i++)
        {
            ScalarExpr? own = Column(rollup, rows, parts.Calls[i]);
            if (own is null && parts.Calls[i].Function.Name == "avg" && parts.Result(i, [.. parts.Parts.Select((p, x) => (ScalarExpr)new ColumnExpr(x, p.CombinedType))]) is { } mean)
            {
                own = ExprMap.Columns(mean).All(x => columns[x] is not null) ? parts.Result(i, combined) : null;
            }

            if (own is null)
            {
                return null;
            }

            results[i] = own;
        }

        return results;
    }

    private static ColumnExpr? Column(RollupCandidate rollup, GroupedRows rows, RollupCall call)
    {
        foreach ((RollupCall own, int column) in rollup.Shape.Calls)
        {
            if (own.IsSameAs(call) && own.Inputs.All(e => rollup.Shape.Rows.MeansTheSame(e, rows)))
            {
                return new ColumnExpr(column, rollup.View.Columns[column].Type);
            }
        }

        return null;
    }

    // One group of the query is one window: its key is the window itself.
    private static bool HasItsWindows(AggregatePlan aggregate, GroupedRows rows, Bucket bucket, bool localIsUtc) => aggregate.Keys.Any(k => rows.Columns[k] switch
    {
        ColumnExpr { Index: GroupedRows.WindowStart or GroupedRows.WindowEnd } => rows.Window is { Cumulative: false } w && w.Slide == w.Size && bucket.IsSameAs(new Bucket(w.Size, w.Offset)),
        var key => CoarseTime.StartOf(key, rows.Time, localIsUtc) is { } windows && bucket.IsSameAs(windows),
    });

    // A condition on columns that the query pins to constants holds when it holds for these.
    private static bool IsImplied(ScalarExpr own, List<ScalarExpr> known, FunctionCatalog functions)
    {
        foreach (ScalarExpr term in known)
        {
            (ColumnExpr? column, IReadOnlyList<LiteralExpr> values) = term switch
            {
                CallExpr { Function.Name: "=", Arguments: [ColumnExpr c, LiteralExpr { Value: not null } v] } when v.Type.SameAs(c.Type) => (c, [v]),
                CallExpr { Function.Name: "=", Arguments: [LiteralExpr { Value: not null } v, ColumnExpr c] } when v.Type.SameAs(c.Type) => (c, [v]),
                InListExpr { Negated: false, Argument: ColumnExpr c, Values: var list } when list.All(v => v.Value is not null && v.Type.SameAs(c.Type)) => (c, list),
                _ => ((ColumnExpr?)null, (IReadOnlyList<LiteralExpr>)[]),
            };
            if (column is not null && values.All(v => IsTrue(ExprMap.Replace(own, e => e is ColumnExpr x && x.Index == column.Index ? v : null), functions)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsTrue(ScalarExpr expr, FunctionCatalog functions)
    {
        if (ExprMap.Any(expr, e => e is ColumnExpr) || functions.Fold is not { } fold)
        {
            return false;
        }

        try
        {
            return FoldConstants.Apply(expr, functions) is LiteralExpr { Value: true } || fold(expr).Value is true;
        }
        catch (SqlException)
        {
            return false;
        }
    }

    /// <summary>From expressions over the stream to expressions over the view.</summary>
    private sealed class Translation(RollupCandidate rollup, GroupedRows rows, bool localIsUtc)
    {
        private readonly ScalarExpr _start = Representative(rollup);
        private bool _failed;

        public ScalarExpr? Of(ScalarExpr expr)
        {
            _failed = false;
            ScalarExpr translated = ExprMap.Replace(expr, Replace);
            return _failed ? null : translated;
        }

        private ScalarExpr? Replace(ScalarExpr e)
        {
            foreach ((ScalarExpr value, int column) in rollup.Shape.Keys)
            {
                if (column >= 0 && rollup.Shape.Rows.Same(value, rows, e) && (localIsUtc || !ExprMap.Any(e, IsOfSession)))
                {
                    return new ColumnExpr(column, rollup.View.Columns[column].Type);
                }
            }

            if (CoarseTime.Of(e, rows.Time, localIsUtc) is { } windows && rollup.Shape.Bucket.Divides(windows))
            {
                return ExprMap.Replace(e, x => x is ColumnExpr c && c.Index == rows.Time ? _start : null);
            }

            _failed |= e is ColumnExpr { Index: < GroupedRows.WindowStart };
            return e is ColumnExpr ? e : null;
        }

        private static bool IsOfSession(ScalarExpr e) => e is CallExpr { Function.Volatility: not Volatility.Immutable };
    }
}
