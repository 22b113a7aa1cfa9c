// The dataflow graph with its counters, for the dashboard and EXPLAIN.
using Graphed = Millrace.OperatorStatistics;

namespace Millrace.Engine;

/// <summary>Gathers operators and edges of all views. Runs on the engine's thread.</summary>
internal static class GraphReport
{
    public static DataflowGraph Make(DatabaseEngine engine)
    {
        var operators = new List<Graphed>();
        var edges = new List<GraphEdge>();
        foreach (ObjectState o in engine.Objects)
        {
            if (o is ViewState view)
            {
                Add(o.Id, view.Feed, operators, edges);
                if (o.Definition.SinkInto is > 0 and var into)
                {
                    edges.Add(new GraphEdge($"object:{o.Id}", $"object:{into}", o.ChangesTotal));
                }
            }
            else if (o is IndexState)
            {
                edges.Add(new GraphEdge($"object:{o.Definition.DependsOn[0]}", $"object:{o.Id}", o.RowsTotal));
            }
        }

        return new DataflowGraph(operators, edges);
    }

    // Scans are not operators of their own in the graph: an edge comes from the object scanned.
    private static void Add(int view, QueryFeed feed, List<Graphed> operators, List<GraphEdge> edges)
    {
        (IReadOnlyList<OperatorStatistics> nodes, int at) = feed.Statistics;
        string NameOf(OperatorStatistics node) => node.Name == Dataflow.ScanName && node.Inputs.Count == 0
            ? "object:" + feed.Inputs.First(i => i.FullName == node.Detail).Id
            : $"{view}.{node.Id}";
        foreach (OperatorStatistics node in nodes)
        {
            if (!NameOf(node).StartsWith("object:", StringComparison.Ordinal))
            {
                operators.Add(new Graphed(
                    NameOf(node), view, node.Name, node.Detail, node.RowsIn, node.RowsOut, node.StateRows, node.StateBytes, node.Nanoseconds));
            }

            foreach (int input in node.Inputs)
            {
                edges.Add(new GraphEdge(NameOf(nodes[input]), NameOf(node), nodes[input].RowsOut));
            }
        }

        OperatorStatistics root = nodes[at];
        edges.Add(new GraphEdge(NameOf(root), $"object:{view}", root.RowsOut));
    }
}
