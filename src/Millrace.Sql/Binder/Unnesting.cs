// Subqueries to joins: the forms that a plain join answers, else the general method of Neumann and Kemper.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Turns a correlated subquery into joins, after Neumann and Kemper, "Unnesting Arbitrary Queries" (BTW 2015): the subquery is computed for all
/// different outer values at once (the domain) and joined back by them. Where the outer values only occur in filters that a join condition can
/// take over, no domain is needed.
/// </summary>
/// <param name="context">Gives the functions.</param>
/// <param name="frame">Names the outer values.</param>
internal sealed class Unnesting(BindContext context, Frame frame)
{
    /// <summary>EXISTS, IN and their negations as a filter; null when only <see cref="JoinValue"/> can answer.</summary>
    public PlanNode? TrySemiJoin(PlanNode left, SubqueryExpr s, bool negated)
    {
        if (negated && s.Kind == SubqueryKind.Any && !IsNeverUnknown(left, s))
        {
            return NotIn(left, s);
        }

        (PlanNode plan, IReadOnlyList<ScalarExpr> arguments) = Prepare(s.Plan, s.Arguments);
        JoinKind kind = negated ? JoinKind.Anti : JoinKind.Semi;
        int shift = left.Columns.Count;
        if (PullUp.Try(plan, frame) is { } pulled)
        {
            List<ScalarExpr> terms = [.. pulled.Terms.Select(t => Shifted(t, shift, arguments))];
            if (s.Condition is { } compare)
            {
                terms.Add(Condition(compare, [.. pulled.Outputs.Select(o => Shifted(o, shift, arguments))], s.Test));
            }

            return Plans.Join(kind, left, pulled.Input, ExprMap.And(terms));
        }

        (PlanNode withArguments, int[] columns) = WithArguments(left, arguments);
        PlanNode pushed = new DomainPush(context, frame, withArguments, columns).Push(plan);
        int wide = withArguments.Columns.Count;
        ScalarExpr? condition = s.Condition is null ? null
            : Condition(s.Condition, [.. Enumerable.Range(0, plan.Columns.Count).Select(i => new ColumnExpr(wide + i, plan.Columns[i].Type))], s.Test);
        int[] domain = [.. Enumerable.Range(plan.Columns.Count, columns.Length)];
        JoinPlan join = Plans.Join(kind, withArguments, pushed, columns, domain, true, condition);
        return Plans.Pick(join, Enumerable.Range(0, shift));
    }

    /// <summary>True when the comparisons of an IN are of columns that are never null, so that NOT IN is plain NOT EXISTS.</summary>
    private static bool IsNeverUnknown(PlanNode left, SubqueryExpr s) =>
        s.Test.All(t => t is ColumnExpr c && !left.Columns[c.Index].Nullable)
        && s.Plan.Columns.Fields.All(f => !f.Nullable)
        && ExprMap.Conjuncts(s.Condition).All(t => t is CallExpr { Function.Name: "=", Function.Strict: true } e
            && e.Arguments.All(a => !ExprMap.Any(a, x => x is not (ColumnExpr or CallExpr { Function.Strict: true, Arguments.Count: 1 }))));

