// The database's one write-ahead log: appends, group commit, rotation.
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>
/// An ordered, durable sequence of records in files of one folder. Used by one thread; only <see cref="ReadAt"/> may be called from others.
/// The format: <see cref="LogFormat"/>; how it is recovered: <see cref="Millrace.Log.Recovery"/>; why: docs/decisions/log.md.
/// </summary>
public sealed class WriteAheadLog : IDisposable
{
    private readonly IDisk disk;
    private readonly string folder;
    private readonly LogOptions options;
    private readonly RecordWriter writer;
    private volatile LogFile[] files;
    private PendingIo? inFlight;
    private long inFlightEnd;
    private long durable;
    private bool unproven;
    private readonly List<LogFile> unsynced = [];
    private LogFile? syncing; // of those, the one that is in flight
    private Exception? poison;
    private bool closed;

    private WriteAheadLog(IDisk disk, string folder, LogOptions options, Recovery recovered)
    {
        this.disk = disk;
        this.folder = folder;
        this.options = options;
        files = [.. recovered.Files];
        writer = new RecordWriter(files[^1], recovered.LastCrc);
        durable = files[^1].End;
        unproven = !recovered.EndsInMark && durable > FileHeader.Bytes;
        Recovery = recovered.Report;
    }

    /// <summary>What opening found.</summary>
    public RecoveryReport Recovery { get; }

    /// <summary>Where the log ends: behind its last record.</summary>
    public LogPosition End => new(writer.File.Base + writer.End);

    /// <summary>Records before this can be read back without writing anything first: all of them, unless durability is None.</summary>
    public LogPosition Written => new(writer.File.Base + writer.Written);

    /// <summary>The oldest position that can be read from.</summary>
    public LogPosition First => new(files[0].Base);

    /// <summary>Everything before this is on disk. With durability Os or None it moves when the log is opened or closed.</summary>
    public LogPosition Durable
    {
        get
        {
            Observe();
            return new LogPosition(durable);
        }
    }

    /// <summary>Bytes of all files of the log.</summary>
    public long BytesOnDisk => files.Sum(f => f.Length);

    /// <summary>The failed sync after which the log takes nothing more; null while it is sound.</summary>
    public Exception? Poison
    {
        get
        {
            Observe();
            return poison;
        }
    }

    /// <summary>
    /// Opens or creates the log in <paramref name="folder"/>: checks it, cuts off a torn tail that was never proven durable, and syncs what it found.
    /// Throws <see cref="CorruptionException"/> when anything that was durable is damaged, <see cref="NewerFormatException"/> for a newer file.
    /// </summary>
    public static WriteAheadLog Open(IDisk disk, string folder, LogOptions options)
    {
        var recovery = new Recovery(disk, folder, options);
        recovery.Run();
        return new WriteAheadLog(disk, folder, options, recovery);
    }

    /// <summary>
    /// Appends one record and returns its position. Throws <see cref="DiskException"/> when it cannot be written (the log is then as before
    /// and may be tried again, as when the disk is full), <see cref="LogPoisonedException"/> after a failed sync.
    /// </summary>
    public LogPosition Append(ReadOnlySpan<byte> payload)
    {
        var source = new ChunkSource(payload);
        return Append(ref source);
    }

    /// <summary>Appends the chunks as one record, without joining them first.</summary>
    public LogPosition Append(IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        var source = new ChunkSource(chunks);
        return Append(ref source);
    }

    /// <summary>
    /// Starts to make everything appended so far durable; null unless durability is Fsync. One at a time: wait for or poll the last one first.
    /// </summary>
    public PendingIo? BeginSync()
    {
        if (options.Durability != Durability.Fsync)
        {
            return null;
        }
        ThrowIfUnusable();
        Check.That(inFlight is null, "one sync of the log at a time");
        if (durable == End.Value)
        {
            return PendingIo.Done;
        }
        inFlightEnd = End.Value;
        return inFlight = disk.BeginSync(writer.File.Handle);
    }

    /// <summary>
    /// Makes all that was appended durable before it returns, whatever the durability: a file that names positions in the log, such as a checkpoint,
    /// must not outlive what it names. Throws as <see cref="Append(ReadOnlySpan{byte})"/>.
    /// </summary>
    public void Sync()
    {
        WaitForInFlight();
        ThrowIfUnusable();
        SyncNow();
    }

