// The engine: takes requests, makes group commits, brings views up to date, publishes epochs. Synchronous, advanced by Step().
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// The heart of the database. One thread calls <see cref="Step"/>; anyone may <see cref="Submit"/> and read <see cref="Current"/>. An epoch is one group
/// commit: resolve the writes, append one log record, start its sync, compute every dependent view meanwhile, and when the sync is through publish
/// all of it at once and acknowledge. Nothing is visible before it is durable.
/// </summary>
internal sealed partial class DatabaseEngine : IDisposable
{
    private const int EpochRequestsMax = 8192;

    private readonly IDisk _disk;
    private readonly EngineOptions _options;
    private readonly DataFolder _folder;
    private readonly WriteAheadLog _log;
    private readonly RequestQueue _queue = new();
    private readonly ChunkReader _rows;
    private readonly List<Subscriber> _subscribers = [];
    private readonly List<(Subscriber Subscriber, SubscriptionEvent Event)> _outbox = [];
    private readonly List<Action> _acknowledgements = [];
    private readonly List<Action<Exception>> _refusals = [];
    private readonly HashSet<int> _dirty = [];
    private readonly HashSet<int> _furthered = [];
    private readonly ByteWriter _record = new(64 << 10);
    private readonly Func<int, ObjectState> _find;
    private ObjectTable _objects = new();
    private volatile DatabaseSnapshot _current;
    private volatile ObjectState[] _published = [];
    private PendingIo? _sync;
    private volatile bool _recovered;
    private long _epoch;
    private long _time;

