// Walks and rebuilds plans: the one place that knows every operation's inputs and expressions.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Walks and rebuilds plans.</summary>
internal static class PlanMap
{
    /// <summary>The same operation over other inputs, which have the same columns; the same object when they are the same.</summary>
    public static PlanNode WithInputs(PlanNode node, IReadOnlyList<PlanNode> inputs)
    {
        bool same = true;
        for (int i = 0; i < inputs.Count && same; i++)
        {
            same = ReferenceEquals(inputs[i], node.Inputs[i]);
        }

        return same ? node : node switch
        {
            TableFunctionPlan n => n with { Input = inputs[0] },
            FilterPlan n => new FilterPlan(inputs[0], n.Predicate),
            TemporalFilterPlan n => new TemporalFilterPlan(inputs[0], n.Predicate),
            ProjectPlan n => n with { Input = inputs[0] },
            JoinPlan n => n with { Left = inputs[0], Right = inputs[1] },
            AsOfJoinPlan n => n with { Left = inputs[0], Right = inputs[1] },
            TemporalJoinPlan n => n with { Left = inputs[0], Right = inputs[1] },
            GapFillPlan n => n with { Input = inputs[0] },
            AggregatePlan n => n with { Input = inputs[0] },
            DistinctPlan => new DistinctPlan(inputs[0]),
            UnionPlan n => n with { Sources = inputs },
            SetOpPlan n => n with { Left = inputs[0], Right = inputs[1] },
            TopNPlan n => n with { Input = inputs[0] },
            WindowPlan n => n with { Input = inputs[0] },
            TimeWindowPlan n => n with { Input = inputs[0] },
            SessionPlan n => n with { Input = inputs[0] },
            LateRowsPlan n => n with { Input = inputs[0] },
            LateSessionRowsPlan n => n with { Input = inputs[0] },
            ChangelogPlan n => new ChangelogPlan(inputs[0], n.Numbered) { OnlyChanges = n.OnlyChanges },
            EmitOnClosePlan n => n.Over(inputs[0], n.WindowEnd),
            _ => node,
        };
    }

    /// <summary>The expressions of an operation itself.</summary>
    public static IEnumerable<ScalarExpr> Expressions(PlanNode node) => node switch
    {
        ValuesPlan n => n.Rows.SelectMany(r => r),
        TableFunctionPlan n => n.Arguments,
        FilterPlan n => [n.Predicate],
        TemporalFilterPlan n => [n.Predicate],
        ProjectPlan n => n.Expressions,
        JoinPlan { Condition: { } condition } => [condition],
        TemporalJoinPlan { Condition: { } condition } => [condition],
        GapFillPlan n => new[] { n.Start, n.End }.OfType<ScalarExpr>(),
        TopNPlan n => new[] { n.LimitParameter, n.OffsetParameter }.OfType<ScalarExpr>(),
        _ => [],
    };

    /// <summary>The same operation with its own expressions mapped, each giving the same type.</summary>
    public static PlanNode MapExpressions(PlanNode node, Func<ScalarExpr, ScalarExpr> map) => node switch
    {
        ValuesPlan n => n with { Rows = [.. n.Rows.Select(r => (IReadOnlyList<ScalarExpr>)[.. r.Select(map)])] },
        TableFunctionPlan n => n with { Arguments = [.. n.Arguments.Select(map)] },
        FilterPlan n => map(n.Predicate) is var p && ReferenceEquals(p, n.Predicate) ? n : new FilterPlan(n.Input, p),
        TemporalFilterPlan n => map(n.Predicate) is var p && ReferenceEquals(p, n.Predicate) ? n : new TemporalFilterPlan(n.Input, p),
        ProjectPlan n => n with { Expressions = [.. n.Expressions.Select(map)] },
        JoinPlan { Condition: { } condition } n => n with { Condition = map(condition) },
        GapFillPlan n => n with { Start = n.Start is { } start ? map(start) : null, End = n.End is { } end ? map(end) : null },
        TemporalJoinPlan { Condition: { } condition } n => n with { Condition = map(condition) },
        RecursivePlan n => n with { First = RewriteExpressions(n.First, map), Step = RewriteExpressions(n.Step, map) },
        TopNPlan { LimitParameter: not null } or TopNPlan { OffsetParameter: not null } => MapLimits((TopNPlan)node, map),
        _ => node,
    };

    /// <summary>Rebuilds bottom-up: the inputs first, then the operation.</summary>
    public static PlanNode Rewrite(PlanNode node, Func<PlanNode, PlanNode> map)
    {
        BindContext.CheckDepth(-1);
        var inputs = new PlanNode[node.Inputs.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Rewrite(node.Inputs[i], map);
        }

        return map(WithInputs(node, inputs));
    }

    /// <summary>Maps every expression of every operation.</summary>
    public static PlanNode RewriteExpressions(PlanNode plan, Func<ScalarExpr, ScalarExpr> map) => Rewrite(plan, n => MapExpressions(n, map));

    /// <summary>The operations of a plan, the plan itself first.</summary>
    public static IEnumerable<PlanNode> All(PlanNode plan) => plan.Inputs.SelectMany(All).Prepend(plan);

    /// <summary>True when the test holds for an expression anywhere in the plan, or a part of one.</summary>
    public static bool AnyExpression(PlanNode plan, Func<ScalarExpr, bool> test) =>
        Expressions(plan).Any(e => ExprMap.Any(e, test)) || plan.Inputs.Any(i => AnyExpression(i, test))
        || (plan is RecursivePlan r && (AnyExpression(r.First, test) || AnyExpression(r.Step, test)));

    private static TopNPlan MapLimits(TopNPlan n, Func<ScalarExpr, ScalarExpr> map)
    {
        ScalarExpr? limit = n.LimitParameter is { } l ? map(l) : null;
        ScalarExpr? offset = n.OffsetParameter is { } o ? map(o) : null;
        if (limit is LiteralExpr limitValue)
        {
            n = n with { Limit = NotNegative(limitValue, "2201W", "LIMIT"), LimitParameter = limit = null };
        }

        if (offset is LiteralExpr offsetValue)
        {
            n = n with { Offset = NotNegative(offsetValue, "2201X", "OFFSET") ?? 0, OffsetParameter = offset = null };
        }

        return n with { LimitParameter = limit, OffsetParameter = offset };
    }

    private static long? NotNegative(LiteralExpr value, string state, string clause) => value.Value switch
    {
        null => null,
        long n when n >= 0 => n,
        int n when n >= 0 => n,
        short n when n >= 0 => n,
        _ => throw new SqlException(state, $"{clause} must not be negative"),
    };
}
