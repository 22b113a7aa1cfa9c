// Whether a view gives the same rows when it is computed again from what it reads.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Tells views that can be computed again from those that saw what nobody knows any more.</summary>
public static class Reproducible
{
    /// <summary>Why the plan cannot be computed again; null when it can.</summary>
    public static string? WhyNot(PlanNode plan)
    {
        foreach (PlanNode node in PlanMap.All(plan))
        {
            string? reason = node switch
            {
                ChangelogPlan => "it tells changes, and those that happen meanwhile would be missing",
                LateRowsPlan or LateSessionRowsPlan => "which rows came late is known only when they come",
                TemporalJoinPlan => "it joins each row with what there was when the row came",
                ProjectPlan p when p.Expressions.Any(TimeBounds.TellsTime) => "it stamps rows with the time at which they come",
                _ => null,
            };
            if (reason is not null)
            {
                return reason;
            }
        }

        return null;
    }
}
