// Reads records in order, from any record on.
using Millrace.Core;

namespace Millrace.Log;

/// <summary>A sequential reader. The payload it gives is valid until the next call. It sees what was appended when it is asked.</summary>
public sealed class LogReader : IDisposable
{
    private readonly WriteAheadLog log;
    private readonly RecordCursor cursor;

    internal LogReader(WriteAheadLog log, LogFile file, long offset)
    {
        this.log = log;
        cursor = new RecordCursor(file, offset, collect: true);
    }

    /// <summary>The next record, or false at the present end of the log (ask again later). Throws CorruptionException on damage.</summary>
    public bool TryRead(out LogPosition position, out ReadOnlyMemory<byte> payload)
    {
        while (true)
        {
            CursorResult result = cursor.Next(log.ReadableBytes(cursor.File));
            if (result == CursorResult.Record)
            {
                position = new LogPosition(cursor.RecordPosition);
                payload = cursor.Payload;
                return true;
            }
            if (result == CursorResult.Bad)
            {
                BadPlace bad = cursor.Bad;
                throw new CorruptionException(cursor.File.Path, bad.Offset, bad.Expected, bad.Found);
            }
            LogFile? follower = log.FileAfter(cursor.File);
            if (follower is null)
            {
                position = default;
                payload = default;
                return false;
            }
            if (cursor.LastCrc is uint last && last != follower.Header.PreviousCrc)
            {
                throw new CorruptionException(follower.Path, 48, $"the CRC that the file before ends with, {last:x8}", $"{follower.Header.PreviousCrc:x8}");
            }
            cursor.MoveTo(follower, FileHeader.Bytes);
        }
    }

    /// <summary>Ends reading; the last payload is no longer valid.</summary>
    public void Dispose()
    {
        cursor.Dispose();
    }
}
