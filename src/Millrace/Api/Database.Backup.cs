// Backups: of a live database into a folder, and back into a data folder.
using System.Globalization;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;

namespace Millrace;

/// <summary>What a backup holds.</summary>
/// <param name="Epoch">The epoch whose state it is.</param>
/// <param name="TimeMicros">That epoch's time, µs since 1970.</param>
/// <param name="Files">Files in it.</param>
/// <param name="Bytes">Their length together.</param>
/// <param name="Missing">Segments that were damaged when it was made, and why: it is without their rows.</param>
public sealed record BackupReport(long Epoch, long TimeMicros, int Files, long Bytes, IReadOnlyList<string> Missing)
{
    /// <summary>It in sentences.</summary>
    /// <param name="folder">Where it is.</param>
    public IEnumerable<string> Lines(string folder) => Missing.Select(m => "not in the backup, it is damaged: " + m).Prepend(
        string.Create(CultureInfo.InvariantCulture, $"backup of epoch {Epoch} in {folder}: {Files:N0} files, {Bytes:N0} bytes, every checksum compared"));

    internal static BackupReport Of(BackupFolder backup) => new(backup.Epoch, backup.TimeMicros, backup.Files.Count, backup.Bytes, backup.Missing);
}

/// <summary>How far a backup is.</summary>
/// <param name="Folder">Where it is written.</param>
/// <param name="Epoch">The epoch whose state it is.</param>
/// <param name="BytesDone">Bytes copied.</param>
/// <param name="BytesTotal">Bytes to copy.</param>
/// <param name="State">running, done or failed.</param>
/// <param name="Error">Why it failed.</param>
public sealed record BackupProgress(string Folder, long Epoch, long BytesDone, long BytesTotal, string State, string? Error);

public sealed partial class Database
{
    /// <summary>The backup under way, or the last one; null when none was made since the database was opened.</summary>
    public BackupProgress? LastBackup => Engine.LastBackup is not { } job ? null
        : new BackupProgress(
            job.Request.Name, job.Epoch, job.BytesDone, job.BytesTotal, job.Result is not null ? "done" : job.Error is null ? "running" : "failed", job.Error?.Message);

    /// <summary>
    /// Copies the state of the present epoch into a new folder, while writes go on. Every file is read back and compared; the folder counts as a backup once its
    /// manifest is there, which is written last.
    /// </summary>
    /// <param name="folder">An absolute path; the folder is empty or does not exist.</param>
    /// <param name="cancellation">Calls it off.</param>
    /// <exception cref="SqlException">22023 the path cannot be used; 58P02 the folder is not empty; 53100, 58030 it could not be written; 55006 another is under way.</exception>
    public async Task<BackupReport> BackupAsync(string folder, CancellationToken cancellation = default)
    {
        if (!Path.IsPathFullyQualified(folder))
        {
            throw new SqlException("22023", $"the backup's folder \"{folder}\" is not an absolute path", hint: "write it from the root: the server's working directory is not yours");
        }

        if (_disk is not RealDisk disk)
        {
            throw new SqlException("0A000", "a database in memory has no backup", hint: "copy its answers, or open it on a folder");
        }

        string data = Path.TrimEndingDirectorySeparator(disk.Root);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (full == data || full.StartsWith(data + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new SqlException("22023", $"the backup's folder \"{folder}\" is inside the data folder {data}", hint: "name one beside it, best on another disk");
        }

        try
        {
            using RealDisk target = await Task.Run(() => new RealDisk(full), cancellation).ConfigureAwait(false);
            // Not given up before the copying has ended: the target must not be closed under it.
            return BackupReport.Of(await SubmitAsync(new BackupRequest(target, folder, cancellation), default).ConfigureAwait(false));
        }
        catch (DiskException e)
        {
            throw new SqlException(e.IsDiskFull ? "53100" : "58030", $"the backup's folder \"{folder}\" cannot be made: {e.Message}");
        }
    }

    /// <summary>
    /// Makes a data folder of a backup. Everything is compared with the backup's manifest before the folder counts as one; until then no server opens it.
    /// </summary>
    /// <param name="backup">The backup's folder.</param>
    /// <param name="folder">The new data folder: empty, or it does not exist.</param>
    /// <param name="progress">Told how many bytes are done.</param>
    /// <exception cref="DataFolderException">The first is no finished backup, or the second is not empty.</exception>
    /// <exception cref="Millrace.Core.CorruptionException">The backup is damaged.</exception>
    public static BackupReport Restore(string backup, string folder, Action<long>? progress = null)
    {
        if (!Directory.Exists(backup))
        {
            throw new DataFolderException($"there is no folder {backup}");
        }

        using var source = new RealDisk(backup);
        using var target = new RealDisk(folder);
        return BackupReport.Of(BackupFolder.Restore(source, target, progress ?? (_ => { })));
    }
}
