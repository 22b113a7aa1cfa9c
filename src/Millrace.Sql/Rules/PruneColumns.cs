// Columns that nobody reads are not carried: joins and groupings keep less state.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Drops columns that nobody reads.</summary>
internal static class PruneColumns
{
    /// <summary>The plan with the same columns, computed from fewer.</summary>
    public static PlanNode Apply(PlanNode plan)
    {
        int[] all = [.. Enumerable.Range(0, plan.Columns.Count)];
        (PlanNode pruned, int[] map) = Prune(plan, [.. all]);
        return Plans.Pick(pruned, all.Select(c => map[c])) is var result && result.Columns.Fields.Zip(plan.Columns.Fields).All(p => p.First.Name == p.Second.Name)
            ? result
            : new ProjectPlan(result, [.. Plans.Columns(result)], plan.Columns);
    }

    /// <summary>The plan with at least the needed columns; the map tells where each column went, −1 for dropped.</summary>
    private static (PlanNode Plan, int[] Map) Prune(PlanNode node, SortedSet<int> needed)
    {
        BindContext.CheckDepth(-1);
        switch (node)
        {
            case FilterPlan filter:
                {
                    (PlanNode input, int[] map) = Prune(filter.Input, With(needed, filter.Predicate));
                    return (new FilterPlan(input, Mapped(filter.Predicate, map)), map);
                }

            case ProjectPlan project:
                return PruneProject(project, needed);
            case ValuesPlan values when needed.Count < values.Columns.Count && values.Rows.Count > 0:
                {
                    int[] kept = AtLeastOne(needed, values.Columns.Count);
                    return (new ValuesPlan([.. values.Rows.Select(r => (IReadOnlyList<ScalarExpr>)[.. kept.Select(k => r[k])])],
                        new Schema([.. kept.Select(k => values.Columns[k])])), MapOf(kept, values.Columns.Count));
                }

            case JoinPlan join:
                return PruneJoin(join, needed);
            case AggregatePlan aggregate:
                return PruneAggregate(aggregate, needed);
            case DistinctPlan distinct:
                return (new DistinctPlan(Whole(distinct.Input)), Identity(node));
            case SetOpPlan set:
                return (set with { Left = Whole(set.Left), Right = Whole(set.Right) }, Identity(node));
            case UnionPlan union:
                {
                    int[] kept = AtLeastOne(needed, union.Columns.Count);
                    return (new UnionPlan([.. union.Sources.Select(s => Narrow(s, kept))], new Schema([.. kept.Select(k => union.Columns[k])])),
                        MapOf(kept, union.Columns.Count));
                }

            case TopNPlan top:
                return PruneTopN(top, needed);
            case WindowPlan window:
                return PruneWindow(window, needed);
            case TimeWindowPlan window:
                {
                    // A row that falls into many windows is copied for each: it had better be narrow.
                    SortedSet<int> below = [.. needed.Where(c => c < window.Input.Columns.Count), window.Time];
                    bool copies = window.Cumulative || window.Slide != window.Size;
                    (PlanNode input, int[] map) = copies ? (Narrow(window.Input, [.. below]), MapOf([.. below], window.Input.Columns.Count)) : Prune(window.Input, below);
                    return (window with { Input = input, Time = map[window.Time], Columns = Appended(input, window.Columns, window.Input) },
                        MapAppended(map, input, node));
                }

            case SessionPlan session:
                {
                    int[] kept = [.. new SortedSet<int>([.. needed.Where(c => c < session.Input.Columns.Count), session.Time, .. session.PartitionBy])];
                    PlanNode input = Narrow(session.Input, kept);
                    int[] map = MapOf(kept, session.Input.Columns.Count);
                    return (session with
                    {
                        Input = input,
                        Time = map[session.Time],
                        PartitionBy = [.. session.PartitionBy.Select(p => map[p])],
                        Columns = Appended(input, session.Columns, session.Input),
                    }, MapAppended(map, input, node));
                }

            case TableFunctionPlan function:
                {
                    SortedSet<int> below = [.. needed.Where(c => c < function.Input.Columns.Count)];
                    foreach (ScalarExpr a in function.Arguments)
                    {
                        ExprMap.AddColumns(a, below);
                    }

                    (PlanNode input, int[] map) = Prune(function.Input, below);
                    return (function with
                    {
                        Input = input,
                        Arguments = [.. function.Arguments.Select(a => Mapped(a, map))],
                        Columns = Appended(input, function.Columns, function.Input),
                    }, MapAppended(map, input, node));
                }

            case AsOfJoinPlan or TemporalJoinPlan or GapFillPlan or ChangelogPlan:
                return (PlanMap.WithInputs(node, [.. node.Inputs.Select(Whole)]), Identity(node));
            case EmitOnClosePlan emit:
                {
                    int[] kept = [.. new SortedSet<int>([.. needed, emit.WindowEnd])];
                    int[] map = MapOf(kept, emit.Columns.Count);
                    return (emit.Over(Narrow(emit.Input, kept), map[emit.WindowEnd]), map);
                }

            default:
                return (node, Identity(node));
        }
    }

