// Integers that are all a multiple of something away from one another: milliseconds in a column of microseconds, prices in steps of 5.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: signed varint base, varint step, then (value − base) / step as a block of integers.</summary>
internal sealed class MultiplesCodec(byte id, string name) : IntegerCodec(id, name)
{
    private const double HeaderBits = 72;

    // The values are gone over once more to be multiplied.
    private const double Bias = 1.02;

    public override double Estimate(IntegerProfile profile, int depth) =>
        depth == 0 || profile.Order > 0 || profile.Multiples is not { } multiples
            ? double.PositiveInfinity
            : HeaderBits + (multiples.Choose(depth - 1).Bits * Bias);

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        IntegerBlock.WriteSigned(writer, profile.Min);
        writer.WriteVarint(profile.Step);
        IntegerBlock.Encode(profile.Multiples!, writer, depth - 1);
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        long first = IntegerBlock.ReadSigned(ref reader);
        long step = (long)reader.ReadVarint();
        IntegerBlock.Decode(ref reader, into, depth - 1);
        foreach (ref long value in into)
        {
            value = first + (value * step);
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        IntegerBlock.ReadSigned(ref reader);
        return $"{Name}({reader.ReadVarint()})+{IntegerBlock.Describe(ref reader)}";
    }
}
