// CREATE, DROP and ALTER SCHEMA.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds statements about schemas. A schema is an object beside the relations, which name it.</summary>
internal sealed class SchemaBinder(BindContext context)
{
    /// <summary>CREATE SCHEMA.</summary>
    public BoundStatement Create(Syntax.CreateSchemaStatement s)
    {
        string name = s.Name.Last;
        if (context.Catalog.HasSchema(name))
        {
            return s.IfNotExists ? new BoundNoOp("CREATE SCHEMA") { Notices = [$"schema \"{name}\" already exists, skipping"] }
                : throw new SqlException("42P06", $"schema \"{name}\" already exists", s.Name.Position, "write IF NOT EXISTS");
        }

        return CatalogSnapshot.IsSystemSchema(name)
            ? throw new SqlException("42939", $"unacceptable schema name \"{name}\"", s.Name.Position, "names that begin with pg_ are the system's")
            : new BoundCreateSchema(new CatalogObject { Id = 0, Name = name, Kind = ObjectKind.Schema, Columns = Schema.Empty, Definition = Syntax.SqlFormatter.Format(s) });
    }

    /// <summary>DROP SCHEMA.</summary>
    public BoundDrop Drop(Syntax.DropStatement s)
    {
        List<CatalogObject> found = [];
        foreach (Syntax.ObjectName name in s.Names)
        {
            if (context.Catalog.Find(ObjectKind.Schema, name.Last) is { } schema)
            {
                found.Add(schema);
            }
            else if (context.Catalog.HasSchema(name.Last))
            {
                throw new SqlException("2BP01", $"cannot drop schema {name.Last} because it is required by the database system", name.Position, "drop what is in it");
            }
            else if (!s.IfExists)
            {
                throw Missing(name);
            }
            else
            {
                context.Notices.Add($"schema \"{name.Last}\" does not exist, skipping");
            }
        }

        return new BoundDrop(ObjectKind.Schema, [.. found.Distinct()], s.Cascade);
    }

    /// <summary>ALTER SCHEMA, of which nothing changes anything: whoever may define, may define everywhere.</summary>
    public BoundNoOp Alter(Syntax.AlterStatement s) => !context.Catalog.HasSchema(s.Name.Last) ? throw Missing(s.Name)
        : s.Actions.All(a => a is Syntax.OwnerToAction) ? new BoundNoOp("ALTER SCHEMA")
        : throw new SqlException("0A000", "a schema cannot be changed", s.Position, "make another one, and move what is in it with ALTER TABLE … SET SCHEMA");

    private SqlException Missing(Syntax.ObjectName name) => new("3F000", $"schema \"{name.Last}\" does not exist", name.Position,
        Suggest.Hint(name.Last, context.Catalog.Beside.Where(o => o.Kind == ObjectKind.Schema).Select(o => o.Name)));
}
