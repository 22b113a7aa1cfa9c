// What is grouped: an aggregate's input as expressions over the stream it comes from, through filters, projections and one window function.
namespace Millrace.Sql;

/// <summary>
/// The input of an aggregate over one object that only ever grows. Expressions are over the object's columns; <see cref="WindowStart"/> and
/// <see cref="WindowEnd"/> stand for the columns that a window function adds.
/// </summary>
/// <param name="Scan">The object.</param>
/// <param name="Window">The window function, or null.</param>
/// <param name="Terms">What every row fulfils.</param>
/// <param name="Columns">The input's columns.</param>
internal sealed record GroupedRows(ScanPlan Scan, TimeWindowPlan? Window, IReadOnlyList<ScalarExpr> Terms, IReadOnlyList<ScalarExpr> Columns)
{
    /// <summary>Stands for the window's start.</summary>
    public const int WindowStart = 1 << 20;

    /// <summary>Stands for the window's end.</summary>
    public const int WindowEnd = WindowStart + 1;

    /// <summary>Takes an input apart; null when it is anything else.</summary>
    public static GroupedRows? Of(PlanNode input)
    {
        switch (input)
        {
            case ScanPlan { Object: { AppendOnly: true, EventTime: >= 0 } o } scan when o.EventTime < scan.Columns.Count:
                return new GroupedRows(scan, null, [], [.. Plans.Columns(scan)]);
            case FilterPlan filter when Of(filter.Input) is { } rows:
                return rows with { Terms = [.. rows.Terms, .. ExprMap.Conjuncts(filter.Predicate).Select(t => ExprMap.Substitute(t, rows.Columns))] };
            case ProjectPlan project when Of(project.Input) is { } rows:
                return rows with { Columns = [.. project.Expressions.Select(e => ExprMap.Substitute(e, rows.Columns))] };
            case TimeWindowPlan window when Of(window.Input) is { Window: null } rows && IsTime(rows, rows.Columns[window.Time]):
                Core.SqlType type = window.Input.Columns[window.Time].Type;
                return rows with { Window = window, Columns = [.. rows.Columns, new ColumnExpr(WindowStart, type), new ColumnExpr(WindowEnd, type)] };
            default:
                return null;
        }
    }

    /// <summary>The object's event time.</summary>
    public int Time => Scan.Object.EventTime;

    /// <summary>True when a part of an expression gives another value each time.</summary>
    public bool IsVolatile => Terms.Any(ExprMap.IsVolatile) || Columns.Any(ExprMap.IsVolatile);

    /// <summary>True when an expression gives the same for a row wherever it has the same form: the columns of windows are the same in the same windows only.</summary>
    public bool MeansTheSame(ScalarExpr own, GroupedRows other) =>
        (Window is { } w && other.Window is { } o && (w.Slide, w.Size, w.Offset, w.Cumulative) == (o.Slide, o.Size, o.Offset, o.Cumulative))
        || !ExprMap.Columns(own).Any(c => c >= WindowStart);

    /// <summary>True when an expression of this is the same as one of another.</summary>
    public bool Same(ScalarExpr own, GroupedRows other, ScalarExpr theirs) => ExprEquality.Same(own, theirs) && MeansTheSame(own, other);

    /// <summary>The times that a term asks for, when it compares the event time with a constant and says nothing else.</summary>
    public TimeRanges? Times(ScalarExpr term)
    {
        if (term is not CallExpr { Function.Name: "<" or "<=" or ">" or ">=" or "=", Arguments: [var left, var right] } call)
        {
            return null;
        }

        bool turned = left is LiteralExpr;
        if ((turned ? right : left) is not ColumnExpr column || column.Index != Time || (turned ? left : right) is not LiteralExpr { Value: long at } literal
            || !literal.Type.SameAs(column.Type))
        {
            return null;
        }

        long behind = at == long.MaxValue ? at : at + 1;
        return (call.Function.Name, turned) switch
        {
            (">=", false) or ("<=", true) => at == long.MaxValue ? null : TimeRanges.Of(at, long.MaxValue),
            (">", false) or ("<", true) => TimeRanges.Of(behind, long.MaxValue),
            ("<", false) or (">", true) => at == long.MaxValue ? null : TimeRanges.Of(long.MinValue, at),
            ("<=", false) or (">=", true) => TimeRanges.Of(long.MinValue, behind),
            _ => at == long.MaxValue ? null : TimeRanges.Of(at, behind),
        };
    }

    private static bool IsTime(GroupedRows rows, ScalarExpr expr) => expr is ColumnExpr c && c.Index == rows.Time;
}
