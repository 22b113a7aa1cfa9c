// How often a token may ask: a bucket that fills by its rate and holds one second's worth.
using System.Collections.Concurrent;

namespace Millrace.Doors.Http.Access;

/// <summary>Counts requests by token.</summary>
internal sealed class RateLimits(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>Takes one request; false when there is none left, and one at most a second later.</summary>
    /// <param name="name">The token's name: as many buckets as tokens, however many requests.</param>
    /// <param name="rate">Requests a second.</param>
    public bool TryTake(string name, int rate)
    {
        Bucket bucket = _buckets.GetOrAdd(name, _ => new Bucket(time.GetTimestamp(), rate));
        lock (bucket)
        {
            long now = time.GetTimestamp();
            bucket.Left = Math.Min(rate, bucket.Left + (time.GetElapsedTime(bucket.At, now).TotalSeconds * rate));
            bucket.At = now;
            if (bucket.Left < 1)
            {
                return false;
            }

            bucket.Left--;
            return true;
        }
    }

    private sealed class Bucket(long at, double left)
    {
        public long At { get; set; } = at;

        public double Left { get; set; } = left;
    }
}
