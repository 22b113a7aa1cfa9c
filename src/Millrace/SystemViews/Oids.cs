// Numbers by which PostgreSQL's catalog refers to things: object ids, made from our identities and stable as long as they are.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Object ids of the catalog relations. System relations have PostgreSQL's own, as the negative of their identity.</summary>
internal static class Oids
{
    /// <summary>Users' objects: this plus the identity.</summary>
    public const int FirstUser = 16_384;

    /// <summary>Column defaults.</summary>
    public const int FirstDefault = 0x2000_0000;

    /// <summary>Indexes of primary keys: this plus the table's identity.</summary>
    public const int FirstPrimaryKey = 0x3000_0000;

    /// <summary>Primary keys as constraints: this plus the table's identity.</summary>
    public const int FirstConstraint = 0x4000_0000;

    /// <summary>UNIQUE constraints and their indexes: this plus 32 times the table's identity plus their number; CHECK constraints count from 16.</summary>
    public const int FirstRuleOfRows = 0x6000_0000;

    /// <summary>The rules that make views of queries: this plus the view's identity.</summary>
    public const int FirstRule = 0x5000_0000;

    /// <summary>Functions of the function catalog, in its order.</summary>
    public const int FirstFunction = 0x0300_0000;

    /// <summary>The one role.</summary>
    public const int Role = 10;

    /// <summary>The one database.</summary>
    public const int Database = 5;

    /// <summary>The collation of text: that of bytes.</summary>
    public const int DefaultCollation = 100;

    /// <summary>Access method of tables and views.</summary>
    public const int Heap = 2;

    /// <summary>Access method of indexes.</summary>
    public const int Btree = 403;

    /// <summary>An object's oid in pg_class.</summary>
    public static int Of(CatalogObject o) => Of(o.Id);

    /// <summary>The oid in pg_class of the object with an identity.</summary>
    public static int Of(int id) => id < 0 ? -id : FirstUser + id;

    /// <summary>A schema's oid.</summary>
    public static int OfSchema(string name) => name switch
    {
        "pg_catalog" => 11,
        "public" => 2200,
        "information_schema" => 13_000,
        "millrace" => 12_999,
        "rw_catalog" => 12_998,

        // A schema made by a user has no identity of its own: its name's hash serves, in a range that nothing else uses.
        _ => 0x0100_0000 + (int)(Core.Io.Crc32C.Of(System.Text.Encoding.UTF8.GetBytes(name)) & 0x00FF_FFFF),
    };

    /// <summary>True when a primary key was declared (not the hidden row identity).</summary>
    public static bool HasPrimaryKey(CatalogObject o) =>
        o.Kind == ObjectKind.Table && o.PrimaryKey.Count > 0 && o.PrimaryKey.All(c => c < VisibleColumns(o));

    /// <summary>How many columns <c>SELECT *</c> shows.</summary>
    public static int VisibleColumns(CatalogObject o) => o.Columns.Count - o.HiddenColumns;
}
