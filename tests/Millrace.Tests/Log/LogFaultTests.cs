// A real process on a real file system whose system calls fail: what it acknowledged is there, and it ends when a sync fails.
using System.Diagnostics;
using Millrace.Sim;
using Xunit;

namespace Millrace.Tests.Log;

public class LogFaultTests
{
    /// <summary>
    /// T2 and T4: the N-th fdatasync of any thread fails once and the next would succeed. The waiting write fails, the process ends, the
    /// restart shows exactly the acknowledged prefix.
    /// </summary>
    [StraceFact]
    public void TheNthSyncFailsOnce()
    {
        Parallel.For(1, 51, new ParallelOptions { MaxDegreeOfParallelism = 2 }, n =>
        {
            using var temp = new TempFolder();
            LogProcess writer = LogProcess.Write(temp.Path, 130, 1500, 2, LogProcess.Strace($"fdatasync:error=EIO:when={n}"));
            AssertEndedBySync(writer, temp.Path, n);
        });
    }

    /// <summary>T3: other errors, for good, on data and on the folder.</summary>
    [StraceTheory]
    [InlineData("fdatasync", "ENOSPC")]
    [InlineData("fdatasync", "EDQUOT")]
    [InlineData("fdatasync", "EROFS")]
    [InlineData("fsync", "EIO")]
    [InlineData("fsync", "ENOSPC")]
    [InlineData("fsync", "EROFS")]
    public void SyncsFailForGood(string call, string error)
    {
        foreach (int n in (int[])[1, 5, 8])
        {
            using var temp = new TempFolder();
            LogProcess writer = LogProcess.Write(temp.Path, 130, 1500, 2, LogProcess.Strace($"{call}:error={error}:when={n}+"));
            AssertEndedBySync(writer, temp.Path, n);
        }
    }

    /// <summary>A signal that interrupts is no failure: the one thing that is tried again.</summary>
    [StraceFact]
    public void InterruptedCallsAreRepeated()
    {
        using var temp = new TempFolder();
        LogProcess writer = LogProcess.Write(temp.Path, 60, 1500, 2, LogProcess.Strace("fdatasync,fsync,pwrite64:error=EINTR:when=2+3"));
        Assert.True(writer.ExitCode == 0, writer.Errors);
        Assert.Equal((60, 0), LogProcess.Read(temp.Path));
    }

    /// <summary>T5: the N-th write fails; what follows is written, what was acknowledged is there, nothing is torn.</summary>
    [StraceFact]
    public void TheNthWriteFails()
    {
        foreach (int n in (int[])[1, 2, 3, 4, 10, 37])
        {
            using var temp = new TempFolder();
            LogProcess writer = LogProcess.Write(temp.Path, 130, 1500, 2, LogProcess.Strace($"pwrite64:error=EIO:when={n}"));
            if (writer.ExitCode == LogWriter.FolderUnusable)
            {
                Assert.Contains("write failed", writer.Errors);
                continue; // it was the first file's header
            }
            Assert.True(writer.ExitCode == 0, writer.Errors);
            Assert.Contains("write failed", writer.Lines);
            Assert.Equal((130, 0), LogProcess.Read(temp.Path));
        }
    }

    /// <summary>T5: a file size limit makes real short writes. The part is cut off, and the log resumes when there is room.</summary>
    [UnixFact]
    public void ShortWritesLeaveNothingBehind()
    {
        using var temp = new TempFolder();
        string[] limited = ["bash", "-c", "trap '' XFSZ; ulimit -f 50; exec \"$@\"", "limited"];
        LogProcess writer = LogProcess.Write(temp.Path, 100, 1500, 3, limited);
        Assert.True(writer.ExitCode == LogWriter.WritesFailed, $"{writer.ExitCode} {writer.Errors}");
        Assert.Contains("write failed", writer.Errors);
        Assert.Equal((writer.Acknowledged, 0), LogProcess.Read(temp.Path));
        Assert.InRange(writer.Acknowledged, 20, 99);
        LogProcess more = LogProcess.Write(temp.Path, 100, 1500, 3);
        Assert.Equal(0, more.ExitCode);
        Assert.Equal((writer.Acknowledged + 100, 0), LogProcess.Read(temp.Path));
    }

