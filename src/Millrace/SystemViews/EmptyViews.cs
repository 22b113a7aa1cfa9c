// Why a materialized view has no rows: said in words, from what its operators have counted.
using System.Globalization;
using Millrace.Core;
using Millrace.Sql;
using Counted = Millrace.OperatorStatistics;

namespace Millrace.Engine;

/// <summary>A view without rows, and why.</summary>
/// <param name="View">The view.</param>
/// <param name="Reason">What keeps it empty.</param>
/// <param name="Hint">What could be done or looked at; or null.</param>
internal sealed record EmptyView(CatalogObject View, string Reason, string? Hint);

/// <summary>
/// Follows the rows through a view's operators to the first that took some and gave none. The counters are of the time since the view was made or loaded from a checkpoint,
/// and may be of different moments.
/// </summary>
internal sealed class EmptyViews(CatalogSnapshot catalog, DatabaseStatistics statistics, DataflowGraph graph)
{
    private const int DepthMax = 1_000;
    private readonly Dictionary<int, ObjectStatistics> _counters = statistics.Objects.ToDictionary(s => s.Id);
    private readonly ILookup<string, GraphEdge> _into = graph.Edges.ToLookup(e => e.To);

    /// <summary>Every materialized view that has no rows now.</summary>
    public IEnumerable<EmptyView> All() => catalog.All
        .Where(o => o is { Kind: ObjectKind.MaterializedView, SinkInto: 0 } && _counters.GetValueOrDefault(o.Id) is { Rows: 0 }).OrderBy(o => o.Id)
        .Select(o => Explain(o, _counters[o.Id]));

    private EmptyView Explain(CatalogObject view, ObjectStatistics s)
    {
        if (view.Paused is { } paused)
        {
            return new EmptyView(view, $"it is paused: {paused}", "ALTER MATERIALIZED VIEW … RESUME computes it anew");
        }

        if (s.Error is { } error)
        {
            return new EmptyView(view, $"it stands still: {error}", null);
        }

        if (s.ChangesTotal > 0)
        {
            return new EmptyView(view, "it had rows, and all have left again",
                view.AppendOnly ? "its retention has let them go" : "their inputs' rows were changed or deleted, or time has passed them");
        }

        Counted[] operators = [.. graph.Operators.Where(o => o.Object == view.Id)];
        CatalogObject[] inputs = [.. InputsOf("object:" + view.Id)];
        CatalogObject[] silent = [.. inputs.Where(IsSilent)];
        if (s.LateRows > 0 && operators.Where(o => o.RowsIn > 0).Select(o => o.RowsIn).DefaultIfEmpty(s.LateRows).Max() <= s.LateRows)
        {
            return Late(view, s, inputs);
        }

        Counted? stuck = operators.OrderBy(o => Depth(o.Id)).FirstOrDefault(o => o is { RowsIn: > 0, RowsOut: 0 });
        if (stuck is null)
        {
            return silent.Length > 0 ? Silent(view, silent) : new EmptyView(view, "no row has reached it yet", "EXPLAIN ANALYZE MATERIALIZED VIEW shows how far rows have come");
        }

        string rows = string.Create(CultureInfo.InvariantCulture, $"{stuck.RowsIn:N0} {(stuck.RowsIn == 1 ? "row" : "rows")}");
        return stuck.Name switch
        {
            "Filter" => new EmptyView(view, $"none of {rows} has met the condition {stuck.Detail}", "look at a few rows of what it reads: spelling, units and time zones are what is mostly off"),
            "TemporalFilter" => new EmptyView(view, $"none of {rows} is within the time of the condition {stuck.Detail}",
                "the condition compares with now(): are the times of the rows of now, and in UTC?"),
            "EmitOnClose" or "CloseWindows" => Open(view, s, inputs, rows),
            "LateGate" or "SessionGate" when s.LateRows > 0 => Late(view, s, inputs),
            "Tumble" or "Hop" or "Cumulate" or "Session" => new EmptyView(view, $"none of {rows} has a time to be put into a window by: it is null", "look at the event time of what it reads"),
            var name when name.Contains("Join", StringComparison.Ordinal) => Unpaired(view, stuck, rows),
            _ when s.LateRows > 0 => Late(view, s, inputs),
            _ => new EmptyView(
                view, $"{stuck.Name} {stuck.Detail}".TrimEnd() + $" has given nothing for {rows}", "EXPLAIN ANALYZE MATERIALIZED VIEW shows how far rows have come"),
        };
    }

