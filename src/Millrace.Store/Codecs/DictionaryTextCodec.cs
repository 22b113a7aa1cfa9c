// Each distinct string once, and for each row which one it has: tags and other text that repeats.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Layout: varint entries, varint bytes of their block, the entries as a block of text, the codes as a block of integers.</summary>
internal sealed class DictionaryTextCodec(byte id, string name) : TextCodec(id, name)
{
    public override double Estimate(TextProfile profile)
    {
        if (profile.Dictionary is not { } dictionary)
        {
            return double.PositiveInfinity;
        }

        return 32 + TextBlock.Choose(dictionary.Entries).Bits + dictionary.Codes.Choose(IntegerBlock.DepthMax).Bits;
    }

    public override void Encode(TextProfile profile, ByteWriter writer)
    {
        TextDictionary dictionary = profile.Dictionary!;
        var entries = new ByteWriter();
        TextBlock.Encode(dictionary.Entries, entries);
        writer.WriteVarint((ulong)dictionary.Entries.Count);
        writer.WriteBytes(entries.Written);
        IntegerBlock.Encode(dictionary.Codes, writer, IntegerBlock.DepthMax);
    }

    public override void Decode(ref ByteReader reader, Span<int> lengths, BytesBuilder into)
    {
        int count = reader.ReadCount();
        var inner = new ByteReader(reader.ReadBytes());
        if (count == 0 || count > lengths.Length || inner.Remaining == 0)
        {
            throw new FormatException($"dictionary of {count} entries for {lengths.Length} rows");
        }

        TextCodec codec = CodecTable.Get<TextCodec>(inner.ReadByte());
        if (codec is DictionaryTextCodec)
        {
            throw new FormatException("a dictionary inside a dictionary");
        }

        using var entryLengths = new Rented<int>(count);
        var entries = (BytesBuilder)ColumnBuilder.For(SqlType.Bytea);
        codec.Decode(ref inner, entryLengths.Span, entries);
        using var codes = new Rented<long>(lengths.Length);
        IntegerBlock.DecodeWithin(ref reader, codes.Span, 0, count - 1);
        Expand(entryLengths.Span, entries, codes.Span, lengths, into);
    }

    public override string Describe(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        var inner = new ByteReader(reader.ReadBytes());
        return $"{Name}({count} {TextBlock.Describe(ref inner)})+{IntegerBlock.Describe(ref reader)}";
    }

    private static void Expand(ReadOnlySpan<int> entryLengths, BytesBuilder entries, ReadOnlySpan<long> codes, Span<int> lengths, BytesBuilder into)
    {
        using var starts = new Rented<int>(entryLengths.Length);
        int sum = 0;
        for (int i = 0; i < entryLengths.Length; i++)
        {
            starts.Span[i] = sum;
            sum += entryLengths[i];
        }

        long total = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            lengths[i] = entryLengths[(int)codes[i]];
            total += lengths[i];
        }

        if (total > Array.MaxLength)
        {
            throw new FormatException($"{total} bytes of text in one block");
        }

        ReadOnlySpan<byte> texts = entries.Reserve(sum);
        Span<byte> to = into.Reserve((int)total);
        if (entryLengths.Length == 1)
        {
            Repeat(texts, to);
            return;
        }

        for (int i = 0; i < codes.Length; i++)
        {
            texts.Slice(starts.Span[(int)codes[i]], lengths[i]).CopyTo(to);
            to = to[lengths[i]..];
        }
    }

    // What is there already is copied behind itself, twice as much each time.
    private static void Repeat(ReadOnlySpan<byte> text, Span<byte> to)
    {
        if (text.IsEmpty)
        {
            return;
        }

        text.CopyTo(to);
        for (int done = text.Length; done < to.Length; done *= 2)
        {
            to[..Math.Min(done, to.Length - done)].CopyTo(to[done..]);
        }
    }
}
