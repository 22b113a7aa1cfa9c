// Which parts of a plan can be computed in shards: by which columns the rows of its inputs are told apart so that no shard needs another's rows.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>A column by which the rows of an input are split.</summary>
/// <param name="Id">The object read.</param>
/// <param name="Width">The columns it is read with.</param>
/// <param name="Column">The column.</param>
internal readonly record struct SplitColumn(int Id, int Width, int Column);

/// <summary>A sub-plan that gives the same rows when its inputs are split by these columns and each share is computed by itself.</summary>
/// <param name="Plan">The sub-plan.</param>
/// <param name="Fingerprint">Its text.</param>
/// <param name="Columns">One for each input.</param>
internal sealed record ShardedPlan(PlanNode Plan, string Fingerprint, IReadOnlyList<SplitColumn> Columns);

/// <summary>
/// Finds the largest sub-plans that keep state by a key which comes unchanged from a column of every input: a group by bidder, a join of auctions and bids by the
/// auction's id, the best rows of a partition. What is above them (an average over all groups) is computed once, over what the shards give.
/// </summary>
internal sealed class ShardPlan
{
    // A few alternatives are enough; joins multiply them.
    private const int SplitsMax = 64;

    private readonly Dictionary<PlanNode, List<Split>> _splits = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _cuts = [];
    private readonly List<ShardedPlan> _parts = [];

    // Inputs split by some columns; rows of the output that are equal in any of the others come from one shard.
    private sealed record Split(SplitColumn[] Inputs, int[] Out, int Rank);

    /// <summary>The parts of <paramref name="plan"/>, in the order in which they are met; none when nothing can be split.</summary>
    public static IReadOnlyList<ShardedPlan> Of(PlanNode plan)
    {
        var found = new ShardPlan();
        while (true)
        {
            found._parts.Clear();
            var above = new List<string>();
            found.Visit(plan, above);

            // State that two parts (or a part and what is above) would both keep is a part of its own.
            string[] shared = [.. found._parts.SelectMany(p => Stateful(p.Plan).Distinct()).Concat(above.Distinct()).GroupBy(f => f).Where(g => g.Count() > 1).Select(g => g.Key)];
            if (shared.Length == 0)
            {
                return found._parts;
            }

            int before = found._cuts.Count;
            found._cuts.UnionWith(shared);
            if (found._cuts.Count == before)
            {
                return [];
            }
        }
    }

    private void Visit(PlanNode plan, List<string> above)
    {
        if (Stateful(plan).Any() && !Inside(plan).Any(below => _cuts.Contains(PlanText.Fingerprint(below))) && Best(SplitsOf(plan)) is { } split)
        {
            string fingerprint = PlanText.Fingerprint(plan);
            if (_parts.TrueForAll(p => p.Fingerprint != fingerprint))
            {
                _parts.Add(new ShardedPlan(plan, fingerprint, split.Inputs));
            }

            return;
        }

        if (KeepsState(plan))
        {
            above.Add(PlanText.Fingerprint(plan));
        }

        foreach (PlanNode input in plan.Inputs)
        {
            Visit(input, above);
        }
    }

    private static IEnumerable<PlanNode> Inside(PlanNode plan) => plan.Inputs.SelectMany(i => Inside(i).Prepend(i)).Where(KeepsState);

    private static IEnumerable<string> Stateful(PlanNode plan) => Inside(plan).Concat(KeepsState(plan) ? [plan] : []).Select(PlanText.Fingerprint);

    private static bool KeepsState(PlanNode plan) =>
        plan is not (ScanPlan or FilterPlan or ProjectPlan or TimeWindowPlan or UnionPlan or ValuesPlan or TableFunctionPlan or LateRowsPlan);

    private static Split? Best(List<Split> splits) => splits.MinBy(s => s.Rank);

    private List<Split> SplitsOf(PlanNode plan)
    {
        if (!_splits.TryGetValue(plan, out List<Split>? splits))
        {
            splits = [.. Find(plan).Take(SplitsMax)];
            _splits.Add(plan, splits);
        }

        return splits;
    }

