// Byte strings and the order in which they were first seen: what turns repeated text into small numbers without an object for each.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Millrace.Formats;

/// <summary>Gives each distinct byte string the next number, from 0. The bytes lie one after the other in one array.</summary>
internal sealed class ByteMap
{
    // Strangers choose the strings; without the seed they cannot choose ones that fall together.
    private static readonly ulong Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private int[] _slots = new int[16];
    private ulong[] _hashes = new ulong[8];
    private int[] _ends = new int[8];
    private byte[] _bytes = new byte[256];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all strings together.</summary>
    public int BytesUsed => Count == 0 ? 0 : _ends[Count - 1];

    /// <summary>String <paramref name="index"/>.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            int start = index == 0 ? 0 : _ends[index - 1];
            return _bytes.AsSpan(start, _ends[index] - start);
        }
    }

    /// <summary>The number of a string, or −1.</summary>
    public int Find(ReadOnlySpan<byte> value) => Find(value, Hash(value));

    /// <summary>The number of a string, which is added if it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> value, out bool added)
    {
        ulong hash = Hash(value);
        int found = Find(value, hash);
        added = found < 0;
        return added ? Add(value, hash) : found;
    }

    /// <summary>The strings as offsets and bytes of a text column.</summary>
    public (int[] Offsets, byte[] Bytes) ToArrays()
    {
        int[] offsets = new int[Count + 1];
        _ends.AsSpan(0, Count).CopyTo(offsets.AsSpan(1));
        return (offsets, _bytes.AsSpan(0, BytesUsed).ToArray());
    }

    private int Find(ReadOnlySpan<byte> value, ulong hash)
    {
        int mask = _slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            int index = _slots[slot] - 1;
            if (index < 0 || (_hashes[index] == hash && this[index].SequenceEqual(value)))
            {
                return index;
            }
        }
    }

    private int Add(ReadOnlySpan<byte> value, ulong hash)
    {
        if (Count == _hashes.Length)
        {
            Array.Resize(ref _hashes, Count * 2);
            Array.Resize(ref _ends, Count * 2);
            _slots = new int[Count * 4];
            for (int i = 0; i < Count; i++)
            {
                Place(_hashes[i], i);
            }
        }

        int start = BytesUsed;
        if (_bytes.Length - start < value.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max((long)start + value.Length, _bytes.Length * 2L)));
        }

        value.CopyTo(_bytes.AsSpan(start));
        _hashes[Count] = hash;
        _ends[Count] = start + value.Length;
        Place(hash, Count);
        return Count++;
    }

    private void Place(ulong hash, int index)
    {
        int mask = _slots.Length - 1;
        int slot = (int)hash & mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = index + 1;
    }

    // Eight bytes a step through a full 64 by 64 bit product, in the manner of wyhash; the end overlaps what came before it.
    private static ulong Hash(ReadOnlySpan<byte> value)
    {
        ulong hash = Seed ^ (ulong)value.Length;
        ref byte at = ref MemoryMarshal.GetReference(value);
        int left = value.Length;
        while (left > 16)
        {
            hash = Fold(hash ^ Read8(ref at), Read8(ref Unsafe.Add(ref at, 8)) ^ Seed);
            at = ref Unsafe.Add(ref at, 16);
            left -= 16;
        }

        ulong a;
        ulong b = 0;
        if (left >= 8)
        {
            a = Read8(ref at);
            b = Read8(ref Unsafe.Add(ref at, left - 8));
        }
        else if (left >= 4)
        {
            a = Unsafe.ReadUnaligned<uint>(ref at);
            b = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, left - 4));
        }
        else
        {
            a = left == 0 ? 0 : at | ((ulong)Unsafe.Add(ref at, left >> 1) << 8) | ((ulong)Unsafe.Add(ref at, left - 1) << 16);
        }

        return Fold(hash ^ a ^ 0x9E37_79B9_7F4A_7C15, b ^ Seed ^ 0xD1B5_4A32_D192_ED03);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read8(ref byte at) => Unsafe.ReadUnaligned<ulong>(ref at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
