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

    /// <summary>How far an offset reaches at most, as an integer of the key's unit: months are as long as months can be.</summary>
    public static Int128 WholeDistance(LiteralExpr offset) => offset.Value switch
    {
        short v => v,
        int v => v,
        long v => v,
        Interval v => ((((Int128)v.Months * 31) + v.Days) * DayMicros) + v.Micros,
        _ => throw new SqlException("22004", "frame offset must not be null"),
    };

    /// <summary>The key of a row with the offset added or taken off, as an integer: months by the calendar, of a time of the day the time alone.</summary>
    /// <exception cref="SqlException">22008: there is no such day.</exception>
    public static Int128 Moved(Column column, int row, LiteralExpr offset, bool back) => (offset.Value, column.Type.Id) switch
    {
        (Interval v, TypeId.Time) => Whole(column, row) + (back ? -v.Micros : v.Micros),
        (Interval { Months: not 0 } v, _) => Whole(column, row) is var key && (key >= long.MaxValue || key <= long.MinValue) ? key : Calendar.Add((long)key, back ? -v : v),
        _ => Whole(column, row) + (back ? -WholeDistance(offset) : WholeDistance(offset)),
    };

    /// <summary>True for an offset that is less than nothing.</summary>
    public static bool IsNegative(LiteralExpr offset, SqlType key) => offset.Value is Interval v
        ? key.Id == TypeId.Time ? v.Micros < 0 : v.Span < 0
        : Distance(offset, key) < 0;

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