    /// <summary>kill −9 at any moment: the acknowledged prefix is there, every record is right, and no lock is left (T17).</summary>
    [UnixFact]
    public void KilledAtRandomMoments()
    {
        using var temp = new TempFolder();
        var random = new SimRandom(17);
        long acknowledged = 0;
        for (int kill = 0; kill < 15; kill++)
        {
            using Process writer = LogProcess.Start(LogProcess.Writer(temp.Path, 1_000_000, 700, 1 + (kill % 3)));
            int lines = random.Between(1, 120);
            for (int i = 0; i < lines; i++)
            {
                string? line = writer.StandardOutput.ReadLine();
                Assert.True(line is not null, writer.HasExited ? writer.StandardError.ReadToEnd() : "");
                if (line.StartsWith("recovered ", StringComparison.Ordinal))
                {
                    Assert.True(LogProcess.Number(line) >= acknowledged, $"{line}, but {acknowledged} were acknowledged");
                }
                acknowledged = Math.Max(acknowledged, LogProcess.Number(line));
            }
            writer.Kill();
            writer.WaitForExit();
        }
        Assert.True(LogProcess.Read(temp.Path).Records >= acknowledged);
    }

    /// <summary>T17: a second process is refused while the first lives.</summary>
    [UnixFact]
    public void TheSecondProcessIsRefusedInOneLine()
    {
        using var temp = new TempFolder();
        using Process first = LogProcess.Start(LogProcess.Writer(temp.Path, 1_000_000, 700, 1));
        Assert.StartsWith("recovered", first.StandardOutput.ReadLine());
        LogProcess second = LogProcess.Write(temp.Path, 1, 100, 1);
        first.Kill();
        first.WaitForExit();
        Assert.Equal(LogWriter.FolderUnusable, second.ExitCode);
        Assert.Equal($"data folder {temp.Path} is in use by another process", second.Errors.Trim());
        Assert.Equal(0, LogProcess.Write(temp.Path, 1, 100, 1).ExitCode);
    }

    /// <summary>T17: a folder that cannot be written to, or a process that may open no more files.</summary>
    [StraceTheory]
    [InlineData("LOCK", "EROFS")]
    [InlineData("LOCK", "EACCES")]
    [InlineData("LOCK", "EMFILE")]
    [InlineData("log/00000000000000000000.log", "EACCES")]
    [InlineData("log/00000000000000000000.log", "EMFILE")]
    public void AFolderThatCannotBeOpenedIsOneLine(string file, string error)
    {
        using var temp = new TempFolder();
        Assert.Equal(0, LogProcess.Write(temp.Path, 3, 100, 1).ExitCode);
        LogProcess writer = LogProcess.Write(temp.Path, 3, 100, 1, LogProcess.Strace($"openat,open:error={error}", temp.In(file)));
        Assert.Equal(LogWriter.FolderUnusable, writer.ExitCode);
        Assert.Single(writer.Errors.Trim().Split('\n'));
        Assert.Contains(file, writer.Errors);
        Assert.Equal((3, 0), LogProcess.Read(temp.Path));
    }

    private static void AssertEndedBySync(LogProcess writer, string folder, int n)
    {
        // Setting up the folder may meet the failure first; then nothing was acknowledged either.
        Assert.True(writer.ExitCode is LogWriter.SyncFailed or LogWriter.FolderUnusable or 0, $"N={n}: {writer.ExitCode} {writer.Errors}");
        if (writer.ExitCode == 0)
        {
            Assert.Equal(130, writer.Acknowledged); // fewer syncs than N on every thread
        }
        else
        {
            Assert.Contains("sync failed", writer.Errors);
            Assert.DoesNotContain(writer.Lines.SkipWhile(l => l != "sync failed"), l => l.StartsWith("acked", StringComparison.Ordinal));
        }
        // Of the group that waited nothing is there, except what a change of files in its middle had synced.
        (long records, long truncated) = LogProcess.Read(folder);
        Assert.InRange(records, writer.Acknowledged, writer.Acknowledged + 1);
        Assert.Equal(0, truncated);
        LogProcess again = LogProcess.Write(folder, 4, 100, 2);
        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Equal($"recovered {records}", again.Lines[0]);
    }
}
