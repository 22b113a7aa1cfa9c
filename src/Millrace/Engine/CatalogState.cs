// The catalog as the engine changes it, and the history of statements that led to it.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>One statement of the catalog's history. Replaying them in order gives the catalog, with every view bound to what its names meant then.</summary>
/// <param name="ObjectId">The object made, if one is.</param>
/// <param name="Statement">Its text.</param>
/// <param name="Sharded">True when a view that it makes is split by keys: false for what was defined before that was done.</param>
internal readonly record struct Definition(int ObjectId, string Statement, bool Sharded);

/// <summary>Objects by id, their history, and the snapshot readers get.</summary>
internal sealed class CatalogState
{
    private readonly SortedDictionary<int, CatalogObject> _objects = [];
    private readonly Dictionary<int, Retention> _retention = [];
    private CatalogSnapshot? _snapshot;
    private long _version;

    /// <summary>Statements that changed the catalog, in order.</summary>
    public List<Definition> History { get; } = [];

    /// <summary>The id the next object gets. Never reused.</summary>
    public int NextId { get; set; } = 1;

    public IEnumerable<CatalogObject> All => _objects.Values;

    public CatalogObject this[int id] => _objects[id];

    public CatalogSnapshot Snapshot() => _snapshot ??= new CatalogSnapshot(_objects.Values.Concat(SystemObjects), _version);

    private static readonly CatalogObject[] SystemObjects = [.. SystemRelations.All.Select(r => r.Object)];

    public void Put(CatalogObject o)
    {
        _retention.Remove(o.Id);
        if (Retention.Of(o.Options) is { } keep && keep != default)
        {
            _retention[o.Id] = keep;
        }

        _objects[o.Id] = o;
        Touch();
    }

    public void Remove(int id)
    {
        _objects.Remove(id);
        _retention.Remove(id);
        Touch();
    }

    /// <summary>How much of an object is kept.</summary>
    public Retention RetentionOf(int id) => _retention.GetValueOrDefault(id);

    /// <summary>Objects that read <paramref name="id"/>, or live in it when it is a schema.</summary>
    public IEnumerable<CatalogObject> DependentsOf(int id) => _objects[id] is { Kind: ObjectKind.Schema, Name: var schema }
        ? _objects.Values.Where(o => o.IsRelation && o.Namespace == schema)
        : _objects.Values.Where(o => o.DependsOn.Contains(id));

    /// <summary>The indexes of an object.</summary>
    public IEnumerable<CatalogObject> IndexesOf(int id) => DependentsOf(id).Where(o => o.Kind == ObjectKind.Index);

    private void Touch()
    {
        _version++;
        _snapshot = null;
    }
}
