// What sessions ask of the engine: each request completes once, with a result or an error.
using System.Threading.Channels;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

/// <summary>Something the engine is asked to do.</summary>
internal abstract class Request
{
    /// <summary>Bytes that wait with it, for the queue's bound.</summary>
    public virtual long Bytes => 0;

    public abstract void Fail(Exception error);
}

/// <summary>A request with a result.</summary>
/// <typeparam name="T">The result.</typeparam>
internal abstract class Request<T> : Request
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public void Complete(T result) => _completion.TrySetResult(result);

    public override void Fail(Exception error) => _completion.TrySetException(error);
}

/// <summary>One object's share of a write.</summary>
/// <param name="ObjectId">Stream or table.</param>
/// <param name="Batch">All columns of the object (for tables with a hidden row id: without it), or weighted rows for a change. Owned.</param>
/// <param name="Rule">What to do with taken keys.</param>
internal readonly record struct WriteEntry(int ObjectId, Batch Batch, WriteRule Rule)
{
    /// <summary>The layout that the rows were made for (<see cref="Millrace.Sql.CatalogObject.Shape"/>).</summary>
    public int Shape { get; init; }
}

/// <summary>What a write did.</summary>
/// <param name="Epoch">The epoch it is part of.</param>
/// <param name="FirstOffset">Offset of the first row of the first entry, for streams.</param>
/// <param name="Changed">Rows of change by entry.</param>
internal sealed record WriteResult(long Epoch, long FirstOffset, long[] Changed);

/// <summary>A transaction's writes: all or nothing.</summary>
internal sealed class WriteRequest(IReadOnlyList<WriteEntry> entries) : Request<WriteResult>
{
    public IReadOnlyList<WriteEntry> Entries { get; } = entries;

    public override long Bytes { get; } = entries.Sum(e => e.Batch.Bytes);
}

/// <summary>A statement that changes the catalog.</summary>
internal sealed class DefinitionRequest(Statement statement, string text) : Request<DefinitionResult>
{
    public Statement Statement { get; } = statement;

    public string Text { get; } = text;
}

/// <summary>What a definition did.</summary>
/// <param name="Tag">Command tag.</param>
/// <param name="Object">What was made, or null.</param>
/// <param name="Notices">Notices.</param>
/// <param name="Epoch">The epoch it is part of.</param>
internal sealed record DefinitionResult(string Tag, CatalogObject? Object, IReadOnlyList<string> Notices, long Epoch);

/// <summary>A new subscription.</summary>
internal sealed class SubscribeRequest(BoundQuery query, bool snapshot, bool progress, long bytesMax) : Request<Subscriber>
{
    public BoundQuery Query { get; } = query;

    public bool Snapshot { get; } = snapshot;

    public bool Progress { get; } = progress;

    public long BytesMax { get; } = bytesMax;
}

/// <summary>The end of a subscription.</summary>
internal sealed class UnsubscribeRequest(Subscriber subscriber) : Request<bool>
{
    public Subscriber Subscriber { get; } = subscriber;
}

/// <summary>Something to look at between epochs, on the engine's thread.</summary>
internal sealed class InspectRequest<T>(Func<DatabaseEngine, T> look) : Request<T>, IInspection
{
    public void Run(DatabaseEngine engine) => Complete(look(engine));
}

/// <summary>A request that only looks.</summary>
internal interface IInspection
{
    void Run(DatabaseEngine engine);
}

/// <summary>Completes with the newest epoch when every view reflects all that was committed before, and all time that has passed.</summary>
internal sealed class FlushRequest : Request<long>;

/// <summary>Make a checkpoint now; completes when it is durable.</summary>
internal sealed class CheckpointRequest : Request<long>;

/// <summary>Seal all rows and merge all small segments; completes when nothing is left to do.</summary>
internal sealed class CompactRequest : Request<long>;

/// <summary>One subscriber: its query and its bounded queue of events.</summary>
internal sealed class Subscriber
{
    private readonly Channel<SubscriptionEvent> _events = Channel.CreateUnbounded<SubscriptionEvent>(new() { SingleWriter = false });
    private readonly long _bytesMax;
    private long _bytes;
    private long _epochTaken;
    private long _rowsTaken;

    public Subscriber(QueryFeed feed, Schema columns, IReadOnlyList<int>? key, bool appendOnly, bool progress, long bytesMax)
    {
        Feed = feed;
        Columns = columns;
        Key = key;
        AppendOnly = appendOnly;
        Progress = progress;
        _bytesMax = bytesMax;
    }

    public QueryFeed Feed { get; }

    public Schema Columns { get; }

    public IReadOnlyList<int>? Key { get; }

    public bool AppendOnly { get; }

    /// <summary>The epoch that it begins at.</summary>
    public long Epoch { get; init; }

    public bool Progress { get; }

    /// <summary>True once it was dropped or closed.</summary>
    public bool Closed { get; private set; }

    public ChannelReader<SubscriptionEvent> Reader => new CountingReader(this);

    /// <summary>Bytes of changes that wait.</summary>
    public long BytesWaiting => Math.Max(0, Volatile.Read(ref _bytes));

    /// <summary>Events that wait, and since when, µs; the time is that of the oldest's epoch.</summary>
    public (int Events, long OldestMicros) Backlog =>
        _events.Reader.TryPeek(out SubscriptionEvent? oldest) ? (Math.Max(1, _events.Reader.Count), oldest.TimeMicros) : (0, 0);

    /// <summary>The epoch of the last event taken.</summary>
    public long EpochTaken => Math.Max(Epoch, Volatile.Read(ref _epochTaken));

    /// <summary>Rows of changes taken.</summary>
    public long RowsTaken => Volatile.Read(ref _rowsTaken);

    /// <summary>Queues an event; drops the subscriber when it is too far behind. The snapshot does not count: it is bounded by the answer.</summary>
    public void Send(SubscriptionEvent e)
    {
        if (Closed)
        {
            return;
        }

        if (e.Kind == SubscriptionEventKind.Delta && Interlocked.Add(ref _bytes, Cost(e)) > _bytesMax)
        {
            Close(new SqlException(
                "53400", $"subscriber dropped: more than {_bytesMax} bytes of changes were waiting for it",
                hint: "read faster, or ask for less (filter, aggregate, LIMIT)"), e.Epoch, e.TimeMicros);
            return;
        }

        _events.Writer.TryWrite(e);
    }

    public void Close(SqlException? error, long epoch = 0, long time = 0)
    {
        if (!Closed)
        {
            Closed = true;
            if (error is not null)
            {
                _events.Writer.TryWrite(new SubscriptionEvent(SubscriptionEventKind.Error, epoch, time, Error: error));
            }

            _events.Writer.TryComplete();
        }
    }

    private static long Cost(SubscriptionEvent e) => 64 + (e.Batch?.Bytes ?? 0);

    private sealed class CountingReader(Subscriber owner) : ChannelReader<SubscriptionEvent>
    {
        private readonly ChannelReader<SubscriptionEvent> _inner = owner._events.Reader;

        public override Task Completion => _inner.Completion;

        public override bool TryRead(out SubscriptionEvent item)
        {
            if (!_inner.TryRead(out item!))
            {
                return false;
            }

            Volatile.Write(ref owner._epochTaken, item.Epoch);
            if (item.Kind == SubscriptionEventKind.Delta)
            {
                Volatile.Write(ref owner._rowsTaken, owner._rowsTaken + (item.Batch?.Count ?? 0));
                Interlocked.Add(ref owner._bytes, -Cost(item));
            }

            return true;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _inner.WaitToReadAsync(cancellationToken);
    }
}