    private static (PlanNode Plan, int[] Map) PruneProject(ProjectPlan project, SortedSet<int> needed)
    {
        int[] kept = AtLeastOne(needed, project.Expressions.Count);
        var below = new SortedSet<int>();
        foreach (int k in kept)
        {
            ExprMap.AddColumns(project.Expressions[k], below);
        }

        (PlanNode input, int[] map) = Prune(project.Input, below);
        return (new ProjectPlan(input, [.. kept.Select(k => Mapped(project.Expressions[k], map))], new Schema([.. kept.Select(k => project.Columns[k])])),
            MapOf(kept, project.Expressions.Count));
    }

    private static (PlanNode Plan, int[] Map) PruneJoin(JoinPlan join, SortedSet<int> needed)
    {
        int l = join.Left.Columns.Count;
        SortedSet<int> used = join.Condition is null ? [.. needed] : With(needed, join.Condition);
        int[] leftKept = AtLeastOne([.. used.Where(c => c < l), .. join.LeftKeys], l);
        int[] rightKept = AtLeastOne([.. used.Where(c => c >= l).Select(c => c - l), .. join.RightKeys], join.Right.Columns.Count);
        PlanNode left = Narrow(join.Left, leftKept);
        PlanNode right = Narrow(join.Right, rightKept);
        int[] leftMap = MapOf(leftKept, l);
        int[] rightMap = MapOf(rightKept, join.Right.Columns.Count);
        int[] both = [.. leftMap, .. rightMap.Select(m => m < 0 ? -1 : m + left.Columns.Count)];
        var pruned = new JoinPlan(join.Kind, left, right, [.. join.LeftKeys.Select(k => leftMap[k])], [.. join.RightKeys.Select(k => rightMap[k])], join.NullSafe,
            join.Condition is null ? null : Mapped(join.Condition, both), Plans.JoinColumns(join.Kind, left, right));
        return (pruned, join.Columns.Count == l && pruned.Columns.Count == left.Columns.Count ? leftMap : both);
    }

    private static (PlanNode Plan, int[] Map) PruneAggregate(AggregatePlan aggregate, SortedSet<int> needed)
    {
        int keys = aggregate.Keys.Count;
        int[] calls = [.. Enumerable.Range(0, aggregate.Calls.Count).Where(i => needed.Contains(keys + i))];
        if (calls.Length == 0 && keys == 0 && aggregate.Calls.Count > 0)
        {
            calls = [0];
        }

        SortedSet<int> below = [.. aggregate.Keys];
        foreach (AggregateCall call in calls.Select(i => aggregate.Calls[i]))
        {
            below.UnionWith([.. call.Arguments, .. call.OrderBy.Select(o => o.Column), .. call.Filter >= 0 ? [call.Filter] : Array.Empty<int>()]);
        }

        (PlanNode input, int[] map) = Prune(aggregate.Input, below);
        int[] kept = [.. Enumerable.Range(0, keys), .. calls.Select(c => keys + c)];
        return (new AggregatePlan(input, [.. aggregate.Keys.Select(k => map[k])], [.. calls.Select(i => aggregate.Calls[i]).Select(c => c with
        {
            Arguments = [.. c.Arguments.Select(a => map[a])],
            Filter = c.Filter < 0 ? -1 : map[c.Filter],
            OrderBy = Mapped(c.OrderBy, map),
        })], new Schema([.. kept.Select(k => aggregate.Columns[k])])), MapOf(kept, aggregate.Columns.Count));
    }

