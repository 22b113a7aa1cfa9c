// The operating system's file system below one root folder.
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Core.Io;

/// <summary>
/// A folder of the machine. Files are made 0600 and folders 0700, symbolic links are refused, and every sync goes through our own
/// system call, because the runtime's hides failures. Syncs and publishes begun run on two threads of this disk.
/// </summary>
public sealed class RealDisk : IDisk
{
    private const string LockName = "LOCK";
    private readonly DiskThread syncs = new("millrace-sync");
    private readonly DiskThread publishes = new("millrace-publish");
    private readonly string root;
    private long publishCount;

    /// <summary>Uses (and durably creates, if need be) the folder <paramref name="root"/>.</summary>
    public RealDisk(string root)
    {
        this.root = System.IO.Path.GetFullPath(root);
        CreateOne(this.root, this.root);
    }

    /// <summary>The absolute path of the root folder.</summary>
    public string Root => root;

    /// <inheritdoc/>
    public long FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(root).AvailableFreeSpace;
            }
            catch (Exception e) when (IsIo(e))
            {
                throw Translated(e, root, "statfs");
            }
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        RealDiskFile file = OpenUnsynced(path, mode);
        if (mode == DiskOpenMode.CreateNew)
        {
            try
            {
                SyncFolder(DiskPath.FolderOf(path));
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        return file;
    }

    /// <inheritdoc/>
    public bool Exists(string path) => System.IO.Path.Exists(Full(path));

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        try
        {
            var names = new List<string>();
            foreach (string entry in Directory.EnumerateFileSystemEntries(Full(folder)))
            {
                names.Add(System.IO.Path.GetFileName(entry));
            }
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, folder, "readdir");
        }
    }

    /// <inheritdoc/>
    public void CreateFolder(string path) => CreateOne(Full(path), path);

    /// <inheritdoc/>
    public void Delete(string path)
    {
        string full = Full(path);
        try
        {
            if (Directory.Exists(full) && new FileInfo(full).LinkTarget is null)
            {
                Directory.Delete(full);
            }
            else if (System.IO.Path.Exists(full))
            {
                File.Delete(full);
            }
            else
            {
                throw Failed(path, "unlink", Posix.ENOENT);
            }
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, path, "unlink");
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        try
        {
            File.Move(Full(from), Full(to), overwrite: true);
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, from, "rename");
        }
    }

    /// <inheritdoc/>
    public void SyncFolder(string path) => SyncFolderAt(Full(path), path);

    /// <inheritdoc/>
    public PendingIo BeginSync(IDiskFile file)
    {
        var real = (RealDiskFile)file;
        return syncs.Begin(real.Sync);
    }

    /// <inheritdoc/>
    public PendingIo BeginPublish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        Full(path);
        return publishes.Begin(() => Publish(path, chunks));
    }

    /// <inheritdoc/>
    public void Publish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        string temporary = $"{path}.{Environment.ProcessId}-{Interlocked.Increment(ref publishCount)}{IDisk.TemporarySuffix}";
        try
        {
            using (RealDiskFile file = OpenUnsynced(temporary, DiskOpenMode.CreateNew))
            {
                long offset = 0;
                long unsynced = 0;
                foreach (ReadOnlyMemory<byte> chunk in chunks)
                {
                    for (int at = 0; at < chunk.Length; at += IDisk.UnsyncedBytesMax)
                    {
                        ReadOnlySpan<byte> part = chunk.Span[at..Math.Min(chunk.Length, at + IDisk.UnsyncedBytesMax)];
                        file.Write(offset, part);
                        offset += part.Length;
                        unsynced += part.Length;
                        if (unsynced >= IDisk.UnsyncedBytesMax)
                        {
                            file.Sync();
                            unsynced = 0;
                        }
                    }
                }
                file.Sync();
            }
            Rename(temporary, path);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
        SyncFolder(DiskPath.FolderOf(path));
    }

    /// <inheritdoc/>
    public IDisposable Lock()
    {
        string full = Full(LockName);
        SafeFileHandle file;
        try
        {
            if (OperatingSystem.IsWindows())
            {
                return new FileStream(full, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            file = OpenLockFile(full);
        }
        catch (IOException e) when (OperatingSystem.IsWindows() && (e.HResult & 0xFFFF) is 32 or 33)
        {
            throw new DataFolderBusyException(root, e);
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, LockName, "open");
        }
        int error = Posix.TryLock(file);
        if (error == 0)
        {
            return file;
        }
        file.Dispose();
        throw error == Posix.EWOULDBLOCK ? new DataFolderBusyException(root) : Failed(LockName, "flock", error);
    }

    /// <summary>Waits for what was begun and ends the threads.</summary>
    public void Dispose()
    {
        syncs.Dispose();
        publishes.Dispose();
    }

    internal static bool IsIo(Exception e) => e is IOException or UnauthorizedAccessException && e is not DiskException and not DataFolderException;

    internal static DiskException Failed(string path, string operation, int errno) => new(path, operation, errno, Posix.Describe(errno));

    /// <summary>The runtime's exceptions carry the error number in HResult, when it is not one they name by type.</summary>
    internal static DiskException Translated(Exception e, string path, string operation)
    {
        int errno = e switch
        {
            FileNotFoundException or DirectoryNotFoundException => OperatingSystem.IsWindows() ? e.HResult & 0xFFFF : Posix.ENOENT,
            UnauthorizedAccessException => OperatingSystem.IsWindows() ? 5 : e.InnerException is { HResult: > 0 and < 256 } i ? i.HResult : Posix.EACCES,
            _ => OperatingSystem.IsWindows() ? e.HResult & 0xFFFF : e.HResult is > 0 and < 256 ? e.HResult : Posix.EIO,
        };
        string reason = errno == Posix.EIO && e.HResult != Posix.EIO ? e.Message : Posix.Describe(errno);
        return new DiskException(path, operation, errno, reason, e);
    }

    private static void CreateOne(string full, string shown)
    {
        try
        {
            string? parent = System.IO.Path.GetDirectoryName(full);
            if (Directory.Exists(full))
            {
                SyncNameAgain(parent);
                return;
            }
            if (!string.IsNullOrEmpty(parent))
            {
                CreateOne(parent, parent);
            }
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                CreatePrivate(full);
            }
            if (!string.IsNullOrEmpty(parent))
            {
                SyncFolderAt(parent, parent);
            }
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, shown, "mkdir");
        }
    }

    /// <summary>Who made the folder may have been killed before its name was durable; a parent that we may not read is somebody else's to sync.</summary>
    private static void SyncNameAgain(string? parent)
    {
        if (!string.IsNullOrEmpty(parent))
        {
            int error = Posix.SyncFolder(parent, out string operation);
            if (error != 0 && operation == "fsync" && error is not Posix.EINVAL and not Posix.EROFS)
            {
                throw Failed(parent, operation, error);
            }
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static void CreatePrivate(string full) =>
        Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private static void SyncFolderAt(string full, string shown)
    {
        int error = Posix.SyncFolder(full, out string operation);
        if (error != 0)
        {
            throw Failed(shown, operation, error);
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static SafeFileHandle OpenLockFile(string full)
    {
        RefuseLink(LockName, full);
        try
        {
            if (!File.Exists(full))
            {
                new FileStream(full, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Share = FileShare.ReadWrite,
                    BufferSize = 0,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }).Dispose();
            }
        }
        catch (IOException e) when (e.HResult is Posix.EEXIST || e.HResult == Posix.EWOULDBLOCK)
        {
            // Another process starts at the same time; the lock below decides.
        }
        // Not by the runtime: it takes a shared lock of its own on every file it opens, which two starting processes would refuse each other for.
        int error = Posix.OpenForLock(full, out SafeFileHandle handle);
        return error == 0 ? handle : throw Failed(LockName, "open", error);
    }

    private static void RefuseLink(string path, string full)
    {
        if (new FileInfo(full).LinkTarget is not null)
        {
            throw new DiskException(path, "open", 0, "symbolic links are refused in a data folder");
        }
    }

    private RealDiskFile OpenUnsynced(string path, DiskOpenMode mode)
    {
        string full = Full(path);
        var options = new FileStreamOptions
        {
            Mode = mode == DiskOpenMode.CreateNew ? FileMode.CreateNew : FileMode.Open,
            Access = mode == DiskOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (mode == DiskOpenMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        try
        {
            RefuseLink(path, full);
            return new RealDiskFile(path, new FileStream(full, options));
        }
        catch (Exception e) when (IsIo(e))
        {
            throw Translated(e, path, "open");
        }
    }

    private void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(Full(path));
        }
        catch (Exception e) when (IsIo(e))
        {
            // The first failure is the one to tell; the leftover is removed at the next start.
        }
    }

    private string Full(string path) => path.Length == 0 ? root : System.IO.Path.Combine(root, DiskPath.Checked(path));
}
