// The whole database at one epoch: what a reader holds, immutable and complete.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>The catalog and all rows as of one epoch. A reader that holds it never sees half a transaction, nor two views that disagree.</summary>
internal sealed class DatabaseSnapshot(long epoch, long timeMicros, CatalogSnapshot catalog, ObjectSnapshot?[] objects, long[] changed, ChunkLoader load)
{
    /// <summary>The epoch in which an object last changed; 0 for one that is not there.</summary>
    public long ChangedAt(int id) => (uint)id < (uint)changed.Length ? changed[id] : 0;

    /// <summary>The last changes by object id, to be carried on.</summary>
    public ReadOnlySpan<long> Changes => changed;

    public long Epoch { get; } = epoch;

    public long TimeMicros { get; } = timeMicros;

    public CatalogSnapshot Catalog { get; } = catalog;

    public ChunkLoader Load { get; } = load;

    /// <summary>By object id; null for ids without rows of their own.</summary>
    public ObjectSnapshot?[] Objects { get; } = objects;

    public ObjectSnapshot Find(int id) =>
        (id < Objects.Length ? Objects[id] : null) ?? throw new SqlException("42P01", $"object {id} does not exist any more");
}
