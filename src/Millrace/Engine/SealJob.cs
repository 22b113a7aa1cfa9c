// Work on segments that goes on beside the engine: sealing rows into new ones, merging small ones.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// One piece of work. Its inputs are immutable, its outputs are files that nobody knows yet; the engine's thread turns them into a log record when
/// it is done, or throws them away.
/// </summary>
internal sealed class SealJob(ObjectState target, long upto, IReadOnlyList<StoredSegment> replaced)
{
    public ObjectState Target { get; } = target;

    /// <summary>Rows below this offset are in segments afterwards.</summary>
    public long Upto { get; } = upto;

    /// <summary>Segments whose rows are in the new ones.</summary>
    public IReadOnlyList<StoredSegment> Replaced { get; } = replaced;

    /// <summary>The files published; complete when <see cref="Work"/> is.</summary>
    public List<SegmentInfo> Published { get; } = [];

    public PendingIo Work { get; set; } = PendingIo.Done;

    public SegmentChange Change => new(Upto, [.. Replaced.Select(r => r.Info.Path)], Published);

    /// <summary>Seals rows; on the background's thread.</summary>
    public void Seal(IDisk disk, SegmentSchema schema, IReadOnlyList<Chunk> chunks, Func<Chunk, Batch> rowsOf, long partitionMicros, Func<int, string> path)
    {
        List<SealedRows> rows = [.. chunks.Select(c => new SealedRows(c.FirstOffset, rowsOf(c)))];
        (long min, long max) = (chunks.Min(c => c.MaxTime), chunks.Max(c => c.MaxTime));
        foreach (BuiltSegment built in SegmentBuilder.Build(schema, rows, partitionMicros, path))
        {
            Publish(disk, schema.Time >= 0 ? built : built with { Info = built.Info with { MinTime = min, MaxTime = max } });
        }
    }

    /// <summary>Merges segments; on the background's thread.</summary>
    public void Merge(IDisk disk, SegmentSchema schema, Func<Batch, Batch> widen, string path) =>
        Publish(disk, SegmentMerge.Build(schema, [.. Replaced.Select(r => r.Open())], widen, path));

    private void Publish(IDisk disk, BuiltSegment built)
    {
        Published.Add(built.Info);
        disk.Publish(built.Info.Path, built.Content);
    }
}
