// rw_catalog: the objects under the names and numbers by which RisingWave's catalog tells them.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows of the schema rw_catalog. Streams are its append-only tables; numbers are those of pg_class.</summary>
internal static class RisingWaveRows
{
    /// <summary>rw_databases.</summary>
    public static void Databases(SystemContext context, RelationRows rows) => rows.Add(("id", Oids.Database), ("name", context.DatabaseName), ("owner", Oids.Role));

    /// <summary>rw_schemas.</summary>
    public static void Schemas(SystemContext context, RelationRows rows)
    {
        foreach (string name in ServerRows.SchemaNames(context))
        {
            rows.Add(("id", Oids.OfSchema(name)), ("name", name), ("owner", Oids.Role));
        }
    }

    /// <summary>rw_users.</summary>
    public static void Users(SystemContext context, RelationRows rows)
    {
        foreach ((string name, bool super, bool login, int oid) in AccessRows.Roles(context))
        {
            rows.Add(("id", oid), ("name", name), ("is_super", super), ("create_db", super), ("create_user", super), ("can_login", login));
        }
    }

    /// <summary>rw_relations.</summary>
    public static void Relations(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            rows.Add(("schema_id", Oids.OfSchema(o.Namespace)), ("id", Oids.Of(o)), ("name", o.Name), ("relation_type", TypeOf(o)), ("owner", Oids.Role), ("definition", Definition(o)));
        }
    }

    /// <summary>rw_tables.</summary>
    public static void Tables(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Of(context, "table"))
        {
            rows.Add(
                ("id", Oids.Of(o)), ("name", o.Name), ("schema_id", Oids.OfSchema(o.Namespace)), ("owner", Oids.Role), ("definition", o.Definition), ("append_only", o.AppendOnly));
        }
    }

    /// <summary>rw_materialized_views.</summary>
    public static void MaterializedViews(SystemContext context, RelationRows rows) => Named(context, rows, "materialized view");

    /// <summary>rw_views.</summary>
    public static void Views(SystemContext context, RelationRows rows) => Named(context, rows, "view");

    /// <summary>rw_subscriptions.</summary>
    public static void Subscriptions(SystemContext context, RelationRows rows) => Named(context, rows, "subscription");

    /// <summary>rw_sinks.</summary>
    public static void Sinks(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.SinkInto > 0).OrderBy(o => o.Id))
        {
            rows.Add(
                ("id", Oids.Of(o)), ("name", o.Name), ("schema_id", Oids.OfSchema(o.Namespace)), ("owner", Oids.Role), ("connector", "table"),
                ("sink_type", o.AppendOnly ? "append-only" : "upsert"), ("definition", o.Definition));
        }
    }

    /// <summary>rw_indexes.</summary>
    public static void Indexes(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Of(context, "index"))
        {
            rows.Add(
                ("id", Oids.Of(o)), ("name", o.Name), ("primary_table_id", Oids.Of(o.DependsOn[0])), ("schema_id", Oids.OfSchema(o.Namespace)), ("owner", Oids.Role),
                ("definition", o.Definition));
        }
    }

    /// <summary>rw_functions: those that were made with CREATE FUNCTION.</summary>
    public static void Functions(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.Beside.Where(o => o.Kind == ObjectKind.Function).OrderBy(o => o.Id))
        {
            rows.Add(
                ("id", Oids.Of(o)), ("name", o.Name), ("schema_id", Oids.OfSchema(o.Namespace)), ("owner", Oids.Role), ("type", "scalar"),
                ("arg_type_ids", o.Parameters.Select(p => PgType.Of(p.Type).Oid).ToArray()), ("return_type_id", PgType.Of(o.Columns[0].Type).Oid), ("language", "sql"));
        }
    }

    /// <summary>rw_columns.</summary>
    public static void Columns(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => o.Kind != ObjectKind.Index))
        {
            for (int i = 0; i < o.Columns.Count; i++)
            {
                Field field = o.Columns[i];
                TypeLine type = TypeRows.Of(field.Type);
                rows.Add(
                    ("relation_id", Oids.Of(o)), ("name", field.Name), ("position", i + 1), ("is_hidden", i >= Oids.VisibleColumns(o)),
                    ("is_primary_key", o.Kind == ObjectKind.Table && o.PrimaryKey.Contains(i)), ("is_generated", o.GeneratedAt(i) is not null), ("is_nullable", field.Nullable),
                    ("data_type", field.Type.ToString()), ("type_oid", type.Oid), ("type_len", type.Length), ("udt_type", type.Name));
            }
        }
    }

    /// <summary>rw_system_tables.</summary>
    public static void SystemTables(SystemContext context, RelationRows rows) => Named(context, rows, "system table");

    /// <summary>rw_types.</summary>
    public static void Types(SystemContext context, RelationRows rows)
    {
        foreach (TypeLine t in TypeRows.Lines.Values.OrderBy(t => t.Oid))
        {
            rows.Add(("id", t.Oid), ("name", t.Name));
        }
    }

    /// <summary>rw_depend: what reads what.</summary>
    public static void Depends(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.All.OrderBy(o => o.Id))
        {
            foreach (int input in o.DependsOn.Where(id => context.Catalog.Find(id) is { IsRelation: true }).Distinct())
            {
                rows.Add(("objid", Oids.Of(o)), ("refobjid", Oids.Of(input)));
            }
        }
    }

    /// <summary>rw_relation_info.</summary>
    public static void RelationInfo(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => o.Kind is not (ObjectKind.System or ObjectKind.View)))
        {
            rows.Add(
                ("schemaname", o.Namespace), ("relationname", o.Name), ("relationowner", Oids.Role), ("definition", o.Definition),
                ("relationtype", TypeOf(o).ToUpperInvariant()), ("relationid", Oids.Of(o)));
        }
    }

    private static void Named(SystemContext context, RelationRows rows, string type)
    {
        foreach (CatalogObject o in Of(context, type))
        {
            rows.Add(("id", Oids.Of(o)), ("name", o.Name), ("schema_id", Oids.OfSchema(o.Namespace)), ("owner", Oids.Role), ("definition", Definition(o)));
        }
    }

    private static IEnumerable<CatalogObject> Of(SystemContext context, string type) => context.Objects.Where(o => TypeOf(o) == type);

    private static string? Definition(CatalogObject o) => o.Kind == ObjectKind.System ? null : o.Definition;

    private static string TypeOf(CatalogObject o) => o.Kind switch
    {
        ObjectKind.System => "system table",
        ObjectKind.Stream => "table",
        _ => MillraceRows.KindName(o),
    };
}
