// What a shared feed runs, and the memory that all of them together may take.
using Millrace.Core;

namespace Millrace.Feeds;

/// <summary>What a feed runs.</summary>
/// <param name="KeepsAnswer">True when the feed holds the answer itself, because a SELECT would not give exactly what was pushed.</param>
/// <param name="Read">Otherwise: reads the answer now, with its epoch.</param>
/// <param name="RingBytesMax">Bytes of past changes that are held for those who are behind or come back.</param>
internal sealed record FeedQuery(bool KeepsAnswer, Func<CancellationToken, (long Epoch, List<Batch> Rows)>? Read, long RingBytesMax);

/// <summary>Counts the bytes that all feeds hold.</summary>
internal sealed class FeedBudget(long bytesMax)
{
    private long _bytes;

    /// <summary>Bytes held now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>True when more is held than may be.</summary>
    public bool IsSpent => Bytes > bytesMax;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>What a feed ends with, or is refused with, when there is no memory left for it.</summary>
    public static SqlException Spent() => new(
        "53200", "the live answers that are followed take more memory than allowed", hint: "follow less: filter, aggregate, or LIMIT the query");
}
