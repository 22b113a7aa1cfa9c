// information_schema: the standard's own names for schemas, tables, columns and keys.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows of information_schema.</summary>
internal static class InformationSchemaRows
{
    /// <summary>information_schema.schemata.</summary>
    public static void Schemata(SystemContext context, RelationRows rows)
    {
        foreach (string name in ServerRows.SchemaNames(context))
        {
            rows.Add(("catalog_name", context.DatabaseName), ("schema_name", name), ("schema_owner", SystemContext.Owner));
        }
    }

    /// <summary>information_schema.tables.</summary>
    public static void Tables(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Relations(context))
        {
            bool insertable = o.Kind is ObjectKind.Stream or ObjectKind.Table;
            rows.Add(
                ("table_catalog", context.DatabaseName),
                ("table_schema", o.Namespace),
                ("table_name", o.Name),
                ("table_type", ClassRows.RelKind(o) switch { "v" => "VIEW", "m" => "MATERIALIZED VIEW", _ => o.Temporary ? "LOCAL TEMPORARY" : "BASE TABLE" }),
                ("is_insertable_into", YesNo(insertable)),
                ("is_typed", "NO"));
        }
    }

    /// <summary>information_schema.columns.</summary>
    public static void Columns(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Relations(context))
        {
            for (int i = 0; i < Oids.VisibleColumns(o); i++)
            {
                Column(context, rows, o, i);
            }
        }
    }

    /// <summary>information_schema.views.</summary>
    public static void Views(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => o.Kind == ObjectKind.View))
        {
            rows.Add(
                ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name), ("view_definition", o.Query),
                ("check_option", "NONE"), ("is_updatable", "NO"), ("is_insertable_into", "NO"), ("is_trigger_updatable", "NO"),
                ("is_trigger_deletable", "NO"), ("is_trigger_insertable_into", "NO"));
        }
    }

    /// <summary>information_schema.table_constraints: primary keys, UNIQUE and CHECK.</summary>
    public static void Constraints(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(Oids.HasPrimaryKey))
        {
            rows.Add(
                ("constraint_catalog", context.DatabaseName), ("constraint_schema", o.Namespace), ("constraint_name", o.Name + "_pkey"),
                ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name),
                ("constraint_type", "PRIMARY KEY"), ("is_deferrable", "NO"), ("initially_deferred", "NO"), ("enforced", "YES"));
        }

        foreach (CatalogObject o in context.Objects)
        {
            foreach ((string name, string type) in o.Uniques.Select(u => (u.Name, "UNIQUE")).Concat(o.Checks.Select(c => (c.Name, "CHECK"))))
            {
                rows.Add(
                    ("constraint_catalog", context.DatabaseName), ("constraint_schema", o.Namespace), ("constraint_name", name),
                    ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name),
                    ("constraint_type", type), ("is_deferrable", "NO"), ("initially_deferred", "NO"), ("enforced", "YES"));
            }
        }
    }

    /// <summary>information_schema.key_column_usage: primary keys and UNIQUE.</summary>
    public static void Keys(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            IEnumerable<UniqueRule> keys = Oids.HasPrimaryKey(o) ? o.Uniques.Prepend(new UniqueRule(o.Name + "_pkey", o.PrimaryKey)) : o.Uniques;
            foreach (UniqueRule key in keys)
            {
                for (int i = 0; i < key.Columns.Count; i++)
                {
                    rows.Add(
                        ("constraint_catalog", context.DatabaseName), ("constraint_schema", o.Namespace), ("constraint_name", key.Name),
                        ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name),
                        ("column_name", o.Columns[key.Columns[i]].Name), ("ordinal_position", i + 1));
                }
            }
        }
    }

    /// <summary>information_schema.table_privileges and role_table_grants: what the owner of everything may do, and what was granted.</summary>
    public static void TablePrivileges(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Relations(context).Where(o => o.Kind != ObjectKind.System))
        {
            foreach ((string grantee, string privilege) in AccessRows.Privileges(context, o))
            {
                rows.Add(
                    ("grantor", SystemContext.Owner), ("grantee", grantee), ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name),
                    ("privilege_type", privilege), ("is_grantable", YesNo(grantee == SystemContext.Owner)), ("with_hierarchy", YesNo(privilege == "SELECT")));
            }
        }
    }

    /// <summary>information_schema.column_privileges and role_column_grants: those of the table, column by column.</summary>
    public static void ColumnPrivileges(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in Relations(context).Where(o => o.Kind != ObjectKind.System))
        {
            foreach ((string grantee, string privilege) in AccessRows.Privileges(context, o).Where(p => p.Privilege is "SELECT" or "INSERT" or "UPDATE"))
            {
                for (int i = 0; i < Oids.VisibleColumns(o); i++)
                {
                    rows.Add(
                        ("grantor", SystemContext.Owner), ("grantee", grantee), ("table_catalog", context.DatabaseName), ("table_schema", o.Namespace), ("table_name", o.Name),
                        ("column_name", o.Columns[i].Name), ("privilege_type", privilege), ("is_grantable", YesNo(grantee == SystemContext.Owner)));
                }
            }
        }
    }

    private static IEnumerable<CatalogObject> Relations(SystemContext context) => context.Objects.Where(o => o.Kind != ObjectKind.Index);

    private static void Column(SystemContext context, RelationRows rows, CatalogObject o, int index)
    {
        Field field = o.Columns[index];
        SqlType type = field.Type;
        (int? precision, int? radix, int? scale) = type.Id switch
        {
            TypeId.SmallInt => (16, 2, 0),
            TypeId.Integer => (32, 2, 0),
            TypeId.BigInt => (64, 2, 0),
            TypeId.Real => (24, 2, null),
            TypeId.Double => (53, 2, null),
            TypeId.Numeric => (type.Precision < 0 ? null : type.Precision, 10, type.Scale < 0 ? null : type.Scale),
            _ => ((int?)null, (int?)null, (int?)null),
        };
        bool key = o.Kind == ObjectKind.Table && o.PrimaryKey.Contains(index);
        bool view = o.Kind is ObjectKind.View or ObjectKind.MaterializedView;
        bool time = type.Id is TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz or TypeId.Interval;
        rows.Add(
            ("table_catalog", context.DatabaseName),
            ("table_schema", o.Namespace),
            ("table_name", o.Name),
            ("column_name", field.Name),
            ("ordinal_position", index + 1),
            ("column_default", index < o.Defaults.Count ? o.Defaults[index] : null),
            // Nothing is declared of a view's columns: PostgreSQL says of all of them that they may be null, and Metabase would call the others required.
            // pg_attribute tells more than PostgreSQL's does: what a view's query cannot give as null, which Entity Framework makes use of.
            ("is_nullable", YesNo((field.Nullable || view) && !key)),
            ("data_type", DataType(type)),
            ("character_maximum_length", type.Id == TypeId.Text && type.Precision >= 0 ? type.Precision : null),
            ("numeric_precision", precision),
            ("numeric_precision_radix", radix),
            ("numeric_scale", scale),
            ("datetime_precision", time ? o.TimeDigitsAt(index) is >= 0 and var digits ? digits : 6 : type.Id == TypeId.Date ? 0 : null),
            ("udt_catalog", context.DatabaseName),
            ("udt_schema", "pg_catalog"),
            ("udt_name", TypeRows.Of(type).Name),
            ("dtd_identifier", (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("is_self_referencing", "NO"),
            ("is_identity", YesNo(o.IdentityAt(index) is not null)),
            ("identity_generation", o.IdentityAt(index) is { } identity ? identity.Always ? "ALWAYS" : "BY DEFAULT" : null),
            ("is_generated", o.GeneratedAt(index) is null ? "NEVER" : "ALWAYS"),
            ("is_updatable", YesNo(o.Kind == ObjectKind.Table)));
    }

    private static string DataType(SqlType type) => type.Id switch
    {
        TypeId.Array => "ARRAY",
        TypeId.Row => "record",
        TypeId.Numeric => "numeric",
        TypeId.Text when type.Precision >= 0 => "character varying",
        _ => type.ToString(),
    };

    private static string YesNo(bool value) => value ? "YES" : "NO";
}