    private IEnumerable<Split> Find(PlanNode plan) => plan switch
    {
        ScanPlan p => Enumerable.Range(0, p.Columns.Count).Where(c => RankOf(p.Columns[c].Type) >= 0)
            .Select(c => new Split([new SplitColumn(p.Object.Id, p.Columns.Count, c)], [c], RankOf(p.Columns[c].Type))),
        FilterPlan or TemporalFilterPlan or EmitOnClosePlan or LateRowsPlan or TimeWindowPlan or TableFunctionPlan => SplitsOf(plan.Inputs[0]),
        ProjectPlan p => SplitsOf(p.Input).Select(s => s with { Out = [.. Where(p.Expressions, e => e is ColumnExpr c && s.Out.Contains(c.Index))] }),
        AggregatePlan p => SplitsOf(p.Input).Select(s => s with { Out = [.. Where(p.Keys, s.Out.Contains)] }).Where(s => s.Out.Length > 0),
        DistinctPlan p => SplitsOf(p.Input).Where(s => s.Out.Length > 0),
        TopNPlan p => By(p.Input, p.PartitionBy),
        WindowPlan p => By(p.Input, p.PartitionBy),
        SessionPlan p => By(p.Input, p.PartitionBy),
        LateSessionRowsPlan p => By(p.Input, p.PartitionBy),
        JoinPlan p => OfJoin(p.Kind, p.Left, p.Right, p.LeftKeys, p.RightKeys),
        TemporalJoinPlan p => OfJoin(p.Outer ? JoinKind.Left : JoinKind.Inner, p.Left, p.Right, p.LeftKeys, p.RightKeys),
        AsOfJoinPlan p => OfJoin(p.Outer ? JoinKind.Left : JoinKind.Inner, p.Left, p.Right, p.LeftKeys, p.RightKeys),
        SetOpPlan p => SplitsOf(p.Left).SelectMany(l => SplitsOf(p.Right).Select(r => Together(l, r, [.. l.Out.Intersect(r.Out)])).OfType<Split>()).Where(s => s.Out.Length > 0),
        UnionPlan p => p.Sources.Skip(1).Aggregate<PlanNode, IEnumerable<Split>>(SplitsOf(p.Sources[0]), (all, source) =>
            [.. all.SelectMany(l => SplitsOf(source).Select(r => Together(l, r, [.. l.Out.Intersect(r.Out)])).OfType<Split>()).Where(s => s.Out.Length > 0).Take(SplitsMax)]),
        _ => [],
    };

    private IEnumerable<Split> By(PlanNode input, IReadOnlyList<int> partition) => SplitsOf(input).Where(s => s.Out.Any(partition.Contains));

    // Rows that meet have equal keys: when both sides are split by the two columns of one key, they meet in one shard.
    private IEnumerable<Split> OfJoin(JoinKind kind, PlanNode left, PlanNode right, IReadOnlyList<int> leftKeys, IReadOnlyList<int> rightKeys)
    {
        if (kind == JoinKind.NullAwareAnti)
        {
            yield break;
        }

        int width = left.Columns.Count;
        foreach (Split l in SplitsOf(left))
        {
            foreach (Split r in SplitsOf(right))
            {
                if (!Enumerable.Range(0, leftKeys.Count).Any(k => l.Out.Contains(leftKeys[k]) && r.Out.Contains(rightKeys[k])))
                {
                    continue;
                }

                // A side that is filled up with nulls does not say any more where its rows come from.
                IEnumerable<int> fromLeft = kind is JoinKind.Right or JoinKind.Full ? [] : l.Out;
                IEnumerable<int> fromRight = kind is JoinKind.Inner or JoinKind.Right ? r.Out.Select(c => c + width) : [];
                if (Together(l, r, [.. fromLeft, .. fromRight]) is { } both)
                {
                    yield return both;
                }
            }
        }
    }

    // Null when one input would have to be split in two ways.
    private static Split? Together(Split a, Split b, int[] columns)
    {
        foreach (SplitColumn x in a.Inputs)
        {
            if (Array.Exists(b.Inputs, y => y.Id == x.Id && y.Width == x.Width && y.Column != x.Column))
            {
                return null;
            }
        }

        return new Split([.. a.Inputs.Union(b.Inputs)], columns, Math.Max(a.Rank, b.Rank));
    }

    private static IEnumerable<int> Where<T>(IReadOnlyList<T> list, Func<T, bool> fits) => Enumerable.Range(0, list.Count).Where(i => fits(list[i]));

    // Numbers and texts have many values, times come in waves. Types in which equal values may lie differently in memory do not split.
    private static int RankOf(SqlType type) => type.Id switch
    {
        TypeId.BigInt or TypeId.Integer or TypeId.Uuid => 0,
        TypeId.Text or TypeId.SmallInt => 1,
        TypeId.Date or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => 2,
        _ => -1,
    };
}
