// All feeds that are followed, one for each query however many follow it.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Feeds;

/// <summary>Opens feeds, shares them, and closes those that nobody has followed for a while.</summary>
/// <param name="bytesMax">Bytes that all feeds may hold together.</param>
/// <param name="feedsMax">Feeds at once.</param>
/// <param name="linger">How long a feed stays when its last reader has left, so that one who lost its connection goes on where it was.</param>
/// <param name="followers">Where readers are listed.</param>
internal sealed class FeedHub(long bytesMax, int feedsMax, TimeSpan linger, FollowerList followers) : IAsyncDisposable
{
    private readonly FeedBudget _budget = new(bytesMax);
    private readonly Dictionary<string, Shared> _feeds = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Feeds open now.</summary>
    public int Count
    {
        get
        {
            lock (_feeds)
            {
                return _feeds.Count;
            }
        }
    }

    /// <summary>Bytes held now.</summary>
    public long Bytes => _budget.Bytes;

    /// <summary>Joins the feed of a key, opening it if it is not there.</summary>
    /// <exception cref="SqlException">The query cannot be followed; 53400: too many feeds; 53200: no memory for them.</exception>
    public async ValueTask<FeedReader> FollowAsync(string key, string? since, Func<FeedBudget, Task<SharedFeed>> open, CancellationToken cancellation)
    {
        Shared shared;
        lock (_feeds)
        {
            if (!_feeds.TryGetValue(key, out shared!) || shared.IsOver)
            {
                if (_feeds.Count >= feedsMax)
                {
                    throw new SqlException("53400", $"{feedsMax} different queries are followed already", hint: "follow the same query as others, or ask later");
                }

                if (_budget.IsSpent)
                {
                    throw FeedBudget.Spent();
                }

                shared = new Shared(open(_budget));
                _feeds[key] = shared;
            }

            shared.Readers++;
        }

        try
        {
            SharedFeed feed = await shared.Feed.WaitAsync(cancellation).ConfigureAwait(false);
            await feed.Started.WaitAsync(cancellation).ConfigureAwait(false);
            return List(key, shared, feed, since);
        }
        catch
        {
            Leave(key, shared);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        Shared[] all;
        lock (_feeds)
        {
            all = [.. _feeds.Values];
            _feeds.Clear();
        }

        foreach (Shared shared in all)
        {
            await CloseAsync(shared).ConfigureAwait(false);
        }
    }

    private FeedReader List(string key, Shared shared, SharedFeed feed, string? since)
    {
        Action strike = () => { };
        var reader = new FeedReader(feed, since, () =>
        {
            strike();
            Leave(key, shared);
        })
        {
            // A key is the catalog's version, a mark, and what is followed.
            Query = key[(key.AsSpan().IndexOfAny(':', '/') + 1)..],
        };
        strike = followers.Enter((id, started, now) => reader.Report(id, started, now, shared.Readers - 1));
        return reader;
    }

    private void Leave(string key, Shared shared)
    {
        lock (_feeds)
        {
            shared.Readers--;
            shared.Leavings++;
            if (shared.Readers == 0)
            {
                _ = CloseLaterAsync(key, shared, shared.Leavings);
            }
        }
    }

    private async Task CloseLaterAsync(string key, Shared shared, long leavings)
    {
        try
        {
            if (!shared.IsOver)
            {
                await Task.Delay(linger, _closing.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_feeds)
        {
            if (shared.Readers > 0 || shared.Leavings != leavings)
            {
                return;
            }

            if (_feeds.TryGetValue(key, out Shared? there) && there == shared)
            {
                _feeds.Remove(key);
            }
        }

        await CloseAsync(shared).ConfigureAwait(false);
    }

    private static async Task CloseAsync(Shared shared)
    {
        try
        {
            await (await shared.Feed.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is SqlException or ObjectDisposedException or OperationCanceledException)
        {
            // It never opened, or the engine has gone before it: there is nothing to close.
        }
    }

    private sealed class Shared(Task<SharedFeed> feed)
    {
        public Task<SharedFeed> Feed { get; } = feed;

        public int Readers { get; set; }

        public long Leavings { get; set; }

        public bool IsOver => Feed.IsFaulted || Feed.IsCanceled || (Feed.IsCompletedSuccessfully && Feed.Result.Ended);
    }
}
