// Conditions on now() in what is kept up to date: they become operations that let rows in and out as time passes.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Turns filters on now() into <see cref="TemporalFilterPlan"/>s, where a query goes on for ever.</summary>
internal static class TemporalFilters
{
    private const string Remedy = "compare a column with now() plus or minus a fixed INTERVAL in WHERE, as in at > now() - INTERVAL '1 hour'";

    /// <summary>The plan of a materialized view or a subscription.</summary>
    /// <exception cref="SqlException">0A000: it would have to change as time passes, and nobody could say when.</exception>
    public static PlanNode Apply(BindContext context, PlanNode plan, int position)
    {
        PlanNode result = PlanMap.Rewrite(plan, node => node switch
        {
            FilterPlan filter when TimeBounds.TellsTime(filter.Predicate) => Filter(context, filter, position),
            JoinPlan { Kind: JoinKind.Inner, Condition: { } condition } join when TimeBounds.TellsTime(condition) => Filter(
                context, new FilterPlan(join with { Condition = null }, condition), position),
            // What WHERE says with now() moves: such gaps are filled between the rows there are.
            GapFillPlan { BoundsGiven: false } gaps => gaps with
            {
                Start = gaps.Start is { } start && TimeBounds.TellsTime(start) ? null : gaps.Start,
                End = gaps.End is { } end && TimeBounds.TellsTime(end) ? null : gaps.End,
            },
            _ => node,
        });
        foreach (PlanNode node in PlanMap.All(result).Where(n => n is not TemporalFilterPlan))
        {
            // A row that is stamped once, when it comes, and never taken back may know the time.
            bool stamps = node is ProjectPlan { Input.AppendOnly: true };
            if (PlanMap.Expressions(node).FirstOrDefault(e => stamps ? ExprMap.Any(e, Compares) : TimeBounds.TellsTime(e)) is { } bad)
            {
                throw new SqlException(
                    "0A000", "the time of day in a materialized view or subscription would change its rows without any change of its inputs",
                    PositionOf(context, bad, position),
                    node is JoinPlan ? "put the condition into a subquery of the side that it filters: " + Remedy : Remedy + "; now() AS column is possible over streams");
            }
        }

        return result;
    }

    private static PlanNode Filter(BindContext context, FilterPlan filter, int position)
    {
        ScalarExpr[] terms = [.. ExprMap.Conjuncts(filter.Predicate)];
        ScalarExpr timed = ExprMap.And([.. terms.Where(TimeBounds.TellsTime)])!;
        if (TimeBounds.Of(timed) is null)
        {
            ScalarExpr bad = terms.First(t => TimeBounds.TellsTime(t) && TimeBounds.Of(t) is null);
            throw new SqlException("0A000", "nobody can say when this condition on now() changes its answer", PositionOf(context, bad, position), Remedy);
        }

        // What does not depend on time goes first: rows that it drops need no state.
        ScalarExpr? plain = ExprMap.And([.. terms.Where(t => !TimeBounds.TellsTime(t))]);
        PlanNode input = filter.Input is JoinPlan { Kind: JoinKind.Inner, Condition: null } join ? join with { Condition = plain } : Plans.Filter(filter.Input, plain);
        return new TemporalFilterPlan(input, timed);
    }

    private static bool Compares(ScalarExpr expr) => expr.Type.Id == TypeId.Boolean && TimeBounds.TellsTime(expr);

    private static int PositionOf(BindContext context, ScalarExpr expr, int position)
    {
        int found = -1;
        ExprMap.Any(expr, e => TimeBounds.TellsTime(e) && e is CallExpr { Arguments.Count: 0 } && context.Positions.TryGetValue(e, out found));
        return found >= 0 ? found : position;
    }
}
