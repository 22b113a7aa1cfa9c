// A backup as a folder: the files of a database at one epoch, and a manifest, written last, that says so of each of them.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Engine;

/// <summary>
/// The manifest, text: a line of format, <c>epoch N</c>, <c>time MICROS</c>, a line <c>file BYTES CRC PATH</c> for each file, a line <c>missing PATH: WHY</c> for each
/// segment that was damaged when the backup was made, and <c>crc CRC</c> over all before it. There is no FORMAT file beside it, so no server opens
/// a backup by mistake: <c>millrace restore</c> makes a data folder of it.
/// </summary>
internal sealed record BackupFolder(long Epoch, long TimeMicros, IReadOnlyList<BackupFolder.Entry> Files, IReadOnlyList<string> Missing)
{
    public const string ManifestFile = DataFolder.BackupManifest;

    private const string FirstLine = "millrace backup, format 1";
    private const int CopyBytes = 1 << 20;
    private const long ManifestBytesMax = 256 << 20;

    /// <summary>A file of the backup.</summary>
    public sealed record Entry(string Path, long Bytes, uint Crc);

    public long Bytes => Files.Sum(f => f.Bytes);

    public void Publish(IDisk disk)
    {
        var text = new StringBuilder(FirstLine).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"epoch {Epoch}\ntime {TimeMicros}\n");
        foreach (Entry file in Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"file {file.Bytes} {file.Crc:x8} {file.Path}\n");
        }

        foreach (string missing in Missing)
        {
            text.Append("missing ").Append(missing.ReplaceLineEndings(" ")).Append('\n');
        }

        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        byte[] end = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"crc {Crc32C.Of(body):x8}\n"));
        disk.Publish(ManifestFile, [body, end]);
    }

    /// <summary>Reads the manifest.</summary>
    /// <exception cref="DataFolderException">There is none: the backup was not finished.</exception>
    /// <exception cref="CorruptionException">It is damaged.</exception>
    public static BackupFolder Read(IDisk disk)
    {
        if (!disk.Exists(ManifestFile))
        {
            throw new DataFolderException($"not a backup, or one that was not finished: it has no file {ManifestFile}; make it anew in another folder");
        }

        byte[] bytes;
        using (IDiskFile file = disk.Open(ManifestFile, DiskOpenMode.Read))
        {
            if (file.Length > ManifestBytesMax)
            {
                throw new CorruptionException(ManifestFile, 0, $"at most {ManifestBytesMax} bytes", $"{file.Length}");
            }

            bytes = new byte[file.Length];
            file.Read(0, bytes);
        }

        int body = bytes.Length - "crc 00000000\n".Length;
        string expected = body <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"crc {Crc32C.Of(bytes.AsSpan(0, body)):x8}\n");
        if (body <= 0 || Encoding.Latin1.GetString(bytes, body, bytes.Length - body) != expected)
        {
            throw new CorruptionException(ManifestFile, Math.Max(0, body), $"'{expected.TrimEnd()}'", "something else");
        }

        string[] lines = Encoding.UTF8.GetString(bytes, 0, body).TrimEnd('\n').Split('\n');
        if (lines[0] != FirstLine)
        {
            throw new DataFolderException($"the backup is of another format: \"{lines[0]}\", this build reads \"{FirstLine}\"");
        }

        var files = new List<Entry>();
        foreach (string line in lines.Where(l => l.StartsWith("file ", StringComparison.Ordinal)))
        {
            string[] parts = line.Split(' ', 4);
            files.Add(new Entry(DiskPath.Checked(parts[3]), long.Parse(parts[1], CultureInfo.InvariantCulture), uint.Parse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        }

        return new BackupFolder(Number(1, "epoch "), Number(2, "time "), files, [.. lines.Where(l => l.StartsWith("missing ", StringComparison.Ordinal)).Select(l => l["missing ".Length..])]);

        long Number(int line, string name) => long.Parse(lines[line].AsSpan(name.Length), CultureInfo.InvariantCulture);
    }

    /// <summary>Compares every file with the manifest.</summary>
    /// <returns>What is wrong, in sentences.</returns>
    public List<string> Verify(IDisk disk)
    {
        var wrong = new List<string>();
        foreach (Entry file in Files)
        {
            try
            {
                Compare(file, Scan(disk, file.Path, (_, _) => { }));
            }
            catch (Exception e) when (e is CorruptionException or DiskException)
            {
                wrong.Add(e.Message);
            }
        }

        return wrong;
    }

    /// <summary>
    /// Makes a data folder of the backup. The file FORMAT comes last, when everything was compared with the manifest and read once: before that, the
    /// folder is none, and no server opens it.
    /// </summary>
    /// <param name="backup">Where the backup is.</param>
    /// <param name="target">An empty folder.</param>
    /// <param name="progress">Told how many bytes are done.</param>
    /// <exception cref="CorruptionException">The backup is damaged.</exception>
    /// <exception cref="DataFolderException">It is none, or the target is not empty.</exception>
    public static BackupFolder Restore(IDisk backup, IDisk target, Action<long> progress)
    {
        BackupFolder manifest = Read(backup);
        using IDisposable held = target.Lock();
        if (target.List("").FirstOrDefault(n => n is not ("LOCK" or "lost+found")) is { } there)
        {
            throw new DataFolderException($"the folder to restore into is not empty: it holds '{there}'; name an empty or new folder");
        }

        target.CreateFolder("log");
        target.CreateFolder("checkpoint");
        target.CreateFolder("segments");
        long done = 0;
        foreach (Entry file in manifest.Files)
        {
            Compare(file, Copy(backup, target, file.Path, file.Bytes, bytes => progress(done += bytes)));
        }

        var look = new LookOnlyDisk(target);
        foreach (Entry file in manifest.Files.Where(f => f.Path.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal)))
        {
            CheckpointFile.Read(look, file.Path);
        }

        using (WriteAheadLog.Open(look, "log", new LogOptions { VerifyAll = true }))
        {
            // Every record was read.
        }

        DataFolder.Create(target);
        return manifest;
    }

    /// <summary>Copies a file's first bytes, syncs the copy and returns its length and checksum.</summary>
    public static Entry Copy(IDisk from, IDisk to, string path, long bytes, Action<int> progress)
    {
        using IDiskFile copy = to.Open(path, DiskOpenMode.CreateNew);
        Entry entry = Scan(from, path, (at, data) =>
        {
            copy.Write(at, data);
            progress(data.Length);
        }, bytes);
        copy.Sync();
        return entry;
    }

    /// <summary>The length and checksum of a file as it is.</summary>
    public static Entry Measure(IDisk disk, string path) => Scan(disk, path, (_, _) => { });

    private delegate void Piece(long at, ReadOnlySpan<byte> data);

    private static Entry Scan(IDisk disk, string path, Piece piece, long bytesMax = long.MaxValue)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
        byte[] buffer = new byte[(int)Math.Min(CopyBytes, Math.Max(1, Math.Min(file.Length, bytesMax)))];
        uint crc = 0;
        long at = 0;
        while (at < bytesMax)
        {
            int read = file.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytesMax - at)));
            if (read == 0)
            {
                break;
            }

            crc = Crc32C.Of(buffer.AsSpan(0, read), crc);
            piece(at, buffer.AsSpan(0, read));
            at += read;
        }

        return new Entry(path, at, crc);
    }

    private static void Compare(Entry expected, Entry found)
    {
        if (expected.Bytes != found.Bytes)
        {
            throw new CorruptionException(expected.Path, found.Bytes, $"{expected.Bytes} bytes", $"{found.Bytes}", "the backup cannot be restored as a whole");
        }

        if (expected.Crc != found.Crc)
        {
            throw new CorruptionException(expected.Path, 0, $"checksum {expected.Crc:x8}", $"{found.Crc:x8}", "the backup cannot be restored as a whole");
        }
    }
}
