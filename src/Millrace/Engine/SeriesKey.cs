// The columns that name a series: rows of one series lie together in segments.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Finds the key columns of an object that only ever grows.</summary>
internal static class SeriesKey
{
    /// <summary>A stream's option <c>key</c>, in its order; a view's key without its event time.</summary>
    public static IReadOnlyList<int> Of(CatalogObject o)
    {
        if (!o.Options.TryGetValue("key", out string? names))
        {
            return [.. o.PrimaryKey.Where(c => c != o.EventTime && !o.Columns[c].Type.IsTimestamp)];
        }

        var key = new List<int>();
        foreach (string name in names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            for (int c = 0; c < o.Columns.Count; c++)
            {
                if (o.Columns[c].Name == name && c != o.EventTime && !key.Contains(c))
                {
                    key.Add(c);
                }
            }
        }

        return key;
    }
}