    /// <summary>The plan with whatever columns are needed appended, and the subquery's answer over it.</summary>
    public (PlanNode Plan, ScalarExpr Value) JoinValue(PlanNode left, SubqueryExpr s)
    {
        if (s.Kind == SubqueryKind.Scalar)
        {
            PlanNode joined = JoinRow(left, s.Plan, s.Arguments);
            return (joined, Plans.Column(joined, left.Columns.Count));
        }

        var count = new AggregateCall(CountAll(), [], false, -1, [], SqlType.BigInt);
        if (s.Kind == SubqueryKind.Exists)
        {
            PlanNode joined = JoinRow(left, Plans.Aggregate(s.Plan, [], [count]), s.Arguments);
            return (joined, Positive(Plans.Column(joined, left.Columns.Count)));
        }

        if (Equality(s) is (var test, var key))
        {
            return JoinMembership(left, s, test, key);
        }

        // ANY: true when some comparison is true, else unknown when some is unknown, else false.
        ScalarExpr[] tests = [.. s.Test.Select((t, i) => (ScalarExpr)new OuterExpr(frame, s.Arguments.Count + i, t.Type))];
        ScalarExpr compare = ExprMap.Replace(s.Condition!, e =>
            e is ColumnExpr c && c.Index >= s.Plan.Columns.Count ? tests[c.Index - s.Plan.Columns.Count] : null);
        PlanNode compared = Plans.Project(s.Plan, [compare, new IsNullExpr(compare, false)], ["matches", "unknown"]);
        PlanNode counted = Plans.Aggregate(compared, [], [count with { Filter = 0 }, count with { Filter = 1 }]);
        PlanNode plan = JoinRow(left, counted, [.. s.Arguments, .. s.Test]);
        return (plan, new CaseExpr(
            [
                (Positive(Plans.Column(plan, left.Columns.Count)), new LiteralExpr(true, SqlType.Boolean)),
                (Positive(Plans.Column(plan, left.Columns.Count + 1)), new LiteralExpr(null, SqlType.Boolean)),
            ],
            new LiteralExpr(false, SqlType.Boolean), SqlType.Boolean));
    }

    /// <summary>LATERAL: each left row beside the rows of a plan that may use its values.</summary>
    /// <param name="left">The left rows.</param>
    /// <param name="right">The plan.</param>
    /// <param name="kind">Inner or Left.</param>
    /// <param name="on">ON, over left then right columns.</param>
    public PlanNode Lateral(PlanNode left, PlanNode right, JoinKind kind, ScalarExpr? on)
    {
        if (!DomainPush.Depends(right, frame))
        {
            return Plans.Join(kind, left, right, on);
        }

        (PlanNode plan, IReadOnlyList<ScalarExpr> arguments) = Prepare(right, frame.Arguments);
        int shift = left.Columns.Count;
        if (on is null && IsAtMostOneRow(plan) && (kind == JoinKind.Left || IsExactlyOneRow(plan)))
        {
            return JoinRow(left, right, frame.Arguments);
        }

        if (kind == JoinKind.Inner && DomainPush.IsLinear(plan))
        {
            return Plans.Filter(AppendRows(left, plan, arguments), on);
        }

        if (PullUp.Try(plan, frame) is { } pulled && (kind == JoinKind.Inner || !pulled.Outputs.Any(o => DomainPush.Depends(o, frame))))
        {
            return JoinPulled(left, pulled, arguments, kind, on);
        }

        (PlanNode wide, int[] columns) = WithArguments(left, arguments);
        PlanNode pushed = new DomainPush(context, frame, wide, columns).Push(plan);
        int[] domain = [.. Enumerable.Range(plan.Columns.Count, columns.Length)];
        int extra = wide.Columns.Count - shift;
        ScalarExpr? condition = on is null ? null : ExprMap.MapColumns(on, c => c < shift ? c : c + extra);
        JoinPlan join = Plans.Join(kind, wide, pushed, columns, domain, true, condition);
        return Plans.Pick(join, [.. Enumerable.Range(0, shift), .. Enumerable.Range(wide.Columns.Count, plan.Columns.Count)]);
    }

    /// <summary>Each left row beside the at most one row of a subquery (nulls when it has none); an error at run time when it has several.</summary>
    private PlanNode JoinRow(PlanNode left, PlanNode sub, IReadOnlyList<ScalarExpr> outer)
    {
        (PlanNode plan, IReadOnlyList<ScalarExpr> arguments) = Prepare(sub, outer);
        bool correlated = DomainPush.Depends(plan, frame);
        if (!IsAtMostOneRow(plan))
        {
            if (correlated && PullUp.Try(plan, frame) is { } unique && IsUnique(unique) && !unique.Outputs.Any(o => DomainPush.Depends(o, frame)))
            {
                return JoinPulled(left, unique, arguments, JoinKind.Left, null);
            }

            plan = SingleValue(plan);
        }

        if (!correlated)
        {
            return Plans.Join(IsExactlyOneRow(plan) ? JoinKind.Inner : JoinKind.Left, left, plan, null);
        }

        if (IsExactlyOneRow(plan) && DomainPush.IsLinear(plan))
        {
            return AppendRows(left, plan, arguments);
        }

        if (JoinAggregate(left, plan, arguments) is { } aggregated)
        {
            return aggregated;
        }

        (PlanNode wide, int[] columns) = WithArguments(left, arguments);
        PlanNode pushed = new DomainPush(context, frame, wide, columns).Push(plan);
        int[] domain = [.. Enumerable.Range(plan.Columns.Count, columns.Length)];
        JoinPlan join = Plans.Join(JoinKind.Left, wide, pushed, columns, domain, true, null);
        return Plans.Pick(join, [.. Enumerable.Range(0, left.Columns.Count), .. Enumerable.Range(wide.Columns.Count, plan.Columns.Count)]);
    }

