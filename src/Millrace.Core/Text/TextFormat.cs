// Values to text, exactly as PostgreSQL prints them (DateStyle ISO, TimeZone UTC).
using System.Text;

namespace Millrace.Core;

/// <summary>Prints values the way PostgreSQL's text protocol does. Nothing is allocated per value.</summary>
public static class TextFormat
{
    /// <summary>Appends an instant as the time of a zone, with its offset there: <c>2026-01-01 01:00:00+01</c>.</summary>
    /// <param name="writer">What it is appended to.</param>
    /// <param name="micros">The instant, µs since 1970-01-01 UTC.</param>
    /// <param name="zone">The zone.</param>
    public static void AppendInstant(ByteWriter writer, long micros, TimeZoneInfo zone) =>
        DateTimeText.AppendTimestamp(writer, micros, true, TimeZones.OffsetAt(zone, micros));

    /// <summary>Appends the text of row <paramref name="row"/>, which must not be null.</summary>
    public static void Append(ByteWriter writer, Column column, int row)
    {
        switch (column.Type.Id)
        {
            case TypeId.Boolean:
                writer.WriteByte(((FixedColumn<bool>)column).Values[row] ? (byte)'t' : (byte)'f');
                break;
            case TypeId.SmallInt:
                NumberText.Append(writer, ((FixedColumn<short>)column).Values[row]);
                break;
            case TypeId.Integer:
                NumberText.Append(writer, ((FixedColumn<int>)column).Values[row]);
                break;
            case TypeId.BigInt:
                NumberText.Append(writer, ((FixedColumn<long>)column).Values[row]);
                break;
            case TypeId.Real:
                NumberText.Append(writer, ((FixedColumn<float>)column).Values[row]);
                break;
            case TypeId.Double:
                NumberText.Append(writer, ((FixedColumn<double>)column).Values[row]);
                break;
            case TypeId.Numeric:
                ((FixedColumn<Numeric>)column).Values[row].Append(writer);
                break;
            case TypeId.Text or TypeId.Jsonb or TypeId.Unknown:
                writer.Write(((BytesColumn)column).Span(row));
                break;
            case TypeId.Bytea:
                BytesText.AppendBytea(writer, ((BytesColumn)column).Span(row));
                break;
            case TypeId.Date:
                DateTimeText.AppendDate(writer, ((FixedColumn<int>)column).Values[row]);
                break;
            case TypeId.Time:
                DateTimeText.AppendTime(writer, ((FixedColumn<long>)column).Values[row]);
                break;
            case TypeId.Timestamp:
                DateTimeText.AppendTimestamp(writer, ((FixedColumn<long>)column).Values[row], false);
                break;
            case TypeId.TimestampTz:
                DateTimeText.AppendTimestamp(writer, ((FixedColumn<long>)column).Values[row], true);
                break;
            case TypeId.Interval:
                IntervalText.Append(writer, ((FixedColumn<Interval>)column).Values[row]);
                break;
            case TypeId.Uuid:
                BytesText.AppendUuid(writer, ((FixedColumn<Uuid>)column).Values[row]);
                break;
            case TypeId.Array when column.Type.IsVector:
                var vector = (ListColumn)column;
                for (int i = vector.Offsets[row]; i < vector.Offsets[row + 1]; i++)
                {
                    if (i > vector.Offsets[row])
                    {
                        writer.WriteByte((byte)' ');
                    }

                    Append(writer, vector.Elements, i);
                }

                break;
            case TypeId.Array:
                var list = (ListColumn)column;
                NestedText.AppendList(writer, list.Elements, list.Offsets[row], list.Offsets[row + 1] - list.Offsets[row]);
                break;
            case TypeId.Row:
                NestedText.AppendRow(writer, ((RowColumn)column).Fields, row);
                break;
            default:
                Check.Fail($"no text form for {column.Type}");
                break;
        }
    }

    /// <summary>Appends a timestamp (µs since 1970 UTC).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="micros">The instant.</param>
    /// <param name="withZone">True to end with the UTC offset.</param>
    public static void AppendTimestamp(ByteWriter writer, long micros, bool withZone) => DateTimeText.AppendTimestamp(writer, micros, withZone);

    /// <summary>Appends a double in its shortest form that reads back the same.</summary>
    public static void AppendDouble(ByteWriter writer, double value) => NumberText.Append(writer, value);

    /// <summary>Appends a scalar in its CLR representation.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="value">Not null.</param>
    /// <param name="type">Its type.</param>
    public static void Append(ByteWriter writer, object value, SqlType type)
    {
        switch (value)
        {
            case bool v:
                writer.WriteByte(v ? (byte)'t' : (byte)'f');
                break;
            case ByteSlice v when type.Id != TypeId.Bytea:
                writer.Write(v.Span);
                break;
            case ListSlice v:
                NestedText.AppendList(writer, v.Elements, v.Start, v.Count);
                break;
            case RowSlice v:
                NestedText.AppendRow(writer, v.Fields, v.Index);
                break;
            default:
                Append(writer, BoxedValue.ToColumn(value, type), 0);
                break;
        }
    }

    /// <summary>The text of a row; null when it is null.</summary>
    public static string? ToText(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return null;
        }

        var writer = new ByteWriter(64);
        Append(writer, column, row);
        return Encoding.UTF8.GetString(writer.Written);
    }

    /// <summary>The text of a scalar in its CLR representation; null for null.</summary>
    public static string? ToText(object? value, SqlType type)
    {
        if (value is null)
        {
            return null;
        }

        var writer = new ByteWriter(64);
        Append(writer, value, type);
        return Encoding.UTF8.GetString(writer.Written);
    }
}
