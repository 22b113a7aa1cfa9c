// A cursor over a subscription: the changes that are kept from some time on, and those that come, as rows of their own.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>Walks along the rows of a subscription. Without a timeout FETCH waits for nothing, as in RisingWave.</summary>
/// <param name="subscription">The changes, in the order in which they were made.</param>
/// <param name="first">Rows that come before them.</param>
/// <param name="after">Changes up to this epoch are in those rows already.</param>
/// <param name="isHeld">True when it goes on after its transaction.</param>
internal sealed class SubscriptionCursor(Subscription subscription, IReadOnlyList<Batch> first, long after, bool isHeld) : Cursor(subscription.Columns, isHeld)
{
    private readonly Queue<Batch> _waiting = new(first.Where(b => b.Count > 0));
    private int _row;

    public override async ValueTask<Batch> FetchAsync(BoundFetch fetch, CancellationToken cancellation)
    {
        if (fetch.Direction != FetchDirection.Forward || fetch.Count is < 0)
        {
            throw ForwardOnly("what has changed is told once: FETCH NEXT, FETCH n or FETCH ALL");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        long wait = fetch.TimeoutMicros ?? 0;
        if (wait > 0)
        {
            patience.CancelAfter(TimeSpan.FromMicroseconds(wait));
        }

        var rows = new BatchBuilder(Columns);
        long wanted = fetch.Count ?? long.MaxValue;
        while (rows.Count < wanted)
        {
            if (_waiting.TryPeek(out Batch? batch))
            {
                Take(batch, rows, (int)Math.Min(wanted - rows.Count, int.MaxValue));
            }
            else if (!subscription.Events.TryRead(out SubscriptionEvent? next))
            {
                if (rows.Count > 0 || wait == 0 || !await MoreAsync(patience.Token, cancellation).ConfigureAwait(false))
                {
                    break;
                }
            }
            else if (next.Kind == SubscriptionEventKind.Error)
            {
                throw next.Error ?? new SqlException("53400", "the subscription has ended");
            }
            else if (next.Batch is { Count: > 0 } changes && next.Epoch > after)
            {
                _waiting.Enqueue(changes);
            }
        }

        return rows.Share();
    }

    public override ValueTask DisposeAsync() => subscription.DisposeAsync();

    private void Take(Batch batch, BatchBuilder rows, int most)
    {
        int count = Math.Min(batch.Count - _row, most);
        for (int c = 0; c < Columns.Count; c++)
        {
            rows.Columns[c].AppendRange(batch.Columns[c], _row, count);
        }

        rows.EndRows(count);
        _row += count;
        if (_row == batch.Count)
        {
            _waiting.Dequeue();
            _row = 0;
        }
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
