// The real file system: sync failures are seen, names are durable, the lock holds, paths stay inside.
using System.IO.Pipes;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Millrace.Core.Io;
using Xunit;

namespace Millrace.Tests.Io;

public class RealDiskTests
{
    /// <summary>T1, the canary: a pipe cannot be synced, and our wrapper says so (the runtime's own does not).</summary>
    [UnixFact]
    public void SyncOfAPipeReportsEinval()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var handle = new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Assert.Equal(Posix.EINVAL, Posix.SyncData(handle));
    }

    [Fact]
    public void WritesReadsTruncatesAndLists()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.In("a/b"));
        disk.CreateFolder("x/y");
        using (IDiskFile file = disk.Open("x/y/f", DiskOpenMode.CreateNew))
        {
            file.Write(0, "hello world"u8);
            file.Write(6, "there"u8);
            file.Sync();
            disk.BeginSync(file).Wait();
            byte[] into = new byte[20];
            Assert.Equal(11, file.Read(0, into));
            Assert.Equal("hello there"u8.ToArray(), into[..11]);
            Assert.Equal(0, file.Read(11, into));
            file.Truncate(5);
            Assert.Equal(5, file.Length);
        }
        disk.Rename("x/y/f", "x/y/g");
        disk.SyncFolder("x/y");
        Assert.Equal(["g"], disk.List("x/y"));
        Assert.Equal(["y"], disk.List("x"));
        Assert.Empty(disk.List("nothing"));
        Assert.True(disk.Exists("x/y/g") && !disk.Exists("x/y/f"));
        disk.Delete("x/y/g");
        disk.Delete("x/y");
        Assert.Empty(disk.List("x"));
        Assert.True(disk.FreeBytes > 0);
    }

    [Fact]
    public void PublishReplacesAWholeFileAndLeavesNothingElse()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.Path);
        disk.Publish("p", ["first, and longer"u8.ToArray()]);
        PendingIo pending = disk.BeginPublish("p", ["se"u8.ToArray(), "cond"u8.ToArray()]);
        using var called = new ManualResetEventSlim();
        pending.OnCompleted(called.Set);
        pending.Wait();
        Assert.True(called.Wait(TimeSpan.FromSeconds(30)) && pending.IsCompleted && pending.Error is null);
        Assert.Equal("second", File.ReadAllText(temp.In("p")));
        Assert.Equal(["p"], disk.List(""));
        Assert.Throws<DiskException>(() => disk.BeginPublish("none/p", []).Wait());
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a\\b")]
    [InlineData("a/")]
    public void PathsOutOfTheFolderAreRefused(string path)
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.Path);
        Assert.Equal("path", Assert.Throws<DiskException>(() => disk.Open(path, DiskOpenMode.CreateNew)).Operation);
        Assert.Equal("path", Assert.Throws<DiskException>(() => disk.Delete(path)).Operation);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void FilesAndFoldersArePrivateAndLinksRefused()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.In("data"));
        disk.CreateFolder("log");
        disk.Publish("log/p", [new byte[1]]);
        disk.Open("log/f", DiskOpenMode.CreateNew).Dispose();
        disk.Lock().Dispose();
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner, File.GetUnixFileMode(temp.In("data/log/p")));
        Assert.Equal(Owner, File.GetUnixFileMode(temp.In("data/log/f")));
        Assert.Equal(Owner, File.GetUnixFileMode(temp.In("data/LOCK")));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(temp.In("data/log")));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(temp.In("data")));
        File.CreateSymbolicLink(temp.In("data/link"), temp.In("data/log/p"));
        Assert.Contains("links", Assert.Throws<DiskException>(() => disk.Open("link", DiskOpenMode.ReadWrite)).Message);
    }

    [Fact]
    public void FailuresNamePathOperationAndNumber()
    {
        using var temp = new TempFolder();
        using var disk = new RealDisk(temp.Path);
        DiskException missing = Assert.Throws<DiskException>(() => disk.Open("no", DiskOpenMode.Read));
        Assert.Equal(("no", "open", Posix.ENOENT), (missing.Path, missing.Operation, missing.Errno));
        Assert.DoesNotContain('\n', missing.Message);
        Assert.Equal(Posix.ENOENT, Assert.Throws<DiskException>(() => disk.Delete("no")).Errno);
        Assert.Equal(Posix.ENOENT, Assert.Throws<DiskException>(() => disk.Rename("no", "yes")).Errno);
        Assert.Equal(Posix.ENOENT, Assert.Throws<DiskException>(() => disk.SyncFolder("no")).Errno);
        disk.Open("f", DiskOpenMode.CreateNew).Dispose();
        Assert.Equal(Posix.EEXIST, Assert.Throws<DiskException>(() => disk.Open("f", DiskOpenMode.CreateNew)).Errno);
        Assert.Throws<DiskException>(() => new RealDisk(temp.In("f/below")));
        Assert.True(new DiskException("f", "write", Posix.ENOSPC, "full").IsDiskFull);
        Assert.True(new DiskException("f", "fdatasync", Posix.EIO, "io").IsSyncFailure);
    }

    /// <summary>T17: one holder at a time, and nothing stale behind.</summary>
    [Fact]
    public void TheFolderIsHeldOnce()
    {
        using var temp = new TempFolder();
        using var first = new RealDisk(temp.Path);
        using var second = new RealDisk(temp.Path);
        IDisposable held = first.Lock();
        DataFolderBusyException busy = Assert.Throws<DataFolderBusyException>(second.Lock);
        Assert.Contains(temp.Path, busy.Message);
        held.Dispose();
        second.Lock().Dispose();
    }

    [Fact]
    public void CallbacksRunOnceWheneverTheyAreAdded()
    {
        int calls = 0;
        var pending = new PendingIo();
        pending.OnCompleted(() => calls++);
        Assert.Equal(0, calls);
        pending.Complete(new DiskException("f", "fdatasync", Posix.EIO, "io"));
        pending.OnCompleted(() => calls++);
        Assert.Equal(2, calls);
        Assert.True(Assert.Throws<DiskException>(pending.Wait).IsSyncFailure);
        Assert.ThrowsAny<Exception>(() => pending.Complete(null));
        Assert.True(PendingIo.Done.IsCompleted);
    }
}
