// A correlated plan taken apart: an input that needs nothing from outside, the conditions that do, and what is computed last.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A correlated plan taken apart, where its outer values only occur in filters and projections on top.</summary>
/// <param name="Input">Needs nothing of the frame.</param>
/// <param name="Terms">Conditions over the input's columns and outer values.</param>
/// <param name="Outputs">The plan's columns over the input's columns and outer values.</param>
/// <param name="Names">Their names.</param>
internal sealed record PullUp(PlanNode Input, IReadOnlyList<ScalarExpr> Terms, IReadOnlyList<ScalarExpr> Outputs, IReadOnlyList<string> Names)
{
    /// <summary>Takes a plan apart; null when an outer value occurs where it cannot be taken out.</summary>
    public static PullUp? Try(PlanNode plan, Frame frame)
    {
        string[] names = [.. plan.Columns.Fields.Select(f => f.Name)];
        if (!DomainPush.Depends(plan, frame))
        {
            return new PullUp(plan, [], [.. Plans.Columns(plan)], names);
        }

        switch (plan)
        {
            case FilterPlan filter when Try(filter.Input, frame) is { } inner:
                List<ScalarExpr> kept = [];
                List<ScalarExpr> pulled = [.. inner.Terms];
                foreach (ScalarExpr term in ExprMap.Conjuncts(filter.Predicate))
                {
                    ScalarExpr over = ExprMap.Substitute(term, inner.Outputs);
                    (DomainPush.Depends(over, frame) ? pulled : kept).Add(over);
                }

                return inner with { Input = Plans.Filter(inner.Input, ExprMap.And(kept)), Terms = pulled, Names = names };
            case ProjectPlan project when Try(project.Input, frame) is { } inner && !project.Expressions.Any(ExprMap.IsVolatile):
                return inner with { Outputs = [.. project.Expressions.Select(e => ExprMap.Substitute(e, inner.Outputs))], Names = names };
            case JoinPlan { Kind: JoinKind.Inner } join when join.LeftKeys.Count == 0 && Try(join.Left, frame) is { } l && Try(join.Right, frame) is { } r:
                return Combine(join, l, r, frame, names);
            default:
                return null;
        }
    }

    private static PullUp Combine(JoinPlan join, PullUp l, PullUp r, Frame frame, IReadOnlyList<string> names)
    {
        int shift = l.Input.Columns.Count;
        ScalarExpr[] outputs = [.. l.Outputs, .. r.Outputs.Select(o => ExprMap.MapColumns(o, c => c + shift))];
        List<ScalarExpr> kept = [];
        List<ScalarExpr> pulled = [.. l.Terms, .. r.Terms.Select(t => ExprMap.MapColumns(t, c => c + shift))];
        foreach (ScalarExpr term in ExprMap.Conjuncts(join.Condition))
        {
            ScalarExpr over = ExprMap.Substitute(term, outputs);
            (DomainPush.Depends(over, frame) ? pulled : kept).Add(over);
        }

        return new PullUp(Plans.Join(JoinKind.Inner, l.Input, r.Input, ExprMap.And(kept)), pulled, outputs, names);
    }
}
