// Order keys as numbers, for frames that reach by value.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Reads order keys and frame offsets of RANGE frames.</summary>
internal static class WindowKeys
{
    private const long DayMicros = 86_400_000_000;

    /// <summary>True for types whose values are integers of some unit.</summary>
    public static bool IsWhole(SqlType type) => type.IsInteger || type.Id is TypeId.Date or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz;

    /// <summary>The key as an integer; dates in microseconds, as their offsets are intervals.</summary>
    public static Int128 Whole(Column column, int row) => column switch
    {
        FixedColumn<short> c => c.Values[row],
        FixedColumn<int> c when c.Type.Id == TypeId.Date => (Int128)c.Values[row] * DayMicros,
        FixedColumn<int> c => c.Values[row],
        _ => ((FixedColumn<long>)column).Values[row],
    };

    /// <summary>The key as a real number.</summary>
    public static double Real(Column column, int row) => column switch
    {
        FixedColumn<float> c => c.Values[row],
        FixedColumn<double> c => c.Values[row],
        FixedColumn<Numeric> c => Real(c.Values[row]),
        _ => (double)Whole(column, row),
    };

    /// <summary>The offset as an integer of the key's unit.</summary>
    public static Int128 WholeDistance(LiteralExpr offset) => offset.Value switch
    {
        short v => v,
        int v => v,
        long v => v,
        Interval { Months: 0 } v => ((Int128)v.Days * DayMicros) + v.Micros,
        Interval => throw new SqlException("0A000", "RANGE offsets of months are not supported", hint: "give the offset in days"),
        _ => throw new SqlException("22004", "frame offset must not be null"),
    };

    /// <summary>The offset as a real number.</summary>
    public static double Distance(LiteralExpr offset, SqlType key) => offset.Value switch
    {
        float v => v,
        double v => v,
        Numeric v => Real(v),
        _ when IsWhole(key) || offset.Value is short or int or long => (double)WholeDistance(offset),
        _ => throw new SqlException("0A000", $"RANGE with an offset over {key} is not supported", hint: "order by a number or a time"),
    };

    private static double Real(Numeric value) => value.IsNaN ? double.NaN : (double)value.Unscaled / Math.Pow(10, value.Scale);
}
