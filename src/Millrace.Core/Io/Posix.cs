// The system calls that .NET hides, hides failures of, or does not have. Nothing outside Io calls them.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Core.Io;

/// <summary>
/// fsync through our own declaration: the runtime's turns a failure into success (its shim returns +1 and the caller looks for a negative number).
/// </summary>
internal static unsafe partial class Posix
{
    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int EINTR = 4;
    internal const int EIO = 5;
    internal const int EACCES = 13;
    internal const int EEXIST = 17;
    internal const int EINVAL = 22;
    internal const int ENOSPC = 28;
    internal const int EROFS = 30;
    private const int PatientNiceness = 10; // about a tenth of what a thread of niceness 0 gets, where both want the core
    private const int O_RDWR = 2;
    private const int F_FULLFSYNC = 51;
    private const int LOCK_EX_NB = 2 | 4;

    internal static int EDQUOT => OperatingSystem.IsMacOS() ? 69 : 122;

    internal static int EWOULDBLOCK => OperatingSystem.IsMacOS() ? 35 : 11;

    private static int O_CLOEXEC => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Makes the file's data and length durable. Returns 0 or the error number. Retries EINTR and nothing else.</summary>
    internal static int SyncData(SafeFileHandle file)
    {
        while (true)
        {
            int error = OperatingSystem.IsWindows() ? (FlushFileBuffers(file) ? 0 : Marshal.GetLastPInvokeError())
                : OperatingSystem.IsMacOS() ? (fcntl(file, F_FULLFSYNC) != -1 ? 0 : Marshal.GetLastPInvokeError())
                : fdatasync(file) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }
    }

    /// <summary>Makes the names in a folder durable. Returns 0 or the error number. Windows journals names itself.</summary>
    internal static int SyncFolder(string path, out string operation)
    {
        operation = "open";
        if (OperatingSystem.IsWindows())
        {
            return 0;
        }
        int fd;
        while ((fd = open(path, O_CLOEXEC)) < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }
        using var folder = new SafeFileHandle(fd, ownsHandle: true);
        operation = "fsync";
        while (fsync(folder) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }
        return 0;
    }

    /// <summary>Opens an existing file for reading and writing, without the locks that the runtime takes.</summary>
    internal static int OpenForLock(string path, out SafeFileHandle handle)
    {
        int fd;
        int error = 0;
        do
        {
            fd = open(path, O_CLOEXEC | O_RDWR);
            error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == EINTR);
        handle = new SafeFileHandle(fd, ownsHandle: true);
        return error;
    }

    /// <summary>Writes once; returns the bytes written, or -1 and the error number.</summary>
    internal static nint Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset, out int error)
    {
        fixed (byte* start = data)
        {
            nint written = pwrite(file, start, (nuint)data.Length, offset);
            error = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            return written;
        }
    }

    /// <summary>Reads once; returns the bytes read, or -1 and the error number.</summary>
    internal static nint Read(SafeFileHandle file, Span<byte> into, long offset, out int error)
    {
        fixed (byte* start = into)
        {
            nint read = pread(file, start, (nuint)into.Length, offset);
            error = read < 0 ? Marshal.GetLastPInvokeError() : 0;
            return read;
        }
    }

    /// <summary>Cuts or extends the file. Returns 0 or the error number.</summary>
    internal static int Truncate(SafeFileHandle file, long length)
    {
        while (ftruncate(file, length) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }
        return 0;
    }

    /// <summary>Takes the file's lock without waiting; the kernel drops it with the last descriptor, however the process ends.</summary>
    internal static int TryLock(SafeFileHandle file)
    {
        while (flock(file, LOCK_EX_NB) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }
        return 0;
    }

    /// <summary>Lets other threads go before the calling one where cores are short. A wish: what cannot be had is no error.</summary>
    internal static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            // .NET's thread priorities do nothing on Linux, where niceness belongs to the thread and 0 is the calling one.
            _ = setpriority(0, 0, PatientNiceness);
        }
        else if (OperatingSystem.IsWindows())
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    internal static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle fd, int command);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeFileHandle fd, byte* data, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeFileHandle fd, byte* into, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setpriority(int which, uint who, int value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle fd, int operation);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
}
