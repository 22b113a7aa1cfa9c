// Any value to text and to JSON, for casts, concat, format and the jsonb builders.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Turns scalars of any type into their text or JSON form, in the scratch memory.</summary>
internal static class ValueText
{
    /// <summary>The text that a cast to text gives (booleans are spelt out, unlike on the wire).</summary>
    public static ByteSlice ToText<T>(T value, SqlType type, EvalContext context)
    {
        if (typeof(T) == typeof(ByteSlice) && type.Id != TypeId.Bytea)
        {
            return (ByteSlice)(object)value!;
        }

        ByteWriter writer = context.Scratch.Begin();
        if (typeof(T) == typeof(bool))
        {
            writer.Write((bool)(object)value! ? "true"u8 : "false"u8);
        }
        else
        {
            Append(writer, value, type, context);
        }

        return context.Scratch.End();
    }

    /// <summary>The text that PostgreSQL's output function gives, as concat uses it (booleans are t and f).</summary>
    public static ByteSlice ToPlainText<T>(T value, SqlType type, EvalContext context)
    {
        if (typeof(T) == typeof(ByteSlice) && type.Id != TypeId.Bytea)
        {
            return (ByteSlice)(object)value!;
        }

        Append(context.Scratch.Begin(), value, type, context);
        return context.Scratch.End();
    }

    /// <summary>Appends the text form that PostgreSQL's output function gives.</summary>
    public static void Append<T>(ByteWriter writer, T value, SqlType type, EvalContext context)
    {
        if (typeof(T) == typeof(bool))
        {
            writer.WriteByte((bool)(object)value! ? (byte)'t' : (byte)'f');
        }
        else if (typeof(T) == typeof(short))
        {
            NumberText.Append(writer, (short)(object)value!);
        }
        else if (typeof(T) == typeof(int))
        {
            if (type.Id == TypeId.Date)
            {
                DateTimeText.AppendDate(writer, (int)(object)value!);
            }
            else
            {
                NumberText.Append(writer, (int)(object)value!);
            }
        }
        else if (typeof(T) == typeof(long))
        {
            AppendLong(writer, (long)(object)value!, type, context);
        }
        else if (typeof(T) == typeof(float))
        {
            NumberText.Append(writer, (float)(object)value!);
        }
        else if (typeof(T) == typeof(double))
        {
            NumberText.Append(writer, (double)(object)value!);
        }
        else if (typeof(T) == typeof(Numeric))
        {
            ((Numeric)(object)value!).Append(writer);
        }
        else if (typeof(T) == typeof(Interval))
        {
            IntervalText.Append(writer, (Interval)(object)value!);
        }
        else if (typeof(T) == typeof(Uuid))
        {
            BytesText.AppendUuid(writer, (Uuid)(object)value!);
        }
        else
        {
            TextFormat.Append(writer, (object)value!, type);
        }
    }

    /// <summary>Appends the text form of a boxed value.</summary>
    public static void AppendAny(ByteWriter writer, object value, SqlType type, EvalContext context)
    {
        switch (value)
        {
            case ByteSlice v when type.Id != TypeId.Bytea:
                writer.Write(v.Span);
                break;
            case long v:
                AppendLong(writer, v, type, context);
                break;
            default:
                TextFormat.Append(writer, value, type);
                break;
        }
    }

    private static void AppendLong(ByteWriter writer, long value, SqlType type, EvalContext context)
    {
        switch (type.Id)
        {
            case TypeId.BigInt:
                NumberText.Append(writer, value);
                break;
            case TypeId.Time:
                DateTimeText.AppendTime(writer, value);
                break;
            case TypeId.Timestamp:
                DateTimeText.AppendTimestamp(writer, value, false);
                break;
            default:
                DateTimeText.AppendTimestamp(writer, value, true, TimeZones.OffsetAt(context.TimeZone, value));
                break;
        }
    }

    /// <summary>The JSON form, as to_jsonb gives.</summary>
    public static ByteSlice ToJson<T>(T value, SqlType type, EvalContext context)
    {
        if (typeof(T) == typeof(ByteSlice) && type.Id == TypeId.Jsonb)
        {
            return (ByteSlice)(object)value!;
        }

        ByteWriter writer = context.Scratch.Begin();
        AppendJson(writer, value, type, context);
        return context.Scratch.End();
    }

