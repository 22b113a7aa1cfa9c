// extract, date_trunc, date_bin, time_bucket, age, make_*, now() and their kin.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Functions on dates and times.</summary>
internal static class DateTimeFunctions
{
    // 2000-01-03, a Monday: the origin of Timescale's buckets; months count from 2000-01-01.
    private const long BucketOrigin = 10_959 * Calendar.DayMicros;
    private const long MonthOrigin = 10_957 * Calendar.DayMicros;

    public static void Register(FunctionRegistry r)
    {
        r.Group("Date and time");
        Extract(r);
        Truncation(r);
        Clock(r);
        Making(r);
        r.F("timezone(text, tstz) ts", (ByteSlice zone, long t) => TimeZones.ToLocal(Zone(zone), t), "Local time in a zone",
            "timezone('Asia/Tokyo', timestamptz '2024-01-01 00:00Z') → 2024-01-01 09:00:00");
        r.F("timezone(text, ts) tstz", (ByteSlice zone, long t) => TimeZones.ToUtc(Zone(zone), t), "The instant of a local time",
            "timezone('UTC', timestamp '2024-01-01 00:00') → 2024-01-01 00:00:00+00");
        r.F("timezone(interval, tstz) ts", (Interval offset, long t) => Calendar.Add(t, ZoneOffset(offset)), "Local time at an offset",
            "timezone(interval '2 hours', timestamptz '2024-01-01 00:00Z') → 2024-01-01 02:00:00");
        r.F("timezone(interval, ts) tstz", (Interval offset, long t) => Calendar.Add(t, -ZoneOffset(offset)),
            "The instant of a local time at an offset",
            "timezone(interval '2 hours', timestamp '2024-01-01 02:00') → 2024-01-01 00:00:00+00");
        r.F("age(ts, ts) interval", Age, "Time between in years, months and days",
            "age(timestamp '2001-04-10', timestamp '1957-06-13') → 43 years 9 mons 27 days");
        r.F("age(tstz, tstz) interval",
            (long a, long b, EvalContext c) => Age(TimeZones.ToLocal(c.TimeZone, a), TimeZones.ToLocal(c.TimeZone, b)),
            "Time between in years, months and days", "age(timestamptz '2024-03-01 00:00Z', timestamptz '2024-01-31 00:00Z') → 1 mon 1 day",
            Volatility.Stable);
        r.F("age(ts) interval", (long t, EvalContext c) => Age(Midnight(c), t), "Time since then, as of midnight today", "",
            Volatility.Stable);
        r.F("age(tstz) interval", (long t, EvalContext c) => Age(Midnight(c), TimeZones.ToLocal(c.TimeZone, t)),
            "Time since then, as of midnight today", "", Volatility.Stable);
        r.F("justify_days(interval) interval", (Interval v) => v.JustifyDays(), "30 days made a month",
            "justify_days(interval '35 days') → 1 mon 5 days");
        r.F("justify_hours(interval) interval", (Interval v) => v.JustifyHours(), "24 hours made a day",
            "justify_hours(interval '27 hours') → 1 day 03:00:00");
        r.F("justify_interval(interval) interval", (Interval v) => v.Justify(), "Both, with one sign",
            "justify_interval(interval '1 mon -1 hour') → 29 days 23:00:00");
        r.F("isfinite(date) bool", (int v) => !Calendar.IsInfinite(v), "Not infinity", "isfinite(date '2024-01-01') → true");
        r.F("isfinite(ts) bool", (long v) => !Calendar.IsInfinite(v), "Not infinity", "isfinite(timestamp 'infinity') → false");
        r.F("isfinite(tstz) bool", (long v) => !Calendar.IsInfinite(v), "Not infinity", "isfinite(timestamptz 'infinity') → false");
        r.F("isfinite(interval) bool", (Interval v) => true, "Not infinity", "isfinite(interval '1 day') → true");
        r.F("overlaps(ts, ts, ts, ts) bool", Overlaps, "True when two periods share a time",
            "(timestamp '2024-01-01', timestamp '2024-01-03') OVERLAPS (timestamp '2024-01-02', timestamp '2024-01-04') → true");
        r.F("overlaps(tstz, tstz, tstz, tstz) bool", Overlaps, "True when two periods share a time");
        r.F("overlaps(ts, interval, ts, interval) bool",
            (long a, Interval b, long c, Interval d) => Overlaps(a, Calendar.Add(a, b), c, Calendar.Add(c, d)),
            "True when two periods share a time");
    }