    /// <summary>
    /// A subquery that is an aggregate over everything, perhaps projected and filtered: grouped by the domain and joined to the left; a left row
    /// without a group sees the aggregates of no rows.
    /// </summary>
    private PlanNode? JoinAggregate(PlanNode left, PlanNode plan, IReadOnlyList<ScalarExpr> arguments)
    {
        var above = new Stack<PlanNode>();
        PlanNode node = plan;
        while (node is ProjectPlan or FilterPlan)
        {
            above.Push(node);
            node = node.Inputs[0];
        }

        if (node is not AggregatePlan { Keys.Count: 0 } aggregate)
        {
            return null;
        }

        (PlanNode wide, int[] columns) = WithArguments(left, arguments);
        PlanNode pushed = new DomainPush(context, frame, wide, columns).Push(aggregate.Input);
        int[] domain = [.. Enumerable.Range(aggregate.Input.Columns.Count, columns.Length)];
        PlanNode grouped = Plans.Aggregate(pushed, domain, aggregate.Calls);
        JoinPlan join = Plans.Join(JoinKind.Left, wide, grouped, columns, [.. Enumerable.Range(0, domain.Length)], true, null);
        int first = wide.Columns.Count + domain.Length;
        List<ScalarExpr> values = [.. aggregate.Calls.Select((c, i) => DomainPush.OfNoRows(c, Plans.Column(join, first + i)))];
        ScalarExpr? kept = null;
        while (above.TryPop(out PlanNode? top))
        {
            if (top is FilterPlan filter)
            {
                ScalarExpr predicate = Over(filter.Predicate, values, columns, wide);
                kept = kept is null ? predicate : new AndExpr([kept, predicate]);
            }
            else
            {
                values = [.. ((ProjectPlan)top).Expressions.Select(e => Over(e, values, columns, wide))];
            }
        }

        if (kept is not null)
        {
            values = [.. values.Select(v => (ScalarExpr)new CaseExpr([(kept, v)], new LiteralExpr(null, v.Type), v.Type))];
        }

        string[] names = [.. left.Columns.Fields.Select(f => f.Name), .. plan.Columns.Fields.Select(f => f.Name)];
        return Plans.Project(join, [.. Plans.Columns(join, 0, left.Columns.Count), .. values], names);
    }

    private ScalarExpr Over(ScalarExpr expr, IReadOnlyList<ScalarExpr> values, int[] arguments, PlanNode wide) => ExprMap.Replace(expr, e => e switch
    {
        ColumnExpr c => values[c.Index],
        OuterExpr o when ReferenceEquals(o.Frame, frame) => Plans.Column(wide, arguments[o.Index]),
        _ => null,
    });

    /// <summary>Rows of a plan that only makes rows out of one row, appended to each left row.</summary>
    private PlanNode AppendRows(PlanNode left, PlanNode plan, IReadOnlyList<ScalarExpr> arguments)
    {
        (PlanNode wide, int[] columns) = WithArguments(left, arguments);
        PlanNode pushed = DomainPush.OverRows(context, frame, wide, columns).Push(plan);
        int count = plan.Columns.Count;
        return Plans.Pick(pushed, [.. Enumerable.Range(count, left.Columns.Count), .. Enumerable.Range(0, count)]);
    }

