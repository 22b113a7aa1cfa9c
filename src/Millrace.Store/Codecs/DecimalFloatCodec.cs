// Numbers with few digits behind the point: their digits as integers, and what is no such number patched in.
// After Afroozeh, Kuffó, Boncz, "ALP: adaptive lossless floating-point compression" (SIGMOD 2023).
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: byte exponent, varint patches, the digits as a block of integers; then, when there are patches, their positions and their bit patterns, each as
/// a block of integers.
/// </summary>
internal sealed class DecimalFloatCodec(byte id, string name) : FloatCodec(id, name)
{
    private const double HeaderBits = 24;
    private const double PatchBits = 80;

    public override double Estimate(FloatProfile profile) => profile.Decimals is { } decimals
        ? HeaderBits + decimals.Digits.Choose(IntegerBlock.DepthMax).Bits + (decimals.Patches * PatchBits)
        : double.PositiveInfinity;

    public override void Encode(FloatProfile profile, ByteWriter writer)
    {
        DecimalFrame decimals = profile.Decimals!;
        writer.WriteByte((byte)decimals.Exponent);
        writer.WriteVarint((ulong)decimals.Patches);
        IntegerBlock.Encode(decimals.Digits, writer, IntegerBlock.DepthMax);
        using var positions = new Rented<long>(decimals.Patches);
        using var patterns = new Rented<long>(decimals.Patches);
        int found = 0;
        for (int i = 0; found < decimals.Patches; i++)
        {
            if (!DecimalFrame.TryDigits(profile.Bits[i], profile.Single, decimals.Exponent, out _))
            {
                positions.Span[found] = i;
                patterns.Span[found++] = profile.Bits[i];
            }
        }

        IntegerBlock.Encode(positions.Span, writer);
        IntegerBlock.Encode(patterns.Span, writer);
    }

    public override void Decode(ref ByteReader reader, bool single, Span<long> into)
    {
        int exponent = reader.ReadByte();
        int patches = reader.ReadCount();
        if (exponent > DecimalFrame.ExponentMax || patches > into.Length)
        {
            throw new FormatException($"decimals: {exponent} places, {patches} patches of {into.Length} numbers");
        }

        IntegerBlock.Decode(ref reader, into);
        DecimalFrame.Divide(into, exponent, single);
        if (patches > 0)
        {
            PackedCodec.Patch(ref reader, patches, into, IntegerBlock.DepthMax + 1);
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        int exponent = reader.ReadByte();
        reader.ReadVarint();
        return $"{Name}({exponent})+{IntegerBlock.Describe(ref reader)}";
    }
}
