// Walks the fragments of one log file, checks everything about them, and joins them into records.
using System.Buffers;
using System.Diagnostics;
using Millrace.Core.Io;

namespace Millrace.Log;

internal enum CursorResult
{
    Record = 1,

    /// <summary>Nothing more before the limit.</summary>
    End = 2,

    /// <summary>What follows is not a whole record; see <see cref="RecordCursor.Bad"/>.</summary>
    Bad = 3,
}

/// <summary>Where and how what was read differs from what a log holds.</summary>
internal readonly record struct BadPlace(long Offset, string Expected, string Found);

internal sealed class RecordCursor : IDisposable
{
    /// <summary>How much to read at a time for many records in order, and for one anywhere.</summary>
    internal const int SequentialBytes = 8 * LogFormat.BlockBytes;
    internal const int SingleBytes = LogFormat.BlockBytes;

    private readonly bool collect;
    private readonly int windowBytes;
    private byte[] window;
    private LogFile file;
    private long windowStart;
    private int windowLength;
    private byte[] joined = [];
    private bool payloadIsJoined;
    private uint? previousCrc;

    /// <summary>Starts at a record's <paramref name="offset"/>; the chain is checked from the second fragment on unless this is the file's beginning.</summary>
    internal RecordCursor(LogFile file, long offset, bool collect, int windowBytes = SequentialBytes)
    {
        this.collect = collect;
        this.windowBytes = windowBytes;
        window = ArrayPool<byte>.Shared.Rent(windowBytes);
        this.file = file;
        MoveTo(file, offset);
    }

    /// <summary>The file being read.</summary>
    internal LogFile File => file;

    /// <summary>The file offset behind the last whole record or mark.</summary>
    internal long Offset { get; private set; }

    /// <summary>The header CRC of the last fragment; null when none was read yet.</summary>
    internal uint? LastCrc => previousCrc;

    /// <summary>The highest durable mark seen.</summary>
    internal long DurableMax { get; private set; }

    /// <summary>Whether the last thing read was a mark that proves everything before it.</summary>
    internal bool EndsInMark { get; private set; }

    internal long RecordPosition { get; private set; }

    /// <summary>The last record's payload, valid until the next call; only when collecting.</summary>
    internal ReadOnlyMemory<byte> Payload { get; private set; }

    internal BadPlace Bad { get; private set; }

    internal void MoveTo(LogFile next, long offset)
    {
        file = next;
        Offset = Math.Max(offset, FileHeader.Bytes);
        previousCrc = Offset == FileHeader.Bytes ? next.Identity : null;
        windowLength = 0;
        EndsInMark = false;
    }

    /// <summary>Reads the next record that lies before <paramref name="limit"/> (a file offset). Marks are passed over.</summary>
    internal CursorResult Next(long limit)
    {
        while (true)
        {
            long at = Offset + LogFormat.PaddingAt(Offset);
            if (at >= limit)
            {
                if (Offset < limit)
                {
                    return Fail(Offset, "a record", $"{limit - Offset} bytes of padding");
                }
                return CursorResult.End;
            }
            if (!Fragment(at, limit, out FragmentHeader header, out ReadOnlyMemory<byte> payload))
            {
                return CursorResult.Bad;
            }
            switch (header.Kind)
            {
                case FragmentKind.Mark:
                    Accept(header, at + FragmentHeader.Bytes);
                    EndsInMark = header.Durable + LogFormat.PaddingAt(header.Durable - file.Base) == header.Position;
                    continue;
                case FragmentKind.Full:
                    Payload = payload;
                    payloadIsJoined = false;
                    RecordPosition = header.Position;
                    Accept(header, at + FragmentHeader.Bytes + header.Length);
                    return CursorResult.Record;
                case FragmentKind.First:
                    return Join(at, header, payload, limit);
                default:
                    return Fail(at, "the first fragment of a record", $"kind {(int)header.Kind}");
            }
        }
    }

    /// <summary>The last record's payload, for good.</summary>
    internal byte[] TakePayload()
    {
        if (payloadIsJoined && joined.Length == Payload.Length)
        {
            byte[] whole = joined;
            joined = [];
            return whole;
        }
        return Payload.ToArray();
    }

    public void Dispose()
    {
        byte[] toReturn = window;
        window = [];
        windowLength = 0;
        if (toReturn.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(toReturn);
        }
    }

