// How long a stream's input may be silent before it stops holding others back: the option idle_timeout.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Reads the option <c>idle_timeout</c> of a stream with a watermark.</summary>
public static class IdleTimeout
{
    /// <summary>The option's name.</summary>
    public const string Option = "idle_timeout";

    private const long DefaultMicros = 10_000_000;

    /// <summary>What the options of a stream say, µs; MaxValue for never.</summary>
    public static long Micros(IReadOnlyDictionary<string, string> options) => options.TryGetValue(Option, out string? text) ? Parse(text, 0) : DefaultMicros;

    /// <summary>A length of time, or <c>never</c>.</summary>
    /// <exception cref="SqlException">22023: it is neither.</exception>
    public static long Parse(string text, int position) => text.Trim().Equals("never", StringComparison.OrdinalIgnoreCase)
        ? long.MaxValue
        : Retention.TryParseTime(text) ?? throw new SqlException(
            "22023", $"{Option} \"{text}\" is not a length of time", position, "write a count and a unit, such as '10 seconds', or 'never'");
}
