// Reads intervals in PostgreSQL's and ISO 8601's forms, prints them in the postgres style.
namespace Millrace.Core;

/// <summary>Text form of interval.</summary>
internal static class IntervalText
{
    public static void Append(ByteWriter writer, Interval value)
    {
        bool empty = true;
        bool before = false;
        Part(writer, value.Months / 12, "year"u8, ref empty, ref before);
        Part(writer, value.Months % 12, "mon"u8, ref empty, ref before);
        Part(writer, value.Days, "day"u8, ref empty, ref before);
        if (!empty && value.Micros == 0)
        {
            return;
        }

        if (!empty)
        {
            writer.WriteByte((byte)' ');
        }

        if (value.Micros < 0)
        {
            writer.WriteByte((byte)'-');
        }
        else if (before)
        {
            writer.WriteByte((byte)'+');
        }

        ulong micros = value.Micros < 0 ? 0 - (ulong)value.Micros : (ulong)value.Micros;
        long seconds = (long)(micros / Calendar.SecondMicros);
        if (seconds / 3600 < 10)
        {
            writer.WriteByte((byte)'0');
        }

        NumberText.Append(writer, seconds / 3600);
        Span<byte> to = writer.Take(6);
        to[0] = (byte)':';
        DateTimeText.Two(to[1..], (int)(seconds / 60 % 60));
        to[3] = (byte)':';
        DateTimeText.Two(to[4..], (int)(seconds % 60));
        DateTimeText.AppendFraction(writer, (int)(micros % Calendar.SecondMicros));
    }

    private static void Part(ByteWriter writer, int value, ReadOnlySpan<byte> unit, ref bool empty, ref bool before)
    {
        if (value == 0)
        {
            return;
        }

        if (!empty)
        {
            writer.WriteByte((byte)' ');
        }

        if (before && value > 0)
        {
            writer.WriteByte((byte)'+');
        }

        NumberText.Append(writer, value);
        writer.WriteByte((byte)' ');
        writer.Write(unit);
        if (value != 1)
        {
            writer.WriteByte((byte)'s');
        }

        before = value < 0;
        empty = false;
    }

    public static Interval Parse(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> s = NumberText.Trim(text);
        var sum = default(IntervalSum);
        bool ok = s.Length > 0 && (s[0] == 'P' && s.Length > 1 ? Iso(s[1..], ref sum) : Words(s, ref sum));
        if (!ok)
        {
            TextError.DateSyntax("interval", text);
        }

        return sum.ToInterval(text);
    }

    private static bool Iso(ReadOnlySpan<byte> s, ref IntervalSum sum)
    {
        bool time = false;
        bool any = false;
        int at = 0;
        while (at < s.Length)
        {
            if (s[at] == 'T' && !time)
            {
                time = true;
                at++;
                continue;
            }

            int start = at;
            if (!Amount(s, ref at, out long whole, out double fraction))
            {
                return false;
            }

            if (at == s.Length || s[at] is (byte)'-' or (byte)':' or (byte)'T')
            {
                return start == 0 || (time && !any) || (start > 0 && s[start - 1] == 'T') ? IsoAlternative(s, start, time, ref sum) : false;
            }

            any = true;
            sum.Any = true;
            switch ((s[at++], time))
            {
                case ((byte)'Y', false):
                    sum.AddMonths(whole, fraction, 12);
                    break;
                case ((byte)'M', false):
                    sum.AddMonths(whole, fraction, 1);
                    break;
                case ((byte)'W', false):
                    sum.AddDays(whole, fraction, 7);
                    break;
                case ((byte)'D', false):
                    sum.AddDays(whole, fraction, 1);
                    break;
                case ((byte)'H', true):
                    sum.AddMicros(whole, fraction, Calendar.HourMicros);
                    break;
                case ((byte)'M', true):
                    sum.AddMicros(whole, fraction, Calendar.MinuteMicros);
                    break;
                case ((byte)'S', true):
                    sum.AddMicros(whole, fraction, Calendar.SecondMicros);
                    break;
                default:
                    return false;
            }
        }

        return any || time;
    }

