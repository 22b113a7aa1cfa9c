// The types that random schemas and expressions are made of.
namespace Millrace.Tests.Differential;

internal enum Kind
{
    Bool,
    Int,
    BigInt,
    Numeric,
    Double,
    Text,
    Date,
    Timestamp,
    Interval,
    Uuid,
    SmallInt,
    Real,
    TimestampTz,
    Jsonb,
    Ints,
}

internal static class Kinds
{
    public static readonly Kind[] All = Enum.GetValues<Kind>();

    /// <summary>The types by how often they are worth having.</summary>
    public static readonly Kind[] Usual =
    [
        Kind.Int, Kind.Int, Kind.Int, Kind.Int, Kind.BigInt, Kind.BigInt, Kind.Numeric, Kind.Numeric, Kind.Double, Kind.Text, Kind.Text, Kind.Text,
        Kind.Bool, Kind.Date, Kind.Timestamp, Kind.Timestamp, Kind.Interval, Kind.Uuid, Kind.SmallInt, Kind.Real, Kind.TimestampTz,
        Kind.Jsonb, Kind.Ints,
    ];

    public static string Sql(Kind kind) => kind switch
    {
        Kind.Bool => "boolean",
        Kind.Int => "integer",
        Kind.BigInt => "bigint",
        Kind.Numeric => "numeric",
        Kind.Double => "double precision",
        Kind.Text => "text",
        Kind.Date => "date",
        Kind.Timestamp => "timestamp",
        Kind.Interval => "interval",
        Kind.SmallInt => "smallint",
        Kind.Real => "real",
        Kind.TimestampTz => "timestamptz",
        Kind.Jsonb => "jsonb",
        Kind.Ints => "integer[]",
        _ => "uuid",
    };

    /// <summary>As a column of a table: a fixed scale, so that equal numbers look equal.</summary>
    public static string ColumnSql(Kind kind) => kind == Kind.Numeric ? "numeric(10,2)" : Sql(kind);

    public static bool IsNumber(Kind kind) => kind is Kind.Int or Kind.BigInt or Kind.Numeric or Kind.Double or Kind.SmallInt;

    public static T Pick<T>(this Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];

    public static bool Chance(this Random random, double share) => random.NextDouble() < share;

    public static string Pick(this Random random, params string[] list) => list[random.Next(list.Length)];
}
