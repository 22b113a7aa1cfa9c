// The copying of a backup, beside the engine: everything it reads is immutable and kept until it is done.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>One backup under way: what it copies, how far it is, what it came to.</summary>
internal sealed class BackupJob(BackupRequest request, long epoch, long time)
{
    private long _done;

    public BackupRequest Request { get; } = request;

    public long Epoch { get; } = epoch;

    public long TimeMicros { get; } = time;

    /// <summary>The checkpoint: its path and content.</summary>
    public required (string Path, IReadOnlyList<ReadOnlyMemory<byte>> Content) Checkpoint { get; init; }

    /// <summary>The log from the oldest row that is not sealed to the epoch's end.</summary>
    public required IReadOnlyList<(string Path, long Bytes)> Log { get; init; }

    /// <summary>The log position the files must be kept from.</summary>
    public required long LogFrom { get; init; }

    public required IReadOnlyList<StoredSegment> Segments { get; init; }

    public long BytesTotal => Checkpoint.Content.Sum(c => (long)c.Length) + Log.Sum(f => f.Bytes) + Segments.Sum(s => s.Info.FileBytes);

    public long BytesDone => Volatile.Read(ref _done);

    /// <summary>How it ended; null while it runs.</summary>
    public Exception? Error { get; set; }

    public BackupFolder? Result { get; private set; }

    public PendingIo Work { get; set; } = PendingIo.Done;

    /// <summary>Set when the database closes.</summary>
    public bool Stop { get; set; }

    /// <summary>Copies, reads back, and writes the manifest; on a thread of its own.</summary>
    /// <exception cref="DiskException">Source or target failed.</exception>
    /// <exception cref="CorruptionException">The log is damaged.</exception>
    /// <exception cref="SqlException">The target is not empty, or it was called off.</exception>
    public void Run(IDisk disk, Func<ulong> random)
    {
        IDisk target = Request.Target;
        if (target.List("").Count > 0)
        {
            throw new SqlException("58P02", $"the folder \"{Request.Name}\" is not empty", hint: "name an empty or new folder for each backup");
        }

        target.CreateFolder("checkpoint");
        target.CreateFolder("log");
        target.CreateFolder("segments");
        var paths = new List<string> { Checkpoint.Path };
        var missing = new List<string>();
        target.Publish(Checkpoint.Path, Checkpoint.Content);
        Progress(Checkpoint.Content.Sum(c => c.Length));
        CheckpointFile.Read(target, Checkpoint.Path);
        foreach ((string path, long bytes) in Log)
        {
            BackupFolder.Copy(disk, target, path, bytes, Progress);
            paths.Add(path);
        }

        SealLog(target, random);
        foreach (StoredSegment segment in Segments)
        {
            if (CopySegment(disk, target, segment) is { } damage)
            {
                missing.Add($"{segment.Info.Path}: {damage}");
            }
            else
            {
                paths.Add(segment.Info.Path);
            }
        }

        foreach (string folder in (string[])["checkpoint", "log", "segments"])
        {
            target.SyncFolder(folder);
        }

        var result = new BackupFolder(Epoch, TimeMicros, [.. paths.Select(p => BackupFolder.Measure(target, p))], missing);
        result.Publish(target);
        Result = result;
    }

    // Every record of the copy is read, and its end is marked as durable: damage to it is told from a torn tail from then on.
    private static void SealLog(IDisk target, Func<ulong> random)
    {
        using WriteAheadLog copy = WriteAheadLog.Open(target, "log", new LogOptions { VerifyAll = true, Random = random });
        Check.That(copy.Recovery.TruncatedBytes == 0, "a copy of durable records has a torn tail");
        copy.Close();
    }

    // A damaged segment is left out and named: a backup of the rest is worth more than none.
    private string? CopySegment(IDisk disk, IDisk target, StoredSegment segment)
    {
        if (segment.Damage is { } known)
        {
            return known;
        }

        BackupFolder.Copy(disk, target, segment.Info.Path, segment.Info.FileBytes, Progress);
        var damage = new List<CorruptionException>();
        try
        {
            using Segment copy = Segment.Open(target, segment.Info);
            copy.Verify(damage);
        }
        catch (CorruptionException e)
        {
            damage.Add(e);
        }

        if (damage.Count == 0)
        {
            return null;
        }

        // Whose fault is it? The segment's own, if that does not hold either.
        if (SegmentInspection.Verify(segment) is not [var own, ..])
        {
            throw new SqlException("58030", $"the backup's folder \"{Request.Name}\" does not give back what was written: {damage[0].Message}");
        }

        segment.Note(damage[0]);
        target.Delete(segment.Info.Path);
        return own;
    }

    private void Progress(int bytes)
    {
        Volatile.Write(ref _done, _done + bytes);
        if (Stop || Request.Cancellation.IsCancellationRequested)
        {
            throw Stop ? new SqlException("57P01", "the database is shutting down; the backup is not finished")
                : new SqlException("57014", "the backup was called off; what is in its folder is not finished", hint: "delete the folder");
        }
    }
}

/// <summary>Make a backup of the present epoch; completes when it is durable.</summary>
internal sealed class BackupRequest(IDisk target, string name, CancellationToken cancellation) : Request<BackupFolder>
{
    public IDisk Target { get; } = target;

    /// <summary>The folder as it was named.</summary>
    public string Name { get; } = name;

    public CancellationToken Cancellation { get; } = cancellation;
}