    /// <summary>P0001-02-03T04:05:06.</summary>
    private static bool IsoAlternative(ReadOnlySpan<byte> s, int at, bool time, ref IntervalSum sum)
    {
        for (int field = time ? 3 : 0; at < s.Length; field++)
        {
            if (field == 6 || !Amount(s, ref at, out long whole, out double fraction))
            {
                return false;
            }

            sum.Any = true;
            switch (field)
            {
                case 0:
                    sum.AddMonths(whole, fraction, 12);
                    break;
                case 1:
                    sum.AddMonths(whole, fraction, 1);
                    break;
                case 2:
                    sum.AddDays(whole, fraction, 1);
                    break;
                default:
                    sum.AddMicros(whole, fraction, field == 3 ? Calendar.HourMicros : field == 4 ? Calendar.MinuteMicros : Calendar.SecondMicros);
                    break;
            }

            if (at < s.Length)
            {
                if (s[at] == 'T' && field < 3)
                {
                    field = 2;
                }
                else if (s[at] != (field < 2 ? '-' : ':') || field == 2)
                {
                    return false;
                }

                at++;
            }
        }

        return true;
    }

    private static bool Words(ReadOnlySpan<byte> s, ref IntervalSum sum)
    {
        int at = 0;
        while (at < s.Length)
        {
            byte b = s[at];
            if (NumberText.IsSpace(b) || (b == '@' && !sum.Any))
            {
                at++;
                continue;
            }

            if (Ascii.IsLetter(b))
            {
                if (!sum.Any || !Ascii.Is(s[at..], "ago"u8))
                {
                    return false;
                }

                sum.Negate();
                return true;
            }

            int start = at;
            bool negative = b == '-';
            if (!Amount(s, ref at, out long whole, out double fraction))
            {
                return false;
            }

            sum.Any = true;
            if (at < s.Length && s[at] == ':')
            {
                at = start + (s[start] is (byte)'-' or (byte)'+' ? 1 : 0);
                if (!Clock(s, ref at, negative, ref sum))
                {
                    return false;
                }

                continue;
            }

            if (at < s.Length && s[at] == '-' && at + 1 < s.Length && Ascii.IsDigit(s[at + 1]))
            {
                at++;
                if (!Amount(s, ref at, out long months, out _) || months > 11)
                {
                    return false;
                }

                sum.AddMonths((whole * 12) + (negative ? -months : months), 0, 1);
                continue;
            }

            int spaces = at;
            while (spaces < s.Length && NumberText.IsSpace(s[spaces]))
            {
                spaces++;
            }

            int end = spaces;
            while (end < s.Length && Ascii.IsLetter(s[end]))
            {
                end++;
            }

            if (end == spaces || Ascii.Is(s[spaces..end], "ago"u8))
            {
                // A bare number counts days in front of a clock time, and seconds at the end.
                if (end < s.Length && end == spaces)
                {
                    sum.AddDays(whole, fraction, 1);
                }
                else
                {
                    sum.AddMicros(whole, fraction, Calendar.SecondMicros);
                }
            }
            else if (!sum.Add(s[spaces..end], whole, fraction))
            {
                return false;
            }
            else
            {
                at = end;
            }
        }

        return sum.Any;
    }

    /// <summary>H:M[:S[.f]], or M:S.f when the last part has a fraction.</summary>
    private static bool Clock(ReadOnlySpan<byte> s, ref int at, bool negative, ref IntervalSum sum)
    {
        long sign = negative ? -1 : 1;
        if (!Amount(s, ref at, out long first, out _) || at >= s.Length || s[at++] != ':' || !Amount(s, ref at, out long second, out double fraction))
        {
            return false;
        }

        if (at < s.Length && s[at] == ':')
        {
            at++;
            if (!Amount(s, ref at, out long third, out fraction) || second > 59 || third > 59)
            {
                return false;
            }

            sum.AddMicros(sign * first, 0, Calendar.HourMicros);
            sum.AddMicros(sign * second, 0, Calendar.MinuteMicros);
            sum.AddMicros(sign * third, sign * fraction, Calendar.SecondMicros);
            return true;
        }

        bool minutes = fraction != 0;
        sum.AddMicros(sign * first, 0, minutes ? Calendar.MinuteMicros : Calendar.HourMicros);
        sum.AddMicros(sign * second, sign * fraction, minutes ? Calendar.SecondMicros : Calendar.MinuteMicros);
        return second <= 59;
    }

