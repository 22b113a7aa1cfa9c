// A disk that is memory and gone when disposed: for tests, and for data that need not outlive the process.
namespace Millrace.Core.Io;

/// <summary>Files in memory behind the same interface as those of a folder. Everything is as durable at once as it will ever be.</summary>
public sealed class MemoryDisk : IDisk
{
    private const int ENOENT = 2;
    private const int EEXIST = 17;
    private const int EISDIR = 21;
    private const int ENOTEMPTY = 39;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal) { "" };
    private bool _locked;

    /// <inheritdoc/>
    public long FreeBytes => 1L << 40;

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        DiskPath.Checked(path);
        lock (_gate)
        {
            bool there = _files.TryGetValue(path, out MemoryFile? file);
            if (mode == DiskOpenMode.CreateNew)
            {
                if (there || _folders.Contains(path))
                {
                    throw new DiskException(path, "open", EEXIST, "it exists already");
                }

                return new Handle(path, Add(path, new MemoryFile()));
            }

            return there ? new Handle(path, file!) : throw new DiskException(path, "open", ENOENT, "no such file");
        }
    }

    /// <inheritdoc/>
    public bool Exists(string path)
    {
        DiskPath.Checked(path);
        lock (_gate)
        {
            return _files.ContainsKey(path) || _folders.Contains(path);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        DiskPath.Checked(folder);
        lock (_gate)
        {
            return [.. _files.Keys.Concat(_folders.Where(f => f.Length > 0)).Where(p => DiskPath.FolderOf(p) == folder)
                .Select(p => p[(folder.Length == 0 ? 0 : folder.Length + 1)..]).Order(StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public void CreateFolder(string path)
    {
        var missing = new List<string>();
        lock (_gate)
        {
            for (string at = DiskPath.Checked(path); at.Length > 0; at = DiskPath.FolderOf(at))
            {
                if (_files.ContainsKey(at))
                {
                    throw new DiskException(path, "mkdir", EEXIST, "there is a file of that name");
                }

                missing.Add(at);
            }

            _folders.UnionWith(missing);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        DiskPath.Checked(path);
        lock (_gate)
        {
            if (_files.Remove(path))
            {
                return;
            }

            if (path.Length == 0 || !_folders.Contains(path))
            {
                throw new DiskException(path, "unlink", ENOENT, "no such file");
            }

            if (_files.Keys.Concat(_folders).Any(p => p.StartsWith(path + "/", StringComparison.Ordinal)))
            {
                throw new DiskException(path, "unlink", ENOTEMPTY, "the folder is not empty");
            }

            _folders.Remove(path);
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        DiskPath.Checked(from);
        DiskPath.Checked(to);
        lock (_gate)
        {
            if (!_files.TryGetValue(from, out MemoryFile? file))
            {
                throw new DiskException(from, "rename", ENOENT, "no such file");
            }

            if (from != to)
            {
                Add(to, file);
                _files.Remove(from);
            }
        }
    }

    /// <inheritdoc/>
    public void SyncFolder(string path)
    {
        if (!Exists(path))
        {
            throw new DiskException(path, "fsync", ENOENT, "no such folder");
        }
    }

    /// <inheritdoc/>
    public PendingIo BeginSync(IDiskFile file) => PendingIo.Done;

    /// <inheritdoc/>
    public PendingIo BeginPublish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        var pending = new PendingIo();
        Exception? error = null;
        try
        {
            Publish(path, chunks);
        }
        catch (DiskException e)
        {
            error = e;
        }

        pending.Complete(error);
        return pending;
    }

    /// <inheritdoc/>
    public void Publish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        DiskPath.Checked(path);
        var file = new MemoryFile();
        long at = 0;
        foreach (ReadOnlyMemory<byte> chunk in chunks)
        {
            file.Write(at, chunk.Span);
            at += chunk.Length;
        }

        lock (_gate)
        {
            Add(path, file);
        }
    }

    /// <inheritdoc/>
    public IDisposable Lock()
    {
        lock (_gate)
        {
            if (_locked)
            {
                throw new DataFolderBusyException("memory");
            }

            _locked = true;
        }

        return new Unlock(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _files.Clear();
        }
    }

    private MemoryFile Add(string path, MemoryFile file)
    {
        if (!_folders.Contains(DiskPath.FolderOf(path)))
        {
            throw new DiskException(path, "open", ENOENT, "no such folder");
        }

        if (_folders.Contains(path))
        {
            throw new DiskException(path, "open", EISDIR, "it is a folder");
        }

        return _files[path] = file;
    }

    private sealed class Unlock(MemoryDisk owner) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._locked = false;
            }
        }
    }

    private sealed class Handle(string path, MemoryFile file) : IDiskFile
    {
        public string Path => path;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> into) => file.Read(offset, into);

        public void Write(long offset, ReadOnlySpan<byte> data) => file.Write(offset, data);

        public void Truncate(long length) => file.Truncate(length);

        public void Sync()
        {
        }

        public void Dispose()
        {
        }
    }
}
