// Quotients and roots of big decimals, with the digits that PostgreSQL gives them.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// PostgreSQL's numeric division for avg and the variances: at least 16 significant digits, counted in groups of four decimal digits
/// (select_div_scale and numeric_stddev_internal in its numeric.c), rounded half away from zero.
/// </summary>
internal static class DecimalRatio
{
    private const int MinSignificantDigits = 16;

    private static readonly ulong[] s_powers = [.. Enumerable.Range(0, 20).Select(i => (ulong)BigInteger.Pow(10, i))];

    /// <summary>(sum / 10^scale) / count.</summary>
    public static Numeric Divide(Int128 sum, int scale, long count)
    {
        var magnitude = (UInt128)(sum < 0 ? -sum : sum);
        return magnitude <= ulong.MaxValue && scale < 20 && count > 0
            ? DivideSmall((ulong)magnitude, scale, (ulong)count, sum < 0)
            : DivideLarge(sum, scale, count);
    }

    // The same in 128 bits: the sum of a group rarely needs more.
    private static Numeric DivideSmall(ulong sum, int scale, ulong count, bool negative)
    {
        (int weight1, int first1) = Leading(sum, scale);
        (int weight2, int first2) = Leading(count, 0);
        int weight = weight1 - weight2 - (first1 <= first2 ? 1 : 0);
        int digits = Math.Max(Math.Max(MinSignificantDigits - (weight * 4), scale), 0);
        int shift = digits - scale;
        UInt128 factor = shift < 20 ? s_powers[shift] : shift < 39 ? (UInt128)s_powers[19] * s_powers[Math.Min(shift - 19, 19)] : 0;
        if (factor == 0 || BitOperations.Log2(sum | 1) + (int)UInt128.Log2(factor) > 124)
        {
            return DivideLarge(negative ? -(BigInteger)sum : sum, scale, count);
        }

        (UInt128 quotient, UInt128 rest) = UInt128.DivRem(sum * factor, count);
        quotient += rest >= count - rest ? 1 : UInt128.Zero;
        return quotient > (UInt128)Numeric.MaxUnscaled
            ? DivideLarge(negative ? -(BigInteger)sum : sum, scale, count)
            : Numeric.Create(negative ? -(Int128)quotient : (Int128)quotient, digits);
    }

    private static (int Weight, int First) Leading(ulong unscaled, int scale)
    {
        if (unscaled == 0)
        {
            return (0, 0);
        }

        int digits = ((BitOperations.Log2(unscaled) + 1) * 1233) >> 12;
        digits += unscaled >= s_powers[digits] ? 1 : 0;
        int exponent = digits - 1 - scale;
        int weight = exponent >= 0 ? exponent >> 2 : -((3 - exponent) >> 2);
        int shift = (weight * 4) + scale;
        return (weight, (int)(shift >= 0 ? unscaled / s_powers[shift] : unscaled * s_powers[-shift]));
    }

    private static Numeric DivideLarge(BigInteger sum, int scale, BigInteger count)
    {
        (BigInteger unscaled, int digits) = Quotient(sum, scale, count);
        return Fit(unscaled, digits);
    }

    /// <summary>The quotient's unscaled integer and its scale.</summary>
    public static (BigInteger Unscaled, int Scale) Quotient(BigInteger sum, int scale, BigInteger count)
    {
        int digits = DivScale(sum, scale, count);
        BigInteger numerator = BigInteger.Abs(sum) * BigInteger.Pow(10, digits) * 2;
        BigInteger denominator = BigInteger.Abs(count) * BigInteger.Pow(10, scale);
        BigInteger magnitude = ((numerator / denominator) + 1) >> 1;
        return (sum.Sign * count.Sign < 0 ? -magnitude : magnitude, digits);
    }

    /// <summary>The square root of unscaled / 10^scale with the same scale.</summary>
    public static BigInteger Root(BigInteger unscaled, int scale)
    {
        // Twice the root, then half of it rounded up: rounding half away from zero.
        BigInteger square = unscaled * BigInteger.Pow(10, scale) * 4;
        return (IntegerRoot(square) + 1) >> 1;
    }

    /// <summary>A numeric of these digits; gives up digits after the point where they do not all fit.</summary>
    public static Numeric Fit(BigInteger unscaled, int scale)
    {
        var max = (BigInteger)Numeric.MaxUnscaled;
        while (scale > 0 && BigInteger.Abs(unscaled) > max)
        {
            BigInteger half = unscaled.Sign < 0 ? -5 : 5;
            unscaled = (unscaled + half) / 10;
            scale--;
        }

        if (BigInteger.Abs(unscaled) > max)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }

        return Numeric.Create((Int128)unscaled, scale);
    }

    private static int DivScale(BigInteger sum, int scale, BigInteger count)
    {
        (int weight1, int first1) = Leading(BigInteger.Abs(sum), scale);
        (int weight2, int first2) = Leading(BigInteger.Abs(count), 0);
        int weight = weight1 - weight2 - (first1 <= first2 ? 1 : 0);
        return Math.Clamp(Math.Max(MinSignificantDigits - (weight * 4), scale), 0, 200);
    }

    // Exponent and value of the first group of four decimal digits.
    private static (int Weight, int First) Leading(BigInteger unscaled, int scale)
    {
        if (unscaled.IsZero)
        {
            return (0, 0);
        }

        int digits = (int)Math.Floor(BigInteger.Log10(unscaled)) + 1;
        if (unscaled >= BigInteger.Pow(10, digits))
        {
            digits++;
        }
        else if (unscaled < BigInteger.Pow(10, digits - 1))
        {
            digits--;
        }

        int weight = (int)Math.Floor((digits - 1 - scale) / 4.0);
        int shift = (weight * 4) + scale;
        BigInteger first = shift >= 0 ? unscaled / BigInteger.Pow(10, shift) : unscaled * BigInteger.Pow(10, -shift);
        return (weight, (int)first);
    }

    private static BigInteger IntegerRoot(BigInteger value)
    {
        if (value.IsZero)
        {
            return value;
        }

        BigInteger root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + (value / root)) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }
}
