// Dates and times in every other form that PostgreSQL takes: the text is cut into numbers, times, dates and words.
namespace Millrace.Core;

internal ref partial struct DateTimeParser
{
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
}
