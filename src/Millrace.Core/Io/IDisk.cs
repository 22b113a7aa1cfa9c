// The only way to storage: one root folder, relative paths, explicit syncs.
namespace Millrace.Core.Io;

/// <summary>How <see cref="IDisk.Open"/> opens a file.</summary>
public enum DiskOpenMode
{
    /// <summary>An existing file, for reading.</summary>
    Read = 1,

    /// <summary>An existing file, for reading and writing.</summary>
    ReadWrite = 2,

    /// <summary>A file that must not exist yet; its name is durable when the call returns, its content is not.</summary>
    CreateNew = 3,
}

/// <summary>
/// A folder on storage. Paths are relative to it, separated by '/', without '..'. Every failure is a <see cref="DiskException"/>.
/// A failed sync is final for what it covered: the kernel may have marked the pages clean, so trying again proves nothing.
/// </summary>
public interface IDisk : IDisposable
{
    /// <summary>How the name of a file ends that <see cref="Publish"/> has not finished. Its owner deletes leftovers when it starts.</summary>
    const string TemporarySuffix = ".tmp";

    /// <summary>
    /// Bytes that whoever writes a large file leaves without a sync at most. The log's sync waits for what others have written: ext4 makes all of it durable
    /// that lies before it in the journal, so one sync of a hundred MiB would hold up every commit for as long.
    /// </summary>
    const int UnsyncedBytesMax = 2 << 20;

    /// <summary>Opens one file.</summary>
    IDiskFile Open(string path, DiskOpenMode mode);

    /// <summary>Whether a file or folder of that name exists.</summary>
    bool Exists(string path);

    /// <summary>The names (not paths) of the files and folders in a folder, sorted ordinally; "" is the root. A missing folder is empty.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>Creates a folder and its parents, durably; nothing happens when it exists.</summary>
    void CreateFolder(string path);

    /// <summary>Removes a file or an empty folder. Durable only after <see cref="SyncFolder"/> of its folder.</summary>
    void Delete(string path);

    /// <summary>Renames a file, replacing what has the new name. Durable only after <see cref="SyncFolder"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Makes the names in a folder durable; "" is the root.</summary>
    void SyncFolder(string path);

    /// <summary>Starts to make all data written to the file so far durable, off this thread.</summary>
    PendingIo BeginSync(IDiskFile file);

    /// <summary>As <see cref="Publish"/>, off this thread. The chunks must stay unchanged until it completes.</summary>
    PendingIo BeginPublish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks);

    /// <summary>
    /// Makes a whole file appear durably or not at all: temporary file, write, sync, rename, sync of the folder. Replaces an existing one.
    /// </summary>
    void Publish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks);

    /// <summary>
    /// Takes the folder for this process until disposed. Throws <see cref="DataFolderBusyException"/> when another holds it. A killed process holds nothing.
    /// </summary>
    IDisposable Lock();

    /// <summary>Bytes that can still be written, as the file system tells.</summary>
    long FreeBytes { get; }
}

/// <summary>
/// One open file. Reads may come from any thread; writes come from one. Disposing does not sync.
/// </summary>
public interface IDiskFile : IDisposable
{
    /// <summary>The path it was opened by, relative to the disk's root.</summary>
    string Path { get; }

    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads from <paramref name="offset"/>; fewer bytes than asked for only at the end of the file.</summary>
    int Read(long offset, Span<byte> into);

    /// <summary>
    /// Writes all of <paramref name="data"/> at <paramref name="offset"/>. When it throws, any part of it may have been written.
    /// </summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Cuts the file to <paramref name="length"/> bytes. Durable after the next sync.</summary>
    void Truncate(long length);

    /// <summary>Makes data and length durable before it returns.</summary>
    void Sync();
}
