// What a reader wants of a segment.
namespace Millrace.Store.Segments;

/// <summary>Which columns and rows are read.</summary>
internal sealed record SegmentScan
{
    /// <summary>All rows and columns.</summary>
    public static readonly SegmentScan All = new();

    /// <summary>The columns wanted; the others come back as NULLs, so that positions stay. Null for all.</summary>
    public IReadOnlyList<bool>? Columns { get; init; }

    /// <summary>Conditions that all rows wanted fulfil. Groups that cannot hold such a row are passed over; rows are not filtered one by one.</summary>
    public IReadOnlyList<ColumnRange> Ranges { get; init; } = [];

    /// <summary>The first offset wanted.</summary>
    public long FromOffset { get; init; } = long.MinValue;

    /// <summary>The offset behind the last one wanted.</summary>
    public long ToOffset { get; init; } = long.MaxValue;

    public bool Wants(int column) => Columns is null || (column < Columns.Count && Columns[column]);
}
