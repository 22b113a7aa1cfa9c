// How rows come to a materialized view: its operators, what feeds them, and what both have counted.
using System.Globalization;
using Millrace.Core;
using Millrace.Sql;
using Counted = Millrace.OperatorStatistics;

namespace Millrace.Engine;

/// <summary>The counters are of the time since a view was made or loaded from a checkpoint, and may be of different moments.</summary>
internal sealed class ViewFlow(CatalogSnapshot catalog, DatabaseStatistics statistics, DataflowGraph graph)
{
    private const int DepthMax = 1_000;
    private readonly Dictionary<int, ObjectStatistics> _counters = statistics.Objects.ToDictionary(s => s.Id);
    private readonly ILookup<string, GraphEdge> _into = graph.Edges.ToLookup(e => e.To);
    private readonly ILookup<int, Counted> _operators = graph.Operators.ToLookup(o => o.Object);

    /// <summary>Every materialized view with its counters, in the order they were made.</summary>
    public IEnumerable<(CatalogObject View, ObjectStatistics Counted)> Views =>
        from o in catalog.All
        where o is { Kind: ObjectKind.MaterializedView, SinkInto: 0 } && _counters.ContainsKey(o.Id)
        orderby o.Id
        select (o, _counters[o.Id]);

    /// <summary>A view's operators, those that rows come to first first.</summary>
    public IReadOnlyList<Counted> OperatorsOf(CatalogObject view) => [.. _operators[view.Id].OrderBy(o => Depth(o.Id))];

    /// <summary>What a view reads.</summary>
    public IReadOnlyList<CatalogObject> InputsOf(CatalogObject view) => [.. InputsOf("object:" + view.Id)];

    /// <summary>The edges into an operator, each with what its rows come from in the end.</summary>
    public IEnumerable<(GraphEdge Edge, IReadOnlyList<CatalogObject> Sources)> Into(Counted o) => _into[o.Id].Select(e => (e, (IReadOnlyList<CatalogObject>)[.. Sources(e.From, 0).Distinct()]));

    /// <summary>True for what no row has come into yet.</summary>
    public bool IsSilent(CatalogObject o) => _counters.GetValueOrDefault(o.Id) is { } s
        && (o.Kind == ObjectKind.MaterializedView ? s is { Rows: 0, ChangesTotal: 0 } : s is { RowsTotal: 0, Rows: 0 });

    /// <summary>
    /// True where it is known that nothing has come over an edge: there is nothing behind it, or rows came on the way and were kept out. What was there before the view was loaded is not in the
    /// counters, so that a count of none alone says nothing.
    /// </summary>
    public bool IsDry(GraphEdge edge) => edge.Rows == 0 && (Sources(edge.From, 0).All(IsSilent) || HasSeenRows(edge.From, 0));

    /// <summary>The condition of a join, without how long it keeps its rows.</summary>
    public static string ConditionOf(Counted join)
    {
        int end = join.Detail.IndexOf(" left until ", StringComparison.Ordinal);
        end = end >= 0 ? end : join.Detail.IndexOf(" right until ", StringComparison.Ordinal);
        return (end >= 0 ? join.Detail[..end] : join.Detail).Trim();
    }

    /// <summary>Which of these holds the others' watermark back, and where it stands.</summary>
    public (CatalogObject Object, long Watermark)? Slowest(IReadOnlyList<CatalogObject> inputs)
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

    /// <summary>A number of rows as words.</summary>
    public static string Rows(long n) => string.Create(CultureInfo.InvariantCulture, $"{n:N0} {(n == 1 ? "row" : "rows")}");

    /// <summary>A number of some number of rows as words.</summary>
    public static string Rows(long n, long of) => n == of ? Rows(n) : string.Create(CultureInfo.InvariantCulture, $"{n:N0} of {Rows(of)}");

    /// <summary>A time (µs) as SQL shows it.</summary>
    public static string TextOf(long micros) => TextFormat.ToText(new FixedColumn<long>(SqlType.TimestampTz, [micros], 1), 0)!;

    // What feeds a node of the graph, through its operators.
    private IEnumerable<CatalogObject> InputsOf(string node, int depth = 0) => depth < DepthMax ? _into[node].SelectMany(e => Sources(e.From, depth)).Distinct() : [];

    private IEnumerable<CatalogObject> Sources(string node, int depth) => !node.StartsWith("object:", StringComparison.Ordinal) ? InputsOf(node, depth + 1)
        : catalog.Find(int.Parse(node.AsSpan("object:".Length), CultureInfo.InvariantCulture)) is { } o ? [o] : [];

    private bool HasSeenRows(string node, int depth) => depth < DepthMax && _into[node].Any(e => e.Rows > 0 || HasSeenRows(e.From, depth + 1));

    // How many operators rows have passed before: the first that gives nothing is the reason for all behind it.
    private int Depth(string node, int limit = DepthMax) =>
        limit == 0 ? 0 : _into[node].Where(e => !e.From.StartsWith("object:", StringComparison.Ordinal)).Select(e => 1 + Depth(e.From, limit - 1)).DefaultIfEmpty(0).Max();
}
