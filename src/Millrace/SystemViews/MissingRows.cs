// Rows that came to a materialized view and are not in its answer: how many, where they stayed, and why; for views that have rows as for those that have none.
using Millrace.Sql;
using Counted = Millrace.OperatorStatistics;

namespace Millrace.Engine;

/// <summary>Rows that have not reached a view's answer.</summary>
/// <param name="View">The view.</param>
/// <param name="Operator">The operator they came to; null where all of the view's are counted together.</param>
/// <param name="Rows">How many; for joins at least so many.</param>
/// <param name="Of">Of how many that came there; null where that is not known.</param>
/// <param name="Reason">Why.</param>
/// <param name="Hint">What could be looked at; null where it may well be meant so.</param>
internal sealed record MissingRow(CatalogObject View, string? Operator, long Rows, long? Of, string Reason, string? Hint);

/// <summary>
/// Reads the counters of a view's operators in the order in which rows come to them. A row that is taken back and one that is given anew count as two, as everywhere in these
/// counters.
/// What an aggregate or a top-N makes of many rows is not missing.
/// </summary>
internal sealed class MissingRows(ViewFlow flow)
{
    /// <summary>Everything that is missing anywhere, by view and in the order in which rows come by.</summary>
    public IEnumerable<MissingRow> All() => flow.Views.Where(v => v.View.Paused is null && v.Counted.Error is null).SelectMany(v => Of(v.View, v.Counted));

    private IEnumerable<MissingRow> Of(CatalogObject view, ObjectStatistics s)
    {
        IReadOnlyList<Counted> operators = flow.OperatorsOf(view);
        if (s.LateRows > 0)
        {
            bool windows = operators.Any(o => o.Name is "EmitOnClose" or "CloseWindows" or "LateGate" or "SessionGate" or "SessionAggregate");
            string when = windows ? "after their windows had closed" : "when the rows they may have met were let go";
            string watermark = s.WatermarkMicros is { } at ? $": the watermark is at {ViewFlow.TextOf(at)}" : "";
            yield return new MissingRow(view, null, s.LateRows, null, $"{ViewFlow.Rows(s.LateRows)} came {when}{watermark}", EmptyViews.WhyLate);
        }

        foreach (MissingRow missing in operators.Where(o => o.RowsIn > 0).SelectMany(o => At(view, s, o)))
        {
            yield return missing;
        }
    }

    private IEnumerable<MissingRow> At(CatalogObject view, ObjectStatistics s, Counted o)
    {
        long lost = o.RowsIn - o.RowsOut;
        switch (o.Name)
        {
            case "Filter" when lost > 0:
                yield return Missing(lost, o.RowsIn, $"not met the condition {o.Detail}", o.RowsOut == 0 && s.Rows == 0 ? EmptyViews.LookAtRows : null);
                break;
            case "TemporalFilter" when o.RowsOut == 0:
                yield return Missing(lost, o.RowsIn, $"not been within the time of the condition {o.Detail}", "the condition compares with now(): are the times of the rows of now, and in UTC?");
                break;
            case "Tumble" when lost > 0:
                yield return Missing(lost, o.RowsIn, "no time to be put into a window by: it is null", "look at the event time of what it reads");
                break;
            case "EmitOnClose" when o.StateRows > 0:
                yield return Waiting(view, s, o);
                break;
            default:
                foreach (MissingRow missing in Unpaired(view, o))
                {
                    yield return missing;
                }

                break;
        }

        MissingRow Missing(long rows, long of, string what, string? hint) => new(view, o.Id, rows, of, $"{ViewFlow.Rows(rows, of)} {(rows == 1 ? "has" : "have")} {what}", hint);
    }

    private MissingRow Waiting(CatalogObject view, ObjectStatistics s, Counted o)
    {
        string reason = $"{ViewFlow.Rows(o.StateRows)} of the answer {(o.StateRows == 1 ? "waits" : "wait")} for the end of {(o.StateRows == 1 ? "its window" : "their windows")}";
        return flow.Slowest(flow.InputsOf(view)) is { } slowest
            ? new MissingRow(view, o.Id, o.StateRows, null, $"{reason}: the watermark is at {ViewFlow.TextOf(s.WatermarkMicros ?? slowest.Watermark)}", EmptyViews.WhyWaiting(slowest))
            : new MissingRow(view, o.Id, o.StateRows, null, reason, null);
    }

    // A row with a partner makes a row of the answer, or more: so many rows of a side as it has more than the answer have none. A side without any row leaves all others without.
    private IEnumerable<MissingRow> Unpaired(CatalogObject view, Counted o)
    {
        if (!o.Name.Contains("Join", StringComparison.Ordinal))
        {
            yield break;
        }

        bool inner = o.Name is "InnerJoin" or "HashJoin Inner" or "TemporalJoin" or "AsOfJoin";
        (GraphEdge Edge, IReadOnlyList<CatalogObject> Sources)[] sides = [.. flow.Into(o)];
        string[] silent = [.. sides.Where(side => flow.IsDry(side.Edge)).SelectMany(side => side.Sources).Select(source => $"\"{source.Name}\"").Distinct()];
        foreach ((GraphEdge edge, IReadOnlyList<CatalogObject> sources) in sides.Where(side => side.Edge.Rows > 0))
        {
            string from = string.Join(" and ", sources.Select(source => $"\"{source.Name}\""));
            if (silent.Length > 0)
            {
                yield return new MissingRow(view, o.Id, edge.Rows, edge.Rows,
                    $"{ViewFlow.Rows(edge.Rows)} of {from} came to the join ({ViewFlow.ConditionOf(o)}), and none from its other side: {string.Join(" and ", silent)}",
                    "is that side empty, or does a condition keep its rows out?");
            }
            else if (inner && edge.Rows > o.RowsOut && sources.All(source => source.AppendOnly))
            {
                // Of tables it is nothing to wonder at: not every customer buys.
                long least = edge.Rows - o.RowsOut;
                string rows = $"{(o.RowsOut == 0 ? "" : "at least ")}{ViewFlow.Rows(least, edge.Rows)} of {from}";
                yield return new MissingRow(view, o.Id, least, edge.Rows, $"{rows} {(least == 1 ? "has" : "have")} found no partner in the join ({ViewFlow.ConditionOf(o)})", EmptyViews.CompareKeys);
            }
        }
    }
}
