// Arithmetic of numeric with PostgreSQL's result scales.
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Millrace.Core;

public readonly partial struct Numeric : IEquatable<Numeric>, IComparable<Numeric>
{
    /// <summary>The largest scale.</summary>
    public const int MaxScale = 254;

    /// <summary>0, with scale 0.</summary>
    public static readonly Numeric Zero = Create(0, 0);

    private static readonly UInt128[] s_powers = Powers();

    private static UInt128[] Powers()
    {
        var powers = new UInt128[39];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }

    private static BigInteger Ten(int exponent) => exponent < 39 ? s_powers[exponent] : BigInteger.Pow(10, exponent);

    [DoesNotReturn]
    private static void TooBig() =>
        throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");

    [DoesNotReturn]
    private static void DivisionByZero() => throw new SqlException("22012", "division by zero");

    /// <summary>−1, 0 or 1; 0 for NaN.</summary>
    public int Sign => IsNaN ? 0 : Int128.Sign(Unscaled);

    /// <summary>The integer, with scale 0.</summary>
    public static Numeric From(long value) => new((ulong)(value >> 63) & 0x00FF_FFFF_FFFF_FFFF, (ulong)value);

    /// <summary>Makes a value from an integer of any size, rounding away digits after the point that do not fit.</summary>
    internal static Numeric Fit(BigInteger unscaled, int scale)
    {
        int drop = Math.Max(0, scale - MaxScale);
        if (BigInteger.Abs(unscaled) > MaxUnscaled)
        {
            int digits = (int)Math.Floor(BigInteger.Log10(BigInteger.Abs(unscaled))) + 1;
            drop = Math.Max(drop, digits - 36);
        }

        for (; drop <= scale; drop++)
        {
            BigInteger rounded = drop == 0 ? unscaled : DivideRounded(unscaled, Ten(drop));
            if (BigInteger.Abs(rounded) <= MaxUnscaled)
            {
                return Create((Int128)rounded, scale - drop);
            }
        }

        TooBig();
        return default;
    }

    private static Numeric Fit(Int128 unscaled, int scale, int maxScale) =>
        scale <= maxScale && unscaled <= MaxUnscaled && unscaled >= -MaxUnscaled ? Create(unscaled, scale) : Fit((BigInteger)unscaled, scale);

    private static BigInteger DivideRounded(BigInteger value, BigInteger by)
    {
        BigInteger quotient = BigInteger.DivRem(value, by, out BigInteger rest);
        return BigInteger.Abs(rest) * 2 >= BigInteger.Abs(by) ? quotient + (value.Sign * by.Sign) : quotient;
    }

    /// <summary>The sum, with the larger scale.</summary>
    public static Numeric operator +(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }

        int scale = Math.Max(a.Scale, b.Scale);
        if (TryScaled(a, scale, out Int128 x) && TryScaled(b, scale, out Int128 y))
        {
            // Both lie within 126 bits, so the sum cannot wrap.
            return Fit(x + y, scale, MaxScale);
        }

        return Fit(((BigInteger)a.Unscaled * Ten(scale - a.Scale)) + ((BigInteger)b.Unscaled * Ten(scale - b.Scale)), scale);
    }

    /// <summary>The difference, with the larger scale.</summary>
    public static Numeric operator -(Numeric a, Numeric b) => a + -b;

    /// <summary>The negated value.</summary>
    public static Numeric operator -(Numeric a) => a.IsNaN ? a : Create(-a.Unscaled, a.Scale);

    /// <summary>The product; its scale is the sum of the scales while that many digits fit.</summary>
    public static Numeric operator *(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }

        Int128 x = a.Unscaled;
        Int128 y = b.Unscaled;
        int scale = a.Scale + b.Scale;
        return (long)x == x && (long)y == y ? Fit(x * y, scale, MaxScale) : Fit((BigInteger)x * y, scale);
    }

    /// <summary>The quotient, with at least 16 significant digits, as many after the point as PostgreSQL gives while they fit.</summary>
    /// <exception cref="SqlException">22012 for a zero divisor.</exception>
    public static Numeric operator /(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }

        if (b.Unscaled == 0)
        {
            DivisionByZero();
        }

        int scale = QuotientScale(a, b);
        int shift = scale + b.Scale - a.Scale;
        UInt128 n = (UInt128)Int128.Abs(a.Unscaled);
        UInt128 d = (UInt128)Int128.Abs(b.Unscaled);
        bool negative = a.Unscaled < 0 != b.Unscaled < 0;
        if (shift < 39 && n <= UInt128.MaxValue / s_powers[shift])
        {
            (UInt128 quotient, UInt128 rest) = UInt128.DivRem(n * s_powers[shift], d);
            quotient += rest >= d - rest ? UInt128.One : UInt128.Zero;
            if (quotient <= (UInt128)MaxUnscaled)
            {
                return Create(negative ? -(Int128)quotient : (Int128)quotient, scale);
            }
        }

        return Fit(DivideRounded((BigInteger)a.Unscaled * Ten(shift), b.Unscaled), scale);
    }

    /// <summary>PostgreSQL's rule: 16 significant digits, counted in its groups of four, but no fewer than either operand shows.</summary>
    private static int QuotientScale(Numeric a, Numeric b)
    {
        (int weightA, int firstA) = a.Weight();
        (int weightB, int firstB) = b.Weight();
        int weight = weightA - weightB - (firstA <= firstB ? 1 : 0);
        return Math.Clamp(Math.Max(16 - (weight * 4), Math.Max(a.Scale, b.Scale)), 0, MaxScale);
    }

    /// <summary>The position of the first group of four decimal digits that is not zero, and the group.</summary>
    private (int Weight, int First) Weight()
    {
        UInt128 value = (UInt128)Int128.Abs(Unscaled);
        if (value == 0)
        {
            return (0, 0);
        }

        int digits = DigitCount(value);
        int exponent = digits - Scale - 1;
        int weight = exponent >> 2;
        int inGroup = exponent - (weight * 4) + 1;
        return (weight, (int)(digits >= inGroup ? value / s_powers[digits - inGroup] : value * s_powers[inGroup - digits]));
    }

    private static int DigitCount(UInt128 value)
    {
        int guess = (int)((128 - UInt128.LeadingZeroCount(value)) * 1233 >> 12);
        return guess < 39 && value >= s_powers[guess] ? guess + 1 : guess;
    }

    /// <summary>The remainder of the division truncated toward zero; it has the dividend's sign.</summary>
    /// <exception cref="SqlException">22012 for a zero divisor.</exception>
    public static Numeric operator %(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return NaN;
        }

        if (b.Unscaled == 0)
        {
            DivisionByZero();
        }

        int scale = Math.Max(a.Scale, b.Scale);
        return TryScaled(a, scale, out Int128 x) && TryScaled(b, scale, out Int128 y)
            ? Create(x % y, scale)
            : Fit(BigInteger.Remainder((BigInteger)a.Unscaled * Ten(scale - a.Scale), (BigInteger)b.Unscaled * Ten(scale - b.Scale)), scale);
    }

    /// <summary>The unscaled value at a scale that is no smaller, when it stays within 126 bits.</summary>
    private static bool TryScaled(Numeric value, int scale, out Int128 result)
    {
        int shift = scale - value.Scale;
        Int128 unscaled = value.Unscaled;
        if (shift == 0)
        {
            result = unscaled;
            return true;
        }

        if (shift <= 18 && (long)unscaled == unscaled)
        {
            result = unscaled * (Int128)s_powers[shift];
            return true;
        }

        if (shift < 38 && (UInt128)Int128.Abs(unscaled) <= (UInt128.One << 126) / s_powers[shift])
        {
            result = unscaled * (Int128)s_powers[shift];
            return true;
        }

        result = 0;
        return unscaled == 0;
    }

    /// <summary>Compares by value; NaN equals itself and is larger than all.</summary>
    public int CompareTo(Numeric other)
    {
        if (IsNaN || other.IsNaN)
        {
            return IsNaN.CompareTo(other.IsNaN);
        }

        if (Scale == other.Scale)
        {
            return Unscaled.CompareTo(other.Unscaled);
        }

        int scale = Math.Max(Scale, other.Scale);
        return TryScaled(this, scale, out Int128 x) && TryScaled(other, scale, out Int128 y)
            ? x.CompareTo(y)
            : ((BigInteger)Unscaled * Ten(scale - Scale)).CompareTo((BigInteger)other.Unscaled * Ten(scale - other.Scale));
    }

    /// <summary>Equality of values: 1.0 equals 1.00, NaN equals NaN.</summary>
    public bool Equals(Numeric other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Numeric n && Equals(n);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (IsNaN)
        {
            return -1;
        }

        Numeric n = TrimScale();
        return HashCode.Combine(n.Unscaled, n.Scale);
    }

    /// <summary>The value without trailing zeros after the point.</summary>
    public Numeric TrimScale()
    {
        Int128 value = Unscaled;
        int scale = Scale;
        while (scale > 0 && !IsNaN && value % 10 == 0)
        {
            value /= 10;
            scale--;
        }

        return IsNaN ? this : Create(value, scale);
    }

    /// <summary>Equality of values.</summary>
    public static bool operator ==(Numeric a, Numeric b) => a.CompareTo(b) == 0;

    /// <summary>Inequality of values.</summary>
    public static bool operator !=(Numeric a, Numeric b) => a.CompareTo(b) != 0;

    /// <summary>Order by value, NaN last.</summary>
    public static bool operator <(Numeric a, Numeric b) => a.CompareTo(b) < 0;

    /// <summary>Order by value, NaN last.</summary>
    public static bool operator >(Numeric a, Numeric b) => a.CompareTo(b) > 0;

    /// <summary>Order by value, NaN last.</summary>
    public static bool operator <=(Numeric a, Numeric b) => a.CompareTo(b) <= 0;

    /// <summary>Order by value, NaN last.</summary>
    public static bool operator >=(Numeric a, Numeric b) => a.CompareTo(b) >= 0;

    /// <summary>The absolute value.</summary>
    public Numeric Abs() => IsNaN ? this : Create(Int128.Abs(Unscaled), Scale);

    /// <summary>Rounded half away from zero to <paramref name="scale"/> digits after the point, or before it when negative.</summary>
    public Numeric Round(int scale) => Rescale(scale, MidpointRounding.AwayFromZero);

    /// <summary>Cut to <paramref name="scale"/> digits after the point, or before it when negative.</summary>
    public Numeric Truncate(int scale) => Rescale(scale, MidpointRounding.ToZero);

    /// <summary>The largest integer that is not larger.</summary>
    public Numeric Floor() => Rescale(0, MidpointRounding.ToNegativeInfinity);

    /// <summary>The smallest integer that is not smaller.</summary>
    public Numeric Ceiling() => Rescale(0, MidpointRounding.ToPositiveInfinity);

    private Numeric Rescale(int scale, MidpointRounding mode)
    {
        if (IsNaN || scale == Scale)
        {
            return this;
        }

        scale = Math.Clamp(scale, -40, MaxScale);
        if (scale > Scale)
        {
            return TryScaled(this, scale, out Int128 more) ? Fit(more, scale, MaxScale) : Fit((BigInteger)Unscaled * Ten(scale - Scale), scale);
        }

        int drop = Scale - scale;
        Int128 quotient = 0;
        Int128 unscaled = Unscaled;
        int away;
        if (drop > 37)
        {
            away = Math.Sign((int)Int128.Sign(unscaled));
            quotient = mode == MidpointRounding.ToPositiveInfinity && away > 0 ? 1 : mode == MidpointRounding.ToNegativeInfinity && away < 0 ? -1 : 0;
        }
        else
        {
            Int128 power = (Int128)s_powers[drop];
            (quotient, Int128 rest) = Int128.DivRem(unscaled, power);
            Int128 distance = Int128.Abs(rest);
            bool step = mode switch
            {
                MidpointRounding.AwayFromZero => distance >= power - distance,
                MidpointRounding.ToPositiveInfinity => rest > 0,
                MidpointRounding.ToNegativeInfinity => rest < 0,
                _ => false,
            };
            quotient += step ? Int128.Sign(unscaled) : 0;
        }

        return scale >= 0 ? Create(quotient, scale) : Fit((BigInteger)quotient * Ten(-scale), 0);
    }

    /// <summary>The value at a declared numeric(precision, scale).</summary>
    /// <exception cref="SqlException">22003 when it has more digits before the point than declared.</exception>
    public Numeric WithPrecision(int precision, int scale)
    {
        if (precision < 0 || IsNaN)
        {
            return this;
        }

        Numeric rounded = Rescale(scale, MidpointRounding.AwayFromZero);
        int whole = precision - scale;
        if (whole < 36 && rounded.Abs().CompareTo(whole >= 0 ? Create((Int128)s_powers[whole], 0) : Create(1, -whole)) >= 0)
        {
            throw new SqlException("22003", "numeric field overflow", detail:
                $"A field with precision {precision}, scale {scale} must round to an absolute value less than {(whole == 0 ? "1" : $"10^{whole}")}.");
        }

        return rounded;
    }

    /// <summary>Rounded half away from zero to an integer.</summary>
    /// <param name="min">The smallest allowed.</param>
    /// <param name="max">The largest allowed.</param>
    /// <param name="type">Names the type in the message.</param>
    /// <exception cref="SqlException">22003 out of range, 0A000 for NaN.</exception>
    public long ToInteger(long min, long max, string type)
    {
        if (IsNaN)
        {
            throw new SqlException("0A000", $"cannot convert NaN to {type}");
        }

        Int128 value = Scale == 0 ? Unscaled : Rescale(0, MidpointRounding.AwayFromZero).Unscaled;
        if (value < min || value > max)
        {
            throw new SqlException("22003", $"{type} out of range");
        }

        return (long)value;
    }

    /// <summary>The nearest double.</summary>
    public double ToDouble()
    {
        if (IsNaN)
        {
            return double.NaN;
        }

        Int128 unscaled = Unscaled;
        if (Scale <= 22 && Int128.Abs(unscaled) < 1L << 53)
        {
            // Both are exact doubles, so the one division rounds correctly.
            return (double)(long)unscaled / s_exactPowers[Scale];
        }

        Span<byte> text = stackalloc byte[64];
        Span<byte> digits = stackalloc byte[40];
        int count = Digits((UInt128)Int128.Abs(unscaled), digits);
        digits[..count].CopyTo(text);
        text[count++] = (byte)'e';
        System.Buffers.Text.Utf8Formatter.TryFormat(-Scale, text[count..], out int written);
        double value = count == 1 ? 0 : double.Parse(text[..(count + written)], System.Globalization.CultureInfo.InvariantCulture);
        return unscaled < 0 ? -value : value;
    }

    private static readonly double[] s_exactPowers =
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>The double's first 15 significant digits, as PostgreSQL casts.</summary>
    /// <exception cref="SqlException">0A000 for infinity, 22003 when too large.</exception>
    public static Numeric From(double value) => From(value, "E14");

    /// <summary>The float's first 6 significant digits, as PostgreSQL casts.</summary>
    /// <exception cref="SqlException">0A000 for infinity, 22003 when too large.</exception>
    public static Numeric From(float value) => From(value, "E5");

    private static Numeric From(double value, string format)
    {
        if (double.IsNaN(value))
        {
            return NaN;
        }

        if (double.IsInfinity(value))
        {
            throw new SqlException("0A000", "cannot convert infinity to numeric");
        }

        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out int length, format, System.Globalization.CultureInfo.InvariantCulture);
        Numeric parsed = Parse(text[..length]);
        return parsed.TrimScale();
    }
}
