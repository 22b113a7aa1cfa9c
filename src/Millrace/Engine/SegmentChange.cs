// A change of an object's set of segments: what the log holds of sealing, compaction and retention.
using Millrace.Core;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// Sealing adds segments that hold all rows below <see cref="Upto"/> not in segments before; compaction replaces some segments by one; retention adds none.
/// Applied as one: a reader, and recovery, sees the old set or the new.
/// </summary>
/// <param name="Upto">The rows in memory and log below this offset are in segments from now on; without segments they are gone.</param>
/// <param name="Removed">The files that count no longer.</param>
/// <param name="Added">The new ones.</param>
internal sealed record SegmentChange(long Upto, IReadOnlyList<string> Removed, IReadOnlyList<SegmentInfo> Added)
{
    /// <summary>For what retention lets go: rows with times up to here (µs) may be gone from now on.</summary>
    public long? GoneUpto { get; init; }

    public void Write(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Upto);
        writer.WriteVarint((ulong)Removed.Count);
        foreach (string path in Removed)
        {
            writer.WriteString(path);
        }

        writer.WriteVarint((ulong)Added.Count);
        foreach (SegmentInfo info in Added)
        {
            info.Write(writer);
        }

        writer.WriteInt64(GoneUpto ?? long.MinValue);
    }

    public static SegmentChange Read(ref ByteReader reader, bool withTime)
    {
        long upto = (long)reader.ReadVarint();
        var removed = new List<string>();
        for (int i = reader.ReadCount(); i > 0; i--)
        {
            removed.Add(reader.ReadString());
        }

        var added = new List<SegmentInfo>();
        for (int i = reader.ReadCount(); i > 0; i--)
        {
            added.Add(SegmentInfo.Read(ref reader));
        }

        return new SegmentChange(upto, removed, added) { GoneUpto = withTime ? reader.ReadInt64() : null };
    }
}
