// From a feed's reader to a client: schema, snapshot, then changes at the client's pace.
using System.Buffers;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Doors.Http.Endpoints;

namespace Millrace.Doors.Http.Feeds;

/// <summary>Where events go: a stream of server-sent events, or a subscription on a WebSocket.</summary>
internal interface IEventSink
{
    /// <summary>Cancelled when the client has gone or the server stops.</summary>
    CancellationToken Ended { get; }

    /// <summary>Bytes written and not yet sent.</summary>
    long Pending { get; }

    /// <summary>Writes an event with ready JSON.</summary>
    void Send(ReadOnlySpan<byte> name, string? id, ReadOnlySpan<byte> data);

    /// <summary>Writes an event that others get as well.</summary>
    void Send(ReadOnlySpan<byte> name, SharedEvent shared);

    /// <summary>Sends what was written; waits while the client is slow. False when it has gone.</summary>
    ValueTask<bool> FlushAsync();
}

/// <summary>
/// Pumps one feed to one client. Nothing is queued for it: while it is slow the flush waits, and when it is back it takes up what the feed still has, merged
/// into one change, or else a gap and the answer anew.
/// </summary>
internal sealed class FeedPump(FeedReader reader, FeedFormat format, FeedRequest request, IEventSink sink, TimeSpan keepAlive, FeedAccess? access = null)
{
    private const int SnapshotRows = 2_000;
    private const int FlushBytes = 64 << 10;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly RowObjects _names = new(reader.Columns);
    private volatile CancellationTokenSource _quiet = new();

    /// <summary>True when the feed was ended because its reader may not follow it any more.</summary>
    public bool Expired { get; private set; }

    /// <summary>Runs until the client has gone or the feed has ended.</summary>
    public async Task RunAsync()
    {
        using CancellationTokenRegistration ending = sink.Ended.UnsafeRegister(static pump => ((FeedPump)pump!).EndWait(), this);
        try
        {
            await PumpAsync();
        }
        finally
        {
            _quiet.Dispose();
        }
    }

    private void EndWait()
    {
        try
        {
            _quiet.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Replaced at this very moment: the wait that follows looks for the end itself.
        }
    }

    private async Task PumpAsync()
    {
        if (request.Mode == FeedMode.Latest && reader.AppendOnly)
        {
            throw new HttpException(400, "Bad parameter", "parameter \"mode\": \"latest\" is for answers whose rows change; this one only grows", "use mode=delta");
        }

        SendSchema();
        if (!reader.Resumed)
        {
            if (reader.Since is not null)
            {
                Send("reset"u8, null, to => to.WriteString("reason"u8, "the changes since that id are not held any more"));
            }

            if (request.Snapshot || reader.Since is not null)
            {
                await SendSnapshot();
            }
        }

        while (!sink.Ended.IsCancellationRequested)
        {
            if (access?.Over() is { } reason)
            {
                Expired = true;
                Send("auth_expired"u8, null, to => to.WriteString("reason"u8, reason));
                await sink.FlushAsync();
                break;
            }

            // Asked before sending: what comes between is sent in the next round, the reason of the end among it.
            bool ended = reader.Ended;
            if (!await SendWaiting() || !await sink.FlushAsync() || ended || !await Wait())
            {
                break;
            }
        }
    }

    // All that waits; false when this reader is at its end.
    private async ValueTask<bool> SendWaiting()
    {
        while (reader.Next(request.Merge) is { } update)
        {
            if (update.Kind == FeedUpdateKind.Gap)
            {
                if (!await SendGap(update.Versions))
                {
                    return false;
                }
            }
            else
            {
                await SendDelta(update);
            }

            if (sink.Pending > FlushBytes && !await sink.FlushAsync())
            {
                return false;
            }

            if (request.MinIntervalMs > 0)
            {
                if (!await sink.FlushAsync())
                {
                    return false;
                }

                await Task.Delay(request.MinIntervalMs, sink.Ended);
            }
        }

        if (reader.Error is { } error)
        {
            SendError(error);
        }

        return true;
    }

    private async ValueTask SendDelta(FeedUpdate update)
    {
        if (request.Mode == FeedMode.Latest)
        {
            // The place first: the answer may be newer than the change that made us look.
            await SendSnapshot();
            return;
        }

        if (update.Batch is { } batch)
        {
            if (update.Versions == 1)
            {
                sink.Send("delta"u8, format.Delta(batch, reader));
            }
            else
            {
                sink.Send("delta"u8, reader.Place, format.Delta(batch, reader, update.Versions));
            }
        }
        else
        {
            SendProgress();
        }
    }

