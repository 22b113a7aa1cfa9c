// The contract of a dataflow operator: an immutable plan plus its state, fed with changes, epoch by epoch.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>What an operator is told at the end of an epoch. Progress is not data: it travels beside the batches.</summary>
/// <param name="Epoch">Number of the epoch.</param>
/// <param name="TimeMicros">The epoch's time (µs since 1970 UTC), as the log recorded it: now() inside a view.</param>
/// <param name="Watermark">No row with an event time below this is expected any more (µs); <see cref="long.MinValue"/> when nothing is known,
/// <see cref="long.MaxValue"/> when the input has no event time to wait for (tables) or is complete (a one-time SELECT).</param>
internal readonly record struct EpochInfo(long Epoch, long TimeMicros, long Watermark);

/// <summary>Where an operator puts its output: pushes on to the operators behind it at once. The batch is lent for the call.</summary>
internal interface IOutput
{
    /// <summary>Passes on a change. Empty batches are ignored.</summary>
    void Emit(Batch batch);
}

/// <summary>
/// An operator over Z-sets. Within an epoch <see cref="Process"/> is called any number of times per port with changes, which are lent for the
/// call; operators without need of the whole epoch emit at once, the others in <see cref="EndEpoch"/>, which is called once an epoch in
/// topological order. The sum of what is emitted in an epoch is exactly the change of the operator's result. No threads, locks, clocks or I/O inside.
/// </summary>
internal abstract class Operator(Schema columns)
{
    /// <summary>The columns it emits.</summary>
    public Schema Columns { get; } = columns;

    /// <summary>Short name for EXPLAIN and the graph, such as <c>HashJoin</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Details for EXPLAIN and the graph, such as the keys.</summary>
    public virtual string Detail => "";

    /// <summary>Rows of state held.</summary>
    public virtual long StateRows => 0;

    /// <summary>Bytes of state held.</summary>
    public virtual long StateBytes => 0;

    /// <summary>The epoch's time (µs) at which time alone changes what it gives; MaxValue for never.</summary>
    public virtual long DueMicros => long.MaxValue;

    /// <summary>The smallest watermark (µs) that makes it give something; MaxValue when it waits for none.</summary>
    public virtual long AwaitedWatermark => long.MaxValue;

    /// <summary>How far event times in what it gives may lie behind the watermark of what it reads, µs.</summary>
    public virtual long HoldBackMicros => 0;

    /// <summary>Rows that came too late to count.</summary>
    public virtual long LateRows => 0;

    /// <summary>The windows that such rows belong to; null where there are no windows.</summary>
    public virtual LateWindows? LateWindows => null;

    /// <summary>Takes a change of input <paramref name="port"/>.</summary>
    public abstract void Process(int port, Batch input, IOutput output);

    /// <summary>Ends the epoch: emits what was held back, and what the watermark closes.</summary>
    public virtual void EndEpoch(in EpochInfo epoch, IOutput output)
    {
    }

    /// <summary>Writes the state into a checkpoint; called between epochs.</summary>
    public virtual void Save(ByteWriter writer)
    {
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh operator of the same plan.</summary>
    public virtual void Load(ref ByteReader reader)
    {
    }
}
