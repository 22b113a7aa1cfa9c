// What retention lets go: whole segments and chunks, oldest first. Here it is decided; it happens where the log says so.
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class ChunkList
{
    /// <summary>Rows whose time (µs) is not later than this may be gone; MinValue when retention has dropped nothing yet.</summary>
    public long GoneUpto { get; private set; } = long.MinValue;

    /// <summary>
    /// What is not to be kept any longer; null when all is. Where chunks and tail end depends on when sealing, checkpoints and backups were, which a replay
    /// does not know: so it is for the log to say what went.
    /// </summary>
    /// <param name="keep">What is to be kept.</param>
    /// <param name="now">The epoch's time, µs.</param>
    public SegmentChange? Outlived(Retention keep, long now)
    {
        long upto = UnsealedOffset;
        IEnumerable<StoredSegment> gone = [];
        if (keep.Micros is { } micros && DueFor(micros) <= now)
        {
            long before = now - micros;
            upto = UnsealedBefore(before);
            gone = _segments.Where(s => s.Info.MaxTime < before);
        }

        if (keep.Bytes is { } bytes)
        {
            gone = gone.Union(SegmentsBeyond(bytes));
        }

        StoredSegment[] segments = [.. gone];
        if (segments.Length == 0 && upto == UnsealedOffset)
        {
            return null;
        }

        long goneUpto = segments.Select(s => s.Info.MaxTime).Append(GoneUpto).Max();
        for (int i = _start; i < _end && _chunks[i].FirstOffset < upto; i++)
        {
            goneUpto = Math.Max(goneUpto, _chunks[i].MaxTime);
        }

        goneUpto = upto > NextOffset - _tail.Count ? Math.Max(goneUpto, _tailMaxTime) : goneUpto;
        return new SegmentChange(upto, [.. segments.Select(s => s.Info.Path)], []) { GoneUpto = goneUpto };
    }

    /// <summary>The time (µs) at which the next unit has outlived <paramref name="micros"/>; MaxValue when there are no rows.</summary>
    public long DueFor(long micros)
    {
        long oldest = _start < _end ? _chunks[_start].MaxTime : _tail.Count > 0 ? _tailMaxTime : long.MaxValue;
        foreach (StoredSegment segment in _segments)
        {
            oldest = Math.Min(oldest, segment.Info.MaxTime);
        }

        return oldest > long.MaxValue - micros - 1 ? long.MaxValue : oldest + micros + 1;
    }

    // Logs of a few builds do not say up to which time rows went. Chunks that are cut elsewhere now may then say more than is so, never less.
    private void NoteGone(SegmentChange change)
    {
        long upto = change.GoneUpto ?? _segments.Where(s => change.Removed.Contains(s.Info.Path)).Select(s => s.Info.MaxTime)
            .Concat(_chunks[_start.._end].Where(c => c.FirstOffset < change.Upto).Select(c => c.MaxTime)).DefaultIfEmpty(long.MinValue).Max();
        GoneUpto = Math.Max(GoneUpto, upto);
    }

    // A unit goes when its newest row is too old: never a row earlier than promised, and none of it later than its unit's newest. The tail goes like a chunk.
    private long UnsealedBefore(long time)
    {
        for (int i = _start; i < _end; i++)
        {
            if (_chunks[i].MaxTime >= time)
            {
                return _chunks[i].FirstOffset;
            }
        }

        return _tailMaxTime < time ? NextOffset : NextOffset - _tail.Count;
    }

    // The newest segment stays whatever its size: a limit below one segment must not mean that there is nothing.
    private IEnumerable<StoredSegment> SegmentsBeyond(long bytes)
    {
        if (SegmentBytes <= bytes || _segments.Length < 2)
        {
            return [];
        }

        StoredSegment[] oldest = [.. _segments.OrderBy(s => s.Info.MaxTime).ThenBy(s => s.Info.LastOffset)];
        long left = SegmentBytes;
        int gone = 0;
        while (left > bytes && gone < oldest.Length - 1)
        {
            left -= oldest[gone++].Info.FileBytes;
        }

        return oldest[..gone];
    }
}