    private static (PlanNode Plan, int[] Map) PruneTopN(TopNPlan top, SortedSet<int> needed)
    {
        int count = top.Input.Columns.Count;
        bool rank = top.WithRank && needed.Contains(count);
        int[] kept = AtLeastOne([.. needed.Where(c => c < count), .. top.PartitionBy, .. top.OrderBy.Select(o => o.Column)], count);
        PlanNode input = Narrow(top.Input, kept);
        int[] map = MapOf(kept, count);
        return (top with
        {
            Input = input,
            PartitionBy = [.. top.PartitionBy.Select(p => map[p])],
            OrderBy = Mapped(top.OrderBy, map),
            WithRank = rank,
            Columns = rank ? Appended(input, top.Columns, top.Input) : input.Columns,
        }, top.WithRank ? [.. map, rank ? input.Columns.Count : -1] : map);
    }

    private static (PlanNode Plan, int[] Map) PruneWindow(WindowPlan window, SortedSet<int> needed)
    {
        int count = window.Input.Columns.Count;
        int[] calls = [.. Enumerable.Range(0, window.Calls.Count).Where(i => needed.Contains(count + i))];
        if (calls.Length == 0)
        {
            (PlanNode plan, int[] only) = Prune(window.Input, needed);
            return (plan, [.. only, .. window.Calls.Select(_ => -1)]);
        }

        SortedSet<int> below = [.. needed.Where(c => c < count), .. window.PartitionBy, .. window.OrderBy.Select(o => o.Column)];
        foreach (WindowCall call in calls.Select(i => window.Calls[i]))
        {
            below.UnionWith([.. call.Arguments, .. call.Filter >= 0 ? [call.Filter] : Array.Empty<int>()]);
        }

        int[] kept = AtLeastOne(below, count);
        PlanNode input = Narrow(window.Input, kept);
        int[] map = MapOf(kept, count);
        int[] callMap = [.. window.Calls.Select((_, i) => Array.IndexOf(calls, i) is var at && at >= 0 ? kept.Length + at : -1)];
        return (new WindowPlan(input, [.. window.PartitionBy.Select(p => map[p])], Mapped(window.OrderBy, map),
            [.. calls.Select(i => window.Calls[i]).Select(c => c with
            {
                Arguments = [.. c.Arguments.Select(a => map[a])], Filter = c.Filter < 0 ? -1 : map[c.Filter],
            })],
            new Schema([.. input.Columns.Fields, .. calls.Select(i => window.Columns[count + i])]))
        {
            SessionGap = calls[^1] == window.Calls.Count - 1 ? window.SessionGap : -1,
        }, [.. map, .. callMap]);
    }

    /// <summary>The plan with exactly the kept columns, in that order.</summary>
    private static PlanNode Narrow(PlanNode node, int[] kept)
    {
        (PlanNode pruned, int[] map) = Prune(node, [.. kept]);
        return Plans.Pick(pruned, kept.Select(k => map[k]));
    }

    private static PlanNode Whole(PlanNode node) => Narrow(node, [.. Enumerable.Range(0, node.Columns.Count)]);

    /// <summary>An operation that reads no column still has to count rows: it keeps one.</summary>
    private static int[] AtLeastOne(SortedSet<int> needed, int count) => needed.Count > 0 || count == 0 ? [.. needed] : [0];

    private static SortedSet<int> With(SortedSet<int> needed, ScalarExpr expr)
    {
        SortedSet<int> all = [.. needed];
        ExprMap.AddColumns(expr, all);
        return all;
    }

    private static ScalarExpr Mapped(ScalarExpr expr, int[] map) => ExprMap.MapColumns(expr, c => map[c]);

    private static SortKey[] Mapped(IReadOnlyList<SortKey> keys, int[] map) => [.. keys.Select(k => k with { Column = map[k.Column] })];

    private static int[] Identity(PlanNode node) => [.. Enumerable.Range(0, node.Columns.Count)];

    private static int[] MapOf(int[] kept, int count)
    {
        int[] map = new int[count];
        Array.Fill(map, -1);
        for (int i = 0; i < kept.Length; i++)
        {
            map[kept[i]] = i;
        }

        return map;
    }

    private static Schema Appended(PlanNode input, Schema columns, PlanNode before) =>
        new([.. input.Columns.Fields, .. columns.Fields.Skip(before.Columns.Count)]);

    private static int[] MapAppended(int[] map, PlanNode input, PlanNode node) =>
        [.. map, .. Enumerable.Range(input.Columns.Count, node.Columns.Count - map.Length)];
}