    /// <summary>
    /// As <see cref="Sync"/>, beside the caller, for a log that does not sync every commit: begins to make one of its files durable, as far as there is something before
    /// <paramref name="position"/> that is not. Null when there is nothing; ask again when what was given has completed.
    /// </summary>
    public PendingIo? BeginSyncUpTo(LogPosition position)
    {
        ThrowIfUnusable();
        if (inFlight is not null)
        {
            return inFlight;
        }
        writer.Flush();
        unsynced.RemoveAll(f => f == syncing || !files.Contains(f));
        syncing = null;
        if (durable >= position.Value)
        {
            return null;
        }
        if (unsynced.Count > 0)
        {
            syncing = unsynced[0];
            inFlightEnd = durable;
            return inFlight = disk.BeginSync(syncing.Handle);
        }
        inFlightEnd = End.Value;
        return inFlight = disk.BeginSync(writer.File.Handle);
    }

    /// <summary>
    /// Reads from the record at <paramref name="position"/> on; also from <see cref="First"/> and <see cref="End"/>. Throws
    /// <see cref="CorruptionException"/>, when it is read, if no record is there.
    /// </summary>
    public LogReader ReadFrom(LogPosition position)
    {
        FlushForReading();
        LogFile file = FileOf(position.Value);
        return new LogReader(this, file, position.Value - file.Base);
    }

    /// <summary>Reads the one record at <paramref name="position"/>, checked.</summary>
    public byte[] ReadAt(LogPosition position)
    {
        if (position.Value >= Written.Value)
        {
            // Only then: a full disk must not stand in the way of reading what is on it.
            FlushForReading();
        }

        LogFile file = FileOf(position.Value);
        using var cursor = new RecordCursor(file, position.Value - file.Base, collect: true, RecordCursor.SingleBytes);
        CursorResult result = cursor.Next(file.Length);
        BadPlace bad = result == CursorResult.Bad ? cursor.Bad
            : new BadPlace(position.Value - file.Base, "a record", result == CursorResult.End ? "the end of the log" : $"one at position {cursor.RecordPosition}");
        return result == CursorResult.Record && cursor.RecordPosition == position.Value
            ? cursor.TakePayload()
            : throw new CorruptionException(file.Path, bad.Offset, bad.Expected, bad.Found);
    }

    /// <summary>
    /// The files with the records from <paramref name="position"/> to <see cref="End"/>, and how many of their bytes these take; nothing in them changes any
    /// more up to there. What a copy of the log is made of: sync it first, and free nothing of it until it is copied.
    /// </summary>
    public IReadOnlyList<(string Path, long Bytes)> FilesFrom(LogPosition position)
    {
        FlushForReading();
        long end = End.Value;
        return [.. files.Where(f => f.End > position.Value || f == files[^1]).Select(f => (f.Path, Math.Min(f.Length, end - f.Base)))];
    }

    /// <summary>Deletes the files that hold nothing at or behind <paramref name="position"/>; never the one being written.</summary>
    public void FreeBefore(LogPosition position)
    {
        ThrowIfUnusable();
        while (files.Length > 1 && files[1].Base <= position.Value)
        {
            LogFile oldest = files[0];
            disk.Delete(oldest.Path);
            files = files[1..];
            oldest.Dispose();
            // One at a time: deletions that reach the disk in another order would leave a hole, and a hole is damage.
            Guarded(() => disk.SyncFolder(folder));
        }
    }

