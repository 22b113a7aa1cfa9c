// Floating-point numbers that are decimals with few digits behind the point, as whole numbers: 12.34 is 1234 hundredths.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Value = digits / 10^exponent. The quotient of two exact numbers is rounded once, just as the decimal was when it was read, so each decimal of up to 15 digits
/// comes back to the bit; ALP multiplies by a rounded 10^−e instead, and has more exceptions.
/// </summary>
internal sealed class DecimalFrame : IDisposable
{
    /// <summary>10^22 is the last power of ten that a double holds exactly.</summary>
    public const int ExponentMax = 22;

    private const int SampleMax = 48;
    private const double BitsPerDigit = 3.32;

    // A patch is its bits and where it belongs.
    private const double PatchBits = 80;

    // Whole numbers up to here are exact.
    private const double DigitsMax = 1L << 53;
    private static readonly double[] s_powers = [.. Enumerable.Range(0, ExponentMax + 1).Select(e => (double)BigInteger.Pow(10, e))];

    private DecimalFrame(int exponent, int patches, IntegerProfile digits)
    {
        Exponent = exponent;
        Patches = patches;
        Digits = digits;
    }

    /// <summary>Decimal places.</summary>
    public int Exponent { get; }

    /// <summary>How many numbers are no such decimals.</summary>
    public int Patches { get; }

    /// <summary>The digits; a patched number has those of the one before it.</summary>
    public IntegerProfile Digits { get; }

    /// <summary>The frame of numbers given as bit patterns; null when most of a sample are no decimals.</summary>
    public static DecimalFrame? Of(ReadOnlySpan<long> bits, bool single, CodecHabit? habit)
    {
        int exponent = Choose(bits, single);
        if (exponent < 0)
        {
            return null;
        }

        using var digits = new Rented<long>(bits.Length);
        int patches = 0;
        long before = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            if (TryDigits(bits[i], single, exponent, out long number))
            {
                before = number;
            }
            else
            {
                patches++;
            }

            digits.Span[i] = before;
        }

        return patches > bits.Length / 2 ? null : new DecimalFrame(exponent, patches, new IntegerProfile(digits.Span, habit));
    }

    /// <summary>The digits of a number given as its bits; false when they would not give it back to the bit, as those of −0, NaN and 1/3.</summary>
    public static bool TryDigits(long bits, bool single, int exponent, out long digits)
    {
        double value = single ? BitConverter.UInt32BitsToSingle((uint)bits) : BitConverter.Int64BitsToDouble(bits);
        double scaled = Math.Round(value * s_powers[exponent]);
        if (!(Math.Abs(scaled) <= DigitsMax))
        {
            digits = 0;
            return false;
        }

        digits = (long)scaled;
        double back = digits / s_powers[exponent];
        return single ? BitConverter.SingleToUInt32Bits((float)back) == (uint)bits : BitConverter.DoubleToInt64Bits(back) == bits;
    }

    /// <summary>Turns digits into bit patterns, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(Span<long> digits, int exponent, bool single)
    {
        double power = s_powers[exponent];
        int i = 0;
        if (!single)
        {
            ref long at = ref MemoryMarshal.GetReference(digits);
            Vector256<double> powers = Vector256.Create(power);
            for (; i <= digits.Length - 4; i += 4)
            {
                Vector256<double> value = Vector256.ConvertToDouble(Vector256.LoadUnsafe(ref at, (nuint)i)) / powers;
                value.AsInt64().StoreUnsafe(ref at, (nuint)i);
            }
        }

        for (; i < digits.Length; i++)
        {
            double value = digits[i] / power;
            digits[i] = single ? BitConverter.SingleToUInt32Bits((float)value) : BitConverter.DoubleToInt64Bits(value);
        }
    }

    public void Dispose() => Digits.Dispose();

    // Each place more costs its bits for every number, each number that is no decimal of so few places costs a patch.
    private static int Choose(ReadOnlySpan<long> bits, bool single)
    {
        int sampled = Math.Min(bits.Length, SampleMax);
        int best = -1;
        double least = PatchBits * 0.6;
        for (int exponent = 0; exponent <= ExponentMax && exponent * BitsPerDigit < least; exponent++)
        {
            int misses = 0;
            for (int s = 0; s < sampled; s++)
            {
                misses += TryDigits(bits[(int)((long)s * bits.Length / sampled)], single, exponent, out _) ? 0 : 1;
            }

            double cost = (exponent * BitsPerDigit) + (PatchBits * misses / sampled);
            if (cost < least)
            {
                (best, least) = (exponent, cost);
            }
        }

        return best;
    }
}
