// The columns that name a series: rows of one series lie together in segments.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Finds the key columns of an object that only ever grows.</summary>
internal static class SeriesKey
{
    /// <summary>The option <c>key</c>, in its order; without it a view's key without its event time.</summary>
    public static IReadOnlyList<int> Of(CatalogObject o) => o.Options.ContainsKey("key")
        ? o.SeriesKey
        : [.. o.PrimaryKey.Where(c => c != o.EventTime && !o.Columns[c].Type.IsTimestamp)];
}
