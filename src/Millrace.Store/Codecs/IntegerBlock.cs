// A sequence of 64-bit integers as bytes: an id, then what that codec writes. Other codecs put their integers into such blocks too.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Chooses a codec for integers by estimated size, and reads them back.</summary>
internal static class IntegerBlock
{
    /// <summary>How deep codecs stand in one another. Small: each level is a pass over the values.</summary>
    public const int DepthMax = 5;

    /// <summary>Appends <paramref name="values"/>. Their number is not written: the reader knows it.</summary>
    public static void Encode(ReadOnlySpan<long> values, ByteWriter writer, int depth = DepthMax, CodecHabit? habit = null)
    {
        if (values.IsEmpty)
        {
            return;
        }

        using var profile = new IntegerProfile(values, habit);
        Encode(profile, writer, depth);
    }

    /// <summary>Appends the values of <paramref name="profile"/>, which are at least one.</summary>
    public static void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        IntegerCodec codec = profile.Choose(depth).Codec;
        writer.WriteByte(codec.Id);
        codec.Encode(profile, writer, depth);
    }

    /// <summary>Reads <paramref name="into"/>.Length values.</summary>
    /// <exception cref="FormatException">The bytes do not hold such a block.</exception>
    public static void Decode(ref ByteReader reader, Span<long> into, int depth = DepthMax)
    {
        if (into.IsEmpty)
        {
            return;
        }

        if (depth < 0)
        {
            throw new FormatException("codecs nested too deep");
        }

        CodecTable.Get<IntegerCodec>(reader.ReadByte()).Decode(ref reader, into, depth);
    }

    /// <summary>Reads values that must lie in min .. max, as the lengths and codes inside other codecs.</summary>
    public static void DecodeWithin(ref ByteReader reader, Span<long> into, long min, long max, int depth = DepthMax)
    {
        Decode(ref reader, into, depth);
        ulong span = (ulong)(max - min);
        bool outside = false;
        foreach (long value in into)
        {
            outside |= (ulong)(value - min) > span;
        }

        if (outside)
        {
            throw new FormatException($"integer outside {min} to {max}");
        }
    }

    /// <summary>Names the codecs of the block.</summary>
    public static string Describe(ref ByteReader reader) => CodecTable.Get<IntegerCodec>(reader.ReadByte()).Describe(ref reader);

    /// <summary>A signed integer as a varint: small magnitudes take few bytes.</summary>
    public static void WriteSigned(ByteWriter writer, long value) => writer.WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Reads what <see cref="WriteSigned"/> wrote.</summary>
    public static long ReadSigned(ref ByteReader reader)
    {
        ulong bits = reader.ReadVarint();
        return (long)(bits >> 1) ^ -(long)(bits & 1);
    }
}
