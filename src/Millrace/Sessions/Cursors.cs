// Cursors: a result that is walked in both directions, and the changes of a query, taken as they come.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>Something a session fetches rows from by name.</summary>
/// <param name="columns">The columns of its rows.</param>
/// <param name="isHeld">True when it goes on after its transaction.</param>
internal abstract class Cursor(Schema columns, bool isHeld) : IAsyncDisposable
{
    public Schema Columns { get; } = columns;

    public bool IsHeld { get; } = isHeld;

    /// <summary>True until the transaction that declared it has committed: if that is rolled back there has never been such a cursor.</summary>
    public bool IsNew { get; set; }

    /// <summary>Where the columns come from.</summary>
    public IReadOnlyList<ColumnOrigin> Origins { get; init; } = [];

    /// <summary>What pg_cursors shows of it.</summary>
    public NamedCursor? Told { get; set; }

    /// <summary>Moves and gives the rows passed over, in the order in which they are.</summary>
    /// <exception cref="SqlException">55000: it does not move that way.</exception>
    public abstract ValueTask<Batch> FetchAsync(BoundFetch fetch, CancellationToken cancellation);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected static SqlException ForwardOnly(string hint) => new("55000", "cursor can only scan forward", hint: hint);
}

/// <summary>A result, and where its reader stands: on a row, or before the first or after the last of them.</summary>
internal sealed class RowsCursor(Schema columns, IReadOnlyList<Batch> rows, bool isHeld, bool mayGoBack) : Cursor(columns, isHeld)
{
    private readonly Batch _rows = rows.Count == 1 ? rows[0] : Join(columns, rows);

    // 0 is before the first row, Count + 1 after the last.
    private long _at;

    public override ValueTask<Batch> FetchAsync(BoundFetch fetch, CancellationToken cancellation)
    {
        (long first, long count, int step) = Move(fetch.Direction, fetch.Count);
        var builder = new BatchBuilder(Columns);
        for (int c = 0; c < Columns.Count && count > 0; c++)
        {
            if (step > 0)
            {
                builder.Columns[c].AppendRange(_rows.Columns[c], (int)first - 1, (int)count);
                continue;
            }

            for (long row = first; row > first - count; row--)
            {
                builder.Columns[c].AppendFrom(_rows.Columns[c], (int)row - 1);
            }
        }

        builder.EndRows((int)count);
        return ValueTask.FromResult(builder.Share());
    }

    // Which rows are given: the first of them (from 1), how many, and in which direction.
    private (long First, long Count, int Step) Move(FetchDirection direction, long? count)
    {
        long n = count ?? long.MaxValue;
        return direction switch
        {
            FetchDirection.Forward or FetchDirection.Backward or FetchDirection.Relative when n == 0 => Again(),
            FetchDirection.Forward => n > 0 ? Forward(n) : Backward(-n),
            FetchDirection.Backward => n > 0 ? Backward(n) : Forward(-n),
            FetchDirection.Absolute => To(n >= 0 ? n : _rows.Count + 1 + n),
            _ => To(_at + Math.Clamp(n, -_rows.Count - 1L, _rows.Count + 1L)),
        };
    }

    private (long First, long Count, int Step) Forward(long n)
    {
        long first = _at + 1;
        long taken = Math.Clamp(_rows.Count - _at, 0, n);
        _at = taken < n ? _rows.Count + 1 : _at + taken;
        return (first, taken, 1);
    }

    private (long First, long Count, int Step) Backward(long n)
    {
        CheckMayGoBack();
        long first = _at - 1;
        long taken = Math.Clamp(first, 0, n);
        _at = taken < n ? 0 : _at - taken;
        return (first, taken, -1);
    }

    private (long First, long Count, int Step) Again()
    {
        bool isOnRow = _at >= 1 && _at <= _rows.Count;
        if (isOnRow)
        {
            CheckMayGoBack();
        }

        return (_at, isOnRow ? 1 : 0, 1);
    }

    private (long First, long Count, int Step) To(long row)
    {
        row = Math.Clamp(row, 0, _rows.Count + 1);
        if (row <= _at)
        {
            CheckMayGoBack();
        }

        _at = row;
        return (row, row >= 1 && row <= _rows.Count ? 1 : 0, 1);
    }

    private void CheckMayGoBack()
    {
        if (!mayGoBack)
        {
            throw ForwardOnly("Declare it with SCROLL option to enable backward scan.");
        }
    }

    private static Batch Join(Schema columns, IReadOnlyList<Batch> rows)
    {
        var all = new BatchBuilder(columns);
        foreach (Batch batch in rows)
        {
            for (int c = 0; c < columns.Count; c++)
            {
                all.Columns[c].AppendRange(batch.Columns[c], 0, batch.Count);
            }

            all.EndRows(batch.Count);
        }

        return all.Share();
    }
}

/// <summary>
/// The changes of a query: its answer first, then every change, each row with its epoch and weight. What waits for the reader is bounded as for SUBSCRIBE
/// itself; one that reads too slowly is told so when it comes back.
/// </summary>
internal sealed class ChangesCursor(Subscription subscription, bool isHeld) : Cursor(subscription.RowColumns, isHeld)
{
    private SubscriptionEvent? _current;
    private int _row;

    public override async ValueTask<Batch> FetchAsync(BoundFetch fetch, CancellationToken cancellation)
    {
        if (fetch.Direction != FetchDirection.Forward || fetch.Count is < 0)
        {
            throw ForwardOnly("what has changed is told once: FETCH [FORWARD] n | ALL");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (fetch.TimeoutMicros is { } micros and > 0)
        {
            patience.CancelAfter(TimeSpan.FromMicroseconds(micros));
        }

        var rows = new BatchBuilder(Columns);
        while (fetch.Count is not { } wanted || rows.Count < wanted)
        {
            if (_current is null && !subscription.Events.TryRead(out _current))
            {
                if (rows.Count > 0 || fetch.TimeoutMicros == 0 || !await MoreAsync(patience.Token, cancellation).ConfigureAwait(false))
                {
                    break;
                }

                continue;
            }

            if (_current.Kind == SubscriptionEventKind.Error)
            {
                // What was there before it is given first; the error stays.
                if (rows.Count > 0)
                {
                    break;
                }

                throw _current.Error ?? new SqlException("53400", "the subscription has ended");
            }

            Take(rows, (int)Math.Min((fetch.Count ?? int.MaxValue) - rows.Count, int.MaxValue));
        }

        return rows.Share();
    }

    public override ValueTask DisposeAsync() => subscription.DisposeAsync();

    private void Take(BatchBuilder rows, int most)
    {
        SubscriptionEvent current = _current!;
        if (current.Batch is { } batch)
        {
            int end = Math.Min(batch.Count - _row, most) + _row;
            for (int c = 2; c < Columns.Count; c++)
            {
                rows.Columns[c].AppendRange(batch.Columns[c - 2], _row, end - _row);
            }

            int count = end - _row;
            for (; _row < end; _row++)
            {
                ((FixedBuilder<long>)rows.Columns[0]).Append(current.Epoch);
                ((FixedBuilder<long>)rows.Columns[1]).Append(batch.Weight(_row));
            }

            rows.EndRows(count);
            if (_row < batch.Count)
            {
                return;
            }
        }

        _current = null;
        _row = 0;
    }

    private async ValueTask<bool> MoreAsync(CancellationToken patience, CancellationToken cancellation)
    {
        try
        {
            return await subscription.Events.WaitToReadAsync(patience).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
