// What a client says about the feed it wants: mode, pace, where it was, and what to do when it is slow.
using Microsoft.AspNetCore.Http;

namespace Millrace.Doors.Http.Feeds;

/// <summary>The wishes of one reader.</summary>
/// <param name="Mode">What a delta holds.</param>
/// <param name="Since">The place the reader had, or null.</param>
/// <param name="Snapshot">True when the present answer comes first.</param>
/// <param name="Drop">True to close a reader that falls too far behind; else it gets changes merged, then a gap and the answer anew.</param>
/// <param name="MinIntervalMs">Time between two deltas at least; what happens meanwhile is merged.</param>
internal sealed record FeedRequest(FeedMode Mode, string? Since, bool Snapshot, bool Drop, int MinIntervalMs)
{
    // A reader that keeps up sees every epoch; one that does not gets this many at most before they are merged.
    private const int MergeBeyond = 64;

    /// <summary>How many changes may wait before they are given as one.</summary>
    public int Merge => Drop ? int.MaxValue : MinIntervalMs > 0 ? 1 : MergeBeyond;

    /// <summary>Reads the wishes from an address and Last-Event-ID.</summary>
    /// <exception cref="HttpException">400: one is not understood.</exception>
    public static FeedRequest Of(HttpRequest request, FeedMode mode)
    {
        string? id = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : request.Query["since"].ToString() is { Length: > 0 } since ? since : null;
        return Of(name => request.Query.TryGetValue(name, out var value) ? value.ToString() : null, id, mode);
    }

    /// <summary>Reads the wishes by name.</summary>
    /// <exception cref="HttpException">400: one is not understood.</exception>
    public static FeedRequest Of(Func<string, string?> get, string? since, FeedMode mode) => new(
        get("mode") switch
        {
            null => mode,
            "delta" => FeedMode.Delta,
            "changes" => FeedMode.Changes,
            "latest" => FeedMode.Latest,
            string other => throw Bad("mode", other, "delta, changes or latest"),
        },
        since is { Length: > 64 } ? throw Bad("since", since[..16] + "…", "the id of the last event") : since,
        get("snapshot") switch
        {
            null or "true" => true,
            "false" => false,
            string other => throw Bad("snapshot", other, "true or false"),
        },
        get("slow") switch
        {
            null or "conflate" => false,
            "drop" => true,
            string other => throw Bad("slow", other, "conflate or drop"),
        },
        Interval(get("min_interval")));

    // 250, 250ms or 2s.
    private static int Interval(string? text)
    {
        if (text is null)
        {
            return 0;
        }

        (string digits, int unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1)
            : text.EndsWith('s') ? (text[..^1], 1_000) : (text, 1);
        return int.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int count) && count <= 60_000 / unit
            ? count * unit
            : throw Bad("min_interval", text, "milliseconds up to 60000, or seconds as in 2s");
    }

    private static HttpException Bad(string name, string value, string fix) =>
        new(400, "Bad parameter", $"parameter \"{name}\": \"{value}\" is not understood", "use " + fix);
}
