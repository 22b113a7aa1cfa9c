// Reads dates, times and timestamps in the forms PostgreSQL takes: a quick path for ISO, then a tokenizer for the rest.
namespace Millrace.Core;

/// <summary>The fields found in a text that names a date, a time or both.</summary>
internal ref struct DateTimeParser
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

    private Outcome Tokens()
    {
        while (_at < _text.Length)
        {
            byte b = _text[_at];
            Outcome outcome = Outcome.Ok;
            if (NumberText.IsSpace(b) || b == ',')
            {
                _at++;
            }
            else if (Ascii.IsDigit(b))
            {
                outcome = NumberToken();
            }
            else if (b is (byte)'+' or (byte)'-')
            {
                outcome = Ascii.Is(_text[_at..], "-infinity"u8) ? SetInfinite(-1) : HasTime && !HasZone ? Offset() : Outcome.Syntax;
            }
            else if (Ascii.IsLetter(b))
            {
                outcome = WordToken();
            }
            else
            {
                return Outcome.Syntax;
            }

            if (outcome != Outcome.Ok)
            {
                return outcome;
            }
        }

        HasDate = _hasDay && _hasMonth && _hasYear;
        if (_hasDay != HasDate || _hasMonth != HasDate)
        {
            return Outcome.Syntax;
        }

        if (_half != 0)
        {
            if (!HasTime || TimeMicros < 0 || TimeMicros >= 13 * Calendar.HourMicros)
            {
                return HasTime ? Outcome.Range : Outcome.Syntax;
            }

            bool twelve = TimeMicros >= 12 * Calendar.HourMicros;
            TimeMicros += _half == 2 && !twelve ? 12 * Calendar.HourMicros : _half == 1 && twelve ? -12 * Calendar.HourMicros : 0;
        }

        return HasDate || HasTime || Infinite != 0 ? Outcome.Ok : Outcome.Syntax;
    }

    private Outcome SetInfinite(int sign)
    {
        Infinite = sign;
        _at = _text.Length;
        return HasDate || HasTime || _hasDay || _hasMonth ? Outcome.Syntax : Outcome.Ok;
    }

    private Outcome NumberToken()
    {
        int start = _at;
        int value = Digits();
        int length = _at - start;
        byte next = _at < _text.Length ? _text[_at] : (byte)0;
        if (next == ':' && !HasTime)
        {
            return TimeToken(value);
        }

        if (next is (byte)'-' or (byte)'/' or (byte)'.' && !_hasDay && !(_hasMonth && next == '.'))
        {
            return SeparatedDate(value, length, next);
        }

        if (length == 8 && !_hasYear)
        {
            SetDate(value / 10_000, value / 100 % 100, value % 100);
            return Outcome.Ok;
        }

        if (_hasYear && _hasDay && !HasTime && length is 6 or 4)
        {
            HasTime = true;
            int micros = 0;
            if (next == '.')
            {
                _at++;
                micros = Fraction();
            }

            return (length == 6 ? SetTime(value / 10_000, value / 100 % 100, value % 100, micros) : SetTime(value / 100, value % 100, 0, 0))
                ? Outcome.Ok : Outcome.Range;
        }

        if (_timeOnly && !_hasYear && length is 6 or 4)
        {
            HasTime = true;
            return (length == 6 ? SetTime(value / 10_000, value / 100 % 100, value % 100, 0) : SetTime(value / 100, value % 100, 0, 0))
                ? Outcome.Ok : Outcome.Range;
        }

        if (length == 6 && !_hasYear && !_hasMonth)
        {
            SetDate(value / 10_000, value / 100 % 100, value % 100);
            _twoDigitYear = true;
            return Outcome.Ok;
        }

        if (!_hasDay && length <= 2 && (_hasMonth || !_hasYear))
        {
            // "8 Jan 1999" and "Jan 8 1999"; a lone number before a time is not a day.
            Day = value;
            _hasDay = true;
            return Outcome.Ok;
        }

        if (!_hasYear && _hasMonth)
        {
            Year = value;
            _hasYear = true;
            _twoDigitYear = length <= 2;
            return Outcome.Ok;
        }

        if (!HasTime && _hasYear && length <= 2 && FollowedByHalf())
        {
            HasTime = true;
            return SetTime(value, 0, 0, 0) ? Outcome.Ok : Outcome.Range;
        }

        return Outcome.Syntax;
    }

    private readonly bool FollowedByHalf()
    {
        ReadOnlySpan<byte> rest = NumberText.Trim(_text[_at..]);
        return rest.Length >= 2 && (Ascii.Is(rest[..2], "am"u8) || Ascii.Is(rest[..2], "pm"u8));
    }

    private Outcome TimeToken(int hour)
    {
        HasTime = true;
        _at++;
        if (_at >= _text.Length || !Ascii.IsDigit(_text[_at]))
        {
            return Outcome.Syntax;
        }

        int minute = Digits();
        int second = 0;
        int micros = 0;
        if (_at < _text.Length && _text[_at] == ':')
        {
            _at++;
            if (_at >= _text.Length || !Ascii.IsDigit(_text[_at]))
            {
                return Outcome.Syntax;
            }

            second = Digits();
        }

        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
            micros = Fraction();
        }

        return hour <= 24 && SetTime(hour, minute, second, micros) ? Outcome.Ok : Outcome.Range;
    }

    private Outcome SeparatedDate(int first, int firstLength, byte separator)
    {
        Span<int> values = stackalloc int[3];
        Span<int> lengths = stackalloc int[3];
        values[0] = first;
        lengths[0] = firstLength;
        int monthAt = -1;
        int count = 1;
        while (count < 3 && _at < _text.Length && _text[_at] == separator)
        {
            _at++;
            int start = _at;
            if (_at < _text.Length && Ascii.IsLetter(_text[_at]))
            {
                while (_at < _text.Length && Ascii.IsLetter(_text[_at]))
                {
                    _at++;
                }

                values[count] = DateTimeNames.MonthOf(_text[start.._at]);
                if (values[count] == 0 || monthAt >= 0)
                {
                    return Outcome.Syntax;
                }

                monthAt = count;
            }
            else
            {
                values[count] = Digits();
                if (_at == start)
                {
                    return Outcome.Syntax;
                }
            }

            lengths[count++] = _at - start;
        }

        if (count == 2 && _hasMonth && !_hasYear && !_hasDay)
        {
            (values[2], lengths[2], monthAt) = (values[1], lengths[1], -1);
            SetDate(values[2], Month, values[0]);
            _twoDigitYear = lengths[2] <= 2;
            return Outcome.Ok;
        }

        if (count == 2 && lengths[0] == 4 && lengths[1] == 3)
        {
            SetDate(values[0], 1, 1);
            (_, Month, Day) = Calendar.Date((int)Calendar.DaysFrom(values[0], 1, values[1]));
            return values[1] is > 0 and <= 366 ? Outcome.Ok : Outcome.Range;
        }

        if (count != 3)
        {
            return Outcome.Syntax;
        }

        int yearAt;
        if (lengths[0] >= 3)
        {
            yearAt = 0;
            SetDate(values[0], values[1], values[2]);
        }
        else
        {
            yearAt = 2;
            SetDate(values[2], monthAt == 1 ? values[1] : values[0], monthAt == 1 ? values[0] : values[1]);
        }

        _twoDigitYear = lengths[yearAt] <= 2;
        return Outcome.Ok;
    }

    private void SetDate(long year, int month, int day)
    {
        Year = year;
        Month = month;
        Day = day;
        _hasYear = _hasMonth = _hasDay = true;
    }

    private Outcome WordToken()
    {
        int start = _at;
        while (_at < _text.Length && (Ascii.IsLetter(_text[_at]) || _text[_at] is (byte)'/' or (byte)'_'))
        {
            _at++;
        }

        ReadOnlySpan<byte> word = _text[start.._at];
        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
        }

        int month = DateTimeNames.MonthOf(word);
        if (month > 0 && !_hasMonth)
        {
            // Jan-08-1999: the separators count as spaces.
            if (_at < _text.Length && _text[_at] == '-')
            {
                _at++;
            }

            Month = month;
            _hasMonth = true;
            return Outcome.Ok;
        }

        if ((Ascii.Is(word, "t"u8) && _hasDay) || DateTimeNames.WeekdayOf(word) >= 0 || Ascii.Is(word, "ad"u8) || Ascii.Is(word, "at"u8) || Ascii.Is(word, "on"u8))
        {
            return Outcome.Ok;
        }

        if (Ascii.Is(word, "am"u8) || Ascii.Is(word, "pm"u8))
        {
            _half = Ascii.Is(word, "am"u8) ? 1 : 2;
            return Outcome.Ok;
        }

        if (Ascii.Is(word, "bc"u8))
        {
            _bc = true;
            return Outcome.Ok;
        }

        if (Ascii.Is(word, "infinity"u8))
        {
            return SetInfinite(1);
        }

        if (Ascii.Is(word, "epoch"u8))
        {
            SetDate(1970, 1, 1);
            HasTime = HasZone = true;
            return Outcome.Ok;
        }

        if (Ascii.Is(word, "allballs"u8))
        {
            HasTime = HasZone = true;
            return Outcome.Ok;
        }

        if (HasZone || !(HasTime || _hasDay))
        {
            return Outcome.Syntax;
        }

        HasZone = true;
        if (Ascii.Is(word, "z"u8) || Ascii.Is(word, "utc"u8) || Ascii.Is(word, "gmt"u8) || Ascii.Is(word, "zulu"u8))
        {
            return Outcome.Ok;
        }

        Zone = TimeZones.Find(word);
        return Zone is null ? Outcome.Syntax : Outcome.Ok;
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
