// What a statement gives back, and what a subscription delivers.
using System.Threading.Channels;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace;

/// <summary>A message for the user that is not an error (PostgreSQL's NOTICE).</summary>
/// <param name="SqlState">SQLSTATE, 00000 for plain notices.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Hint">Advice, or null.</param>
public sealed record Notice(string SqlState, string Message, string? Hint = null);

/// <summary>The outcome of one statement.</summary>
public sealed class StatementResult
{
    /// <summary>PostgreSQL's command tag, such as <c>INSERT 0 3</c> or <c>SELECT 5</c>.</summary>
    public required string CommandTag { get; init; }

    /// <summary>The result's columns; null when the statement returns no rows.</summary>
    public Schema? Columns { get; init; }

    /// <summary>The rows in order, without weights; the batches may carry hidden trailing columns beyond <see cref="Columns"/>.</summary>
    public IReadOnlyList<Batch> Batches { get; init; } = [];

    /// <summary>Rows returned or changed.</summary>
    public long RowCount { get; init; }

    /// <summary>The epoch that was read or committed.</summary>
    public long Epoch { get; init; }

    /// <summary>Notices raised meanwhile.</summary>
    public IReadOnlyList<Notice> Notices { get; init; } = [];

    /// <summary>For SUBSCRIBE: the live feed. The caller disposes it.</summary>
    public Subscription? Subscription { get; init; }

    /// <summary>For COPY … FROM STDIN: where the caller writes the rows.</summary>
    public CopyIn? CopyIn { get; init; }

    /// <summary>For COPY … TO STDOUT: the format asked for; the rows are in <see cref="Batches"/>.</summary>
    public CopyFormat? CopyOut { get; init; }
}

/// <summary>A COPY … FROM STDIN in progress. Nothing is visible until <see cref="CompleteAsync"/>; disposing without it drops everything.</summary>
public abstract class CopyIn : IAsyncDisposable
{
    /// <summary>The columns that each row must bring, in order.</summary>
    public abstract Schema Columns { get; }

    /// <summary>The layout that the statement declared.</summary>
    public abstract CopyFormat Format { get; }

    /// <summary>Adds rows with the columns of <see cref="Columns"/>; takes ownership of the batch.</summary>
    /// <exception cref="SqlException">A constraint does not hold.</exception>
    public abstract ValueTask WriteAsync(Batch batch, CancellationToken cancellation = default);

    /// <summary>Commits what was written and returns the number of rows.</summary>
    public abstract ValueTask<long> CompleteAsync(CancellationToken cancellation = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>What a <see cref="SubscriptionEvent"/> carries.</summary>
public enum SubscriptionEventKind
{
    /// <summary>Rows of the answer as it stood when the subscription began.</summary>
    Snapshot,
    /// <summary>A change: rows with weights.</summary>
    Delta,
    /// <summary>Nothing changed up to this epoch.</summary>
    Progress,
    /// <summary>The feed has ended because of an error: see <see cref="SubscriptionEvent.Error"/>.</summary>
    Error,
}

/// <summary>One event of a subscription, in epoch order.</summary>
/// <param name="Kind">What it carries.</param>
/// <param name="Epoch">The epoch whose state is reached with it.</param>
/// <param name="TimeMicros">The epoch's time, µs since 1970 UTC.</param>
/// <param name="Batch">Rows (an own copy, read-only, may be shared between subscribers), or null.</param>
/// <param name="Last">For snapshots and changes: true on the last batch of the snapshot or of the epoch.</param>
/// <param name="Error">Why the feed ended, or null.</param>
public sealed record SubscriptionEvent(
    SubscriptionEventKind Kind, long Epoch, long TimeMicros, Batch? Batch = null, bool Last = false, SqlException? Error = null);

/// <summary>
/// A live feed of a query: the answer as of one epoch, then every later change, with no gap and no repeat. The queue behind it is bounded: a
/// reader that falls more than the limit behind is dropped with an <see cref="SubscriptionEventKind.Error"/> event (SQLSTATE 53400), never the server.
/// </summary>
public sealed class Subscription : IAsyncDisposable
{
    private readonly Func<ValueTask> _close;

    internal Subscription(Schema columns, IReadOnlyList<int>? key, ChannelReader<SubscriptionEvent> events, Func<ValueTask> close)
    {
        Columns = columns;
        Key = key;
        Events = events;
        _close = close;
    }

    /// <summary>The visible columns of every batch.</summary>
    public Schema Columns { get; }

    /// <summary>The columns of changes as rows: the epoch, the weight, then the visible columns.</summary>
    public Schema RowColumns => RowColumnsOf(Columns);

    /// <summary>The columns of the changes of rows of <paramref name="columns"/>.</summary>
    public static Schema RowColumnsOf(Schema columns) => new([new Field("epoch", SqlType.BigInt, false), new Field("weight", SqlType.BigInt, false), .. columns.Fields]);

    /// <summary>The epoch that it begins at.</summary>
    public long Epoch { get; init; }

    /// <summary>Columns that identify a row, or null when rows may repeat.</summary>
    public IReadOnlyList<int>? Key { get; }

    /// <summary>The events; completes after an error event or when disposed.</summary>
    public ChannelReader<SubscriptionEvent> Events { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _close();
}
