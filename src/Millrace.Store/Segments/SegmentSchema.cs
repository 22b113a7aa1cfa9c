// What a segment is built from and what the manifest knows of it.
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>The columns of a stream as its segments see them.</summary>
/// <param name="Columns">All columns.</param>
/// <param name="Key">The columns that name a series, in order; rows of one series lie together.</param>
/// <param name="Time">The event-time column (timestamp or timestamptz), or −1: rows of a series are then in arrival order.</param>
internal sealed record SegmentSchema(Schema Columns, IReadOnlyList<int> Key, int Time);

/// <summary>Rows with consecutive offsets.</summary>
/// <param name="FirstOffset">The offset of the first row.</param>
/// <param name="Rows">The rows, without weights.</param>
internal readonly record struct SealedRows(long FirstOffset, Batch Rows);

/// <summary>A segment as bytes, to be published under its path.</summary>
/// <param name="Info">What the manifest keeps of it.</param>
/// <param name="Content">The file, in pieces.</param>
internal sealed record BuiltSegment(SegmentInfo Info, IReadOnlyList<ReadOnlyMemory<byte>> Content);

/// <summary>What the manifest knows of a segment without opening it.</summary>
/// <param name="Path">Its file, relative to the data folder.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="FirstOffset">The smallest offset in it.</param>
/// <param name="LastOffset">The largest offset in it; offsets between may be in other segments.</param>
/// <param name="MinTime">Smallest event time, µs; of rows without one, the smallest commit time known.</param>
/// <param name="MaxTime">Largest event time, µs: retention looks at it.</param>
/// <param name="Partition">The number of its time partition: what is merged with what.</param>
/// <param name="FileBytes">The file's length.</param>
internal sealed record SegmentInfo(string Path, long Rows, long FirstOffset, long LastOffset, long MinTime, long MaxTime, long Partition, long FileBytes)
{
    public void Write(ByteWriter writer)
    {
        writer.WriteString(Path);
        writer.WriteVarint((ulong)Rows);
        writer.WriteInt64(FirstOffset);
        writer.WriteInt64(LastOffset);
        writer.WriteInt64(MinTime);
        writer.WriteInt64(MaxTime);
        writer.WriteInt64(Partition);
        writer.WriteVarint((ulong)FileBytes);
    }

    public static SegmentInfo Read(ref ByteReader reader) => new(
        reader.ReadString(), (long)reader.ReadVarint(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(),
        (long)reader.ReadVarint());
}
