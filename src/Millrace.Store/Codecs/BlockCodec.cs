// Rows of one column as one self-describing block: which are null, then the others by the codecs that fit their type.
using System.Numerics;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: the bitmap of the rows that are not null, then, when there are such rows, the codec's id and what it writes. Values of null rows are
/// not kept. The number of rows and the type stand outside. Blocks carry no checksum: the segment has one for each, and a decoder takes none on
/// trust: whatever the bytes, it reads inside them, throws <see cref="FormatException"/> and nothing else, and allocates no more than a small multiple
/// of the rows and, for text and arrays, of rows times the block's length.
/// </summary>
internal static class BlockCodec
{
    /// <summary>Most rows of a block.</summary>
    public const int RowsMax = 65_536;

    // Arrays of arrays of rows: deeper than the parser lets anybody declare a type.
    private const int DepthMax = 64;

    /// <summary>Appends a block of rows <paramref name="from"/> .. <paramref name="from"/> + <paramref name="count"/> of <paramref name="column"/>.</summary>
    /// <param name="column">The column.</param>
    /// <param name="from">The first row.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="habit">What was chosen for blocks of the same column before; null when nothing is known of others.</param>
    public static void Encode(Column column, int from, int count, ByteWriter writer, CodecHabit? habit = null)
    {
        Check.That(from >= 0 && count >= 0 && count <= RowsMax && from + count <= column.Length);
        if (count == 0)
        {
            return;
        }

        using var rows = new Rented<int>(count);
        using var valid = new Rented<ulong>(BitmapBlock.WordsOf(count));
        valid.Span.Clear();
        int present = 0;
        for (int i = 0; i < count; i++)
        {
            if (!column.IsNull(from + i))
            {
                valid.Span[i >> 6] |= 1UL << i;
                rows.Span[present++] = from + i;
            }
        }

        BitmapBlock.Encode(valid.Span, count, writer);
        if (column is RowColumn row)
        {
            writer.WriteByte(CodecTable.Row.Id);
            foreach (Column field in row.Fields)
            {
                Encode(field, from, count, writer);
            }
        }
        else if (present > 0)
        {
            EncodePresent(column, from, count, rows.Span[..present], writer, habit);
        }
    }

    /// <summary>
    /// Appends to <paramref name="into"/> the <paramref name="count"/> values of <paramref name="block"/>. After an exception the builder holds a part
    /// of them and is to be thrown away.
    /// </summary>
    /// <exception cref="FormatException">The bytes are no such block.</exception>
    public static void Decode(ReadOnlySpan<byte> block, SqlType type, int count, ColumnBuilder into)
    {
        var reader = new ByteReader(block);
        Decode(ref reader, type, count, into, DepthMax);
        if (reader.Remaining > 0)
        {
            throw new FormatException($"{reader.Remaining} bytes left over behind a block");
        }
    }

    /// <summary>Names the codecs of a block, as <c>delta+packed(4)</c>.</summary>
    /// <exception cref="FormatException">The bytes are no such block.</exception>
    public static string Describe(ReadOnlySpan<byte> block)
    {
        var reader = new ByteReader(block);
        if (reader.Remaining == 0)
        {
            return "empty";
        }

        string valid = BitmapBlock.Describe(ref reader);
        string values = reader.Remaining == 0 ? "" : CodecTable.Get<Codec>(reader.ReadByte()).Describe(ref reader);
        return valid switch
        {
            "all" => values,
            "none" => "null",
            _ => $"nulls({valid}) {values}",
        };
    }

    internal static void Decode(ref ByteReader reader, SqlType type, int count, ColumnBuilder into, int depth)
    {
        Check.That(count >= 0 && count <= RowsMax);
        if (count == 0)
        {
            return;
        }

        if (depth == 0)
        {
            throw new FormatException("arrays and rows nested too deep");
        }

        using var valid = new Rented<ulong>(BitmapBlock.WordsOf(count));
        int present = BitmapBlock.Decode(ref reader, valid.Span, count);
        int before = into.Count;
        DecodePresent(ref reader, type, count, present, valid.Span, into, depth);
        Check.That(into.Count == before + count);
        if (present < count)
        {
            for (int i = 0; i < count; i++)
            {
                if ((valid.Span[i >> 6] >> i & 1) == 0)
                {
                    into.SetNull(before + i);
                }
            }
        }
    }

