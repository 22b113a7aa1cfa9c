// The hash that filters in segments are made of: the same on every machine and in every version, as files depend on it.
using System.Buffers.Binary;

namespace Millrace.Store.Segments;

/// <summary>
/// Hashing by 64 × 64 → 128 bit products whose halves are folded together (the way of wyhash). The seed is the file's identity, so that values that
/// collide in one segment do not in the next. Persisted: never change what it gives.
/// </summary>
internal static class ValueHash
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xD1B5_4A32_D192_ED03;

    /// <summary>The hash of a byte string.</summary>
    public static ulong Of(ReadOnlySpan<byte> value, uint seed)
    {
        ulong hash = Fold(seed ^ First, (ulong)value.Length ^ Second);
        for (; value.Length >= 8; value = value[8..])
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(value), First);
        }

        ulong rest = 0;
        for (int i = 0; i < value.Length; i++)
        {
            rest |= (ulong)value[i] << (8 * i);
        }

        return Fold(hash ^ rest, Second);
    }

    /// <summary>The hash of an integer.</summary>
    public static ulong Of(long value, uint seed) => Fold(Fold(seed ^ First, 8 ^ Second) ^ (ulong)value, First);

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
