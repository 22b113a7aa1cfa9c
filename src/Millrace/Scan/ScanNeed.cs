// What a plan needs of the rows it scans: which columns, which rows, in which order.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Only the last rows by time of each partition can matter: <c>DISTINCT ON (key) … ORDER BY key, time DESC</c>, <c>last(x, time)</c> by key.</summary>
/// <param name="Partition">The partition's columns.</param>
/// <param name="Time">The column whose largest values are wanted.</param>
internal sealed record LastRows(IReadOnlyList<int> Partition, int Time);

/// <summary>
/// What a one-time query needs of an object that only ever grows. It is found by walking down the plan; what is not understood needs everything, in order.
/// </summary>
internal sealed record ScanNeed
{
    /// <summary>By column: whether it is read; null when all are.</summary>
    public bool[]? Columns { get; init; }

    /// <summary>What every row that matters fulfils: the terms of the filter right above the scan.</summary>
    public IReadOnlyList<ScalarExpr> Terms { get; init; } = [];

    /// <summary>True when rows must come in the order in which they arrived.</summary>
    public bool InOrder { get; init; } = true;

    /// <summary>Set when of each partition only its last rows matter.</summary>
    public LastRows? Last { get; init; }

    /// <summary>What <paramref name="plan"/> needs of <paramref name="input"/>.</summary>
    public static ScanNeed Of(PlanNode plan, CatalogObject input)
    {
        var walk = new Walk(input);
        walk.Visit(plan, null, Order.Nice, null);
        return walk.Found ?? new ScanNeed();
    }

    private enum Order
    {
        // No result depends on it.
        Any,
        // Nobody may count on it, but a plain SELECT of a stream should look like the stream.
        Nice,
        // A result depends on it.
        Must,
    }

    private sealed class Walk(CatalogObject input)
    {
        public ScanNeed? Found { get; private set; }

        public void Visit(PlanNode plan, bool[]? needed, Order order, LastRows? last)
        {
            switch (plan)
            {
                case ScanPlan scan:
                    Note(scan, needed, [], order, last);
                    break;
                case FilterPlan { Input: ScanPlan scan } filter:
                    IReadOnlyList<ScalarExpr> terms = filter.Predicate is AndExpr all ? all.Arguments : [filter.Predicate];
                    Note(scan, With(needed, BatchColumns.Used(filter.Predicate)), terms, order == Order.Nice ? Order.Any : order, OnlyOf(last, filter));
                    break;
                case FilterPlan filter:
                    Visit(filter.Input, With(needed, BatchColumns.Used(filter.Predicate)), order, OnlyOf(last, filter));
                    break;
                case TemporalFilterPlan filter:
                    Visit(filter.Input, With(needed, BatchColumns.Used(filter.Predicate)), order, null);
                    break;
                case ProjectPlan project:
                    var read = new bool[project.Input.Columns.Count];
                    for (int i = 0; i < project.Expressions.Count; i++)
                    {
                        if (needed is null || needed[i])
                        {
                            read = With(read, BatchColumns.Used(project.Expressions[i]))!;
                        }
                    }

                    Visit(project.Input, read, order, Through(last, project));
                    break;
                case TimeWindowPlan window:
                    bool[]? below = needed is null ? null : With(needed[..window.Input.Columns.Count], [window.Time]);
                    Visit(window.Input, below, order, null);
                    break;
                case AggregatePlan aggregate:
                    var used = new bool[aggregate.Input.Columns.Count];
                    used = With(used, aggregate.Keys)!;
                    foreach (AggregateCall call in aggregate.Calls)
                    {
                        used = With(used, call.Arguments.Concat(call.OrderBy.Select(k => k.Column)).Concat(call.Filter >= 0 ? [call.Filter] : []))!;
                    }

                    Visit(aggregate.Input, used, aggregate.Calls.All(PartialAggregation.IgnoresOrder) ? Order.Any : Order.Must, LastOf(aggregate));
                    break;
                case TopNPlan { Offset: 0, Limit: 1, Rank: RankKind.RowNumber, WithRank: false, OrderBy: [{ Descending: true } by, ..] } top:
                    Visit(top.Input, null, Order.Any, top.PartitionBy.Count > 0 ? new LastRows(top.PartitionBy, by.Column) : null);
                    break;
                case TopNPlan top:
                    Visit(top.Input, null, Order.Any, null);
                    break;
                case UnionPlan union:
                    foreach (PlanNode source in union.Sources)
                    {
                        Visit(source, needed, order, null);
                    }

                    break;
                case DistinctPlan or SetOpPlan or JoinPlan or EmitOnClosePlan:
                    foreach (PlanNode below1 in plan.Inputs)
                    {
                        Visit(below1, null, order, null);
                    }

                    break;
                default:
                    foreach (PlanNode below2 in plan.Inputs)
                    {
                        Visit(below2, null, Order.Must, null);
                    }

                    break;
            }
        }

        private void Note(ScanPlan scan, bool[]? needed, IReadOnlyList<ScalarExpr> terms, Order order, LastRows? last)
        {
            // A plain view may read fewer columns than the object has today: that is an input of its own.
            if (scan.Object.Id != input.Id || scan.Columns.Count != input.Columns.Count)
            {
                return;
            }

            if (Found is null)
            {
                Found = new ScanNeed { Columns = needed, Terms = terms, InOrder = order != Order.Any, Last = last };
                return;
            }

            // Read in several places by one scan: whatever any of them needs.
            bool[]? columns = Found.Columns is null || needed is null ? null : [.. Found.Columns.Zip(needed, (a, b) => a || b)];
            Found = new ScanNeed { Columns = columns, InOrder = Found.InOrder || order != Order.Any };
        }

        private static bool[]? With(bool[]? needed, IEnumerable<int> more)
        {
            if (needed is null)
            {
                return null;
            }

            bool[] all = [.. needed];
            foreach (int column in more)
            {
                all[column] = true;
            }

            return all;
        }

        // A filter that drops a partition's last row makes another its last, unless it drops all of the partition.
        private static LastRows? OnlyOf(LastRows? last, FilterPlan filter) =>
            last is not null && BatchColumns.Used(filter.Predicate).All(last.Partition.Contains) && Predicates.IsRepeatable(filter.Predicate) ? last : null;

        private static LastRows? Through(LastRows? last, ProjectPlan project)
        {
            if (last is null || project.Expressions[last.Time] is not ColumnExpr time || !last.Partition.All(c => project.Expressions[c] is ColumnExpr))
            {
                return null;
            }

            return new LastRows([.. last.Partition.Select(c => ((ColumnExpr)project.Expressions[c]).Index)], time.Index);
        }

        private static LastRows? LastOf(AggregatePlan aggregate)
        {
            int time = -1;
            foreach (AggregateCall call in aggregate.Calls)
            {
                int own = (AggregateKind)call.Function.Body switch
                {
                    AggregateKind.Last when call.Filter < 0 => call.Arguments[1],
                    AggregateKind.Max when call.Filter < 0 => call.Arguments[0],
                    _ => -1,
                };
                if (own < 0 || (time >= 0 && time != own))
                {
                    return null;
                }

                time = own;
            }

            return time < 0 || aggregate.Keys.Count == 0 ? null : new LastRows(aggregate.Keys, time);
        }
    }
}
