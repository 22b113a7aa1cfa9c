// What the engine is given from outside, so that the simulator can give other things.
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

    /// <summary>Log bytes after which a checkpoint is begun.</summary>
    public long CheckpointLogBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of writes that one group commit takes at most.</summary>
    public long EpochBytesMax { get; init; } = 32L << 20;
}
