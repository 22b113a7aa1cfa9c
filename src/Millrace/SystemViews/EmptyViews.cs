// Why a materialized view has no rows: said in words, from what its operators have counted.
using System.Globalization;
using Millrace.Sql;
using Counted = Millrace.OperatorStatistics;

namespace Millrace.Engine;

/// <summary>A view without rows, and why.</summary>
/// <param name="View">The view.</param>
/// <param name="Reason">What keeps it empty.</param>
/// <param name="Hint">What could be done or looked at; or null.</param>
internal sealed record EmptyView(CatalogObject View, string Reason, string? Hint);

/// <summary>Follows the rows through a view's operators to the first that took some and gave none.</summary>
internal sealed class EmptyViews(ViewFlow flow)
{
    /// <summary>Where to look for a condition that is not met.</summary>
    public const string LookAtRows = "look at a few rows of what it reads: spelling, units and time zones are what is mostly off";

    /// <summary>Where to look for keys that do not meet.</summary>
    public const string CompareKeys = "compare a few keys of both sides: types that look alike, blanks and case are what is mostly off";

    /// <summary>What makes rows late, and what keeps late ones.</summary>
    public const string WhyLate =
        "one row with a time far ahead moves the watermark past all others: look for the newest event times; a longer delay of the watermark, ALLOW LATENESS or LATE DATA INTO keep late rows";

    /// <summary>Every materialized view that has no rows now.</summary>
    public IEnumerable<EmptyView> All() => flow.Views.Where(v => v.Counted is { Rows: 0 }).Select(v => Explain(v.View, v.Counted));

    /// <summary>Which input holds the watermark back, and when it moves.</summary>
    public static string WhyWaiting((CatalogObject Object, long Watermark) slowest) =>
        $"\"{slowest.Object.Name}\" holds it back, at {ViewFlow.TextOf(slowest.Watermark)}: a window closes when a row comes that is later than its end by the watermark's delay, "
        + "or when nothing has come for the stream's idle_timeout (10 seconds where nothing is said)";

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

        IReadOnlyList<Counted> operators = flow.OperatorsOf(view);
        IReadOnlyList<CatalogObject> inputs = flow.InputsOf(view);
        CatalogObject[] silent = [.. inputs.Where(flow.IsSilent)];
        if (s.LateRows > 0 && operators.Where(o => o.RowsIn > 0).Select(o => o.RowsIn).DefaultIfEmpty(s.LateRows).Max() <= s.LateRows)
        {
            return Late(view, s, inputs);
        }

        Counted? stuck = operators.FirstOrDefault(o => o is { RowsIn: > 0, RowsOut: 0 });
        if (stuck is null)
        {
            return silent.Length > 0 ? Silent(view, silent) : new EmptyView(view, "no row has reached it yet", "EXPLAIN ANALYZE MATERIALIZED VIEW shows how far rows have come");
        }

        string rows = ViewFlow.Rows(stuck.RowsIn);
        return stuck.Name switch
        {
            "Filter" => new EmptyView(view, $"none of {rows} has met the condition {stuck.Detail}", LookAtRows),
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

    private static EmptyView Silent(CatalogObject view, CatalogObject[] silent)
    {
        CatalogObject first = silent[0];
        string names = string.Join(" and ", silent.Select(o => $"\"{o.Name}\""));
        return first.Kind == ObjectKind.MaterializedView
            ? new EmptyView(view, $"it reads {names}, {(silent.Length == 1 ? "which is empty" : "which are empty")}", "why is said of that view as well")
            : new EmptyView(view, $"no row has come into {names}", $"INSERT INTO, COPY, or POST /v1/streams/{first.Name}");
    }

    private EmptyView Unpaired(CatalogObject view, Counted join, string rows)
    {
        CatalogObject[] missing = [.. flow.Into(join).Where(i => flow.IsDry(i.Edge)).SelectMany(i => i.Sources).Distinct()];
        return missing.Length > 0
            ? new EmptyView(view, $"{rows} came to the join ({ViewFlow.ConditionOf(join)}), and none from its other side: {string.Join(" and ", missing.Select(o => $"\"{o.Name}\""))}",
                "is that side empty, or does a condition keep its rows out?")
            : new EmptyView(view, $"none of {rows} has found a partner in the join ({ViewFlow.ConditionOf(join)})", CompareKeys);
    }

    private EmptyView Open(CatalogObject view, ObjectStatistics s, IReadOnlyList<CatalogObject> inputs, string rows)
    {
        if (flow.Slowest(inputs) is not { } slowest)
        {
            return new EmptyView(view, $"{rows} came, and no window has ended: there is no watermark yet", null);
        }

        string late = s.LateRows > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {s.LateRows:N0} came after their windows had closed") : "";
        return new EmptyView(view, $"{rows} came, and no window has ended: the watermark is at {ViewFlow.TextOf(s.WatermarkMicros ?? slowest.Watermark)}{late}", WhyWaiting(slowest));
    }

    private EmptyView Late(CatalogObject view, ObjectStatistics s, IReadOnlyList<CatalogObject> inputs) => new(
        view,
        $"{ViewFlow.Rows(s.LateRows)} came after their windows had closed: the watermark is at "
            + ((s.WatermarkMicros ?? flow.Slowest(inputs)?.Watermark) is { } at ? ViewFlow.TextOf(at) : "its end"),
        WhyLate);
}
