// Floating-point numbers whose bit patterns are taken for integers: constants, repeats, few distinct values, and what no other codec can shrink.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: the bit patterns as a block of integers. Neighbours of one sign and like size have patterns near each other, so differences shrink them too.</summary>
internal sealed class FloatBitsCodec(byte id, string name) : FloatCodec(id, name)
{
    public override double Estimate(FloatProfile profile) => profile.AsIntegers.Choose(IntegerBlock.DepthMax).Bits;

    public override void Encode(FloatProfile profile, ByteWriter writer) => IntegerBlock.Encode(profile.AsIntegers, writer, IntegerBlock.DepthMax);

    public override void Decode(ref ByteReader reader, bool single, Span<long> into) => IntegerBlock.Decode(ref reader, into);

    public override string Describe(ref ByteReader reader) => $"{Name}({IntegerBlock.Describe(ref reader)})";
}
