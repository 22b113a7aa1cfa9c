// Sealing, compaction, and what becomes of the files: rows leave memory and log for segments, small segments become large ones.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private const string SegmentFolder = "segments";
    private const long DayMicros = 86_400_000_000;

    // So many small segments of one partition are merged, and no segment is made larger than SealRows by it.
    private const int MergeFanIn = 4;

    // What a retention by size keeps consists of at least so many segments once they have been merged.
    private const int KeptSegmentsMin = 8;

    private const long ReclaimBytes = 64 << 20;

    private readonly List<CompactRequest> _compactWaiters = [];

    // Files that count no longer, and the epoch in which they stopped: recovery from an older checkpoint may still read them.
    private readonly Dictionary<string, long> _obsolete = new(StringComparer.Ordinal);
    private SealJob? _sealing;
    private long _letGo;
    private long _sealRetryEpoch;
    private int _sealFailures;
    private bool _sealLook = true;
    private long _sealCount;

    /// <summary>Segments made since the database was opened.</summary>
    public long SealsTotal { get; private set; }

    /// <summary>Why the last piece of work on segments failed; null when it went well.</summary>
    public string? SealFailure { get; private set; }

    private StoredSegment Stored(SegmentInfo info) => new(_disk, info, Warn);

    private bool PollSealing()
    {
        if (_sealing is not { Work.IsCompleted: true } job)
        {
            return false;
        }

        _sealing = null;
        _sealLook = true;
        if (job.Work.Error is not null)
        {
            SealFailed(job, job.Work.Error);
            return true;
        }

        if (_objects.GetValueOrDefault(job.Target.Id) != job.Target)
        {
            // Dropped meanwhile: nobody has heard of these files.
            Discard(job);
            return true;
        }

        SegmentChange change = job.Change;
        long epoch = _epoch + 1;
        long now = NextTime();
        try
        {
            _record.Reset();
            CommitRecord.Write(_record, epoch, now, [new CommitEntry(EntryKind.Segments, job.Target.Id, null, null, change)]);
            _log.Append(_record.Written);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            SealFailed(job, e);
            StopIfPoisoned();
            return true;
        }

        _epoch = epoch;
        SealFailure = null;
        _sealFailures = 0;
        SealsTotal += change.Added.Count;
        ApplySegments(job.Target, change);
        foreach (StoredSegment added in job.Target.AppendedRows!.Segments.Where(s => change.Added.Contains(s.Info)))
        {
            // Open from the start: a reader of an older epoch may need it after it was merged away.
            TryOpen(added);
        }

        RunEpoch(now);
        return true;
    }

    private void ApplySegments(ObjectState target, SegmentChange change)
    {
        ChunkList rows = target.AppendedRows!;
        long held = rows.ResidentBytes;
        rows.Apply(change, Stored);
        Reclaim(held - rows.ResidentBytes);
        foreach (string path in change.Removed)
        {
            _obsolete[path] = _epoch;
        }

        _dirty.Add(target.Id);
    }

    // The collector sees a heap that is small beside the machine and lets dead rows lie: fresh pages for each row cost more than finding them, and the process
    // grows to several times of what it needs. It is told when there is something to gain; it does its work beside ours.
    private void Reclaim(long bytes)
    {
        _letGo += bytes;
        if (_letGo >= ReclaimBytes)
        {
            _letGo = 0;
            GC.Collect(2, GCCollectionMode.Forced, blocking: false);
        }
    }

    private void SealFailed(SealJob job, Exception error)
    {
        Discard(job);
        SealFailure = error.Message;
        _sealRetryEpoch = _epoch + (1L << Math.Min(_sealFailures++, 10));
        if (error is CorruptionException damage && job.Replaced.FirstOrDefault(r => r.Info.Path == damage.File) is { } damaged)
        {
            damaged.Note(damage);
        }

        foreach (CompactRequest waiter in _compactWaiters)
        {
            waiter.Fail(error is SqlException ? error : WriteFailed(error, "could not write segments"));
        }

        _compactWaiters.Clear();
    }

    // At the end: what is under way is not waited for longer than it takes, and not used.
    private void EndSealing()
    {
        if (_sealing is not { } job)
        {
            return;
        }

        _sealing = null;
        try
        {
            job.Work.Wait();
        }
        catch (Exception e) when (e is DiskException or InvalidOperationException)
        {
            // Its files are thrown away in any case.
        }

        Discard(job);
    }

    private void Discard(SealJob job)
    {
        foreach (SegmentInfo info in job.Published)
        {
            DeleteSegment(info.Path);
        }
    }

    private void DeleteSegment(string path)
    {
        try
        {
            if (_disk.Exists(path))
            {
                _disk.Delete(path);
            }
        }
        catch (DiskException)
        {
            // What is left over is deleted after the next checkpoint.
        }
    }

    // After a failure the next try waits for commits that go through, for more of them each time: a full disk is not asked again and again.
    private bool BeginSealingWhenDue()
    {
        if (_sealing is not null || !_sealLook || _epoch < _sealRetryEpoch)
        {
            return false;
        }

        _sealLook = false;

        bool all = _compactWaiters.Count > 0;
        foreach (ObjectState o in _objects.Values)
        {
            if (o.AppendedRows is { } rows && IsSealDue(rows, _catalog.RetentionOf(o.Id).Bytes ?? long.MaxValue, all))
            {
                BeginSeal(o, rows);
                return true;
            }
        }

        foreach (ObjectState o in _objects.Values)
        {
            if (o.AppendedRows is { } rows && MergeOf(rows, _catalog.RetentionOf(o.Id).Bytes ?? long.MaxValue, all) is { Count: > 1 } merged)
            {
                BeginMerge(o, merged);
                return true;
            }
        }

        if (PinsTheLog() is { } pinning)
        {
            BeginSeal(pinning, pinning.AppendedRows!);
            return true;
        }

        foreach (CompactRequest waiter in _compactWaiters)
        {
            waiter.Complete(SealsTotal);
        }

        _compactWaiters.Clear();
        return false;
    }

    // Where only so many bytes are kept, rows that wait for their segment must not be many more than that.
    private bool IsSealDue(ChunkList rows, long keepBytes, bool all)
    {
        long unsealed = rows.NextOffset - rows.UnsealedOffset;
        return unsealed > 0 && (all || unsealed >= _options.SealRows || rows.ClosedBytes >= Math.Min(_options.SealBytes, keepBytes));
    }

    // A stream that gets few rows must not keep the log of all the others on disk.
    private StreamState? PinsTheLog()
    {
        if (_log.End.Value - _log.First.Value < 2 * _options.CheckpointLogBytes)
        {
            return null;
        }

        StreamState? oldest = _objects.Values.OfType<StreamState>().MinBy(s => s.Chunks.FirstPosition());
        return oldest is not null && _log.End.Value - oldest.Chunks.FirstPosition() > _options.CheckpointLogBytes ? oldest : null;
    }

    private void BeginSeal(ObjectState o, ChunkList rows)
    {
        List<Chunk> chunks = rows.Oldest(_options.SealRows);
        Check.That(chunks.Count > 0);
        SegmentSchema schema = SchemaFor(o);
        long partition = schema.Time < 0 ? 0 : PartitionMicros(o.Id);
        CatalogObject definition = o.Definition;
        var job = new SealJob(o, chunks[^1].FirstOffset + chunks[^1].Count, []);
        Start(job, path => job.Seal(_disk, schema, chunks, c => RowWidth.Fit(c.Resident ?? _rows.Load(definition.Id, c), definition), partition, path));
    }

    private void BeginMerge(ObjectState o, List<StoredSegment> merged)
    {
        var job = new SealJob(o, 0, merged);
        CatalogObject definition = o.Definition;
        SegmentSchema schema = SchemaFor(o);
        Start(job, path => job.Merge(_disk, schema, b => RowWidth.Fit(b, definition), path(0)));
    }

    private void Start(SealJob job, Action<Func<int, string>> work)
    {
        long number = ++_sealCount;
        string start = $"{SegmentFolder}/{job.Target.Id}-{_epoch}-{number}-";
        _sealing = job;
        job.Work = _options.Background(() => work(n => $"{start}{n}.segment"));
        job.Work.OnCompleted(Wake);
    }

    // Segments of one partition, as long as their sum stays below the size of a segment, and small beside what is kept: it goes in one piece.
    private List<StoredSegment>? MergeOf(ChunkList rows, long keepBytes, bool all)
    {
        foreach (IGrouping<long, StoredSegment> partition in rows.Segments.Where(s => s.Damage is null).GroupBy(s => s.Info.Partition))
        {
            StoredSegment[] sorted = [.. partition.OrderBy(s => s.Info.Rows).ThenBy(s => s.Info.FirstOffset)];
            for (int first = 0; first < sorted.Length; first++)
            {
                // Only with others of its size, so that a row is written anew only when its segment grows several-fold.
                long largest = all ? long.MaxValue : sorted[first].Info.Rows * MergeFanIn;
                var merged = new List<StoredSegment>();
                long sum = 0;
                long bytes = 0;
                foreach (StoredSegment segment in sorted[first..].TakeWhile(s => s.Info.Rows <= largest))
                {
                    sum += segment.Info.Rows;
                    bytes += segment.Info.FileBytes;
                    if (sum > _options.SealRows || bytes > keepBytes / KeptSegmentsMin)
                    {
                        break;
                    }

                    merged.Add(segment);
                }

                if (merged.Count >= (all ? 2 : MergeFanIn))
                {
                    return merged;
                }
            }
        }

        return null;
    }

    private static SegmentSchema SchemaFor(ObjectState o) => new(o.Definition.Columns, SeriesKey.Of(o.Definition), o.AppendedRows!.TimeColumn);

    // Short enough that retention frees in small steps, long enough that there are not too many files.
    private long PartitionMicros(int id) => _catalog.RetentionOf(id).Micros switch
    {
        null => 30 * DayMicros,
        < 2 * DayMicros => DayMicros / 24,
        < 60 * DayMicros => DayMicros,
        _ => 7 * DayMicros,
    };

    // What recovery finds is in its report.
    private void Warn(string damage)
    {
        if (_recovered)
        {
            _options.Warning?.Invoke(damage + "; queries that need it are refused, everything else goes on");
        }
    }

    private void TryOpen(StoredSegment segment)
    {
        try
        {
            segment.Open();
        }
        catch (SqlException e)
        {
            RecoveryWarnings.Add(e.Message);
        }
        catch (DiskException)
        {
            // Too many open files, say: whoever reads it is told.
        }
    }

    private void ForgetSegments(ObjectState dropped)
    {
        foreach (StoredSegment segment in dropped.AppendedRows?.Segments ?? [])
        {
            _obsolete[segment.Info.Path] = _epoch;
        }
    }

    // What neither the present nor any epoch since the older checkpoint needs.
    private void DeleteObsoleteSegments(long olderEpoch)
    {
        if (_sealing is not null)
        {
            // Its files are not known yet.
            return;
        }

        HashSet<string> kept = [.. _objects.Values.SelectMany(o => o.AppendedRows?.Segments ?? []).Select(s => s.Info.Path)];
        kept.UnionWith((_backup?.Segments ?? []).Select(s => s.Info.Path));
        kept.UnionWith(_obsolete.Where(o => o.Value > olderEpoch).Select(o => o.Key));
        foreach (string name in _disk.List(SegmentFolder))
        {
            string path = $"{SegmentFolder}/{name}";
            if (!kept.Contains(path))
            {
                _disk.Delete(path);
                _obsolete.Remove(path);
            }
        }
    }

    // A first look at every segment: what is damaged or missing is told at the start, not when somebody happens to read it.
    private void LookAtSegments()
    {
        foreach (StoredSegment segment in _objects.Values.SelectMany(o => o.AppendedRows?.Segments ?? []))
        {
            TryOpen(segment);
        }
    }
}
