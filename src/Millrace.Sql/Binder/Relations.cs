// Names to catalog objects.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Resolves names of objects.</summary>
internal static class Relations
{
    /// <summary>The object of a name, or null.</summary>
    public static CatalogObject? TryFind(CatalogSnapshot catalog, Syntax.ObjectName name) => catalog.Find(name.Schema, name.Last);

    /// <summary>The stream, table, view or system relation of a name.</summary>
    /// <exception cref="SqlException">42P01: there is none; 42809: it is an index.</exception>
    public static CatalogObject Find(CatalogSnapshot catalog, Syntax.ObjectName name)
    {
        CatalogObject? found = TryFind(catalog, name);
        if (found is null)
        {
            IEnumerable<string> names = catalog.All
                .Where(o => o.Kind != ObjectKind.Index && (name.Schema is null ? o.Namespace == "public" : o.Namespace == name.Schema)).Select(o => o.Name);
            throw new SqlException("42P01", $"relation \"{name.Display}\" does not exist", name.Position, Suggest.Hint(name.Last, names));
        }

        return found.Kind == ObjectKind.Index
            ? throw new SqlException("42809", $"\"{name.Display}\" is an index", name.Position, "name its table")
            : found;
    }
}
