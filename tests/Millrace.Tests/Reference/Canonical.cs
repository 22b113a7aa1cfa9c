// One text for values that SQL calls equal, and for results that may differ in their last digits.
using System.Globalization;
using System.Numerics;
using Millrace.Core;

namespace Millrace.Tests.Reference;

internal static class Canonical
{
    /// <summary>A text that is equal for equal values; numbers are rounded to 8 digits after the point.</summary>
    public static string Text(object? value) => value switch
    {
        null => "NULL",
        float f => Text((double)f),
        double d => double.IsFinite(d) ? (Math.Abs(d) < 1e15 ? Math.Round(d, 8) + 0.0 : d).ToString("R", CultureInfo.InvariantCulture) : d.ToString(CultureInfo.InvariantCulture),
        Numeric n => n.IsNaN ? "NaN" : Rounded(n.Unscaled, n.Scale),
        Interval i => ((((Int128)i.Months * 30) + i.Days) * 86_400_000_000 + i.Micros).ToString(CultureInfo.InvariantCulture),
        byte[] b => "'" + System.Text.Encoding.UTF8.GetString(b) + "'",
        object?[] list => "[" + string.Join(",", list.Select(Text)) + "]",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    public static string Row(object?[] row) => string.Join(" | ", row.Select(Text));

    private static string Rounded(BigInteger unscaled, int scale)
    {
        BigInteger value = scale <= 8 ? unscaled * BigInteger.Pow(10, 8 - scale) : Half(unscaled, BigInteger.Pow(10, scale - 8));
        return value.ToString(CultureInfo.InvariantCulture) + "e-8";
    }

    private static BigInteger Half(BigInteger value, BigInteger by) =>
        value.Sign * ((BigInteger.Abs(value) * 2 + by) / (by * 2));
}
