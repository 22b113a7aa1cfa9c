// Messages one by one from a pipe; the body is copied once into a buffer that is used again.
using System.Buffers;
using System.IO.Pipelines;

namespace Millrace.Doors.Postgres;

/// <summary>Reads messages.</summary>
internal sealed class MessageInput(PipeReader pipe, int bytesMax)
{
    /// <summary>The longest body accepted from somebody who has not logged in yet.</summary>
    public const int StrangerBytesMax = 8 << 10;

    private const int KeepBytesMax = 1 << 20;
    private int _bytesMax = Math.Min(bytesMax, StrangerBytesMax);
    private byte[] _body = [];
    private int _length;
    private volatile bool _interrupted;
    private bool _flush;

    /// <summary>The type byte of the message last read.</summary>
    public byte Type { get; private set; }

    /// <summary>The body of the message last read; valid until the next is read.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _length);

    /// <summary>Reads the next message.</summary>
    /// <returns>False when the client has closed its side, or <see cref="Interrupt"/> was called.</returns>
    /// <exception cref="ProtocolException">The length is impossible or over the limit.</exception>
    public async ValueTask<bool> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // The flag, and not only the cancelled read: a Peek may have swallowed that.
            if (_interrupted)
            {
                return false;
            }

            ReadResult read = await pipe.ReadAsync(cancellation).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                pipe.AdvanceTo(read.Buffer.Start);
                continue;
            }

            if (TryTake(read.Buffer))
            {
                return true;
            }

            if (read.IsCompleted)
            {
                return false;
            }
        }
    }

    /// <summary>Reads a start-up packet; null when the client closes before it is whole.</summary>
    public async ValueTask<StartupMessage?> StartupAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult read = await pipe.ReadAsync(cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> rest = read.Buffer;
            if (Framing.TryReadStartup(ref rest, out ReadOnlySequence<byte> body))
            {
                StartupMessage message = StartupMessage.Read(body.IsSingleSegment ? body.FirstSpan : body.ToArray());
                pipe.AdvanceTo(rest.Start);
                return message;
            }

            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return null;
            }
        }
    }

    /// <summary>The type of the next message if its first byte has arrived; 0 otherwise. Does not wait.</summary>
    public byte Peek()
    {
        if (!pipe.TryRead(out ReadResult read))
        {
            return 0;
        }

        byte type = read.Buffer.IsEmpty ? (byte)0 : read.Buffer.FirstSpan[0];
        pipe.AdvanceTo(read.Buffer.Start);
        return type;
    }

    /// <summary>True when bytes have arrived that nobody has read.</summary>
    public bool HasMore()
    {
        if (!pipe.TryRead(out ReadResult read))
        {
            return false;
        }

        bool any = !read.Buffer.IsEmpty;
        pipe.AdvanceTo(read.Buffer.Start);
        return any;
    }

    /// <summary>
    /// Waits for a message that is no Flush, and leaves it to be read. Flushes before it are taken: <see cref="TakeFlush"/> tells of them. Ends when
    /// <see cref="Wake"/> is called too.
    /// </summary>
    /// <returns>The message's type; 0 when the wait was ended, -1 when the client has closed.</returns>
    public async ValueTask<int> PastFlushAsync()
    {
        while (true)
        {
            ReadResult read = await pipe.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (Framing.TryReadHead(rest, _bytesMax, out byte type, out int length) && type == (byte)'H' && rest.Length >= Framing.HeaderBytes + (long)length)
            {
                rest = rest.Slice(Framing.HeaderBytes + (long)length);
                _flush = true;
            }

            if (!rest.IsEmpty && rest.FirstSpan[0] != (byte)'H')
            {
                int next = rest.FirstSpan[0];
                pipe.AdvanceTo(rest.Start);
                return next;
            }

            // What is looked at cannot be given back to a pipe: only the beginning of a Flush is left, for which every reader waits.
            pipe.AdvanceTo(rest.Start, rest.End);
            if (read.IsCanceled || read.IsCompleted)
            {
                return read.IsCanceled ? 0 : -1;
            }
        }
    }

    /// <summary>True, once, when <see cref="PastFlushAsync"/> has taken a Flush.</summary>
    public bool TakeFlush()
    {
        bool taken = _flush;
        _flush = false;
        return taken;
    }

    /// <summary>Ends a <see cref="PastFlushAsync"/> that waits.</summary>
    public void Wake() => pipe.CancelPendingRead();

    /// <summary>The other side has logged in: from now on messages may be as long as configured.</summary>
    public void Trust() => _bytesMax = bytesMax;

    /// <summary>The first byte that comes, which stays to be read; -1 when the client closes without a word.</summary>
    public async ValueTask<int> FirstByteAsync(CancellationToken cancellation)
    {
        ReadResult read = await pipe.ReadAsync(cancellation).ConfigureAwait(false);
        int first = read.Buffer.IsEmpty ? -1 : read.Buffer.FirstSpan[0];
        pipe.AdvanceTo(read.Buffer.Start);
        return first;
    }

    /// <summary>Wakes a waiting <see cref="NextAsync"/>: the server is going down.</summary>
    public void Interrupt()
    {
        _interrupted = true;
        pipe.CancelPendingRead();
    }

    private bool TryTake(ReadOnlySequence<byte> buffer)
    {
        if (!Framing.TryReadHead(buffer, _bytesMax, out byte type, out int length) || buffer.Length < Framing.HeaderBytes + (long)length)
        {
            pipe.AdvanceTo(buffer.Start, buffer.End);
            return false;
        }

        if (_body.Length < length || (_body.Length > KeepBytesMax && length <= KeepBytesMax))
        {
            _body = new byte[Math.Max(length, 1024)];
        }

        ReadOnlySequence<byte> body = buffer.Slice(Framing.HeaderBytes, length);
        body.CopyTo(_body);
        _length = length;
        Type = type;
        pipe.AdvanceTo(body.End);
        return true;
    }
}
