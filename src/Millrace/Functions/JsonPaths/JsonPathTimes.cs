// The times that a jsonpath's datetime() reads, with and without a template.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Text to times, and their JSON.</summary>
internal static class JsonPathTimes
{
    /// <summary>A date, a time of day, or both, with an offset or without; null for anything else.</summary>
    public static JsonPathItem? Iso(ReadOnlySpan<byte> text)
    {
        bool date = text.Length >= 10 && Form(text[..10], "0000-00-00");
        if (date && text.Length == 10)
        {
            return Date(TextParse.Date(text));
        }

        if (!date)
        {
            return text.Length >= 8 && Form(text[..8], "00:00:00") && Fraction(text[8..]) ? TimeOfDay(TextParse.Time(text)) : null;
        }

        if (text.Length < 19 || text[10] is not ((byte)' ' or (byte)'T') || !Form(text.Slice(11, 8), "00:00:00"))
        {
            return null;
        }

        int zone = text[19..].IndexOfAny("+-Zz"u8);
        if (zone < 0)
        {
            return Fraction(text[19..]) ? Timestamp(TextParse.Timestamp(text)) : null;
        }

        ReadOnlySpan<byte> offset = text[(19 + zone)..];
        bool utc = offset.Length == 1 && offset[0] is (byte)'Z' or (byte)'z';
        if (!Fraction(text.Slice(19, zone).TrimEnd((byte)' ')) || (!utc && !Form(offset[1..], "00") && !Form(offset[1..], "00:00")))
        {
            return null;
        }

        int seconds = utc ? 0 : (Two(offset[1..]) * 3600) + (offset.Length > 3 ? Two(offset[4..]) * 60 : 0);
        return Instant(TextParse.TimestampTz(text), offset[0] == '-' ? -seconds : seconds);
    }

    /// <summary>What a template of to_timestamp reads: of the kind that its fields make.</summary>
    public static JsonPathItem Of(string text, string template)
    {
        (long local, int? offset) = new DateTimeFormat(Encoding.UTF8.GetBytes(template)).Parse(text);
        string fields = template.ToUpperInvariant();
        bool time = fields.Contains("HH", StringComparison.Ordinal) || fields.Contains("MI", StringComparison.Ordinal) || fields.Contains("SS", StringComparison.Ordinal);
        bool date = fields.AsSpan().IndexOfAny("YDJ") >= 0 || fields.Contains("MON", StringComparison.Ordinal)
            || fields.Replace("MS", "", StringComparison.Ordinal).Contains("MM", StringComparison.Ordinal);
        if (offset is { } seconds)
        {
            return Instant(local - (seconds * Calendar.SecondMicros), seconds);
        }

        (int days, long micros) = Calendar.Split(local);
        return !time ? Date(days) : date ? Timestamp(local) : TimeOfDay(micros);
    }

    private static bool Form(ReadOnlySpan<byte> text, string form)
    {
        if (text.Length != form.Length)
        {
            return false;
        }

        for (int i = 0; i < form.Length; i++)
        {
            if (form[i] == '0' ? !char.IsAsciiDigit((char)text[i]) : text[i] != form[i])
            {
                return false;
            }
        }

        return true;
    }

    private static bool Fraction(ReadOnlySpan<byte> text) => text.IsEmpty || (text[0] == '.' && text.Length is > 1 and <= 7 && text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0);

    private static int Two(ReadOnlySpan<byte> text) => ((text[0] - '0') * 10) + text[1] - '0';

    private static JsonPathItem Date(int days) => Item(PathTime.Date, days * Calendar.DayMicros, w => DateTimeText.AppendDate(w, days));

    private static JsonPathItem TimeOfDay(long micros) => Item(PathTime.Time, micros, w => DateTimeText.AppendTime(w, micros));

    private static JsonPathItem Timestamp(long micros) => Item(PathTime.Timestamp, micros, w => Joined(w, micros));

    private static JsonPathItem Instant(long micros, int offset) => Item(PathTime.TimestampTz, micros, w =>
    {
        Joined(w, micros + (offset * Calendar.SecondMicros));
        int minutes = Math.Abs(offset) / 60;
        w.Write(Encoding.ASCII.GetBytes($"{(offset < 0 ? '-' : '+')}{minutes / 60:00}:{minutes % 60:00}"));
    });

    private static void Joined(ByteWriter writer, long micros)
    {
        (int days, long time) = Calendar.Split(micros);
        DateTimeText.AppendDate(writer, days);
        writer.WriteByte((byte)'T');
        DateTimeText.AppendTime(writer, time);
    }

    private static JsonPathItem Item(PathTime kind, long micros, Action<ByteWriter> append)
    {
        var writer = new ByteWriter(48);
        writer.WriteByte((byte)'"');
        append(writer);
        writer.WriteByte((byte)'"');
        return new JsonPathItem(ByteSlice.From(writer.Written.ToArray()), kind, micros);
    }
}