    private static void EncodePresent(Column column, int from, int count, ReadOnlySpan<int> rows, ByteWriter writer, CodecHabit? habit)
    {
        switch (column)
        {
            case FixedColumn<long> c when rows.Length == count: IntegerBlock.Encode(c.Values.AsSpan(from, count), writer, habit: habit); break;
            case FixedColumn<long> c: EncodeIntegers(c.Values, rows, writer, habit); break;
            case FixedColumn<int> c: EncodeIntegers(c.Values, rows, writer, habit); break;
            case FixedColumn<short> c: EncodeIntegers(c.Values, rows, writer, habit); break;
            case FixedColumn<double> c: EncodeFloats(MemoryMarshal.Cast<double, long>(c.Values), rows, single: false, writer, habit); break;
            case FixedColumn<float> c: EncodeFloats(MemoryMarshal.Cast<float, uint>(c.Values), rows, single: true, writer, habit); break;
            case FixedColumn<bool> c: EncodeBooleans(c.Values, rows, writer); break;
            case FixedColumn<Numeric> c: NumericBlock.Encode(Gather<Numeric>(c.Values, rows), writer, habit); break;
            case FixedColumn<Interval> c: PartsBlock.Encode(Gather<Interval>(c.Values, rows), writer); break;
            case FixedColumn<Uuid> c: PartsBlock.Encode(Gather<Uuid>(c.Values, rows), writer); break;
            case BytesColumn c:
                using (var profile = new TextProfile(c, rows, habit))
                {
                    TextBlock.Encode(profile, writer);
                }

                break;
            case ListColumn c: ArrayBlock.Encode(c, from, count, rows, writer); break;
            default: Check.Fail($"no codec for {column.Type}"); break;
        }
    }

