// Frame of reference with patches: each value's distance from a floor in as few bits as most of them need; the rest is patched in.
// After Zukowski, Héman, Nes, Boncz, "Super-scalar RAM-CPU cache compression" (PFOR, 2006).
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: signed varint floor, byte width, varint patches, packed distances; then, when there are patches, their positions and their values, each
/// as a block of integers.
/// </summary>
internal sealed class PackedCodec(byte id, string name) : IntegerCodec(id, name)
{
    private const double HeaderBits = 40;
    private const double PatchOverheadBits = 16;

    public override double Estimate(IntegerProfile profile, int depth) => FrameOf(profile, depth).Bits;

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        (long floor, int width, _) = FrameOf(profile, depth);
        ReadOnlySpan<long> values = profile.Values;
        int patches = CountOutside(values, floor, width);
        IntegerBlock.WriteSigned(writer, floor);
        writer.WriteByte((byte)width);
        writer.WriteVarint((ulong)patches);
        BitPacking.Pack(values, floor, width, writer);
        if (patches > 0)
        {
            using var positions = new Rented<long>(patches);
            using var outliers = new Rented<long>(patches);
            int found = 0;
            for (int i = 0; i < values.Length; i++)
            {
                if (IsOutside(values[i], floor, width))
                {
                    positions.Span[found] = i;
                    outliers.Span[found++] = values[i];
                }
            }

            IntegerBlock.Encode(positions.Span, writer, depth - 1);
            IntegerBlock.Encode(outliers.Span, writer, depth - 1);
        }
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        long floor = IntegerBlock.ReadSigned(ref reader);
        int width = reader.ReadByte();
        int patches = reader.ReadCount();
        if (width > 64 || patches > into.Length)
        {
            throw new FormatException($"packed: {width} bits, {patches} patches of {into.Length} values");
        }

        BitPacking.Unpack(ref reader, width, floor, into);
        if (patches > 0)
        {
            Patch(ref reader, patches, into, depth);
        }
    }

    /// <summary>Reads positions and values, and puts each value where it belongs.</summary>
    public static void Patch(ref ByteReader reader, int patches, Span<long> into, int depth)
    {
        using var positions = new Rented<long>(patches);
        using var outliers = new Rented<long>(patches);
        IntegerBlock.DecodeWithin(ref reader, positions.Span, 0, into.Length - 1, depth - 1);
        IntegerBlock.Decode(ref reader, outliers.Span, depth - 1);
        for (int i = 0; i < patches; i++)
        {
            into[(int)positions.Span[i]] = outliers.Span[i];
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        IntegerBlock.ReadSigned(ref reader);
        return $"{Name}({reader.ReadByte()})";
    }

    // The cheapest window of 2^width values: from the sample, for each width, the window that covers most of it. An exact count decides at the end.
    private static (long Floor, int Width, double Bits) FrameOf(IntegerProfile profile, int depth)
    {
        int whole = IntegerProfile.WidthOf((ulong)(profile.Max - profile.Min));
        (long Floor, int Width, double Bits) best = (profile.Min, whole, HeaderBits + ((double)whole * profile.Count));
        if (depth == 0 || whole <= 1)
        {
            return best;
        }

        ReadOnlySpan<long> sample = profile.Sample;
        double patchBits = whole + PatchOverheadBits;
        double perValue = whole;
        (long floor, int width) = (profile.Min, whole);
        for (int w = Math.Min(whole - 1, IntegerProfile.WidthOf((ulong)(sample[^1] - sample[0]))); w >= 0; w--)
        {
            (int first, int covered) = Densest(sample, w);
            if (covered < sample.Length / 2)
            {
                break;
            }

            double cost = w + ((double)(sample.Length - covered) / sample.Length * patchBits);
            if (cost < perValue)
            {
                perValue = cost;
                (floor, width) = (sample[first], w);
            }
        }

        if (width < whole)
        {
            int outside = CountOutside(profile.Values, floor, width);
            double bits = (2 * HeaderBits) + ((double)width * profile.Count) + (outside * patchBits);
            if (bits < best.Bits)
            {
                best = (floor, width, bits);
            }
        }

        return best;
    }

    private static (int First, int Covered) Densest(ReadOnlySpan<long> sorted, int width)
    {
        (int First, int Covered) best = (0, 0);
        int first = 0;
        for (int last = 0; last < sorted.Length; last++)
        {
            while (IsOutside(sorted[last], sorted[first], width))
            {
                first++;
            }

            if (last - first + 1 > best.Covered)
            {
                best = (first, last - first + 1);
            }
        }

        return best;
    }

    private static int CountOutside(ReadOnlySpan<long> values, long floor, int width)
    {
        int outside = 0;
        foreach (long value in values)
        {
            outside += IsOutside(value, floor, width) ? 1 : 0;
        }

        return outside;
    }

    private static bool IsOutside(long value, long floor, int width) => width < 64 && (ulong)(value - floor) >> width != 0;
}
