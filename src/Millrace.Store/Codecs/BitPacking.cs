// Integers of a fixed number of bits side by side; the layout that the packed and the entropy codec share.
// After Lemire and Boytsov, "Decoding billions of integers per second through vectorization" (2015), widened to four lanes of 64 bits.
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Packs value − floor in <c>width</c> bits. 256 values make a group of four lanes: value 4·j + l is the j-th of lane l, and word k of all lanes
/// lies together, so one 256-bit load, shift and mask gives four neighbours.
/// <code>
///   group:  | word 0 of lanes 0 1 2 3 | word 1 of lanes 0 1 2 3 | … width words |
/// </code>
/// What is left behind the last whole group lies bit by bit, first value in the lowest bits.
/// </summary>
internal static class BitPacking
{
    public const int Group = 256;
    private const int Lanes = 4;
    private const int Rows = Group / Lanes;

    /// <summary>Bytes that <paramref name="count"/> values of <paramref name="width"/> bits take.</summary>
    public static int BytesOf(int count, int width) => (count / Group * width * Lanes * 8) + (((count % Group * width) + 7) / 8);

    /// <summary>Appends the low <paramref name="width"/> bits of value − <paramref name="floor"/>, for each value.</summary>
    public static void Pack(ReadOnlySpan<long> values, long floor, int width, ByteWriter writer)
    {
        ulong mask = Mask(width);
        if (width == 0)
        {
            return;
        }

        Span<ulong> words = stackalloc ulong[64 * Lanes];
        while (values.Length >= Group)
        {
            words.Clear();
            for (int i = 0; i < Group; i++)
            {
                ulong value = (ulong)(values[i] - floor) & mask;
                int bit = i / Lanes * width;
                int at = (bit >> 6 << 2) + (i % Lanes);
                words[at] |= value << bit;
                if ((bit & 63) + width > 64)
                {
                    words[at + Lanes] |= value >> (64 - (bit & 63));
                }
            }

            writer.Write(MemoryMarshal.AsBytes(words[..(width * Lanes)]));
            values = values[Group..];
        }

        Span<byte> tail = writer.Take(BytesOf(values.Length, width));
        Span<byte> padded = stackalloc byte[(Group * 8) + 16];
        padded.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            ulong value = (ulong)(values[i] - floor) & mask;
            int bit = i * width;
            Span<byte> at = padded[(bit >> 3)..];
            UInt128 old = BinaryPrimitives.ReadUInt128LittleEndian(at);
            BinaryPrimitives.WriteUInt128LittleEndian(at, old | ((UInt128)value << (bit & 7)));
        }

        padded[..tail.Length].CopyTo(tail);
    }

    /// <summary>Reads back what <see cref="Pack"/> wrote: <paramref name="into"/>.Length values, <paramref name="floor"/> added to each.</summary>
    public static void Unpack(ref ByteReader reader, int width, long floor, Span<long> into)
    {
        ReadOnlySpan<byte> data = reader.Read(BytesOf(into.Length, width));
        if (width == 0)
        {
            into.Fill(floor);
            return;
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        while (into.Length >= Group)
        {
            UnpackGroup(words[..(width * Lanes)], width, floor, into[..Group]);
            words = words[(width * Lanes)..];
            into = into[Group..];
        }

        UnpackTail(data[^BytesOf(into.Length, width)..], width, floor, into);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackGroup(ReadOnlySpan<ulong> words, int width, long floor, Span<long> into)
    {
        // Both spans have been cut to exactly what the loop touches: width · 4 words in, 256 values out.
        ref ulong from = ref MemoryMarshal.GetReference(words);
        ref ulong to = ref Unsafe.As<long, ulong>(ref MemoryMarshal.GetReference(into));
        Vector256<ulong> mask = Vector256.Create(Mask(width));
        Vector256<ulong> add = Vector256.Create((ulong)floor);
        Vector256<ulong> current = Vector256.LoadUnsafe(ref from);
        int word = 1;
        int shift = 0;
        for (int row = 0; row < Rows; row++)
        {
            Vector256<ulong> value = Vector256.ShiftRightLogical(current, shift);
            shift += width;
            if (shift >= 64)
            {
                shift -= 64;
                if (word < width)
                {
                    current = Vector256.LoadUnsafe(ref from, (nuint)(word * Lanes));
                    word++;
                    if (shift > 0)
                    {
                        value |= Vector256.ShiftLeft(current, width - shift);
                    }
                }
            }

            ((value & mask) + add).StoreUnsafe(ref to, (nuint)(row * Lanes));
        }
    }

    private static void UnpackTail(ReadOnlySpan<byte> data, int width, long floor, Span<long> into)
    {
        Span<byte> padded = stackalloc byte[(Group * 8) + 16];
        data.CopyTo(padded);
        padded.Slice(data.Length, 16).Clear();
        ulong mask = Mask(width);
        for (int i = 0; i < into.Length; i++)
        {
            int bit = i * width;
            ulong low = BinaryPrimitives.ReadUInt64LittleEndian(padded[(bit >> 3)..]) >> (bit & 7);
            ulong high = (bit & 7) == 0 ? 0 : (ulong)padded[(bit >> 3) + 8] << (64 - (bit & 7));
            into[i] = (long)((low | high) & mask) + floor;
        }
    }

    private static ulong Mask(int width) => width == 64 ? ulong.MaxValue : (1UL << width) - 1;
}
