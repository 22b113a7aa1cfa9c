// What a template printed lately: rows that come together mostly have the same day, hour or minute.
using Millrace.Core;

namespace Millrace.Engine;

internal sealed partial class DateTimeFormat
{
    private const int Places = 16;

    private readonly long _unit; // the finest field, µs; 0 when the text may differ for times that share all fields
    private readonly Printed?[] _printed = new Printed?[Places];

    // Never changed once it can be seen, so that threads may share a template.
    private sealed record Printed(long Unit, byte[] Text);

    /// <summary>What was printed for another time that differs in no field of the template, or null.</summary>
    public ByteSlice? Remembered(long local)
    {
        if (_unit == 0)
        {
            return null;
        }

        long unit = Floor(local);
        return Volatile.Read(ref _printed[unit & (Places - 1)]) is { } printed && printed.Unit == unit ? new ByteSlice(printed.Text, 0, printed.Text.Length) : null;
    }

    /// <summary>Keeps what was printed for a time.</summary>
    public void Remember(long local, ByteSlice text)
    {
        if (_unit > 0)
        {
            long unit = Floor(local);
            Volatile.Write(ref _printed[unit & (Places - 1)], new Printed(unit, text.Span.ToArray()));
        }
    }

    private long Floor(long local) => (local / _unit) - (local % _unit < 0 ? 1 : 0);

    private long Finest()
    {
        long unit = Calendar.DayMicros;
        foreach (Node node in _nodes)
        {
            unit = Math.Min(unit, node.Code switch
            {
                "TZ" or "TZH" or "TZM" or "OF" or "MS" or "US" or "FF1" or "FF2" or "FF3" or "FF4" or "FF5" or "FF6" => 0,
                "SS" or "SSSS" or "SSSSS" => Calendar.SecondMicros,
                "MI" => 60 * Calendar.SecondMicros,
                "HH" or "HH12" or "HH24" or "AM" or "PM" or "A.M." or "P.M." => 3600 * Calendar.SecondMicros,
                _ => Calendar.DayMicros,
            });
        }

        return unit;
    }
}
