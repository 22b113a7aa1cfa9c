// Few distinct integers far from one another: each once, in ascending order, and for each row which one it has.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: varint entries, varint bytes of their block, the entries as a block of integers, the codes as a block of integers.</summary>
internal sealed class DictionaryIntegerCodec(byte id, string name) : IntegerCodec(id, name)
{
    private const double HeaderBits = 40;

    // Looking up each value is a pass of its own.
    private const double Bias = 1.05;

    public override double Estimate(IntegerProfile profile, int depth) =>
        depth == 0 || profile.Order > 0 || profile.Dictionary is not { } dictionary
            ? double.PositiveInfinity
            : HeaderBits + dictionary.Entries.Choose(depth - 1).Bits + (dictionary.Codes.Choose(depth - 1).Bits * Bias);

    public override void Encode(IntegerProfile profile, ByteWriter writer, int depth)
    {
        IntegerDictionary dictionary = profile.Dictionary!;
        var entries = new ByteWriter();
        IntegerBlock.Encode(dictionary.Entries, entries, depth - 1);
        writer.WriteVarint((ulong)dictionary.Entries.Count);
        writer.WriteBytes(entries.Written);
        IntegerBlock.Encode(dictionary.Codes, writer, depth - 1);
    }

    public override void Decode(ref ByteReader reader, Span<long> into, int depth)
    {
        int count = reader.ReadCount();
        if (count == 0 || count > into.Length)
        {
            throw new FormatException($"dictionary of {count} entries for {into.Length} values");
        }

        using var entries = new Rented<long>(count);
        var inner = new ByteReader(reader.ReadBytes());
        IntegerBlock.Decode(ref inner, entries.Span, depth - 1);
        IntegerBlock.DecodeWithin(ref reader, into, 0, count - 1, depth - 1);
        foreach (ref long value in into)
        {
            value = entries.Span[(int)value];
        }
    }

    public override string Describe(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        reader.ReadBytes();
        return $"{Name}({count})+{IntegerBlock.Describe(ref reader)}";
    }
}

/// <summary>Distinct integers in ascending order, and the code of each value.</summary>
internal sealed class IntegerDictionary : IDisposable
{
    private const int EntriesMax = 4096;

    private IntegerDictionary(IntegerProfile entries, IntegerProfile codes)
    {
        Entries = entries;
        Codes = codes;
    }

    public IntegerProfile Entries { get; }

    public IntegerProfile Codes { get; }

    /// <summary>The dictionary of <paramref name="values"/>; null when more than a quarter of them would be in it.</summary>
    public static IntegerDictionary? Build(ReadOnlySpan<long> values, CodecHabit? habit = null)
    {
        int most = Math.Min(values.Length / 4, EntriesMax);
        if (most == 0)
        {
            return null;
        }

        int slots = 16;
        while (slots < 2 * most)
        {
            slots *= 2;
        }

        // A slot is 1 + the index of an entry, 0 when it is free.
        using var table = new Rented<int>(slots);
        using var entries = new Rented<long>(most);
        using var codes = new Rented<long>(values.Length);
        table.Span.Clear();
        int distinct = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int slot = SlotOf(values[i], slots);
            while (table.Span[slot] > 0 && entries.Span[table.Span[slot] - 1] != values[i])
            {
                slot = (slot + 1) & (slots - 1);
            }

            if (table.Span[slot] == 0)
            {
                if (distinct == most)
                {
                    return null;
                }

                entries.Span[distinct] = values[i];
                table.Span[slot] = ++distinct;
            }

            codes.Span[i] = table.Span[slot] - 1;
        }

        Span<long> sorted = entries.Span[..distinct];
        using var order = new Rented<int>(distinct);
        using var rank = new Rented<int>(distinct);
        for (int e = 0; e < distinct; e++)
        {
            order.Span[e] = e;
        }

        sorted.Sort(order.Span);
        for (int e = 0; e < distinct; e++)
        {
            rank.Span[order.Span[e]] = e;
        }

        foreach (ref long code in codes.Span)
        {
            code = rank.Span[(int)code];
        }

        return new IntegerDictionary(new IntegerProfile(sorted, habit?[CodecPart.Entries]), new IntegerProfile(codes.Span, habit?[CodecPart.Codes]));
    }

    public void Dispose()
    {
        Entries.Dispose();
        Codes.Dispose();
    }

    // Seeded anew in each process, since strangers choose the values; what is built does not depend on it.
    private static int SlotOf(long value, int slots) => (int)KeyHash.Of((ulong)value, 0) & (slots - 1);
}
