// Values in PostgreSQL's text form, chosen once a column.
using System.Buffers.Text;
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.Formats;

/// <summary>Writes one value of a column, without its length. Not called for nulls.</summary>
internal delegate void ValueWriter(ByteWriter to, Column column, int row);

/// <summary>Text form, out.</summary>
internal static class TextWrite
{
    /// <summary>What writes values of <paramref name="type"/> as text.</summary>
    public static ValueWriter For(SqlType type) => type.Id switch
    {
        TypeId.Boolean => static (to, c, row) => to.WriteByte(((FixedColumn<bool>)c).Values[row] ? (byte)'t' : (byte)'f'),
        TypeId.SmallInt => static (to, c, row) => Integer(to, ((FixedColumn<short>)c).Values[row]),
        TypeId.Integer => static (to, c, row) => Integer(to, ((FixedColumn<int>)c).Values[row]),
        TypeId.BigInt => static (to, c, row) => Integer(to, ((FixedColumn<long>)c).Values[row]),
        TypeId.Text or TypeId.Jsonb or TypeId.Unknown => static (to, c, row) => to.Write(((BytesColumn)c).Span(row)),
        _ => TextFormat.Append,
    };

    /// <summary>The same, with instants shown as the time of a zone.</summary>
    public static ValueWriter For(SqlType type, TimeZoneInfo zone) => type.Id == TypeId.TimestampTz && !zone.Equals(TimeZoneInfo.Utc)
        ? (to, c, row) => TextFormat.AppendInstant(to, ((FixedColumn<long>)c).Values[row], zone)
        : For(type);

    private static void Integer(ByteWriter to, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out int length);
        to.Write(digits[..length]);
    }
}