    private PlanNode JoinPulled(PlanNode left, PullUp pulled, IReadOnlyList<ScalarExpr> arguments, JoinKind kind, ScalarExpr? on)
    {
        int shift = left.Columns.Count;
        List<ScalarExpr> terms = [.. pulled.Terms.Select(t => Shifted(t, shift, arguments))];
        ScalarExpr[] outputs = [.. pulled.Outputs.Select(o => Shifted(o, shift, arguments))];
        if (on is not null)
        {
            terms.Add(ExprMap.Replace(on, e => e is ColumnExpr c && c.Index >= shift ? outputs[c.Index - shift] : null));
        }

        if (kind == JoinKind.Inner)
        {
            JoinPlan inner = Plans.Join(kind, left, pulled.Input, ExprMap.And(terms));
            return Plans.Project(inner, [.. Plans.Columns(left), .. outputs], [.. left.Columns.Fields.Select(f => f.Name), .. pulled.Names]);
        }

        // Outputs are computed below an outer join: above it, they would not be null for the rows that it makes up.
        int inputCount = pulled.Input.Columns.Count;
        PlanNode right = Plans.Project(pulled.Input, [.. Plans.Columns(pulled.Input), .. pulled.Outputs],
            [.. pulled.Input.Columns.Fields.Select(f => f.Name), .. pulled.Names]);
        JoinPlan outer = Plans.Join(kind, left, right, ExprMap.And(terms));
        return Plans.Pick(outer, [.. Enumerable.Range(0, shift), .. Enumerable.Range(shift + inputCount, pulled.Outputs.Count)]);
    }

    /// <summary>NOT IN over a subquery that needs nothing from outside, as a join of its own kind.</summary>
    private static JoinPlan NotInJoin(PlanNode left, ScalarExpr leftKey, PlanNode right, ScalarExpr rightKey)
    {
        PlanNode l = Plans.Project(left, [.. Plans.Columns(left), leftKey], [.. left.Columns.Fields.Select(f => f.Name), "key"]);
        PlanNode r = Plans.Project(right, [rightKey]);
        return Plans.Join(JoinKind.NullAwareAnti, l, r, [left.Columns.Count], [0], false, null);
    }

    private static PlanNode? NotIn(PlanNode left, SubqueryExpr s)
    {
        if (PlanMap.AnyExpression(s.Plan, e => e is OuterExpr) || Equality(s) is not (var test, var key))
        {
            return null;
        }

        return Plans.Pick(NotInJoin(left, test, s.Plan, key), Enumerable.Range(0, left.Columns.Count));
    }

    /// <summary>The two sides of a comparison that is one plain equality: over the row that it is for, and over the subquery's columns.</summary>
    private static (ScalarExpr Test, ScalarExpr Key)? Equality(SubqueryExpr s)
    {
        int count = s.Plan.Columns.Count;
        if (s.Test.Count != 1 || s.Condition is not CallExpr { Function.Name: "=", Arguments: [var a, var b] } || !a.Type.SameAs(b.Type)
            || ExprMap.Columns(a).Any(c => c < count) || ExprMap.Columns(b).Any(c => c >= count))
        {
            return null;
        }

        return (ExprMap.Replace(a, e => e is ColumnExpr ? s.Test[0] : null), b);
    }

