// What the engine is given from outside, so that the simulator can give other things.
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Log;

namespace Millrace.Engine;

/// <summary>Clock, sizes and limits of an engine.</summary>
internal sealed record EngineOptions
{
    public required IClock Clock { get; init; }

    public LogOptions Log { get; init; } = new();

    /// <summary>Resident bytes of stream chunks above which the oldest are dropped from memory.</summary>
    public long TailBytesMax { get; init; } = 256L << 20;

    /// <summary>How many bytes of state views and subscriptions may hold together; MaxValue for any. ALTER SYSTEM goes before it.</summary>
    public long StateBytesMax { get; init; } = long.MaxValue;

    /// <summary>Log bytes after which a checkpoint is begun.</summary>
    public long CheckpointLogBytes { get; init; } = 256L << 20;

    /// <summary>Bytes from which on a sorted run is written beside the checkpoint, once, instead of into each.</summary>
    public long PieceBytesMin { get; init; } = 64L << 10;

    /// <summary>From how many bytes on an object's section of a checkpoint lies beside it, in blocks of which only those are written that changed.</summary>
    public long SectionBytesMin { get; init; } = 64L << 10;

    /// <summary>Where the files of checkpoints are written: it takes as long as the disk needs, and the flow goes on meanwhile.</summary>
    public Func<Action, PendingIo> CheckpointThread { get; init; } = RunHere;

    /// <summary>Rows of a stream that are made into a segment together, and the most that compaction puts into one.</summary>
    public long SealRows { get; init; } = 1 << 20;

    /// <summary>Bytes of a stream's rows, as they lie in memory, after which they are sealed although they are fewer.</summary>
    public long SealBytes { get; init; } = 128L << 20;

    /// <summary>Where work goes that must not hold up the engine. As it comes: here and now.</summary>
    public Func<Action, PendingIo> Background { get; init; } = RunHere;

    /// <summary>Who computes the views of an epoch that do not read one another. As it comes: the engine's thread alone.</summary>
    public Workers Workers { get; init; } = Workers.Alone;

    /// <summary>True to split the keyed work of views that are made from now on into shards. It is written down with the view, which keeps to it.</summary>
    public bool SplitViews { get; init; }

    /// <summary>Rows that such views read together below which the engine's thread computes them alone.</summary>
    public long WorkersRowsMin { get; init; } = 1_000;

    /// <summary>Told once of each segment that turns out to be damaged; from any thread.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Where backups are copied: it may take hours, and sealing goes on meanwhile.</summary>
    public Func<Action, PendingIo> BackupThread { get; init; } = RunHere;

    /// <summary>Bytes of writes that one group commit takes at most.</summary>
    public long EpochBytesMax { get; init; } = 32L << 20;

    /// <summary>Epochs that time alone makes are at least so far apart, µs.</summary>
    public long TickMicros { get; init; } = 100_000;

    /// <summary>Does the work before it returns.</summary>
    public static PendingIo RunHere(Action work)
    {
        var done = new PendingIo();
        Exception? error = null;
        try
        {
            work();
        }
        catch (Exception e) when (e is DiskException or CorruptionException or SqlException)
        {
            error = e;
        }

        done.Complete(error);
        return done;
    }
}
