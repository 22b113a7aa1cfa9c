// Projections on projections become one; those that change nothing go, as does DISTINCT of rows that cannot repeat.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Merges projections.</summary>
internal static class MergeProjects
{
    /// <summary>The plan with adjacent projections merged.</summary>
    public static PlanNode Apply(PlanNode plan)
    {
        PlanNode merged = PlanMap.Rewrite(plan, n => n switch
        {
            ProjectPlan p => Merged(p),
            DistinctPlan { Input.Key: not null } d => d.Input,
            _ => n,
        });
        return SameNames(merged, plan) ? merged
            : new ProjectPlan(merged, [.. Plans.Columns(merged)], plan.Columns);
    }

    private static bool SameNames(PlanNode a, PlanNode b) => a.Columns.Fields.Zip(b.Columns.Fields).All(p => p.First.Name == p.Second.Name);

    private static PlanNode Merged(ProjectPlan p)
    {
        if (p.Input is ProjectPlan inner && MayInline(p, inner))
        {
            p = new ProjectPlan(inner.Input, [.. p.Expressions.Select(e => ExprMap.Substitute(e, inner.Expressions))], p.Columns);
        }

        bool identity = p.Expressions.Count == p.Input.Columns.Count && p.Expressions.Index().All(e => e.Item is ColumnExpr c && c.Index == e.Index);
        return identity ? p.Input : p;
    }

    /// <summary>True when no computed column would be computed twice.</summary>
    private static bool MayInline(ProjectPlan outer, ProjectPlan inner)
    {
        var uses = new int[inner.Expressions.Count];
        foreach (ScalarExpr e in outer.Expressions)
        {
            ExprMap.Any(e, x =>
            {
                if (x is ColumnExpr c)
                {
                    uses[c.Index]++;
                }

                return false;
            });
        }

        return inner.Expressions.Index().All(e => e.Item is ColumnExpr or LiteralExpr or ParameterExpr
            || (uses[e.Index] <= 1 && !ExprMap.IsVolatile(e.Item)));
    }
}
