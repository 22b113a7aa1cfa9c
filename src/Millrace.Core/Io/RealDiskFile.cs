// One file of the operating system, read and written at offsets.
using Microsoft.Win32.SafeHandles;

namespace Millrace.Core.Io;

internal sealed class RealDiskFile : IDiskFile
{
    private readonly FileStream stream;

    internal RealDiskFile(string path, FileStream stream)
    {
        Path = path;
        this.stream = stream;
        Handle = stream.SafeFileHandle;
    }

    public string Path { get; }

    internal SafeFileHandle Handle { get; }

    public long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(Handle);
            }
            catch (Exception e) when (RealDisk.IsIo(e))
            {
                throw RealDisk.Translated(e, Path, "fstat");
            }
        }
    }

    public int Read(long offset, Span<byte> into)
    {
        int done = 0;
        while (done < into.Length)
        {
            int got = ReadOnce(offset + done, into[done..]);
            if (got == 0)
            {
                break;
            }
            done += got;
        }
        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (OperatingSystem.IsWindows())
        {
            WriteOnWindows(offset, data);
            return;
        }
        while (data.Length > 0)
        {
            // A short write is no error yet: the next call tells why (a full disk, a signal, a quota).
            nint written = Posix.Write(Handle, data, offset, out int error);
            if (written > 0)
            {
                data = data[(int)written..];
                offset += written;
            }
            else if (error != Posix.EINTR)
            {
                throw RealDisk.Failed(Path, "write", written == 0 ? Posix.EIO : error);
            }
        }
    }

    public void Truncate(long length)
    {
        if (OperatingSystem.IsWindows())
        {
            TruncateOnWindows(length);
            return;
        }
        int error = Posix.Truncate(Handle, length);
        if (error != 0)
        {
            throw RealDisk.Failed(Path, "ftruncate", error);
        }
    }

    public void Sync()
    {
        int error = Posix.SyncData(Handle);
        if (error != 0)
        {
            throw RealDisk.Failed(Path, "fdatasync", error);
        }
    }

    public void Dispose() => stream.Dispose();

    private int ReadOnce(long offset, Span<byte> into)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return RandomAccess.Read(Handle, into, offset);
            }
            catch (Exception e) when (RealDisk.IsIo(e))
            {
                throw RealDisk.Translated(e, Path, "read");
            }
        }
        while (true)
        {
            nint got = Posix.Read(Handle, into, offset, out int error);
            if (got >= 0)
            {
                return (int)got;
            }
            if (error != Posix.EINTR)
            {
                throw RealDisk.Failed(Path, "read", error);
            }
        }
    }

    private void WriteOnWindows(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            RandomAccess.Write(Handle, data, offset);
        }
        catch (Exception e) when (RealDisk.IsIo(e))
        {
            throw RealDisk.Translated(e, Path, "write");
        }
    }

    private void TruncateOnWindows(long length)
    {
        try
        {
            RandomAccess.SetLength(Handle, length);
        }
        catch (Exception e) when (RealDisk.IsIo(e))
        {
            throw RealDisk.Translated(e, Path, "ftruncate");
        }
    }
}
