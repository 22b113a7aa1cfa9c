// Which CLR type stands for a SQL type inside compiled code.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>The CLR scalars of the SQL types.</summary>
internal static class ClrTypes
{
    public static Type Of(SqlType type) => type.Id switch
    {
        TypeId.Boolean => typeof(bool),
        TypeId.SmallInt => typeof(short),
        TypeId.Integer or TypeId.Date => typeof(int),
        TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => typeof(long),
        TypeId.Real => typeof(float),
        TypeId.Double => typeof(double),
        TypeId.Numeric => typeof(Numeric),
        TypeId.Interval => typeof(Interval),
        TypeId.Uuid => typeof(Uuid),
        TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown => typeof(ByteSlice),
        TypeId.Array => typeof(ListSlice),
        TypeId.Row => typeof(RowSlice),
        _ => throw new BugException($"BUG: no CLR type for {type}"),
    };

    /// <summary>True when columns of the type are <see cref="FixedColumn{T}"/>.</summary>
    public static bool IsFixed(SqlType type) => !type.IsBytes && type.Id is not (TypeId.Array or TypeId.Row);
}
