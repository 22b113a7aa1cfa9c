// Reads a whole data folder and compares every checksum, without changing a byte.
using System.Globalization;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Engine;
using Millrace.Log;

namespace Millrace;

/// <summary>What <see cref="Run"/> found.</summary>
/// <param name="Sound">True when nothing is damaged.</param>
/// <param name="Lines">What was looked at and what is wrong, in sentences.</param>
public sealed record FolderCheck(bool Sound, IReadOnlyList<string> Lines)
{
    private const string LogFolder = "log";
    private const string CheckpointFolder = "checkpoint";

    /// <summary>Checks the data folder <paramref name="folder"/>, which no server may have open.</summary>
    /// <exception cref="DataFolderException">It is no data folder, of a newer version, or in use.</exception>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public static FolderCheck Run(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataFolderException($"there is no folder {folder}");
        }

        using var disk = new LookOnlyDisk(new RealDisk(folder));
        if (!disk.Exists("FORMAT") && disk.Exists(BackupFolder.ManifestFile))
        {
            return CheckBackup(disk);
        }

        if (!disk.Exists("FORMAT"))
        {
            throw new DataFolderException($"{folder} is not a data folder: it has no file FORMAT");
        }

        var lines = new List<string>();
        bool sound = true;
        DataFolder held;
        try
        {
            held = DataFolder.Open(disk);
        }
        catch (CorruptionException e)
        {
            return new FolderCheck(false, [$"damaged: {e.Message}", "It names the version of everything else; the server refuses to start. Restore it from a copy of the folder."]);
        }

        bool log;
        using (held)
        {
            sound &= CheckCheckpoints(disk, lines);
            log = CheckLog(disk, lines);
        }

        // Without the log nobody knows which segments count.
        sound = (log ? CheckSegments(disk, lines) : log) && sound;
        lines.Add(sound ? "sound" : "damaged");
        return new FolderCheck(sound, lines);
    }

    private static FolderCheck CheckBackup(LookOnlyDisk disk)
    {
        BackupFolder backup;
        try
        {
            backup = BackupFolder.Read(disk);
        }
        catch (CorruptionException e)
        {
            return new FolderCheck(false, [$"damaged: {e.Message}", "It is the list of what the backup holds; nothing can be restored from it.", "damaged"]);
        }

        List<string> lines = [.. backup.Verify(disk).Select(w => "damaged: " + w)];
        bool sound = lines.Count == 0;
        lines.AddRange(backup.Missing.Select(m => "not in the backup, it was damaged when that was made: " + m));
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"backup of epoch {backup.Epoch}: {backup.Files.Count:N0} files, {backup.Bytes:N0} bytes"));
        lines.Add(sound ? "sound" : "damaged");
        return new FolderCheck(sound, lines);
    }

    private static bool CheckCheckpoints(LookOnlyDisk disk, List<string> lines)
    {
        bool sound = true;
        string[] names = [.. disk.List(CheckpointFolder).Where(n => n.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal))];
        foreach (string name in names)
        {
            string path = $"{CheckpointFolder}/{name}";
            try
            {
                CheckpointFile.Reader read = CheckpointFile.Read(disk, path);
                using var files = new StateFile.Reader(disk, CheckpointFolder);
                read.Verify(files);
                int beside = read.Files.Count();
                lines.Add($"{path}: {read.Count} sections{(beside > 0 ? $" and {beside} files of state" : "")}, every checksum holds");
            }
            catch (CorruptionException e)
            {
                sound = false;
                lines.Add($"damaged: {e.Message}");
                lines.Add(names.Length > 1 || disk.List(LogFolder).Count > 0
                    ? "The server sets it aside, starts from the checkpoint before it, and reads more of the log; nothing is lost while the log is sound."
                    : "There is no other checkpoint: restore it from a copy of the folder.");
            }
        }

        return sound;
    }

    // Which files count is known after recovery: it runs without changing anything.
    private static bool CheckSegments(LookOnlyDisk disk, List<string> lines)
    {
        DatabaseEngine opened;
        try
        {
            opened = new DatabaseEngine(disk, new EngineOptions { Clock = new SystemClock() });
        }
        catch (CorruptionException e)
        {
            lines.Add($"damaged: {e.Message}");
            lines.Add("The server refuses to start on this folder, so that nothing wrong is served. Restore it from a backup.");
            return false;
        }

        using DatabaseEngine engine = opened;
        List<(string Object, StoredSegment Segment)> segments =
            [.. engine.Objects.SelectMany(o => (o.AppendedRows?.Segments ?? []).Select(s => (o.Definition.Name, s)))];
        int damaged = 0;
        foreach ((string name, StoredSegment segment) in segments)
        {
            List<string> wrong = SegmentInspection.Verify(segment);
            damaged += wrong.Count > 0 ? 1 : 0;
            lines.AddRange(wrong.Select(w => $"damaged: {name}: {w}"));
        }

        if (damaged > 0)
        {
            lines.Add("Queries that need these rows are refused, everything else goes on. Put the files back from a backup of the folder.");
        }

        if (segments.Count > 0)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"segments: {segments.Count:N0} files, {segments.Sum(s => s.Segment.Info.Rows):N0} rows in ")
                + string.Create(CultureInfo.InvariantCulture, $"{segments.Sum(s => s.Segment.Info.FileBytes):N0} bytes, {(damaged == 0 ? "every checksum holds" : $"{damaged} damaged")}"));
        }

        return damaged == 0;
    }

    private static bool CheckLog(LookOnlyDisk disk, List<string> lines)
    {
        try
        {
            using WriteAheadLog log = WriteAheadLog.Open(disk, LogFolder, new LogOptions { VerifyAll = true });
            RecoveryReport found = log.Recovery;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"log: {found.Records:N0} records in {found.Bytes:N0} bytes, every checksum holds"));
            if (found.Reason is not null)
            {
                lines.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"log: {found.TruncatedBytes:N0} bytes at its end are a write that was cut short ({found.Reason}); it was never acknowledged, the next start drops it"));
            }

            return true;
        }
        catch (CorruptionException e)
        {
            lines.Add($"damaged: {e.Message}");
            lines.Add("The server refuses to start on this folder, so that nothing wrong is served. Restore the file from a copy.");
            return false;
        }
    }
}
