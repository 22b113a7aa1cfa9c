// The list of all who follow something, for millrace.subscriptions.
using System.Collections.Concurrent;

namespace Millrace.Feeds;

/// <summary>Those who follow are entered when they begin and struck out when they leave; what they are doing is asked when somebody looks.</summary>
/// <param name="now">The time, µs since 1970.</param>
internal sealed class FollowerList(Func<long> now)
{
    private readonly ConcurrentDictionary<long, Func<long, Follower>> _all = new();
    private long _last;

    /// <summary>Enters one; <paramref name="look"/> is given its identity, when it began, and the time of the look.</summary>
    /// <returns>What strikes it out again.</returns>
    public Action Enter(Func<long, long, long, Follower> look)
    {
        long id = Interlocked.Increment(ref _last);
        long started = now();
        _all[id] = at => look(id, started, at);
        return () => _all.TryRemove(id, out _);
    }

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<Follower> All()
    {
        long at = now();
        return [.. _all.OrderBy(f => f.Key).Select(f => f.Value(at))];
    }
}
