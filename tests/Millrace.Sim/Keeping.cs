// What a stream lets go by its retention, as far as a model can say: which rows may be gone, and when none may be left.
using System.Globalization;

namespace Millrace.Sim;

/// <summary>Retention by time and by size, as it is and as it was.</summary>
/// <param name="Seconds">Rows older than this may go; null for never.</param>
/// <param name="Bytes">The oldest segments go beyond this; null for never.</param>
internal sealed record Keeping(long? Seconds, long? Bytes)
{
    private const long Second = 1_000_000;

    internal static readonly Keeping All = new(null, null);

    /// <summary>True when it ever let anything go, or might have: no query is drawn over it then, since nobody can say what it would find.</summary>
    internal bool Ever { get; private init; }

    /// <summary>Earlier rules may have let go of rows before this time.</summary>
    private long GoneBefore { get; init; } = long.MinValue;

    private bool BySize { get; init; }

    private bool ByTime { get; init; }

    /// <summary>Another rule from now on.</summary>
    /// <param name="seconds">By time.</param>
    /// <param name="bytes">By size.</param>
    /// <param name="now">The rule before may have been applied up to here, µs.</param>
    internal Keeping Then(long? seconds, long? bytes, long now) => new(seconds, bytes)
    {
        Ever = true,
        GoneBefore = Limit(now),
        BySize = BySize || bytes is not null,
        ByTime = ByTime || seconds is not null,
    };

    /// <summary>What is wrong with the rows found of a stream; null when they may be all that is left of what was written.</summary>
    /// <param name="model">Has all that was written.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="found">Its rows, in order.</param>
    /// <param name="time">The time of the epoch that is read, µs.</param>
    internal static string? Difference(Model model, SimObject stream, List<string> found, long time)
    {
        List<string> written = model.Text(stream.Id);
        long limit = stream.Keeps.Limit(time);
        int at = found.Count - 1;
        for (int i = written.Count - 1; i >= 0; i--)
        {
            // From the back: of equal rows the earlier ones count as gone.
            if (at >= 0 && found[at] == written[i])
            {
                at--;
            }
            else if (!stream.Keeps.BySize && model.Times[stream.Id][i] >= limit)
            {
                return $"row {i} of {written.Count} ({written[i]}) is gone, its time is {model.Times[stream.Id][i]}; only what is before {limit} may be ({found.Count} rows)";
            }
        }

        return at >= 0 ? $"row {at} of {found.Count} ({found[at]}) is not what was written, or not in that order"
            : found.Count == 0 && written.Count > 0 && !stream.Keeps.ByTime ? "a limit by size has let everything go" : null;
    }

    /// <summary>True when every row has an event time that is too old now.</summary>
    internal static bool IsAllTooOld(Model model, SimObject stream, long time) => stream is { Watermarked: true, Keeps.Seconds: { } seconds }
        && model.Streams[stream.Id].TrueForAll(r => r[stream.Find(Role.Time)] is long at && at < time - (seconds * Second));

    /// <summary>As <see cref="ToString"/>, of what the catalog says.</summary>
    internal static string Text(IReadOnlyDictionary<string, string> options) =>
        $"{options.GetValueOrDefault("retention", "-")}, {options.GetValueOrDefault("retention_bytes", "-")}";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Seconds is { } s ? $"{s} seconds" : "-")}, {(Bytes is { } b ? $"{b} bytes" : "-")}");

    private long Limit(long time) => Math.Max(GoneBefore, Seconds is { } s ? time - (s * Second) : long.MinValue);
}
