// What can be wrong with a line, in InfluxDB's words where it has words for it.
using System.Text;

namespace Millrace.Doors.LineProtocol;

/// <summary>Why a line was not written.</summary>
/// <param name="Text">The reason.</param>
/// <param name="Whole">True when the reason is the whole message; else the line is quoted before it.</param>
internal sealed record LineFault(string Text, bool Whole = false)
{
    private const int QuotedMax = 100;

    public static readonly LineFault MissingMeasurement = new("missing measurement");
    public static readonly LineFault MissingTagKey = new("missing tag key");
    public static readonly LineFault MissingTagValue = new("missing tag value");
    public static readonly LineFault InvalidTagFormat = new("invalid tag format");
    public static readonly LineFault DuplicateTags = new("duplicate tags");
    public static readonly LineFault MissingFields = new("missing fields");
    public static readonly LineFault MissingFieldKey = new("missing field key");
    public static readonly LineFault MissingFieldValue = new("missing field value");
    public static readonly LineFault InvalidFieldFormat = new("invalid field format");
    public static readonly LineFault InvalidNumber = new("invalid number");
    public static readonly LineFault NumberOutOfRange = new("invalid number: value out of range");
    public static readonly LineFault InvalidBoolean = new("invalid boolean");
    public static readonly LineFault UnbalancedQuotes = new("unbalanced quotes");
    public static readonly LineFault BadTimestamp = new("bad timestamp");
    public static readonly LineFault TimeOutOfRange = new($"time outside range {LineTime.NanosMin} - {LineTime.NanosMax}");
    public static readonly LineFault InvalidText = new("invalid UTF-8, or a zero byte");
    public static readonly LineFault NameTooLong = new($"a name is longer than {LineLimits.NameBytesMax} bytes");

    /// <summary>The text of a failed line ends within a quoted string: more bytes may make it whole.</summary>
    public static readonly LineFault Incomplete = new("incomplete");

    /// <summary>A field of another type than its column.</summary>
    public static LineFault Conflict(string field, string measurement, string given, string existing) =>
        new($"field type conflict: input field \"{field}\" on measurement \"{measurement}\" is type {given}, already exists as type {existing}", Whole: true);

    /// <summary>The message for a line.</summary>
    public string Message(ReadOnlySpan<byte> line) => Whole ? Text : $"unable to parse '{Quoted(line)}': {Text}";

    private static string Quoted(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd("\r\n"u8);
        return line.Length <= QuotedMax ? Encoding.UTF8.GetString(line) : Encoding.UTF8.GetString(line[..QuotedMax]).TrimEnd('\uFFFD') + "…";
    }
}

/// <summary>A line that was not written.</summary>
/// <param name="Line">Its number from 1.</param>
/// <param name="Message">The reason.</param>
internal readonly record struct LineError(long Line, string Message);