    private static T[] Gather<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows)
    {
        var gathered = new T[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            gathered[i] = values[rows[i]];
        }

        return gathered;
    }

    private static void EncodeIntegers<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows, ByteWriter writer, CodecHabit? habit)
        where T : unmanaged, IBinaryInteger<T>
    {
        using var wide = new Rented<long>(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            wide.Span[i] = long.CreateTruncating(values[rows[i]]);
        }

        IntegerBlock.Encode(wide.Span, writer, habit: habit);
    }

    private static void EncodeFloats<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows, bool single, ByteWriter writer, CodecHabit? habit)
        where T : unmanaged, IBinaryInteger<T>
    {
        using var wide = new Rented<long>(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            wide.Span[i] = long.CreateTruncating(values[rows[i]]);
        }

        using var profile = new FloatProfile(wide.Span, single, habit);
        FloatBlock.Encode(profile, writer);
    }

    private static void EncodeBooleans(ReadOnlySpan<bool> values, ReadOnlySpan<int> rows, ByteWriter writer)
    {
        using var bits = new Rented<ulong>(BitmapBlock.WordsOf(rows.Length));
        bits.Span.Clear();
        for (int i = 0; i < rows.Length; i++)
        {
            bits.Span[i >> 6] |= values[rows[i]] ? 1UL << i : 0;
        }

        writer.WriteByte(CodecTable.Bits.Id);
        BitmapBlock.Encode(bits.Span, rows.Length, writer);
    }

    private static void DecodePresent(ref ByteReader reader, SqlType type, int count, int present, ReadOnlySpan<ulong> valid, ColumnBuilder into, int depth)
    {
        switch (into)
        {
            case RowBuilder b:
                CodecTable.Expect(ref reader, CodecTable.Row);
                for (int i = 0; i < b.Fields.Length; i++)
                {
                    Decode(ref reader, type.Fields![i].Type, count, b.Fields[i], depth - 1);
                }

                b.EndRows(count);
                break;
            case ListBuilder b:
                using (var lengths = new Rented<int>(count))
                {
                    if (present > 0)
                    {
                        ArrayBlock.Decode(ref reader, type, lengths.Span[..present], b, depth);
                    }

                    Spread(lengths.Span, present, valid);
                    b.EndLists(lengths.Span);
                }

                break;
            case BytesBuilder b:
                using (var lengths = new Rented<int>(count))
                {
                    if (present > 0)
                    {
                        TextBlock.Decode(ref reader, lengths.Span[..present], b);
                    }

                    Spread(lengths.Span, present, valid);
                    b.CommitRows(lengths.Span);
                }

                break;
            default:
                DecodeFixed(ref reader, count, present, valid, into);
                break;
        }
    }

    private static void DecodeFixed(ref ByteReader reader, int count, int present, ReadOnlySpan<ulong> valid, ColumnBuilder into)
    {
        switch (into)
        {
            case FixedBuilder<long> b: DecodeValues(ref reader, b, count, present, valid, static (ref ByteReader r, Span<long> to) => IntegerBlock.Decode(ref r, to)); break;
            case FixedBuilder<int> b: DecodeValues(ref reader, b, count, present, valid, DecodeNarrow); break;
            case FixedBuilder<short> b: DecodeValues(ref reader, b, count, present, valid, DecodeNarrow); break;
            case FixedBuilder<double> b: DecodeValues(ref reader, b, count, present, valid, DecodeDoubles); break;
            case FixedBuilder<float> b: DecodeValues(ref reader, b, count, present, valid, DecodeSingles); break;
            case FixedBuilder<bool> b: DecodeValues(ref reader, b, count, present, valid, DecodeBooleans); break;
            case FixedBuilder<Numeric> b: DecodeValues(ref reader, b, count, present, valid, NumericBlock.Decode); break;
            case FixedBuilder<Interval> b: DecodeValues(ref reader, b, count, present, valid, PartsBlock.Decode); break;
            case FixedBuilder<Uuid> b: DecodeValues(ref reader, b, count, present, valid, PartsBlock.Decode); break;
            default: Check.Fail($"no codec for {into.Type}"); break;
        }
    }

    private static void DecodeValues<T>(ref ByteReader reader, FixedBuilder<T> into, int count, int present, ReadOnlySpan<ulong> valid, DecodeSpan<T> decode)
        where T : unmanaged
    {
        Span<T> to = into.Reserve(count).AsSpan(into.Count, count);
        if (present > 0)
        {
            decode(ref reader, to[..present]);
        }

        Spread(to, present, valid);
        into.Advance(count);
    }

    // The values stand at the front; each moves back to its row, last one first, and rows without one get the default.
    private static void Spread<T>(Span<T> values, int present, ReadOnlySpan<ulong> valid)
    {
        for (int row = values.Length - 1; present <= row; row--)
        {
            values[row] = (valid[row >> 6] >> row & 1) != 0 ? values[--present] : default!;
        }
    }

    private static void DecodeNarrow(ref ByteReader reader, Span<int> to)
    {
        using var wide = new Rented<long>(to.Length);
        IntegerBlock.DecodeWithin(ref reader, wide.Span, int.MinValue, int.MaxValue);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = (int)wide.Span[i];
        }
    }

    private static void DecodeNarrow(ref ByteReader reader, Span<short> to)
    {
        using var wide = new Rented<long>(to.Length);
        IntegerBlock.DecodeWithin(ref reader, wide.Span, short.MinValue, short.MaxValue);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = (short)wide.Span[i];
        }
    }

    private static void DecodeDoubles(ref ByteReader reader, Span<double> to) => FloatBlock.Decode(ref reader, single: false, MemoryMarshal.Cast<double, long>(to));

    private static void DecodeSingles(ref ByteReader reader, Span<float> to)
    {
        using var wide = new Rented<long>(to.Length);
        FloatBlock.Decode(ref reader, single: true, wide.Span);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)wide.Span[i]);
        }
    }

    private static void DecodeBooleans(ref ByteReader reader, Span<bool> to)
    {
        CodecTable.Expect(ref reader, CodecTable.Bits);
        using var bits = new Rented<ulong>(BitmapBlock.WordsOf(to.Length));
        BitmapBlock.Decode(ref reader, bits.Span, to.Length);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = (bits.Span[i >> 6] >> i & 1) != 0;
        }
    }

    private delegate void DecodeSpan<T>(ref ByteReader reader, Span<T> to)
        where T : unmanaged;
}
