// A disk in memory that can lose power at any operation, tear what was not synced, fill up, and fail on demand.
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Sim;

/// <summary>The power went out at this operation. Catch it, call <see cref="SimDisk.Crash"/>, open again.</summary>
internal sealed class SimPowerCutException() : Exception("the simulated power was cut");

internal enum SimOp
{
    Open,
    Read,
    Write,
    Truncate,
    Sync,
    SyncFolder,
    Rename,
    Delete,
    CreateFolder,
}

/// <summary>
/// Keeps synced and unsynced state apart, for data and for names. One thread. Everything it decides comes from its seed, so a run repeats.
/// Sectors of 512 bytes are atomic; anything unsynced may reach the platter or not, in any order.
/// </summary>
internal sealed class SimDisk : IDisk
{
    private readonly SimRandom random;
    private readonly HashSet<string> folders = [""];
    private readonly List<NameChange> unsyncedNames = [];
    private readonly Queue<(PendingIo Pending, Action Work)> running = new();
    private Dictionary<string, SimInode> names = [];
    private Dictionary<string, SimInode> durableNames = [];
    private bool locked;
    private int publishCount;

    internal SimDisk(ulong seed) => random = new SimRandom(seed);

    /// <summary>Asked before each operation; a number other than 0 is the errno it fails with (a write: after any part of it).</summary>
    internal Func<SimOp, string, int>? Fault { get; set; }

    /// <summary>The power is cut at this operation, counted from now; negative for never.</summary>
    internal long OperationsToPowerCut { get; set; } = -1;

    /// <summary>Operations so far.</summary>
    internal long Operations { get; private set; }

    /// <summary>Bytes that all files together may have.</summary>
    internal long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Syncs begun complete at once, never by themselves (Poll, Wait), or as the seed says (null).</summary>
    internal bool? CompleteAtOnce { get; set; }

    /// <summary>Grows with each crash or restart; handles of before are dead.</summary>
    internal int Lifetime { get; private set; }

    public long FreeBytes => CapacityBytes == long.MaxValue ? long.MaxValue : Math.Max(0, CapacityBytes - names.Values.Sum(n => (long)n.Length));

    public IDiskFile Open(string path, DiskOpenMode mode)
    {
        DiskPath.Checked(path);
        Step(SimOp.Open, path, "open");
        if (mode != DiskOpenMode.CreateNew)
        {
            return new SimFile(this, names.TryGetValue(path, out SimInode? found) ? found : throw Failed(path, "open", Posix.ENOENT), path, mode);
        }
        if (names.ContainsKey(path))
        {
            throw Failed(path, "open", Posix.EEXIST);
        }
        string folder = DiskPath.FolderOf(path);
        if (!folders.Contains(folder))
        {
            throw Failed(path, "open", Posix.ENOENT);
        }
        var inode = new SimInode();
        Rename(new NameChange(folder, null, path, inode));
        SyncFolder(folder);
        return new SimFile(this, inode, path, mode);
    }

    public bool Exists(string path) => names.ContainsKey(DiskPath.Checked(path)) || folders.Contains(path);

    public IReadOnlyList<string> List(string folder)
    {
        DiskPath.Checked(folder);
        return [.. names.Keys.Concat(folders).Where(p => p.Length > 0 && DiskPath.FolderOf(p) == folder)
            .Select(p => p[(p.LastIndexOf('/') + 1)..]).Order(StringComparer.Ordinal)];
    }

    public void CreateFolder(string path)
    {
        Step(SimOp.CreateFolder, DiskPath.Checked(path), "mkdir");
        for (string at = path; at.Length > 0; at = DiskPath.FolderOf(at))
        {
            folders.Add(at);
        }
    }

    public void Delete(string path)
    {
        Step(SimOp.Delete, DiskPath.Checked(path), "unlink");
        if (folders.Contains(path) && List(path).Count == 0)
        {
            folders.Remove(path);
            return;
        }
        if (!names.ContainsKey(path))
        {
            throw Failed(path, "unlink", Posix.ENOENT);
        }
        Rename(new NameChange(DiskPath.FolderOf(path), path, null, null));
    }

