// A small process that appends to a real log and says what was acknowledged; tests kill it, starve it and fail its system calls.
using System.Buffers.Binary;
using System.Globalization;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Sim;

/// <summary>
/// <c>log-writer DIR COUNT BYTES GROUP</c> prints <c>acked N</c> after the sync of each group of records. Exit codes: 0 all written, 2 the folder
/// cannot be used, 3 a sync failed, 4 writes failed five times. <c>log-reader DIR</c> prints <c>records N truncated BYTES</c>.
/// </summary>
internal static class LogWriter
{
    internal const int FolderUnusable = 2;
    internal const int SyncFailed = 3;
    internal const int WritesFailed = 4;
    private const string LogFolder = "log";
    private const int WriteFailuresMax = 5;

    private static readonly LogOptions Options = new() { FileBytes = 64 * 1024 };

    internal static int Write(string[] args)
    {
        int count = int.Parse(args[1], CultureInfo.InvariantCulture);
        int size = int.Parse(args[2], CultureInfo.InvariantCulture);
        int group = int.Parse(args[3], CultureInfo.InvariantCulture);
        try
        {
            using var disk = new RealDisk(args[0]);
            using DataFolder folder = DataFolder.Open(disk);
            using WriteAheadLog log = WriteAheadLog.Open(disk, LogFolder, Options);
            long next = CountRecords(log, size: null);
            Say($"recovered {next}");
            return Run(log, next, next + count, size, group);
        }
        catch (Exception e) when (e is DataFolderException or DiskException or CorruptionException)
        {
            Console.Error.WriteLine(e.Message);
            return e is DiskException { IsSyncFailure: true } ? SyncFailed : FolderUnusable;
        }
    }

    internal static int Read(string[] args)
    {
        using var disk = new RealDisk(args[0]);
        using DataFolder folder = DataFolder.Open(disk);
        using WriteAheadLog log = WriteAheadLog.Open(disk, LogFolder, Options with { VerifyAll = true });
        Say($"records {CountRecords(log, size: null)} truncated {log.Recovery.TruncatedBytes}");
        return 0;
    }

    /// <summary>Counts the records and throws when one is not the one that was written at its place.</summary>
    internal static long CountRecords(WriteAheadLog log, int? size)
    {
        long count = 0;
        using LogReader reader = log.ReadFrom(log.First);
        while (reader.TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload))
        {
            bool right = (size is null || payload.Length == size) && payload.Length >= 8 && BinaryPrimitives.ReadInt64LittleEndian(payload.Span) == count
                && payload.Span[8..].IndexOfAnyExcept((byte)count) < 0;
            Check.That(right, $"record {count} at position {position} is not what was written");
            count++;
        }
        return count;
    }

    private static int Run(WriteAheadLog log, long next, long end, int size, int group)
    {
        byte[] payload = new byte[Math.Max(8, size)];
        int failures = 0;
        while (next < end)
        {
            try
            {
                for (int i = 0; i < group && next < end; i++)
                {
                    payload.AsSpan(8).Fill((byte)next);
                    BinaryPrimitives.WriteInt64LittleEndian(payload, next);
                    log.Append(payload);
                    next++;
                }
                log.BeginSync()!.Wait();
                Say($"acked {next}");
            }
            catch (Exception e) when (e is LogPoisonedException or DiskException { IsSyncFailure: true })
            {
                Say("sync failed");
                Console.Error.WriteLine(e.Message);
                return SyncFailed;
            }
            catch (DiskException e)
            {
                Say("write failed");
                Console.Error.WriteLine(e.Message);
                if (++failures == WriteFailuresMax)
                {
                    log.BeginSync()!.Wait();
                    Say($"acked {next}");
                    return WritesFailed;
                }
            }
        }
        return 0;
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