    public DatabaseEngine(IDisk disk, EngineOptions options)
    {
        _disk = disk;
        _options = options;
        _find = Find;
        _catalog = new CatalogState();
        _folder = DataFolder.Open(disk);
        try
        {
            _log = WriteAheadLog.Open(disk, "log", options.Log);
            _rows = new ChunkReader(_log, options.TailBytesMax / 2);
            _current = new DatabaseSnapshot(0, 0, _catalog.Snapshot(), [], [], _rows.Load);
            Recover();
            PublishSnapshot(all: true);
            _recovered = true;
        }
        catch
        {
            _log?.Dispose();
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>The newest published epoch.</summary>
    public DatabaseSnapshot Current => _current;

    /// <summary>Why the engine has stopped for good (its disk failed), or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Called from any thread when there may be something to do.</summary>
    public Action Wake { get; set; } = () => { };

    public RequestQueue Queue => _queue;

    /// <summary>True when no request waits and no disk operation is under way.</summary>
    public bool IsIdle => Failure is not null || (_sync is null && _victim is null && _saving is null && _sealing is null && _backup is null && _queue.IsEmpty);

    public long LogBytes => _log.BytesOnDisk;

    public long CommitsTotal { get; private set; }

    public long IngestRowsTotal { get; private set; }

    public int Subscriptions => _subscribers.Count;

    /// <summary>All objects with state; may be read from any thread for counters, which are then a little old.</summary>
    public IReadOnlyList<ObjectState> Objects => _published;

    public long CheckpointBytes { get; private set; }

    /// <summary>Hands in a request.</summary>
    public void Submit(Request request)
    {
        _queue.Add(request);
        Wake();
    }

    /// <summary>Does one piece of work; false when there is nothing to do until a request or a disk operation completes.</summary>
    public bool Step()
    {
        if (Failure is not null)
        {
            return PollBackup() || _queue.FailAll(Stopped());
        }

        if (_sync is { } sync)
        {
            if (!sync.IsCompleted)
            {
                return false;
            }

            _sync = null;
            FinishEpoch(sync.Error);
            return true;
        }

        if (PauseVictim())
        {
            return true;
        }

        if (PollCheckpoint() || PollBackup() || PollSealing() || BeginSealingWhenDue() || BeginCheckpointWhenDue(busy: true))
        {
            return true;
        }

        if (_flushes.Count > 0)
        {
            Flush();
            return true;
        }

        if (!_queue.TryTake(out Request? request))
        {
            return TickWhenDue() || BeginCheckpointWhenDue(busy: false);
        }

        try
        {
            switch (request)
            {
                case WriteRequest write: Commit(write); break;
                case DefinitionRequest definition: Define(definition); break;
                case SubscribeRequest subscribe: Subscribe(subscribe); break;
                case UnsubscribeRequest unsubscribe: Unsubscribe(unsubscribe); break;
                case CheckpointRequest checkpoint: BeginCheckpoint(checkpoint); break;
                case BackupRequest backup: BeginBackup(backup); break;
                case FlushRequest flush: _flushes.Add(flush); break;
                case CompactRequest compact:
                    _compactWaiters.Add(compact);
                    _sealLook = true;
                    break;
                case IInspection inspection: inspection.Run(this); break;
                default: Check.Fail($"no way to serve {request.GetType().Name}"); break;
            }
        }
        catch (SqlException e)
        {
            request.Fail(e);
        }
        catch (Exception e) when (e is DiskException or CorruptionException && request is DefinitionRequest or SubscribeRequest)
        {
            // History that cannot be read concerns who asked for it; nothing has been changed yet.
            StopIfPoisoned();
            request.Fail(e is CorruptionException ? new SqlException("XX001", e.Message) : WriteFailed(e));
        }

        return true;
    }

    /// <summary>Stops for good because of a bug: everything that waits is refused. What was acknowledged is on disk.</summary>
    public void Abandon(Exception bug)
    {
        if (Failure is null)
        {
            Fail(bug);
        }
    }

    /// <summary>Finishes what is under way, makes a checkpoint, closes the log. The engine cannot be used afterwards.</summary>
    public void Dispose()
    {
        foreach (Subscriber subscriber in _subscribers)
        {
            subscriber.Close(new SqlException("57P01", "the database is shutting down"));
        }

        _queue.FailAll(Stopped());
        EndSealing();
        EndBackup();
        while (_sync is { } sync)
        {
            try
            {
                sync.Wait();
            }
            catch (DiskException)
            {
                // FinishEpoch refuses what waited for it.
            }

            _sync = null;
            FinishEpoch(sync.Error);
        }

        if (Failure is null)
        {
            WriteFinalCheckpoint();
        }

        _log.Dispose();
        _folder.Dispose();
    }

    /// <summary>Lets go of the folder of an engine that was abandoned: whoever opens it again finds what was acknowledged.</summary>
    public void Release()
    {
        try
        {
            _log.Dispose();
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException or InvalidOperationException or ObjectDisposedException)
        {
            // It was closed already, or cannot be: what is in it is found by the next start.
        }

        _folder.Dispose();
    }

    private SqlException Stopped() => Failure is null
        ? new SqlException("57P01", "the database is shutting down")
        : new SqlException("58030", "the database has stopped: " + Failure.Message, hint: "restart it; what was acknowledged is on disk");

    private long NextTime()
    {
        // Time never goes back, whatever the clock does: replay relies on epochs in order of time.
        _time = Math.Max(_time, _options.Clock.UtcNowMicros);
        return _time;
    }

    private void Commit(WriteRequest first)
    {
        var commit = new PendingCommit(this);
        Request? next = first;
        long bytes = 0;
        int taken = 0;
        while (next is WriteRequest write)
        {
            commit.Take(write);
            bytes += write.Bytes;
            taken++;
            next = bytes < _options.EpochBytesMax && taken < EpochRequestsMax && _queue.TryTakeIf(r => r is WriteRequest, out Request? more) ? more : null;
        }

        if (commit.Entries.Count == 0)
        {
            // Nothing changed (an insert of no rows, or keys that stay): still acknowledged, in the present epoch.
            commit.Acknowledge(_epoch);
            return;
        }

        long epoch = _epoch + 1;
        long now = NextTime();
        List<CommitEntry> entries = WithOpening([.. Outlived(now), .. commit.Entries]);
        LogPosition position;
        try
        {
            _record.Reset();
            CommitRecord.Write(_record, epoch, now, entries);
            position = _log.Append(_record.Written);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException or SqlException)
        {
            commit.Undo(WriteFailed(e));
            StopIfPoisoned();
            return;
        }

        _epoch = epoch;
        _acknowledgements.Add(() => commit.Acknowledge(epoch));
        _refusals.Add(commit.Refuse);
        ApplyOpening(entries, now);
        ApplyEntries(entries, position.Value, now);
        RunEpoch(now);
    }

    private static SqlException WriteFailed(Exception e, string what = "could not write to the log") => e as SqlException ?? new SqlException(
        (e as DiskException)?.IsDiskFull == true ? "53100" : "58030", $"{what}: {e.Message}",
        hint: (e as DiskException)?.IsDiskFull == true ? "free some disk space; reads go on meanwhile" : null);

    // A new file of the log is synced before it is used; when that fails the log is as dead as after any other failed sync.
    private void StopIfPoisoned()
    {
        if (Failure is null && _log.Poison is { } poison)
        {
            Fail(poison);
        }
    }

    private void ApplyEntries(List<CommitEntry> entries, long position, long now)
    {
        foreach (CommitEntry entry in entries)
        {
            if (entry.Kind == EntryKind.Opened)
            {
                continue;
            }

            if (entry.Kind == EntryKind.Segments)
            {
                ApplySegments(_objects[entry.ObjectId], entry.Segments!);
                continue;
            }

            switch (_objects[entry.ObjectId])
            {
                case StreamState stream: stream.Append(entry.Batch!, position, now); break;
                case TableState table: table.Publish(entry.Batch!); break;
                default: Check.Fail($"a write into object {entry.ObjectId}"); break;
            }

            IngestRowsTotal += entry.Batch!.Count;
            _objects[entry.ObjectId].TouchedEpoch = _epoch;
            _dirty.Add(entry.ObjectId);
        }
    }

    // The sync of the log runs on the disk's thread while the views are computed here.
    private void RunEpoch(long now)
    {
        _sync = _log.BeginSync();
        StepObjects(now);
        CheckBudget();
        foreach (Subscriber subscriber in _subscribers)
        {
            StepSubscriber(subscriber, now);
        }

        if (_sync is null)
        {
            FinishEpoch(null);
        }
        else
        {
            _sync.OnCompleted(Wake);
        }
    }

    private bool IsTouched(int[] ids)
    {
        foreach (int id in ids)
        {
            if (_objects[id].TouchedEpoch == _epoch)
            {
                return true;
            }
        }

        return false;
    }

    private ObjectState Find(int id) => _objects[id];

    private void FinishEpoch(Exception? error)
    {
        if (error is not null)
        {
            Fail(error);
            return;
        }

        CommitsTotal++;
        _sealLook = true;
        foreach (ObjectState o in _objects.Values)
        {
            o.Delta.Clear();
        }

        if (Failure is null && LetGo())
        {
            // Shown, and acknowledged, with the epoch that has begun.
            return;
        }

        EvictTails();
        PublishSnapshot(all: false);
        foreach ((Subscriber subscriber, SubscriptionEvent e) in _outbox)
        {
            subscriber.Send(e);
        }

        _outbox.Clear();
        _subscribers.RemoveAll(s => s.Closed);
        foreach (Action acknowledge in _acknowledgements)
        {
            acknowledge();
        }

        _acknowledgements.Clear();
        _refusals.Clear();
    }

    // A failed sync is final: the kernel may have dropped what it could not write. Recovery reads the truth from disk.
    private void Fail(Exception error)
    {
        Failure = error;
        SqlException stopped = Stopped();
        foreach (Action<Exception> refuse in _refusals)
        {
            refuse(stopped);
        }

        _refusals.Clear();
        _acknowledgements.Clear();
        foreach (Subscriber subscriber in _subscribers)
        {
            subscriber.Close(stopped);
        }

        _queue.FailAll(stopped);
        _flushes.ForEach(f => f.Fail(stopped));
        _flushes.Clear();
        _compactWaiters.ForEach(w => w.Fail(stopped));
        _compactWaiters.Clear();
        _checkpointAsked.ForEach(w => w.Fail(stopped));
        _checkpointWaiters.ForEach(w => w.Fail(stopped));
        _checkpointAsked.Clear();
        _checkpointWaiters.Clear();
    }

    private void PublishSnapshot(bool all)
    {
        ObjectSnapshot?[] before = _current.Objects;
        var objects = new ObjectSnapshot?[_objects.IdEnd];
        if (!all)
        {
            before.AsSpan(0, Math.Min(before.Length, objects.Length)).CopyTo(objects);
        }

        long[] changed = new long[objects.Length];
        _current.Changes[..Math.Min(_current.Changes.Length, changed.Length)].CopyTo(changed);
        foreach (ObjectState o in _objects.Values)
        {
            if (objects[o.Id] is null)
            {
                objects[o.Id] = o.Snapshot();
                changed[o.Id] = _epoch;
            }
        }

        // More windows have closed, or rows came too late: its rows are the same, what can be answered from them is not.
        foreach (int id in _furthered)
        {
            objects[id] = _objects.GetValueOrDefault(id)?.Snapshot();
        }

        _furthered.Clear();
        foreach (int id in _dirty)
        {
            objects[id] = _objects.GetValueOrDefault(id)?.Snapshot();
            changed[id] = _epoch;
        }

        _dirty.Clear();
        if (_published.Length != _objects.Count || all)
        {
            _published = [.. _objects.Values];
        }

        _current = new DatabaseSnapshot(_epoch, _time, _catalog.Snapshot(), objects, changed, _rows.Load);
    }

    private void EvictTails()
    {
        long resident = _objects.Values.Sum(o => o.AppendedRows?.ResidentBytes ?? 0);
        if (resident > _options.TailBytesMax)
        {
            // Free a tenth more than needed, so that this does not happen every epoch.
            long excess = resident - (_options.TailBytesMax / 10 * 9);
            long readableEnd = _log.Written.Value;
            foreach (StreamState stream in _objects.Values.OfType<StreamState>())
            {
                excess -= excess > 0 ? stream.Chunks.Evict(excess, readableEnd) : 0;
            }
        }
    }
}
