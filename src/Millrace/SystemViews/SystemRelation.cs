// Relations that the system computes when asked: pg_catalog, information_schema, millrace.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>What a system relation may look at.</summary>
/// <param name="Catalog">The catalog as of the statement's epoch.</param>
/// <param name="Database">Counters.</param>
/// <param name="Session">Settings.</param>
internal sealed record SystemContext(CatalogSnapshot Catalog, Database Database, Session Session)
{
    /// <summary>The functions.</summary>
    public FunctionCatalog Functions { get; init; } = new();

    /// <summary>Who owns everything.</summary>
    public const string Owner = "millrace";

    /// <summary>Who asks.</summary>
    public string User => Session.User ?? Owner;

    /// <summary>The name of the one database.</summary>
    public string DatabaseName { get; init; } = "millrace";

    /// <summary>What can be read by name: users' objects and system relations alike, those of users first.</summary>
    public IEnumerable<CatalogObject> Objects =>
        Catalog.All.Where(o => o.Kind != ObjectKind.System && o.SinkInto == 0).OrderBy(o => o.Id).Concat(SystemRelations.All.Select(r => r.Object));

    /// <summary>The object behind an oid of pg_class; null when there is none, and for the indexes of primary keys.</summary>
    public CatalogObject? ByOid(int oid) => oid >= Oids.FirstUser && oid < Oids.FirstDefault
        ? Catalog.Find(oid - Oids.FirstUser) is { IsRelation: true } o ? o : null
        : SystemRelations.ByOid(oid);

    /// <summary>Finds an object by its name as SQL writes it: folded, or quoted, with or without a schema.</summary>
    public CatalogObject? ByName(string text)
    {
        IReadOnlyList<string> parts = SqlNames.Split(text);
        string? schema = parts.Count > 1 ? parts[^2] : null;
        return Catalog.Find(schema, parts[^1]) ?? SystemRelations.All.Select(r => r.Object).FirstOrDefault(o =>
            o.Name == parts[^1] && (schema is null ? o.Namespace != "information_schema" : o.Namespace == schema));
    }
}

/// <summary>A read-only relation computed from the system's own state.</summary>
/// <param name="Object">Its catalog entry: kind System, a negative id.</param>
/// <param name="Rows">All its rows.</param>
internal sealed record SystemRelation(CatalogObject Object, Func<SystemContext, Batch> Rows);