    public void Rename(string from, string to)
    {
        Step(SimOp.Rename, DiskPath.Checked(from), "rename");
        Check.That(DiskPath.FolderOf(from) == DiskPath.FolderOf(DiskPath.Checked(to)), "the simulated disk renames within one folder");
        SimInode inode = names.TryGetValue(from, out SimInode? found) ? found : throw Failed(from, "rename", Posix.ENOENT);
        Rename(new NameChange(DiskPath.FolderOf(from), from, to, inode));
    }

    public void SyncFolder(string path)
    {
        Step(SimOp.SyncFolder, DiskPath.Checked(path), "fsync");
        foreach (NameChange change in unsyncedNames.Where(c => c.Folder == path))
        {
            change.ApplyTo(durableNames);
        }
        unsyncedNames.RemoveAll(c => c.Folder == path);
    }

    public PendingIo BeginSync(IDiskFile file)
    {
        var sim = (SimFile)file;
        int covers = sim.Inode.UnsyncedCount;
        return Begin(() => Sync(sim, covers));
    }

    public PendingIo BeginPublish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks) => Begin(() => Publish(path, chunks));

    public void Publish(string path, IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        string temporary = $"{path}.{++publishCount}{IDisk.TemporarySuffix}";
        using (IDiskFile file = Open(temporary, DiskOpenMode.CreateNew))
        {
            long offset = 0;
            foreach (ReadOnlyMemory<byte> chunk in chunks)
            {
                file.Write(offset, chunk.Span);
                offset += chunk.Length;
            }
            file.Sync();
        }
        Rename(temporary, path);
        SyncFolder(DiskPath.FolderOf(path));
    }

    public IDisposable Lock()
    {
        if (locked)
        {
            throw new DataFolderBusyException("(simulated)");
        }
        locked = true;
        return new Unlock(this, Lifetime);
    }

    /// <summary>Nothing to let go: the disk outlives the process that used it.</summary>
    public void Dispose()
    {
    }

    /// <summary>Lets the device work: some of what was begun completes, in order.</summary>
    internal void Poll()
    {
        while (running.Count > 0 && random.OneIn(2))
        {
            CompleteNext();
        }
    }

    /// <summary>The power goes: unsynced data and names are kept, dropped or torn, and every handle is dead.</summary>
    internal void Crash()
    {
        var style = (SimInode.CrashStyle)random.Next(4);
        foreach (NameChange change in unsyncedNames)
        {
            if (style == SimInode.CrashStyle.KeepAll || (style != SimInode.CrashStyle.DropAll && random.OneIn(2)))
            {
                change.ApplyTo(durableNames);
            }
        }
        unsyncedNames.Clear();
        names = new Dictionary<string, SimInode>(durableNames);
        foreach (SimInode inode in names.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value).Distinct())
        {
            inode.Crash(style, random);
        }
        Restart();
    }

    /// <summary>The process ends as by kill −9: what it wrote is still with the operating system, what it had begun may have happened or not.</summary>
    internal void Restart()
    {
        running.Clear();
        Lifetime++;
        OperationsToPowerCut = -1;
        locked = false;
    }

    /// <summary>A second disk with the same files, everything durable: a cold copy.</summary>
    internal SimDisk Copy(ulong seed)
    {
        var copy = new SimDisk(seed);
        copy.folders.UnionWith(folders);
        foreach ((string path, SimInode inode) in names)
        {
            byte[] content = new byte[inode.Length];
            inode.Read(0, content);
            copy.Put(path, content);
        }
        return copy;
    }

    /// <summary>Puts a durable file there, for tests.</summary>
    internal void Put(string path, ReadOnlySpan<byte> content)
    {
        var inode = new SimInode();
        inode.Write(0, content);
        inode.Sync(inode.UnsyncedCount);
        names[path] = durableNames[path] = inode;
    }

    /// <summary>A file's content as a program sees it, for tests.</summary>
    internal byte[] Content(string path)
    {
        byte[] content = new byte[names[path].Length];
        names[path].Read(0, content);
        return content;
    }

    /// <summary>Flips bits of one byte on the platter, for tests.</summary>
    internal void Damage(string path, long offset, byte xor) => names[path].Damage(offset, xor);

    private void Step(SimOp op, string path, string call)
    {
        Operations++;
        if (OperationsToPowerCut >= 0 && OperationsToPowerCut-- == 0)
        {
            OperationsToPowerCut = 0; // and it stays out
            throw new SimPowerCutException();
        }
        int errno = Fault?.Invoke(op, path) ?? 0;
        if (errno != 0)
        {
            throw Failed(path, call, errno);
        }
    }

    private static DiskException Failed(string path, string call, int errno) => new(path, call, errno, $"error {errno}");

    private PendingIo Begin(Action work)
    {
        var pending = new PendingIo(Drive);
        running.Enqueue((pending, work));
        if (CompleteAtOnce ?? random.OneIn(3))
        {
            Drive(pending);
        }
        return pending;
    }

    private void Drive(PendingIo pending)
    {
        while (!pending.IsCompleted)
        {
            if (running.Count == 0)
            {
                throw new SimPowerCutException(); // begun before the crash: nobody will ever complete it
            }
            CompleteNext();
        }
    }

    private void CompleteNext()
    {
        (PendingIo pending, Action work) = running.Dequeue();
        try
        {
            work();
        }
        catch (DiskException e)
        {
            pending.Complete(e);
            return;
        }
        pending.Complete(null);
    }

    private void Rename(NameChange change)
    {
        change.ApplyTo(names);
        unsyncedNames.Add(change);
    }

    private void Write(SimFile file, long offset, ReadOnlySpan<byte> data)
    {
        int room = (int)Math.Clamp(offset + data.Length <= file.Inode.Length ? data.Length : FreeBytes, 0, data.Length);
        try
        {
            Step(SimOp.Write, file.Path, "write");
        }
        catch (Exception)
        {
            file.Inode.Write(offset, data[..Math.Min(room, random.Next(data.Length + 1))]);
            throw;
        }
        file.Inode.Write(offset, data[..room]);
        if (room < data.Length)
        {
            throw Failed(file.Path, "write", Posix.ENOSPC);
        }
    }

    private void Sync(SimFile file, int covers)
    {
        covers = Math.Min(covers, file.Inode.UnsyncedCount);
        try
        {
            Step(SimOp.Sync, file.Path, "fdatasync");
        }
        catch (DiskException)
        {
            file.Inode.FailSync(covers, random);
            throw;
        }
        file.Inode.Sync(covers);
    }

    /// <summary>A name that goes (From), comes (To), or both at once.</summary>
    private sealed record NameChange(string Folder, string? From, string? To, SimInode? Inode)
    {
        internal void ApplyTo(Dictionary<string, SimInode> to)
        {
            if (From is not null)
            {
                to.Remove(From);
            }
            if (To is not null)
            {
                to[To] = Inode!;
            }
        }
    }

    private sealed class Unlock(SimDisk disk, int lifetime) : IDisposable
    {
        public void Dispose() => disk.locked &= disk.Lifetime != lifetime;
    }

    private sealed class SimFile(SimDisk disk, SimInode inode, string path, DiskOpenMode mode) : IDiskFile
    {
        private readonly int lifetime = disk.Lifetime;
        private bool closed;

        public string Path => path;

        public long Length
        {
            get
            {
                CheckAlive(false);
                return inode.Length;
            }
        }

        internal SimInode Inode => inode;

        public int Read(long offset, Span<byte> into)
        {
            CheckAlive(false);
            disk.Step(SimOp.Read, path, "read");
            return inode.Read(offset, into);
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            CheckAlive(true);
            disk.Write(this, offset, data);
        }

        public void Truncate(long length)
        {
            CheckAlive(true);
            disk.Step(SimOp.Truncate, path, "ftruncate");
            inode.Truncate(length);
        }

        public void Sync()
        {
            CheckAlive(true);
            disk.Sync(this, inode.UnsyncedCount);
        }

        public void Dispose() => closed = true;

        private void CheckAlive(bool writing)
        {
            if (lifetime != disk.Lifetime)
            {
                throw new SimPowerCutException();
            }
            ObjectDisposedException.ThrowIf(closed, this);
            Check.That(!writing || mode != DiskOpenMode.Read, "a file opened for reading is not written");
        }
    }
}
