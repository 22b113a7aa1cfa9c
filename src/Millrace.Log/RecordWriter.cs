// Cuts records into fragments, stages them, and writes them to the last file.
using Millrace.Core.Io;

namespace Millrace.Log;

/// <summary>
/// The end of the log. A record is wholly written or not there: when a write fails the file is cut back to what was there before. One thread
/// appends; any may flush, to read what is staged.
/// </summary>
internal sealed class RecordWriter
{
    private const int StageBytes = 16 * LogFormat.BlockBytes;

    private readonly byte[] stage = new byte[StageBytes];
    private int staged;
    private long written;
    private bool trimFirst;

    internal RecordWriter(LogFile file, uint lastCrc)
    {
        File = file;
        LastCrc = lastCrc;
        written = file.Length;
    }

    internal LogFile File { get; private set; }

    /// <summary>The CRC that the next fragment chains to.</summary>
    internal uint LastCrc { get; private set; }

    /// <summary>The file offset behind the last record, staged ones included.</summary>
    internal long End => written + staged;

    /// <summary>The file offset behind the last record that can be read from the file; what is staged comes after it.</summary>
    internal long Written
    {
        get
        {
            lock (stage)
            {
                return written;
            }
        }
    }

    /// <summary>Goes on in a new file.</summary>
    internal void MoveTo(LogFile next)
    {
        lock (stage)
        {
            File = next;
            LastCrc = next.Identity;
            written = next.Length;
            staged = 0;
            trimFirst = false;
        }
    }

    /// <summary>Writes one record; returns its position. With <paramref name="keep"/> it may stay in memory until <see cref="Flush"/>.</summary>
    internal long Append(ref ChunkSource payload, FragmentKind only, long durable, bool keep)
    {
        lock (stage)
        {
            return AppendLocked(ref payload, only, durable, keep);
        }
    }

    /// <summary>Hands what is staged to the operating system.</summary>
    internal void Flush()
    {
        lock (stage)
        {
            FlushLocked();
        }
    }

    private long AppendLocked(ref ChunkSource payload, FragmentKind only, long durable, bool keep)
    {
        Trim();
        // A record that fits is framed without writing, so that a failure finds earlier staged records untouched.
        long room = StageBytes - LogFormat.BlockBytes - LogFormat.FramedBytesMax(payload.Length);
        if (staged > 0 && staged > room)
        {
            FlushLocked();
        }
        bool fits = staged <= room;
        int stagedBefore = staged;
        long writtenBefore = written;
        uint crc = LastCrc;
        try
        {
            long position = Frame(ref payload, only, durable, ref crc);
            if (!keep || !fits)
            {
                WriteStage();
            }
            LastCrc = crc;
            File.Length = written;
            return position;
        }
        catch
        {
            // Nothing of this record may stay, or the next one would be appended behind a torn one.
            staged = stagedBefore;
            written = writtenBefore;
            trimFirst = true;
            TryTrim();
            throw;
        }
    }

    private void FlushLocked()
    {
        if (staged == 0)
        {
            return;
        }
        Trim();
        try
        {
            WriteStageKeeping();
        }
        catch
        {
            trimFirst = true;
            TryTrim();
            throw;
        }
        File.Length = written;
    }

    private long Frame(ref ChunkSource payload, FragmentKind only, long durable, ref uint crc)
    {
        int length = payload.Length;
        int done = 0;
        long position = -1;
        do
        {
            int padding = LogFormat.PaddingAt(End);
            if (staged + padding + LogFormat.BlockBytes > StageBytes)
            {
                WriteStage();
            }
            stage.AsSpan(staged, padding).Clear();
            staged += padding;
            int blockLeft = LogFormat.BlockBytes - (int)(End % LogFormat.BlockBytes);
            int take = Math.Min(length - done, blockLeft - FragmentHeader.Bytes);
            var body = stage.AsSpan(staged + FragmentHeader.Bytes, take);
            payload.CopyNext(body);
            var header = new FragmentHeader
            {
                Kind = only == FragmentKind.Mark ? only : KindOf(done, take, length),
                Length = take,
                Position = File.Base + End,
                Durable = durable,
                RecordLength = length,
                RecordOffset = done,
                PreviousCrc = crc,
                PayloadCrc = Crc32C.Of(body),
            };
            header.Encode(stage.AsSpan(staged), File.Salt, File.Identity);
            position = position < 0 ? header.Position : position;
            crc = header.Crc;
            staged += FragmentHeader.Bytes + take;
            done += take;
        }
        while (done < length);
        return position;
    }

    private static FragmentKind KindOf(int done, int take, int length) =>
        done == 0 ? (take == length ? FragmentKind.Full : FragmentKind.First) : done + take == length ? FragmentKind.Last : FragmentKind.Middle;

    private void WriteStage()
    {
        if (staged > 0)
        {
            WriteStageKeeping();
        }
    }

    private void WriteStageKeeping()
    {
        File.Handle.Write(written, stage.AsSpan(0, staged));
        written += staged;
        staged = 0;
    }

    private void Trim()
    {
        if (trimFirst)
        {
            File.Handle.Truncate(written);
            trimFirst = false;
        }
    }

    private void TryTrim()
    {
        try
        {
            Trim();
        }
        catch (DiskException)
        {
            // Tried again before the next append, which fails if that fails.
        }
    }
}
