// What a view over streams has to remember for ever: said when it is made, with what would put an end to it.
namespace Millrace.Sql;

/// <summary>
/// Finds the operators whose state grows with every row that a stream ever gets. State by key (a group's sum, the newest row of a key, distinct rows) is as large as there are keys and
/// is not told. Rows of tables go when they are deleted, those behind a temporal filter when their time is over, groups under EMIT ON WINDOW CLOSE with the watermark.
/// </summary>
internal static class UnboundedState
{
    /// <summary>One sentence an operator.</summary>
    public static IEnumerable<string> Of(PlanNode plan)
    {
        // What closes with its window forgets what it has seen.
        if (plan is EmitOnClosePlan close && !RanksRows(close.Input))
        {
            yield break;
        }

        string? told = plan switch
        {
            JoinPlan join => OfJoin(join),
            WindowPlan window when window.Input.AppendOnly && StreamsOf(window.Input) is { Length: > 0 } streams =>
                $"{Name(plan)} keeps every row of {streams}, because what a row shows may depend on any other: keep the first n with WHERE row_number <= n, or those of a "
                + "time with WHERE ts > now() - INTERVAL '…'",
            AggregatePlan aggregate when aggregate.Input.AppendOnly && aggregate.Calls.FirstOrDefault(Collects) is { } call && StreamsOf(aggregate.Input) is { Length: > 0 } streams =>
                $"{Name(plan)} keeps every value of {call.Function.Name} over {streams}: group by a window with EMIT ON WINDOW CLOSE, keep the rows of a time with "
                + "WHERE ts > now() - INTERVAL '…'" + Approximate(call),
            _ => null,
        };
        if (told is not null)
        {
            yield return told;
        }

        foreach (PlanNode input in plan.Inputs)
        {
            foreach (string further in Of(input))
            {
                yield return further;
            }
        }
    }

    // Window functions keep what they may look back at.
    private static bool RanksRows(PlanNode plan) => plan is WindowPlan || (plan is ProjectPlan or FilterPlan && RanksRows(plan.Inputs[0]));

    private static string? OfJoin(JoinPlan join)
    {
        (JoinBound left, JoinBound right) = JoinBounds.Of(join);
        // Of what only has to be there, keys are kept.
        bool whole = join.Kind is not (JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti);
        string[] kept = [.. new[] { Kept(join.Left, join.Right, left), whole ? Kept(join.Right, join.Left, right) : "" }.Where(s => s.Length > 0).Distinct()];
        if (kept.Length == 0)
        {
            return null;
        }

        string how = join.Left.AppendOnly && join.Right.AppendOnly
            ? "bound it by time, such as AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '5 minutes' between streams declared with WATERMARK FOR, join equal windows, or "
            : whole ? "read the table as it is when a row comes with FOR SYSTEM_TIME AS OF, or " : "";
        return $"{Name(join)} keeps every row of {string.Join(" and ", kept)}, because a partner may still come: {how}keep the rows of a time with WHERE ts > now() - INTERVAL '…'";
    }

    private static string Kept(PlanNode side, PlanNode other, JoinBound bound) =>
        side.AppendOnly && bound.Time < 0 && PlanMap.All(other).Any(n => n is ScanPlan) ? StreamsOf(side) : "";

    // The names of the streams whose rows come through one by one; those that an aggregate has made groups of do not.
    private static string StreamsOf(PlanNode plan) =>
        string.Join(", ", PlanMap.All(plan).OfType<ScanPlan>().Where(s => s.AppendOnly).Select(s => s.Object.Name).Distinct());

    // Sums and the like are one number a group; first and last keep one row of append-only input.
    private static bool Collects(AggregateCall call) =>
        call.Function.OrderedSet || call.Function.Hypothetical
        || (call.Function.OrderSensitive && call.Function.Name is not ("first" or "last" or "first_value" or "last_value"));

    private static string Approximate(AggregateCall call) => call.Function.Name is "percentile_cont" or "percentile_disc" ? ", or take approx_percentile" : "";

    private static string Name(PlanNode plan) => PlanPrinter.Print(plan, facts: false).Split('\n')[0].Split(": ")[0];
}
