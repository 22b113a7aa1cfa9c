// IEEE 754 numbers as bytes: an id, then what that codec writes.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>A sequence of bit patterns of numbers, and what the codecs work out about them.</summary>
internal sealed class FloatProfile(ReadOnlySpan<long> bits, bool single, CodecHabit? habit = null) : IDisposable
{
    private DecimalFrame? _decimals;
    private bool _decimalsKnown;

    /// <summary>The bit patterns.</summary>
    public ReadOnlySpan<long> Bits => AsIntegers.Values;

    /// <summary>True for 32-bit numbers.</summary>
    public bool Single { get; } = single;

    /// <summary>The bit patterns taken for integers.</summary>
    public IntegerProfile AsIntegers { get; } = new(bits, habit?[CodecPart.Bits]);

    /// <summary>What is usual for such numbers.</summary>
    public CodecHabit? Habit { get; } = habit;

    /// <summary>The numbers as decimals of few places; null when they are none.</summary>
    public DecimalFrame? Decimals
    {
        get
        {
            if (!_decimalsKnown)
            {
                _decimalsKnown = true;
                _decimals = DecimalFrame.Of(Bits, Single, Habit?[CodecPart.Digits]);
            }

            return _decimals;
        }
    }

    public void Dispose()
    {
        AsIntegers.Dispose();
        _decimals?.Dispose();
    }
}

/// <summary>Chooses a codec for floating-point numbers by estimated size, and reads them back.</summary>
internal static class FloatBlock
{
    /// <summary>Appends the numbers of <paramref name="profile"/>, at least one. Their number is not written.</summary>
    public static void Encode(FloatProfile profile, ByteWriter writer)
    {
        FloatCodec codec = Choose(profile);
        writer.WriteByte(codec.Id);
        codec.Encode(profile, writer);
    }

    private static FloatCodec Choose(FloatProfile profile)
    {
        if (profile.Habit?.Usual(0, 0) is FloatCodec usual && profile.Habit.Holds(usual.Estimate(profile) / profile.Bits.Length))
        {
            return usual;
        }

        FloatCodec best = CodecTable.Floats[0];
        double least = double.PositiveInfinity;
        double enough = profile.Bits.Length * (profile.Single ? 12.0 : 24.0);
        foreach (FloatCodec codec in CodecTable.Floats)
        {
            double size = codec.Estimate(profile);
            if (size < least)
            {
                (best, least) = (codec, size);
            }

            if (least < enough)
            {
                // The table begins with the codec that shrinks most where it fits: a third or so of the size is not beaten by the others.
                break;
            }
        }

        profile.Habit?.Note(best, least / profile.Bits.Length, 0, 0);
        return best;
    }

    /// <summary>Reads <paramref name="into"/>.Length bit patterns, at least one.</summary>
    /// <exception cref="FormatException">The bytes do not hold such a block.</exception>
    public static void Decode(ref ByteReader reader, bool single, Span<long> into) =>
        CodecTable.Get<FloatCodec>(reader.ReadByte()).Decode(ref reader, single, into);

    /// <summary>Names the codecs of the block.</summary>
    public static string Describe(ref ByteReader reader) => CodecTable.Get<FloatCodec>(reader.ReadByte()).Describe(ref reader);
}
