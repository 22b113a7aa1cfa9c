// Answers that were given, as long as nothing they were read from has changed.
using System.Collections.Concurrent;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>An answer, ready to be sent again.</summary>
/// <param name="Tag">What it is an answer to the state of: equal tags have equal bodies.</param>
/// <param name="MediaType">Its Content-Type.</param>
/// <param name="Body">Its bytes.</param>
internal sealed record CachedAnswer(string Tag, string MediaType, byte[] Body);

/// <summary>
/// Keeps answers by address, up to a number of bytes, in two generations: when the young one is full it becomes the old one, and what is asked for again
/// moves back. Answers of past versions are never given and go the same way.
/// </summary>
internal sealed class AnswerCache(long bytesMax)
{
    private const int EntryBytes = 256;
    private ConcurrentDictionary<Key, CachedAnswer> _young = new();
    private ConcurrentDictionary<Key, CachedAnswer> _old = new();
    private long _bytes;

    /// <summary>The largest body that is kept.</summary>
    public long BodyBytesMax { get; } = bytesMax / 16;

    /// <summary>The answer kept for an address; it counts only if its tag is the present one.</summary>
    public CachedAnswer? Find(Key key)
    {
        if (_young.TryGetValue(key, out CachedAnswer? answer))
        {
            return answer;
        }

        if (_old.TryGetValue(key, out answer))
        {
            Keep(key, answer);
        }

        return answer;
    }

    /// <summary>Keeps an answer.</summary>
    public void Keep(Key key, CachedAnswer answer)
    {
        if (answer.Body.Length > BodyBytesMax)
        {
            return;
        }

        long before = _young.TryGetValue(key, out CachedAnswer? replaced) ? Cost(key, replaced) : 0;
        _young[key] = answer;
        if (Interlocked.Add(ref _bytes, Cost(key, answer) - before) > bytesMax / 2)
        {
            // Whoever races us here throws away a little more than needed; the bound holds.
            Interlocked.Exchange(ref _bytes, 0);
            _old = Interlocked.Exchange(ref _young, new());
        }
    }

    private static long Cost(Key key, CachedAnswer answer) => EntryBytes + ((key.Name.Length + key.Query.Length) * 2) + answer.Body.Length;

    /// <summary>An address: endpoint, what stands behind the question mark, and the kind of answer.</summary>
    internal readonly record struct Key(string Name, string Query, AnswerKind Kind);
}
