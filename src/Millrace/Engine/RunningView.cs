// EXPLAIN ANALYZE MATERIALIZED VIEW: the operators of a view that runs, with what they have done since they were made or loaded.
using System.Globalization;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Describes a running view. Runs on the engine's thread, so that all figures are of one epoch.</summary>
internal static class RunningView
{
    /// <summary>Operators as an indented tree, then progress and state of the whole.</summary>
    /// <exception cref="SqlException">42809: it is no materialized view.</exception>
    public static IReadOnlyList<string> Explain(DatabaseEngine engine, CatalogObject view, bool analyze)
    {
        if (engine.Objects.FirstOrDefault(o => o.Id == view.Id) is not ViewState state)
        {
            throw new SqlException("42809", $"\"{view.Name}\" is not a materialized view", hint: "EXPLAIN takes a SELECT, too");
        }

        (IReadOnlyList<OperatorStatistics> operators, int root) = state.Feed.Statistics;
        var lines = new List<string>(FlowReport.Explain(operators, root, analyze));
        if (!analyze)
        {
            return lines;
        }

        lines.Add(string.Create(CultureInfo.InvariantCulture, $"State: {state.Feed.StateRows} rows, {state.Feed.StateBytes} bytes"));
        if (state.Watermark is > long.MinValue and < long.MaxValue)
        {
            double behind = Math.Max(0, engine.Current.TimeMicros - state.Watermark) / 1e6;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"Watermark: {TextOf(state.Watermark)}, {behind:0.###} s behind the last commit"));
        }

        lines.Add(string.Create(CultureInfo.InvariantCulture, $"Late rows: {state.LateRows}"));
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"Time: {operators.Sum(o => o.Nanoseconds) / 1e6:0.###} ms"));
        if (state.Still is { } still)
        {
            lines.Add("Stands still: " + still.Message);
        }

        return lines;
    }

    private static string TextOf(long micros) => TextFormat.ToText(new FixedColumn<long>(SqlType.TimestampTz, [micros], 1), 0)!;
}
