// Where a record is: one number over all files of the log.
namespace Millrace.Log;

/// <summary>A byte position in the log, counted over all its files since the log began; it only grows. Zero is the beginning.</summary>
public readonly record struct LogPosition(long Value) : IComparable<LogPosition>
{
    /// <inheritdoc/>
    public int CompareTo(LogPosition other) => Value.CompareTo(other.Value);

    /// <summary>Whether a is before b.</summary>
    public static bool operator <(LogPosition a, LogPosition b) => a.Value < b.Value;

    /// <summary>Whether a is behind b.</summary>
    public static bool operator >(LogPosition a, LogPosition b) => a.Value > b.Value;

    /// <summary>Whether a is before or at b.</summary>
    public static bool operator <=(LogPosition a, LogPosition b) => a.Value <= b.Value;

    /// <summary>Whether a is behind or at b.</summary>
    public static bool operator >=(LogPosition a, LogPosition b) => a.Value >= b.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