    private static void Extract(FunctionRegistry r)
    {
        r.Prepared("extract(text, ts) numeric", (ByteSlice f, long t) => OfTimestamp(DateTimeFields.Parse(f), t), 0, DateTimeFields.Prepare,
            OfTimestamp, "A part of a timestamp", "extract(hour FROM timestamp '2024-01-01 05:06') → 5");
        r.Prepared("extract(text, tstz) numeric", (ByteSlice f, long t, EvalContext c) => OfInstant(DateTimeFields.Parse(f), t, c), 0,
            DateTimeFields.Prepare, OfInstant, "A part of a timestamp in the session's zone",
            "extract(epoch FROM timestamptz '1970-01-01 00:01Z') → 60.000000", Volatility.Stable);
        r.Prepared("extract(text, date) numeric", (ByteSlice f, int d) => OfDate(DateTimeFields.Parse(f), d), 0, DateTimeFields.Prepare,
            OfDate, "A part of a date", "extract(year FROM date '2024-01-01') → 2024");
        r.Prepared("extract(text, time) numeric", (ByteSlice f, long t) => DateTimeFields.OfTime(DateTimeFields.Parse(f), t), 0,
            DateTimeFields.Prepare, DateTimeFields.OfTime, "A part of a time", "extract(minute FROM time '05:06') → 6");
        r.Prepared("extract(text, interval) numeric", (ByteSlice f, Interval v) => DateTimeFields.OfInterval(DateTimeFields.Parse(f), v), 0,
            DateTimeFields.Prepare, DateTimeFields.OfInterval, "A part of an interval", "extract(day FROM interval '3 days') → 3");
        r.Prepared("date_part(text, ts) float8", (ByteSlice f, long t) => OfTimestamp(DateTimeFields.Parse(f), t)?.ToDouble(), 0,
            DateTimeFields.Prepare, (DateTimeField f, long t) => OfTimestamp(f, t)?.ToDouble(), "A part of a timestamp",
            "date_part('hour', timestamp '2024-01-01 05:06') → 5");
        r.Prepared("date_part(text, tstz) float8",
            (ByteSlice f, long t, EvalContext c) => OfInstant(DateTimeFields.Parse(f), t, c)?.ToDouble(), 0, DateTimeFields.Prepare,
            (DateTimeField f, long t, EvalContext c) => OfInstant(f, t, c)?.ToDouble(), "A part of a timestamp in the session's zone", "",
            Volatility.Stable);
        r.Prepared("date_part(text, date) float8", (ByteSlice f, int d) => OfDate(DateTimeFields.Parse(f), d)?.ToDouble(), 0,
            DateTimeFields.Prepare, (DateTimeField f, int d) => OfDate(f, d)?.ToDouble(), "A part of a date",
            "date_part('year', date '2024-01-01') → 2024");
        r.Prepared("date_part(text, time) float8", (ByteSlice f, long t) => DateTimeFields.OfTime(DateTimeFields.Parse(f), t).ToDouble(), 0,
            DateTimeFields.Prepare, (DateTimeField f, long t) => DateTimeFields.OfTime(f, t).ToDouble(), "A part of a time",
            "date_part('minute', time '05:06') → 6");
        r.Prepared("date_part(text, interval) float8",
            (ByteSlice f, Interval v) => DateTimeFields.OfInterval(DateTimeFields.Parse(f), v).ToDouble(), 0, DateTimeFields.Prepare,
            (DateTimeField f, Interval v) => DateTimeFields.OfInterval(f, v).ToDouble(), "A part of an interval",
            "date_part('day', interval '3 days') → 3");
    }