    /// <summary>Appends the JSON form.</summary>
    public static void AppendJson<T>(ByteWriter writer, T value, SqlType type, EvalContext context)
    {
        switch (type.Id)
        {
            case TypeId.Boolean:
                writer.Write((bool)(object)value! ? "true"u8 : "false"u8);
                break;
            case TypeId.SmallInt or TypeId.Integer or TypeId.BigInt:
                AppendAny(writer, value!, type, context);
                break;
            case TypeId.Numeric or TypeId.Real or TypeId.Double:
                int start = writer.Length;
                AppendAny(writer, value!, type, context);
                byte last = writer.Written[^1];
                if (last is (byte)'y' or (byte)'N')
                {
                    Requote(writer, start);
                }
                else if (type.Id != TypeId.Numeric && writer.Written[start..].Contains((byte)'e'))
                {
                    byte[] text = writer.Written[start..].ToArray();
                    writer.TruncateTo(start);
                    JsonText.AppendNormalized(writer, text);
                }

                break;
            case TypeId.Jsonb:
                writer.Write(((ByteSlice)(object)value!).Span);
                break;
            case TypeId.Text or TypeId.Unknown:
                JsonText.AppendString(writer, ((ByteSlice)(object)value!).Span);
                break;
            case TypeId.Timestamp or TypeId.TimestampTz:
                AppendJsonTime(writer, (long)(object)value!, type.Id == TypeId.TimestampTz, context);
                break;
            case TypeId.Array:
                var list = (ListSlice)(object)value!;
                writer.WriteByte((byte)'[');
                for (int i = 0; i < list.Count; i++)
                {
                    if (i > 0)
                    {
                        writer.Write(", "u8);
                    }

                    AppendJsonCell(writer, list.Elements, list.Start + i, context);
                }

                writer.WriteByte((byte)']');
                break;
            case TypeId.Row:
                AppendJsonRow(writer, (RowSlice)(object)value!, type, context);
                break;
            default:
                int from = writer.Length;
                AppendAny(writer, value!, type, context);
                Requote(writer, from);
                break;
        }
    }

    /// <summary>Appends a column's value as JSON.</summary>
    public static void AppendJsonCell(ByteWriter writer, Column column, int row, EvalContext context)
    {
        if (BoxedValue.Get(column, row) is { } cell)
        {
            AppendJson(writer, cell, column.Type, context);
        }
        else
        {
            writer.Write("null"u8);
        }
    }

    /// <summary>Appends some columns of a row of a batch as a JSON object.</summary>
    public static void AppendJsonObject(ByteWriter writer, Schema columns, IReadOnlyList<int> which, Batch batch, int row, EvalContext context) => AppendJsonRow(
        writer, new RowSlice([.. which.Select(c => batch.Columns[c])], row), SqlType.RowOf([.. which.Select(c => columns[c])]), context);

    private static void AppendJsonRow(ByteWriter writer, RowSlice row, SqlType type, EvalContext context)
    {
        var raw = new ByteWriter(256);
        raw.WriteByte((byte)'{');
        for (int i = 0; i < row.Fields.Length; i++)
        {
            raw.Write(i > 0 ? ","u8 : default);
            JsonText.AppendString(raw, System.Text.Encoding.UTF8.GetBytes(type.Fields![i].Name));
            raw.WriteByte((byte)':');
            AppendJsonCell(raw, row.Fields[i], row.Index, context);
        }

        raw.WriteByte((byte)'}');
        JsonText.AppendNormalized(writer, raw.Written);
    }

    private static void AppendJsonTime(ByteWriter writer, long value, bool zone, EvalContext context)
    {
        writer.WriteByte((byte)'"');
        int start = writer.Length;
        int offset = zone ? TimeZones.OffsetAt(context.TimeZone, value) : 0;
        DateTimeText.AppendTimestamp(writer, value, false, offset);
        int space = writer.Written[start..].IndexOf((byte)' ');
        if (space >= 0)
        {
            writer.Buffer[start + space] = (byte)'T';
            if (zone)
            {
                DateTimeText.AppendOffset(writer, offset);
                writer.Write(offset % 3600 == 0 ? ":00"u8 : default);
            }
        }

        writer.WriteByte((byte)'"');
    }

    private static void Requote(ByteWriter writer, int start)
    {
        byte[] text = writer.Written[start..].ToArray();
        writer.TruncateTo(start);
        JsonText.AppendString(writer, text);
    }
}

/// <summary>A cast to text of any type.</summary>
internal sealed record ToTextBody : BodyForm;
