// Values in PostgreSQL's binary form (each type's "send" function), from columns into a buffer, big-endian.
using System.Buffers.Binary;
using System.Globalization;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Engine;

namespace Millrace.Doors.Postgres;

/// <summary>Binary form, out.</summary>
internal static class BinaryWrite
{
    /// <summary>Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01.</summary>
    public const long EpochMicros = 946_684_800_000_000;

    /// <summary>Days from 1970 to PostgreSQL's epoch.</summary>
    public const int EpochDays = 10_957;

    /// <summary>What writes values of <paramref name="type"/>: chosen once a column, called once a row.</summary>
    public static ValueWriter For(SqlType type) => type.Id switch
    {
        TypeId.Boolean => static (to, c, row) => to.WriteByte(Fixed<bool>(c, row) ? (byte)1 : (byte)0),
        TypeId.SmallInt => static (to, c, row) => BinaryPrimitives.WriteInt16BigEndian(to.Take(2), Fixed<short>(c, row)),
        TypeId.Integer => static (to, c, row) => Int32(to, Fixed<int>(c, row)),
        TypeId.BigInt or TypeId.Time => static (to, c, row) => Int64(to, Fixed<long>(c, row)),
        TypeId.Real => static (to, c, row) => BinaryPrimitives.WriteSingleBigEndian(to.Take(4), Fixed<float>(c, row)),
        TypeId.Double => static (to, c, row) => BinaryPrimitives.WriteDoubleBigEndian(to.Take(8), Fixed<double>(c, row)),
        TypeId.Numeric => static (to, c, row) => Numeric(to, Fixed<Numeric>(c, row)),
        TypeId.Date => static (to, c, row) => Int32(to, Shift(Fixed<int>(c, row))),
        TypeId.Timestamp or TypeId.TimestampTz => static (to, c, row) => Int64(to, Shift(Fixed<long>(c, row))),
        TypeId.Interval => static (to, c, row) => Interval(to, Fixed<Interval>(c, row)),
        TypeId.Uuid => static (to, c, row) => Uuid(to, Fixed<Uuid>(c, row)),
        TypeId.Jsonb => static (to, c, row) =>
        {
            to.WriteByte(1);
            to.Write(((BytesColumn)c).Span(row));
        }
        ,
        TypeId.Array => Array,
        TypeId.Row => Row,
        _ => static (to, c, row) => to.Write(((BytesColumn)c).Span(row)),
    };

    /// <summary>Appends a big-endian integer.</summary>
    public static void Int32(ByteWriter to, int value) => BinaryPrimitives.WriteInt32BigEndian(to.Take(4), value);

    private static void Int64(ByteWriter to, long value) => BinaryPrimitives.WriteInt64BigEndian(to.Take(8), value);

    private static T Fixed<T>(Column column, int row)
        where T : unmanaged => ((FixedColumn<T>)column).Values[row];

    // The extremes stand for the infinities, in PostgreSQL as here.
    private static long Shift(long micros) => micros is long.MaxValue or long.MinValue ? micros : micros - EpochMicros;

    private static int Shift(int days) => days is int.MaxValue or int.MinValue ? days : days - EpochDays;

    private static void Interval(ByteWriter to, Interval value)
    {
        Int64(to, value.Micros);
        Int32(to, value.Days);
        Int32(to, value.Months);
    }

