// Filters go down as far as they may, and equalities between two inputs become the keys of their join.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Pushes filters down and takes join keys from them.</summary>
internal sealed class PushFilters
{
    private readonly FunctionCatalog _functions;

    private PushFilters(FunctionCatalog functions) => _functions = functions;

    /// <summary>The plan with filters pushed down and joins keyed.</summary>
    public static PlanNode Apply(PlanNode plan, FunctionCatalog functions) => new PushFilters(functions).Push(plan, []);

    /// <summary>The node with conditions over its columns applied as low as possible.</summary>
    private PlanNode Push(PlanNode node, List<ScalarExpr> terms)
    {
        BindContext.CheckDepth(-1);
        List<ScalarExpr> stay = [.. terms.Where(ExprMap.IsVolatile)];
        List<ScalarExpr> go = [.. terms.Where(t => !ExprMap.IsVolatile(t))];
        switch (node)
        {
            case FilterPlan filter:
                return Push(filter.Input, [.. terms, .. ExprMap.Conjuncts(filter.Predicate)]);
            case ProjectPlan project:
                // A condition computed from something volatile, or from the time at which a row came, stays above.
                List<ScalarExpr> through = Take(go, stay, t => !ExprMap.Columns(t).Any(c => ExprMap.IsVolatile(project.Expressions[c]) || TimeBounds.TellsTime(project.Expressions[c])));
                return Above(stay, project with { Input = Push(project.Input, [.. through.Select(t => ExprMap.Substitute(t, project.Expressions))]) });
            case JoinPlan { Kind: JoinKind.Inner, LeftKeys.Count: 0 }:
                return Above(stay, InnerJoins(node, go));
            case JoinPlan join:
                return Above(stay, OtherJoin(join, go, stay));
            case AsOfJoinPlan or TemporalJoinPlan:
                // Conditions on the left side choose rows; the right side must be seen whole.
                PlanNode moment = PlanMap.WithInputs(node, [
                    Push(node.Inputs[0], Take(go, stay, t => UsesOnlyBelow(t, node.Inputs[0].Columns.Count))), Push(node.Inputs[1], [])]);
                return Above(stay, moment);
            case GapFillPlan gaps:
                return Above(stay, gaps with { Input = Push(gaps.Input, Take(go, stay, t => UsesOnly(t, gaps.PartitionBy))) });
            case AggregatePlan aggregate:
                List<ScalarExpr> keyed = Take(go, stay, t => ExprMap.Columns(t) is { Count: > 0 } used && used.All(c => c < aggregate.Keys.Count));
                return Above(stay, aggregate with
                {
                    Input = Push(aggregate.Input, [.. keyed.Select(t => ExprMap.MapColumns(t, c => aggregate.Keys[c]))]),
                });
            case DistinctPlan distinct:
                return Above(stay, new DistinctPlan(Push(distinct.Input, go)));
            case UnionPlan union:
                return Above(stay, union with { Sources = [.. union.Sources.Select(s => Push(s, go))] });
            case SetOpPlan set:
                return Above(stay, set with { Left = Push(set.Left, go), Right = Push(set.Right, go) });
            case TopNPlan top:
                return Above(stay, top with { Input = Push(top.Input, Take(go, stay, t => UsesOnly(t, top.PartitionBy))) });
            case WindowPlan window:
                return Above(stay, window with { Input = Push(window.Input, Take(go, stay, t => UsesOnly(t, window.PartitionBy))) });
            case SessionPlan session:
                return Above(stay, session with { Input = Push(session.Input, Take(go, stay, t => UsesOnly(t, session.PartitionBy))) });
            case TimeWindowPlan window:
                return Above(stay, window with { Input = Push(window.Input, Take(go, stay, t => UsesOnlyBelow(t, window.Input.Columns.Count))) });
            case LateRowsPlan late:
                return Above(stay, late with { Input = Push(late.Input, go) });
            case LateSessionRowsPlan late:
                return Above(stay, late with { Input = Push(late.Input, Take(go, stay, t => UsesOnly(t, late.PartitionBy))) });
            case ChangelogPlan changelog:
                // A condition below would make removals and additions of updates into and out of what it chooses.
                return Above(terms, PlanMap.WithInputs(changelog, [Push(changelog.Input, [])]));
            case TableFunctionPlan function:
                return Above(stay, function with { Input = Push(function.Input, Take(go, stay, t => UsesOnlyBelow(t, function.Input.Columns.Count))) });
            case EmitOnClosePlan emit:
                // What has been given of a closed window is not taken back below: rows that leave with time leave above.
                List<ScalarExpr> fixedTerms = Take(go, stay, t => !TimeBounds.TellsTime(t));
                return Above(stay, emit.Over(Push(emit.Input, fixedTerms), emit.WindowEnd));
            default:
                return Above(terms, node);
        }
    }

