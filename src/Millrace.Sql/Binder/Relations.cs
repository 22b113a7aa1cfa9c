// Names to catalog objects.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Resolves names of objects.</summary>
internal static class Relations
{
    /// <summary>The object of a name, or null.</summary>
    public static CatalogObject? TryFind(BindContext context, Syntax.ObjectName name)
    {
        CatalogObject? found = context.Catalog.Find(name.Schema, name.Last);
        if (found is not null && name.Schema is null)
        {
            context.Qualify(name, found.Namespace);
        }

        return found;
    }

    /// <summary>The stream, table, view or system relation of a name.</summary>
    /// <exception cref="SqlException">42P01: there is none; 42809: it is an index.</exception>
    public static CatalogObject Find(BindContext context, Syntax.ObjectName name)
    {
        CatalogObject? found = TryFind(context, name);
        if (found is null)
        {
            IEnumerable<string> names = context.Catalog.All
                .Where(o => o.Kind != ObjectKind.Index && (name.Schema is null ? context.Catalog.Path.Contains(o.Namespace) : o.Namespace == name.Schema)).Select(o => o.Name);
            throw new SqlException("42P01", $"relation \"{name.Display}\" does not exist", name.Position, Suggest.Hint(name.Last, names) ?? Elsewhere(context, name));
        }

        return found.Kind == ObjectKind.Index
            ? throw new SqlException("42809", $"\"{name.Display}\" is an index", name.Position, "name its table")
            : found;
    }

    private static string? Elsewhere(BindContext context, Syntax.ObjectName name) => name.Schema is null
        && context.Catalog.All.FirstOrDefault(o => o.Name == name.Last && !CatalogSnapshot.IsSystemSchema(o.Namespace) && o.Kind != ObjectKind.Index) is { } other
            ? $"there is \"{other.Namespace}.{other.Name}\": name the schema, or SET search_path" : null;

    /// <summary>The schema in which an object of a new name is made.</summary>
    /// <exception cref="SqlException">3F000: there is no such schema; 42501: it is the system's.</exception>
    public static string SchemaFor(BindContext context, Syntax.ObjectName name)
    {
        string? schema = name.Schema ?? context.Catalog.Path.FirstOrDefault(s => !CatalogSnapshot.IsSystemSchema(s));
        if (schema is null)
        {
            throw new SqlException("3F000", "no schema has been selected to create in", name.Position, "SET search_path TO public");
        }

        if (!context.Catalog.HasSchema(schema))
        {
            throw new SqlException("3F000", $"schema \"{schema}\" does not exist", name.Position, "CREATE SCHEMA makes one");
        }

        if (CatalogSnapshot.IsSystemSchema(schema))
        {
            throw new SqlException("42501", $"permission denied for schema {schema}", name.Position, "it is the system's own");
        }

        if (name.Schema is null)
        {
            context.Qualify(name, schema);
        }

        return schema;
    }

    /// <summary>Checks that a name may be given to a new object; true when it is taken and that is allowed.</summary>
    /// <param name="context">The statement's.</param>
    /// <param name="name">The name.</param>
    /// <param name="allowed">True when it may be taken.</param>
    /// <param name="schema">The schema that the object goes to.</param>
    /// <exception cref="SqlException">42P07: it is taken; 3F000: there is no such schema.</exception>
    public static bool CheckNew(BindContext context, Syntax.ObjectName name, bool allowed, out string schema)
    {
        schema = SchemaFor(context, name);
        return CheckNew(context, schema, name, allowed);
    }

    /// <summary>Checks a new name in a schema that is known.</summary>
    public static bool CheckNew(BindContext context, string schema, Syntax.ObjectName name, bool allowed)
    {
        bool exists = context.Catalog.Find(schema, name.Last) is not null;
        return exists && !allowed ? throw new SqlException("42P07", $"relation \"{name.Last}\" already exists", name.Position, "drop it first, or write IF NOT EXISTS") : exists;
    }
}
