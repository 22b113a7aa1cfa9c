// Opens the files of a log after whatever happened: finds its end, tells torn from damaged, and makes what it found durable.
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>
/// The rule: bad at a place that any later record (or file) says was durable when it was written: damage, refuse. Bad above all such
/// marks: a tail torn by a crash, never acknowledged; cut it off. What stays is written again where it is not proven durable, and
/// synced, before anyone is served from it: after a failed sync the kernel shows pages as clean that never reached the disk.
/// </summary>
internal sealed class Recovery
{
    private readonly IDisk disk;
    private readonly string folder;
    private readonly LogOptions options;
    private readonly List<LogFile> files = [];
    private long records;
    private long bytes;
    private long truncated;
    private string? reason;

    internal Recovery(IDisk disk, string folder, LogOptions options)
    {
        this.disk = disk;
        this.folder = folder;
        this.options = options;
    }

    /// <summary>The sound files in order, at least one; the last is open for writing.</summary>
    internal IReadOnlyList<LogFile> Files => files;

    internal RecoveryReport Report => new(records, bytes, truncated, reason);

    /// <summary>The CRC that the next fragment chains to.</summary>
    internal uint LastCrc { get; private set; }

    /// <summary>Whether the log ends in a mark that proves all of it.</summary>
    internal bool EndsInMark { get; private set; }

    internal void Run()
    {
        disk.CreateFolder(folder);
        try
        {
            OpenFiles();
            if (files.Count == 0)
            {
                var header = new FileHeader(0, 0, options.Random(), options.Random(), 0);
                files.Add(Create(disk, folder, header));
                LastCrc = files[0].Identity;
                return;
            }
            Scan();
        }
        catch
        {
            files.ForEach(f => f.Dispose());
            throw;
        }
    }

    /// <summary>Makes a new file: it has its header before it has its name, so a log file without one is damaged, never new.</summary>
    internal static LogFile Create(IDisk disk, string folder, FileHeader header)
    {
        string path = $"{folder}/{LogFormat.FileName(header.FirstPosition)}";
        disk.Publish(path, [header.Encode(out uint identity)]);
        return new LogFile(disk, path, header, identity, FileHeader.Bytes, disk.Open(path, DiskOpenMode.ReadWrite));
    }

    private void OpenFiles()
    {
        foreach (string name in disk.List(folder))
        {
            string path = $"{folder}/{name}";
            if (name.EndsWith(IDisk.TemporarySuffix, StringComparison.Ordinal))
            {
                disk.Delete(path); // a publish that a crash cut short
            }
            else if (LogFormat.TryParseFileName(name, out long first))
            {
                IDiskFile handle = disk.Open(path, DiskOpenMode.ReadWrite);
                try
                {
                    FileHeader header = FileHeader.Read(handle, first, out uint identity);
                    files.Add(new LogFile(disk, path, header, identity, handle.Length, handle));
                }
                catch
                {
                    handle.Dispose();
                    throw;
                }
            }
        }
        for (int i = 1; i < files.Count; i++)
        {
            if (files[i].Header.LogId != files[0].Header.LogId)
            {
                throw new CorruptionException(files[i].Path, 32, $"log id {files[0].Header.LogId:x16}", $"{files[i].Header.LogId:x16}, of another log");
            }
            // What a follower says about the length stands; bytes behind it are of a write that was taken back.
            LogFile before = files[i - 1];
            before.Length = Math.Min(before.Length, files[i].Base - before.Base);
        }
    }

    private void Scan()
    {
        long proven = files.Max(f => f.Header.Durable);
        int index = options.VerifyAll ? 0 : Math.Max(0, files.FindLastIndex(f => f.Base <= proven));
        for (int i = 0; i < index; i++)
        {
            if (files[i].End != files[i + 1].Base)
            {
                index = i; // a gap: judged like anything else that is bad
            }
        }
        int firstScanned = index;
        using var cursor = new RecordCursor(files[index], 0, collect: false);
        while (true)
        {
            LogFile file = files[index];
            CursorResult result;
            while ((result = cursor.Next(file.Length)) == CursorResult.Record)
            {
                records++;
            }
            bytes += cursor.Offset;
            bool last = index == files.Count - 1;
            BadPlace bad = cursor.Bad;
            if (result == CursorResult.End)
            {
                if (last)
                {
                    break;
                }
                LogFile next = files[index + 1];
                if (next.Base != file.End)
                {
                    bad = new BadPlace(file.Length, $"{next.Base - file.End} more bytes, up to where {next.Path} begins", "the end of the file");
                }
                else if (cursor.LastCrc is uint crc && next.Header.PreviousCrc != crc)
                {
                    bad = new BadPlace(file.Length, $"a record with CRC {next.Header.PreviousCrc:x8} at the end, as {next.Path} says", $"CRC {crc:x8}");
                }
                else
                {
                    index++;
                    cursor.MoveTo(next, 0);
                    continue;
                }
            }
            JudgeTail(index, cursor.Offset, bad);
            CutAfter(index, cursor.Offset, bad);
            break;
        }
        LastCrc = cursor.LastCrc ?? throw new BugException("BUG: a scan from a file's beginning knows the chain");
        EndsInMark = cursor.EndsInMark;
        MakeDurable(firstScanned, Math.Max(proven, cursor.DurableMax));
    }

    /// <summary>Throws when anything says that the bad place was once durable.</summary>
    private void JudgeTail(int index, long offset, BadPlace bad)
    {
        LogFile file = files[index];
        long end = file.Base + offset;
        var scan = new DamageScan();
        scan.Search(file, offset);
        for (int i = index + 1; i < files.Count; i++)
        {
            scan.Search(files[i], 0);
        }
        if (scan.DurableMax > end)
        {
            long lostEnd = scan.NextRecord ?? scan.DurableMax;
            throw new CorruptionException(file.Path, bad.Offset, bad.Expected, bad.Found,
                $"positions {end} to {lostEnd}, {lostEnd - end} bytes, that were durable; {scan.Records} records are found behind them");
        }
    }

    private void CutAfter(int index, long offset, BadPlace bad)
    {
        LogFile file = files[index];
        truncated = file.Handle.Length - offset;
        for (int i = files.Count - 1; i > index; i--)
        {
            truncated += files[i].Handle.Length;
            files[i].Dispose();
            disk.Delete(files[i].Path);
            files.RemoveAt(i);
            disk.SyncFolder(folder);
        }
        reason = $"torn tail in {file.Path}: expected {bad.Expected} at byte {bad.Offset}, found {bad.Found}";
        file.Handle.Truncate(offset);
        file.Length = offset;
    }

    private void MakeDurable(int firstScanned, long proven)
    {
        // Not the last alone: unless each write was synced, several may hold what a failed sync left in memory only.
        for (int i = firstScanned; i < files.Count; i++)
        {
            Rewrite(files[i], Math.Max(FileHeader.Bytes, proven - files[i].Base));
            files[i].Handle.Sync();
        }
        disk.SyncFolder(folder); // who made the newest file may have ended before its name was durable
        foreach (LogFile file in files[..^1])
        {
            file.Dispose(); // opened again when somebody reads it
        }
    }

    private static void Rewrite(LogFile file, long from)
    {
        byte[] buffer = new byte[256 << 10];
        try
        {
            for (long at = from; at < file.Length; at += buffer.Length)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - at));
                int got = file.Handle.Read(at, part);
                file.Handle.Write(at, part[..got]);
            }
        }
        catch (DiskException e) when (e.IsDiskFull)
        {
            // A file system that copies on write may have no room: a full disk must not keep the database from starting.
        }
    }
}