    /// <summary>
    /// Syncs, notes on disk up to where, and closes; throws when that fails or failed before. What was appended is durable afterwards.
    /// </summary>
    public void Close()
    {
        if (closed)
        {
            return;
        }
        try
        {
            WaitForInFlight();
            ThrowIfUnusable();
            SyncNow();
            if (unproven)
            {
                WriteMark();
            }
        }
        finally
        {
            closed = true;
            foreach (LogFile file in files)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>As <see cref="Close"/>, without the error when the disk fails: nobody was promised anything that is not durable.</summary>
    public void Dispose()
    {
        try
        {
            Close();
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            // The next start finds out what is there.
        }
    }

    /// <summary>The file after this one, or null when it is the last.</summary>
    internal LogFile? FileAfter(LogFile file)
    {
        LogFile[] now = files;
        foreach (LogFile candidate in now)
        {
            if (candidate.Base > file.Base)
            {
                return candidate.Base == file.End ? candidate : null;
            }
        }
        return null;
    }

    /// <summary>How far a file can be read.</summary>
    internal long ReadableBytes(LogFile file)
    {
        FlushForReading();
        return file.Length;
    }

    private LogPosition Append(ref ChunkSource payload)
    {
        ThrowIfUnusable();
        if (writer.End >= options.FileBytes && writer.End > FileHeader.Bytes)
        {
            Rotate();
        }
        long position = writer.Append(ref payload, FragmentKind.Full, durable, keep: options.Durability == Durability.None);
        unproven = true;
        return new LogPosition(position);
    }

    /// <summary>Goes on in a new file. With Fsync the old one is durable first, so only the last file can ever be torn.</summary>
    private void Rotate()
    {
        writer.Flush();
        if (options.Durability == Durability.Fsync)
        {
            WaitForInFlight();
            ThrowIfUnusable();
            SyncNow();
        }
        var header = new FileHeader(End.Value, durable, files[0].Header.LogId, options.Random(), writer.LastCrc);
        LogFile? next = null;
        Guarded(() => next = Millrace.Log.Recovery.Create(disk, folder, header));
        if (durable < End.Value)
        {
            unsynced.Add(writer.File); // not with Fsync
        }
        files = [.. files, next!];
        writer.MoveTo(next!);
    }

    private void SyncNow()
    {
        writer.Flush();
        foreach (LogFile file in unsynced.Where(files.Contains))
        {
            Guarded(file.Handle.Sync);
        }
        unsynced.Clear();
        if (durable < End.Value)
        {
            Guarded(writer.File.Handle.Sync);
            durable = End.Value;
        }
    }

    /// <summary>The mark proves the records before it: from now on damage to them is told from a torn tail. Without room for it, the log ends unproven.</summary>
    private void WriteMark()
    {
        try
        {
            var nothing = new ChunkSource(default(ReadOnlySpan<byte>));
            writer.Append(ref nothing, FragmentKind.Mark, durable, keep: false);
        }
        catch (DiskException e) when (e.IsDiskFull)
        {
            return;
        }
        Guarded(writer.File.Handle.Sync);
    }

    private void WaitForInFlight()
    {
        if (inFlight is null)
        {
            return;
        }
        try
        {
            inFlight.Wait();
        }
        catch (DiskException)
        {
            // Observe takes the error from the operation itself.
        }
        Observe();
    }

    /// <summary>Takes notice of a sync that has completed since.</summary>
    private void Observe()
    {
        if (inFlight is not { IsCompleted: true } done)
        {
            return;
        }
        inFlight = null;
        if (done.Error is null)
        {
            durable = Math.Max(durable, inFlightEnd);
        }
        else
        {
            PoisonWith(done.Error);
        }
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (DiskException e) when (e.IsSyncFailure)
        {
            PoisonWith(e);
            throw;
        }
    }

    /// <summary>No more writes. What was not acknowledged is taken back, as far as the disk still obeys, for its writers are told that it failed.</summary>
    private void PoisonWith(Exception cause)
    {
        poison = cause;
        if (options.Durability != Durability.Fsync)
        {
            return;
        }
        long keep = Math.Max(FileHeader.Bytes, durable - writer.File.Base);
        try
        {
            writer.File.Handle.Truncate(keep);
            writer.File.Length = keep;
        }
        catch (DiskException)
        {
            // It may then come back after a restart: an unacknowledged commit is wholly there or wholly absent.
        }
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(closed, this);
        Observe();
        if (poison is not null)
        {
            throw new LogPoisonedException(poison);
        }
    }

    private void FlushForReading()
    {
        if (options.Durability == Durability.None && poison is null)
        {
            writer.Flush();
        }
    }

    private LogFile FileOf(long position)
    {
        LogFile[] now = files;
        for (int i = now.Length - 1; i >= 0; i--)
        {
            if (now[i].Base <= position)
            {
                return position <= now[i].End
                    ? now[i]
                    : throw new CorruptionException(now[i].Path, position - now[i].Base, $"a record at position {position}", $"the end of the log at {now[i].End}");
            }
        }
        throw new CorruptionException(now[0].Path, 0, $"a record at position {position}", $"a log that begins at {now[0].Base}");
    }
}
