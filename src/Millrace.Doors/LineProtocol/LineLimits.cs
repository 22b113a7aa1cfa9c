// The bounds of what one request of line protocol may ask for.
namespace Millrace.Doors.LineProtocol;

/// <summary>Bounds on lines; a request that passes one is refused with the reason.</summary>
internal sealed record LineLimits
{
    /// <summary>The longest name of a measurement, tag or field, in bytes.</summary>
    public const int NameBytesMax = 256;

    /// <summary>The longest line, in bytes.</summary>
    public int LineBytesMax { get; init; } = 1 << 20;

    /// <summary>Measurements seen for the first time.</summary>
    public int NewStreamsMax { get; init; } = 1_000;

    /// <summary>Columns of one stream.</summary>
    public int ColumnsMax { get; init; } = 1_600;

    /// <summary>Values of one measurement, the missing ones included: rows that have few fields of very many would else take memory beyond measure.</summary>
    public long CellsMax { get; init; } = 64 << 20;

    /// <summary>Bad lines whose reasons are told.</summary>
    public int ErrorsTold { get; init; } = 100;

    /// <summary>Values that a column's own type refuses, such as text that is no date; after that many the request is given up.</summary>
    public int BadValuesMax { get; init; } = 10_000;
}