    /// <summary>A signed decimal as its whole part and its fraction, both with its sign.</summary>
    private static bool Amount(ReadOnlySpan<byte> s, ref int at, out long whole, out double fraction)
    {
        whole = 0;
        fraction = 0;
        bool negative = false;
        if (at < s.Length && s[at] is (byte)'-' or (byte)'+')
        {
            negative = s[at++] == '-';
        }

        int digits = 0;
        for (; at < s.Length && Ascii.IsDigit(s[at]); at++, digits++)
        {
            whole = Math.Min((whole * 10) + (s[at] - '0'), long.MaxValue / 20);
        }

        if (at < s.Length && s[at] == '.')
        {
            at++;
            long part = 0;
            long scale = 1;
            for (; at < s.Length && Ascii.IsDigit(s[at]); at++, digits++)
            {
                if (scale < 1_000_000_000_000_000)
                {
                    part = (part * 10) + (s[at] - '0');
                    scale *= 10;
                }
            }

            fraction = (double)part / scale;
        }

        if (negative)
        {
            whole = -whole;
            fraction = -fraction;
        }

        return digits > 0;
    }
}

/// <summary>Sums the parts of an interval as they are read; ranges are checked at the end.</summary>
internal struct IntervalSum
{
    private Int128 _months;
    private Int128 _days;
    private Int128 _micros;

    /// <summary>True when a part was read.</summary>
    public bool Any;

    public void AddMonths(long whole, double fraction, int unit)
    {
        _months += (Int128)whole * unit;
        if (unit >= 12)
        {
            _months += (long)Math.Round(fraction * unit, MidpointRounding.ToEven);
        }
        else if (fraction != 0)
        {
            AddDays(0, fraction * 30, 1);
        }
    }

    public void AddDays(long whole, double fraction, int unit)
    {
        double days = fraction * unit;
        long extra = (long)days;
        _days += ((Int128)whole * unit) + extra;
        _micros += (long)Math.Round((days - extra) * Calendar.DayMicros, MidpointRounding.ToEven);
    }

    public void AddMicros(long whole, double fraction, long unit) =>
        _micros += ((Int128)whole * unit) + (long)Math.Round(fraction * unit, MidpointRounding.ToEven);

    public void Negate()
    {
        _months = -_months;
        _days = -_days;
        _micros = -_micros;
    }

    /// <summary>Adds an amount of a named unit; false when there is no such unit.</summary>
    public bool Add(ReadOnlySpan<byte> unit, long whole, double fraction)
    {
        if (unit.Length > 12)
        {
            return false;
        }

        Span<byte> lower = stackalloc byte[unit.Length];
        for (int i = 0; i < unit.Length; i++)
        {
            lower[i] = (byte)(unit[i] | 0x20);
        }

        switch (System.Text.Encoding.ASCII.GetString(lower))
        {
            case "us" or "usec" or "usecs" or "usecond" or "useconds" or "microsecon" or "microsecond" or "microseconds":
                AddMicros(whole, fraction, 1);
                break;
            case "ms" or "msec" or "msecs" or "msecond" or "mseconds" or "millisecon" or "millisecond" or "milliseconds":
                AddMicros(whole, fraction, 1000);
                break;
            case "s" or "sec" or "secs" or "second" or "seconds":
                AddMicros(whole, fraction, Calendar.SecondMicros);
                break;
            case "m" or "min" or "mins" or "minute" or "minutes":
                AddMicros(whole, fraction, Calendar.MinuteMicros);
                break;
            case "h" or "hr" or "hrs" or "hour" or "hours":
                AddMicros(whole, fraction, Calendar.HourMicros);
                break;
            case "d" or "day" or "days":
                AddDays(whole, fraction, 1);
                break;
            case "w" or "week" or "weeks":
                AddDays(whole, fraction, 7);
                break;
            case "mon" or "mons" or "month" or "months":
                AddMonths(whole, fraction, 1);
                break;
            case "y" or "yr" or "yrs" or "year" or "years":
                AddMonths(whole, fraction, 12);
                break;
            case "dec" or "decs" or "decade" or "decades":
                AddMonths(whole, fraction, 120);
                break;
            case "c" or "cent" or "century" or "centuries":
                AddMonths(whole, fraction, 1200);
                break;
            case "mil" or "mils" or "millennium" or "millennia":
                AddMonths(whole, fraction, 12_000);
                break;
            default:
                return false;
        }

        return true;
    }

    public readonly Interval ToInterval(ReadOnlySpan<byte> text)
    {
        if (_months != (int)_months || _days != (int)_days || _micros != (long)_micros)
        {
            throw new SqlException("22015", $"interval field value out of range: \"{TextError.Show(text)}\"");
        }

        return new Interval((int)_months, (int)_days, (long)_micros);
    }
}
