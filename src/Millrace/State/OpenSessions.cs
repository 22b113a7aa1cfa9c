// The sessions that are still open, as stretches of time by partition: what decides whether a row comes too late for SESSION.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>When sessions close, and are forgotten.</summary>
/// <param name="Lateness">How long after its end a session takes rows, µs.</param>
/// <param name="ByClock">True when the clock closes them, not a watermark.</param>
internal sealed record SessionClosing(long Lateness, bool ByClock);

/// <summary>
/// A row belongs to the open session that it lies in or next to; it may make one of two. Where there is none it begins one, unless even that session would have
/// closed: then the row is late. A session that has closed is forgotten, and nothing extends it any more. Rows are taken in the order in which they come.
/// </summary>
/// <param name="gap">µs without a row that end a session.</param>
/// <param name="lateness">How long after its end a session takes rows, µs.</param>
internal sealed class OpenSessions(long gap, long lateness)
{
    private const int KeyLength = 12;

    // (partition, first row) with (last row - first row + 1) as the weight.
    private readonly OrderedRows _sessions = new();

    // By last row: at least one entry for each session that is not later than its end. Entries of sessions that have grown are put back when they come up.
    private readonly PriorityQueue<(int Partition, long First), long> _ends = new();

    /// <summary>Sessions held.</summary>
    public int Count => _sessions.Count;

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _sessions.Bytes + (_ends.Count * 24L);

    /// <summary>Until where the watermark has closed sessions; <see cref="long.MinValue"/> when it has not moved.</summary>
    public long Closed { get; private set; } = long.MinValue;

    /// <summary>When a session whose last row is at <paramref name="last"/> closes; <see cref="long.MaxValue"/> for never.</summary>
    public static long CloseTime(long last, long gap, long lateness) =>
        last is long.MinValue or long.MaxValue ? long.MaxValue : (long)Int128.Min((Int128)last + gap + lateness, long.MaxValue);

    /// <summary>Takes a row into its session; false when it is late.</summary>
    public bool TryTake(int partition, long time)
    {
        if (time is long.MinValue or long.MaxValue)
        {
            return true;
        }

        Span<byte> key = stackalloc byte[KeyLength];
        Write(key, partition, time);
        OrderedRows.Cursor later = _sessions.Seek(key);
        bool hasLater = later.At(key[..4]);
        long laterFirst = hasLater ? First(later.Key) : 0;
        if (hasLater && laterFirst == time)
        {
            return true;
        }

        long laterLast = hasLater ? laterFirst + later.Weight - 1 : 0;
        OrderedRows.Cursor earlier = later;
        earlier.Previous();
        bool hasEarlier = _sessions.Count > 0 && earlier.At(key[..4]);
        long earlierFirst = hasEarlier ? First(earlier.Key) : 0;
        long earlierLast = hasEarlier ? earlierFirst + earlier.Weight - 1 : 0;
        bool joinsEarlier = hasEarlier && (time <= earlierLast || time - earlierLast < gap);
        bool joinsLater = hasLater && laterFirst - time < gap;
        if (joinsEarlier && time <= earlierLast)
        {
            return true;
        }

        if (!joinsEarlier && !joinsLater && Closed is not (long.MinValue or long.MaxValue) && CloseTime(time, gap, lateness) <= Closed)
        {
            return false;
        }

        if (joinsLater)
        {
            Write(key, partition, laterFirst);
            _sessions.Add(key, -(laterLast - laterFirst + 1));
        }

        long first = joinsEarlier ? earlierFirst : time;
        long last = joinsLater ? laterLast : time;
        Write(key, partition, first);
        _sessions.Add(key, last - first + 1 - (joinsEarlier ? earlierLast - earlierFirst + 1 : 0));
        if (!joinsEarlier)
        {
            _ends.Enqueue((partition, first), last);
        }

        return true;
    }

    /// <summary>Forgets the sessions that the watermark closes, and tells their partitions.</summary>
    public void Advance(long watermark, List<int> partitions)
    {
        if (watermark <= Closed || watermark == long.MaxValue)
        {
            return;
        }

        Closed = watermark;
        Span<byte> key = stackalloc byte[KeyLength];
        while (_ends.TryPeek(out (int Partition, long First) session, out long queued) && CloseTime(queued, gap, lateness) <= Closed)
        {
            _ends.Dequeue();
            Write(key, session.Partition, session.First);
            long length = _sessions.Weight(key);
            if (length == 0)
            {
                continue; // it has become part of another
            }

            long last = session.First + length - 1;
            if (CloseTime(last, gap, lateness) <= Closed)
            {
                _sessions.Add(key, -length);
                partitions.Add(session.Partition);
            }
            else
            {
                _ends.Enqueue(session, last);
            }
        }
    }

    /// <summary>True when a partition has an open session.</summary>
    public bool Any(int partition)
    {
        Span<byte> key = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(key, partition);
        return _sessions.Seek(key).At(key);
    }

    /// <summary>Writes the state.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteInt64(Closed);
        _sessions.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(ref ByteReader reader)
    {
        Closed = reader.ReadInt64();
        _sessions.Load(ref reader);
        for (OrderedRows.Cursor cursor = _sessions.First(); cursor.Valid; cursor.Next())
        {
            if (cursor.Key.Length != KeyLength || cursor.Weight <= 0)
            {
                throw new FormatException("an open session is damaged");
            }

            long first = First(cursor.Key);
            _ends.Enqueue((BinaryPrimitives.ReadInt32BigEndian(cursor.Key), first), first + cursor.Weight - 1);
        }
    }

    private static void Write(Span<byte> key, int partition, long first)
    {
        BinaryPrimitives.WriteInt32BigEndian(key, partition);
        BinaryPrimitives.WriteUInt64BigEndian(key[4..], (ulong)(first ^ long.MinValue));
    }

    private static long First(ReadOnlySpan<byte> key) => (long)BinaryPrimitives.ReadUInt64BigEndian(key[4..]) ^ long.MinValue;
}
