// What can be said of a plan by looking at it: which relations it reads, and whether its answer depends on more than them.
namespace Millrace.Sql;

/// <summary>Facts about plans, for whoever keeps answers.</summary>
public static class PlanFacts
{
    /// <summary>The relations that a plan reads, each once.</summary>
    public static IReadOnlyList<CatalogObject> Reads(PlanNode plan) => [.. PlanMap.All(plan).OfType<ScanPlan>().Select(s => s.Object).DistinctBy(o => o.Id)];

    /// <summary>True when a plan gives the same rows whenever its relations hold the same: it neither tells the time nor draws lots.</summary>
    public static bool IsSteady(PlanNode plan) => !PlanMap.AnyExpression(plan, TellsMore);

    // Other stable functions depend on settings of the session only, and answers are kept for sessions that have the defaults.
    private static bool TellsMore(ScalarExpr e) => e is CallExpr { Function: { } f } && (f.Volatility == Volatility.Volatile || f.Name
        is "now" or "current_timestamp" or "transaction_timestamp" or "statement_timestamp" or "localtimestamp" or "current_date" or "localtime"
        or "current_time" or "current_setting");
}