    private static Numeric? OfTimestamp(DateTimeField field, long t) => DateTimeFields.OfTimestamp(field, t, null);

    private static Numeric? OfInstant(DateTimeField field, long t, EvalContext c) => DateTimeFields.OfTimestamp(field, t, TimeZones.OffsetAt(c.TimeZone, t));

    private static Numeric? OfDate(DateTimeField field, int date) => Calendar.IsInfinite(date) ? null : Numeric.From(DateTimeFields.OfDay(field, date));

    private static void Truncation(FunctionRegistry r)
    {
        r.Prepared("date_trunc(text, ts) ts", (ByteSlice f, long t) => DateTimeFields.Truncate(DateTimeFields.Parse(f), t), 0,
            DateTimeFields.Prepare, (Func<DateTimeField, long, long>)DateTimeFields.Truncate, "Start of the period it falls into",
            "date_trunc('hour', timestamp '2024-01-01 05:06:07') → 2024-01-01 05:00:00");
        r.Prepared("date_trunc(text, tstz) tstz", (ByteSlice f, long t, EvalContext c) => Truncate(DateTimeFields.Parse(f), t, c.TimeZone),
            0, DateTimeFields.Prepare, (DateTimeField f, long t, EvalContext c) => Truncate(f, t, c.TimeZone),
            "Start of the period in the session's zone", "date_trunc('day', timestamptz '2024-01-01 05:06Z') → 2024-01-01 00:00:00+00",
            Volatility.Stable);
        r.Prepared("date_trunc(text, tstz, text) tstz", (ByteSlice f, long t, ByteSlice z) => Truncate(DateTimeFields.Parse(f), t, Zone(z)),
            0, DateTimeFields.Prepare, (DateTimeField f, long t, ByteSlice z) => Truncate(f, t, Zone(z)), "Start of the period in a zone",
            "date_trunc('day', timestamptz '2024-01-01 20:00Z', 'Asia/Tokyo') → 2024-01-01 15:00:00+00");
        r.Prepared("date_trunc(text, interval) interval", (ByteSlice f, Interval v) => DateTimeFields.Truncate(DateTimeFields.Parse(f), v),
            0, DateTimeFields.Prepare, (Func<DateTimeField, Interval, Interval>)DateTimeFields.Truncate, "Whole units of an interval",
            "date_trunc('hour', interval '3 hours 40 minutes') → 03:00:00");
        r.F("date_bin(interval, ts, ts) ts", Bin, "Start of the bin, counted from an origin",
            "date_bin('15 minutes', timestamp '2024-01-01 00:40', timestamp '2024-01-01') → 2024-01-01 00:30:00");
        r.F("date_bin(interval, tstz, tstz) tstz", Bin, "Start of the bin, counted from an origin",
            "date_bin('1 day', timestamptz '2024-01-02 05:00Z', timestamptz '2024-01-01 00:00Z') → 2024-01-02 00:00:00+00");
        r.F("time_bucket(interval, ts) ts", Bucket, "Start of the bucket",
            "time_bucket('5 minutes', timestamp '2024-01-01 00:07') → 2024-01-01 00:05:00");
        r.F("time_bucket(interval, tstz) tstz", Bucket, "Start of the bucket in UTC",
            "time_bucket('1 hour', timestamptz '2024-01-01 05:06Z') → 2024-01-01 05:00:00+00");
        r.F("time_bucket(interval, date) date",
            (Interval w, int d) => ConversionFunctions.TimestampToDate(Bucket(w, ConversionFunctions.DateToTimestamp(d))),
            "Start of the bucket", "time_bucket('7 days', date '2024-01-10') → 2024-01-08");
        r.F("time_bucket(interval, ts, ts) ts", BucketFrom, "Start of the bucket, counted from an origin",
            "time_bucket('1 day', timestamp '2024-01-02 05:00', timestamp '2024-01-01 03:00') → 2024-01-02 03:00:00");
        r.F("time_bucket(interval, tstz, tstz) tstz", BucketFrom, "Start of the bucket, counted from an origin");
        r.F("time_bucket(interval, ts, interval) ts",
            (Interval w, long t, Interval offset) => Calendar.Add(Bucket(w, Calendar.Add(t, -offset)), offset),
            "Start of the bucket, shifted",
            "time_bucket('1 hour', timestamp '2024-01-01 05:06', interval '5 minutes') → 2024-01-01 05:05:00");
        r.F("time_bucket(interval, tstz, interval) tstz",
            (Interval w, long t, Interval offset) => Calendar.Add(Bucket(w, Calendar.Add(t, -offset)), offset),
            "Start of the bucket, shifted");
        r.F("time_bucket(interval, tstz, text) tstz",
            (Interval w, long t, ByteSlice z) => TimeZones.ToUtc(Zone(z), Bucket(w, TimeZones.ToLocal(Zone(z), t))),
            "Start of the bucket in a zone",
            "time_bucket('1 day', timestamptz '2024-01-01 20:00Z', 'Asia/Tokyo') → 2024-01-01 15:00:00+00");
        foreach (string type in new[] { "ts", "tstz" })
        {
            r.F($"time_bucket_gapfill(interval, {type}) {type}", Bucket,
                "In GROUP BY: start of the bucket, and a row for every bucket that has none between the first and the last; see locf and interpolate",
                "time_bucket_gapfill('10 seconds', timestamp '2026-01-01 00:00:17') → 2026-01-01 00:00:10");
            r.F($"time_bucket_gapfill(interval, {type}, {type}, {type}) {type}", (Interval w, long t, long start, long finish) => Bucket(w, t),
                "The same, with every bucket from a start up to a finish");
        }

        r.F("time_bucket(int8, int8) int8", (long w, long t) => w > 0 ? Calendar.FloorDiv(t, w) * w : throw NoWidth(),
            "Largest multiple that is not larger", "time_bucket(10, 37) → 30");
    }

