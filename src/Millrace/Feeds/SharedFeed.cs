// One live query and all who follow it: the changes of late in a ring of bounded bytes, and the answer as it stands.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Feeds;

/// <summary>The change of one epoch, whole.</summary>
internal readonly record struct FeedEntry(long Epoch, long TimeMicros, Batch Batch, long Bytes);

/// <summary>
/// Runs a query once for any number of readers. Readers hold no queue of their own but a place in the ring: who falls off its end is told so and given the
/// answer anew, and who comes back names the epoch it had. What many wait for is thus held once, however slow they are.
/// </summary>
internal sealed class SharedFeed : IAsyncDisposable
{
    private const int EntriesMax = 1 << 16;

    private readonly Subscription _source;
    private readonly FeedQuery _query;
    private readonly FeedBudget _budget;
    private readonly Lock _gate = new();
    private readonly List<FeedEntry> _entries = [];
    private readonly List<Batch> _open = [];
    private readonly ChangeCollector _collector;
    private readonly Spine? _answer;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _pump;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _first;
    private long _ringBytes;
    private long _held;
    private long _taken;
    private long _floor;
    private long _seen;
    private long _answered;
    private SqlException? _error;
    private bool _ended;

    public SharedFeed(Subscription source, FeedQuery query, FeedBudget budget)
    {
        _source = source;
        _query = query;
        _budget = budget;
        Layout = new RowLayout(source.Columns, source.Key ?? []);
        _collector = new ChangeCollector(Layout);
        _answer = query.KeepsAnswer ? new Spine() : null;
        _floor = _seen = source.Epoch;
        Generation = Random.Shared.Next(1, int.MaxValue);
        if (_answer is null)
        {
            _started.TrySetResult();
        }

        _pump = Task.Run(PumpAsync);
    }

    public Schema Columns => _source.Columns;

    public IReadOnlyList<int>? Key => _source.Key;

    public FeedQuery Query => _query;

    public RowLayout Layout { get; }

    /// <summary>Tells this feed from earlier ones of the same query, whose epochs it cannot vouch for.</summary>
    public int Generation { get; }

    /// <summary>Completes when the answer as it stood at the beginning is there.</summary>
    public Task Started => _started.Task;

    /// <summary>True when nothing more will come.</summary>
    public bool Ended => Volatile.Read(ref _ended);

    /// <summary>Why it has ended; null while it has not, and when it was closed.</summary>
    public SqlException? Error => Volatile.Read(ref _error);

    /// <summary>The newest epoch whose changes, if any, are in the ring.</summary>
    public long Seen
    {
        get
        {
            lock (_gate)
            {
                return _seen;
            }
        }
    }

    /// <summary>True when everything after an epoch is still in the ring. An epoch that nobody was given is none to go on from: it would be waited for in silence.</summary>
    public bool Covers(long epoch)
    {
        lock (_gate)
        {
            return epoch >= _floor && epoch <= Math.Max(_seen, _answered) && !_ended;
        }
    }

    /// <summary>The answer and the epoch it stands for.</summary>
    public (long Epoch, long Number, IEnumerable<Batch> Rows) Answer(CancellationToken cancellation)
    {
        if (_answer is null)
        {
            // Rows are only ever added: a SELECT gives the same as what was pushed so far, and costs nothing while nobody asks.
            (long epoch, List<Batch> rows) = _query.Read!(cancellation);
            lock (_gate)
            {
                _answered = Math.Max(_answered, epoch);
                return (epoch, Number(epoch), rows);
            }
        }

        lock (_gate)
        {
            return (_seen, _taken, Layout.Scan(_answer.Runs));
        }
    }

    /// <summary>Completes when there is something after <paramref name="epoch"/>, or the feed has ended.</summary>
    public Task Moved(long epoch)
    {
        lock (_gate)
        {
            return _ended || (_first < _entries.Count && _entries[^1].Epoch > epoch) || _floor > epoch ? Task.CompletedTask : _moved.Task;
        }
    }

    /// <summary>What comes after an epoch, up to <paramref name="max"/> entries; null when the ring does not reach back that far.</summary>
    public (List<FeedEntry> Entries, int Left)? After(long epoch, int max)
    {
        lock (_gate)
        {
            if (epoch < _floor)
            {
                return null;
            }

            int from = IndexAfter(epoch);
            int take = Math.Min(max, _entries.Count - from);
            return (_entries.GetRange(from, take), _entries.Count - from - take);
        }
    }

    /// <summary>Bytes of answer and changes, held once for all readers.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>How many entries wait after an epoch, and the time of the oldest of them, µs.</summary>
    public (int Entries, long OldestMicros) Backlog(long epoch)
    {
        lock (_gate)
        {
            int first = IndexAfter(epoch);
            return first < _entries.Count ? (_entries.Count - first, _entries[first].TimeMicros) : (0, 0);
        }
    }

