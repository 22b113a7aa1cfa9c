// Numbers of line protocol and CSV: hand-written, and exact to the last bit.
using System.Globalization;

namespace Millrace.Formats;

/// <summary>What a field's number turned out to be.</summary>
internal enum NumberKind
{
    /// <summary>Not a number.</summary>
    None,
    /// <summary>A floating-point number.</summary>
    Float,
    /// <summary>A whole number with <c>i</c>.</summary>
    Integer,
    /// <summary>A whole number with <c>u</c>.</summary>
    Unsigned,
    /// <summary>A number that does not fit its type.</summary>
    OutOfRange,
}

/// <summary>A field's number.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Float">Its value when it is a float.</param>
/// <param name="Integer">Its value when it is an integer.</param>
internal readonly record struct PlainNumber(NumberKind Kind, double Float, long Integer)
{
    // Up to 2^53 a double holds each whole number, and powers of ten to 10^22 are exact: one multiplication or division then rounds correctly
    // (W. D. Clinger, How to read floating point numbers accurately, 1990).
    private const ulong ExactMax = 1UL << 53;
    private static readonly double[] Tens =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>Reads a number; <paramref name="at"/> moves behind it. The text must go on behind the number with a byte that is no part of it.</summary>
    public static PlainNumber Read(ReadOnlySpan<byte> text, ref int at)
    {
        int start = at;
        int i = at;
        bool negative = text[i] == (byte)'-';
        i += negative ? 1 : 0;
        int first = i;
        ulong mantissa = 0;
        uint digit;
        while ((digit = (uint)(text[i] - '0')) <= 9)
        {
            mantissa = (mantissa * 10) + digit;
            i++;
        }

        int digits = i - first;
        byte next = text[i];
        if (next is (byte)'i' or (byte)'u')
        {
            at = i + 1;
            return digits == 0 ? default : next == (byte)'i'
                ? Signed(text[first..i], mantissa, negative)
                : new PlainNumber(negative || (digits > 19 && !ulong.TryParse(text[first..i], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    ? NumberKind.OutOfRange : NumberKind.Unsigned, 0, 0);
        }

        int fraction = 0;
        if (next == (byte)'.')
        {
            int point = ++i;
            while ((digit = (uint)(text[i] - '0')) <= 9)
            {
                mantissa = (mantissa * 10) + digit;
                i++;
            }

            fraction = i - point;
            digits += fraction;
            next = text[i];
        }

        if (digits == 0)
        {
            at = i;
            return default;
        }

        if ((next | 0x20) == 'e')
        {
            i++;
            i += text[i] is (byte)'-' or (byte)'+' ? 1 : 0;
            int exponent = i;
            while ((uint)(text[i] - '0') <= 9)
            {
                i++;
            }

            at = i;
            return i == exponent ? default : Slow(text[start..i]);
        }

        at = i;
        if (digits > 19 || mantissa > ExactMax || fraction > 22)
        {
            return Slow(text[start..i]);
        }

        double value = mantissa / Tens[fraction];
        return new PlainNumber(NumberKind.Float, negative ? -value : value, 0);
    }

    private static PlainNumber Signed(ReadOnlySpan<byte> digits, ulong value, bool negative)
    {
        // Nineteen digits cannot overflow 64 bits; more may, unless they begin with zeros.
        if (digits.Length > 19 && !ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            return new PlainNumber(NumberKind.OutOfRange, 0, 0);
        }

        return value <= (ulong)long.MaxValue + (negative ? 1UL : 0UL)
            ? new PlainNumber(NumberKind.Integer, 0, negative ? (long)(0 - value) : (long)value)
            : new PlainNumber(NumberKind.OutOfRange, 0, 0);
    }

    // The runtime rounds correctly, whatever the length.
    private static PlainNumber Slow(ReadOnlySpan<byte> text)
    {
        double value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return new PlainNumber(double.IsFinite(value) ? NumberKind.Float : NumberKind.OutOfRange, value, 0);
    }
}
