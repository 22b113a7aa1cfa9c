// Run-length: each stretch of equal neighbours as its value and how long it is.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: varint runs, varint bytes of the values, their block, the block of the lengths.</summary>
internal sealed class RunsCodec(byte id, string name) : IntegerCodec(id, name)
{
    public override double Estimate(IntegerProfile profile, int depth) =>
        depth == 0 || profile.Runs > profile.Count / 3 || profile.Runs == 1
            ? double.PositiveInfinity
            : 48 + (profile.Runs * (8.0 + IntegerProfile.WidthOf((ulong)(profile.Max - profile.Min))));

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        using var values = new Rented<long>(profile.Runs);
        using var lengths = new Rented<long>(profile.Runs);
        ReadOnlySpan<long> all = profile.Values;
        int runs = 0;
        for (int start = 0; start < all.Length;)
        {
            int length = all[start..].IndexOfAnyExcept(all[start]);
            length = length < 0 ? all.Length - start : length;
            values.Span[runs] = all[start];
            lengths.Span[runs++] = length;
            start += length;
        }

        Check.That(runs == profile.Runs);
        writer.WriteVarint((ulong)runs);
        var inner = new ByteWriter();
        IntegerBlock.Encode(values.Span, inner, depth - 1);
        writer.WriteBytes(inner.Written);
        IntegerBlock.Encode(lengths.Span, writer, depth - 1);
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        int runs = reader.ReadCount();
        if (runs == 0 || runs > into.Length)
        {
            throw new FormatException($"{runs} runs of {into.Length} values");
        }

        using var values = new Rented<long>(runs);
        using var lengths = new Rented<long>(runs);
        var inner = new ByteReader(reader.ReadBytes());
        IntegerBlock.Decode(ref inner, values.Span, depth - 1);
        IntegerBlock.DecodeWithin(ref reader, lengths.Span, 1, into.Length, depth - 1);
        for (int i = 0; i < runs; i++)
        {
            int length = (int)lengths.Span[i];
            if (length > into.Length)
            {
                throw new FormatException("runs are longer than the block");
            }

            into[..length].Fill(values.Span[i]);
            into = into[length..];
        }

        if (!into.IsEmpty)
        {
            throw new FormatException($"runs end {into.Length} values early");
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        reader.ReadVarint();
        var inner = new ByteReader(reader.ReadBytes());
        return $"{Name}({IntegerBlock.Describe(ref inner)}, {IntegerBlock.Describe(ref reader)})";
    }
}
