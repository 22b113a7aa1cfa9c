// Arrays: their lengths, and their elements as blocks of a column again.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// The lengths as a block of integers, then the elements of all rows, one after the other, in column blocks of at most 65,536 each.
/// </summary>
internal static class ArrayBlock
{
    /// <summary>Appends the given non-null rows of an array column, which lie between from and from + count.</summary>
    public static void Encode(ListColumn column, int from, int count, ReadOnlySpan<int> rows, ByteWriter writer)
    {
        writer.WriteByte(CodecTable.Array.Id);
        using var lengths = new Rented<long>(rows.Length);
        long sum = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            lengths.Span[i] = column.Offsets[rows[i] + 1] - column.Offsets[rows[i]];
            sum += lengths.Span[i];
        }

        IntegerBlock.Encode(lengths.Span, writer);
        Column elements = column.Elements;
        int start = column.Offsets[from];
        if (column.Offsets[from + count] - start != sum)
        {
            // A null row that holds elements: a builder leaves them behind.
            var kept = (ListBuilder)column.NewBuilder();
            kept.AppendRows(column, rows);
            (elements, start) = (kept.Elements.View(), 0);
        }

        for (long done = 0; done < sum; done += BlockCodec.RowsMax)
        {
            BlockCodec.Encode(elements, start + (int)done, (int)Math.Min(BlockCodec.RowsMax, sum - done), writer);
        }
    }

    /// <summary>Reads the lengths of arrays, and appends their elements.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public static void Decode(ref ByteReader reader, SqlType type, Span<int> lengths, ListBuilder into, int depth)
    {
        CodecTable.Expect(ref reader, CodecTable.Array);
        long sum = TextBlock.ReadLengths(ref reader, lengths);
        for (long done = 0; done < sum; done += BlockCodec.RowsMax)
        {
            BlockCodec.Decode(ref reader, type.Element!, (int)Math.Min(BlockCodec.RowsMax, sum - done), into.Elements, depth - 1);
        }
    }
}
