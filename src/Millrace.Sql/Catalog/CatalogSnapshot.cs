// The catalog at one moment, and how names are looked up in it.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>The catalog at one moment: immutable, so that a binder sees one state.</summary>
public sealed class CatalogSnapshot
{
    private const string Public = "public";
    private static readonly string[] DefaultPath = [Public];

    private readonly Dictionary<(string, string), CatalogObject> _byName = [];
    private readonly Dictionary<int, CatalogObject> _byId = [];
    private readonly Dictionary<(ObjectKind, string), CatalogObject> _beside = [];
    private readonly Dictionary<int, CatalogObject> _besideById = [];

    /// <summary>Takes the given objects.</summary>
    public CatalogSnapshot(IEnumerable<CatalogObject> objects, long version = 0)
    {
        Version = version;
        foreach (CatalogObject o in objects)
        {
            if (!o.IsRelation)
            {
                _beside.Add((o.Kind, o.Name), o);
                _besideById.Add(o.Id, o);
                HasUsers |= o.Kind == ObjectKind.User;
                HasSchemas |= o.Kind == ObjectKind.Schema;
                continue;
            }

            _byName.Add((o.Namespace, o.Name), o);
            _byId.Add(o.Id, o);
        }
    }

    private CatalogSnapshot(CatalogSnapshot other, IReadOnlyList<string> path)
    {
        (_byName, _byId, _beside, _besideById) = (other._byName, other._byId, other._beside, other._besideById);
        (Version, HasUsers, HasSchemas) = (other.Version, other.HasUsers, other.HasSchemas);
        Path = path;
        PathKey = string.Join('\0', path) + "\0";
    }

    /// <summary>Grows with every DDL statement.</summary>
    public long Version { get; }

    /// <summary>True once there are users: from then on whoever comes from outside has to say who he is.</summary>
    public bool HasUsers { get; }

    /// <summary>True once somebody has made a schema.</summary>
    public bool HasSchemas { get; }

    /// <summary>The schemas in which a name without one is looked up, in order; new objects go to the first.</summary>
    public IReadOnlyList<string> Path { get; } = DefaultPath;

    /// <summary>The path as one text; empty where it is public alone.</summary>
    public string PathKey { get; } = "";

    /// <summary>The same state with names looked up along another path.</summary>
    /// <param name="path">Schemas that are there.</param>
    public CatalogSnapshot WithPath(IReadOnlyList<string> path) => path.SequenceEqual(Path) ? this : path is [Public] ? new CatalogSnapshot(this) : new CatalogSnapshot(this, path);

    private CatalogSnapshot(CatalogSnapshot other)
        : this(other, DefaultPath) => PathKey = "";

    /// <summary>All relations and indexes.</summary>
    public IReadOnlyCollection<CatalogObject> All => _byId.Values;

    /// <summary>What is not a relation: endpoints, users, tokens, alerts. Each kind has names of its own, so an endpoint may be called like the view it publishes.</summary>
    public IReadOnlyCollection<CatalogObject> Beside => _beside.Values;

    /// <summary>Finds what is not a relation.</summary>
    public CatalogObject? Find(ObjectKind kind, string name) => _beside.GetValueOrDefault((kind, name));

    /// <summary>Finds by name; without a namespace temporary tables are searched, the path, then pg_catalog, millrace and rw_catalog.</summary>
    public CatalogObject? Find(string? ns, string name)
    {
        if (ns is not null)
        {
            return _byName.GetValueOrDefault((ns, name));
        }

        CatalogObject? found = _byName.GetValueOrDefault((Public, name));
        if (PathKey.Length > 0 && found is not { Temporary: true })
        {
            found = null;
            for (int i = 0; i < Path.Count && found is null; i++)
            {
                found = _byName.GetValueOrDefault((Path[i], name));
            }
        }

        return found ?? _byName.GetValueOrDefault(("pg_catalog", name)) ?? _byName.GetValueOrDefault(("millrace", name)) ?? _byName.GetValueOrDefault(("rw_catalog", name));
    }

    /// <summary>Finds by identity.</summary>
    public CatalogObject? Find(int id) => _byId.GetValueOrDefault(id) ?? _besideById.GetValueOrDefault(id);

    /// <summary>Finds by a name as programs write it: bare, or with its schema and a dot before it (<see cref="CatalogObject.FullName"/>).</summary>
    public CatalogObject? FindNamed(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return Find(null, name) ?? (dot > 0 ? Find(name[..dot], name[(dot + 1)..]) : null);
    }

    /// <summary>True for the schemas that are always there and that no user's object goes to.</summary>
    public static bool IsSystemSchema(string name) => name is "information_schema" or "millrace" or "rw_catalog" || name.StartsWith("pg_", StringComparison.Ordinal);

    /// <summary>True when there is a schema of that name, the built-in ones among them.</summary>
    public bool HasSchema(string name) => name is Public or "pg_catalog" or "information_schema" or "millrace" or "rw_catalog" || Find(ObjectKind.Schema, name) is not null;
}
