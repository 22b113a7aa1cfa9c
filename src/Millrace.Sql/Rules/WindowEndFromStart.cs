// A window's end is its start plus its length: who groups by both groups by the start alone and adds the end afterwards.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Takes window_end of TUMBLE and HOP out of the keys of an aggregate that has window_start among them: the keys become shorter.</summary>
internal static class WindowEndFromStart
{
    /// <summary>The plan with such keys shortened.</summary>
    public static PlanNode Apply(PlanNode plan, FunctionCatalog functions) =>
        PlanMap.Rewrite(plan, n => n is AggregatePlan aggregate ? Shortened(aggregate, functions) ?? n : n);

    private static ProjectPlan? Shortened(AggregatePlan aggregate, FunctionCatalog functions)
    {
        (TimeWindowPlan? Plan, int Column)[] sources = [.. aggregate.Keys.Select(k => Source(aggregate.Input, k))];
        int end = Array.FindIndex(sources, s => s.Plan is { } w && s.Column == w.Columns.Count - 1);
        int start = end < 0 ? -1 : Array.FindIndex(sources, s => ReferenceEquals(s.Plan, sources[end].Plan) && s.Column == sources[end].Plan!.Columns.Count - 2);
        if (start < 0)
        {
            return null;
        }

        SqlType type = aggregate.Columns[end].Type;
        ScalarFunction? plus = functions.FindScalars("+").FirstOrDefault(f => f.Parameters.Count == 2 && f.Parameters[0].Type is { } a && a.SameAs(type)
            && f.Parameters[1].Type is { } b && b.SameAs(SqlType.Interval));
        if (plus is null)
        {
            return null;
        }

        int[] kept = [.. Enumerable.Range(0, aggregate.Columns.Count).Where(c => c != end)];
        var shorter = new AggregatePlan(
            aggregate.Input, [.. aggregate.Keys.Where((_, i) => i != end)], aggregate.Calls, new Schema([.. kept.Select(c => aggregate.Columns[c])]));
        var length = new LiteralExpr(new Interval(0, 0, sources[end].Plan!.Size), SqlType.Interval);
        int At(int column) => Array.IndexOf(kept, column);
        return new ProjectPlan(
            shorter,
            [.. Enumerable.Range(0, aggregate.Columns.Count).Select(c => c == end
                ? new CallExpr(plus, [new ColumnExpr(At(start), type), length], type)
                : (ScalarExpr)new ColumnExpr(At(c), aggregate.Columns[c].Type))],
            aggregate.Columns);
    }

    // The window that a column comes from, through filters and projections.
    private static (TimeWindowPlan? Plan, int Column) Source(PlanNode node, int column) => node switch
    {
        TimeWindowPlan { Cumulative: false } window => (window, column),
        FilterPlan filter => Source(filter.Input, column),
        ProjectPlan project => project.Expressions[column] is ColumnExpr c ? Source(project.Input, c.Index) : default,
        _ => default,
    };
}
