// One JSON value into a column: what each SQL type takes.
using System.Buffers;
using System.Text;
using System.Text.Json;
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Appends JSON values. Strings are read by PostgreSQL's input rules for the column's type; numbers go to numeric types, and to timestamps as
/// seconds, milli-, micro- or nanoseconds since 1970 (told apart by their size: 1e11, 1e14, 1e17).
/// </summary>
internal static class JsonValue
{
    private const long SecondsMax = 100_000_000_000;

    /// <summary>Appends the value at which <paramref name="reader"/> stands; leaves the reader on its last token.</summary>
    /// <param name="builder">Where it goes.</param>
    /// <param name="reader">Stands on the value's first token.</param>
    /// <param name="input">The bytes that the reader reads.</param>
    /// <exception cref="SqlException">The value is not one of the column's type.</exception>
    public static void Append(ColumnBuilder builder, ref Utf8JsonReader reader, ReadOnlySpan<byte> input)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            builder.AppendNull();
            return;
        }

        switch (builder.Type.Id)
        {
            case TypeId.Jsonb:
                TextValue.Append(builder, Raw(ref reader, input));
                break;
            case TypeId.Array when reader.TokenType == JsonTokenType.StartArray:
                AppendArray((ListBuilder)builder, ref reader, input);
                break;
            case TypeId.Row when reader.TokenType == JsonTokenType.StartObject:
                AppendObject((RowBuilder)builder, ref reader, input);
                break;
            case TypeId.Text when reader.TokenType is not JsonTokenType.String:
                TextValue.Append(builder, Raw(ref reader, input));
                break;
            default:
                AppendScalar(builder, ref reader);
                break;
        }
    }

    /// <summary>What a token is, in words.</summary>
    public static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };

    private static ReadOnlySpan<byte> Raw(ref Utf8JsonReader reader, ReadOnlySpan<byte> input)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return input[start..(int)reader.BytesConsumed];
    }

    private static void AppendScalar(ColumnBuilder builder, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String: AppendString(builder, ref reader); break;
            case JsonTokenType.Number: AppendNumber(builder, ref reader); break;
            case JsonTokenType.True or JsonTokenType.False when builder is FixedBuilder<bool> b: b.Append(reader.TokenType == JsonTokenType.True); break;
            default: throw Mismatch(builder, Describe(reader.TokenType));
        }
    }

    private static void AppendString(ColumnBuilder builder, ref Utf8JsonReader reader)
    {
        if (builder.Type.Id == TypeId.Text && builder.Type.Precision < 0)
        {
            var text = (BytesBuilder)builder;
            Span<byte> room = text.Reserve(reader.ValueSpan.Length);
            int length = reader.CopyString(room);
            if (room[..length].Contains((byte)0))
            {
                throw new SqlException("22P05", "\\u0000 cannot be part of a text");
            }

            text.Commit(length);
            return;
        }

        byte[]? rented = null;
        Span<byte> buffer = reader.ValueSpan.Length <= 256 ? stackalloc byte[256] : rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            ReadOnlySpan<byte> text = buffer[..reader.CopyString(buffer)];
            if (builder.Type.IsTimestamp && IsoTime.TryParse(text, out long micros))
            {
                ((FixedBuilder<long>)builder).Append(micros);
                return;
            }

            TextValue.Append(builder, text);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static void AppendNumber(ColumnBuilder builder, ref Utf8JsonReader reader)
    {
        switch (builder.Type.Id)
        {
            case TypeId.BigInt: ((FixedBuilder<long>)builder).Append(Whole(builder, ref reader, long.MinValue, long.MaxValue)); break;
            case TypeId.Integer: ((FixedBuilder<int>)builder).Append((int)Whole(builder, ref reader, int.MinValue, int.MaxValue)); break;
            case TypeId.SmallInt: ((FixedBuilder<short>)builder).Append((short)Whole(builder, ref reader, short.MinValue, short.MaxValue)); break;
            case TypeId.Double: ((FixedBuilder<double>)builder).Append(Finite(builder, ref reader, double.MaxValue)); break;
            case TypeId.Real: ((FixedBuilder<float>)builder).Append((float)Finite(builder, ref reader, float.MaxValue)); break;
            case TypeId.Numeric: TextValue.Append(builder, reader.ValueSpan); break;
            case TypeId.Boolean when reader.TryGetInt64(out long bit) && bit is 0 or 1: ((FixedBuilder<bool>)builder).Append(bit == 1); break;
            case TypeId.Timestamp or TypeId.TimestampTz: ((FixedBuilder<long>)builder).Append(Epoch(builder, ref reader)); break;
            default: throw Mismatch(builder, "the number " + Text(ref reader));
        }
    }

    private static long Whole(ColumnBuilder builder, ref Utf8JsonReader reader, long min, long max)
    {
        if (!reader.TryGetInt64(out long value))
        {
            // 3.0 and 1e3 are whole numbers too; a double is exact up to 2^53.
            double d = Finite(builder, ref reader, double.MaxValue);
            if (d != Math.Floor(d))
            {
                throw Mismatch(builder, Text(ref reader));
            }

            if (Math.Abs(d) > 9_007_199_254_740_992)
            {
                throw OutOfRange(builder, ref reader);
            }

            value = (long)d;
        }

        return value >= min && value <= max ? value : throw OutOfRange(builder, ref reader);
    }

    private static double Finite(ColumnBuilder builder, ref Utf8JsonReader reader, double max) =>
        reader.TryGetDouble(out double value) && Math.Abs(value) <= max ? value : throw OutOfRange(builder, ref reader);

    private static long Epoch(ColumnBuilder builder, ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long value))
        {
            return TextValue.Epoch(value);
        }

        double fraction = Finite(builder, ref reader, long.MaxValue);
        double scale = Math.Abs(fraction) switch
        {
            < SecondsMax => 1_000_000,
            < SecondsMax * 1e3 => 1_000,
            < SecondsMax * 1e6 => 1,
            _ => 1e-3,
        };
        return (long)Math.Round(fraction * scale);
    }

    private static void AppendArray(ListBuilder builder, ref Utf8JsonReader reader, ReadOnlySpan<byte> input)
    {
        int start = builder.Elements.Count;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Append(builder.Elements, ref reader, input);
            }
        }
        catch
        {
            builder.Elements.TruncateTo(start);
            throw;
        }

        builder.EndList();
    }

    private static void AppendObject(RowBuilder builder, ref Utf8JsonReader reader, ReadOnlySpan<byte> input)
    {
        int row = builder.Count;
        IReadOnlyList<Field> fields = builder.Type.Fields!;
        try
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                int field = 0;
                while (field < fields.Count && fields[field].Name != name)
                {
                    field++;
                }

                if (field == fields.Count)
                {
                    throw RowRules.UnknownField(name, new Schema(fields));
                }

                if (builder.Fields[field].Count > row)
                {
                    throw new SqlException("42701", $"field \"{name}\" is given twice");
                }

                reader.Read();
                Append(builder.Fields[field], ref reader, input);
            }

            foreach (ColumnBuilder field in builder.Fields)
            {
                if (field.Count == row)
                {
                    field.AppendNull();
                }
            }
        }
        catch
        {
            foreach (ColumnBuilder field in builder.Fields)
            {
                field.TruncateTo(row);
            }

            throw;
        }

        builder.EndRow();
    }

    private static string Text(ref Utf8JsonReader reader) =>
        Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 60)]);

    private static SqlException Mismatch(ColumnBuilder builder, string what) =>
        new("22P02", $"{what} cannot be read as {builder.Type}");

    private static SqlException OutOfRange(ColumnBuilder builder, ref Utf8JsonReader reader) =>
        new("22003", $"{Text(ref reader)} is out of range for type {builder.Type}");
}
