// The named parts of dates, times and intervals.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>A part that extract takes out or date_trunc cuts at.</summary>
internal enum DateTimeField
{
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Epoch,
    Julian,
    TimeZone,
    TimeZoneHour,
    TimeZoneMinute,
}

/// <summary>Field names and the fields' values.</summary>
internal static class DateTimeFields
{
    /// <summary>The field of a literal name, for prepared arguments.</summary>
    public static object Prepare(object name) => Parse((ByteSlice)name);

    /// <summary>The field of a name.</summary>
    /// <exception cref="SqlException">22023 when there is none.</exception>
    public static DateTimeField Parse(ByteSlice name) => name.ToString().ToLowerInvariant() switch
    {
        "microseconds" or "microsecond" or "us" or "usec" or "usecs" or "usecond" or "useconds" => DateTimeField.Microseconds,
        "milliseconds" or "millisecond" or "ms" or "msec" or "msecs" or "msecond" or "mseconds" => DateTimeField.Milliseconds,
        "second" or "seconds" or "s" or "sec" or "secs" => DateTimeField.Second,
        "minute" or "minutes" or "m" or "min" or "mins" => DateTimeField.Minute,
        "hour" or "hours" or "h" or "hr" or "hrs" => DateTimeField.Hour,
        "day" or "days" or "d" => DateTimeField.Day,
        "week" or "weeks" or "w" => DateTimeField.Week,
        "month" or "months" or "mon" or "mons" => DateTimeField.Month,
        "quarter" or "qtr" => DateTimeField.Quarter,
        "year" or "years" or "y" or "yr" or "yrs" => DateTimeField.Year,
        "decade" or "decades" or "dec" or "decs" => DateTimeField.Decade,
        "century" or "centuries" or "c" or "cent" => DateTimeField.Century,
        "millennium" or "millennia" or "mil" or "mils" => DateTimeField.Millennium,
        "dow" => DateTimeField.DayOfWeek,
        "isodow" => DateTimeField.IsoDayOfWeek,
        "doy" => DateTimeField.DayOfYear,
        "isoyear" => DateTimeField.IsoYear,
        "epoch" => DateTimeField.Epoch,
        "julian" or "jd" or "j" => DateTimeField.Julian,
        "timezone" => DateTimeField.TimeZone,
        "timezone_hour" => DateTimeField.TimeZoneHour,
        "timezone_minute" => DateTimeField.TimeZoneMinute,
        string other => throw new SqlException("22023", $"unit \"{other}\" not recognized",
            hint: "such as second, minute, hour, day, week, month, quarter, year, epoch, dow"),
    };

    /// <summary>A field of a timestamp; null for what an infinite one does not have.</summary>
    public static Numeric? OfTimestamp(DateTimeField field, long timestamp, int? offsetSeconds)
    {
        if (Calendar.IsInfinite(timestamp))
        {
            return null;
        }

        long local = timestamp + ((offsetSeconds ?? 0) * Calendar.SecondMicros);
        (int days, long micros) = Calendar.Split(local);
        switch (field)
        {
            case DateTimeField.Epoch:
                return Numeric.Create(timestamp, 6);
            case DateTimeField.Julian:
                return micros == 0 ? Numeric.From((long)days + 2_440_588).Round(28)
                    : Numeric.From((long)days + 2_440_588) + (Numeric.From(micros) / Numeric.From(Calendar.DayMicros));
            case DateTimeField.TimeZone or DateTimeField.TimeZoneHour or DateTimeField.TimeZoneMinute:
                if (offsetSeconds is not { } offset)
                {
                    Unsupported(field, "timestamp without time zone");
                    return null;
                }

                return Numeric.From(field == DateTimeField.TimeZone ? offset : field == DateTimeField.TimeZoneHour ? offset / 3600 : offset / 60 % 60);
        }

        return field <= DateTimeField.Hour ? OfTime(field, micros) : Numeric.From(OfDay(field, days));
    }

    /// <summary>A field of the time of day.</summary>
    public static Numeric OfTime(DateTimeField field, long micros) => field switch
    {
        DateTimeField.Microseconds => Numeric.From(micros % Calendar.MinuteMicros),
        DateTimeField.Milliseconds => Numeric.Create(micros % Calendar.MinuteMicros, 3),
        DateTimeField.Second => Numeric.Create(micros % Calendar.MinuteMicros, 6),
        DateTimeField.Minute => Numeric.From(micros / Calendar.MinuteMicros % 60),
        DateTimeField.Hour => Numeric.From(micros / Calendar.HourMicros),
        DateTimeField.Epoch => Numeric.Create(micros, 6),
        _ => throw Unsupported(field, "time without time zone"),
    };

