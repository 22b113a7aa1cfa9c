// Timestamps of line protocol: whole numbers since 1970 in the unit that the request names.
namespace Millrace.Doors.LineProtocol;

/// <summary>A unit of time, and how its numbers become microseconds. Times are kept in µs: nanoseconds are rounded down.</summary>
internal readonly struct LineTime
{
    /// <summary>InfluxDB's range: what fits 64 bits of nanoseconds, less its two reserved values. 1677-09-21 to 2262-04-11.</summary>
    public const long NanosMin = long.MinValue + 2;

    /// <summary>The end of the range, see <see cref="NanosMin"/>.</summary>
    public const long NanosMax = long.MaxValue - 1;

    private readonly long _nanos;

    private LineTime(long nanos) => _nanos = nanos;

    /// <summary>Nanoseconds, the default.</summary>
    public static LineTime Nanoseconds => new(1);

    /// <summary>The unit by the name the API gives it.</summary>
    public static bool TryParse(string name, out LineTime unit)
    {
        long nanos = name switch
        {
            "" or "ns" or "n" => 1,
            "us" or "u" or "µs" or "µ" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => 0,
        };
        unit = new LineTime(nanos);
        return nanos > 0;
    }

    /// <summary>The number as µs since 1970; false when it is out of range.</summary>
    public bool TryToMicros(long value, out long micros)
    {
        if (_nanos == 1)
        {
            long down = value / 1000;
            micros = value < 0 && down * 1000 != value ? down - 1 : down;
            return value is >= NanosMin and <= NanosMax;
        }

        micros = 0;
        if (value > NanosMax / _nanos || value < NanosMin / _nanos)
        {
            return false;
        }

        micros = value * (_nanos / 1000);
        return true;
    }
}