    /// <summary>How many entries wait after an epoch.</summary>
    public int Waiting(long epoch)
    {
        lock (_gate)
        {
            return _entries.Count - IndexAfter(epoch);
        }
    }

    /// <summary>The number of the last entry up to an epoch: differences tell how many were passed over.</summary>
    public long NumberAt(long epoch)
    {
        lock (_gate)
        {
            return Number(epoch);
        }
    }

    /// <summary>Several changes as one: what was put in and taken out again in between is left out.</summary>
    public Batch? Merge(IReadOnlyList<FeedEntry> entries)
    {
        var collector = new ChangeCollector(Layout);
        foreach (FeedEntry entry in entries)
        {
            collector.Add(entry.Batch);
        }

        RowRun run = collector.Take();
        return run.Count == 0 ? null : collector.ToBatch(run);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(false);
        End(null);
    }

    private async Task PumpAsync()
    {
        try
        {
            while (await _source.Events.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_source.Events.TryRead(out SubscriptionEvent? next))
                {
                    Take(next);
                    if (_ended)
                    {
                        return;
                    }
                }
            }

            End(null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            End(e as SqlException ?? new SqlException("XX000", $"the feed failed: {e.GetType().Name}", hint: "please report this"));
        }
    }

    private void Take(SubscriptionEvent next)
    {
        switch (next.Kind)
        {
            case SubscriptionEventKind.Snapshot:
                Check.That(_answer is not null);
                _collector.Add(next.Batch!);
                if (next.Last)
                {
                    Start(next.Epoch, _collector.Take());
                }

                break;
            case SubscriptionEventKind.Delta:
                _open.Add(next.Batch!);
                if (next.Last)
                {
                    Publish(next);
                }

                break;
            case SubscriptionEventKind.Progress:
                lock (_gate)
                {
                    _seen = next.Epoch;
                }

                break;
            default:
                End(next.Error ?? new SqlException("57P01", "the feed has ended"));
                break;
        }
    }

    private void Start(long epoch, RowRun rows)
    {
        lock (_gate)
        {
            _answer!.Add(rows);
            _seen = _floor = epoch;
            Account();
        }

        _started.TrySetResult();
    }

    // An epoch is one entry, however many batches it came in: readers stop between epochs and never within one.
    private void Publish(SubscriptionEvent last)
    {
        Batch batch = _open.Count == 1 ? _open[0] : Join();
        _open.Clear();
        RowRun run = RowRun.Empty;
        if (_answer is not null)
        {
            _collector.Add(batch);
            run = _collector.Take();
        }

        TaskCompletionSource moved;
        lock (_gate)
        {
            _answer?.Add(run);
            _entries.Add(new FeedEntry(last.Epoch, last.TimeMicros, batch, batch.Bytes + 128));
            _ringBytes += _entries[^1].Bytes;
            _taken++;
            _seen = last.Epoch;
            Evict();
            Account();
            moved = _moved;
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.TrySetResult();
    }

    private Batch Join()
    {
        var all = new BatchBuilder(Columns);
        foreach (Batch batch in _open)
        {
            all.Append(batch);
        }

        return all.Share();
    }

    private void Evict()
    {
        while (_first < _entries.Count && (_ringBytes > _query.RingBytesMax || _entries.Count - _first > EntriesMax || (_budget.IsSpent && _ringBytes > 0)))
        {
            _floor = _entries[_first].Epoch;
            _ringBytes -= _entries[_first].Bytes;
            _entries[_first++] = default;
            Account();
        }

        if (_first > 64 && _first > _entries.Count / 2)
        {
            _entries.RemoveRange(0, _first);
            _first = 0;
        }
    }

    private void Account()
    {
        long now = _ringBytes + (_answer?.Bytes ?? 0);
        _budget.Add(now - _held);
        _held = now;
        if (_budget.IsSpent && _ringBytes == 0 && _answer is { Bytes: > 0 })
        {
            EndLocked(FeedBudget.Spent());
        }
    }

    private int IndexAfter(long epoch)
    {
        int low = _first;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Epoch > epoch)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private long Number(long epoch) => _taken - (_entries.Count - IndexAfter(epoch));

    private void End(SqlException? error)
    {
        lock (_gate)
        {
            EndLocked(error);
        }
    }

    private void EndLocked(SqlException? error)
    {
        if (_ended)
        {
            return;
        }

        _error = error;
        Volatile.Write(ref _ended, true);
        _budget.Add(-_held);
        _held = 0;
        if (error is not null)
        {
            _started.TrySetException(error);
        }

        _started.TrySetResult();
        _moved.TrySetResult();
    }
}
