// ISO 8601 dates with times, the form nearly every program sends, read and written without detours.
using System.Buffers.Text;

namespace Millrace.Formats;

/// <summary>Reads and writes <c>2026-01-31T12:34:56.789Z</c>.</summary>
internal static class IsoTime
{
    private const long Day = 86_400_000_000;

    /// <summary>
    /// Reads <c>yyyy-MM-dd(T| )HH:mm[:ss[.f…]][Z|±HH[[:]mm]]</c> as µs since 1970. With an offset the result is UTC. Digits beyond µs are rounded.
    /// False for everything else, which PostgreSQL's rules may still accept.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length < 16 || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)' ') || text[13] != ':'
            || !Digits(text[..4], out int year) || !Digits(text.Slice(5, 2), out int month) || !Digits(text.Slice(8, 2), out int day)
            || !Digits(text.Slice(11, 2), out int hour) || !Digits(text.Slice(14, 2), out int minute)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[16..];
        int second = 0;
        long fraction = 0;
        if (rest.Length >= 3 && rest[0] == ':')
        {
            if (!Digits(rest.Slice(1, 2), out second) || second > 59)
            {
                return false;
            }

            rest = rest[3..];
            if (rest.Length > 1 && rest[0] == '.')
            {
                int digits = 1;
                long nanos = 0;
                while (digits < rest.Length && digits <= 9 && char.IsAsciiDigit((char)rest[digits]))
                {
                    nanos = (nanos * 10) + rest[digits++] - '0';
                }

                if (digits == 1 || (digits < rest.Length && char.IsAsciiDigit((char)rest[digits])))
                {
                    return false;
                }

                for (int i = digits; i <= 9; i++)
                {
                    nanos *= 10;
                }

                fraction = (nanos + 500) / 1000;
                rest = rest[digits..];
            }
        }

        if (!TryOffset(rest, out int offsetMinutes))
        {
            return false;
        }

        long days = new DateOnly(year, month, day).DayNumber - 719_162;
        micros = (days * Day) + ((((hour * 60L) + minute - offsetMinutes) * 60) + second) * 1_000_000 + fraction;
        return true;
    }

    /// <summary>Writes µs since 1970 as ISO 8601 with as many digits of the fraction as are needed; false outside the years 1 to 9999.</summary>
    /// <param name="micros">The time.</param>
    /// <param name="zone">True to end with Z.</param>
    /// <param name="to">At least 27 bytes.</param>
    /// <param name="length">Bytes written.</param>
    public static bool TryFormat(long micros, bool zone, Span<byte> to, out int length)
    {
        length = 0;
        long days = Math.DivRem(micros, Day, out long time);
        if (time < 0)
        {
            time += Day;
            days--;
        }

        if (days is < -719_162 or > 2_932_896)
        {
            return false;
        }

        Date((int)days, to);
        to[10] = (byte)'T';
        length = 11 + Time(time, to[11..]);
        if (zone)
        {
            to[length++] = (byte)'Z';
        }

        return true;
    }

    /// <summary>Writes days since 1970 as yyyy-MM-dd; the caller has checked the years 1 to 9999.</summary>
    public static void Date(int days, Span<byte> to)
    {
        DateOnly date = DateOnly.FromDayNumber(days + 719_162);
        Two(date.Year / 100, to);
        Two(date.Year % 100, to[2..]);
        to[4] = (byte)'-';
        Two(date.Month, to[5..]);
        to[7] = (byte)'-';
        Two(date.Day, to[8..]);
    }

    /// <summary>Writes µs since midnight as HH:mm:ss[.ffffff] and returns the length.</summary>
    public static int Time(long micros, Span<byte> to)
    {
        int seconds = (int)(micros / 1_000_000);
        int fraction = (int)(micros % 1_000_000);
        Two(seconds / 3600, to);
        to[2] = (byte)':';
        Two(seconds / 60 % 60, to[3..]);
        to[5] = (byte)':';
        Two(seconds % 60, to[6..]);
        if (fraction == 0)
        {
            return 8;
        }

        to[8] = (byte)'.';
        Utf8Formatter.TryFormat(fraction, to[9..], out _, new System.Buffers.StandardFormat('D', 6));
        int length = 15;
        while (to[length - 1] == '0')
        {
            length--;
        }

        return length;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.IsEmpty || text.SequenceEqual("Z"u8) || text.SequenceEqual("z"u8))
        {
            return true;
        }

        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6) || !Digits(text.Slice(1, 2), out int hours))
        {
            return false;
        }

        int rest = 0;
        if (text.Length > 3 && ((text.Length == 6 && text[3] != ':') || !Digits(text[^2..], out rest)))
        {
            return false;
        }

        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return hours <= 15 && rest <= 59;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (byte b in text)
        {
            if (b is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + b - '0';
        }

        return true;
    }

    private static void Two(int value, Span<byte> to)
    {
        to[0] = (byte)('0' + (value / 10));
        to[1] = (byte)('0' + (value % 10));
    }
}
