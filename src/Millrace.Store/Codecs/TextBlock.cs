// Byte strings as bytes: an id, then what that codec writes.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Chooses a codec for byte strings by estimated size, and reads them back.</summary>
internal static class TextBlock
{
    /// <summary>Appends the strings of <paramref name="profile"/>, at least one. Their number is not written.</summary>
    public static void Encode(TextProfile profile, ByteWriter writer)
    {
        TextCodec best = Choose(profile).Codec;
        writer.WriteByte(best.Id);
        best.Encode(profile, writer);
    }

    /// <summary>The codec that takes the fewest bits.</summary>
    public static (TextCodec Codec, double Bits) Choose(TextProfile profile)
    {
        if (profile.Habit?.Usual(0, 0) is TextCodec usual && usual.Estimate(profile) is var usually && profile.Habit.Holds(usually / profile.Count))
        {
            return (usual, usually);
        }

        (TextCodec Codec, double Bits) best = (CodecTable.Texts[0], double.PositiveInfinity);
        double enough = profile.ByteCount * 8.0 / 16;
        foreach (TextCodec codec in CodecTable.Texts)
        {
            double bits = codec.Estimate(profile);
            if (bits < best.Bits)
            {
                best = (codec, bits);
            }

            if (best.Bits < enough)
            {
                // A dictionary that shrinks so much is not worth compressing everything to compare.
                break;
            }
        }

        profile.Habit?.Note(best.Codec, best.Bits / profile.Count, 0, 0);
        return best;
    }

    /// <summary>
    /// Reads <paramref name="lengths"/>.Length strings, at least one: their lengths, and their bytes into room lent by <paramref name="into"/>, which is
    /// not committed yet.
    /// </summary>
    /// <exception cref="FormatException">The bytes do not hold such a block.</exception>
    public static void Decode(ref ByteReader reader, Span<int> lengths, BytesBuilder into) =>
        CodecTable.Get<TextCodec>(reader.ReadByte()).Decode(ref reader, lengths, into);

    /// <summary>Names the codecs of the block.</summary>
    public static string Describe(ref ByteReader reader) => CodecTable.Get<TextCodec>(reader.ReadByte()).Describe(ref reader);

    /// <summary>Appends the lengths.</summary>
    public static void WriteLengths(TextProfile profile, ByteWriter writer) => IntegerBlock.Encode(profile.Lengths, writer, IntegerBlock.DepthMax);

    /// <summary>Reads the lengths and gives their sum.</summary>
    /// <exception cref="FormatException">They are negative, or more than an array holds.</exception>
    public static int ReadLengths(ref ByteReader reader, Span<int> lengths)
    {
        using var wide = new Rented<long>(lengths.Length);
        IntegerBlock.DecodeWithin(ref reader, wide.Span, 0, Array.MaxLength);
        long sum = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            sum += wide.Span[i];
            lengths[i] = (int)wide.Span[i];
        }

        return sum <= Array.MaxLength ? (int)sum : throw new FormatException($"{sum} bytes of text in one block");
    }
}