    private static PlanNode Above(List<ScalarExpr> terms, PlanNode node) => Plans.Filter(node, ExprMap.And(terms));

    /// <summary>Moves the terms that pass the test out of the list; the others stay above.</summary>
    private static List<ScalarExpr> Take(List<ScalarExpr> terms, List<ScalarExpr> stay, Func<ScalarExpr, bool> test)
    {
        List<ScalarExpr> taken = [.. terms.Where(test)];
        stay.AddRange(terms.Where(t => !test(t)));
        return taken;
    }

    private static bool UsesOnly(ScalarExpr term, IReadOnlyList<int> columns) => ExprMap.Columns(term) is { Count: > 0 } used && used.All(columns.Contains);

    private static bool UsesOnlyBelow(ScalarExpr term, int count) => ExprMap.Columns(term) is { Count: > 0 } used && used.All(c => c < count);

    /// <summary>A cluster of inner joins: conditions on one input go to it, the others key the joins, connected inputs first.</summary>
    private PlanNode InnerJoins(PlanNode top, List<ScalarExpr> terms)
    {
        var leaves = new List<(PlanNode Node, int First)>();
        var all = new List<ScalarExpr>(terms);
        Flatten(top, 0, leaves, all);
        var own = new List<ScalarExpr>[leaves.Count];
        List<ScalarExpr> shared = [];
        for (int i = 0; i < own.Length; i++)
        {
            own[i] = [];
        }

        int LeafOf(int column) => leaves.FindLastIndex(l => l.First <= column && column < l.First + l.Node.Columns.Count);
        foreach (ScalarExpr term in all)
        {
            int[] used = [.. ExprMap.Columns(term).Select(LeafOf).Distinct()];
            if (used.Length == 1 && !ExprMap.IsVolatile(term))
            {
                own[used[0]].Add(ExprMap.MapColumns(term, c => c - leaves[used[0]].First));
            }
            else
            {
                shared.Add(term);
            }
        }

        PlanNode[] inputs = [.. leaves.Select((l, i) => Push(l.Node, own[i]))];
        var order = new List<int>();
        var at = new int[top.Columns.Count];
        PlanNode? plan = null;
        while (order.Count < leaves.Count)
        {
            int next = Next(order, leaves.Count, shared, LeafOf);
            order.Add(next);
            int first = plan?.Columns.Count ?? 0;
            for (int c = 0; c < inputs[next].Columns.Count; c++)
            {
                at[leaves[next].First + c] = first + c;
            }

            List<ScalarExpr> ready = [.. shared.Where(t => ExprMap.Columns(t).All(c => order.Contains(LeafOf(c))))];
            if (plan is not null || ready.Count > 0)
            {
                shared.RemoveAll(ready.Contains);
                ScalarExpr[] mapped = [.. ready.Select(t => ExprMap.MapColumns(t, c => at[c]))];
                plan = plan is null ? Plans.Filter(inputs[next], ExprMap.And(mapped)) : Keyed(JoinKind.Inner, plan, inputs[next], mapped, [], [], []);
            }
            else
            {
                plan = inputs[next];
            }
        }

        return Plans.Pick(plan!, at);
    }

    private static void Flatten(PlanNode node, int first, List<(PlanNode, int)> leaves, List<ScalarExpr> terms)
    {
        switch (node)
        {
            case JoinPlan { Kind: JoinKind.Inner, LeftKeys.Count: 0 } join:
                terms.AddRange(ExprMap.Conjuncts(join.Condition).Select(t => ExprMap.MapColumns(t, c => c + first)));
                Flatten(join.Left, first, leaves, terms);
                Flatten(join.Right, first + join.Left.Columns.Count, leaves, terms);
                break;
            case FilterPlan { Input: JoinPlan { Kind: JoinKind.Inner, LeftKeys.Count: 0 } } filter:
                terms.AddRange(ExprMap.Conjuncts(filter.Predicate).Select(t => ExprMap.MapColumns(t, c => c + first)));
                Flatten(filter.Input, first, leaves, terms);
                break;
            default:
                leaves.Add((node, first));
                break;
        }
    }