    /// <summary>
    /// IN as a value: true where the different keys have the value; unknown where it is null, or some key is, and there are keys at all; else false.
    /// </summary>
    private (PlanNode Plan, ScalarExpr Value) JoinMembership(PlanNode left, SubqueryExpr s, ScalarExpr test, ScalarExpr key)
    {
        (PlanNode plan, IReadOnlyList<ScalarExpr> arguments) = Prepare(Plans.Project(s.Plan, [key]), s.Arguments);
        bool correlated = DomainPush.Depends(plan, frame);
        (PlanNode wide, int[] columns) = WithArguments(left, [.. arguments, test]);
        int[] outer = columns[..^1];
        PlanNode keys = correlated ? new DomainPush(context, frame, wide, outer).Push(plan) : plan;
        int[] domain = [.. Enumerable.Range(1, keys.Columns.Count - 1)];
        PlanNode present = new DistinctPlan(Plans.Filter(keys, new IsNullExpr(Plans.Column(keys, 0), true)));
        var matched = new JoinPlan(JoinKind.Left, wide, present, [columns[^1], .. outer], [0, .. domain], [false, .. domain.Select(_ => true)], null,
            Plans.JoinColumns(JoinKind.Left, wide, present));
        ScalarExpr found = new IsNullExpr(Plans.Column(matched, wide.Columns.Count), true);
        if (IsNeverUnknown(left, s))
        {
            return (matched, found);
        }

        AggregateFunction countKeys = context.Functions.FindAggregates("count").First(a => a.Parameters.Count == 1);
        PlanNode counts = Plans.Aggregate(keys, domain, [
            new AggregateCall(CountAll(), [], false, -1, [], SqlType.BigInt), new AggregateCall(countKeys, [0], false, -1, [], SqlType.BigInt)]);
        JoinPlan counted = correlated
            ? Plans.Join(JoinKind.Left, matched, counts, outer, [.. Enumerable.Range(0, domain.Length)], true, null)
            : Plans.Join(JoinKind.Inner, matched, counts, null);
        ScalarExpr rows = new CoalesceExpr(
            [Plans.Column(counted, counted.Columns.Count - 2), new LiteralExpr(0L, SqlType.BigInt)], SqlType.BigInt);
        ScalarExpr unknown = new OrExpr([
            new IsNullExpr(Plans.Column(wide, columns[^1]), false), Greater(rows, Plans.Column(counted, counted.Columns.Count - 1))]);
        return (counted, new CaseExpr(
            [
                (found, new LiteralExpr(true, SqlType.Boolean)),
                (new AndExpr([Positive(rows), unknown]), new LiteralExpr(null, SqlType.Boolean)),
            ],
            new LiteralExpr(false, SqlType.Boolean), SqlType.Boolean));
    }

    /// <summary>
    /// Makes the comparisons with outer values plain: a whole expression of outer values on one side of = becomes an outer value itself, and outer
    /// values no longer used are dropped.
    /// </summary>
    private (PlanNode Plan, IReadOnlyList<ScalarExpr> Arguments) Prepare(PlanNode plan, IReadOnlyList<ScalarExpr> arguments)
    {
        List<ScalarExpr> all = [.. arguments];
        plan = PlanMap.RewriteExpressions(plan, expr => ExprMap.Rewrite(expr, e =>
            e is CallExpr { Function.Name: "=", Arguments: [var a, var b] } call ? call with { Arguments = [Hoist(a, all), Hoist(b, all)] } : e));
        var used = new SortedDictionary<int, int>();
        PlanMap.AnyExpression(plan, e =>
        {
            if (e is OuterExpr o && ReferenceEquals(o.Frame, frame))
            {
                used[o.Index] = 0;
            }

            return false;
        });
        foreach ((int i, int index) in used.Keys.ToArray().Index())
        {
            used[index] = i;
        }

        plan = PlanMap.RewriteExpressions(plan, expr => ExprMap.Rewrite(expr, e =>
            e is OuterExpr o && ReferenceEquals(o.Frame, frame) ? o with { Index = used[o.Index] } : e));
        return (plan, [.. used.Keys.Select(k => all[k])]);
    }

    private ScalarExpr Hoist(ScalarExpr side, List<ScalarExpr> all)
    {
        if (side is OuterExpr || !DomainPush.Depends(side, frame) || ExprMap.Any(side, e => e is ColumnExpr) || ExprMap.IsVolatile(side))
        {
            return side;
        }

        ScalarExpr argument = ExprMap.Replace(side, e => e is OuterExpr o && ReferenceEquals(o.Frame, frame) ? all[o.Index] : null);
        int at = all.FindIndex(a => ExprEquality.Same(a, argument));
        if (at < 0)
        {
            at = all.Count;
            all.Add(argument);
        }

        return new OuterExpr(frame, at, side.Type);
    }

    private static (PlanNode Plan, int[] Columns) WithArguments(PlanNode left, IReadOnlyList<ScalarExpr> arguments)
    {
        List<ScalarExpr> expressions = [.. Plans.Columns(left)];
        var columns = new int[arguments.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = arguments[i] is ColumnExpr c ? c.Index : expressions.Count;
            if (arguments[i] is not ColumnExpr)
            {
                expressions.Add(arguments[i]);
            }
        }

        string[] names = [.. expressions.Select((_, i) => i < left.Columns.Count ? left.Columns[i].Name : "?column?")];
        return (expressions.Count == left.Columns.Count ? left : Plans.Project(left, expressions, names), columns);
    }

