// Integers of uneven frequency: buckets that come often take few bits, by tabled asymmetric numeral systems. For differences of series above all.
// After Duda, "Asymmetric numeral systems" (2014); that only the upper bits are worth coding is the usual practice for noisy numbers.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: signed varint floor, byte shift, varint patches; a length and the coded buckets (<see cref="TansTable"/>); the bits below the buckets, packed;
/// then, when there are patches, their positions and their values, each as a block of integers.
/// </summary>
internal sealed class EntropyCodec(byte id, string name) : IntegerCodec(id, name)
{
    // Packed bits come out twice as fast: what is hardly smaller is not worth it.
    private const double Bias = 1.03;
    private const int Tile = 4 * BitPacking.Group;

    public override double Estimate(IntegerProfile profile, int depth) => depth == 0 ? double.PositiveInfinity : profile.Entropy.Bits * Bias;

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        EntropyFrame frame = profile.Entropy;
        ReadOnlySpan<long> values = profile.Values;
        using var symbols = new Rented<byte>(values.Length);
        Span<int> counts = stackalloc int[TansTable.SymbolsMax];
        counts = counts[..frame.Symbols];
        counts.Clear();
        int patches = 0;
        foreach (long value in values)
        {
            ulong bucket = frame.BucketOf(value);
            if (bucket < (ulong)counts.Length)
            {
                counts[(int)bucket]++;
            }
            else
            {
                patches++;
            }
        }

        using var positions = new Rented<long>(patches);
        using var outliers = new Rented<long>(patches);
        Divide(values, frame, (byte)IndexOfMax(counts), symbols.Span, positions.Span, outliers.Span);
        counts[IndexOfMax(counts)] += patches;

        IntegerBlock.WriteSigned(writer, frame.Floor);
        writer.WriteByte((byte)frame.Shift);
        writer.WriteVarint((ulong)patches);
        var coded = new ByteWriter(values.Length);
        TansTable.Encode(symbols.Span, counts, coded);
        writer.WriteBytes(coded.Written);
        BitPacking.Pack(values, frame.Floor, frame.Shift, writer);
        if (patches > 0)
        {
            IntegerBlock.Encode(positions.Span, writer, depth - 1);
            IntegerBlock.Encode(outliers.Span, writer, depth - 1);
        }
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        long floor = IntegerBlock.ReadSigned(ref reader);
        int shift = reader.ReadByte();
        int patches = reader.ReadCount();
        if (shift > 63 || patches > into.Length)
        {
            throw new FormatException($"entropy code: {shift} bits below, {patches} patches of {into.Length} values");
        }

        using var symbols = new Rented<byte>(into.Length);
        TansTable.Decode(reader.ReadBytes(), symbols.Span);

        // Some at a time, so that they are still in the nearest cache when their buckets are added.
        for (int done = 0; done < into.Length; done += Tile)
        {
            Span<long> some = into.Slice(done, Math.Min(Tile, into.Length - done));
            BitPacking.Unpack(ref reader, shift, floor, some);
            Raise(symbols.Span.Slice(done, some.Length), shift, some);
        }

        if (patches > 0)
        {
            PackedCodec.Patch(ref reader, patches, into, depth);
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        IntegerBlock.ReadSigned(ref reader);
        int shift = reader.ReadByte();
        return shift == 0 ? Name : $"{Name}({shift})";
    }

    private static int IndexOfMax(ReadOnlySpan<int> counts)
    {
        int most = 0;
        for (int s = 1; s < counts.Length; s++)
        {
            most = counts[s] > counts[most] ? s : most;
        }

        return most;
    }

    private static void Divide(ReadOnlySpan<long> values, EntropyFrame frame, byte standIn, Span<byte> symbols, Span<long> positions, Span<long> outliers)
    {
        int found = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong bucket = frame.BucketOf(values[i]);
            if (bucket < (ulong)frame.Symbols)
            {
                symbols[i] = (byte)bucket;
            }
            else
            {
                symbols[i] = standIn;
                positions[found] = i;
                outliers[found++] = values[i];
            }
        }
    }

    // Adds bucket << shift to each value.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Raise(ReadOnlySpan<byte> symbols, int shift, Span<long> into)
    {
        int i = 0;
        if (Avx2.IsSupported)
        {
            ref long to = ref MemoryMarshal.GetReference(into);
            for (; i <= into.Length - 4; i += 4)
            {
                Vector128<byte> four = Vector128.CreateScalarUnsafe(MemoryMarshal.Read<uint>(symbols[i..])).AsByte();
                Vector256<long> value = Vector256.LoadUnsafe(ref to, (nuint)i) + (Avx2.ConvertToVector256Int64(four) << shift);
                value.StoreUnsafe(ref to, (nuint)i);
            }
        }

        for (; i < into.Length; i++)
        {
            into[i] += (long)symbols[i] << shift;
        }
    }
}
