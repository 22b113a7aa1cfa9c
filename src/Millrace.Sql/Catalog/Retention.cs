// How long, and how much of, a stream or append-only view is kept: the options retention and retention_bytes.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What is kept; null means without end. Both may be given: what either of them lets go goes.</summary>
/// <param name="Micros">Rows whose time is further back than this go, µs.</param>
/// <param name="Bytes">The oldest segments go while all of them together are larger than this.</param>
public readonly record struct Retention(long? Micros, long? Bytes)
{
    /// <summary>The option for the time.</summary>
    public const string TimeOption = "retention";

    /// <summary>The option for the size.</summary>
    public const string BytesOption = "retention_bytes";

    private const decimal Day = 86_400_000_000;

    // PostgreSQL counts 30 days a month; here nothing may go earlier than it was promised.
    private static readonly (string Unit, decimal Micros)[] Times = [
        ("s", 1_000_000), ("sec", 1_000_000), ("second", 1_000_000), ("m", 60_000_000), ("min", 60_000_000), ("minute", 60_000_000),
        ("h", Day / 24), ("hour", Day / 24), ("d", Day), ("day", Day), ("w", 7 * Day), ("week", 7 * Day),
        ("month", 31 * Day), ("y", 366 * Day), ("year", 366 * Day)];

    private static readonly (string Unit, decimal Bytes)[] Sizes = [
        ("b", 1), ("byte", 1), ("kb", 1e3m), ("mb", 1e6m), ("gb", 1e9m), ("tb", 1e12m),
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30), ("tib", 1L << 40)];

    /// <summary>What the options of an object say.</summary>
    public static Retention Of(IReadOnlyDictionary<string, string> options) => new(
        options.TryGetValue(TimeOption, out string? time) ? ParseTime(time, 0) : null,
        options.TryGetValue(BytesOption, out string? bytes) ? ParseBytes(bytes, 0) : null);

    /// <summary>A length of time such as <c>7 days</c>, in µs.</summary>
    /// <exception cref="SqlException">22023: it is none.</exception>
    public static long ParseTime(string text, int position) => Sum(text, Times) ?? throw new SqlException(
        "22023", $"{TimeOption} \"{text}\" is not a length of time", position,
        Sum(text, Sizes) is null ? "write a count and a unit, such as '10 minutes' or '7 days'" : $"for a size write {BytesOption} = '{text}'");

    /// <summary>A length of time in µs; null when the text is none.</summary>
    public static long? TryParseTime(string text) => Sum(text, Times);

    /// <summary>A size such as <c>10 GB</c>, or a count of bytes. GB are 10⁹ bytes, GiB are 2³⁰.</summary>
    /// <exception cref="SqlException">22023: it is none.</exception>
    public static long ParseBytes(string text, int position) =>
        TryParseBytes(text) ?? throw new SqlException(
            "22023", $"{BytesOption} \"{text}\" is not a size", position, "write a number and a unit, such as '500 MB' or '10 GB'");

    /// <summary>A size in bytes; null when the text is none.</summary>
    public static long? TryParseBytes(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? count : Sum(text, Sizes);

    // Numbers with units, one behind the other: "7 days", "7d", "1 day 12 hours".
    private static long? Sum(string text, (string Unit, decimal Size)[] units)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        decimal sum = 0;
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count))
            {
                return null;
            }

            rest = rest[digits..].TrimStart();
            int letters = rest.IndexOfAnyInRange('0', '9') is var next && next < 0 ? rest.Length : next;
            if (UnitOf(rest[..letters].TrimEnd(), units) is not { } unit || count > long.MaxValue / unit)
            {
                return null;
            }

            sum += count * unit;
            rest = rest[letters..];
        }

        return sum is >= 1 and <= long.MaxValue ? (long)sum : null;
    }

    private static decimal? UnitOf(ReadOnlySpan<char> word, (string Unit, decimal Size)[] units)
    {
        foreach ((string unit, decimal size) in units)
        {
            if (word.Equals(unit, StringComparison.OrdinalIgnoreCase)
                || (unit.Length > 2 && word.Length == unit.Length + 1 && word[^1] is 's' or 'S' && word[..^1].Equals(unit, StringComparison.OrdinalIgnoreCase)))
            {
                return size;
            }
        }

        return null;
    }
}
