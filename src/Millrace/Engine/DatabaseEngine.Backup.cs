// Backups of a live database: the state of one epoch is pinned, and copied beside the engine while it goes on.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Engine;

internal sealed partial class DatabaseEngine
{
    private BackupJob? _backup;
    private volatile BackupJob? _lastBackup;

    /// <summary>The backup under way, or the last one since the database was opened.</summary>
    public BackupJob? LastBackup => _lastBackup;

    // What a checkpoint is made of, in one file, and the segments it names: the engine stops while the state is written into memory.
    private void BeginBackup(BackupRequest request)
    {
        if (_backup is { } other)
        {
            throw new SqlException("55006", $"a backup to \"{other.Request.Name}\" is under way", hint: "wait for it, or call it off");
        }

        List<ReadOnlyMemory<byte>> content;
        long needs;
        try
        {
            content = SaveWhole(out needs);
        }
        catch (Exception e) when (e is DiskException or LogPoisonedException)
        {
            StopIfPoisoned();
            throw WriteFailed(e);
        }

        var job = new BackupJob(request, _epoch, _time)
        {
            Checkpoint = (CheckpointPath(_epoch), content),
            Log = _log.FilesFrom(new LogPosition(needs)),
            LogFrom = needs,
            Segments = [.. _objects.Values.SelectMany(o => o.AppendedRows?.Segments ?? [])],
        };
        _backup = _lastBackup = job;
        job.Work = _options.BackupThread(() => job.Run(_disk, _options.Log.Random));
        job.Work.OnCompleted(Wake);
    }

    private bool PollBackup()
    {
        if (_backup is not { Work.IsCompleted: true } job)
        {
            return false;
        }

        _backup = null;
        if (job.Work.Error is null)
        {
            job.Request.Complete(job.Result!);
            return true;
        }

        job.Error = job.Work.Error switch
        {
            SqlException e => e,
            DiskException e => new SqlException(
                e.IsDiskFull ? "53100" : "58030", $"the backup to \"{job.Request.Name}\" could not be written: {e.Message}",
                hint: "delete what is there of it; the database itself goes on"),
            CorruptionException e => new SqlException("XX001", "the backup was given up: " + e.Message),
            var e => e,
        };
        job.Request.Fail(job.Error);
        return true;
    }

    private void EndBackup()
    {
        if (_backup is not { } job)
        {
            return;
        }

        job.Stop = true;
        try
        {
            job.Work.Wait();
        }
        catch (Exception e) when (e is DiskException or InvalidOperationException)
        {
            // Whoever asked is told.
        }

        PollBackup();
    }
}
