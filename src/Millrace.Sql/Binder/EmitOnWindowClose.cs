// EMIT ON WINDOW CLOSE and ALLOW LATENESS: finds the column that says when a row is final.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Plans EMIT ON WINDOW CLOSE.</summary>
internal static class EmitOnWindowClose
{
    private const string Remedy =
        "group by window_start and window_end of TUMBLE, HOP or SESSION over a stream declared with WATERMARK FOR column AS column - INTERVAL '…', or use window functions "
        + "in the order of that column which look at no later row";

    /// <summary>Holds the rows of a query back until their window closes; without EMIT, gives every change until then and nothing more.</summary>
    /// <exception cref="SqlException">42601: no column says when a window closes.</exception>
    public static QueryResult Apply(BindContext context, QueryResult query, Syntax.Query syntax, long lateness)
    {
        bool emit = syntax.EmitOnWindowClose;
        PlanNode plan = query.Visible();
        if (Held(context, plan) is { } held)
        {
            plan = PlanMap.Rewrite(held, n => n is EmitOnClosePlan { Lateness: 0, EveryChange: false } close && ReferenceEquals(close, Found(held))
                ? close with { Lateness = lateness, EveryChange = !emit } : n);
            return new QueryResult(plan, query.Columns, [.. query.Order.TakeWhile(k => k.Column < query.Columns.Count)]) { EmitOnClose = emit };
        }

        throw new SqlException(
            "42601", (emit ? "EMIT ON WINDOW CLOSE" : "ALLOW LATENESS") + " needs a window over a stream's event time",
            syntax.AllowLateness is { } allowed && !emit ? allowed.Position : syntax.Position, Remedy);
    }

    // The topmost: those below belong to views that are read.
    private static PlanNode? Found(PlanNode plan) => PlanMap.All(plan).FirstOrDefault(n => n is EmitOnClosePlan);

    private static PlanNode? Held(BindContext context, PlanNode plan)
    {
        TimeFact[] facts = Lineage.Of(plan);
        int end = Array.FindIndex(facts, f => f.Role == TimeRole.WindowEnd);
        if (end >= 0)
        {
            return new EmitOnClosePlan(plan, end) { ByClock = facts[end].ByClock };
        }

        if (plan is ProjectPlan project && Held(context, project.Input) is { } below)
        {
            // The select list drops the window's end: rows are held back below it.
            return project with { Input = below };
        }

        int start = Array.FindIndex(facts, f => f.Role == TimeRole.WindowStart && f.SizeUs > 0);
        if (start >= 0)
        {
            return Until(context, plan, start, facts[start].SizeUs, facts[start].ByClock);
        }

        // A session is over when no row can come any more that is within its gap.
        int last = Array.FindIndex(facts, f => f.Role == TimeRole.SessionLast);
        if (last >= 0)
        {
            return PlanMap.All(plan).Count(n => n is WindowPlan { SessionGap: >= 0 }) == 1 && SessionsLookBack(plan) ? Until(context, plan, last, facts[last].SizeUs + 1, false) : null;
        }

        int time = Array.FindIndex(facts, f => f is { Role: TimeRole.EventTime, ByClock: false });
        return time >= 0 && LooksBack(plan, time) ? new EmitOnClosePlan(plan, time) : null;
    }

    // Holds rows until a column's time plus a length has passed.
    private static PlanNode? Until(BindContext context, PlanNode plan, int column, long micros, bool byClock)
    {
        ScalarFunction? plus = context.Functions.FindScalars("+").FirstOrDefault(f => f.Parameters.Count == 2
            && f.Parameters[0].Type?.Id == plan.Columns[column].Type.Id && f.Parameters[1].Type?.Id == TypeId.Interval);
        if (plus is null)
        {
            return null;
        }

        var size = new LiteralExpr(new Interval(0, 0, micros), SqlType.Interval);
        var computed = new CallExpr(plus, [Plans.Column(plan, column), size], plan.Columns[column].Type);
        PlanNode wide = Plans.Project(plan, [.. Plans.Columns(plan), computed], [.. plan.Columns.Fields.Select(f => f.Name), "window_end"]);
        return Plans.Pick(new EmitOnClosePlan(wide, plan.Columns.Count) { ByClock = byClock }, Enumerable.Range(0, plan.Columns.Count));
    }

    // Nothing but the sessions themselves may look at later rows: down to them, and below.
    private static bool SessionsLookBack(PlanNode plan) => plan switch
    {
        ProjectPlan or FilterPlan => SessionsLookBack(plan.Inputs[0]),
        WindowPlan { SessionGap: >= 0 } w => LooksBack(w.Input, w.OrderBy[0].Column),
        WindowPlan w => w.Calls.All(c => LooksBack(c, w.Input)) && SessionsLookBack(w.Input),
        _ => false,
    };

    /// <summary>
    /// True when a row is final once the watermark has passed its time: rows that are only added, and what window functions and ranks in the order of that time say of them, as
    /// long as they look at no later row.
    /// </summary>
    private static bool LooksBack(PlanNode plan, int time) => plan switch
    {
        { AppendOnly: true } => true,
        ProjectPlan p => p.Expressions[time] is ColumnExpr c && LooksBack(p.Input, c.Index),
        FilterPlan p => LooksBack(p.Input, time),
        WindowPlan p => InOrderOf(p.OrderBy, time) && p.Calls.All(c => LooksBack(c, p.Input)) && LooksBack(p.Input, time),
        TopNPlan p => InOrderOf(p.OrderBy, time) && LooksBack(p.Input, time),
        _ => false,
    };

    private static bool InOrderOf(IReadOnlyList<SortKey> order, int time) => order.Count > 0 && order[0] is { Descending: false, NullsFirst: false } first && first.Column == time;

    private static bool LooksBack(WindowCall call, PlanNode input) => call.Function?.Name switch
    {
        "row_number" or "rank" or "dense_rank" => true,
        "lag" => call.Arguments.Count == 1 || (input is ProjectPlan p && p.Expressions[call.Arguments[1]] is LiteralExpr { Value: >= 0 or >= 0L }),
        "lead" or "ntile" or "percent_rank" or "cume_dist" => false,
        _ => call.Frame.End is FrameBound.UnboundedPreceding or FrameBound.Preceding or FrameBound.CurrentRow,
    };
}