    private CursorResult Join(long start, FragmentHeader first, ReadOnlyMemory<byte> payload, long limit)
    {
        if (first.RecordLength > limit - start)
        {
            return Fail(start, $"a record of {first.RecordLength} bytes", $"{limit - start} bytes to the end of the file");
        }
        if (collect && joined.Length < first.RecordLength)
        {
            joined = GC.AllocateUninitializedArray<byte>((int)Math.Min(LogFormat.RecordBytesMax, Math.Max(first.RecordLength, joined.Length * 2L)));
        }
        uint? chainBefore = previousCrc;
        FragmentHeader last = first;
        long at = start;
        int have = 0;
        while (true)
        {
            if (collect)
            {
                payload.CopyTo(joined.AsMemory(have));
            }
            have += last.Length;
            at += FragmentHeader.Bytes + last.Length;
            previousCrc = last.Crc;
            if (last.Kind == FragmentKind.Last)
            {
                break;
            }
            at += LogFormat.PaddingAt(at);
            bool read = Fragment(at, limit, out last, out payload);
            if (read && (last.Kind is not (FragmentKind.Middle or FragmentKind.Last) || last.RecordOffset != have || last.RecordLength != first.RecordLength))
            {
                Fail(at, $"bytes from {have} of a record of {first.RecordLength}", $"kind {(int)last.Kind}, {last.RecordOffset} of {last.RecordLength}");
                read = false;
            }
            if (!read)
            {
                previousCrc = chainBefore; // Offset and chain stay at the last whole record
                return CursorResult.Bad;
            }
        }
        Payload = collect ? joined.AsMemory(0, have) : default;
        payloadIsJoined = collect;
        RecordPosition = first.Position;
        Accept(last, at);
        return CursorResult.Record;
    }

    private void Accept(in FragmentHeader header, long end)
    {
        Offset = end;
        previousCrc = header.Crc;
        DurableMax = Math.Max(DurableMax, header.Durable);
        EndsInMark = false;
    }

    /// <summary>Reads the fragment at a file offset and checks it, its place in the chain, and its payload.</summary>
    private bool Fragment(long at, long limit, out FragmentHeader header, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        header = default;
        long blockLeft = LogFormat.BlockBytes - (at % LogFormat.BlockBytes);
        if (limit - at < FragmentHeader.Bytes || !Load(at, FragmentHeader.Bytes, limit))
        {
            Fail(at, "a fragment header of 48 bytes", $"{Math.Max(0, limit - at)} bytes");
            return false;
        }
        int inWindow = (int)(at - windowStart);
        if (!FragmentHeader.TryParse(window.AsSpan(inWindow), file.Base + at, blockLeft, file.Salt, file.Identity, out header, out string bad))
        {
            Fail(at, "a fragment header", bad);
            return false;
        }
        if (previousCrc is uint chain && header.PreviousCrc != chain)
        {
            Fail(at + 32, $"the CRC of the fragment before, {chain:x8}", $"{header.PreviousCrc:x8}");
            return false;
        }
        long payloadAt = at + FragmentHeader.Bytes;
        if (limit - payloadAt < header.Length || !Load(at, FragmentHeader.Bytes + header.Length, limit))
        {
            Fail(payloadAt, $"a payload of {header.Length} bytes", $"{limit - payloadAt} bytes");
            return false;
        }
        payload = window.AsMemory((int)(payloadAt - windowStart), header.Length);
        uint crc = Crc32C.Of(payload.Span);
        if (crc != header.PayloadCrc)
        {
            Fail(payloadAt, $"payload CRC {header.PayloadCrc:x8}", $"{crc:x8}");
            return false;
        }
        return true;
    }

    /// <summary>Has the bytes in the window. A fragment never leaves its block and the window starts with a block, so they always fit.</summary>
    private bool Load(long at, int count, long limit)
    {
        if (at >= windowStart && at + count <= windowStart + windowLength)
        {
            return true;
        }
        windowStart = at - (at % LogFormat.BlockBytes);
        int want = (int)Math.Min(windowBytes, limit - windowStart);
        Debug.Assert(at + count <= windowStart + windowBytes, "a fragment lies in one block");
        windowLength = 0;
        windowLength = file.Handle.Read(windowStart, window.AsSpan(0, want));
        return at + count <= windowStart + windowLength;
    }

    private CursorResult Fail(long offset, string expected, string found)
    {
        Bad = new BadPlace(offset, expected, found);
        return CursorResult.Bad;
    }
}
