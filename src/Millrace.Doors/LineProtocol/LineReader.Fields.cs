// The fields of a line: keys that are new or in another place than in the line before, and values by kind.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.LineProtocol;

internal sealed partial class LineReader
{
    private LineFault? ReadKey(ReadOnlySpan<byte> text, ref int at, Measurement measurement, int place, out FieldColumn? field)
    {
        field = null;
        int start = at;
        while (text[at] is not (Equal or Comma or (byte)' ' or (byte)'\n'))
        {
            at += text[at] == Escape && text[at + 1] != (byte)'\n' ? 2 : 1;
        }

        ReadOnlySpan<byte> raw = text[start..at];
        if (text[at] != Equal)
        {
            return raw.TrimEnd((byte)'\r').IsEmpty && text[at] == (byte)'\n' && place == 0 ? LineFault.MissingFields
                : raw.IsEmpty ? LineFault.MissingFieldKey : LineFault.InvalidFieldFormat;
        }

        if (raw.IsEmpty)
        {
            return LineFault.MissingFieldKey;
        }

        at++;
        ReadOnlySpan<byte> rawKey = text[start..at];
        field = measurement.FindRaw(rawKey);
        if (field is not null)
        {
            // Another way to write the key, or another place than last time.
            field.RawKey = field.RawKey.AsSpan().SequenceEqual(rawKey) ? field.RawKey : rawKey.ToArray();
            return null;
        }

        if (!_isText && !IsText(raw))
        {
            return LineFault.InvalidText;
        }

        int end = 0;
        ReadOnlySpan<byte> key = SplitName(raw, ref end, isMeasurement: false, ref _name);
        return key.Length > LineLimits.NameBytesMax ? LineFault.NameTooLong : KnowField(text, at, measurement, Encoding.UTF8.GetString(key), rawKey, out field);
    }

    private LineFault? KnowField(
        ReadOnlySpan<byte> text, int at, Measurement measurement, string name, ReadOnlySpan<byte> rawKey, out FieldColumn? field)
    {
        field = measurement.FindField(name);
        if (field is null)
        {
            CatalogObject? target = measurement.Target;
            int index = target?.Columns.IndexOf(name) ?? -1;
            if (IsTime(measurement, name, index))
            {
                return new LineFault($"invalid field name: field \"{name}\" has the name of the time");
            }

            // The kind of its first value makes a new field's type; a value that is none makes no field.
            SqlType? type = index >= 0 ? target!.Columns[index].Type : TypeOf(text, at);
            if (type is null)
            {
                return Value(text, at);
            }

            if (measurement.FindTag(name) is not null || (index >= 0 && target!.SeriesKey.Contains(index)))
            {
                return LineFault.Conflict(name, measurement.Name, TypeOf(text, at) is { } given ? FieldColumn.TypeName(given) : "string", "tag");
            }

            if (index < 0 && measurement.Columns >= limits.ColumnsMax)
            {
                return TooManyColumns(measurement);
            }

            measurement.Add(field = new FieldColumn(name, type, index, RowsLikely(text, at)));
        }

        measurement.AddRaw(rawKey, field);
        return null;
    }

    // If all that is to come is like the first line. Only a guess for the first measurement's columns: what others may hold is anybody's.
    private int RowsLikely(ReadOnlySpan<byte> text, int at)
    {
        if (Rows > 0 || Dropped > 0 || Measurements.Count > 1)
        {
            return 0;
        }

        int start = text[..at].LastIndexOf((byte)'\n') + 1;
        int length = text[start..].IndexOf((byte)'\n') + 1;
        return (int)Math.Min(RowsLikelyMax, (ExpectedBytes / length) + (ExpectedBytes / length / 64));
    }

    private LineFault? ReadValue(ReadOnlySpan<byte> text, ref int at, Measurement measurement, FieldColumn field)
    {
        byte first = text[at];
        if ((uint)(first - '0') <= 9 || first is (byte)'-' or (byte)'.')
        {
            int start = at;
            PlainNumber number = PlainNumber.Read(text, ref at);
            switch (number.Kind)
            {
                case NumberKind.Float when field.Kind == FieldKind.Float:
                    field.Floats!.Append(number.Float);
                    return null;
                case NumberKind.Integer when field.Kind == FieldKind.Integer:
                    field.Integers!.Append(number.Integer);
                    return null;
                case NumberKind.None:
                    return LineFault.InvalidNumber;
                case NumberKind.OutOfRange:
                    return LineFault.NumberOutOfRange;
                default:
                    return OtherNumber(text[start..at], number.Kind, measurement, field);
            }
        }

        return first == (byte)'"' ? ReadString(text, ref at, measurement, field) : ReadBoolean(text, ref at, measurement, field);
    }

