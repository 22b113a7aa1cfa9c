// Seeded hashing of keys: an attacker who picks the keys cannot pick the collisions.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Millrace.Core;

/// <summary>
/// Multiply-and-fold hashing (as in wyhash) with secret seeds. The seeds differ from process to process; nothing that is emitted or saved depends on
/// them, so the engine stays deterministic.
/// </summary>
internal static class KeyHash
{
    private static readonly ulong s_a = Seed();
    private static readonly ulong s_b = Seed();
    private static readonly ulong s_c = Seed();

    /// <summary>Hash of a key of up to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(ulong lo, ulong hi, uint mask)
    {
        ulong high = Math.BigMul(lo ^ s_a, hi ^ mask ^ s_b, out ulong low);
        return Finish(high ^ low);
    }

    /// <summary>Hash of a key of up to 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(ulong key, uint mask)
    {
        ulong high = Math.BigMul(key ^ s_a, s_b + ((ulong)mask << 1), out ulong low);
        return Finish(high ^ low);
    }

    /// <summary>Hash of a byte string and a number beside it.</summary>
    public static uint Of(ReadOnlySpan<byte> key, int beside = 0)
    {
        ulong hash = s_c ^ (uint)beside ^ ((ulong)key.Length << 32);
        ref byte at = ref MemoryMarshal.GetReference(key);
        int left = key.Length;
        while (left >= 16)
        {
            hash = Mix(Unsafe.ReadUnaligned<ulong>(ref at) ^ s_a, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 8)) ^ hash);
            at = ref Unsafe.Add(ref at, 16);
            left -= 16;
        }

        ulong lo = 0;
        ulong hi = 0;
        if (left >= 8)
        {
            lo = Unsafe.ReadUnaligned<ulong>(ref at);
            hi = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, left - 8));
        }
        else if (left >= 4)
        {
            lo = Unsafe.ReadUnaligned<uint>(ref at);
            hi = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, left - 4));
        }
        else
        {
            for (int i = 0; i < left; i++)
            {
                lo = (lo << 8) | Unsafe.Add(ref at, i);
            }
        }

        return Finish(Mix(lo ^ s_b, hi ^ hash));
    }

    // One product of regular keys with a seed can leave stripes: one seed in twenty put a tenth more of them together than chance does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Finish(ulong folded) => (uint)((folded * s_c) >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong x, ulong y)
    {
        ulong high = Math.BigMul(x, y, out ulong low);
        return high ^ low;
    }

    private static ulong Seed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
}
