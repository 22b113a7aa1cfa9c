// One reader of a shared feed: where it stands, and what it is given next.
using System.Globalization;
using Millrace.Core;
using Millrace.Feeds;

namespace Millrace;

/// <summary>What a <see cref="FeedUpdate"/> is.</summary>
public enum FeedUpdateKind
{
    /// <summary>Rows with weights that lead from the reader's last epoch to this one.</summary>
    Delta,
    /// <summary>The reader was too far behind: changes are gone. <see cref="FeedReader.Snapshot"/> gives the answer anew.</summary>
    Gap,
}

/// <summary>What a reader gets next.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Epoch">The epoch that is reached.</param>
/// <param name="Batch">Rows with weights; one and the same object for every reader of an unmerged change; null when changes cancelled out, and for a gap.</param>
/// <param name="Versions">How many epochs' changes are in it, or were lost.</param>
public sealed record FeedUpdate(FeedUpdateKind Kind, long Epoch, Batch? Batch, long Versions);

/// <summary>
/// A reader of a live query, whole epochs at a time. It holds no queue: the changes wait once for all readers, in bounded memory. Not for concurrent use.
/// </summary>
public sealed class FeedReader : IAsyncDisposable
{
    private readonly SharedFeed _feed;
    private readonly Action _left;
    private long _epoch;
    private long _number;
    private long _rows;
    private long _merged;
    private long _lost;
    private string _via = "library";
    private string? _client;
    private bool _disposed;

    internal FeedReader(SharedFeed feed, string? since, Action left)
    {
        _feed = feed;
        _left = left;
        Since = since;
        _epoch = feed.Seen;
        if (since is not null && TryParse(since, out long epoch, out int generation) && generation == feed.Generation && feed.Covers(epoch))
        {
            Resumed = true;
            _epoch = epoch;
        }

        _number = feed.NumberAt(_epoch);
    }

    /// <summary>The visible columns.</summary>
    public Schema Columns => _feed.Columns;

    /// <summary>Columns that identify a row, or null when rows may repeat.</summary>
    public IReadOnlyList<int>? Key => _feed.Key;

    /// <summary>True when rows are only ever added.</summary>
    public bool AppendOnly => !_feed.Query.KeepsAnswer;

    /// <summary>What the reader said it had, or null.</summary>
    public string? Since { get; }

    /// <summary>True when the reader goes on where it was; false when it needs a snapshot.</summary>
    public bool Resumed { get; }

    /// <summary>The epoch that the reader has reached.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>What it follows, in words for people.</summary>
    public string Query { get; internal set; } = "";

    /// <summary>What names the reader's present place; give it back to come back to it.</summary>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{_epoch}-{_feed.Generation}");

    /// <summary>Why the feed has ended, or null.</summary>
    public SqlException? Error => _feed.Error;

    /// <summary>True when nothing more will come.</summary>
    public bool Ended => _feed.Ended;

    /// <summary>Says who reads, for those who look at the list of subscriptions.</summary>
    /// <param name="query">What is followed.</param>
    /// <param name="via">How.</param>
    /// <param name="client">Where the reader is.</param>
    public void Introduce(string query, string via, string? client) => (Query, _via, _client) = (query, via, client);

    internal Follower Report(long id, long startedMicros, long nowMicros, int others)
    {
        (int waiting, long oldest) = _feed.Backlog(Epoch);
        return new Follower(
            id, Query, _via, _client, startedMicros, Epoch, waiting, waiting > 0 ? Math.Max(0, nowMicros - oldest) : 0,
            Volatile.Read(ref _rows), Volatile.Read(ref _merged), Volatile.Read(ref _lost), others, _feed.Held);
    }

    /// <summary>The whole answer; the reader stands at its epoch afterwards. The rows may be walked later, they do not change.</summary>
    /// <exception cref="SqlException">It cannot be read.</exception>
    public IEnumerable<Batch> Snapshot(CancellationToken cancellation = default)
    {
        (_epoch, _number, IEnumerable<Batch> rows) = _feed.Answer(cancellation);
        return rows;
    }

    /// <summary>Waits until there is something to take, or the feed has ended.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation) => await _feed.Moved(_epoch).WaitAsync(cancellation).ConfigureAwait(false);

    /// <summary>Takes the next change; null when there is none yet.</summary>
    /// <param name="mergeBeyond">When more changes wait than this, all of them are given as one: the latest state of each row, not every step to it.</param>
    public FeedUpdate? Next(int mergeBeyond = int.MaxValue)
    {
        int waiting = _feed.Waiting(_epoch);
        bool merge = waiting > mergeBeyond && waiting > 1;
        if (_feed.After(_epoch, merge ? int.MaxValue : 1) is not var (entries, _))
        {
            long before = _number;
            _number = _feed.NumberAt(_feed.Seen);
            _lost += _number - before;
            return new FeedUpdate(FeedUpdateKind.Gap, _epoch, null, _number - before);
        }

        if (entries.Count == 0)
        {
            return null;
        }

        _epoch = entries[^1].Epoch;
        _number += entries.Count;
        _merged += entries.Count - 1;
        Batch? batch = entries.Count == 1 ? entries[0].Batch : _feed.Merge(entries);
        _rows += batch?.Count ?? 0;
        return new FeedUpdate(FeedUpdateKind.Delta, _epoch, batch, entries.Count);
    }

    /// <summary>Moves over epochs that changed nothing; true when the place has moved.</summary>
    public bool CatchUp()
    {
        long seen = _feed.Seen;
        if (seen <= _epoch || _feed.Waiting(_epoch) > 0 || !_feed.Covers(_epoch))
        {
            return false;
        }

        _epoch = seen;
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _left();
        }

        return ValueTask.CompletedTask;
    }

    private static bool TryParse(string place, out long epoch, out int generation)
    {
        generation = 0;
        int dash = place.IndexOf('-', StringComparison.Ordinal);
        return long.TryParse(place.AsSpan(0, Math.Max(dash, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out epoch)
            && int.TryParse(place.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out generation);
    }
}