    private EmptyView Silent(CatalogObject view, CatalogObject[] silent)
    {
        CatalogObject first = silent[0];
        string names = string.Join(" and ", silent.Select(o => $"\"{o.Name}\""));
        return first.Kind == ObjectKind.MaterializedView
            ? new EmptyView(view, $"it reads {names}, {(silent.Length == 1 ? "which is empty" : "which are empty")}", "why is said of that view as well")
            : new EmptyView(view, $"no row has come into {names}", $"INSERT INTO, COPY, or POST /v1/streams/{first.Name}");
    }

    private EmptyView Unpaired(CatalogObject view, Counted join, string rows)
    {
        CatalogObject[] missing = [.. _into[join.Id].Where(e => e.Rows == 0).SelectMany(e => Sources(e.From, 0)).Distinct()];
        return missing.Length > 0
            ? new EmptyView(view, $"{rows} came to the join ({join.Detail}), and none from its other side: {string.Join(" and ", missing.Select(o => $"\"{o.Name}\""))}",
                "is that side empty, or does a condition keep its rows out?")
            : new EmptyView(view, $"none of {rows} has found a partner in the join ({join.Detail})", "compare a few keys of both sides: types that look alike, blanks and case are what is mostly off");
    }

    private EmptyView Open(CatalogObject view, ObjectStatistics s, CatalogObject[] inputs, string rows)
    {
        if (Slowest(inputs) is not { } slowest)
        {
            return new EmptyView(view, $"{rows} came, and no window has ended: there is no watermark yet", null);
        }

        string late = s.LateRows > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {s.LateRows:N0} came after their windows had closed") : "";
        return new EmptyView(
            view, $"{rows} came, and no window has ended: the watermark is at {TextOf(s.WatermarkMicros ?? slowest.Watermark)}{late}",
            $"\"{slowest.Object.Name}\" holds it back, at {TextOf(slowest.Watermark)}: a window closes when a row comes that is later than its end by the watermark's delay, "
            + "or when nothing has come for the stream's idle_timeout (10 seconds where nothing is said)");
    }

    private EmptyView Late(CatalogObject view, ObjectStatistics s, CatalogObject[] inputs) => new(
        view,
        string.Create(CultureInfo.InvariantCulture, $"{s.LateRows:N0} {(s.LateRows == 1 ? "row" : "rows")} came after their windows had closed: the watermark is at ")
            + ((s.WatermarkMicros ?? Slowest(inputs)?.Watermark) is { } at ? TextOf(at) : "its end"),
        "one row with a time far ahead moves the watermark past all others: look for the newest event times; a longer delay of the watermark, ALLOW LATENESS or LATE DATA INTO keep late rows");

    private (CatalogObject Object, long Watermark)? Slowest(CatalogObject[] inputs)
    {
        (CatalogObject, long)? slowest = null;
        foreach (CatalogObject o in inputs)
        {
            if (_counters.GetValueOrDefault(o.Id)?.WatermarkMicros is { } watermark && (slowest is null || watermark < slowest.Value.Item2))
            {
                slowest = (o, watermark);
            }
        }

        return slowest;
    }

    private bool IsSilent(CatalogObject o) => _counters.GetValueOrDefault(o.Id) is { } s
        && (o.Kind == ObjectKind.MaterializedView ? s is { Rows: 0, ChangesTotal: 0 } : s is { RowsTotal: 0, Rows: 0 });

    // What feeds a node of the graph, through its operators.
    private IEnumerable<CatalogObject> InputsOf(string node, int depth = 0)
    {
        return depth < DepthMax ? _into[node].SelectMany(e => Sources(e.From, depth)).Distinct() : [];
    }

    private IEnumerable<CatalogObject> Sources(string node, int depth) => !node.StartsWith("object:", StringComparison.Ordinal) ? InputsOf(node, depth + 1)
        : catalog.Find(int.Parse(node.AsSpan("object:".Length), CultureInfo.InvariantCulture)) is { } o ? [o] : [];

    // How many operators rows have passed before: the first that gives nothing is the reason for all behind it.
    private int Depth(string node, int limit = DepthMax) =>
        limit == 0 ? 0 : _into[node].Where(e => !e.From.StartsWith("object:", StringComparison.Ordinal)).Select(e => 1 + Depth(e.From, limit - 1)).DefaultIfEmpty(0).Max();

    private static string TextOf(long micros) => TextFormat.ToText(new FixedColumn<long>(SqlType.TimestampTz, [micros], 1), 0)!;
}
