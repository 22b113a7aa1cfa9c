// A disk that can be looked at: what would change it is passed over in silence.
using Millrace.Core.Io;

namespace Millrace.Engine;

/// <summary>Lets recovery run over a folder for what it finds, without what it would mend.</summary>
internal sealed class LookOnlyDisk(IDisk inner) : IDisk
{
    public long FreeBytes => inner.FreeBytes;

    public IDiskFile Open(string path, DiskOpenMode mode) => new LookOnlyFile(inner.Open(path, DiskOpenMode.Read));

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string folder) => inner.List(folder);

    public IDisposable Lock() => inner.Lock();

    public void CreateFolder(string path)
    {
    }

    public void Delete(string path)
    {
    }

    public void Rename(string from, string to)
    {
    }

    public void SyncFolder(string path)
    {
    }

    public void Publish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
    }

    public PendingIo BeginSync(IDiskFile file) => PendingIo.Done;

    public PendingIo BeginPublish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks) => PendingIo.Done;

    public void Dispose() => inner.Dispose();

    private sealed class LookOnlyFile(IDiskFile inner) : IDiskFile
    {
        private long _length = inner.Length;

        public string Path => inner.Path;

        public long Length => Math.Min(_length, inner.Length);

        public int Read(long offset, Span<byte> into) =>
            offset >= Length ? 0 : inner.Read(offset, into[..(int)Math.Min(into.Length, Length - offset)]);

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
        }

        public void Truncate(long length) => _length = length;

        public void Sync()
        {
        }

        public void Dispose() => inner.Dispose();
    }
}
