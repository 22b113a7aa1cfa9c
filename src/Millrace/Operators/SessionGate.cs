// Rows for which every session has closed: counted before anything is computed of them; or given, for LATE DATA INTO.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Stands below sessions that close with the watermark, over an input that only grows. It remembers nothing but where open sessions begin and end, so the
/// stream of late rows costs little beside the view that they were too late for.
/// </summary>
/// <param name="columns">Columns of input and output.</param>
/// <param name="partitionBy">Partition columns.</param>
/// <param name="time">The time column.</param>
/// <param name="gap">µs without a row that end a session.</param>
/// <param name="lateness">How long after its end a session takes rows, µs.</param>
/// <param name="giveLate">True to give the late rows, false to count them and give the others.</param>
internal sealed class SessionGate(Schema columns, IReadOnlyList<int> partitionBy, int time, long gap, long lateness, bool giveLate) : Operator(columns)
{
    private readonly int[] _partitionBy = [.. partitionBy];
    private readonly KeyIndex _index = KeyIndex.For([.. partitionBy.Select(c => columns[c].Type)]);
    private readonly OpenSessions _open = new(gap, lateness);
    private readonly SomeRows _chosen = new(columns);
    private readonly List<int> _maybeEmpty = [];
    private long _late;
    private int[] _slots = [];

    /// <inheritdoc/>
    public override string Name => giveLate ? "LateSessionRows" : "SessionGate";

    /// <inheritdoc/>
    public override string Detail => $"{Columns[time].Name} gap {PlanText.Span(gap)}" + PlanText.Join(_partitionBy.Select(c => Columns[c].Name), " partition by ")
        + (lateness > 0 ? $" lateness {PlanText.Span(lateness)}" : "");

    /// <inheritdoc/>
    public override long StateRows => _open.Count;

    /// <inheritdoc/>
    public override long StateBytes => _open.Bytes + _index.Bytes;

    /// <inheritdoc/>
    public override long LateRows => _late;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        _index.FindOrAdd(input, _partitionBy, _slots);
        int[] chosen = _chosen.Room(input.Count);
        var times = (FixedColumn<long>)input.Columns[time];
        int count = 0;
        int late = 0;
        for (int i = 0; i < input.Count; i++)
        {
            bool isLate = false;
            if (times.IsNull(i) || input.Weight(i) == 0)
            {
                _maybeEmpty.Add(_slots[i]);
            }
            else if (!_open.TryTake(_slots[i], times.Values[i]))
            {
                isLate = true;
                late++;
                _maybeEmpty.Add(_slots[i]);
            }

            if (isLate == giveLate)
            {
                chosen[count++] = i;
            }
        }

        _late += giveLate ? 0 : late;
        _chosen.Emit(input, count, output);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        _open.Advance(epoch.Watermark, _maybeEmpty);
        if (_maybeEmpty.Count == 0)
        {
            return;
        }

        _maybeEmpty.Sort();
        int previous = -1;
        foreach (int slot in _maybeEmpty)
        {
            if (slot != previous && !_open.Any(slot))
            {
                _index.Remove(slot);
            }

            previous = slot;
        }

        _maybeEmpty.Clear();
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_late);
        _index.Save(writer);
        _open.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _late = reader.ReadInt64();
        _index.Load(ref reader);
        _open.Load(ref reader);
    }
}
