// Server-sent events: frames written to the pipe by hand, since the framework's own writer loses ids and cannot send comments.
using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Feeds;

namespace Millrace.Doors.Http;

/// <summary>Opens event streams, up to a number.</summary>
internal sealed class EventStreams(HttpDoorOptions options, CancellationToken stopping)
{
    private int _open;

    /// <summary>Event streams open now.</summary>
    public int Count => Volatile.Read(ref _open);

    /// <summary>Counts one more, to be counted down by what is given back.</summary>
    /// <exception cref="HttpException">503: too many are open.</exception>
    public (CancellationToken Stopping, Action Close) Open()
    {
        if (Interlocked.Increment(ref _open) > options.EventStreamsMax)
        {
            Close();
            throw new HttpException(503, "Too many event streams", $"{options.EventStreamsMax} event streams are open already");
        }

        return (stopping, Close);
    }

    /// <summary>Starts the answer.</summary>
    /// <exception cref="HttpException">503: too many are open.</exception>
    public EventStream Start(HttpContext context)
    {
        Open();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return new EventStream(context, options.KeepAlive, stopping, Close);
    }

    private void Close() => Interlocked.Decrement(ref _open);
}

/// <summary>One event stream. Frames wait in the pipe until <see cref="FlushAsync"/>, which a slow reader holds back.</summary>
internal sealed class EventStream : IEventSink, IDisposable
{
    private readonly PipeWriter _pipe;
    private readonly TimeSpan _keepAlive;
    private readonly Action _close;
    private readonly CancellationTokenSource _ended;
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json;
    private CancellationTokenSource _quiet = new();

    public EventStream(HttpContext context, TimeSpan keepAlive, CancellationToken stopping, Action close)
    {
        _pipe = context.Response.BodyWriter;
        _keepAlive = keepAlive;
        _close = close;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        _json = new Utf8JsonWriter(_buffer, JsonWrite.Options);
        _pipe.Write(": millrace\nretry: 1000\n\n"u8);
    }

    /// <summary>Cancelled when the client has gone or the server stops.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Bytes written and not yet flushed.</summary>
    public long Pending => _pipe.UnflushedBytes;

    /// <summary>Writes an event whose data <paramref name="write"/> makes.</summary>
    public void Send(ReadOnlySpan<byte> name, string? id, Action<Utf8JsonWriter> write)
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        write(_json);
        _json.Flush();
        Send(name, id, _buffer.WrittenSpan);
    }

    /// <summary>Writes an event with ready JSON.</summary>
    public void Send(ReadOnlySpan<byte> name, string? id, ReadOnlySpan<byte> data) => WriteFrame(_pipe, name, id, data);

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> name, SharedEvent shared) => _pipe.Write(shared.Frame.Span);

    /// <summary>Writes an event as it goes over the wire.</summary>
    public static void WriteFrame(IBufferWriter<byte> to, ReadOnlySpan<byte> name, string? id, ReadOnlySpan<byte> data)
    {
        to.Write("event: "u8);
        to.Write(name);
        if (id is not null)
        {
            to.Write("\nid: "u8);
            to.Write(Encoding.ASCII.GetBytes(id));
        }

        to.Write("\ndata: "u8);
        to.Write(data);
        to.Write("\n\n"u8);
    }

    /// <summary>Sends what was written; waits while the reader is slow. False when the stream has ended.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        if (Ended.IsCancellationRequested)
        {
            return false;
        }

        FlushResult result = await _pipe.FlushAsync(Ended);
        return !result.IsCompleted && !result.IsCanceled;
    }

    /// <summary>
    /// Waits for <paramref name="wait"/> and meanwhile sends a comment whenever the stream has been quiet for long. Null when the stream has ended.
    /// </summary>
    public async ValueTask<T?> Wait<T>(Func<CancellationToken, ValueTask<T>> wait)
        where T : struct
    {
        while (!Ended.IsCancellationRequested)
        {
            if (!_quiet.TryReset())
            {
                _quiet.Dispose();
                _quiet = new CancellationTokenSource();
            }

            await using CancellationTokenRegistration registration = Ended.Register(static s => ((CancellationTokenSource)s!).Cancel(), _quiet);
            _quiet.CancelAfter(_keepAlive);
            try
            {
                return await wait(_quiet.Token);
            }
            catch (OperationCanceledException) when (_quiet.IsCancellationRequested)
            {
                _pipe.Write(": quiet\n\n"u8);
                if (!await FlushAsync())
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>An event's id: the epoch and a number within it.</summary>
    public static string Id(long epoch, int number) => string.Create(CultureInfo.InvariantCulture, $"{epoch}-{number}");

    public void Dispose()
    {
        _json.Dispose();
        _quiet.Dispose();
        _ended.Dispose();
        _close();
    }
}
