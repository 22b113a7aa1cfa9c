// The rules in the order in which they run.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Runs the rewrite rules over a plan.</summary>
internal static class Optimizer
{
    /// <summary>The plan improved; same rows, same columns.</summary>
    public static PlanNode Run(PlanNode plan, FunctionCatalog functions)
    {
        Schema before = plan.Columns;
        plan = PlanMap.Rewrite(plan, n => n is RecursivePlan r ? r with { First = Run(r.First, functions), Step = Run(r.Step, functions) } : n);
        plan = FoldConstants.Apply(plan, functions);
        plan = PushFilters.Apply(plan, functions);
        plan = RankToTopN.Apply(plan);
        plan = WindowEndFromStart.Apply(plan, functions);
        plan = MergeProjects.Apply(plan);
        plan = PruneColumns.Apply(plan);
        plan = MergeProjects.Apply(plan);
        Check.That(plan.Columns.Count == before.Count);
        return plan;
    }
}
