// Endpoints by name, each bound once for a state of the catalog.
using System.Collections.Concurrent;
using Millrace.Sql;

namespace Millrace.Published;

/// <summary>Keeps endpoints bound until the catalog changes.</summary>
internal sealed class PublishedQueries(Database database)
{
    private volatile Bound _bound = new(-1);

    /// <summary>The endpoint of a name; null when there is none.</summary>
    /// <exception cref="Core.SqlException">It cannot be bound any more.</exception>
    public PublishedQuery? Find(string name)
    {
        CatalogSnapshot catalog = database.Catalog;
        Bound bound = _bound;
        if (bound.Version != catalog.Version)
        {
            _bound = bound = new Bound(catalog.Version);
        }

        if (bound.Queries.TryGetValue(name, out PublishedQuery? query))
        {
            return query;
        }

        return catalog.Find(ObjectKind.Endpoint, name) is { } definition
            ? bound.Queries.GetOrAdd(name, _ => new PublishedQuery(database, catalog, definition))
            : null;
    }

    private sealed class Bound(long version)
    {
        public long Version { get; } = version;

        public ConcurrentDictionary<string, PublishedQuery> Queries { get; } = new(StringComparer.Ordinal);
    }
}