    private static void Uuid(ByteWriter to, Uuid value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to.Take(8), value.Hi);
        BinaryPrimitives.WriteUInt64BigEndian(to.Take(8), value.Lo);
    }

    // numeric_send: digit count, weight of the first digit, sign, display scale, then digits of base 10,000 aligned to the point.
    private static void Numeric(ByteWriter to, Numeric value)
    {
        if (value.IsNaN)
        {
            Header(to, 0, 0, 0xC000, 0);
            return;
        }

        Int128 unscaled = value.Unscaled;
        bool negative = unscaled < 0;
        Span<char> digits = stackalloc char[48];
        (negative ? -unscaled : unscaled).TryFormat(digits, out int count, default, CultureInfo.InvariantCulture);
        int beforePoint = count - value.Scale;
        int pad = (((-beforePoint) % 4) + 4) % 4;
        int groups = (pad + count + 3) / 4;
        int weight = ((beforePoint + pad) / 4) - 1;
        Span<short> values = stackalloc short[16];
        for (int g = 0; g < groups; g++)
        {
            int group = 0;
            for (int i = 0; i < 4; i++)
            {
                int at = (g * 4) + i - pad;
                group = (group * 10) + (at >= 0 && at < count ? digits[at] - '0' : 0);
            }

            values[g] = (short)group;
        }

        int first = 0;
        while (first < groups && values[first] == 0)
        {
            first++;
            weight--;
        }

        int last = groups;
        while (last > first && values[last - 1] == 0)
        {
            last--;
        }

        Header(to, last - first, last == first ? 0 : weight, negative ? 0x4000 : 0, value.Scale);
        foreach (short group in values[first..last])
        {
            BinaryPrimitives.WriteInt16BigEndian(to.Take(2), group);
        }

        static void Header(ByteWriter to, int digits, int weight, int sign, int scale)
        {
            Span<byte> head = to.Take(8);
            BinaryPrimitives.WriteInt16BigEndian(head, (short)digits);
            BinaryPrimitives.WriteInt16BigEndian(head[2..], (short)weight);
            BinaryPrimitives.WriteUInt16BigEndian(head[4..], (ushort)sign);
            BinaryPrimitives.WriteInt16BigEndian(head[6..], (short)scale);
        }
    }

    // array_send: dimensions, null flag, element type, (length, lower bound) a dimension, then elements with lengths.
    private static void Array(ByteWriter to, Column column, int row)
    {
        var list = (ListColumn)column;
        SqlType element = list.Elements.Type;
        Span<int> lengths = stackalloc int[6];
        int dimensions = 0;
        Column level = list;
        int at = row;
        while (level is ListColumn inner)
        {
            int length = inner.Offsets[at + 1] - inner.Offsets[at];
            if (length == 0 || dimensions == lengths.Length)
            {
                dimensions = length == 0 ? 0 : throw new SqlException("54000", "number of array dimensions exceeds the maximum allowed (6)");
                break;
            }

            lengths[dimensions++] = length;
            at = inner.Offsets[at];
            level = inner.Elements;
        }

        while (element.Id == TypeId.Array)
        {
            element = element.Element!;
        }

        Int32(to, dimensions);
        Int32(to, dimensions > 0 && HasNull(list, row, row + 1) ? 1 : 0);
        Int32(to, PgType.Of(element).Oid);
        for (int i = 0; i < dimensions; i++)
        {
            Int32(to, lengths[i]);
            Int32(to, 1);
        }

        if (dimensions > 0)
        {
            Elements(to, list, row, lengths[..dimensions], For(element));
        }
    }

    private static bool HasNull(ListColumn list, int from, int to)
    {
        (int start, int end) = (list.Offsets[from], list.Offsets[to]);
        if (list.Elements is ListColumn inner)
        {
            return HasNull(inner, start, end);
        }

        for (int i = start; list.Elements.Validity is not null && i < end; i++)
        {
            if (list.Elements.IsNull(i))
            {
                return true;
            }
        }

        return false;
    }

    private static void Elements(ByteWriter to, ListColumn list, int row, ReadOnlySpan<int> lengths, ValueWriter writer)
    {
        int start = list.Offsets[row];
        int end = list.Offsets[row + 1];
        if (end - start != lengths[0])
        {
            throw new SqlException("2202E", "an array of arrays of different lengths has no binary form", hint: "ask for the column in text form");
        }

        for (int i = start; i < end; i++)
        {
            if (list.Elements is ListColumn inner)
            {
                Elements(to, inner, i, lengths[1..], writer);
            }
            else
            {
                Field(to, list.Elements, i, writer);
            }
        }
    }

    private static void Row(ByteWriter to, Column column, int row)
    {
        var fields = ((RowColumn)column).Fields;
        Int32(to, fields.Length);
        foreach (Column field in fields)
        {
            Int32(to, PgType.Of(field.Type).Oid);
            Field(to, field, row, For(field.Type));
        }
    }

    /// <summary>Writes a value behind its length; a null is the length −1.</summary>
    public static void Field(ByteWriter to, Column column, int row, ValueWriter writer)
    {
        if (column.IsNull(row))
        {
            Int32(to, -1);
            return;
        }

        int lengthAt = to.Length;
        to.Take(4);
        writer(to, column, row);
        BinaryPrimitives.WriteInt32BigEndian(to.Buffer.AsSpan(lengthAt), to.Length - lengthAt - 4);
    }
}
