// Window functions: calls over equal windows share one operation.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Plans window functions and rewrites the expressions behind them.</summary>
internal sealed class WindowStage(PlanBuilder builder)
{
    private readonly List<WindowExpr> _calls = [];
    private readonly List<int> _columns = [];

    /// <summary>Plans every window call in the expressions.</summary>
    public void Add(IReadOnlyList<ScalarExpr> expressions)
    {
        List<WindowExpr> calls = [];
        foreach (ScalarExpr expr in expressions)
        {
            ExprMap.Any(expr, e =>
            {
                if (e is WindowExpr w && !calls.Any(c => ExprEquality.Same(c, w)))
                {
                    calls.Add(w);
                }

                return false;
            });
        }

        while (calls.Count > 0)
        {
            // What a session is made of comes before the calls over it.
            WindowExpr[] ready = [.. calls.Where(c => !c.Parts.Any(p => ExprMap.Any(p, e => e is WindowExpr w && calls.Any(o => ExprEquality.Same(o, w)))))];
            WindowExpr[] group = [.. ready.Where(c => SameWindow(c, ready[0]))];
            calls.RemoveAll(group.Contains);
            Plan(group);
        }
    }

    /// <summary>The expression with its window calls replaced by columns.</summary>
    public ScalarExpr Rewrite(ScalarExpr expr) => _calls.Count == 0 ? expr : ExprMap.Replace(expr, e =>
        e is WindowExpr w ? new ColumnExpr(_columns[_calls.FindIndex(c => ExprEquality.Same(c, w))], w.Type) : null);

    private void Plan(WindowExpr[] group)
    {
        int[] partition = [.. group[0].PartitionBy.Select(Column)];
        SortKey[] order = [.. group[0].OrderBy.Select(o => new SortKey(Column(o.Value), o.Descending, o.NullsFirst))];
        WindowCall[] calls = [.. group.Select(w => new WindowCall(
            w.Function, w.Aggregate, [.. w.Arguments.Select(Column)], w.Filter is null ? -1 : Column(w.Filter), w.Frame, w.Type))];
        Field[] fields = [.. group.Select(w => new Field(w.Function?.Name ?? w.Aggregate!.Name, w.Type))];
        SessionFrame? session = group[0].Session;
        if (session is not null)
        {
            // The last time of the session says when it is over, for EMIT ON WINDOW CLOSE.
            SqlType time = group[0].OrderBy[0].Value.Type;
            calls = [.. calls, new WindowCall(null, session.Last, [order[0].Column], -1, group[0].Frame, time)];
            fields = [.. fields, new Field("session_last", time)];
        }

        int first = builder.Plan.Columns.Count;
        builder.Wrap(p => new WindowPlan(p, partition, order, calls, new Schema([.. p.Columns.Fields, .. fields])) { SessionGap = session?.GapMicros ?? -1 });
        for (int i = 0; i < group.Length; i++)
        {
            _calls.Add(group[i]);
            _columns.Add(first + i);
        }
    }

    private int Column(ScalarExpr expr) => builder.Column(Rewrite(expr));

    private static bool SameWindow(WindowExpr a, WindowExpr b) =>
        a.PartitionBy.Count == b.PartitionBy.Count && a.OrderBy.Count == b.OrderBy.Count
        && a.PartitionBy.Zip(b.PartitionBy).All(p => ExprEquality.Same(p.First, p.Second))
        && a.OrderBy.Zip(b.OrderBy).All(p => ExprEquality.Same(p.First.Value, p.Second.Value)
            && p.First.Descending == p.Second.Descending && p.First.NullsFirst == p.Second.NullsFirst);
}
