// Bits in a row: which rows are not null, and the values of booleans.
using System.Numerics;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: byte form, then nothing (all or none set), the bits themselves, or the lengths of runs, set ones first, as a block of integers.</summary>
internal static class BitmapBlock
{
    private const byte AllSet = 0;
    private const byte NoneSet = 1;
    private const byte Plain = 2;
    private const byte RunLengths = 3;

    /// <summary>Words that hold <paramref name="bits"/> bits.</summary>
    public static int WordsOf(int bits) => (bits + 63) >> 6;

    /// <summary>Appends the first <paramref name="bits"/> bits of <paramref name="words"/>; bits behind them must be clear.</summary>
    public static void Encode(ReadOnlySpan<ulong> words, int bits, ByteWriter writer)
    {
        int set = CountSet(words);
        if (set == bits || set == 0)
        {
            writer.WriteByte(set == bits ? AllSet : NoneSet);
            return;
        }

        int changes = CountChanges(words, bits);
        if (changes < bits / 16)
        {
            using var runs = new Rented<long>(changes + 2);
            int count = FillRuns(words, bits, runs.Span);
            int start = writer.Length;
            var inner = new ByteWriter();
            IntegerBlock.Encode(runs.Span[..count], inner);
            writer.WriteByte(RunLengths);
            writer.WriteVarint((ulong)count);
            writer.WriteBytes(inner.Written);
            if (writer.Length - start <= (bits + 7) / 8)
            {
                return;
            }

            writer.TruncateTo(start);
        }

        writer.WriteByte(Plain);
        writer.WriteBytes(MemoryMarshal.AsBytes(words)[..((bits + 7) / 8)]);
    }

    /// <summary>Reads <paramref name="bits"/> bits into <paramref name="words"/>, exactly as many as needed, clears the rest of the last, and counts the set ones.</summary>
    public static int Decode(ref ByteReader reader, Span<ulong> words, int bits)
    {
        byte form = reader.ReadByte();
        words.Clear();
        switch (form)
        {
            case AllSet:
                SetRange(words, 0, bits);
                return bits;
            case NoneSet:
                return 0;
            case Plain:
                ReadOnlySpan<byte> bytes = reader.ReadBytes();
                if (bytes.Length != (bits + 7) / 8)
                {
                    throw new FormatException($"bitmap of {bytes.Length} bytes for {bits} bits");
                }

                bytes.CopyTo(MemoryMarshal.AsBytes(words));
                if ((bits & 63) != 0)
                {
                    words[^1] &= (1UL << bits) - 1;
                }

                return CountSet(words);
            case RunLengths:
                int count = reader.ReadCount();
                if (count > bits + 1)
                {
                    throw new FormatException($"{count} runs of {bits} bits");
                }

                using (var runs = new Rented<long>(count))
                {
                    var inner = new ByteReader(reader.ReadBytes());
                    IntegerBlock.DecodeWithin(ref inner, runs.Span, 0, bits);
                    SetRuns(runs.Span, words, bits);
                }

                return CountSet(words);
            default:
                throw new FormatException($"unknown form of a bitmap: {form}");
        }
    }

    /// <summary>Names the form and reads past the bitmap.</summary>
    public static string Describe(ref ByteReader reader)
    {
        switch (reader.ReadByte())
        {
            case AllSet:
                return "all";
            case NoneSet:
                return "none";
            case Plain:
                reader.ReadBytes();
                return "bitmap";
            case RunLengths:
                reader.ReadCount();
                reader.ReadBytes();
                return "runs";
            default:
                throw new FormatException("unknown form of a bitmap");
        }
    }

    private static int CountSet(ReadOnlySpan<ulong> words)
    {
        int set = 0;
        foreach (ulong word in words)
        {
            set += BitOperations.PopCount(word);
        }

        return set;
    }

    private static int CountChanges(ReadOnlySpan<ulong> words, int bits)
    {
        int changes = 0;
        ulong carry = words[0] & 1;
        foreach (ulong word in words)
        {
            changes += BitOperations.PopCount(word ^ ((word << 1) | carry));
            carry = word >> 63;
        }

        // The clear bits behind the last one count as a change when that one is set: one too many does no harm here.
        return Math.Min(changes, bits);
    }

    private static int FillRuns(ReadOnlySpan<ulong> words, int bits, Span<long> runs)
    {
        int count = 0;
        bool value = true;
        for (int at = 0; at < bits; value = !value)
        {
            int end = at;
            while (end < bits && ((words[end >> 6] >> end) & 1) == (value ? 1UL : 0))
            {
                end++;
            }

            runs[count++] = end - at;
            at = end;
        }

        return count;
    }

    private static void SetRuns(ReadOnlySpan<long> runs, Span<ulong> words, int bits)
    {
        long at = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            if (at + runs[i] > bits)
            {
                throw new FormatException("runs are longer than the bitmap");
            }

            if ((i & 1) == 0)
            {
                SetRange(words, (int)at, (int)runs[i]);
            }

            at += runs[i];
        }

        if (at != bits)
        {
            throw new FormatException($"runs end {bits - at} bits early");
        }
    }

    private static void SetRange(Span<ulong> words, int start, int count)
    {
        int end = start + count;
        while (start < end)
        {
            int inWord = Math.Min(64 - (start & 63), end - start);
            ulong mask = inWord == 64 ? ulong.MaxValue : ((1UL << inWord) - 1) << (start & 63);
            words[start >> 6] |= mask;
            start += inWord;
        }
    }
}
