// The block of a column whose rows are all the same, without looking at every row.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Writes what <see cref="BlockCodec"/> would read back as any number of rows with one value.</summary>
internal static class ConstantBlock
{
    /// <summary>Appends the block; false, and nothing done, for types that have no such form.</summary>
    /// <param name="column">Its first row is the value.</param>
    /// <param name="writer">Where to.</param>
    public static bool TryEncode(Column column, ByteWriter writer)
    {
        if (column.IsNull(0))
        {
            BitmapBlock.Encode([0UL], 1, writer);
            return column is not RowColumn;
        }

        switch (column)
        {
            case FixedColumn<long> c: Integer(c.Values[0], writer); return true;
            case FixedColumn<int> c: Integer(c.Values[0], writer); return true;
            case FixedColumn<short> c: Integer(c.Values[0], writer); return true;
            case BytesColumn c: Text(c, writer); return true;
            default: return false;
        }
    }

    private static void Integer(long value, ByteWriter writer)
    {
        BitmapBlock.Encode([1UL], 1, writer);
        writer.WriteByte(CodecTable.Constant.Id);
        IntegerBlock.WriteSigned(writer, value);
    }

    // A dictionary of one entry, which every row has.
    private static void Text(BytesColumn column, ByteWriter writer)
    {
        BitmapBlock.Encode([1UL], 1, writer);
        writer.WriteByte(CodecTable.DictionaryText.Id);
        writer.WriteVarint(1);
        var entry = new ByteWriter();
        using (var profile = new TextProfile(column, [0]))
        {
            TextBlock.Encode(profile, entry);
        }

        writer.WriteBytes(entry.Written);
        writer.WriteByte(CodecTable.Constant.Id);
        IntegerBlock.WriteSigned(writer, 0);
    }
}
