// Byte strings as they are, behind their lengths.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: the lengths as a block of integers, the bytes of all strings.</summary>
internal sealed class PlainTextCodec(byte id, string name) : TextCodec(id, name)
{
    public override double Estimate(TextProfile profile) => profile.Lengths.Choose(IntegerBlock.DepthMax).Bits + (8.0 * profile.ByteCount);

    public override void Encode(TextProfile profile, ByteWriter writer)
    {
        TextBlock.WriteLengths(profile, writer);
        writer.Write(profile.Bytes);
    }

    public override void Decode(ref ByteReader reader, Span<int> lengths, BytesBuilder into)
    {
        int bytes = TextBlock.ReadLengths(ref reader, lengths);
        reader.Read(bytes).CopyTo(into.Reserve(bytes));
    }
}
