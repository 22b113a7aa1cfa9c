// What retention lets go: whole segments and chunks, oldest first.
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class ChunkList
{
    /// <summary>Forgets what is not to be kept any longer.</summary>
    /// <param name="keep">What is to be kept.</param>
    /// <param name="now">The epoch's time, µs.</param>
    /// <param name="files">Gets the files that count no longer.</param>
    /// <returns>Whether anything went.</returns>
    public bool Drop(Retention keep, long now, List<string> files)
    {
        int start = _start;
        int segments = _segments.Length;
        if (keep.Micros is { } micros)
        {
            DropBefore(now - micros, files);
        }

        if (keep.Bytes is { } bytes)
        {
            DropBeyond(bytes, files);
        }

        bool dropped = _start != start || _segments.Length != segments;
        Compact();
        return dropped;
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

    // A unit goes when its newest row is too old: never a row earlier than promised, and none of it later than its unit's newest.
    private void DropBefore(long time, List<string> files)
    {
        if (Array.Exists(_segments, s => s.Info.MaxTime < time))
        {
            files.AddRange(_segments.Where(s => s.Info.MaxTime < time).Select(s => s.Info.Path));
            SetSegments([.. _segments.Where(s => s.Info.MaxTime >= time)]);
        }

        if (_tailMaxTime < time)
        {
            // Nobody may add to it for long: it goes like a chunk.
            Seal();
        }

        while (_start < _end && _chunks[_start].MaxTime < time)
        {
            DropFirst();
        }
    }

    // The newest segment stays whatever its size: a limit below one segment must not mean that there is nothing.
    private void DropBeyond(long bytes, List<string> files)
    {
        if (SegmentBytes <= bytes || _segments.Length < 2)
        {
            return;
        }

        List<StoredSegment> kept = [.. _segments.OrderBy(s => s.Info.MaxTime).ThenBy(s => s.Info.LastOffset)];
        long left = SegmentBytes;
        int gone = 0;
        while (left > bytes && gone < kept.Count - 1)
        {
            left -= kept[gone].Info.FileBytes;
            files.Add(kept[gone++].Info.Path);
        }

        HashSet<StoredSegment> dropped = [.. kept.Take(gone)];
        SetSegments([.. _segments.Where(s => !dropped.Contains(s))]);
    }
}
