// Rounding, roots, powers, logarithms, trigonometry, random numbers.
using System.Numerics;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Mathematical functions.</summary>
internal static class MathFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Mathematics");
        Absolute<short>(r, "int2");
        Absolute<int>(r, "int4");
        Absolute<long>(r, "int8");
        r.F("abs(float4) float4", (float v) => Math.Abs(v), "Absolute value", "abs(-1.5::real) → 1.5");
        r.F("abs(float8) float8", (double v) => Math.Abs(v), "Absolute value", "abs(-1.5::float8) → 1.5");
        r.F("abs(numeric) numeric", (Numeric v) => v.Abs(), "Absolute value", "abs(-1.50) → 1.50");
        r.F("@(numeric) numeric", (Numeric v) => v.Abs(), "Absolute value", "@ -1.5 → 1.5");
        r.F("@(float8) float8", (double v) => Math.Abs(v), "Absolute value", "@ '-1.5'::float8 → 1.5");
        r.F("sign(float8) float8", (double v) => double.IsNaN(v) ? 0 : (double)Math.Sign(v), "−1, 0 or 1", "sign(-8.4::float8) → -1");
        r.F("sign(numeric) numeric", (Numeric v) => v.IsNaN ? v : Numeric.From(v.Sign), "−1, 0 or 1", "sign(-8.4) → -1");
        r.F("ceil(float8) float8", (double v) => Math.Ceiling(v), "Next integer upwards", "ceil(42.2::float8) → 43");
        r.F("ceil(numeric) numeric", (Numeric v) => v.Ceiling(), "Next integer upwards", "ceil(-42.8) → -42");
        r.F("ceiling(float8) float8", (double v) => Math.Ceiling(v), "Next integer upwards", "ceiling(42.2::float8) → 43");
        r.F("ceiling(numeric) numeric", (Numeric v) => v.Ceiling(), "Next integer upwards", "ceiling(-42.8) → -42");
        r.F("floor(float8) float8", (double v) => Math.Floor(v), "Next integer downwards", "floor(42.8::float8) → 42");
        r.F("floor(numeric) numeric", (Numeric v) => v.Floor(), "Next integer downwards", "floor(-42.8) → -43");
        r.F("round(float8) float8", (double v) => Math.Round(v, MidpointRounding.ToEven), "Nearest integer, half to even",
            "round(2.5::float8) → 2");
        r.F("round(numeric) numeric", (Numeric v) => v.Round(0), "Nearest integer, half away from zero", "round(42.5) → 43");
        r.F("round(numeric, int4) numeric", (Numeric v, int n) => v.Round(n), "Rounded to digits after the point",
            "round(42.4382, 2) → 42.44");
        r.F("trunc(float8) float8", (double v) => Math.Truncate(v), "Towards zero", "trunc(-42.8::float8) → -42");
        r.F("trunc(numeric) numeric", (Numeric v) => v.Truncate(0), "Towards zero", "trunc(42.8) → 42");
        r.F("trunc(numeric, int4) numeric", (Numeric v, int n) => v.Truncate(n), "Cut to digits after the point",
            "trunc(42.4382, 2) → 42.43");
        r.F("trim_scale(numeric) numeric", (Numeric v) => v.TrimScale(), "Without trailing zeros", "trim_scale(8.4100) → 8.41");
        r.F("scale(numeric) int4", (Numeric v) => v.IsNaN ? (int?)null : v.Scale, "Digits after the point", "scale(8.4100) → 4");
        r.F("min_scale(numeric) int4", (Numeric v) => v.IsNaN ? (int?)null : v.TrimScale().Scale, "Digits after the point that are needed",
            "min_scale(8.4100) → 2");
        r.F("div(numeric, numeric) numeric", Div, "Quotient cut to an integer", "div(9, 4) → 2");
        r.F("sqrt(float8) float8", (double v) => v < 0 ? throw NegativeRoot() : Math.Sqrt(v), "Square root",
            "sqrt(2::float8) → 1.4142135623730951");
        r.F("sqrt(numeric) numeric", (Numeric v) => v.Sqrt(), "Square root", "sqrt(2.0) → 1.414213562373095");
        r.F("|/(float8) float8", (double v) => v < 0 ? throw NegativeRoot() : Math.Sqrt(v), "Square root", "|/ 25.0 → 5");
        r.F("||/(float8) float8", (double v) => Math.Cbrt(v), "Cube root", "||/ 64.0 → 4");
        r.F("cbrt(float8) float8", (double v) => Math.Cbrt(v), "Cube root", "cbrt(8) → 2");
        r.F("exp(float8) float8", (double v) => Overflowing(Math.Exp(v), v), "e to the power", "exp(1::float8) → 2.718281828459045");
        r.F("exp(numeric) numeric", (Numeric v) => v.Exp(), "e to the power", "exp(1.0) → 2.7182818284590452");
        r.F("ln(float8) float8", (double v) => Logarithm(v, Math.Log), "Natural logarithm", "ln(2::float8) → 0.6931471805599453");
        r.F("ln(numeric) numeric", (Numeric v) => v.Ln(), "Natural logarithm", "ln(2.0) → 0.6931471805599453");
        r.F("log(float8) float8", (double v) => Logarithm(v, Math.Log10), "Decimal logarithm", "log(100::float8) → 2");
        r.F("log10(float8) float8", (double v) => Logarithm(v, Math.Log10), "Decimal logarithm", "log10(1000::float8) → 3");
        r.F("log(numeric) numeric", (Numeric v) => Numeric.Log(Numeric.From(10), v), "Decimal logarithm",
            "log(100.0) → 2.0000000000000000");
        r.F("log10(numeric) numeric", (Numeric v) => Numeric.Log(Numeric.From(10), v), "Decimal logarithm",
            "log10(1000.0) → 3.0000000000000000");
        r.F("log(numeric, numeric) numeric", (Numeric b, Numeric v) => Numeric.Log(b, v), "Logarithm to a base",
            "log(2.0, 64.0) → 6.0000000000000000");
        r.F("power(float8, float8) float8", Power, "To the power", "power(9::float8, 3) → 729");
        r.F("power(numeric, numeric) numeric", (Numeric a, Numeric b) => a.Power(b), "To the power",
            "power(9.0, 3) → 729.0000000000000000");
        r.F("pow(float8, float8) float8", Power, "To the power", "pow(9::float8, 3) → 729");
        r.F("pow(numeric, numeric) numeric", (Numeric a, Numeric b) => a.Power(b), "To the power", "pow(9.0, 3) → 729.0000000000000000");
        r.F("^(float8, float8) float8", Power, "To the power", "2 ^ 3 → 8");
        r.F("^(numeric, numeric) numeric", (Numeric a, Numeric b) => a.Power(b), "To the power", "2.0 ^ 3 → 8.0000000000000000");
        r.F("gcd(int8, int8) int8", (long a, long b) => (long)BigInteger.GreatestCommonDivisor(a, b), "Greatest common divisor",
            "gcd(1071, 462) → 21");
        r.F("gcd(int4, int4) int4", (int a, int b) => (int)BigInteger.GreatestCommonDivisor(a, b), "Greatest common divisor",
            "gcd(12, 18) → 6");
        r.F("lcm(int4, int4) int4", (int a, int b) => (int)Lcm(a, b, int.MaxValue, "integer"), "Least common multiple", "lcm(4, 6) → 12");
        r.F("lcm(int8, int8) int8", (long a, long b) => Lcm(a, b, long.MaxValue, "bigint"), "Least common multiple",
            "lcm(1071::bigint, 462) → 23562");
        r.F("factorial(int8) numeric", Factorial, "Product of 1 to n", "factorial(5) → 120");
        r.F("width_bucket(float8, float8, float8, int4) int4", WidthBucket, "Which of equal buckets",
            "width_bucket(5.35, 0.024, 10.06, 5) → 3");
        r.F("pi() float8", () => Math.PI, "π", "pi() → 3.141592653589793");
        r.F("degrees(float8) float8", (double v) => v * (180 / Math.PI), "Radians to degrees", "degrees(0.5) → 28.64788975654116");
        r.F("radians(float8) float8", (double v) => v / 180 * Math.PI, "Degrees to radians", "radians(45.0) → 0.7853981633974483");
        Trigonometry(r);
        r.F("random() float8", (EvalContext c) => c.Random.NextDouble(), "A number from 0 up to 1", "random() < 1 → true", Volatility.Volatile);
    }

    private static void Absolute<T>(FunctionRegistry r, string type)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        Func<T, T> abs = v => T.IsNegative(v) ? ArithmeticFunctions.Negate(v) : v;
        r.F($"abs({type}) {type}", abs, "Absolute value", "abs(-17) → 17");
        r.F($"@({type}) {type}", abs, "Absolute value", "@ -5 → 5");
    }

    private static void Trigonometry(FunctionRegistry r)
    {
        foreach ((string name, Func<double, double> f, string doc, string example) in new (string, Func<double, double>, string, string)[]
        {
            ("sin", Math.Sin, "Sine of radians", "sin(0) → 0"), ("cos", Math.Cos, "Cosine of radians", "cos(0) → 1"), ("tan", Math.Tan, "Tangent of radians", "tan(0) → 0"),
            ("atan", Math.Atan, "Angle of a tangent, in radians", "atan(0) → 0"), ("sinh", Math.Sinh, "Hyperbolic sine", "sinh(0) → 0"),
            ("cosh", Math.Cosh, "Hyperbolic cosine", "cosh(0) → 1"), ("tanh", Math.Tanh, "Hyperbolic tangent", "tanh(0) → 0"),
            ("asinh", Math.Asinh, "Inverse hyperbolic sine", "asinh(0) → 0"), ("cot", v => 1 / Math.Tan(v), "Cotangent of radians", "round(cot(0.5)::numeric, 6) → 1.830488"),
        })
        {
            r.F($"{name}(float8) float8", f, doc, example);
        }

        foreach ((string name, Func<double, double> f, string doc, string example) in new (string, Func<double, double>, string, string)[]
        {
            ("asin", Math.Asin, "Angle of a sine, in radians", "asin(0) → 0"), ("acos", Math.Acos, "Angle of a cosine, in radians", "acos(1) → 0"),
            ("acosh", Math.Acosh, "Inverse hyperbolic cosine", "acosh(1) → 0"), ("atanh", Math.Atanh, "Inverse hyperbolic tangent", "atanh(0) → 0"),
        })
        {
            r.F($"{name}(float8) float8", (double v) => InDomain(f(v), v), doc, example);
        }

        r.F("asind(float8) float8", ArcSineDegrees, "Angle of a sine, in degrees", "asind(0.5) → 30");
        r.F("acosd(float8) float8", (double v) => 90 - ArcSineDegrees(v), "Angle of a cosine, in degrees", "acosd(0.5) → 60");
        r.F("atand(float8) float8", (double v) => Math.Atan(v) / Math.Atan(1) * 45, "Angle of a tangent, in degrees", "atand(1) → 45");
        r.F("atan2d(float8, float8) float8", (double y, double x) => Math.Atan2(y, x) / Math.Atan(1) * 45, "Angle of the point (x, y), in degrees", "atan2d(1, 1) → 45");
        r.F("cotd(float8) float8", (double v) => Math.Tan(Math.PI / 4) / Math.Tan(v / 180 * Math.PI), "Cotangent of degrees", "cotd(45) → 1");
        r.F("sind(float8) float8", (double v) => Math.Sin(v / 180 * Math.PI), "Sine of degrees", "sind(0) → 0");
        r.F("cosd(float8) float8", (double v) => Math.Cos(v / 180 * Math.PI), "Cosine of degrees", "cosd(0) → 1");
        r.F("tand(float8) float8", (double v) => Math.Tan(v / 180 * Math.PI), "Tangent of degrees", "tand(0) → 0");
        r.F("atan2(float8, float8) float8", (double y, double x) => Math.Atan2(y, x), "Angle of the point (x, y)",
            "atan2(1, 0) → 1.5707963267948966");
    }

    private static double InDomain(double result, double input) => double.IsNaN(result) && !double.IsNaN(input)
        ? throw new SqlException("22003", "input is out of range") : result;

    private static double Overflowing(double result, double input)
    {
        if (double.IsInfinity(result) && !double.IsInfinity(input))
        {
            throw new SqlException("22003", "value out of range: overflow");
        }

        if (result == 0 && !double.IsInfinity(input))
        {
            ArithmeticFunctions.Underflow();
        }

        return result;
    }

    private static SqlException NegativeRoot() => new("2201F", "cannot take square root of a negative number");

    private static double Logarithm(double value, Func<double, double> log) => value > 0 || double.IsNaN(value) ? log(value)
        : throw new SqlException("2201E", value == 0 ? "cannot take logarithm of zero" : "cannot take logarithm of a negative number");

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0)
        {
            throw new SqlException("2201F", "zero raised to a negative power is undefined");
        }

        if (a < 0 && b != Math.Floor(b) && !double.IsInfinity(a) && !double.IsNaN(b))
        {
            throw new SqlException("2201F", "a negative number raised to a non-integer power yields a complex result");
        }

        double result = Math.Pow(a, b);
        if (double.IsInfinity(result) && !double.IsInfinity(a) && !double.IsInfinity(b))
        {
            throw new SqlException("22003", "value out of range: overflow");
        }

        if (result == 0 && a != 0 && !double.IsInfinity(a) && !double.IsInfinity(b))
        {
            ArithmeticFunctions.Underflow();
        }

        return result;
    }

    private static Numeric Div(Numeric a, Numeric b)
    {
        if (a.IsNaN || b.IsNaN)
        {
            return Numeric.NaN;
        }

        Numeric rest = a % b;
        return ((a - rest) / b).Round(0);
    }

    private static long Lcm(long a, long b, long max, string type)
    {
        if (a == 0 || b == 0)
        {
            return 0;
        }

        BigInteger result = BigInteger.Abs((BigInteger)a / BigInteger.GreatestCommonDivisor(a, b) * b);
        if (result > max)
        {
            ArithmeticFunctions.Overflow(type);
        }

        return (long)result;
    }

    private static Numeric Factorial(long n)
    {
        if (n < 0)
        {
            throw new SqlException("22003", "factorial of a negative number is undefined");
        }

        Numeric result = Numeric.From(1);
        for (long i = 2; i <= n; i++)
        {
            result *= Numeric.From(i);
        }

        return result;
    }

    private static int WidthBucket(double value, double low, double high, int count)
    {
        if (count <= 0 || double.IsNaN(value) || !double.IsFinite(low) || !double.IsFinite(high) || low == high)
        {
            throw new SqlException("2201G", count <= 0 ? "count must be greater than zero"
                : low == high ? "lower bound cannot equal upper bound" : "operand, lower bound, and upper bound must be finite");
        }

        if (low < high)
        {
            return value < low ? 0 : value >= high ? checked(count + 1) : Math.Min((int)(count * ((value - low) / (high - low))) + 1, count);
        }

        return value > low ? 0 : value <= high ? checked(count + 1) : Math.Min((int)(count * ((low - value) / (low - high))) + 1, count);
    }

    // Taken from the nearer of 30 and 90 degrees, so that the angles people know come out whole.
    private static double ArcSineDegrees(double v) => double.IsNaN(v) ? v : v is < -1 or > 1
        ? throw new SqlException("22003", "input is out of range")
        : Math.Abs(v) <= 0.5 ? Math.Asin(v) / Math.Asin(0.5) * 30 : Math.Sign(v) * (90 - (Math.Acos(Math.Abs(v)) / Math.Acos(0.5) * 60));
}