    private LineFault? OtherNumber(ReadOnlySpan<byte> digits, NumberKind kind, Measurement measurement, FieldColumn field)
    {
        bool fits = field.Type.Id switch
        {
            TypeId.Numeric => !LineTypes.IsUnsigned(field.Type) || kind == NumberKind.Unsigned,
            TypeId.Real => kind == NumberKind.Float,
            TypeId.Integer or TypeId.SmallInt => kind == NumberKind.Integer,
            _ => false,
        };
        if (!fits)
        {
            return LineFault.Conflict(
                field.Name, measurement.Name, kind switch { NumberKind.Float => "float", NumberKind.Integer => "integer", _ => "unsigned" }, FieldColumn.TypeName(field.Type));
        }

        return TryParse(field.Builder, kind == NumberKind.Float ? digits : digits[..^1]);
    }

    private LineFault? ReadString(ReadOnlySpan<byte> text, ref int at, Measurement measurement, FieldColumn field)
    {
        int start = at + 1;
        if (!TryFindQuote(text, start, out int end, out bool escaped))
        {
            return LineFault.Incomplete;
        }

        ReadOnlySpan<byte> value = text[start..end];
        at = end + 1;
        _line += value.Count((byte)'\n');
        if (escaped)
        {
            value = Unescape(value);
        }

        if (field.Kind == FieldKind.Text)
        {
            field.Texts!.Append(value);
            return null;
        }

        return field.Kind == FieldKind.Parsed && field.Type.Id is not (TypeId.Numeric or TypeId.Real or TypeId.SmallInt or TypeId.Integer)
            ? TryParse(field.Builder, value)
            : LineFault.Conflict(field.Name, measurement.Name, "string", FieldColumn.TypeName(field.Type));
    }

    // The quote that ends a string; false when it is not there yet.
    private static bool TryFindQuote(ReadOnlySpan<byte> text, int at, out int end, out bool escaped)
    {
        escaped = false;
        for (end = at; ; end += 2)
        {
            int step = text[end..].IndexOfAny((byte)'"', Escape);
            if (step < 0)
            {
                return false;
            }

            end += step;
            if (text[end] == (byte)'"')
            {
                return true;
            }

            // A backslash takes the next byte along; only before a quote or another one it says more than itself.
            escaped = true;
        }
    }

    private ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> value)
    {
        if (_value.Length < value.Length)
        {
            _value = new byte[Math.Max(value.Length, 256)];
        }

        int used = 0;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == Escape && i + 1 < value.Length && value[i + 1] is (byte)'"' or Escape)
            {
                i++;
            }

            _value[used++] = value[i];
        }

        return _value.AsSpan(0, used);
    }

    private static LineFault? ReadBoolean(ReadOnlySpan<byte> text, ref int at, Measurement measurement, FieldColumn field)
    {
        if (!TryBoolean(text, ref at, out bool value))
        {
            return Value(text, at);
        }

        if (field.Kind != FieldKind.Boolean)
        {
            return LineFault.Conflict(field.Name, measurement.Name, "boolean", FieldColumn.TypeName(field.Type));
        }

        field.Booleans!.Append(value);
        return null;
    }

    private static bool TryBoolean(ReadOnlySpan<byte> text, ref int at, out bool value)
    {
        int end = at;
        while (text[end] is not (Comma or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
        {
            end++;
        }

        ReadOnlySpan<byte> word = text[at..end];
        value = word.SequenceEqual("t"u8) || word.SequenceEqual("T"u8) || word.SequenceEqual("true"u8) || word.SequenceEqual("True"u8) || word.SequenceEqual("TRUE"u8);
        if (value || word.SequenceEqual("f"u8) || word.SequenceEqual("F"u8) || word.SequenceEqual("false"u8) || word.SequenceEqual("False"u8) || word.SequenceEqual("FALSE"u8))
        {
            at = end;
            return true;
        }

        return false;
    }

    // What is wrong with a value that is of no kind.
    private static LineFault Value(ReadOnlySpan<byte> text, int at) => text[at] switch
    {
        Comma or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' => LineFault.MissingFieldValue,
        >= (byte)'0' and <= (byte)'9' or (byte)'-' or (byte)'.' =>
            PlainNumber.Read(text, ref at).Kind == NumberKind.OutOfRange ? LineFault.NumberOutOfRange : LineFault.InvalidNumber,
        (byte)'t' or (byte)'T' or (byte)'f' or (byte)'F' => LineFault.InvalidBoolean,
        _ => LineFault.InvalidFieldFormat,
    };

    private static SqlType? TypeOf(ReadOnlySpan<byte> text, int at)
    {
        byte first = text[at];
        if (first == (byte)'"')
        {
            return SqlType.Text;
        }

        if ((uint)(first - '0') <= 9 || first is (byte)'-' or (byte)'.')
        {
            return PlainNumber.Read(text, ref at).Kind switch
            {
                NumberKind.Integer => SqlType.BigInt,
                NumberKind.Unsigned => LineTypes.Unsigned,
                NumberKind.Float => SqlType.Double,
                _ => null,
            };
        }

        return TryBoolean(text, ref at, out _) ? SqlType.Boolean : null;
    }
}
