// numeric as integers: the digits of values that fit 64 bits once all have the same scale, beside each one's own scale; otherwise all 128 bits.
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Aligned: byte scale, the digits at that scale as a block of integers, then how much smaller each value's own scale is: 12.3 and 12.34 are 1230 and 1234
/// at scale 2, and 1 and 0. Wide: the upper and the lower halves of the 128 bits as two blocks.
/// </summary>
internal static class NumericBlock
{
    // 10^18 is the largest power of ten that a long holds.
    private const int ScaleSpreadMax = 18;
    private static readonly long[] s_powers = [.. Enumerable.Range(0, ScaleSpreadMax + 1).Select(p => (long)Math.Pow(10, p))];

    /// <summary>Appends the values, at least one.</summary>
    public static void Encode(ReadOnlySpan<Numeric> values, ByteWriter writer, CodecHabit? habit)
    {
        using var digits = new Rented<long>(values.Length);
        using var taken = new Rented<long>(values.Length);
        if (TryAlign(values, digits.Span, taken.Span, out int scale))
        {
            writer.WriteByte(CodecTable.Aligned.Id);
            writer.WriteByte((byte)scale);
            IntegerBlock.Encode(digits.Span, writer, habit: habit?[CodecPart.Digits]);
            IntegerBlock.Encode(taken.Span, writer, habit: habit?[CodecPart.Second]);
            return;
        }

        ReadOnlySpan<long> halves = MemoryMarshal.Cast<Numeric, long>(values);
        for (int i = 0; i < values.Length; i++)
        {
            digits.Span[i] = halves[2 * i];
            taken.Span[i] = halves[(2 * i) + 1];
        }

        writer.WriteByte(CodecTable.Wide.Id);
        IntegerBlock.Encode(taken.Span, writer, habit: habit?[CodecPart.Second]);
        IntegerBlock.Encode(digits.Span, writer, habit: habit?[CodecPart.Digits]);
    }

    /// <summary>Reads <paramref name="into"/>.Length values, at least one.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public static void Decode(ref ByteReader reader, Span<Numeric> into)
    {
        byte id = reader.ReadByte();
        using var first = new Rented<long>(into.Length);
        using var second = new Rented<long>(into.Length);
        if (id == CodecTable.Aligned.Id)
        {
            int scale = reader.ReadByte();
            IntegerBlock.Decode(ref reader, first.Span);
            IntegerBlock.DecodeWithin(ref reader, second.Span, 0, Math.Min(scale, ScaleSpreadMax));
            for (int i = 0; i < into.Length; i++)
            {
                int taken = (int)second.Span[i];
                into[i] = Numeric.Create(taken == 0 ? first.Span[i] : first.Span[i] / s_powers[taken], scale - taken);
            }
        }
        else if (id == CodecTable.Wide.Id)
        {
            IntegerBlock.Decode(ref reader, first.Span);
            IntegerBlock.Decode(ref reader, second.Span);
            Span<long> halves = MemoryMarshal.Cast<Numeric, long>(into);
            for (int i = 0; i < into.Length; i++)
            {
                halves[2 * i] = second.Span[i];
                halves[(2 * i) + 1] = first.Span[i];
            }
        }
        else
        {
            throw new FormatException($"unknown codec of numeric: {id}");
        }
    }

    /// <summary>The scale of aligned digits, and how these are laid out.</summary>
    public static string Describe(ref ByteReader reader) => $"({reader.ReadByte()})+{IntegerBlock.Describe(ref reader)}";

    // Digits brought to the largest scale of the block; false when they do not all fit 64 bits or one is no number.
    private static bool TryAlign(ReadOnlySpan<Numeric> values, Span<long> digits, Span<long> taken, out int scale)
    {
        scale = 0;
        foreach (Numeric value in values)
        {
            scale = Math.Max(scale, value.Scale);
        }

        for (int i = 0; i < values.Length; i++)
        {
            int away = scale - values[i].Scale;
            Int128 unscaled = values[i].Unscaled;
            if (values[i].IsNaN || away > ScaleSpreadMax || unscaled < long.MinValue || unscaled > long.MaxValue)
            {
                return false;
            }

            unscaled *= s_powers[away];
            if (unscaled < long.MinValue || unscaled > long.MaxValue)
            {
                return false;
            }

            digits[i] = (long)unscaled;
            taken[i] = away;
        }

        return true;
    }
}
