// The whole database as plain C# collections at one moment: immutable, so that every moment can be kept.
using System.Collections.Immutable;

namespace Millrace.Sim;

/// <summary>Objects and rows. A change gives a new model.</summary>
internal sealed record Model
{
    internal static readonly Model Empty = new();

    private readonly Dictionary<int, List<object?[]>> _computed = [];

    internal ImmutableSortedDictionary<int, SimObject> Objects { get; init; } = ImmutableSortedDictionary<int, SimObject>.Empty;

    internal ImmutableDictionary<int, ImmutableList<object?[]>> Streams { get; init; } = ImmutableDictionary<int, ImmutableList<object?[]>>.Empty;

    /// <summary>Of each row of a stream the time that retention goes by, or a time before that.</summary>
    internal ImmutableDictionary<int, ImmutableList<long>> Times { get; init; } = ImmutableDictionary<int, ImmutableList<long>>.Empty;

    /// <summary>Rows by the text of their key.</summary>
    internal ImmutableDictionary<int, ImmutableSortedDictionary<string, object?[]>> Tables { get; init; } =
        ImmutableDictionary<int, ImmutableSortedDictionary<string, object?[]>>.Empty;

    internal int NextId { get; init; } = 1;

    /// <summary>Number of the next row of a table without a primary key.</summary>
    internal int NextRow { get; init; } = 1;

    // A copy starts without what was computed of the original.
    private Model(Model other)
    {
        _computed = [];
        Objects = other.Objects;
        Streams = other.Streams;
        Times = other.Times;
        Tables = other.Tables;
        NextId = other.NextId;
        NextRow = other.NextRow;
    }

    private Model()
    {
    }

    internal SimObject? Find(string name) => Objects.Values.FirstOrDefault(o => o.Name == name);

    /// <summary>The rows of any object; a view's are computed from nothing, once a model.</summary>
    internal IReadOnlyList<object?[]> Rows(int id)
    {
        SimObject o = Objects[id];
        switch (o.Kind)
        {
            case SimKind.Stream:
                return Streams[id];
            case SimKind.Table:
                return [.. Tables[id].Values];
            default:
                if (!_computed.TryGetValue(id, out List<object?[]>? rows))
                {
                    _computed.Add(id, rows = o.Query!.Compute(this));
                }

                return rows;
        }
    }

    internal List<string> Text(int id)
    {
        SimObject o = Objects[id];
        var text = Rows(id).Select(r => SimText.Row(r, o.Columns)).ToList();
        if (o.Kind != SimKind.Stream)
        {
            text.Sort(StringComparer.Ordinal);
        }

        return text;
    }

    /// <summary>True when rows have been let go, or may have been, that the query would be run over: the model has all that were ever written.</summary>
    internal bool MayLack(IEnumerable<int> inputs) => inputs.Any(i => Objects.TryGetValue(i, out SimObject? o) && (o.Keeps.Ever || MayLack(o.DependsOn)));

    internal IEnumerable<SimObject> Dependents(int id) => Objects.Values.Where(o => o.DependsOn.Contains(id));
}
