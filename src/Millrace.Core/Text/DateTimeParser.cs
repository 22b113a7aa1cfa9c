// Reads dates, times and timestamps in the forms PostgreSQL takes: a quick path for ISO; what it cannot read goes to the tokens.
namespace Millrace.Core;

/// <summary>The fields found in a text that names a date, a time or both.</summary>
internal ref partial struct DateTimeParser
{
    private readonly ReadOnlySpan<byte> _text;
    private int _at;
    private bool _hasDay;
    private bool _hasMonth;
    private bool _hasYear;
    private bool _twoDigitYear;
    private bool _bc;
    private int _half;

    private readonly bool _timeOnly;

    private DateTimeParser(ReadOnlySpan<byte> text, bool timeOnly)
    {
        _text = text;
        _timeOnly = timeOnly;
    }

    /// <summary>Whether a text was read.</summary>
    public enum Outcome
    {
        /// <summary>Yes.</summary>
        Ok,
        /// <summary>Not of the form.</summary>
        Syntax,
        /// <summary>A field beyond its range.</summary>
        Range,
    }

    public bool HasDate { get; private set; }

    public bool HasTime { get; private set; }

    public bool HasZone { get; private set; }

    /// <summary>+1 for infinity, −1 for -infinity, else 0.</summary>
    public int Infinite { get; private set; }

    public long Year { get; private set; }

    public int Month { get; private set; }

    public int Day { get; private set; }

    /// <summary>Microseconds of the day; 24:00:00 is allowed.</summary>
    public long TimeMicros { get; private set; }

    /// <summary>Seconds east of UTC, when <see cref="Zone"/> is null.</summary>
    public int OffsetSeconds { get; private set; }

    /// <summary>A named time zone, or null.</summary>
    public TimeZoneInfo? Zone { get; private set; }

    public readonly long Days => Calendar.DaysFrom(Year, Month, Day);

    public static Outcome Parse(ReadOnlySpan<byte> text, out DateTimeParser result, bool timeOnly = false)
    {
        result = new DateTimeParser(NumberText.Trim(text), timeOnly);
        if (result._text.IsEmpty)
        {
            return Outcome.Syntax;
        }

        Outcome outcome = result.QuickIso();
        if (outcome == Outcome.Syntax)
        {
            result = new DateTimeParser(result._text, timeOnly);
            outcome = result.Tokens();
        }

        return outcome != Outcome.Ok ? outcome : result.Finish();
    }

    /// <summary>YYYY-MM-DD, then T or a space and HH:MM:SS with a fraction, then Z or an offset: without search for other meanings.</summary>
    private Outcome QuickIso()
    {
        ReadOnlySpan<byte> s = _text;
        if (s.Length < 10 || s[4] != '-' || s[7] != '-' || !Number(s, 0, 4, out int year) || !Number(s, 5, 2, out int month) || !Number(s, 8, 2, out int day))
        {
            return Outcome.Syntax;
        }

        Year = year;
        Month = month;
        Day = day;
        HasDate = _hasDay = _hasMonth = _hasYear = true;
        if (s.Length == 10)
        {
            return Outcome.Ok;
        }

        if (s.Length < 19 || (s[10] != ' ' && s[10] != 'T') || s[13] != ':' || s[16] != ':' || !Number(s, 11, 2, out int hour)
            || !Number(s, 14, 2, out int minute) || !Number(s, 17, 2, out int second))
        {
            return Outcome.Syntax;
        }

        _at = 19;
        int micros = 0;
        if (_at < s.Length && s[_at] == '.')
        {
            _at++;
            micros = Fraction();
        }

        HasTime = true;
        if (!SetTime(hour, minute, second, micros))
        {
            return Outcome.Range;
        }

        if (_at == s.Length)
        {
            return Outcome.Ok;
        }

        if (s[_at] == 'Z' && _at + 1 == s.Length)
        {
            HasZone = true;
            return Outcome.Ok;
        }

        if (s[_at] is (byte)'+' or (byte)'-')
        {
            Outcome zone = Offset();
            return zone != Outcome.Ok ? zone : _at == s.Length ? Outcome.Ok : Outcome.Syntax;
        }

        return Outcome.Syntax;
    }

    private static bool Number(ReadOnlySpan<byte> s, int start, int count, out int value)
    {
        value = 0;
        for (int i = 0; i < count; i++)
        {
            uint digit = (uint)(s[start + i] - '0');
            if (digit > 9)
            {
                return false;
            }

            value = (value * 10) + (int)digit;
        }

        return true;
    }

    /// <summary>Digits behind a point as microseconds, the seventh one rounded; may give 1,000,000.</summary>
    private int Fraction()
    {
        int micros = 0;
        int scale = 100_000;
        bool up = false;
        for (int n = 0; _at < _text.Length && Ascii.IsDigit(_text[_at]); n++, _at++)
        {
            if (n == 6)
            {
                // PostgreSQL rounds half to even here.
                up = _text[_at] > '5' || (_text[_at] == '5' && ((micros & 1) == 1 || (_at + 1 < _text.Length && Ascii.IsDigit(_text[_at + 1]))));
            }

            micros += (_text[_at] - '0') * scale;
            scale /= 10;
        }

        return micros + (up ? 1 : 0);
    }

    private bool SetTime(int hour, int minute, int second, int micros)
    {
        TimeMicros = (hour * Calendar.HourMicros) + (minute * Calendar.MinuteMicros) + (second * Calendar.SecondMicros) + micros;
        return minute < 60 && second <= 60 && TimeMicros <= Calendar.DayMicros;
    }

    private Outcome Offset()
    {
        int sign = _text[_at] == '-' ? -1 : 1;
        _at++;
        int start = _at;
        int value = Digits();
        int length = _at - start;
        int hour;
        int minute = 0;
        int second = 0;
        if (length is 1 or 2)
        {
            hour = value;
            if (TakeColon())
            {
                minute = Digits();
                if (TakeColon())
                {
                    second = Digits();
                }
            }
        }
        else if (length is 3 or 4)
        {
            hour = value / 100;
            minute = value % 100;
        }
        else
        {
            return Outcome.Syntax;
        }

        HasZone = true;
        OffsetSeconds = sign * ((hour * 3600) + (minute * 60) + second);
        return hour <= 15 && minute < 60 && second < 60 ? Outcome.Ok : Outcome.Range;
    }

    private bool TakeColon()
    {
        if (_at + 1 < _text.Length && _text[_at] == ':' && Ascii.IsDigit(_text[_at + 1]))
        {
            _at++;
            return true;
        }

        return false;
    }

    private int Digits()
    {
        long value = 0;
        while (_at < _text.Length && Ascii.IsDigit(_text[_at]))
        {
            value = Math.Min((value * 10) + (_text[_at++] - '0'), int.MaxValue);
        }

        return (int)value;
    }

    private Outcome Finish()
    {
        if (Infinite != 0)
        {
            return Outcome.Ok;
        }

        if (HasDate)
        {
            if (_bc)
            {
                if (Year <= 0)
                {
                    return Outcome.Range;
                }

                Year = 1 - Year;
            }
            else if (_twoDigitYear)
            {
                Year += Year < 70 ? 2000 : Year < 100 ? 1900 : 0;
            }
            else if (Year == 0)
            {
                return Outcome.Range;
            }

            if (Month is < 1 or > 12 || Day < 1 || Day > Calendar.DaysInMonth(Year, Month))
            {
                return Outcome.Range;
            }
        }

        return Outcome.Ok;
    }
}