    private static long Truncate(DateTimeField field, long t, TimeZoneInfo zone) =>
        TimeZones.ToUtc(zone, DateTimeFields.Truncate(field, TimeZones.ToLocal(zone, t)));

    private static SqlException NoWidth() => new("22008", "period must be greater than 0");

    private static long Bin(Interval stride, long t, long origin)
    {
        if (Calendar.IsInfinite(t))
        {
            return t;
        }

        if (Calendar.IsInfinite(origin))
        {
            throw new SqlException("22008", "origin out of range");
        }

        if (stride.Months != 0)
        {
            throw new SqlException("0A000", "timestamps cannot be binned into intervals containing months or years",
                hint: "time_bucket and date_trunc can");
        }

        Int128 width = stride.Span;
        if (width <= 0)
        {
            throw new SqlException("22008", "stride must be greater than zero");
        }

        Int128 rest = ((Int128)t - origin) % width;
        return (long)(t - (rest < 0 ? rest + width : rest));
    }

    private static long Bucket(Interval width, long t) => BucketFrom(width, t, width.Months != 0 ? MonthOrigin : BucketOrigin);

    private static long BucketFrom(Interval width, long t, long origin)
    {
        if (width.Months == 0)
        {
            return width.Span > 0 ? Bin(width, t, origin) : throw NoWidth();
        }

        if (width.Days != 0 || width.Micros != 0 || width.Months < 0)
        {
            throw new SqlException("0A000", "a bucket of months cannot have days or time besides");
        }

        if (Calendar.IsInfinite(t))
        {
            return t;
        }

        (int year, int month, _) = Calendar.Date(Calendar.Split(t).Days);
        (int originYear, int originMonth, _) = Calendar.Date(Calendar.Split(origin).Days);
        long months = ((year - originYear) * 12L) + month - originMonth;
        long start = Calendar.FloorDiv(months, width.Months) * width.Months;
        long result = Calendar.Add(origin, new Interval((int)start, 0, 0));
        return result <= t ? result : Calendar.Add(origin, new Interval((int)(start - width.Months), 0, 0));
    }

