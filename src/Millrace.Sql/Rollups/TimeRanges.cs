// Sets of times: which windows a rollup can answer for, which are left for others.
namespace Millrace.Sql;

/// <summary>Times from <paramref name="From"/> up to, not including, <paramref name="To"/>, µs. A To of MaxValue is no end: infinity belongs to it.</summary>
/// <param name="From">The first time.</param>
/// <param name="To">The time behind the last.</param>
public readonly record struct TimeRange(long From, long To);

/// <summary>Windows of equal length: each begins at <paramref name="Origin"/> plus a multiple of <paramref name="Size"/>, µs.</summary>
/// <param name="Size">The length.</param>
/// <param name="Origin">Where one of them begins.</param>
public readonly record struct Bucket(long Size, long Origin)
{
    /// <summary>True when each of <paramref name="larger"/>'s windows is made of whole windows of this.</summary>
    public bool Divides(Bucket larger) => larger.Size % Size == 0 && ((Int128)larger.Origin - Origin) % Size == 0;

    /// <summary>True when both have the same windows.</summary>
    public bool IsSameAs(Bucket other) => Size == other.Size && Divides(other);

    /// <summary>The start of the window that a time falls into; the infinities and the first time behind −infinity stay.</summary>
    public long Floor(long time)
    {
        if (time is long.MinValue or TimeRanges.First or long.MaxValue)
        {
            return time;
        }

        Int128 rest = ((Int128)time - Origin) % Size;
        return Limited(time - (rest < 0 ? rest + Size : rest));
    }

    /// <summary>The first start of a window that is not before a time.</summary>
    public long Ceiling(long time) => Floor(time) is var start && start == time ? time : Limited((Int128)start + Size);

    private static long Limited(Int128 time) => time < long.MinValue ? long.MinValue : time > long.MaxValue ? long.MaxValue : (long)time;
}

/// <summary>A set of times as disjoint ranges in ascending order; immutable.</summary>
public sealed class TimeRanges
{
    /// <summary>The first time behind −infinity, which belongs to no window.</summary>
    public const long First = long.MinValue + 1;

    /// <summary>No time.</summary>
    public static readonly TimeRanges None = new([]);

    /// <summary>All times.</summary>
    public static readonly TimeRanges All = new([new TimeRange(long.MinValue, long.MaxValue)]);

    private TimeRanges(TimeRange[] ranges) => Ranges = ranges;

    /// <summary>The ranges, ascending; none touches the next.</summary>
    public IReadOnlyList<TimeRange> Ranges { get; }

    /// <summary>True when it holds no time.</summary>
    public bool IsEmpty => Ranges.Count == 0;

    /// <summary>The times of one range; none when it is empty.</summary>
    public static TimeRanges Of(long from, long to) => from < to ? new TimeRanges([new TimeRange(from, to)]) : None;

    /// <summary>The times that are in both.</summary>
    public TimeRanges And(TimeRanges other)
    {
        var both = new List<TimeRange>();
        for (int a = 0, b = 0; a < Ranges.Count && b < other.Ranges.Count;)
        {
            (TimeRange x, TimeRange y) = (Ranges[a], other.Ranges[b]);
            if (Math.Max(x.From, y.From) is var from && Math.Min(x.To, y.To) is var to && from < to)
            {
                both.Add(new TimeRange(from, to));
            }

            (a, b) = x.To <= y.To ? (a + 1, b) : (a, b + 1);
        }

        return new TimeRanges([.. both]);
    }

    /// <summary>The times that are not in it.</summary>
    public TimeRanges Not()
    {
        var outside = new List<TimeRange>();
        long from = long.MinValue;
        foreach (TimeRange range in Ranges)
        {
            if (from < range.From)
            {
                outside.Add(new TimeRange(from, range.From));
            }

            from = range.To;
        }

        if (from < long.MaxValue)
        {
            outside.Add(new TimeRange(from, long.MaxValue));
        }

        return new TimeRanges([.. outside]);
    }

    /// <summary>The times without those of the other.</summary>
    public TimeRanges Except(TimeRanges other) => And(other.Not());

    /// <summary>The times that are in one of them.</summary>
    public TimeRanges Or(TimeRanges other) => Not().And(other.Not()).Not();

    /// <summary>The whole windows that lie in it.</summary>
    public TimeRanges Whole(Bucket bucket)
    {
        TimeRanges whole = None;
        foreach (TimeRange range in Ranges)
        {
            whole = whole.Or(Of(bucket.Ceiling(range.From), bucket.Floor(range.To)));
        }

        return whole;
    }
}
