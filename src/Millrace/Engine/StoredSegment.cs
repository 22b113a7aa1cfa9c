// A segment in the hands of the engine: opened when it is first read, and set aside when it is damaged.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>One segment of an object. Safe from any thread; the file stays open once it was, so that a reader outlives its deletion.</summary>
internal sealed class StoredSegment(IDisk disk, SegmentInfo info, Action<string>? noticed = null)
{
    // Some 100 bytes each, by segment.
    private const int MaxGroupsKept = 4_096;

    private readonly Lock _gate = new();
    private volatile Segment? _open;
    private volatile SegmentLast? _last;
    private string? _damage;

    public SegmentInfo Info { get; } = info;

    /// <summary>What is wrong with the file, as far as anybody has noticed.</summary>
    public string? Damage => Volatile.Read(ref _damage);

    /// <summary>The open segment.</summary>
    /// <exception cref="SqlException">XX001: it is damaged or missing; the message names file and rows.</exception>
    public Segment Open()
    {
        if (Damage is { } damage)
        {
            throw Damaged(damage);
        }

        if (_open is { } open)
        {
            return open;
        }

        lock (_gate)
        {

            try
            {
                return _open ??= Segment.Open(disk, Info);
            }
            catch (Exception e) when (e is CorruptionException or NewerFormatException)
            {
                Notice(e.Message);
                throw Damaged(e.Message);
            }
            catch (DiskException e) when (!disk.Exists(Info.Path))
            {
                string missing = $"{e.Message}; lost: {Info.Rows} rows with offsets {Info.FirstOffset} to {Info.LastOffset}";
                Notice(missing);
                throw Damaged(missing);
            }
        }
    }

    /// <summary>What the footer says of the last rows of the partitions. Kept for the next who asks the same, unless there are too many.</summary>
    /// <exception cref="SqlException">XX001: the segment is damaged.</exception>
    public SegmentLast LastOf(LastRows last)
    {
        if (_last is { } kept && kept.Last.Time == last.Time && kept.Last.Partition.SequenceEqual(last.Partition))
        {
            return kept;
        }

        SegmentLast found = LastGroups.Of(Open(), last);
        if (found.KeyOf.Length <= MaxGroupsKept)
        {
            _last = found;
        }

        return found;
    }

    /// <summary>Notes damage that shows only when a block is read; returns what to tell the reader.</summary>
    public SqlException Note(CorruptionException damage)
    {
        Notice(damage.Message);
        return Damaged(damage.Message);
    }

    private void Notice(string what)
    {
        if (Interlocked.Exchange(ref _damage, what) is null)
        {
            noticed?.Invoke(what);
        }
    }

    private static SqlException Damaged(string what) => new(
        "XX001", what, hint: "put the file back from a backup; everything that does not need it goes on");
}