    /// <summary>A field of a date.</summary>
    public static long OfDay(DateTimeField field, int days)
    {
        (int year, int month, int day) = Calendar.Date(days);
        switch (field)
        {
            case DateTimeField.Day:
                return day;
            case DateTimeField.Week:
                return Calendar.IsoWeek(days).Week;
            case DateTimeField.Month:
                return month;
            case DateTimeField.Quarter:
                return ((month - 1) / 3) + 1;
            case DateTimeField.Year:
                return year > 0 ? year : year - 1;
            case DateTimeField.Decade:
                return Calendar.FloorDiv(year, 10);
            case DateTimeField.Century:
                return year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100);
            case DateTimeField.Millennium:
                return year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000);
            case DateTimeField.DayOfWeek:
                return Calendar.DayOfWeek(days);
            case DateTimeField.IsoDayOfWeek:
                return ((Calendar.DayOfWeek(days) + 6) % 7) + 1;
            case DateTimeField.DayOfYear:
                return Calendar.DayOfYear(year, month, day);
            case DateTimeField.IsoYear:
                int iso = Calendar.IsoWeek(days).Year;
                return iso > 0 ? iso : iso - 1;
            case DateTimeField.Epoch:
                return days * 86_400L;
            case DateTimeField.Julian:
                return days + 2_440_588L;
            default:
                throw Unsupported(field, "date");
        }
    }

    /// <summary>A field of an interval.</summary>
    public static Numeric OfInterval(DateTimeField field, Interval v)
    {
        int years = v.Months / 12;
        return field switch
        {
            DateTimeField.Microseconds => Numeric.From(v.Micros % Calendar.MinuteMicros),
            DateTimeField.Milliseconds => Numeric.Create(v.Micros % Calendar.MinuteMicros, 3),
            DateTimeField.Second => Numeric.Create(v.Micros % Calendar.MinuteMicros, 6),
            DateTimeField.Minute => Numeric.From(v.Micros / Calendar.MinuteMicros % 60),
            DateTimeField.Hour => Numeric.From(v.Micros / Calendar.HourMicros),
            DateTimeField.Day => Numeric.From(v.Days),
            DateTimeField.Month => Numeric.From(v.Months % 12),
            DateTimeField.Quarter => Numeric.From((v.Months % 12 / 3) + 1),
            DateTimeField.Year => Numeric.From(years),
            DateTimeField.Decade => Numeric.From(years / 10),
            DateTimeField.Century => Numeric.From(years / 100),
            DateTimeField.Millennium => Numeric.From(years / 1000),
            DateTimeField.Epoch => Numeric.Create(
                ((Int128)years * 31_557_600 * Calendar.SecondMicros) + ((((Int128)(v.Months % 12) * 30) + v.Days) * Calendar.DayMicros) + v.Micros, 6),
            _ => throw Unsupported(field, "interval"),
        };
    }

    public static SqlException Unsupported(DateTimeField field, string type)
    {
        string name = field switch
        {
            DateTimeField.DayOfWeek => "dow",
            DateTimeField.IsoDayOfWeek => "isodow",
            DateTimeField.DayOfYear => "doy",
            DateTimeField.TimeZoneHour => "timezone_hour",
            DateTimeField.TimeZoneMinute => "timezone_minute",
            _ => field.ToString().ToLowerInvariant(),
        };
        return new SqlException("0A000", $"unit \"{name}\" not supported for type {type}");
    }

    /// <summary>The start of the period that a local timestamp falls into.</summary>
    public static long Truncate(DateTimeField field, long timestamp)
    {
        if (Calendar.IsInfinite(timestamp))
        {
            return timestamp;
        }

        long unit = field switch
        {
            DateTimeField.Microseconds => 1,
            DateTimeField.Milliseconds => 1000,
            DateTimeField.Second => Calendar.SecondMicros,
            DateTimeField.Minute => Calendar.MinuteMicros,
            DateTimeField.Hour => Calendar.HourMicros,
            DateTimeField.Day => Calendar.DayMicros,
            _ => 0,
        };
        if (unit > 0)
        {
            long rest = timestamp % unit;
            return timestamp - (rest < 0 ? rest + unit : rest);
        }

        int days = Calendar.Split(timestamp).Days;
        if (field == DateTimeField.Week)
        {
            return (days - ((Calendar.DayOfWeek(days) + 6) % 7)) * Calendar.DayMicros;
        }

        (int year, int month, _) = Calendar.Date(days);
        switch (field)
        {
            case DateTimeField.Month:
                break;
            case DateTimeField.Quarter:
                month = ((month - 1) / 3 * 3) + 1;
                break;
            default:
                month = 1;
                year = field switch
                {
                    DateTimeField.Year => year,
                    DateTimeField.Decade => (int)Calendar.FloorDiv(year, 10) * 10,
                    DateTimeField.Century => ((int)Calendar.FloorDiv(year - 1, 100) * 100) + 1,
                    DateTimeField.Millennium => ((int)Calendar.FloorDiv(year - 1, 1000) * 1000) + 1,
                    _ => throw Unsupported(field, "timestamp without time zone"),
                };
                break;
        }

        return Calendar.DaysFrom(year, month, 1) * Calendar.DayMicros;
    }

    /// <summary>An interval cut to whole units.</summary>
    public static Interval Truncate(DateTimeField field, Interval v) => field switch
    {
        DateTimeField.Microseconds => v,
        DateTimeField.Milliseconds => v with { Micros = v.Micros / 1000 * 1000 },
        DateTimeField.Second => v with { Micros = v.Micros / Calendar.SecondMicros * Calendar.SecondMicros },
        DateTimeField.Minute => v with { Micros = v.Micros / Calendar.MinuteMicros * Calendar.MinuteMicros },
        DateTimeField.Hour => v with { Micros = v.Micros / Calendar.HourMicros * Calendar.HourMicros },
        DateTimeField.Day => v with { Micros = 0 },
        DateTimeField.Month => new Interval(v.Months, 0, 0),
        DateTimeField.Quarter => new Interval(v.Months / 3 * 3, 0, 0),
        DateTimeField.Year => new Interval(v.Months / 12 * 12, 0, 0),
        DateTimeField.Decade => new Interval(v.Months / 120 * 120, 0, 0),
        DateTimeField.Century => new Interval(v.Months / 1200 * 1200, 0, 0),
        DateTimeField.Millennium => new Interval(v.Months / 12_000 * 12_000, 0, 0),
        _ => throw Unsupported(field, "interval"),
    };
}
