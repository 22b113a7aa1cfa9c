// Roots, powers and logarithms of numeric, in whole numbers scaled by a power of ten.
using System.Numerics;

namespace Millrace.Core;

public readonly partial struct Numeric
{
    /// <summary>Digits kept beyond the result's while computing.</summary>
    private const int Guard = 12;

    /// <summary>The square root, with at least 16 significant digits.</summary>
    /// <exception cref="SqlException">2201F for a negative value.</exception>
    public Numeric Sqrt()
    {
        if (IsNaN)
        {
            return this;
        }

        if (Unscaled < 0)
        {
            throw new SqlException("2201F", "cannot take square root of a negative number");
        }

        (int weight, _) = Weight();
        int scale = Math.Clamp(Math.Max(16 - (((weight + 1) * 4 / 2) - 1), Scale), 0, MaxScale);
        BigInteger n = (BigInteger)Unscaled * Ten((2 * scale) - Scale);
        BigInteger root = IntegerRoot(n);
        return Fit(n - (root * root) > root ? root + 1 : root, scale);
    }

    private static BigInteger IntegerRoot(BigInteger n)
    {
        if (n < 2)
        {
            return n;
        }

        BigInteger x = BigInteger.One << (int)((n.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger y = (x + (n / x)) >> 1;
            if (y >= x)
            {
                return x;
            }

            x = y;
        }
    }

    /// <summary>e to this power.</summary>
    /// <exception cref="SqlException">22003 when too large.</exception>
    public Numeric Exp()
    {
        if (IsNaN)
        {
            return this;
        }

        double approximate = ToDouble();
        if (approximate > 90)
        {
            TooBig();
        }

        int scale = ResultScale((int)Math.Truncate(Math.Max(approximate, -2000) * 0.434294481903252), Scale);
        return Rounded(ExpFixed((BigInteger)Unscaled, Scale, scale + Guard + 40), scale + Guard + 40, scale);
    }

    /// <summary>The natural logarithm.</summary>
    /// <exception cref="SqlException">2201E for zero and below.</exception>
    public Numeric Ln()
    {
        if (IsNaN)
        {
            return this;
        }

        CheckLogarithm();
        int scale = ResultScale(LogWeight(), Scale);
        return Rounded(LnFixed(Unscaled, Scale, scale + Guard + 10), scale + Guard + 10, scale);
    }

    /// <summary>The logarithm to a base.</summary>
    /// <exception cref="SqlException">2201E for zero and below; 22012 for base 1.</exception>
    public static Numeric Log(Numeric @base, Numeric value)
    {
        if (@base.IsNaN || value.IsNaN)
        {
            return NaN;
        }

        @base.CheckLogarithm();
        value.CheckLogarithm();
        int weight = value.LogWeight() - @base.LogWeight();
        int scale = Math.Clamp(Math.Max(16 - weight, Math.Max(@base.Scale, value.Scale)), 0, MaxScale);
        int work = scale + Guard + 20;
        BigInteger denominator = LnFixed(@base.Unscaled, @base.Scale, work);
        if (denominator.IsZero)
        {
            DivisionByZero();
        }

        return Rounded(LnFixed(value.Unscaled, value.Scale, work) * Ten(work) / denominator, work, scale);
    }

    /// <summary>This to the power of <paramref name="exponent"/>.</summary>
    /// <exception cref="SqlException">2201F for zero to a negative power and a negative base with a fraction; 22003 when too large.</exception>
    public Numeric Power(Numeric exponent)
    {
        if (IsNaN || exponent.IsNaN)
        {
            return exponent.IsNaN && !IsNaN && this == From(1) ? From(1) : !exponent.IsNaN && exponent.Unscaled == 0 ? From(1) : NaN;
        }

        bool whole = exponent.TrimScale().Scale == 0;
        if (Unscaled == 0 && exponent.Unscaled < 0)
        {
            throw new SqlException("2201F", "zero raised to a negative power is undefined");
        }

        if (Unscaled < 0 && !whole)
        {
            throw new SqlException("2201F", "a negative number raised to a non-integer power yields a complex result");
        }

        if (Unscaled == 0)
        {
            return exponent.Unscaled == 0 ? Create(Int128.Parse("10000000000000000"), 16) : Create(0, 16);
        }

        double weight = exponent.ToDouble() * (BigInteger.Log10(BigInteger.Abs(Unscaled)) - Scale);
        if (weight > 36)
        {
            TooBig();
        }

        // PostgreSQL 15 gives whole powers sixteen digits whatever their size, others sixteen that count.
        int scale = whole ? Math.Max(16, Scale) : Math.Clamp(Math.Max(16 - (int)Math.Truncate(Math.Max(weight, -1000)), Math.Max(Scale, exponent.Scale)), 0, MaxScale);
        BigInteger result;
        int work = scale + Guard + 50;
        if (whole && exponent.Abs() <= From(10_000))
        {
            int n = (int)exponent.Abs().Round(0).Unscaled;
            BigInteger power = BigInteger.Pow(BigInteger.Abs(Unscaled), n);
            result = exponent.Unscaled >= 0
                ? Shift(power, work - (Scale * n))
                : BigInteger.Pow(10, work + (Scale * n)) / power;
            result = Unscaled < 0 && (n & 1) == 1 ? -result : result;
        }
        else
        {
            BigInteger log = LnFixed(Int128.Abs(Unscaled), Scale, work);
            result = ExpFixed(Shift(log * exponent.Unscaled, -exponent.Scale), work, work);
            result = Unscaled < 0 && exponent.Round(0).Unscaled % 2 != 0 ? -result : result;
        }

        return Rounded(result, work, scale);
    }

    private void CheckLogarithm()
    {
        if (Unscaled <= 0)
        {
            throw new SqlException("2201E", Unscaled == 0 ? "cannot take logarithm of zero" : "cannot take logarithm of a negative number");
        }
    }

    /// <summary>Decimal digits before the point of the natural logarithm, PostgreSQL's estimate.</summary>
    private int LogWeight()
    {
        double log = Math.Abs(BigInteger.Log((BigInteger)Unscaled) - (Scale * Math.Log(10)));
        if (log < 0.1)
        {
            double distance = Math.Abs((this - From(1)).ToDouble());
            return distance == 0 ? 0 : (int)Math.Floor(Math.Log10(distance));
        }

        return (int)Math.Log10(log);
    }

    private static int ResultScale(int weight, int scale) => Math.Clamp(Math.Max(16 - weight, scale), 0, MaxScale);

    private static Numeric Rounded(BigInteger value, int scale, int to) => Fit(DivideRounded(value, Ten(scale - to)), to);

    private static BigInteger Shift(BigInteger value, int digits) => digits >= 0 ? value * Ten(digits) : value / Ten(-digits);

    /// <summary>exp(x / 10^scale) times 10^work: halve the argument until it is small, sum Taylor's series, square back.</summary>
    private static BigInteger ExpFixed(BigInteger x, int scale, int work)
    {
        const int halvings = 10;
        int inner = work + 20;
        BigInteger one = Ten(inner);
        BigInteger argument = Shift(x, inner - scale);
        int shift = Math.Max(halvings, (int)(BigInteger.Abs(argument) / one).GetBitLength() + halvings);
        argument >>= shift;
        BigInteger sum = one;
        BigInteger term = one;
        for (int n = 1; !term.IsZero && n < 500; n++)
        {
            term = term * argument / one / n;
            sum += term;
        }

        for (int i = 0; i < shift; i++)
        {
            sum = sum * sum / one;
        }

        return Shift(sum, work - inner);
    }

    /// <summary>ln(x / 10^scale) times 10^work: take roots until it is near 1, then the series of the inverse hyperbolic tangent.</summary>
    private static BigInteger LnFixed(BigInteger x, int scale, int work)
    {
        int inner = work + 20;
        BigInteger one = Ten(inner);
        BigInteger value = Shift(x, inner - scale);
        int doublings = 1;
        while (BigInteger.Abs(value - one) * 100 > one)
        {
            value = IntegerRoot(value * one);
            doublings++;
        }

        BigInteger y = (value - one) * one / (value + one);
        BigInteger square = y * y / one;
        BigInteger sum = BigInteger.Zero;
        BigInteger term = y;
        for (int n = 1; !term.IsZero; n += 2)
        {
            sum += term / n;
            term = term * square / one;
        }

        return Shift(sum << doublings, work - inner);
    }
}
