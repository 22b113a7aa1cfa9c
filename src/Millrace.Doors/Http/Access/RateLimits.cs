// How often a token may ask: a bucket that fills by its rate and holds one second's worth.
using System.Collections.Concurrent;

namespace Millrace.Doors.Http.Access;

/// <summary>Counts requests by token.</summary>
internal sealed class RateLimits(TimeProvider time)
{
    // Of signed tokens there may be any number: whoever has not asked for a second has a full bucket, which is as good as none.
    private const int BucketsMax = 10_000;
    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private long _forgotAt = time.GetTimestamp();

    /// <summary>Takes one request; false when there is none left, and one at most a second later.</summary>
    /// <param name="name">The token's name.</param>
    /// <param name="rate">Requests a second.</param>
    public bool TryTake(string name, int rate)
    {
        if (_buckets.Count > BucketsMax)
        {
            Forget();
        }

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

    // Once a second at most: it walks over all of them.
    private void Forget()
    {
        long now = time.GetTimestamp(), before = Volatile.Read(ref _forgotAt);
        if (time.GetElapsedTime(before, now).TotalSeconds < 1 || Interlocked.CompareExchange(ref _forgotAt, now, before) != before)
        {
            return;
        }

        foreach ((string name, Bucket bucket) in _buckets)
        {
            lock (bucket)
            {
                if (time.GetElapsedTime(bucket.At, now).TotalSeconds > 1)
                {
                    _buckets.TryRemove(name, out _);
                }
            }
        }
    }

    private sealed class Bucket(long at, double left)
    {
        public long At { get; set; } = at;

        public double Left { get; set; } = left;
    }
}
