// Checkpoints and recovery: (log position, state) in one file, then the log from there.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private const string CheckpointFolder = "checkpoint";

    private readonly List<CheckpointRequest> _checkpointWaiters = [];
    private readonly List<CheckpointRequest> _checkpointAsked = [];
    private readonly Dictionary<long, long> _stateFiles = [];
    private readonly Dictionary<long, long[]> _filesOfEpoch = [];
    private readonly Dictionary<int, int> _sectionBytes = [];
    private SectionBlocks _blocks = new();
    private CheckpointJob? _saving;
    private long _stateFileNumber;
    private long _checkpointEnd;

    // The oldest log position that the checkpoint before the newest still needs: it is kept until the newest has a successor.
    private long _neededByOlder;
    private long _neededByNewest;
    private long _epochOfOlder;
    private long _epochOfNewest;

    /// <summary>What recovery did, for the log and for SHOW.</summary>
    public string RecoverySummary { get; private set; } = "";

    /// <summary>Warnings of recovery: damaged checkpoints set aside.</summary>
    public List<string> RecoveryWarnings { get; } = [];

    // Says what belongs to the checkpoint, and no more: what is large is immutable, and written beside the engine.
    private void BeginCheckpoint(CheckpointRequest? request)
    {
        if (request is not null)
        {
            _checkpointAsked.Add(request);
        }

        if (_saving is not null)
        {
            // One is under way, of an epoch before this one.
            return;
        }

        _checkpointWaiters.AddRange(_checkpointAsked);
        _checkpointAsked.Clear();
        _checkpointEnd = _log.End.Value;
        CheckpointJob job;
        try
        {
            if (_options.Log.Durability == Durability.Fsync)
            {
                _log.Sync();
            }

            job = Freeze();
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            StopIfPoisoned();
            _checkpointWaiters.ForEach(w => w.Fail(WriteFailed(e)));
            _checkpointWaiters.Clear();
            return;
        }

        _saving = job;
        job.Io = _options.CheckpointThread(() => job.WriteState(_disk, CheckpointFolder));
        job.Io.OnCompleted(Wake);
    }

    // Rather when nothing waits; but writers that never pause must not make the log grow without end.
    private bool BeginCheckpointWhenDue(bool busy)
    {
        if (_saving is not null || _log.End.Value - _checkpointEnd < (busy ? 2 : 1) * (decimal)_options.CheckpointLogBytes)
        {
            return false;
        }

        BeginCheckpoint(null);
        return true;
    }

    private bool PollCheckpoint()
    {
        if (_saving is not { Io.IsCompleted: true } job)
        {
            return false;
        }

        if (job.Io.Error is null && !job.Publishing)
        {
            if (SyncsLogFor(job))
            {
                return true;
            }

            job.Publishing = true;
            job.Io = _disk.BeginPublish(CheckpointPath(job.Epoch), job.Content);
            job.Io.OnCompleted(Wake);
            return true;
        }

        _saving = null;
        if (job.Io.Error is null)
        {
            CheckpointPublished(job);
        }
        else
        {
            GiveUp(job);
        }

        foreach (CheckpointRequest waiter in _checkpointWaiters)
        {
            if (job.Io.Error is { } error)
            {
                waiter.Fail(new SqlException(
                    error is DiskException { IsDiskFull: true } ? "53100" : "58030", "the checkpoint could not be written: " + error.Message,
                    hint: "the log still holds everything"));
            }
            else
            {
                waiter.Complete(job.Epoch);
            }
        }

        _checkpointWaiters.Clear();
        if (_checkpointAsked.Count > 0)
        {
            BeginCheckpoint(null);
        }

        return true;
    }

    // With durability os or none the log may be behind: a checkpoint that survives what it builds on could not be started from.
    private bool SyncsLogFor(CheckpointJob job)
    {
        try
        {
            if (_log.BeginSyncUpTo(new LogPosition(job.LogEnd)) is not { } sync)
            {
                return false;
            }

            job.Io = sync;
            sync.OnCompleted(Wake);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            job.Io = PendingIo.Failed(e);
            StopIfPoisoned();
        }

        return true;
    }

    // When the last step failed nobody knows whether the checkpoint is there: then its file of state stays until two others are. Otherwise it is nobody's.
    private void GiveUp(CheckpointJob job)
    {
        if (job.Publishing)
        {
            _filesOfEpoch[job.Epoch] = [.. _filesOfEpoch.GetValueOrDefault(job.Epoch, []).Union(job.Pieces.Files)];
            return;
        }

        try
        {
            string path = StateFile.Path(CheckpointFolder, job.FileNumber);
            if (_disk.Exists(path))
            {
                _disk.Delete(path);
            }
        }
        catch (DiskException)
        {
            // The next checkpoint deletes what no checkpoint names.
        }
    }

    private void WriteFinalCheckpoint()
    {
        while (_saving is { } saving)
        {
            try
            {
                saving.Io.Wait();
            }
            catch (Exception e) when (e is DiskException or InvalidOperationException)
            {
                // Whoever waits for it is told.
            }

            PollCheckpoint();
        }

        if (_log.End.Value != _checkpointEnd)
        {
            try
            {
                _log.Sync();
                CheckpointJob job = Freeze();
                job.WriteState(_disk, CheckpointFolder);
                _disk.Publish(CheckpointPath(job.Epoch), job.Content);
                CheckpointPublished(job);
            }
            catch (Exception e) when (e is DiskException or LogPoisonedException)
            {
                // The log holds everything: the next start replays a little more.
            }
        }
    }

    private void CheckpointPublished(CheckpointJob job)
    {
        string[] names = [.. _disk.List(CheckpointFolder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (job.Epoch != _epochOfNewest || names.Length == 1)
        {
            // Otherwise it has taken the place of the newest, and the one before that is still there.
            _neededByOlder = _neededByNewest;
            (_epochOfOlder, _epochOfNewest) = (_epochOfNewest, job.Epoch);
        }

        _neededByNewest = job.Needs;
        CheckpointBytes = job.Bytes;
        job.Pieces.Published();
        _blocks = job.Pieces.Blocks;
        _filesOfEpoch[job.Epoch] = [.. job.Pieces.Files];
        if (job.StateBytes > 0)
        {
            _stateFiles[job.FileNumber] = job.StateBytes;
        }

        try
        {
            foreach (string old in names.SkipLast(2))
            {
                _disk.Delete(CheckpointFolder + "/" + old);
            }

            DeleteStateFiles([.. names.TakeLast(2).Select(EpochOf)]);
            _log.FreeBefore(new LogPosition(Math.Min(Math.Min(_neededByOlder, _neededByNewest), _backup?.LogFrom ?? long.MaxValue)));
            DeleteObsoleteSegments(_epochOfOlder);
        }
        catch (DiskException)
        {
            // What could not be deleted now is deleted after the next checkpoint; a failed sync of the log's folder ends the engine.
            StopIfPoisoned();
        }
    }

    // Those that no checkpoint names which is kept: of older ones, and of what a kill or a full disk cut short.
    private void DeleteStateFiles(long[] kept)
    {
        foreach (long epoch in _filesOfEpoch.Keys.Except(kept).ToArray())
        {
            _filesOfEpoch.Remove(epoch);
        }

        HashSet<long> named = [.. _filesOfEpoch.Values.SelectMany(f => f)];
        string[] unnamed = [.. _disk.List(CheckpointFolder).Where(n => StateFile.NumberOf(n) is >= 0 and var number && !named.Contains(number))];
        if (unnamed.Length == 0)
        {
            return;
        }

        // A checkpoint must not come back without the files it names.
        _disk.SyncFolder(CheckpointFolder);
        foreach (string name in unnamed)
        {
            _disk.Delete(CheckpointFolder + "/" + name);
            _stateFiles.Remove(StateFile.NumberOf(name));
        }
    }

    private static long EpochOf(string name) =>
        long.TryParse(name.AsSpan(0, name.Length - CheckpointFile.Extension.Length), out long epoch) ? epoch : -1;

    private long FirstNeeded() => _objects.Values.OfType<StreamState>().Select(s => s.Chunks.FirstPosition()).DefaultIfEmpty(long.MaxValue).Min();

    private static string CheckpointPath(long epoch) => $"{CheckpointFolder}/{epoch:D20}{CheckpointFile.Extension}";

    private CheckpointJob Freeze()
    {
        // Named again is what the newest checkpoint names: as long as that is kept, so are its files.
        HashSet<long> newest = [.. _filesOfEpoch.GetValueOrDefault(_epochOfNewest, [])];
        var pieces = new PieceWriter(_options.PieceBytesMin, _stateFiles.Where(f => newest.Contains(f.Key)).ToDictionary(), _blocks);
        var file = new CheckpointFile.Writer(pieces, _options.SectionBytesMin, _sectionBytes);
        Save(file, out long needs);
        return new CheckpointJob(_epoch, needs, _stateFileNumber++) { Pieces = pieces, File = file, LogEnd = _log.End.Value };
    }

    // All in one file, for what is to stand alone.
    private List<ReadOnlyMemory<byte>> SaveWhole(out long needs)
    {
        _log.Sync();
        var file = new CheckpointFile.Writer(null, long.MaxValue, []);
        Save(file, out needs);
        return file.Finish();
    }

    private void Save(CheckpointFile.Writer file, out long needs)
    {
        // As of now, not of when the file is durable: retention may go on meanwhile, and a replay from here may still read what it frees.
        needs = Math.Min(_log.End.Value, FirstNeeded());
        ByteWriter head = file.Section(0);
        head.WriteInt64(_epoch);
        head.WriteInt64(_time);
        head.WriteInt64(_log.End.Value);
        head.WriteInt32(_catalog.NextId);
        head.WriteVarint((ulong)_catalog.History.Count);
        foreach (Definition definition in _catalog.History)
        {
            head.WriteVarint((ulong)definition.ObjectId);
            head.WriteString(definition.Statement);
            head.WriteByte(definition.Sharded ? (byte)1 : (byte)0);
        }

        foreach (ObjectState o in _objects.Values)
        {
            o.Save(file.Section(o.Id, (o as ViewState)?.MeasuredBytes ?? 0));
        }
    }

    private void Recover()
    {
        _disk.CreateFolder(CheckpointFolder);
        _disk.CreateFolder(SegmentFolder);
        DeleteHalfPublished();
        long from = -1;
        var damaged = new List<(string Path, string Why)>();
        _stateFileNumber = _disk.List(CheckpointFolder).Select(StateFile.NumberOf).DefaultIfEmpty(-1).Max() + 1;
        string[] names = [.. _disk.List(CheckpointFolder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)).OrderDescending(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            string path = CheckpointFolder + "/" + name;
            try
            {
                using var files = new StateFile.Reader(_disk, CheckpointFolder);
                CheckpointFile.Reader read = CheckpointFile.Read(_disk, path);
                if (from >= 0)
                {
                    // Not needed now; what it names is kept for when it is.
                    _filesOfEpoch[EpochOf(name)] = [.. read.Files];
                    continue;
                }

                read.Attach(files);
                from = LoadCheckpoint(read);
                _filesOfEpoch[_epoch] = [.. read.Files];
                foreach (long number in read.Files)
                {
                    _stateFiles[number] = files.LengthOf(number);
                }
            }
            catch (Exception e) when (from >= 0 && e is CorruptionException or FormatException or NewerFormatException or DiskException)
            {
                // Found out when it is needed, or deleted after the next two.
            }
            catch (Exception e) when (e is CorruptionException or FormatException)
            {
                // The one before and a longer replay give the same answers.
                ResetState();
                damaged.Add((path, e.Message));
            }
        }

        if (from < 0 && _log.First.Value != 0)
        {
            // Left as they are: once the file is back that both of them name, they are sound.
            throw new CorruptionException(
                CheckpointFolder, 0, "a checkpoint that covers the log freed so far",
                $"none, and a log that begins at {_log.First.Value}" + string.Concat(damaged.Select(d => $"; {d.Path}: {d.Why}")));
        }

        foreach ((string path, string why) in damaged)
        {
            _disk.Rename(path, path + ".damaged");
            RecoveryWarnings.Add($"checkpoint {path} is damaged and was set aside as {path}.damaged: {why}");
        }

        Replay(from < 0 ? _log.First : new LogPosition(from));
        LookAtSegments();
    }

    // What a kill left of a checkpoint that was being written; the segments' are deleted with those that do not count.
    private void DeleteHalfPublished()
    {
        foreach (string name in _disk.List(CheckpointFolder).Where(n => n.EndsWith(IDisk.TemporarySuffix, StringComparison.Ordinal)))
        {
            try
            {
                _disk.Delete(CheckpointFolder + "/" + name);
            }
            catch (DiskException)
            {
                // It only takes room: the next start tries again.
            }
        }
    }

    private void ResetState()
    {
        _objects = new ObjectTable();
        _catalog = new CatalogState();
        _obsolete.Clear();
        _epoch = 0;
        _time = 0;
        _filesOfEpoch.Clear();
        _stateFiles.Clear();
        _blocks = new SectionBlocks();
    }

    private long LoadCheckpoint(CheckpointFile.Reader file)
    {
        ByteReader head = file.Section(0);
        long epoch = head.ReadInt64();
        long time = head.ReadInt64();
        long position = head.ReadInt64();
        int nextId = head.ReadInt32();
        int count = head.ReadCount();
        for (int i = 0; i < count; i++)
        {
            int id = head.ReadCount();
            string statement = head.ReadString();
            bool sharded = head.Version >= CheckpointFile.WithShards && head.ReadByte() != 0;
            ReplayDefinition(id, statement, withData: false, sharded, time);
        }

        _catalog.NextId = nextId;
        _epoch = epoch;
        _time = time;
        foreach (ObjectState o in _objects.Values)
        {
            ByteReader reader = file.Section(o.Id);
            _sectionBytes[o.Id] = reader.Remaining;
            o.Load(ref reader, Stored);
        }

        SpreadStill();
        _blocks = file.Pieces?.Blocks ?? _blocks;
        _checkpointEnd = position;
        _epochOfNewest = epoch;
        _neededByNewest = Math.Min(position, FirstNeeded());
        _neededByOlder = _log.First.Value;
        return position;
    }

    private void Replay(LogPosition from)
    {
        long records = 0;
        long started = _epoch;
        using LogReader reader = _log.ReadFrom(from);
        while (reader.TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload))
        {
            (long epoch, long time, List<CommitEntry> entries) = CommitRecord.Read(payload.Span, _rows.SchemaOf);
            if (epoch != _epoch + 1)
            {
                throw new CorruptionException("log", position.Value, $"epoch {_epoch + 1}", $"epoch {epoch}");
            }

            _epoch = epoch;
            _time = time;
            ReplayEpoch(entries, position.Value, CommitRecord.HasShards(payload.Span), time);
            if (!CommitRecord.HasRetention(payload.Span))
            {
                LetGoUnlogged();
            }

            records++;
        }

        RecoverySummary = $"epoch {_epoch}: {(started == 0 ? "no checkpoint" : $"checkpoint of epoch {started}")}, {records} log records replayed";
        if (_log.Recovery.TruncatedBytes > 0)
        {
            RecoverySummary += $", {_log.Recovery.TruncatedBytes} bytes of torn tail cut off ({_log.Recovery.Reason})";
        }
    }

    private void ReplayEpoch(List<CommitEntry> entries, long position, bool sharded, long now)
    {
        foreach (CommitEntry entry in entries)
        {
            if (entry.Kind == EntryKind.Definition)
            {
                ReplayDefinition(entry.ObjectId, entry.Statement!, withData: true, sharded, now);
                continue;
            }

            if (entry.Kind == EntryKind.Opened)
            {
                RouseStreams(now);
                continue;
            }

            if (entry.Kind == EntryKind.Segments)
            {
                ApplySegments(_objects[entry.ObjectId], entry.Segments!);
                continue;
            }

            switch (_objects[entry.ObjectId])
            {
                case StreamState stream:
                    stream.Append(entry.Batch!, position, now);
                    break;
                case TableState table:
                    table.Replay(entry.Batch!);
                    table.Publish(entry.Batch!);
                    break;
                default:
                    throw new CorruptionException("log", position, "rows of a stream or table", $"rows of object {entry.ObjectId}");
            }

            _objects[entry.ObjectId].TouchedEpoch = _epoch;
        }

        StepObjects(now);
        foreach (ObjectState o in _objects.Values)
        {
            o.Delta.Clear();
        }

        EvictTails();
    }

    // As releases did that did not log it.
    private void LetGoUnlogged()
    {
        foreach (CommitEntry gone in Outlived(_time))
        {
            ApplySegments(_objects[gone.ObjectId], gone.Segments!);
        }
    }
}
