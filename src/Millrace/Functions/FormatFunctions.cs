// to_char, to_date, to_timestamp, to_number.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Functions that write and read by a template pattern.</summary>
internal static class FormatFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Formatting");
        r.Prepared("to_char(ts, text) text", (long t, ByteSlice f, EvalContext c) => OfTimestamp(t, Dates(f), c), 1, Dates, OfTimestamp,
            "A timestamp by a pattern", "to_char(timestamp '2024-02-09 13:05', 'DD Mon YYYY HH24:MI') → 09 Feb 2024 13:05");
        r.Prepared("to_char(tstz, text) text", (long t, ByteSlice f, EvalContext c) => OfInstant(t, Dates(f), c), 1, Dates, OfInstant,
            "A timestamp by a pattern, in the session's zone", "to_char(timestamptz '2024-02-09 13:05Z', 'HH24:MI TZ') → 13:05 UTC",
            Volatility.Stable);
        r.Prepared("to_char(interval, text) text", (Interval v, ByteSlice f, EvalContext c) => OfInterval(v, Dates(f), c), 1, Dates,
            OfInterval, "An interval by a pattern", "to_char(interval '15h 2m', 'HH24:MI') → 15:02");
        r.Prepared("to_char(numeric, text) text", (Numeric v, ByteSlice f, EvalContext c) => OfNumber(v, Numbers(f), c), 1, Numbers,
            OfNumber, "A number by a pattern", "to_char(1234.5, 'FM9,999.00') → 1,234.50");
        r.Prepared("to_char(int4, text) text", (int v, ByteSlice f, EvalContext c) => OfNumber(Numeric.From(v), Numbers(f), c), 1, Numbers,
            (int v, NumberFormat f, EvalContext c) => OfNumber(Numeric.From(v), f, c), "A number by a pattern",
            "to_char(5, 'FM000') → 005");
        r.Prepared("to_char(int8, text) text", (long v, ByteSlice f, EvalContext c) => OfNumber(Numeric.From(v), Numbers(f), c), 1, Numbers,
            (long v, NumberFormat f, EvalContext c) => OfNumber(Numeric.From(v), f, c), "A number by a pattern",
            "to_char(5::bigint, 'FM000') → 005");
        r.Prepared("to_char(float8, text) text", (double v, ByteSlice f, EvalContext c) => OfNumber(Numeric.From(v), Numbers(f), c), 1,
            Numbers, (double v, NumberFormat f, EvalContext c) => OfNumber(Numeric.From(v), f, c), "A number by a pattern",
            "to_char(0.5::float8, 'FM0.00') → 0.50");
        r.Prepared("to_date(text, text) date", (ByteSlice s, ByteSlice f) => ToDate(s, Dates(f)), 1, Dates, ToDate,
            "A date read by a pattern", "to_date('05 Dec 2000', 'DD Mon YYYY') → 2000-12-05");
        r.Prepared("to_timestamp(text, text) tstz", (ByteSlice s, ByteSlice f, EvalContext c) => ToTimestamp(s, Dates(f), c), 1, Dates,
            ToTimestamp, "A timestamp read by a pattern, in the session's zone",
            "to_timestamp('05 Dec 2000', 'DD Mon YYYY') → 2000-12-05 00:00:00+00", Volatility.Stable);
        r.Prepared("to_number(text, text) numeric", (ByteSlice s, ByteSlice f) => Numbers(f).Parse(s.ToString()), 1, Numbers,
            (ByteSlice s, NumberFormat f) => f.Parse(s.ToString()), "A number read by a pattern",
            "to_number('12,454.8-', '99G999D9S') → -12454.8");
    }

    private static object Dates(object pattern) => Dates((ByteSlice)pattern);

    private static DateTimeFormat Dates(ByteSlice pattern) => new(pattern.Span);

    private static object Numbers(object pattern) => Numbers((ByteSlice)pattern);

    private static NumberFormat Numbers(ByteSlice pattern) => new(pattern.Span);

    private static ByteSlice? OfTimestamp(long t, DateTimeFormat format, EvalContext context) => Format(t, null, "", format, context);

    private static ByteSlice? OfInstant(long t, DateTimeFormat format, EvalContext context)
    {
        int offset = TimeZones.OffsetAt(context.TimeZone, t);
        string zone = offset == 0 ? "UTC" : context.TimeZone.Id;
        return Format(t + (offset * Calendar.SecondMicros), offset, zone, format, context);
    }

    private static ByteSlice? Format(long local, int? offset, string zone, DateTimeFormat format, EvalContext context)
    {
        if (Calendar.IsInfinite(local))
        {
            return null;
        }

        // Times of one batch mostly print the same: only the first of a day or minute is put together.
        if (format.Remembered(local) is { } before)
        {
            return before;
        }

        (int days, long micros) = Calendar.Split(local);
        (int year, int month, int day) = Calendar.Date(days);
        ByteSlice text = format.Format(
            new DateTimeFormat.Parts { Year = year, Month = month, Day = day, Days = days, Micros = micros, OffsetSeconds = offset, Zone = zone }, context);
        format.Remember(local, text);
        return text;
    }

    private static ByteSlice OfInterval(Interval v, DateTimeFormat format, EvalContext context) => format.Format(
        new DateTimeFormat.Parts { Year = v.Months / 12, Month = v.Months % 12, Day = v.Days, Micros = v.Micros, IsInterval = true, Zone = "" }, context);

    private static ByteSlice OfNumber(Numeric v, NumberFormat format, EvalContext context) => context.Scratch.Copy(format.Format(v));

    private static int ToDate(ByteSlice text, DateTimeFormat format) => ConversionFunctions.TimestampToDate(format.Parse(text.ToString()).Timestamp);

    private static long ToTimestamp(ByteSlice text, DateTimeFormat format, EvalContext context)
    {
        (long local, int? offset) = format.Parse(text.ToString());
        return offset is { } seconds ? local - (seconds * Calendar.SecondMicros) : TimeZones.ToUtc(context.TimeZone, local);
    }
}
