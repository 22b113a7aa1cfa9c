// Which PostgreSQL types stand for ours on the wire: object ids, lengths and modifiers, both ways.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A type's identity on the wire, as RowDescription tells it.</summary>
/// <param name="Oid">PostgreSQL's object id.</param>
/// <param name="Length">Bytes of a value, −1 when they vary.</param>
/// <param name="Modifier">Declared precision, −1 when there is none.</param>
public readonly record struct PgType(int Oid, short Length, int Modifier)
{
    /// <summary>text.</summary>
    public const int TextOid = 25;

    /// <summary>The wire's identity of <paramref name="type"/>.</summary>
    public static PgType Of(SqlType type) => type.Id switch
    {
        TypeId.Boolean => new(16, 1, -1),
        TypeId.Bytea => new(17, -1, -1),
        TypeId.BigInt => new(20, 8, -1),
        TypeId.SmallInt => new(21, 2, -1),
        TypeId.Integer when type.IsOid => new(26, 4, -1),
        TypeId.Integer => new(23, 4, -1),
        TypeId.Text when type.RegOid > 0 => new(type.RegOid, 4, -1),
        TypeId.Text when type.Precision >= 0 => new(1043, -1, type.Precision + 4),
        TypeId.Text or TypeId.Unknown => new(TextOid, -1, -1),
        TypeId.Real => new(700, 4, -1),
        TypeId.Double => new(701, 8, -1),
        TypeId.Date => new(1082, 4, -1),
        TypeId.Time => new(1083, 8, -1),
        TypeId.Timestamp => new(1114, 8, -1),
        TypeId.TimestampTz => new(1184, 8, -1),
        TypeId.Interval => new(1186, 16, -1),
        TypeId.Numeric => new(1700, -1, type.Precision < 0 ? -1 : ((type.Precision << 16) | (type.Scale & 0x7FF)) + 4),
        TypeId.Uuid => new(2950, 16, -1),
        TypeId.Jsonb => new(3802, -1, -1),
        TypeId.Row => new(2249, -1, -1),
        TypeId.Array when type.IsVector => new(type.Element!.Id == TypeId.SmallInt ? 22 : 30, -1, -1),
        TypeId.Array => new(ArrayOid(type.Element!), -1, Of(type.Element!).Modifier),
        _ => new(TextOid, -1, -1),
    };

    /// <summary>The wire's identity of a column that comes from a relation's: the catalog's "char" columns are told from text.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="relation">The relation's oid; 0 for what is computed.</param>
    /// <param name="attribute">The column's number, from 1.</param>
    public static PgType Of(SqlType type, int relation, int attribute) =>
        relation != 0 && type.Id == TypeId.Text && SystemRelations.IsChar(relation, attribute) ? new(18, 1, -1) : Of(type);

    /// <summary>The array type's object id for an element type; arrays of arrays share their innermost element's, as in PostgreSQL.</summary>
    private static int ArrayOid(SqlType element) => element.Id switch
    {
        TypeId.Array => ArrayOid(element.Element!),
        TypeId.Boolean => 1000,
        TypeId.Bytea => 1001,
        TypeId.BigInt => 1016,
        TypeId.SmallInt => 1005,
        TypeId.Integer => element.IsOid ? 1028 : 1007,
        TypeId.Text when element.Precision >= 0 => 1015,
        TypeId.Real => 1021,
        TypeId.Double => 1022,
        TypeId.Date => 1182,
        TypeId.Time => 1183,
        TypeId.Timestamp => 1115,
        TypeId.TimestampTz => 1185,
        TypeId.Interval => 1187,
        TypeId.Numeric => 1231,
        TypeId.Uuid => 2951,
        TypeId.Jsonb => 3807,
        TypeId.Row => 2287,
        _ => 1009,
    };

    /// <summary>Our type for an object id that a client declares; null for 0 and unknown (705): to be inferred.</summary>
    /// <exception cref="SqlException">42704 for a type that Millrace does not have.</exception>
    public static SqlType? ToSqlType(int oid) => oid switch
    {
        0 or 705 => null,
        16 => SqlType.Boolean,
        17 => SqlType.Bytea,
        20 => SqlType.BigInt,
        21 => SqlType.SmallInt,
        23 or 26 or 2205 or 2206 => SqlType.Integer,
        18 or 19 or 25 or 1042 or 1043 => SqlType.Text,
        114 or 3802 => SqlType.Jsonb,
        700 => SqlType.Real,
        701 => SqlType.Double,
        1082 => SqlType.Date,
        1083 => SqlType.Time,
        1114 => SqlType.Timestamp,
        1184 => SqlType.TimestampTz,
        1186 => SqlType.Interval,
        1700 => SqlType.Numeric,
        2950 => SqlType.Uuid,
        1000 => SqlType.ArrayOf(SqlType.Boolean),
        1001 => SqlType.ArrayOf(SqlType.Bytea),
        1005 => SqlType.ArrayOf(SqlType.SmallInt),
        1007 => SqlType.ArrayOf(SqlType.Integer),
        1028 => SqlType.ArrayOf(SqlType.Oid),
        1016 => SqlType.ArrayOf(SqlType.BigInt),
        1002 or 1003 or 1009 or 1014 or 1015 => SqlType.ArrayOf(SqlType.Text),
        1021 => SqlType.ArrayOf(SqlType.Real),
        1022 => SqlType.ArrayOf(SqlType.Double),
        1115 => SqlType.ArrayOf(SqlType.Timestamp),
        1182 => SqlType.ArrayOf(SqlType.Date),
        1183 => SqlType.ArrayOf(SqlType.Time),
        1185 => SqlType.ArrayOf(SqlType.TimestampTz),
        1187 => SqlType.ArrayOf(SqlType.Interval),
        1231 => SqlType.ArrayOf(SqlType.Numeric),
        199 or 3807 => SqlType.ArrayOf(SqlType.Jsonb),
        2951 => SqlType.ArrayOf(SqlType.Uuid),
        _ => throw new SqlException("42704", $"type with OID {oid} does not exist", hint: "declare the parameter as text and cast it in the statement"),
    };
}
