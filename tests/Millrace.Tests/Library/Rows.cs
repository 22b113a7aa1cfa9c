// Row types that the generator completes, one for each thing it has to get right.
namespace Millrace.Tests.Library;

[MillraceRow(Key = nameof(Id))]
public partial record Everything(
    long Id, bool Flag, short Small, int Whole, float Real, double Double, decimal Exact, string Text, byte[] Bytes,
    DateTime At, DateTimeOffset Instant, DateOnly Day, TimeOnly Time, TimeSpan Span, Guid Uuid, Colour Colour)
{
    public long? MaybeLong { get; set; }

    public string? MaybeText { get; init; }

    public Colour? MaybeColour { get; set; }

    [MillraceColumn(Name = "order", Type = "jsonb")]
    public required string Document { get; init; }

    /// <summary>No setter: no column.</summary>
    public bool Derived => Id > 0;
}

public enum Colour
{
    Red,
    Green,
}

internal static partial class Outer
{
    [MillraceRow("points", EventTime = "at", Lateness = "1 minute")]
    internal partial struct HTTPPoint
    {
        public DateTime At { get; set; }

        public double TookMs { get; set; }
    }
}

/// <summary>Lacks a column of what it reads.</summary>
[MillraceRow("points")]
internal partial record PointWithMore(DateTime At, string Missing);
