// Columns as JSON: the one place that says how each SQL type looks to a JavaScript program.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.Formats;

/// <summary>
/// Writes values as JSON. bigint and numeric are strings, since a JavaScript number would round them; times are ISO 8601; NaN and infinities are
/// strings; jsonb is the JSON it holds; arrays are arrays and rows are objects; everything else is its text.
/// </summary>
internal static class JsonWrite
{
    /// <summary>How every JSON answer is written: compact, UTF-8, escaped as JSON needs it and not as HTML would (answers are never sniffed as HTML).</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes <c>[v, v, …]</c> of the first <paramref name="columns"/> columns.</summary>
    public static void Row(Utf8JsonWriter to, Batch batch, int row, int columns)
    {
        to.WriteStartArray();
        for (int i = 0; i < columns; i++)
        {
            Value(to, batch.Columns[i], row);
        }

        to.WriteEndArray();
    }

    /// <summary>Writes <c>"columns":[{"name","type"}, …]</c>.</summary>
    public static void Columns(Utf8JsonWriter to, Schema schema)
    {
        to.WriteStartArray("columns"u8);
        foreach (Field field in schema.Fields)
        {
            to.WriteStartObject();
            to.WriteString("name"u8, field.Name);
            to.WriteString("type"u8, field.Type.ToString());
            to.WriteEndObject();
        }

        to.WriteEndArray();
    }

    /// <summary>Writes one value.</summary>
    public static void Value(Utf8JsonWriter to, Column column, int row)
    {
        if (column.IsNull(row))
        {
            to.WriteNullValue();
            return;
        }

        switch (column)
        {
            case FixedColumn<bool> c: to.WriteBooleanValue(c.Values[row]); break;
            case FixedColumn<short> c: to.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<int> c when c.Type.Id == TypeId.Date: Date(to, c, row); break;
            case FixedColumn<int> c: to.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<long> c when c.Type.Id != TypeId.BigInt: Time(to, c, row); break;
            case FixedColumn<long> c: BigInt(to, c.Values[row]); break;
            case FixedColumn<float> c when float.IsFinite(c.Values[row]): to.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<float> c: NotFinite(to, c.Values[row]); break;
            case FixedColumn<double> c when double.IsFinite(c.Values[row]): to.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<double> c: NotFinite(to, c.Values[row]); break;
            case BytesColumn c when c.Type.Id == TypeId.Jsonb: to.WriteRawValue(c.Span(row), skipInputValidation: true); break;
            case BytesColumn c when c.Type.Id is TypeId.Text or TypeId.Unknown: to.WriteStringValue(c.Span(row)); break;
            case ListColumn c: List(to, c, row); break;
            case RowColumn c: Object(to, c, row); break;
            default: AsText(to, column, row); break;
        }
    }

    private static void BigInt(Utf8JsonWriter to, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        to.WriteStringValue(digits[..length]);
    }

    private static void NotFinite(Utf8JsonWriter to, double value) =>
        to.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");

    private static void Date(Utf8JsonWriter to, FixedColumn<int> column, int row)
    {
        int days = column.Values[row];
        if (days is < -719_162 or > 2_932_896)
        {
            AsText(to, column, row);
            return;
        }

        Span<byte> text = stackalloc byte[10];
        IsoTime.Date(days, text);
        to.WriteStringValue(text);
    }

    private static void Time(Utf8JsonWriter to, FixedColumn<long> column, int row)
    {
        Span<byte> text = stackalloc byte[32];
        if (column.Type.Id == TypeId.Time)
        {
            to.WriteStringValue(text[..IsoTime.Time(column.Values[row], text)]);
        }
        else if (IsoTime.TryFormat(column.Values[row], column.Type.Id == TypeId.TimestampTz, text, out int length))
        {
            to.WriteStringValue(text[..length]);
        }
        else
        {
            AsText(to, column, row);
        }
    }

    private static void List(Utf8JsonWriter to, ListColumn column, int row)
    {
        to.WriteStartArray();
        for (int i = column.Offsets[row]; i < column.Offsets[row + 1]; i++)
        {
            Value(to, column.Elements, i);
        }

        to.WriteEndArray();
    }

    private static void Object(Utf8JsonWriter to, RowColumn column, int row)
    {
        to.WriteStartObject();
        for (int i = 0; i < column.Fields.Length; i++)
        {
            to.WritePropertyName(column.Type.Fields![i].Name);
            Value(to, column.Fields[i], row);
        }

        to.WriteEndObject();
    }

    private static void AsText(Utf8JsonWriter to, Column column, int row)
    {
        var text = new ByteWriter(64);
        TextWrite.For(column.Type)(text, column, row);
        to.WriteStringValue(text.Written);
    }
}