    /// <summary>The first input in writing order that an equality connects to those joined; else the first that is left.</summary>
    private static int Next(List<int> joined, int count, List<ScalarExpr> terms, Func<int, int> leafOf)
    {
        if (joined.Count > 0)
        {
            for (int i = 0; i < count; i++)
            {
                if (!joined.Contains(i) && terms.Any(t => t is CallExpr { Function.Name: "=", Arguments: [var a, var b] } && (Connects(a, b, i) || Connects(b, a, i))))
                {
                    return i;
                }
            }
        }

        return Enumerable.Range(0, count).First(i => !joined.Contains(i));

        bool Connects(ScalarExpr inside, ScalarExpr outside, int leaf) =>
            ExprMap.Columns(inside) is { Count: > 0 } l && l.All(c => joined.Contains(leafOf(c)))
            && ExprMap.Columns(outside) is { Count: > 0 } r && r.All(c => leafOf(c) == leaf);
    }

    private PlanNode OtherJoin(JoinPlan join, List<ScalarExpr> terms, List<ScalarExpr> stay)
    {
        int l = join.Left.Columns.Count;
        bool OnLeft(ScalarExpr t) => ExprMap.Columns(t) is { Count: > 0 } used && used.All(c => c < l);
        bool OnRight(ScalarExpr t) => ExprMap.Columns(t) is { Count: > 0 } used && used.All(c => c >= l);
        JoinKind kind = join.Kind;
        if (kind is JoinKind.Left or JoinKind.Full && terms.Any(t => NullRejection.Rejects(t, c => c >= l)))
        {
            kind = kind == JoinKind.Left ? JoinKind.Inner : JoinKind.Right;
        }

        if (kind is JoinKind.Right or JoinKind.Full && terms.Any(t => NullRejection.Rejects(t, c => c < l)))
        {
            kind = kind == JoinKind.Right ? JoinKind.Inner : JoinKind.Left;
        }

        if (kind == JoinKind.Inner && join.LeftKeys.Count == 0)
        {
            return InnerJoins(join with { Kind = kind, Columns = Plans.JoinColumns(kind, join.Left, join.Right) }, terms);
        }

        List<ScalarExpr> left = [];
        List<ScalarExpr> right = [];
        List<ScalarExpr> on = [];
        foreach (ScalarExpr term in ExprMap.Conjuncts(join.Condition))
        {
            bool toRight = OnRight(term) && kind is not (JoinKind.Right or JoinKind.Full or JoinKind.NullAwareAnti);
            bool toLeft = OnLeft(term) && kind is JoinKind.Inner or JoinKind.Right or JoinKind.Semi && OnLeft(term);
            (toRight ? right : toLeft ? left : on).Add(term);
        }

        foreach (ScalarExpr term in terms)
        {
            bool toLeft = OnLeft(term) && kind is not (JoinKind.Right or JoinKind.Full);
            bool toRight = OnRight(term) && kind is JoinKind.Inner or JoinKind.Right && OnRight(term);
            if (kind == JoinKind.Inner && !toLeft && !toRight && ExprMap.Columns(term).Count > 0)
            {
                on.Add(term);
            }
            else
            {
                (toLeft ? left : toRight ? right : stay).Add(term);
            }
        }

        PlanNode newLeft = Push(join.Left, left);
        PlanNode newRight = Push(join.Right, [.. right.Select(t => ExprMap.MapColumns(t, c => c - l))]);
        return Keyed(kind, newLeft, newRight, on, join.LeftKeys, join.RightKeys, join.NullSafe);
    }

