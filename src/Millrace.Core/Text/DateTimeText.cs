// Prints dates, times and timestamps in PostgreSQL's ISO style.
namespace Millrace.Core;

/// <summary>Prints date, time, timestamp and timestamptz (in UTC).</summary>
internal static class DateTimeText
{
    public static void AppendDate(ByteWriter writer, int days)
    {
        if (Calendar.IsInfinite(days))
        {
            writer.Write(days > 0 ? "infinity"u8 : "-infinity"u8);
            return;
        }

        int year = AppendDay(writer, days);
        if (year <= 0)
        {
            writer.Write(" BC"u8);
        }
    }

    public static void AppendTime(ByteWriter writer, long micros)
    {
        long seconds = micros / Calendar.SecondMicros;
        Span<byte> to = writer.Take(8);
        Two(to, (int)(seconds / 3600));
        to[2] = (byte)':';
        Two(to[3..], (int)(seconds / 60 % 60));
        to[5] = (byte)':';
        Two(to[6..], (int)(seconds % 60));
        AppendFraction(writer, (int)(micros % Calendar.SecondMicros));
    }

    public static void AppendTimestamp(ByteWriter writer, long micros, bool zone, int offsetSeconds = 0)
    {
        if (Calendar.IsInfinite(micros))
        {
            writer.Write(micros > 0 ? "infinity"u8 : "-infinity"u8);
            return;
        }

        (int days, long time) = Calendar.Split(micros + (offsetSeconds * Calendar.SecondMicros));
        int year = AppendDay(writer, days);
        writer.WriteByte((byte)' ');
        AppendTime(writer, time);
        if (zone)
        {
            AppendOffset(writer, offsetSeconds);
        }

        if (year <= 0)
        {
            writer.Write(" BC"u8);
        }
    }

    public static void AppendOffset(ByteWriter writer, int seconds)
    {
        writer.WriteByte(seconds < 0 ? (byte)'-' : (byte)'+');
        seconds = Math.Abs(seconds);
        Two(writer.Take(2), seconds / 3600);
        if (seconds % 3600 != 0)
        {
            writer.WriteByte((byte)':');
            Two(writer.Take(2), seconds / 60 % 60);
            if (seconds % 60 != 0)
            {
                writer.WriteByte((byte)':');
                Two(writer.Take(2), seconds % 60);
            }
        }
    }

    /// <summary>A point and up to six digits without trailing zeros; nothing for 0.</summary>
    public static void AppendFraction(ByteWriter writer, int micros)
    {
        if (micros == 0)
        {
            return;
        }

        int digits = 6;
        while (micros % 10 == 0)
        {
            micros /= 10;
            digits--;
        }

        Span<byte> to = writer.Take(digits + 1);
        to[0] = (byte)'.';
        for (int i = digits; i > 0; i--)
        {
            to[i] = (byte)('0' + (micros % 10));
            micros /= 10;
        }
    }

    public static void Two(Span<byte> to, int value)
    {
        to[1] = (byte)('0' + (value % 10));
        to[0] = (byte)('0' + (value / 10));
    }

    private static int AppendDay(ByteWriter writer, int days)
    {
        (int year, int month, int day) = Calendar.Date(days);
        int shown = year > 0 ? year : 1 - year;
        if (shown < 10_000)
        {
            Span<byte> four = writer.Take(4);
            Two(four, shown / 100);
            Two(four[2..], shown % 100);
        }
        else
        {
            NumberText.Append(writer, shown);
        }

        Span<byte> to = writer.Take(6);
        to[0] = (byte)'-';
        Two(to[1..], month);
        to[3] = (byte)'-';
        Two(to[4..], day);
        return year;
    }
}
