// One file of the log: its place in the log, its identity, and a handle opened when first needed.
using Millrace.Core.Io;

namespace Millrace.Log;

internal sealed class LogFile : IDisposable
{
    private readonly IDisk disk;
    private readonly object gate = new();
    private IDiskFile? handle;

    internal LogFile(IDisk disk, string path, FileHeader header, uint identity, long length, IDiskFile? handle)
    {
        this.disk = disk;
        this.handle = handle;
        Path = path;
        Header = header;
        Identity = identity;
        Length = length;
    }

    internal string Path { get; }

    internal FileHeader Header { get; }

    internal uint Identity { get; }

    internal uint Salt => (uint)Header.Salt;

    /// <summary>The log position of the file's first byte.</summary>
    internal long Base => Header.FirstPosition;

    /// <summary>Bytes that hold records, header and padding included; grows while this is the last file.</summary>
    internal long Length { get; set; }

    internal long End => Base + Length;

    /// <summary>The open file; files that nobody reads take no descriptor.</summary>
    internal IDiskFile Handle
    {
        get
        {
            lock (gate)
            {
                return handle ??= disk.Open(Path, DiskOpenMode.Read);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            handle?.Dispose();
            handle = null;
        }
    }
}