    /// <summary>A join whose condition's equalities are its keys; keys that are no columns are computed below it and dropped above.</summary>
    private PlanNode Keyed(
        JoinKind kind, PlanNode left, PlanNode right, IReadOnlyList<ScalarExpr> on,
        IReadOnlyList<int> leftKeys, IReadOnlyList<int> rightKeys, IReadOnlyList<bool> nullSafe)
    {
        int l = left.Columns.Count;
        int r = right.Columns.Count;
        List<int> lk = [.. leftKeys];
        List<int> rk = [.. rightKeys];
        List<bool> ns = [.. nullSafe];
        List<ScalarExpr> leftExtra = [];
        List<ScalarExpr> rightExtra = [];
        List<ScalarExpr> rest = [];
        foreach (ScalarExpr term in on)
        {
            if (kind != JoinKind.NullAwareAnti && Sides(term, l) is (var a, var b, var safe))
            {
                int leftKey = KeyColumn(a, l, leftExtra);
                int rightKey = KeyColumn(ExprMap.MapColumns(b, c => c - l), r, rightExtra);
                if (!Enumerable.Range(0, lk.Count).Any(i => lk[i] == leftKey && rk[i] == rightKey && ns[i] == safe))
                {
                    lk.Add(leftKey);
                    rk.Add(rightKey);
                    ns.Add(safe);
                }
            }
            else
            {
                rest.Add(term);
            }
        }

        PlanNode wideLeft = Wide(left, leftExtra);
        PlanNode wideRight = Wide(right, rightExtra);
        int shift = wideLeft.Columns.Count;
        ScalarExpr? condition = ExprMap.And([.. rest.Select(t => ExprMap.MapColumns(t, c => c < l ? c : c - l + shift))]);
        var join = new JoinPlan(kind, wideLeft, wideRight, lk, rk, ns, condition, Plans.JoinColumns(kind, wideLeft, wideRight));
        bool leftOnly = kind is JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti;
        return leftExtra.Count + rightExtra.Count == 0 ? join
            : Plans.Pick(join, [.. Enumerable.Range(0, l), .. leftOnly ? [] : Enumerable.Range(shift, r)]);
    }

    private static PlanNode Wide(PlanNode plan, List<ScalarExpr> extra) => extra.Count == 0 ? plan
        : Plans.Project(plan, [.. Plans.Columns(plan), .. extra], [.. plan.Columns.Fields.Select(f => f.Name), .. extra.Select(_ => "key")]);

    private static int KeyColumn(ScalarExpr key, int count, List<ScalarExpr> extra)
    {
        if (key is ColumnExpr c)
        {
            return c.Index;
        }

        int at = extra.FindIndex(e => ExprEquality.Same(e, key));
        if (at < 0)
        {
            at = extra.Count;
            extra.Add(key);
        }

        return count + at;
    }

    /// <summary>The two sides of an equality between left and right columns, of one type; null for any other condition.</summary>
    private (ScalarExpr Left, ScalarExpr Right, bool NullSafe)? Sides(ScalarExpr term, int l)
    {
        (ScalarExpr? a, ScalarExpr? b, bool safe) = term switch
        {
            CallExpr { Function.Name: "=", Arguments: [var x, var y] } => (x, y, false),
            IsDistinctExpr { Negated: true } d => (d.Left, d.Right, true),
            _ => ((ScalarExpr?)null, (ScalarExpr?)null, false),
        };
        if (a is null || b is null || ExprMap.IsVolatile(term))
        {
            return null;
        }

        HashSet<int> ua = ExprMap.Columns(a);
        HashSet<int> ub = ExprMap.Columns(b);
        if (ua.Count == 0 || ub.Count == 0)
        {
            return null;
        }

        if (ua.All(c => c >= l) && ub.All(c => c < l))
        {
            (a, b) = (b, a);
        }
        else if (!(ua.All(c => c < l) && ub.All(c => c >= l)))
        {
            return null;
        }

        if (!a.Type.SameAs(b.Type))
        {
            if (_functions.FindCast(a.Type, b.Type) is { Context: CastContext.Implicit } up)
            {
                a = new CallExpr(up.Function, [a], TypeRules.Plain(b.Type));
            }
            else if (_functions.FindCast(b.Type, a.Type) is { Context: CastContext.Implicit } down)
            {
                b = new CallExpr(down.Function, [b], TypeRules.Plain(a.Type));
            }
            else
            {
                return null;
            }
        }

        return (a, b, safe);
    }
}
