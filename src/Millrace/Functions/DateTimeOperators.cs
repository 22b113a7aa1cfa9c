// + and - of dates, times, timestamps and intervals.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Arithmetic of points and spans of time.</summary>
internal static class DateTimeOperators
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Date and time");
        r.F("+(date, int4) date", (int date, int days) => AddDays(date, (long)days), "Days later", "date '2024-02-28' + 2 → 2024-03-01");
        r.F("+(int4, date) date", (int days, int date) => AddDays(date, (long)days), "Days later", "2 + date '2024-02-28' → 2024-03-01");
        r.F("-(date, int4) date", (int date, int days) => AddDays(date, -(long)days), "Days earlier", "date '2024-03-01' - 1 → 2024-02-29");
        r.F("-(date, date) int4", SubtractDates, "Days between", "date '2024-03-01' - date '2024-02-01' → 29");
        r.F("+(date, interval) ts", (int d, Interval i) => Calendar.Add(ConversionFunctions.DateToTimestamp(d), i), "A span later",
            "date '2024-01-31' + interval '1 month' → 2024-02-29 00:00:00");
        r.F("+(interval, date) ts", (Interval i, int d) => Calendar.Add(ConversionFunctions.DateToTimestamp(d), i), "A span later",
            "interval '1 day' + date '2024-01-01' → 2024-01-02 00:00:00");
        r.F("-(date, interval) ts", (int d, Interval i) => Calendar.Add(ConversionFunctions.DateToTimestamp(d), -i), "A span earlier",
            "date '2024-01-01' - interval '1 hour' → 2023-12-31 23:00:00");
        r.F("+(date, time) ts", (int d, long t) => ConversionFunctions.DateToTimestamp(d) + t, "Date and time joined",
            "date '2024-01-01' + time '03:00' → 2024-01-01 03:00:00");
        r.F("+(time, date) ts", (long t, int d) => ConversionFunctions.DateToTimestamp(d) + t, "Date and time joined",
            "time '03:00' + date '2024-01-01' → 2024-01-01 03:00:00");
        r.F("+(ts, interval) ts", (Func<long, Interval, long>)Calendar.Add, "A span later",
            "timestamp '2024-01-31 10:00' + interval '1 mon' → 2024-02-29 10:00:00");
        r.F("+(interval, ts) ts", (Interval i, long t) => Calendar.Add(t, i), "A span later",
            "interval '1 day' + timestamp '2024-01-01' → 2024-01-02 00:00:00");
        r.F("-(ts, interval) ts", (long t, Interval i) => Calendar.Add(t, -i), "A span earlier",
            "timestamp '2024-01-01' - interval '1 day' → 2023-12-31 00:00:00");
        r.F("+(tstz, interval) tstz", (long t, Interval i, EvalContext c) => AddZoned(t, i, c.TimeZone),
            "A span later; days and months in the session's zone", "timestamptz '2024-01-01 00:00Z' + interval '1 day' → 2024-01-02 00:00:00+00", Sql.Volatility.Stable);
        r.F("+(interval, tstz) tstz", (Interval i, long t, EvalContext c) => AddZoned(t, i, c.TimeZone), "A span later", "",
            Sql.Volatility.Stable);
        r.F("-(tstz, interval) tstz", (long t, Interval i, EvalContext c) => AddZoned(t, -i, c.TimeZone), "A span earlier", "",
            Sql.Volatility.Stable);
        r.F("-(ts, ts) interval", Between, "Time between, in days and time",
            "timestamp '2024-01-03 01:00' - timestamp '2024-01-01' → 2 days 01:00:00");
        r.F("-(tstz, tstz) interval", Between, "Time between, in days and time",
            "timestamptz '2024-01-03 01:00Z' - timestamptz '2024-01-01 00:00Z' → 2 days 01:00:00");
        r.F("+(time, interval) time", (long t, Interval i) => Wrap((Int128)t + i.Micros), "A span later, around midnight",
            "time '23:00' + interval '2 hours' → 01:00:00");
        r.F("+(interval, time) time", (Interval i, long t) => Wrap((Int128)t + i.Micros), "A span later, around midnight",
            "interval '2 hours' + time '23:00' → 01:00:00");
        r.F("-(time, interval) time", (long t, Interval i) => Wrap((Int128)t - i.Micros), "A span earlier, around midnight",
            "time '01:00' - interval '2 hours' → 23:00:00");
        r.F("-(time, time) interval", (long a, long b) => new Interval(0, 0, a - b), "Time between",
            "time '05:00' - time '03:00' → 02:00:00");
        r.F("+(interval, interval) interval", (Interval a, Interval b) => a + b, "Sum",
            "interval '1 day' + interval '1 hour' → 1 day 01:00:00");
        r.F("-(interval, interval) interval", (Interval a, Interval b) => a - b, "Difference",
            "interval '1 day' - interval '1 hour' → 1 day -01:00:00");
        r.F("-(interval) interval", (Interval a) => -a, "Negation", "- interval '1 hour' → -01:00:00");
        r.F("+(interval) interval", (Interval a) => a, "The interval itself", "+ interval '1 hour' → 01:00:00");
        r.F("*(interval, float8) interval", (Interval a, double f) => a * f, "Multiple", "interval '1 hour' * 3.5 → 03:30:00");
        r.F("*(float8, interval) interval", (double f, Interval a) => a * f, "Multiple", "2 * interval '1 day' → 2 days");
        r.F("/(interval, float8) interval", (Interval a, double f) => a / f, "Part", "interval '1 hour' / 1.5 → 00:40:00");
    }

    private static int AddDays(int date, long days)
    {
        if (Calendar.IsInfinite(date))
        {
            return date;
        }

        long sum = date + days;
        if (sum is < Calendar.FirstDay or >= Calendar.EndDay)
        {
            throw new SqlException("22008", "date out of range");
        }

        return (int)sum;
    }

    private static int SubtractDates(int a, int b)
    {
        if (Calendar.IsInfinite(a) || Calendar.IsInfinite(b))
        {
            throw new SqlException("22008", "cannot subtract infinite dates");
        }

        return a - b;
    }

    public static long AddZoned(long instant, Interval span, TimeZoneInfo zone)
    {
        if (Calendar.IsInfinite(instant) || ReferenceEquals(zone, TimeZoneInfo.Utc) || (span.Months == 0 && span.Days == 0))
        {
            return Calendar.Add(instant, span);
        }

        long local = Calendar.Add(TimeZones.ToLocal(zone, instant), span with { Micros = 0 });
        return Calendar.Add(TimeZones.ToUtc(zone, local), new Interval(0, 0, span.Micros));
    }

    public static Interval Between(long a, long b)
    {
        if (Calendar.IsInfinite(a) || Calendar.IsInfinite(b))
        {
            throw new SqlException("22008", "cannot subtract infinite timestamps");
        }

        Int128 micros = (Int128)a - b;
        if (micros != (long)micros)
        {
            throw new SqlException("22008", "interval out of range");
        }

        return new Interval(0, (int)(micros / Calendar.DayMicros), (long)(micros % Calendar.DayMicros));
    }

    private static long Wrap(Int128 micros)
    {
        Int128 rest = micros % Calendar.DayMicros;
        return (long)(rest < 0 ? rest + Calendar.DayMicros : rest);
    }
}
