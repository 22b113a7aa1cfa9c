// All values the same: the value, once.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>One value for all rows.</summary>
internal sealed class ConstantCodec(byte id, string name) : IntegerCodec(id, name)
{
    public override double Estimate(IntegerProfile profile, int depth) => profile.Min == profile.Max ? 16 : double.PositiveInfinity;

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth) => IntegerBlock.WriteSigned(writer, profile.Min);

    public override void Decode(ref ByteReader reader, Span<long> into, int depth) => into.Fill(IntegerBlock.ReadSigned(ref reader));
}
