// Which columns of a plan are columns of a relation, as PostgreSQL tells its clients: they write through them, and look up what is known of them.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Finds where the columns of a plan come from. The plan is as it was written: the optimizer would take views apart.</summary>
/// <param name="known">What the plan does not show by itself.</param>
internal sealed class Origins(IReadOnlyDictionary<PlanNode, OriginFact> known)
{
    /// <summary>One origin a column.</summary>
    public ColumnOrigin[] Of(PlanNode plan)
    {
        if (!known.TryGetValue(plan, out OriginFact? fact))
        {
            return OfOperation(plan);
        }

        return fact.View is { } view
            ? [.. Enumerable.Range(0, plan.Columns.Count).Select(i => new ColumnOrigin(view.Id, i))]
            : [.. OfOperation(plan).Take(fact.Width), .. Nothing(plan.Columns.Count - fact.Width)];
    }

    private ColumnOrigin[] OfOperation(PlanNode plan)
    {
        int count = plan.Columns.Count;
        switch (plan)
        {
            case ScanPlan { Object: { File: null } o }:
                return [.. Enumerable.Range(0, count).Select(i => i < o.Columns.Count - o.HiddenColumns ? new ColumnOrigin(o.Id, i) : ColumnOrigin.None)];
            case ProjectPlan project:
                ColumnOrigin[] input = Of(project.Input);
                return [.. project.Expressions.Select(e => e is ColumnExpr c ? input[c.Index] : ColumnOrigin.None)];
            case AggregatePlan aggregate:
                ColumnOrigin[] grouped = Of(aggregate.Input);
                return [.. aggregate.Keys.Select(k => grouped[k]), .. Nothing(aggregate.Calls.Count)];
            case UnionPlan or SetOpPlan or ChangelogPlan or ValuesPlan or ScanPlan:
                return [.. Nothing(count)];
            default:
                // Every other operation keeps the columns of its inputs, side by side, and may append some. Half a join keeps the left ones.
                ColumnOrigin[] all = [.. plan.Inputs.SelectMany(Of)];
                return [.. all.Take(count), .. Nothing(count - all.Length)];
        }
    }

    private static IEnumerable<ColumnOrigin> Nothing(int count) => Enumerable.Repeat(ColumnOrigin.None, Math.Max(0, count));
}

/// <summary>What a plan does not show of its origins.</summary>
/// <param name="View">The plain view whose text the plan is; or null.</param>
/// <param name="Width">How many columns come from what the plan reads; those behind are computed, by a subquery for example.</param>
internal sealed record OriginFact(CatalogObject? View, int Width);
