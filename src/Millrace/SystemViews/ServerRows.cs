// What the catalog says of the server itself: schemas, the database, the role, settings.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows of pg_namespace, pg_database, pg_roles, pg_am, pg_settings and their like.</summary>
internal static class ServerRows
{
    /// <summary>Settings whose value is the same for everybody.</summary>
    public static readonly (string Name, string Value)[] Fixed =
    [
        ("server_version", "15.0"), ("server_version_num", "150000"), ("server_encoding", "UTF8"), ("integer_datetimes", "on"),
        ("max_identifier_length", "63"), ("block_size", "8192"), ("lc_collate", "C"), ("lc_ctype", "C"), ("max_index_keys", "32"),
    ];

    /// <summary>Schemas: the built-in ones and those that objects live in.</summary>
    public static IEnumerable<string> SchemaNames(SystemContext context) =>
        new[] { "pg_catalog", "public", "information_schema", "millrace" }.Concat(context.Catalog.All.Select(o => o.Namespace))
            .Concat(context.Catalog.Beside.Where(o => o.Kind == ObjectKind.Schema).Select(o => o.Name)).Distinct();

    /// <summary>pg_namespace.</summary>
    public static void Namespaces(SystemContext context, RelationRows rows)
    {
        foreach (string name in SchemaNames(context))
        {
            rows.Add(("oid", Oids.OfSchema(name)), ("nspname", name), ("nspowner", Oids.Role));
        }
    }

    /// <summary>pg_database.</summary>
    public static void Databases(SystemContext context, RelationRows rows) => rows.Add(
        ("oid", Oids.Database),
        ("datname", context.DatabaseName),
        ("datdba", Oids.Role),
        ("encoding", 6),
        ("datlocprovider", "c"),
        ("datallowconn", true),
        ("datconnlimit", -1),
        ("dattablespace", 1663),
        ("datcollate", "C"),
        ("datctype", "C"));

    /// <summary>pg_roles.</summary>
    public static void Roles(SystemContext context, RelationRows rows)
    {
        foreach ((string name, bool super, bool login, int oid) in AccessRows.Roles(context))
        {
            rows.Add(
                ("rolname", name),
                ("rolsuper", super),
                ("rolinherit", true),
                ("rolcreaterole", super),
                ("rolcreatedb", super),
                ("rolcanlogin", login),
                ("rolreplication", false),
                ("rolconnlimit", -1),
                ("rolpassword", "********"),
                ("rolbypassrls", super),
                ("oid", oid));
        }
    }

    /// <summary>pg_user.</summary>
    public static void Users(SystemContext context, RelationRows rows)
    {
        foreach ((string name, bool super, _, int oid) in AccessRows.Roles(context))
        {
            rows.Add(("usename", name), ("usesysid", oid), ("usecreatedb", super), ("usesuper", super), ("userepl", false), ("usebypassrls", super));
        }
    }

    /// <summary>pg_am.</summary>
    public static void AccessMethods(SystemContext context, RelationRows rows)
    {
        rows.Add(("oid", Oids.Heap), ("amname", "heap"), ("amtype", "t"));
        rows.Add(("oid", Oids.Btree), ("amname", "btree"), ("amtype", "i"));
    }

    /// <summary>pg_settings.</summary>
    public static void Settings(SystemContext context, RelationRows rows)
    {
        foreach ((string name, string value) in context.Session.Settings.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Setting(name, value, "user");
        }

        foreach ((string name, string value) in Fixed)
        {
            if (!context.Session.Settings.ContainsKey(name))
            {
                Setting(name, value, "internal");
            }
        }

        void Setting(string name, string value, string context) => rows.Add(
            ("name", name), ("setting", value), ("category", "Millrace"), ("short_desc", ""), ("context", context), ("vartype", "string"),
            ("source", "default"), ("boot_val", value), ("reset_val", value), ("pending_restart", false));
    }

    /// <summary>pg_collation.</summary>
    public static void Collations(SystemContext context, RelationRows rows)
    {
        rows.Add(("oid", Oids.DefaultCollation), ("collname", "default"), ("collnamespace", 11), ("collowner", Oids.Role),
            ("collprovider", "d"), ("collisdeterministic", true), ("collencoding", -1));
        rows.Add(("oid", 950), ("collname", "C"), ("collnamespace", 11), ("collowner", Oids.Role), ("collprovider", "c"),
            ("collisdeterministic", true), ("collencoding", -1), ("collcollate", "C"), ("collctype", "C"));
    }

    /// <summary>pg_tablespace.</summary>
    public static void Tablespaces(SystemContext context, RelationRows rows) =>
        rows.Add(("oid", 1663), ("spcname", "pg_default"), ("spcowner", Oids.Role));

    /// <summary>pg_language.</summary>
    public static void Languages(SystemContext context, RelationRows rows) =>
        rows.Add(("oid", 12), ("lanname", "internal"), ("lanowner", Oids.Role));
}