    /// <summary>An expression of the subquery's input, over left then input columns.</summary>
    private ScalarExpr Shifted(ScalarExpr expr, int shift, IReadOnlyList<ScalarExpr> arguments) => ExprMap.Replace(expr, e => e switch
    {
        ColumnExpr c => new ColumnExpr(c.Index + shift, c.Type),
        OuterExpr o when ReferenceEquals(o.Frame, frame) => arguments[o.Index],
        _ => null,
    });

    private static ScalarExpr Condition(ScalarExpr condition, IReadOnlyList<ScalarExpr> outputs, IReadOnlyList<ScalarExpr> tests) =>
        ExprMap.Replace(condition, e => e is ColumnExpr c ? c.Index < outputs.Count ? outputs[c.Index] : tests[c.Index - outputs.Count] : null);

    private static bool IsAtMostOneRow(PlanNode plan) => plan switch
    {
        AggregatePlan a => a.Keys.Count == 0,
        ValuesPlan v => v.Rows.Count <= 1,
        ProjectPlan or FilterPlan or DistinctPlan => IsAtMostOneRow(plan.Inputs[0]),
        TopNPlan t => (t.PartitionBy.Count == 0 && t.Limit <= 1 && t.Rank == RankKind.RowNumber) || IsAtMostOneRow(t.Input),
        JoinPlan j => j.Kind is JoinKind.Inner or JoinKind.Left ? IsAtMostOneRow(j.Left) && IsAtMostOneRow(j.Right)
            : j.Kind is JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti && IsAtMostOneRow(j.Left),
        _ => false,
    };

    private static bool IsExactlyOneRow(PlanNode plan) => plan switch
    {
        AggregatePlan a => a.Keys.Count == 0,
        ValuesPlan v => v.Rows.Count == 1,
        ProjectPlan p => IsExactlyOneRow(p.Input),
        JoinPlan { Kind: JoinKind.Inner, Condition: null, LeftKeys.Count: 0 } j => IsExactlyOneRow(j.Left) && IsExactlyOneRow(j.Right),
        _ => false,
    };

    /// <summary>True when equalities with outer values cover a key of the input.</summary>
    private bool IsUnique(PullUp pulled)
    {
        if (pulled.Input.Key is not { } key)
        {
            return false;
        }

        var bound = new HashSet<int>();
        foreach (ScalarExpr term in pulled.Terms)
        {
            if (term is CallExpr { Function.Name: "=", Arguments: [var a, var b] })
            {
                if (a is ColumnExpr x && !ExprMap.Any(b, e => e is ColumnExpr))
                {
                    bound.Add(x.Index);
                }
                else if (b is ColumnExpr y && !ExprMap.Any(a, e => e is ColumnExpr))
                {
                    bound.Add(y.Index);
                }
            }
        }

        return key.All(bound.Contains);
    }

    private AggregatePlan SingleValue(PlanNode plan)
    {
        AggregateFunction single = context.Functions.FindAggregates("single_value").FirstOrDefault()
            ?? throw new SqlException("0A000", "a scalar subquery that may give several rows is not supported", hint: "aggregate it, or add LIMIT 1");
        return Plans.Aggregate(plan, [],
            [.. plan.Columns.Fields.Select((f, i) => new AggregateCall(single, [i], false, -1, [], f.Type))]);
    }

    private AggregateFunction CountAll() => context.Functions.FindAggregates("count").First(a => a.Parameters.Count == 0);

    private CallExpr Positive(ScalarExpr count) => Greater(count, new LiteralExpr(0L, SqlType.BigInt));

    private CallExpr Greater(ScalarExpr a, ScalarExpr b)
    {
        ScalarFunction greater = context.Functions.FindScalars(">").First(f => f.Parameters is [{ Type.Id: TypeId.BigInt }, { Type.Id: TypeId.BigInt }]);
        return new CallExpr(greater, [a, b], SqlType.Boolean);
    }
}
