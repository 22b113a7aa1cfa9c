// A WebSocket as the door uses it: events out in whole messages at the client's pace, short JSON messages in.
using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Formats;

namespace Millrace.Doors.Http.Feeds;

/// <summary>One connection. Several subscriptions may send on it; a client that takes nothing for long is cut off.</summary>
internal sealed class WebSocketConnection : IDisposable
{
    private const int MessageBytesMax = 64 << 10;
    private const int FarewellMs = 1_000;

    private readonly WebSocket _socket;
    private readonly TimeSpan _slowMax;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _ended;
    private readonly Action _close;

    private WebSocketConnection(WebSocket socket, HttpContext context, CancellationToken stopping, TimeSpan slowMax, Action close)
    {
        _socket = socket;
        _slowMax = slowMax;
        _close = close;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
    }

    /// <summary>Cancelled when the client has gone or the server stops.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Accepts the upgrade; counts as one event stream.</summary>
    /// <exception cref="HttpException">503: too many are open.</exception>
    public static async Task<WebSocketConnection> AcceptAsync(HttpContext context, EventStreams streams, HttpDoorOptions options)
    {
        (CancellationToken stopping, Action close) = streams.Open();
        try
        {
            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                KeepAliveInterval = TimeSpan.FromSeconds(15),
                KeepAliveTimeout = TimeSpan.FromSeconds(30),
            });
            return new WebSocketConnection(socket, context, stopping, options.SlowReaderMax, close);
        }
        catch
        {
            close();
            throw;
        }
    }

    /// <summary>A sink for one subscription; its messages carry its name.</summary>
    public Sink Subscription(string? name) => new(this, name);

    /// <summary>Reads messages until the client closes or breaks the rules.</summary>
    public async Task ListenAsync(Func<string, Task> take)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageBytesMax);
        try
        {
            int used = 0;
            while (true)
            {
                ValueWebSocketReceiveResult got = await _socket.ReceiveAsync(buffer.AsMemory(used, MessageBytesMax - used), Ended);
                if (got.MessageType == WebSocketMessageType.Close)
                {
                    await RefuseAsync(WebSocketCloseStatus.NormalClosure, "");
                    return;
                }

                used += got.Count;
                if (got.MessageType == WebSocketMessageType.Binary || (used == MessageBytesMax && !got.EndOfMessage))
                {
                    await RefuseAsync(got.MessageType == WebSocketMessageType.Binary ? WebSocketCloseStatus.InvalidMessageType : WebSocketCloseStatus.MessageTooBig,
                        $"messages are text of at most {MessageBytesMax} bytes");
                    await FarewellAsync(buffer);
                    return;
                }

                if (got.EndOfMessage)
                {
                    string text;
                    try
                    {
                        text = new UTF8Encoding(false, true).GetString(buffer, 0, used);
                    }
                    catch (DecoderFallbackException)
                    {
                        await RefuseAsync(WebSocketCloseStatus.InvalidPayloadData, "not UTF-8");
                        await FarewellAsync(buffer);
                        return;
                    }

                    used = 0;
                    await take(text);
                }
            }
        }
        catch (HttpException e)
        {
            await RefuseAsync(WebSocketCloseStatus.PolicyViolation, e.Message);
            await FarewellAsync(buffer);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client has gone, or we are stopping.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await EndAsync();
        }
    }

    /// <summary>Says goodbye, then waits until nobody listens any more.</summary>
    public async Task CloseAsync(Task listening, WebSocketCloseStatus status, string reason)
    {
        await RefuseAsync(status, reason);
        await Task.WhenAny(listening, Task.Delay(FarewellMs));
        await EndAsync();
        await listening;
    }

    public void Dispose()
    {
        if (_socket.State != WebSocketState.Closed)
        {
            _socket.Abort();
        }

        _socket.Dispose();
        _sending.Dispose();
        _ended.Dispose();
        _close();
    }

    private async Task EndAsync()
    {
        try
        {
            await _ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Ended already.
        }
    }

    // Until the client has seen why: a connection that is cut before would lose the reason on its way.
    private async Task FarewellAsync(byte[] buffer)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        limit.CancelAfter(FarewellMs);
        try
        {
            while ((await _socket.ReceiveAsync(buffer.AsMemory(0, MessageBytesMax), limit.Token)).MessageType != WebSocketMessageType.Close)
            {
                // What it still sends is not for us any more.
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It did not wait for it.
        }
    }

    private async Task RefuseAsync(WebSocketCloseStatus status, string reason)
    {
        using var limit = new CancellationTokenSource(FarewellMs);
        try
        {
            await _sending.WaitAsync(limit.Token);
            try
            {
                if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                {
                    await _socket.CloseOutputAsync(status, reason.Length > 100 ? reason[..100] : reason, limit.Token);
                }
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is going anyway.
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, IReadOnlyList<int> ends)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        limit.CancelAfter(_slowMax);
        await _sending.WaitAsync(limit.Token);
        try
        {
            int start = 0;
            foreach (int end in ends)
            {
                await _socket.SendAsync(bytes[start..end], WebSocketMessageType.Text, endOfMessage: true, limit.Token);
                start = end;
            }
        }
        catch (OperationCanceledException) when (!Ended.IsCancellationRequested)
        {
            // Took nothing for too long. Half a message is out, so there is no polite way to say it.
            await EndAsync();
            throw;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>One subscription's events, kept until the flush.</summary>
    internal sealed class Sink(WebSocketConnection connection, string? name) : IEventSink, IDisposable
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(1024);
        private readonly List<int> _ends = [];
        private readonly byte[] _head = name is null ? "{"u8.ToArray() : [.. "{\"sub\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(name), .. ","u8];
        private readonly CancellationTokenSource _left = CancellationTokenSource.CreateLinkedTokenSource(connection.Ended);

        public CancellationToken Ended => _left.Token;

        public long Pending => _bytes.WrittenCount;

        public void Send(ReadOnlySpan<byte> eventName, string? id, ReadOnlySpan<byte> data)
        {
            _bytes.Write(_head);
            _bytes.Write("\"event\":\""u8);
            _bytes.Write(eventName);
            if (id is not null)
            {
                _bytes.Write("\",\"id\":\""u8);
                _bytes.Write(Encoding.ASCII.GetBytes(id));
            }

            _bytes.Write("\",\"data\":"u8);
            _bytes.Write(data);
            _bytes.Write("}"u8);
            _ends.Add(_bytes.WrittenCount);
        }

        /// <inheritdoc/>
        public void Send(ReadOnlySpan<byte> eventName, SharedEvent shared) => Send(eventName, shared.Id, shared.Data.Span);

        public async ValueTask<bool> FlushAsync()
        {
            if (_ends.Count > 0 && !Ended.IsCancellationRequested)
            {
                await connection.SendAsync(_bytes.WrittenMemory, _ends);
                _bytes.ResetWrittenCount();
                _ends.Clear();
            }

            return !Ended.IsCancellationRequested;
        }

        /// <summary>Ends this subscription alone.</summary>
        public Task LeaveAsync() => _left.CancelAsync();

        public void Dispose() => _left.Dispose();
    }
}