    private async ValueTask<bool> SendGap(long versions)
    {
        if (request.Drop)
        {
            SendError(new SqlException("53400", $"dropped: {versions} changes were missed while this reader was slow", hint: "read faster, or use slow=conflate or min_interval"));
            await sink.FlushAsync();
            return false;
        }

        Send("gap"u8, null, to => to.WriteNumber("dropped"u8, versions));
        Send("reset"u8, null, to => to.WriteString("reason"u8, "this reader was too far behind"));
        await SendSnapshot();
        return true;
    }

    // Until there is something to send, or to look after; false when the client has gone.
    private async ValueTask<bool> Wait()
    {
        // One for all waits, as long as it does not run out: a thousand readers wake up together.
        if (!_quiet.TryReset())
        {
            _quiet.Dispose();
            _quiet = new CancellationTokenSource();
        }

        // After it was put in place: whoever ends between cancels this one, whoever ended before is seen here.
        if (sink.Ended.IsCancellationRequested)
        {
            return false;
        }

        _quiet.CancelAfter(access?.Left is { } left && left < keepAlive ? TimeSpan.FromMilliseconds(Math.Max(1, left.TotalMilliseconds)) : keepAlive);
        try
        {
            await reader.WaitAsync(_quiet.Token);
            return true;
        }
        catch (OperationCanceledException) when (!sink.Ended.IsCancellationRequested)
        {
            // Nothing for a while: say so, with a newer place if there is one, and so that nobody between takes the connection for dead.
            reader.CatchUp();
            SendProgress();
            return await sink.FlushAsync();
        }
    }

    private void SendProgress() => sink.Send("progress"u8, reader.Place, Encoding.ASCII.GetBytes($"{{\"epoch\":{reader.Epoch}}}"));

    private void SendSchema() => Send("schema"u8, null, to =>
    {
        JsonWrite.Columns(to, reader.Columns);
        if (reader.Key is { } key)
        {
            to.WriteStartArray("key"u8);
            foreach (int column in key)
            {
                to.WriteNumberValue(column);
            }

            to.WriteEndArray();
        }
        else
        {
            to.WriteNull("key"u8);
        }

        to.WriteNumber("epoch"u8, reader.Epoch);
        to.WriteBoolean("resumed"u8, reader.Resumed);
    });

    // In several events when it is large; only the last has an id, since in between is no place to come back to.
    private async ValueTask SendSnapshot()
    {
        IEnumerable<Batch> rows = reader.Snapshot(sink.Ended);
        var pending = new Pending(this);
        foreach (Batch batch in rows)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                for (long copies = batch.Weight(row); copies > 0; copies--)
                {
                    pending.Add(batch, row);
                    if (pending.Count == SnapshotRows)
                    {
                        pending.Send(last: false);
                        if (sink.Pending > FlushBytes && !await sink.FlushAsync())
                        {
                            return;
                        }
                    }
                }
            }
        }

        pending.Send(last: true);
    }

    private void SendError(SqlException e) => Send("error"u8, null, to => Problem.WriteMembers(to, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e));

    private void Send(ReadOnlySpan<byte> name, string? id, Action<Utf8JsonWriter> members)
    {
        _buffer.ResetWrittenCount();
        using (var to = new Utf8JsonWriter(_buffer, JsonWrite.Options))
        {
            to.WriteStartObject();
            members(to);
            to.WriteEndObject();
        }

        sink.Send(name, id, _buffer.WrittenSpan);
    }

    /// <summary>A snapshot event in the making.</summary>
    private sealed class Pending(FeedPump pump)
    {
        private readonly ArrayBufferWriter<byte> _rows = new(4096);
        private Utf8JsonWriter? _to;

        public int Count { get; private set; }

        public void Add(Batch batch, int row)
        {
            Begin();
            pump.FormatRow(_to!, batch, row);
            Count++;
        }

        public void Send(bool last)
        {
            Begin();
            _to!.WriteEndArray();
            _to.WriteBoolean("last"u8, last);
            _to.WriteEndObject();
            _to.Flush();
            pump.Emit(_rows.WrittenSpan, last);
            _rows.ResetWrittenCount();
            _to.Dispose();
            _to = null;
            Count = 0;
        }

        private void Begin()
        {
            if (_to is null)
            {
                _to = new Utf8JsonWriter(_rows, JsonWrite.Options);
                _to.WriteStartObject();
                _to.WriteNumber("epoch"u8, pump.Epoch);
                _to.WriteStartArray("rows"u8);
            }
        }
    }

    private long Epoch => reader.Epoch;

    private void FormatRow(Utf8JsonWriter to, Batch batch, int row) => format.Row(to, batch, row, _names, reader.Columns.Count);

    private void Emit(ReadOnlySpan<byte> data, bool last) => sink.Send("snapshot"u8, last ? reader.Place : null, data);
}
