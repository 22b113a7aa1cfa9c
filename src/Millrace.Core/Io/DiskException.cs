// Failures of storage, typed by what the caller can do about them.
namespace Millrace.Core.Io;

/// <summary>An operation on storage failed; the message is one line naming path, operation and reason.</summary>
public sealed class DiskException : IOException
{
    /// <summary>Reports <paramref name="operation"/> (the system call's name) on <paramref name="path"/> failing with <paramref name="errno"/>.</summary>
    public DiskException(string path, string operation, int errno, string reason, Exception? inner = null)
        : base($"{path}: {operation} failed: {reason} (errno {errno})", inner)
    {
        Path = path;
        Operation = operation;
        Errno = errno;
        Reason = reason;
    }

    /// <summary>The path concerned.</summary>
    public string Path { get; }

    /// <summary>The system call: open, write, read, ftruncate, fdatasync, fsync, rename, unlink, mkdir, flock, path.</summary>
    public string Operation { get; }

    /// <summary>The operating system's error number; 0 when the failure is ours (a refused path).</summary>
    public int Errno { get; }

    /// <summary>The error in words.</summary>
    public string Reason { get; }

    /// <summary>No space or quota left: writing may work again later.</summary>
    public bool IsDiskFull => OperatingSystem.IsWindows() ? Errno is 39 or 112 : Errno == Posix.ENOSPC || Errno == Posix.EDQUOT;

    /// <summary>A sync failed: what it covered may be lost although it can still be read. Never retried.</summary>
    public bool IsSyncFailure => Operation is "fdatasync" or "fsync";

    internal DiskException Again() => new(Path, Operation, Errno, Reason, this);
}

/// <summary>A data folder cannot be used; the message is one line, fit to be shown and followed by a non-zero exit.</summary>
public class DataFolderException : IOException
{
    /// <summary>With a one-line message.</summary>
    public DataFolderException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Another process has the data folder.</summary>
public sealed class DataFolderBusyException : DataFolderException
{
    /// <summary>Names the folder.</summary>
    public DataFolderBusyException(string folder, Exception? inner = null)
        : base($"data folder {folder} is in use by another process", inner)
    {
    }
}

/// <summary>A file or folder was written by a newer version: refused rather than guessed at.</summary>
public sealed class NewerFormatException : DataFolderException
{
    /// <summary>Names the file, its format version and the newest one this build knows.</summary>
    public NewerFormatException(string file, long version, long known)
        : base($"{file} has format version {version}, this build knows up to {known}: use the newer Millrace that wrote it")
    {
        File = file;
        Version = version;
        Known = known;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Its format version.</summary>
    public long Version { get; }

    /// <summary>The newest version this build reads.</summary>
    public long Known { get; }
}
