// + - * / % and their kin on numbers, with PostgreSQL's overflow and division errors.
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Arithmetic operators of numbers.</summary>
internal static class ArithmeticFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Arithmetic");
        Integers<short>(r, "int2", Add, Subtract, Multiply);
        Integers<int>(r, "int4", Add, Subtract, Multiply);
        Integers<long>(r, "int8", Add, Subtract, Multiply);
        Floats<float>(r, "float4");
        Floats<double>(r, "float8");
        Mixed(r, "+", AddFloat);
        Mixed(r, "-", SubtractFloat);
        Mixed(r, "*", MultiplyFloat);
        Mixed(r, "/", DivideFloat);
        r.F("+(numeric, numeric) numeric", (Func<Numeric, Numeric, Numeric>)Add, "Sum", "1.5 + 2.25 → 3.75");
        r.F("-(numeric, numeric) numeric", (Func<Numeric, Numeric, Numeric>)Subtract, "Difference", "2.5 - 1 → 1.5");
        r.F("*(numeric, numeric) numeric", (Func<Numeric, Numeric, Numeric>)Multiply, "Product", "1.5 * 2 → 3.0");
        r.F("/(numeric, numeric) numeric", DivideNumeric, "Quotient", "1.0 / 3 → 0.33333333333333333333");
        r.F("%(numeric, numeric) numeric", ModuloNumeric, "Remainder", "5.5 % 2 → 1.5");
        r.F("mod(numeric, numeric) numeric", ModuloNumeric, "Remainder", "mod(5.5, 2) → 1.5");
        r.F("-(numeric) numeric", NegateNumeric, "Negation", "- 1.5 → -1.5");
        r.F("+(numeric) numeric", PlusNumeric, "The number itself", "+ 1.5 → 1.5");
    }

    private static void Integers<T>(FunctionRegistry r, string type, Func<T, T, T> add, Func<T, T, T> subtract, Func<T, T, T> multiply)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        r.F($"+({type}, {type}) {type}", add, "Sum", "2 + 3 → 5");
        r.F($"-({type}, {type}) {type}", subtract, "Difference", "5 - 3 → 2");
        r.F($"*({type}, {type}) {type}", multiply, "Product", "2 * 3 → 6");
        r.F($"/({type}, {type}) {type}", (Func<T, T, T>)Divide<T>, "Quotient, cut towards zero", "-7 / 2 → -3");
        r.F($"%({type}, {type}) {type}", (Func<T, T, T>)Modulo<T>, "Remainder with the dividend's sign", "-7 % 2 → -1");
        r.F($"mod({type}, {type}) {type}", (Func<T, T, T>)Modulo<T>, "Remainder with the dividend's sign", "mod(7, 4) → 3");
        r.F($"-({type}) {type}", (Func<T, T>)Negate<T>, "Negation", "- 3 → -3");
        r.F($"+({type}) {type}", (Func<T, T>)Same<T>, "The number itself", "+ 3 → 3");
        r.F($"&({type}, {type}) {type}", (Func<T, T, T>)And<T>, "Bits set in both", "12 & 10 → 8");
        r.F($"|({type}, {type}) {type}", (Func<T, T, T>)Or<T>, "Bits set in either", "12 | 10 → 14");
        r.F($"#({type}, {type}) {type}", (Func<T, T, T>)Xor<T>, "Bits set in one only", "12 # 10 → 6");
        r.F($"~({type}) {type}", (Func<T, T>)Not<T>, "Bits inverted", "~ 1 → -2");
        r.F($"<<({type}, int4) {type}", (Func<T, int, T>)ShiftLeft<T>, "Bits moved left", "1 << 4 → 16");
        r.F($">>({type}, int4) {type}", (Func<T, int, T>)ShiftRight<T>, "Bits moved right", "16 >> 2 → 4");
    }

    private static void Floats<T>(FunctionRegistry r, string type)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        r.F($"+({type}, {type}) {type}", (Func<T, T, T>)AddFloat<T>, "Sum", "1.5::float8 + 2 → 3.5");
        r.F($"-({type}, {type}) {type}", (Func<T, T, T>)SubtractFloat<T>, "Difference", "2.5 - 1 → 1.5");
        r.F($"*({type}, {type}) {type}", (Func<T, T, T>)MultiplyFloat<T>, "Product", "1.5::float8 * 2 → 3");
        r.F($"/({type}, {type}) {type}", (Func<T, T, T>)DivideFloat<T>, "Quotient", "1 / 4.0::float8 → 0.25");
        r.F($"-({type}) {type}", (Func<T, T>)NegateFloat<T>, "Negation", "- 1.5 → -1.5");
        r.F($"+({type}) {type}", (Func<T, T>)SameFloat<T>, "The number itself", "+ 1.5 → 1.5");
    }

    // As in PostgreSQL, a real meets any other number as a double.
    private static void Mixed(FunctionRegistry r, string name, Func<double, double, double> compute)
    {
        r.F($"{name}(float4, float8) float8", (float a, double b) => compute(a, b), "Computes with doubles");
        r.F($"{name}(float8, float4) float8", (double a, float b) => compute(a, b), "Computes with doubles");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Add(long a, long b)
    {
        long sum = unchecked(a + b);
        if (((a ^ sum) & (b ^ sum)) < 0)
        {
            Overflow("bigint");
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Subtract(long a, long b)
    {
        long difference = unchecked(a - b);
        if (((a ^ b) & (a ^ difference)) < 0)
        {
            Overflow("bigint");
        }

        return difference;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Multiply(long a, long b)
    {
        long high = Math.BigMul(a, b, out long low);
        if (high != low >> 63)
        {
            Overflow("bigint");
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int a, int b) => Narrow((long)a + b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Subtract(int a, int b) => Narrow((long)a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Multiply(int a, int b) => Narrow((long)a * b);

    public static short Add(short a, short b) => NarrowShort(a + b);

    public static short Subtract(short a, short b) => NarrowShort(a - b);

    public static short Multiply(short a, short b) => NarrowShort(a * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Narrow(long value)
    {
        if (value != (int)value)
        {
            Overflow("integer");
        }

        return (int)value;
    }

    private static short NarrowShort(int value)
    {
        if (value != (short)value)
        {
            Overflow("smallint");
        }

        return (short)value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Divide<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (T.IsZero(b))
        {
            DivisionByZero();
        }

        if (b == -T.One)
        {
            return Negate(a);
        }

        return a / b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Modulo<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (T.IsZero(b))
        {
            DivisionByZero();
        }

        return b == -T.One ? T.Zero : a % b;
    }

    public static T Negate<T>(T a)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (a == T.MinValue)
        {
            Overflow(TypeName<T>());
        }

        return -a;
    }

    public static string TypeName<T>() => typeof(T) == typeof(short) ? "smallint" : typeof(T) == typeof(int) ? "integer" : "bigint";

    private static T Same<T>(T a)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a;

    private static T And<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a & b;

    private static T Or<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a | b;

    private static T Xor<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a ^ b;

    private static T Not<T>(T a)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => ~a;

    private static T ShiftLeft<T>(T a, int b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a << b;

    private static T ShiftRight<T>(T a, int b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> => a >> b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T AddFloat<T>(T a, T b)
        where T : unmanaged, IFloatingPointIeee754<T> => Checked(a + b, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SubtractFloat<T>(T a, T b)
        where T : unmanaged, IFloatingPointIeee754<T> => Checked(a - b, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyFloat<T>(T a, T b)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T product = Checked(a * b, a, b);
        if (T.IsZero(product) && !T.IsZero(a) && !T.IsZero(b))
        {
            Underflow();
        }

        return product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T DivideFloat<T>(T a, T b)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (T.IsZero(b) && !T.IsNaN(a))
        {
            DivisionByZero();
        }

        T quotient = Checked(a / b, a, b);
        if (T.IsZero(quotient) && !T.IsZero(a) && !T.IsInfinity(b))
        {
            Underflow();
        }

        return quotient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Checked<T>(T result, T a, T b)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (T.IsInfinity(result) && !T.IsInfinity(a) && !T.IsInfinity(b))
        {
            throw new SqlException("22003", "value out of range: overflow");
        }

        return result;
    }

    private static T NegateFloat<T>(T a)
        where T : unmanaged, IFloatingPointIeee754<T> => -a;

    private static T SameFloat<T>(T a)
        where T : unmanaged, IFloatingPointIeee754<T> => a;

    private static Numeric Add(Numeric a, Numeric b) => a + b;

    private static Numeric Subtract(Numeric a, Numeric b) => a - b;

    private static Numeric Multiply(Numeric a, Numeric b) => a * b;

    private static Numeric DivideNumeric(Numeric a, Numeric b) => a / b;

    private static Numeric ModuloNumeric(Numeric a, Numeric b) => a % b;

    private static Numeric NegateNumeric(Numeric a) => -a;

    private static Numeric PlusNumeric(Numeric a) => a;

    [DoesNotReturn]
    public static void Overflow(string type) => throw new SqlException("22003", $"{type} out of range");

    [DoesNotReturn]
    public static void DivisionByZero() => throw new SqlException("22012", "division by zero");

    [DoesNotReturn]
    public static void Underflow() => throw new SqlException("22003", "value out of range: underflow");
}
