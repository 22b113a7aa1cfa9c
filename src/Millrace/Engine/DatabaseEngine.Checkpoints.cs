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
    private PendingIo? _checkpointIo;
    private long _checkpointEpoch;
    private long _checkpointEnd;
    private long _checkpointNeeds;

    // The oldest log position that the checkpoint before the newest still needs: it is kept until the newest has a successor.
    private long _neededByOlder;
    private long _neededByNewest;
    private long _epochOfOlder;
    private long _epochOfNewest;

    /// <summary>What recovery did, for the log and for SHOW.</summary>
    public string RecoverySummary { get; private set; } = "";

    /// <summary>Warnings of recovery: damaged checkpoints set aside.</summary>
    public List<string> RecoveryWarnings { get; } = [];

    private void BeginCheckpoint(CheckpointRequest? request)
    {
        if (request is not null)
        {
            _checkpointWaiters.Add(request);
        }

        _checkpointEpoch = _epoch;
        _checkpointEnd = _log.End.Value;
        List<ReadOnlyMemory<byte>> content;
        try
        {
            content = SaveCheckpoint(out _checkpointNeeds);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            StopIfPoisoned();
            _checkpointWaiters.ForEach(w => w.Fail(WriteFailed(e)));
            _checkpointWaiters.Clear();
            return;
        }

        CheckpointBytes = content.Sum(c => (long)c.Length);
        _checkpointIo = _disk.BeginPublish(CheckpointPath(_epoch), content);
        _checkpointIo.OnCompleted(Wake);
    }

    // Rather when nothing waits; but writers that never pause must not make the log grow without end.
    private bool BeginCheckpointWhenDue(bool busy)
    {
        if (_checkpointIo is not null || _log.End.Value - _checkpointEnd < (busy ? 2 : 1) * (decimal)_options.CheckpointLogBytes)
        {
            return false;
        }

        BeginCheckpoint(null);
        return true;
    }

    private bool PollCheckpoint()
    {
        if (_checkpointIo is not { IsCompleted: true } io)
        {
            return false;
        }

        _checkpointIo = null;
        if (io.Error is null)
        {
            CheckpointPublished();
        }

        foreach (CheckpointRequest waiter in _checkpointWaiters)
        {
            if (io.Error is null)
            {
                waiter.Complete(_checkpointEpoch);
            }
            else
            {
                waiter.Fail(new SqlException(
                    io.Error is DiskException { IsDiskFull: true } ? "53100" : "58030", "the checkpoint could not be written: " + io.Error.Message,
                    hint: "the log still holds everything"));
            }
        }

        _checkpointWaiters.Clear();
        return true;
    }

    private void WriteFinalCheckpoint()
    {
        if (_checkpointIo is { } io)
        {
            try
            {
                io.Wait();
            }
            catch (DiskException)
            {
                // Whoever waits for it is told.
            }

            PollCheckpoint();
        }

        if (_log.End.Value != _checkpointEnd)
        {
            _checkpointEpoch = _epoch;
            try
            {
                _disk.Publish(CheckpointPath(_epoch), SaveCheckpoint(out _checkpointNeeds));
                CheckpointPublished();
            }
            catch (Exception e) when (e is DiskException or LogPoisonedException)
            {
                // The log holds everything: the next start replays a little more.
            }
        }
    }

    private void CheckpointPublished()
    {
        _neededByOlder = _neededByNewest;
        _neededByNewest = _checkpointNeeds;
        (_epochOfOlder, _epochOfNewest) = (_epochOfNewest, _checkpointEpoch);
        string[] names = [.. _disk.List(CheckpointFolder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal))];
        try
        {
            foreach (string old in names.Order(StringComparer.Ordinal).SkipLast(2))
            {
                _disk.Delete(CheckpointFolder + "/" + old);
            }

            _log.FreeBefore(new LogPosition(Math.Min(Math.Min(_neededByOlder, _neededByNewest), _backup?.LogFrom ?? long.MaxValue)));
            DeleteObsoleteSegments(_epochOfOlder);
        }
        catch (DiskException)
        {
            // What could not be deleted now is deleted after the next checkpoint; a failed sync of the log's folder ends the engine.
            StopIfPoisoned();
        }
    }

    private long FirstNeeded() => _objects.Values.OfType<StreamState>().Select(s => s.Chunks.FirstPosition()).DefaultIfEmpty(long.MaxValue).Min();

    private static string CheckpointPath(long epoch) => $"{CheckpointFolder}/{epoch:D20}{CheckpointFile.Extension}";

    private List<ReadOnlyMemory<byte>> SaveCheckpoint(out long needs)
    {
        // With durability os or none the log may be behind: a checkpoint that survives what it builds on could not be started from.
        _log.Sync();
        // As of now, not of when the file is durable: retention may go on meanwhile, and a replay from here may still read what it frees.
        needs = Math.Min(_log.End.Value, FirstNeeded());
        var file = new CheckpointFile.Writer();
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
            o.Save(file.Section(o.Id));
        }

        return file.Finish();
    }

    private void Recover()
    {
        _disk.CreateFolder(CheckpointFolder);
        _disk.CreateFolder(SegmentFolder);
        DeleteHalfPublished();
        long from = -1;
        string[] names = [.. _disk.List(CheckpointFolder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)).OrderDescending(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            string path = CheckpointFolder + "/" + name;
            try
            {
                from = LoadCheckpoint(CheckpointFile.Read(_disk, path));
                break;
            }
            catch (Exception e) when (e is CorruptionException or FormatException)
            {
                // The one before and a longer replay give the same answers.
                ResetState();
                _disk.Rename(path, path + ".damaged");
                RecoveryWarnings.Add($"checkpoint {path} is damaged and was set aside as {path}.damaged: {e.Message}");
            }
        }

        if (from < 0 && _log.First.Value != 0)
        {
            throw new CorruptionException(
                CheckpointFolder, 0, "a checkpoint that covers the log freed so far", $"none, and a log that begins at {_log.First.Value}");
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
            o.Load(ref reader, Stored);
        }

        SpreadStill();

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
