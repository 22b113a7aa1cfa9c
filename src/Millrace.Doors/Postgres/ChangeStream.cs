// SUBSCRIBE as rows that do not end: the epoch, the weight, then the columns, each change sent as soon as it is there.
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;

namespace Millrace.Doors.Postgres;

/// <summary>Sends a subscription's events as rows.</summary>
/// <param name="subscription">The feed.</param>
/// <param name="formats">Format codes of the columns, epoch and weight included.</param>
/// <param name="asCopy">True to send lines of COPY data instead of DataRows: psql prints those as they come, and gathers a result whole.</param>
internal sealed class ChangeStream(Subscription subscription, short[] formats, bool asCopy = false)
{
    private readonly RowWriter _lines = new(subscription.Columns, RowReader.CopyText);
    private readonly ValueWriter[] _writers = RowCursor.Writers(Columns(subscription.Columns), formats, TimeZoneInfo.Utc);
    private readonly FixedColumn<long> _epoch = new(SqlType.BigInt, new long[1], 1);
    private readonly FixedColumn<long> _weight = new(SqlType.BigInt, new long[1], 1);
    private SubscriptionEvent? _current;
    private int _row;

    /// <summary>The result's columns for a subscription of <paramref name="columns"/>.</summary>
    public static Schema Columns(Schema columns) => Subscription.RowColumnsOf(columns);

    /// <summary>Starts the answer: the columns, or the head of a COPY and a line of their names.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="origins">Where the columns behind epoch and weight come from.</param>
    public void Begin(MessageOutput output, IReadOnlyList<(int Relation, int Attribute)> origins)
    {
        Schema columns = Columns(subscription.Columns);
        if (!asCopy)
        {
            output.RowDescription(columns, formats, origins);
            return;
        }

        output.Begin('H').Byte(0).Int16(columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            output.Int16(0);
        }

        output.End();
        output.Begin('d');
        new RowWriter(columns, RowReader.CopyText).WriteHeader(output.Buffer);
        output.End();
    }

    /// <summary>Ends an answer whose feed has ended.</summary>
    public void End(MessageOutput output, long sent)
    {
        if (asCopy)
        {
            output.Empty('c');
        }

        output.Complete($"SUBSCRIBE {sent}");
    }

    /// <summary>Sends rows until the subscription ends, <paramref name="rowsMax"/> rows (0: no limit) are sent, or it is cancelled.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="rowsMax">As many rows, or 0.</param>
    /// <param name="input">
    /// Where the client's next words come from, for an Execute with a limit: a Close that comes while there is nothing to send ends the wait. Who reads a cursor
    /// row by row and has enough (pg-query-stream, left by a break) would wait for the next change otherwise.
    /// </param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Rows sent, and whether more may follow.</returns>
    /// <exception cref="SqlException">The feed has ended with an error.</exception>
    public async ValueTask<(long Sent, bool More)> SendAsync(MessageOutput output, int rowsMax, MessageInput? input, CancellationToken cancellation)
    {
        long sent = 0;
        while (true)
        {
            // Asked before waiting: a limit that a batch's last row reaches does not wait for the change behind it.
            if (sent == rowsMax && rowsMax > 0)
            {
                return (sent, true);
            }

            if (_current is null && !subscription.Events.TryRead(out _current))
            {
                await output.FlushAsync().ConfigureAwait(false);
                Task<bool> coming = subscription.Events.WaitToReadAsync(cancellation).AsTask();
                if (input is not null && rowsMax > 0 && await ClosesAsync(input, coming).ConfigureAwait(false))
                {
                    return (sent, true);
                }

                if (!await coming.ConfigureAwait(false))
                {
                    return (sent, false);
                }

                continue;
            }

            if (_current.Kind == SubscriptionEventKind.Error)
            {
                throw _current.Error ?? new SqlException("53400", "the subscription has ended");
            }

            if (_current.Batch is { } batch)
            {
                while (_row < batch.Count)
                {
                    if (sent == rowsMax && rowsMax > 0)
                    {
                        return (sent, true);
                    }

                    Row(output, _current.Epoch, batch, _row++);
                    sent++;
                    if (output.Full)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        await output.FlushAsync().ConfigureAwait(false);
                    }
                }
            }

            _current = null;
            _row = 0;
        }
    }

    // True when the client closes its portal before anything comes to be sent.
    private static async ValueTask<bool> ClosesAsync(MessageInput input, Task coming)
    {
        while (!coming.IsCompleted)
        {
            Task<int> said = input.PastFlushAsync().AsTask();
            if (await Task.WhenAny(coming, said).ConfigureAwait(false) == coming && !said.IsCompleted)
            {
                input.Wake();
            }

            // A 0 while nothing has come is a call to wake up that was meant for a wait before this one.
            if (await said.ConfigureAwait(false) is not 0 and var type)
            {
                return type == 'C' && !coming.IsCompleted;
            }
        }

        return false;
    }

    private void Row(MessageOutput output, long epoch, Batch batch, int row)
    {
        _epoch.Values[0] = epoch;
        _weight.Values[0] = batch.Weight(row);
        if (asCopy)
        {
            output.Begin('d');
            _writers[0](output.Buffer, _epoch, 0);
            output.Byte((byte)'\t');
            _writers[1](output.Buffer, _weight, 0);
            output.Byte((byte)'\t');
            _lines.WriteRow(output.Buffer, batch.Columns, row);
            output.End();
            return;
        }

        output.Begin('D').Int16(_writers.Length);
        BinaryWrite.Field(output.Buffer, _epoch, 0, _writers[0]);
        BinaryWrite.Field(output.Buffer, _weight, 0, _writers[1]);
        for (int i = 2; i < _writers.Length; i++)
        {
            BinaryWrite.Field(output.Buffer, batch.Columns[i - 2], row, _writers[i]);
        }

        output.End();
    }
}
