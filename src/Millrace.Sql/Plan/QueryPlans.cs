// Plans rebuilt by those who run them.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Rebuilds plans.</summary>
public static class QueryPlans
{
    /// <summary>The plan with parts of it replaced by others that have the same columns.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="replace">What takes a part's place; null to look into it.</param>
    public static PlanNode Replace(PlanNode plan, Func<PlanNode, PlanNode?> replace)
    {
        if (replace(plan) is { } other)
        {
            return other;
        }

        return PlanMap.WithInputs(plan, [.. plan.Inputs.Select(i => Replace(i, replace))]);
    }
}
