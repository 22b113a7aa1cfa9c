// What a jsonpath works on: JSON values, and times that datetime() has read.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>What kind of time an item is.</summary>
internal enum PathTime
{
    /// <summary>None: JSON.</summary>
    None,
    /// <summary>A date.</summary>
    Date,
    /// <summary>A time of day.</summary>
    Time,
    /// <summary>A timestamp.</summary>
    Timestamp,
    /// <summary>A timestamp with an offset.</summary>
    TimestampTz,
}

/// <summary>An item: JSON in normal form, or a time.</summary>
/// <param name="Json">The JSON; of a time what it is written as.</param>
/// <param name="Time">Whether it is a time.</param>
/// <param name="Micros">The time: µs since 1970 or since midnight, in UTC where it has an offset.</param>
internal readonly record struct JsonPathItem(ByteSlice Json, PathTime Time = PathTime.None, long Micros = 0)
{
    /// <summary>{ [ " t f n, or anything else for a number.</summary>
    public byte First => Json.Span[0];

    /// <summary>True for a number.</summary>
    public bool IsNumber => Time == PathTime.None && First is (byte)'-' or (>= (byte)'0' and <= (byte)'9');

    /// <summary>True for a string.</summary>
    public bool IsString => Time == PathTime.None && First == '"';

    /// <summary>True for an array.</summary>
    public bool IsArray => First == '[';

    /// <summary>True for an object.</summary>
    public bool IsObject => First == '{';

    /// <summary>What type() says.</summary>
    public string Kind => Time switch
    {
        PathTime.None => JsonFunctions.Kind(Json.Span),
        PathTime.Date => "date",
        PathTime.Time => "time without time zone",
        PathTime.Timestamp => "timestamp without time zone",
        _ => "timestamp with time zone",
    };

    /// <summary>A part of the JSON.</summary>
    public JsonPathItem Part(Range range)
    {
        (int offset, int length) = range.GetOffsetAndLength(Json.Length);
        return new JsonPathItem(new ByteSlice(Json.Buffer, Json.Offset + offset, length));
    }

    /// <summary>A string's content.</summary>
    public byte[] Content()
    {
        var text = new ByteWriter(Json.Length);
        JsonReader.Unescape(text, Json.Span);
        return text.Written.ToArray();
    }

    /// <summary>A number.</summary>
    public static JsonPathItem Of(Numeric number)
    {
        var text = new ByteWriter(48);
        number.Append(text);
        return new JsonPathItem(ByteSlice.From(text.Written.ToArray()));
    }

    /// <summary>A string.</summary>
    public static JsonPathItem Of(string text)
    {
        var json = new ByteWriter(text.Length + 8);
        JsonText.AppendString(json, Encoding.UTF8.GetBytes(text));
        return new JsonPathItem(ByteSlice.From(json.Written.ToArray()));
    }

    /// <summary>What a condition came to: null for unknown.</summary>
    public static JsonPathItem Of(bool? value) => new(ByteSlice.From(value is null ? "null" : value.Value ? "true" : "false"));

    /// <summary>Where two items stand to one another: null where they cannot be compared, 2 where only != holds.</summary>
    public static int? Compare(JsonPathItem a, JsonPathItem b, bool zones)
    {
        if (a.Time != PathTime.None || b.Time != PathTime.None)
        {
            return Times(a, b, zones);
        }

        string kind = a.Kind;
        if (kind != b.Kind)
        {
            return kind == "null" || b.Kind == "null" ? 2 : null;
        }

        return kind switch
        {
            "null" => 0,
            "boolean" => (a.First == 't').CompareTo(b.First == 't'),
            "number" => Numeric.Parse(a.Json.Span).CompareTo(Numeric.Parse(b.Json.Span)),
            "string" => a.Content().AsSpan().SequenceCompareTo(b.Content()),
            _ => null,
        };
    }

    private static int? Times(JsonPathItem a, JsonPathItem b, bool zones)
    {
        if (a.Time == PathTime.None || b.Time == PathTime.None)
        {
            return a.Kind == "null" || b.Kind == "null" ? 2 : null;
        }

        if ((a.Time == PathTime.Time) != (b.Time == PathTime.Time))
        {
            return null;
        }

        if ((a.Time == PathTime.TimestampTz) != (b.Time == PathTime.TimestampTz) && !zones)
        {
            (JsonPathItem plain, JsonPathItem zoned) = a.Time == PathTime.TimestampTz ? (b, a) : (a, b);
            string from = plain.Time == PathTime.Date ? "date" : "timestamp";
            _ = zoned;
            throw new SqlException("0A000", $"cannot convert value from {from} to timestamptz without time zone usage", hint: "Use *_tz() function for time zone support.");
        }

        return a.Micros.CompareTo(b.Micros);
    }
}
