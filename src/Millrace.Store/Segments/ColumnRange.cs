// A condition on one column that whole groups and segments can be judged by.
namespace Millrace.Store.Segments;

/// <summary>
/// Rows wanted have a non-null value between the bounds in this column (or one of <see cref="AnyOf"/>). It may be judged too kindly, never too harshly:
/// a group that is passed over holds no such row.
/// </summary>
internal sealed record ColumnRange(int Column)
{
    /// <summary>Bounds for integers, dates, times and timestamps; both belong to the range.</summary>
    public (long Min, long Max)? Integers { get; init; }

    /// <summary>Several such bounds, of which one is enough; both belong to each.</summary>
    public IReadOnlyList<(long Min, long Max)>? AnyIntegers { get; init; }

    /// <summary>True when rows in which the column is null are wanted too.</summary>
    public bool OrNull { get; init; }

    /// <summary>Bounds for real and double precision; both belong to the range. NaN counts as larger than all.</summary>
    public (double Min, double Max)? Floats { get; init; }

    /// <summary>The byte strings wanted, ascending.</summary>
    public IReadOnlyList<byte[]>? AnyOf { get; init; }

    /// <summary>False only when no row of a block with these bounds is wanted.</summary>
    /// <param name="zone">Bounds of the values that are not null.</param>
    /// <param name="hasNulls">True when there may be nulls.</param>
    /// <param name="allNull">True when there is nothing else.</param>
    public bool MayMatch(in ZoneMap zone, bool hasNulls, bool allNull)
    {
        if (OrNull && hasNulls)
        {
            return true;
        }

        if (allNull)
        {
            return false;
        }

        switch (zone.Kind)
        {
            case ZoneKind.Integer when Integers is { } range:
                return zone.Max >= range.Min && zone.Min <= range.Max;
            case ZoneKind.Integer when AnyIntegers is { } ranges:
                foreach ((long min, long max) in ranges)
                {
                    if (zone.Max >= min && zone.Min <= max)
                    {
                        return true;
                    }
                }

                return false;
            case ZoneKind.Float when Floats is { } range:
                return zone.MaxFloat >= range.Min && zone.MinFloat <= range.Max;
            case ZoneKind.Bytes when AnyOf is { } wanted:
                foreach (byte[] value in wanted)
                {
                    if (value.AsSpan().SequenceCompareTo(zone.MinBytes) >= 0 && value.AsSpan().SequenceCompareTo(zone.MaxBytes) <= 0)
                    {
                        return true;
                    }
                }

                return false;
            default:
                return true;
        }
    }
}
