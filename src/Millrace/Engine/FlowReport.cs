// What the operators of a query have done, put together from the dataflows that compute it, and as a tree of lines.
using System.Globalization;

namespace Millrace.Engine;

/// <summary>Figures of operators, for EXPLAIN ANALYZE and the graph.</summary>
internal static class FlowReport
{
    /// <summary>Operators as an indented tree, the result first; with what they have done when <paramref name="analyze"/>.</summary>
    public static IReadOnlyList<string> Explain(IReadOnlyList<OperatorStatistics> operators, int root, bool analyze)
    {
        var lines = new List<string>();
        Explain(operators, root, 0, analyze, lines, []);
        return lines;
    }

    /// <summary>The figures of a part's operators, summed over its shards.</summary>
    public static IReadOnlyList<OperatorStatistics> Sum(IEnumerable<Dataflow> shards) =>
        shards.Select(s => s.Statistics).Aggregate((all, one) => [.. all.Zip(one, (a, b) => a with
        {
            RowsIn = a.RowsIn + b.RowsIn,
            RowsOut = a.RowsOut + b.RowsOut,
            Nanoseconds = a.Nanoseconds + b.Nanoseconds,
            StateRows = a.StateRows + b.StateRows,
            StateBytes = a.StateBytes + b.StateBytes,
        })]);

    /// <summary>Puts parts in their places: the operators of each, then those of <paramref name="main"/>, which read them; and where the result's is.</summary>
    public static (IReadOnlyList<OperatorStatistics> Operators, int Root) Join(Dataflow main, IReadOnlyList<Shards> parts)
    {
        var joined = new List<OperatorStatistics>();
        IReadOnlyList<OperatorStatistics> own = main.Statistics;
        int[] places = new int[own.Count];
        Array.Fill(places, -1);
        for (int p = 0; p < parts.Count; p++)
        {
            int before = joined.Count;
            joined.AddRange(Sum(parts[p].Flows).Select(o => o with { Id = o.Id + before, Inputs = [.. o.Inputs.Select(i => i + before)] }));
            places[main.IndexOfPart(p)] = before + parts[p].First.RootIndex;
        }

        for (int i = 0; i < own.Count; i++)
        {
            if (places[i] < 0)
            {
                places[i] = joined.Count;
                joined.Add(own[i] with { Id = joined.Count, Inputs = [.. own[i].Inputs.Select(x => places[x])] });
            }
        }

        return (joined, places[main.RootIndex]);
    }

    private static void Explain(IReadOnlyList<OperatorStatistics> all, int at, int depth, bool analyze, List<string> lines, HashSet<int> seen)
    {
        OperatorStatistics node = all[at];
        string line = new string(' ', depth * 2) + (depth > 0 ? "-> " : "") + node.Name + (node.Detail.Length > 0 ? " " + node.Detail : "")
            + (node.Facts.Length > 0 ? $"  [{node.Facts}]" : "");
        if (analyze)
        {
            line += string.Create(
                CultureInfo.InvariantCulture,
                $"  (in {node.RowsIn}, out {node.RowsOut}, {node.Nanoseconds / 1e6:0.000} ms, {node.Nanoseconds / Math.Max(1, node.RowsIn):0} ns a row, ")
                + string.Create(CultureInfo.InvariantCulture, $"state {node.StateRows} rows {node.StateBytes} bytes)");
        }

        bool again = !seen.Add(at);
        lines.Add(line + (again && node.Inputs.Count > 0 ? " (shared, see above)" : ""));
        foreach (int input in again ? [] : node.Inputs)
        {
            Explain(all, input, depth + 1, analyze, lines, seen);
        }
    }
}
