// GROUP BY and aggregates: expressions over FROM's row become expressions over the groups.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Plans an aggregation and rewrites the expressions behind it.</summary>
/// <param name="context">Shared by the statement's parts.</param>
/// <param name="scope">FROM, for messages and primary keys.</param>
/// <param name="input">The rows aggregated.</param>
/// <param name="sets">The grouping sets; one for a plain GROUP BY, one empty for none.</param>
internal sealed class AggregateStage(BindContext context, Scope scope, PlanBuilder input, List<IReadOnlyList<ScalarExpr>> sets)
{
    private readonly List<ScalarExpr> _keys = Distinct(sets.SelectMany(s => s));
    private readonly List<AggregateExpr> _calls = [];
    private readonly List<GroupingExpr> _groupings = [];

    /// <summary>The keys, over FROM's row, in the order of the first columns of <see cref="Build"/>.</summary>
    public IReadOnlyList<ScalarExpr> Keys => _keys;

    /// <summary>Finds the aggregates, and the columns that a grouped primary key determines.</summary>
    public void Collect(IEnumerable<ScalarExpr> expressions)
    {
        foreach (ScalarExpr expr in expressions)
        {
            Rewrite(expr);
        }
    }

    /// <summary>The plan of the groups: keys, aggregates, then GROUPING values.</summary>
    public PlanBuilder Build()
    {
        int[] keys = [.. _keys.Select(k => input.Column(k, Name(k)))];
        AggregateCall[] calls = [.. _calls.Select(c => new AggregateCall(
            c.Function, [.. c.Arguments.Select(a => input.Column(a))], c.Distinct, c.Filter is null ? -1 : input.Column(c.Filter),
            [.. c.OrderBy.Select(o => new SortKey(input.Column(o.Value), o.Descending, o.NullsFirst))], c.Type))];
        if (calls.Length == 0 && sets.Any(s => s.Count == 0))
        {
            // GROUP BY () without aggregates still gives a row: it is counted, so that the group has a column.
            calls = [new AggregateCall(context.Functions.FindAggregates("count").First(a => a.Parameters.Count == 0), [], false, -1, [], SqlType.BigInt)];
        }

        PlanNode rows = input.Plan;
        if (sets.Count == 1)
        {
            PlanNode plan = Plans.Aggregate(rows, keys, calls);
            if (_groupings.Count > 0)
            {
                plan = Plans.Project(plan, [.. Plans.Columns(plan), .. _groupings.Select(g => Mask(g, sets[0]))],
                    [.. plan.Columns.Fields.Select(f => f.Name), .. _groupings.Select(_ => "grouping")]);
            }

            return new PlanBuilder(context, plan);
        }

        PlanNode[] sources = [.. sets.Select(set => OneSet(rows, keys, calls, set))];
        return new PlanBuilder(context, new UnionPlan(sources, new Schema([.. sources[0].Columns.Fields.Select(f => f with { Nullable = true })])));
    }

    /// <summary>An expression over FROM's row as one over the groups.</summary>
    /// <exception cref="SqlException">42803: it reads a column that is neither grouped nor aggregated.</exception>
    public ScalarExpr Rewrite(ScalarExpr expr) => ExprMap.Replace(expr, e =>
    {
        int key = _keys.FindIndex(k => ExprEquality.Same(k, e));
        if (key >= 0)
        {
            return new ColumnExpr(key, e.Type);
        }

        switch (e)
        {
            case AggregateExpr call:
                return new ColumnExpr(_keys.Count + IndexOf(_calls, call), e.Type);
            case GroupingExpr grouping:
                return new ColumnExpr(_keys.Count + CallCount + IndexOf(_groupings, grouping), e.Type);
            case ColumnExpr column:
                if (!IsDetermined(column.Index))
                {
                    throw new SqlException("42803",
                        $"column \"{scope.Describe(column.Index)}\" must appear in the GROUP BY clause or be used in an aggregate function",
                        context.Positions.GetValueOrDefault(column, -1));
                }

                _keys.Add(column);
                return new ColumnExpr(_keys.Count - 1, e.Type);
            default:
                return null;
        }
    });

    private int CallCount => _calls.Count == 0 && sets.Any(s => s.Count == 0) ? 1 : _calls.Count;

    private string Name(ScalarExpr key) => key is ColumnExpr c ? scope.Describe(c.Index) : "?column?";

    private PlanNode OneSet(PlanNode rows, int[] keys, AggregateCall[] calls, IReadOnlyList<ScalarExpr> set)
    {
        int[] own = [.. Enumerable.Range(0, keys.Length).Where(i => set.Any(s => ExprEquality.Same(s, _keys[i])))];
        PlanNode plan = Plans.Aggregate(rows, [.. own.Select(i => keys[i])], calls);
        List<ScalarExpr> columns = [];
        for (int i = 0; i < keys.Length; i++)
        {
            int at = Array.IndexOf(own, i);
            columns.Add(at >= 0 ? Plans.Column(plan, at) : new LiteralExpr(null, _keys[i].Type));
        }

        columns.AddRange(Plans.Columns(plan, own.Length));
        columns.AddRange(_groupings.Select(g => Mask(g, set)));
        string[] names = [.. keys.Select(k => rows.Columns[k].Name), .. calls.Select(c => c.Function.Name), .. _groupings.Select(_ => "grouping")];
        return Plans.Project(plan, columns, names);
    }

    /// <summary>GROUPING(…): a bit for each argument, 1 where it is not in the grouping set.</summary>
    private LiteralExpr Mask(GroupingExpr grouping, IReadOnlyList<ScalarExpr> set)
    {
        int mask = 0;
        foreach (ScalarExpr argument in grouping.Arguments)
        {
            if (!_keys.Any(k => ExprEquality.Same(k, argument)))
            {
                throw new SqlException("42803", "arguments to GROUPING must be grouping expressions of the associated query level");
            }

            mask = (mask << 1) | (set.Any(s => ExprEquality.Same(s, argument)) ? 0 : 1);
        }

        return new LiteralExpr(mask, SqlType.Integer);
    }

    /// <summary>True when the column's table has its whole primary key among the grouped columns.</summary>
    private bool IsDetermined(int column) => sets.Count == 1 && scope.Tables.Any(t =>
        t.Object is { Kind: ObjectKind.Table, PrimaryKey.Count: > 0 } o
        && t.Columns.Any(c => c.Value is ColumnExpr x && x.Index == column)
        && o.PrimaryKey.All(k => k < t.Columns.Count && _keys.Any(g => ExprEquality.Same(g, t.Columns[k].Value))));

    private static int IndexOf<T>(List<T> list, T expr) where T : ScalarExpr
    {
        int at = list.FindIndex(x => ExprEquality.Same(x, expr));
        if (at < 0)
        {
            at = list.Count;
            list.Add(expr);
        }

        return at;
    }

    private static List<ScalarExpr> Distinct(IEnumerable<ScalarExpr> expressions)
    {
        List<ScalarExpr> list = [];
        foreach (ScalarExpr expr in expressions)
        {
            IndexOf(list, expr);
        }

        return list;
    }
}
