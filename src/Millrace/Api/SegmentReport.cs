// What is told about segments: for the system view, `millrace inspect` and whoever embeds.
namespace Millrace;

/// <summary>A segment file.</summary>
/// <param name="ObjectId">The stream or view.</param>
/// <param name="Object">Its name.</param>
/// <param name="Path">The file, relative to the data folder.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="FirstOffset">The smallest offset in it.</param>
/// <param name="LastOffset">The largest offset in it.</param>
/// <param name="MinTimeMicros">The smallest event time, µs since 1970 (commit time where there is no event time).</param>
/// <param name="MaxTimeMicros">The largest.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Damage">What is wrong with it, or null.</param>
public sealed record SegmentReport(
    int ObjectId, string Object, string Path, long Rows, long FirstOffset, long LastOffset, long MinTimeMicros, long MaxTimeMicros, long Bytes, string? Damage);

/// <summary>A column of an object, over all its segments.</summary>
/// <param name="Column">Its name; <c>(offset)</c> is the hidden column that keeps the order of arrival.</param>
/// <param name="Type">Its type.</param>
/// <param name="Values">Rows in segments.</param>
/// <param name="Bytes">Bytes of its blocks.</param>
/// <param name="FilterBytes">Bytes of the filters that find single values in it; 0 where it has none.</param>
/// <param name="Codecs">The codecs used, and how many blocks each has.</param>
public sealed record ColumnReport(string Column, string Type, long Values, long Bytes, long FilterBytes, IReadOnlyDictionary<string, int> Codecs)
{
    /// <summary>Bytes of a value on the average.</summary>
    public double BytesPerValue => Values == 0 ? 0 : (double)Bytes / Values;
}
