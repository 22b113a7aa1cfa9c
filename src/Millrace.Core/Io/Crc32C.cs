// The checksum of everything on disk: CRC-32C (Castagnoli), by the processor's instruction.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Core.Io;

/// <summary>CRC-32C as in RFC 3720 (iSCSI), appendix B.4; check value of "123456789" is 0xE3069283.</summary>
public static class Crc32C
{
    /// <summary>
    /// The checksum of <paramref name="data"/>, going on from <paramref name="seed"/>: Of(b, Of(a)) is the checksum of a followed by b.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first megabytes matter too: they are a recovery
    public static uint Of(ReadOnlySpan<byte> data, uint seed = 0)
    {
        uint crc = ~seed;
        ref byte at = ref MemoryMarshal.GetReference(data);
        int left = data.Length;
        while (left >= 32)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref at));
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 8)));
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 16)));
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 24)));
            at = ref Unsafe.Add(ref at, 32);
            left -= 32;
        }
        while (left >= 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref at));
            at = ref Unsafe.Add(ref at, 8);
            left -= 8;
        }
        for (; left > 0; left--)
        {
            crc = BitOperations.Crc32C(crc, at);
            at = ref Unsafe.Add(ref at, 1);
        }
        return ~crc;
    }
}
