// Days and microseconds to calendar fields and back, over the whole range of PostgreSQL's timestamps.
namespace Millrace.Core;

/// <summary>The proleptic Gregorian calendar. Year 0 is 1 BC. Days count from 1970-01-01, microseconds from its midnight.</summary>
public static class Calendar
{
    /// <summary>Microseconds in a day.</summary>
    public const long DayMicros = 86_400_000_000;

    /// <summary>Microseconds in an hour.</summary>
    public const long HourMicros = 3_600_000_000;

    /// <summary>Microseconds in a minute.</summary>
    public const long MinuteMicros = 60_000_000;

    /// <summary>Microseconds in a second.</summary>
    public const long SecondMicros = 1_000_000;

    /// <summary>timestamp 'infinity'.</summary>
    public const long Infinity = long.MaxValue;

    /// <summary>timestamp '-infinity'.</summary>
    public const long MinusInfinity = long.MinValue;

    /// <summary>date 'infinity'.</summary>
    public const int DateInfinity = int.MaxValue;

    /// <summary>date '-infinity'.</summary>
    public const int DateMinusInfinity = int.MinValue;

    /// <summary>4714-11-24 BC: the first day of dates and timestamps.</summary>
    public const int FirstDay = -2_440_588;

    /// <summary>The first instant of timestamps.</summary>
    public const long FirstMicros = FirstDay * DayMicros;

    /// <summary>294247-01-01: the first instant beyond timestamps (PostgreSQL, counting from 2000, reaches 30 years further).</summary>
    public const long EndMicros = 9_223_371_331_200_000_000;

    /// <summary>The first day beyond dates (5874898-01-01).</summary>
    public const int EndDay = 2_145_042_906;

    /// <summary>True for infinity and -infinity.</summary>
    public static bool IsInfinite(long micros) => micros is Infinity or MinusInfinity;

    /// <summary>True for a date's infinity and -infinity.</summary>
    public static bool IsInfinite(int days) => days is DateInfinity or DateMinusInfinity;

    /// <summary>The day number of a date. The month may be any from 1 to 12, the day any integer.</summary>
    public static long DaysFrom(long year, int month, int day)
    {
        // Years that begin in March put the leap day last, so that month lengths follow a linear rule.
        long y = month <= 2 ? year - 1 : year;
        long era = FloorDiv(y, 400);
        long yearOfEra = y - (era * 400);
        long dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    /// <summary>The date of a day number.</summary>
    public static (int Year, int Month, int Day) Date(int days)
    {
        long shifted = (long)days + 719_468;
        long era = FloorDiv(shifted, 146_097);
        int dayOfEra = (int)(shifted - (era * 146_097));
        int yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        int dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        int m = ((5 * dayOfYear) + 2) / 153;
        int day = dayOfYear - (((153 * m) + 2) / 5) + 1;
        int month = m < 10 ? m + 3 : m - 9;
        return ((int)((era * 400) + yearOfEra + (month <= 2 ? 1 : 0)), month, day);
    }

    /// <summary>The day number and the microseconds of the day of a timestamp.</summary>
    public static (int Days, long Micros) Split(long timestamp)
    {
        long days = FloorDiv(timestamp, DayMicros);
        return ((int)days, timestamp - (days * DayMicros));
    }

    /// <summary>Days of a month.</summary>
    public static int DaysInMonth(long year, int month) => month == 2 ? (IsLeap(year) ? 29 : 28) : month is 4 or 6 or 9 or 11 ? 30 : 31;

    /// <summary>True for a leap year.</summary>
    public static bool IsLeap(long year) => (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);

    /// <summary>0 for Sunday to 6 for Saturday.</summary>
    public static int DayOfWeek(int days) => (int)((((long)days + 4) % 7) + 7) % 7;

    /// <summary>1 to 366.</summary>
    public static int DayOfYear(int year, int month, int day) => (int)(DaysFrom(year, month, day) - DaysFrom(year, 1, 1)) + 1;

    /// <summary>The ISO 8601 year and week (1 to 53) of a day.</summary>
    public static (int Year, int Week) IsoWeek(int days)
    {
        int thursday = days - ((DayOfWeek(days) + 6) % 7) + 3;
        int year = Date(thursday).Year;
        return (year, (int)((thursday - DaysFrom(year, 1, 1)) / 7) + 1);
    }

    /// <summary>A timestamp plus months (the day clamped to the month's end), then days, then microseconds.</summary>
    /// <exception cref="SqlException">22008 when the result is out of range.</exception>
    public static long Add(long timestamp, Interval span)
    {
        if (IsInfinite(timestamp))
        {
            return timestamp;
        }

        Int128 result;
        if (span.Months != 0)
        {
            (int days, long micros) = Split(timestamp);
            (int year, int month, int day) = Date(days);
            long months = (year * 12L) + (month - 1) + span.Months;
            long y = FloorDiv(months, 12);
            int m = (int)(months - (y * 12)) + 1;
            result = ((Int128)DaysFrom(y, m, Math.Min(day, DaysInMonth(y, m))) * DayMicros) + micros;
        }
        else
        {
            result = timestamp;
        }

        result += ((Int128)span.Days * DayMicros) + span.Micros;
        if (result < FirstMicros || result >= EndMicros)
        {
            throw new SqlException("22008", "timestamp out of range");
        }

        return (long)result;
    }

    /// <summary>Division that rounds down.</summary>
    public static long FloorDiv(long a, long b)
    {
        long q = a / b;
        return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
    }
}
