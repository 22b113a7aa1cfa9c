// Rows whose windows have all closed: they are counted here, before anything is computed of them; or given, for LATE DATA INTO.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Stands below windows that close with the watermark, and parts the rows that come after the last window they fall into has closed from the others.</summary>
/// <param name="time">The time column.</param>
/// <param name="slide">Distance of window starts (of the long windows for CUMULATE), µs.</param>
/// <param name="size">Length of a window, µs; 0 where each row closes at its own time.</param>
/// <param name="offset">Shift of window starts, µs.</param>
/// <param name="lateness">How long after its end a window stays open, µs.</param>
/// <param name="columns">Columns of input and output.</param>
/// <param name="giveLate">True to give the late rows, false to count them and give the others.</param>
internal sealed class LateGate(int time, long slide, long size, long offset, long lateness, Schema columns, bool giveLate = false) : Operator(columns)
{
    private readonly SomeRows _chosen = new(columns);
    private readonly LateWindows _windows = new();
    private long _closed = long.MinValue;
    private long _late;

    /// <inheritdoc/>
    public override string Name => giveLate ? "LateRows" : "LateGate";

    /// <inheritdoc/>
    public override string Detail => Columns[time].Name + (lateness > 0 ? $" lateness {PlanText.Span(lateness)}" : "");

    /// <inheritdoc/>
    public override long LateRows => _late;

    /// <inheritdoc/>
    public override LateWindows LateWindows => _windows;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_closed is long.MinValue or long.MaxValue)
        {
            if (!giveLate)
            {
                output.Emit(input);
            }

            return;
        }

        int[] chosen = _chosen.Room(input.Count);
        var times = (FixedColumn<long>)input.Columns[time];
        int count = 0;
        for (int i = 0; i < input.Count; i++)
        {
            long end = 0;
            bool late = !times.IsNull(i) && IsLate(times.Values[i], out end);
            if (late == giveLate)
            {
                chosen[count++] = i;
            }
            else if (late)
            {
                _windows.Add(end);
            }
        }

        _late += giveLate ? 0 : input.Count - count;
        _chosen.Emit(input, count, output);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output) => _closed = Math.Max(_closed, epoch.Watermark);

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_closed);
        writer.WriteInt64(_late);
        _windows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _closed = reader.ReadInt64();
        _late = reader.ReadInt64();
        if (reader.Version >= CheckpointFile.WithReach)
        {
            _windows.Load(ref reader);
        }
    }

    // Between windows that do not touch there may be none: such a row is not late, it just belongs to no window.
    private bool IsLate(long t, out long lastEnd)
    {
        lastEnd = t;
        if (size == 0)
        {
            // A moment closes when the watermark reaches it.
            return t != long.MinValue && (Int128)t + lateness <= _closed;
        }

        lastEnd = 0;

        // Far from now nothing can overflow; and what is newer than the watermark is the common case.
        if (t >= _closed || t is long.MinValue)
        {
            return false;
        }

        Int128 rest = ((Int128)t - offset) % slide;
        Int128 end = t - (rest < 0 ? rest + slide : rest) + size;
        lastEnd = (long)Int128.Clamp(end, long.MinValue, long.MaxValue);
        return end > t && end + lateness <= _closed;
    }
}
