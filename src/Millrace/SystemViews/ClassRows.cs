// Objects and their columns, keys and indexes as pg_class, pg_attribute, pg_index and pg_constraint tell them.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows about users' objects and system relations.</summary>
internal static class ClassRows
{
    /// <summary>pg_class.relkind.</summary>
    public static string RelKind(CatalogObject o) => o.Kind switch
    {
        ObjectKind.MaterializedView => "m",
        ObjectKind.View => "v",
        ObjectKind.Index => "i",
        ObjectKind.System when o.Namespace != "pg_catalog" => "v",
        _ => "r",
    };

    /// <summary>pg_class.</summary>
    public static void Classes(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            bool key = Oids.HasPrimaryKey(o);
            bool index = key || context.Catalog.All.Any(i => i.Kind == ObjectKind.Index && i.DependsOn.Contains(o.Id));
            string kind = RelKind(o);
            Class(rows, Oids.Of(o), o.Name, o.Namespace, kind, kind == "i" ? o.IndexColumns.Count : Oids.VisibleColumns(o), index, o.Temporary);
            if (key)
            {
                Class(rows, Oids.FirstPrimaryKey + o.Id, o.Name + "_pkey", o.Namespace, "i", o.PrimaryKey.Count, false, o.Temporary);
            }
        }
    }

    /// <summary>pg_attribute.</summary>
    public static void Attributes(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            if (o.Kind == ObjectKind.Index)
            {
                if (context.Catalog.Find(o.DependsOn.FirstOrDefault()) is { } table)
                {
                    AttributesOf(rows, Oids.Of(o), table, o.IndexColumns);
                }

                continue;
            }

            AttributesOf(rows, Oids.Of(o), o, [.. Enumerable.Range(0, Oids.VisibleColumns(o))]);
            if (Oids.HasPrimaryKey(o))
            {
                AttributesOf(rows, Oids.FirstPrimaryKey + o.Id, o, o.PrimaryKey);
            }
        }
    }

    /// <summary>pg_attrdef. The expression is its SQL text: pg_get_expr gives it back as it is.</summary>
    public static void Defaults(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            for (int i = 0; i < Math.Min(o.Defaults.Count, Oids.VisibleColumns(o)); i++)
            {
                if (o.Defaults[i] is { } text)
                {
                    int oid = Oids.FirstDefault + (((o.Id * 1024) + i) & 0x0FFF_FFFF);
                    rows.Add(("oid", oid), ("adrelid", Oids.Of(o)), ("adnum", i + 1), ("adbin", text));
                }
            }
        }
    }

    /// <summary>pg_index.</summary>
    public static void Indexes(SystemContext context, RelationRows rows)
    {
        foreach (IndexEntry i in Entries(context))
        {
            rows.Add(
                ("indexrelid", i.Oid),
                ("indrelid", Oids.Of(i.Table)),
                ("indnatts", i.Columns.Count),
                ("indnkeyatts", i.Columns.Count),
                ("indisunique", i.Primary || i.Unique),
                ("indisprimary", i.Primary),
                ("indimmediate", true),
                ("indisvalid", true),
                ("indisready", true),
                ("indislive", true),
                ("indkey", i.Columns.Select(c => c + 1)),
                ("indoption", i.Columns.Select(_ => 0)));
        }
    }

    /// <summary>pg_constraint: primary keys, UNIQUE and CHECK.</summary>
    public static void Constraints(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(Oids.HasPrimaryKey))
        {
            rows.Add(
                ("oid", Oids.FirstConstraint + o.Id),
                ("conname", o.Name + "_pkey"),
                ("connamespace", Oids.OfSchema(o.Namespace)),
                ("contype", "p"),
                ("convalidated", true),
                ("conrelid", Oids.Of(o)),
                ("conindid", Oids.FirstPrimaryKey + o.Id),
                ("confupdtype", " "),
                ("confdeltype", " "),
                ("confmatchtype", " "),
                ("conislocal", true),
                ("connoinherit", true),
                ("conkey", o.PrimaryKey.Select(c => c + 1)));
        }

        foreach (RowRule rule in RowRule.All(context))
        {
            rows.Add(
                ("oid", rule.Oid),
                ("conname", rule.Name),
                ("connamespace", Oids.OfSchema(rule.Table.Namespace)),
                ("contype", rule.IsCheck ? "c" : "u"),
                ("convalidated", true),
                ("conrelid", Oids.Of(rule.Table)),
                ("conindid", rule.IsCheck ? 0 : rule.Oid),
                ("confupdtype", " "),
                ("confdeltype", " "),
                ("confmatchtype", " "),
                ("conislocal", true),
                ("connoinherit", !rule.IsCheck),
                ("conkey", rule.Columns.Select(c => c + 1)));
        }
    }

    /// <summary>pg_description: what COMMENT ON has said.</summary>
    public static void Comments(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects)
        {
            foreach ((int column, string text) in o.Comments.OrderBy(c => c.Key))
            {
                rows.Add(("objoid", Oids.Of(o)), ("classoid", 1259), ("objsubid", column), ("description", text));
            }
        }
    }

    /// <summary>pg_tables.</summary>
    public static void Tables(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => RelKind(o) == "r"))
        {
            rows.Add(
                ("schemaname", o.Namespace), ("tablename", o.Name), ("tableowner", SystemContext.Owner), ("hasindexes", Oids.HasPrimaryKey(o)),
                ("hasrules", false), ("hastriggers", false), ("rowsecurity", false));
        }
    }

    /// <summary>pg_views.</summary>
    public static void Views(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => o.Kind == ObjectKind.View))
        {
            rows.Add(("schemaname", o.Namespace), ("viewname", o.Name), ("viewowner", SystemContext.Owner), ("definition", o.Query));
        }
    }

    /// <summary>pg_matviews.</summary>
    public static void MaterializedViews(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Objects.Where(o => o.Kind == ObjectKind.MaterializedView))
        {
            rows.Add(
                ("schemaname", o.Namespace), ("matviewname", o.Name), ("matviewowner", SystemContext.Owner), ("hasindexes", false),
                ("ispopulated", true), ("definition", o.Query));
        }
    }

    /// <summary>pg_indexes.</summary>
    public static void IndexDefinitions(SystemContext context, RelationRows rows)
    {
        foreach (IndexEntry i in Entries(context))
        {
            rows.Add(("schemaname", i.Table.Namespace), ("tablename", i.Table.Name), ("indexname", i.Name), ("indexdef", i.Definition));
        }
    }

    /// <summary>Every index, those of primary keys included.</summary>
    public static IEnumerable<IndexEntry> Entries(SystemContext context)
    {
        foreach (CatalogObject o in context.Catalog.All.OrderBy(o => o.Id))
        {
            if (Oids.HasPrimaryKey(o))
            {
                yield return new IndexEntry(Oids.FirstPrimaryKey + o.Id, o.Name + "_pkey", o, o.PrimaryKey, true);
            }

            foreach ((int n, UniqueRule u) in o.Uniques.Index())
            {
                yield return new IndexEntry(Oids.FirstRuleOfRows + (o.Id * 32) + n, u.Name, o, u.Columns, false) { Unique = true };
            }

            if (o.Kind == ObjectKind.Index && context.Catalog.Find(o.DependsOn.FirstOrDefault()) is { } table)
            {
                yield return new IndexEntry(Oids.Of(o), o.Name, table, o.IndexColumns, false);
            }
        }
    }

    private static void Class(RelationRows rows, int oid, string name, string schema, string kind, int columns, bool hasIndex, bool temporary) => rows.Add(
        ("oid", oid),
        ("relname", name),
        ("relnamespace", Oids.OfSchema(schema)),
        ("relowner", Oids.Role),
        ("relam", kind switch { "i" => Oids.Btree, "v" => 0, _ => Oids.Heap }),
        ("relfilenode", kind == "v" ? 0 : oid),
        ("reltuples", -1f),
        ("relhasindex", hasIndex),
        ("relpersistence", temporary ? "t" : "p"),
        ("relkind", kind),
        ("relnatts", columns),
        ("relhasrules", kind == "v"),
        ("relispopulated", true),
        ("relreplident", kind is "r" or "m" ? "d" : "n"));

    private static void AttributesOf(RelationRows rows, int relation, CatalogObject o, IReadOnlyList<int> columns)
    {
        for (int i = 0; i < columns.Count; i++)
        {
            Field field = o.Columns[columns[i]];
            TypeLine type = TypeRows.Of(field.Type);
            bool key = o.Kind == ObjectKind.Table && o.PrimaryKey.Contains(columns[i]);
            rows.Add(
                ("attrelid", relation),
                ("attname", field.Name),
                ("atttypid", type.Oid),
                ("attstattarget", -1),
                ("attlen", type.Length),
                ("attnum", i + 1),
                ("attndims", field.Type.Id == TypeId.Array ? 1 : 0),
                ("attcacheoff", -1),
                ("atttypmod", o.TimeDigitsAt(columns[i]) is >= 0 and var digits ? digits : PgType.Of(field.Type).Modifier),
                ("attbyval", type.ByValue),
                ("attalign", type.Align),
                ("attstorage", type.Storage),
                ("attnotnull", !field.Nullable || key),
                ("atthasdef", columns[i] < o.Defaults.Count && o.Defaults[columns[i]] is not null),
                ("attidentity", relation == Oids.Of(o) && o.IdentityAt(columns[i]) is { } identity ? identity.Always ? "a" : "d" : ""),
                ("attislocal", true),
                ("attcollation", type.Collation));
        }
    }
}

/// <summary>An index.</summary>
/// <param name="Oid">Its number in pg_class.</param>
/// <param name="Name">Its name.</param>
/// <param name="Table">What it is over.</param>
/// <param name="Columns">The table's columns in its order.</param>
/// <param name="Primary">True for a primary key's.</param>
internal sealed record IndexEntry(int Oid, string Name, CatalogObject Table, IReadOnlyList<int> Columns, bool Primary)
{
    /// <summary>True for that of a UNIQUE constraint.</summary>
    public bool Unique { get; init; }

    /// <summary>The columns as SQL.</summary>
    public string ColumnList => string.Join(", ", Columns.Select(c => SqlNames.Quote(Table.Columns[c].Name)));

    /// <summary>The statement that would make it.</summary>
    public string Definition =>
        $"CREATE {(Primary || Unique ? "UNIQUE " : "")}INDEX {SqlNames.Quote(Name)} ON {SqlNames.Quote(Table.Namespace)}.{SqlNames.Quote(Table.Name)} USING btree ({ColumnList})";
}