    private static void Clock(FunctionRegistry r)
    {
        foreach (string name in new[] { "now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "proctime" })
        {
            r.F($"{name}() tstz", (EvalContext c) => c.NowMicros, "The statement's time; in a view the epoch's",
                $"{(name == "current_timestamp" ? name : name + "()")} = now() → true", Volatility.Stable);
        }

        r.F("current_timestamp(int4) tstz", (int p, EvalContext c) => Precision(c.NowMicros, p), "The statement's time, rounded", "",
            Volatility.Stable);
        r.F("localtimestamp() ts", (EvalContext c) => TimeZones.ToLocal(c.TimeZone, c.NowMicros), "The statement's local time", "localtimestamp = now()::timestamp → true",
            Volatility.Stable);
        r.F("localtimestamp(int4) ts", (int p, EvalContext c) => Precision(TimeZones.ToLocal(c.TimeZone, c.NowMicros), p),
            "The statement's local time, rounded", "", Volatility.Stable);
        r.F("current_date() date", (EvalContext c) => ConversionFunctions.TimestampToDate(TimeZones.ToLocal(c.TimeZone, c.NowMicros)),
            "Today in the session's zone", "current_date = now()::date → true", Volatility.Stable);
        r.F("localtime() time", (EvalContext c) => Calendar.Split(TimeZones.ToLocal(c.TimeZone, c.NowMicros)).Micros, "The time of day", "localtime = now()::time → true",
            Volatility.Stable);
        r.F("current_time() time", (EvalContext c) => Calendar.Split(TimeZones.ToLocal(c.TimeZone, c.NowMicros)).Micros, "The time of day",
            "current_time = localtime → true", Volatility.Stable);
    }

    /// <summary>Microseconds rounded to digits of a second.</summary>
    internal static long ToDigits(long micros, int digits) => Precision(micros, digits);

    /// <summary>Rounded to digits of a second.</summary>
    private static long Precision(long micros, int digits)
    {
        if (Calendar.IsInfinite(micros))
        {
            return micros;
        }

        long unit = (long)Math.Pow(10, 6 - Math.Clamp(digits, 0, 6));
        return Calendar.FloorDiv(micros + (unit / 2), unit) * unit;
    }

    private static long Midnight(EvalContext c) => DateTimeFields.Truncate(DateTimeField.Day, TimeZones.ToLocal(c.TimeZone, c.NowMicros));

    private static void Making(FunctionRegistry r)
    {
        foreach ((string type, string example) in new[]
        {
            ("ts", "timestamp '2026-01-01 10:00:00.6'::timestamp(0) → 2026-01-01 10:00:01"),
            ("tstz", "timestamptz '2026-01-01 10:00:00.1234+00'::timestamptz(3) → 2026-01-01 10:00:00.123+00"),
            ("time", "time '10:00:00.6'::time(0) → 10:00:01"),
        })
        {
            r.F($"round_time({type}, int4) {type}", Precision, "Rounded to digits of a second; what ::timestamp(p), ::timestamptz(p) and ::time(p) call", example);
        }

        r.F("make_date(int4, int4, int4) date", MakeDate, "A date of year, month and day", "make_date(2013, 7, 15) → 2013-07-15");
        r.F("make_time(int4, int4, float8) time", MakeTime, "A time of hour, minute and seconds", "make_time(8, 15, 23.5) → 08:15:23.5");
        r.F("make_timestamp(int4, int4, int4, int4, int4, float8) ts", MakeTimestamp, "A timestamp of its fields",
            "make_timestamp(2013, 7, 15, 8, 15, 23.5) → 2013-07-15 08:15:23.5");
        r.F("make_timestamptz(int4, int4, int4, int4, int4, float8) tstz",
            (int y, int mo, int d, int h, int mi, double s, EvalContext c) => TimeZones.ToUtc(c.TimeZone, MakeTimestamp(y, mo, d, h, mi, s)),
            "A timestamp of its fields in the session's zone", "make_timestamptz(2013, 7, 15, 8, 15, 23.5) → 2013-07-15 08:15:23.5+00",
            Volatility.Stable);
        r.F("make_timestamptz(int4, int4, int4, int4, int4, float8, text) tstz",
            (int y, int mo, int d, int h, int mi, double s, ByteSlice z) => TimeZones.ToUtc(Zone(z), MakeTimestamp(y, mo, d, h, mi, s)),
            "A timestamp of its fields in a zone", "make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'UTC') → 2013-07-15 08:15:23.5+00");
        r.F("make_interval(int4) interval", (int y) => MakeInterval(y, 0, 0, 0, 0, 0, 0), "An interval of years",
            "make_interval(2) → 2 years");
        r.F("make_interval(int4, int4) interval", (int y, int mo) => MakeInterval(y, mo, 0, 0, 0, 0, 0), "An interval of years and months",
            "make_interval(0, 5) → 5 mons");
        r.F("make_interval(int4, int4, int4, int4) interval", (int y, int mo, int w, int d) => MakeInterval(y, mo, w, d, 0, 0, 0),
            "An interval of years, months, weeks and days", "make_interval(0, 0, 1, 2) → 9 days");
        r.F("make_interval(int4, int4, int4, int4, int4, int4, float8) interval", MakeInterval, "An interval of all its fields",
            "make_interval(0, 0, 0, 10, 1, 2, 3.5) → 10 days 01:02:03.5");
        r.Named("make_interval", "years=0, months=0, weeks=0, days=0, hours=0, mins=0, secs=0");
        r.Named("make_date", "year, month, day");
        r.Named("make_time", "hour, min, sec");
        r.Named("make_timestamp", "year, month, mday, hour, min, sec");
        r.Named("make_timestamptz", "year, month, mday, hour, min, sec, timezone");
        r.F("to_timestamp(float8) tstz", FromEpoch, "The instant of a Unix time", "to_timestamp(1284352323) → 2010-09-13 04:32:03+00");
        r.F("date(ts) date", ConversionFunctions.TimestampToDate, "The date of a timestamp",
            "date(timestamp '2024-01-01 05:00') → 2024-01-01");
        r.F("date(tstz) date", (long t, EvalContext c) => ConversionFunctions.TimestampToDate(TimeZones.ToLocal(c.TimeZone, t)),
            "The date of a timestamp in the session's zone", "", Volatility.Stable);
        r.F("date(date) date", (int d) => d, "The date itself", "date(date '2024-01-01') → 2024-01-01");
    }

    public static TimeZoneInfo Zone(ByteSlice name)
    {
        if (TimeZones.Find(name.Span) is { } zone)
        {
            return zone;
        }

        // +02:00 names a zone by POSIX's rule, west of Greenwich.
        if (name.Length > 1 && name.Span[0] is (byte)'+' or (byte)'-')
        {
            try
            {
                long offset = TextParse.Time(name.Span[1..].IndexOf((byte)':') < 0 ? [.. name.Span[1..], .. ":00"u8] : name.Span[1..]) / Calendar.SecondMicros;
                TimeSpan span = TimeSpan.FromSeconds(name.Span[0] == '+' ? -offset : offset);
                return TimeZoneInfo.CreateCustomTimeZone(name.ToString(), span, name.ToString(), name.ToString());
            }
            catch (SqlException)
            {
                // Falls through to the error below.
            }
        }

        throw new SqlException("22023", $"time zone \"{name}\" not recognized");
    }

    private static Interval ZoneOffset(Interval offset) => offset.Months == 0 && offset.Days == 0 ? offset
        : throw new SqlException("22023", $"interval time zone \"{offset}\" must not include months or days");

    public static int MakeDate(int year, int month, int day)
    {
        int y = year < 0 ? year + 1 : year;
        if (year == 0 || month is < 1 or > 12 || day < 1 || day > Calendar.DaysInMonth(y, month))
        {
            throw new SqlException("22008", $"date field value out of range: {year:0000}-{month:00}-{day:00}");
        }

        return (int)Calendar.DaysFrom(y, month, day);
    }

    private static long MakeTime(int hour, int minute, double second)
    {
        long micros = (hour * Calendar.HourMicros) + (minute * Calendar.MinuteMicros) + (long)Math.Round(second * 1e6, MidpointRounding.ToEven);
        if (hour < 0 || minute is < 0 or > 59 || !(second >= 0 && second <= 60) || micros > Calendar.DayMicros)
        {
            throw new SqlException("22008", $"time field value out of range: {hour}:{minute:00}:{second:00.######}");
        }

        return micros;
    }

    private static long MakeTimestamp(int year, int month, int day, int hour, int minute, double second) =>
        ConversionFunctions.DateToTimestamp(MakeDate(year, month, day)) + MakeTime(hour, minute, second);

    private static Interval MakeInterval(int years, int months, int weeks, int days, int hours, int minutes, double seconds) => Interval.Of(
        ((Int128)years * 12) + months, ((Int128)weeks * 7) + days,
        ((Int128)hours * Calendar.HourMicros) + ((Int128)minutes * Calendar.MinuteMicros) + (Int128)Math.Round(seconds * 1e6, MidpointRounding.ToEven));

    private static long FromEpoch(double seconds)
    {
        if (double.IsInfinity(seconds))
        {
            return seconds > 0 ? Calendar.Infinity : Calendar.MinusInfinity;
        }

        double micros = Math.Round(seconds * 1e6, MidpointRounding.ToEven);
        if (double.IsNaN(seconds) || micros < Calendar.FirstMicros || micros >= Calendar.EndMicros)
        {
            throw new SqlException("22008", double.IsNaN(seconds) ? "timestamp cannot be NaN" : $"timestamp out of range: \"{seconds}\"");
        }

        // Whole seconds apart from the fraction, so that large times keep their microseconds.
        double whole = Math.Floor(seconds);
        return ((long)whole * Calendar.SecondMicros) + (long)Math.Round((seconds - whole) * 1e6, MidpointRounding.ToEven);
    }

    private static bool Overlaps(long a, long b, long c, long d)
    {
        (a, b) = a <= b ? (a, b) : (b, a);
        (c, d) = c <= d ? (c, d) : (d, c);
        return a == c || (a < c ? c < b : a < d);
    }

    /// <summary>Years, months and days apart, the days counted in the month of the earlier time.</summary>
    private static Interval Age(long later, long earlier)
    {
        if (Calendar.IsInfinite(later) || Calendar.IsInfinite(earlier))
        {
            throw new SqlException("22008", "interval out of range");
        }

        if (later < earlier)
        {
            return -AgeForward(earlier, later);
        }

        return AgeForward(later, earlier);
    }

    private static Interval AgeForward(long later, long earlier)
    {
        (int laterDays, long laterMicros) = Calendar.Split(later);
        (int earlierDays, long earlierMicros) = Calendar.Split(earlier);
        (int y1, int m1, int d1) = Calendar.Date(laterDays);
        (int y2, int m2, int d2) = Calendar.Date(earlierDays);
        long micros = laterMicros - earlierMicros;
        int days = d1 - d2;
        int months = ((y1 - y2) * 12) + m1 - m2;
        if (micros < 0)
        {
            micros += Calendar.DayMicros;
            days--;
        }

        if (days < 0)
        {
            // PostgreSQL borrows the length of the earlier month.
            days += Calendar.DaysInMonth(y2, m2);
            months--;
        }

        return new Interval(months, days, micros);
    }
}
