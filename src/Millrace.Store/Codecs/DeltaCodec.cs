// Differences of neighbours, as a block of integers inside: delta of a regular series is constant, delta of a delta that of a steady one.
// After Pelkonen et al., "Gorilla: a fast, scalable, in-memory time series database" (2015), where timestamps are deltas of deltas.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: signed varint first value, then the differences (modulo 2^64) as a block of integers.</summary>
internal sealed class DeltaCodec(byte id, string name) : IntegerCodec(id, name)
{
    private const int OrderMax = 2;

    // Summing up is a pass of its own.
    private const double Bias = 1.02;

    public override double Estimate(IntegerProfile profile, int depth)
    {
        if (depth == 0 || profile.Count < 3 || profile.Order >= OrderMax || profile.Min == profile.Max || !profile.DeltasLookSmaller())
        {
            return double.PositiveInfinity;
        }

        return 40 + (profile.Deltas.Choose(depth - 1).Bits * Bias);
    }

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        IntegerBlock.WriteSigned(writer, profile.Values[0]);
        IntegerBlock.Encode(profile.Deltas, writer, depth - 1);
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        into[0] = IntegerBlock.ReadSigned(ref reader);
        IntegerBlock.Decode(ref reader, into[1..], depth - 1);
        SumUp(into);
    }

    public override string Describe(ref ByteReader reader)
    {
        IntegerBlock.ReadSigned(ref reader);
        return Name + "+" + IntegerBlock.Describe(ref reader);
    }

    // Running sums of four at a time: two shifted additions inside the vector, then the sum so far on top.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumUp(Span<long> values)
    {
        int i = 0;
        long sum = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref long at = ref MemoryMarshal.GetReference(values);
            Vector256<long> carry = Vector256<long>.Zero;
            for (; i <= values.Length - 4; i += 4)
            {
                Vector256<long> v = Vector256.LoadUnsafe(ref at, (nuint)i);
                v += Vector256.Shuffle(v, Vector256.Create(0L, 0, 1, 2)) & Vector256.Create(0L, -1, -1, -1);
                v += Vector256.Shuffle(v, Vector256.Create(0L, 0, 0, 1)) & Vector256.Create(0L, 0, -1, -1);
                (v + carry).StoreUnsafe(ref at, (nuint)i);
                carry += Vector256.Shuffle(v, Vector256.Create(3L, 3, 3, 3));
            }

            sum = carry.ToScalar();
        }

        for (; i < values.Length; i++)
        {
            sum += values[i];
            values[i] = sum;
        }
    }
}
