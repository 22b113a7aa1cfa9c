// The states of the aggregates that run from a partition's first row: one slot for each piece of a partition that is remembered.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Feeds all of an operator's running aggregates together; slots are theirs in common.</summary>
internal sealed class RunningStates(IReadOnlyList<FrameAggregate> aggregates, Schema input)
{
    /// <summary>The slot of what lies before the rows that are worked out.</summary>
    public const int Prefix = 1;

    private const int RowsMax = 256;

    private readonly BatchBuilder _rows = new(input);
    private readonly List<int> _free = [];
    private int _slots = Prefix + 1;

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => aggregates.Sum(a => a.Bytes);

    /// <summary>A slot for a piece.</summary>
    public int Take()
    {
        if (_free.Count > 0)
        {
            int slot = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return slot;
        }

        return _slots++;
    }

    /// <summary>Gives a slot back; −1 is none.</summary>
    public void Free(int slot)
    {
        if (slot >= 0)
        {
            Clear(slot);
            _free.Add(slot);
        }
    }

    /// <summary>Makes a slot as new.</summary>
    public void Clear(int slot)
    {
        foreach (FrameAggregate aggregate in aggregates)
        {
            aggregate.Ensure(_slots);
            aggregate.Clear(slot);
        }
    }

    /// <summary>Adds slots to another.</summary>
    public void Merge(int into, int[] from)
    {
        foreach (FrameAggregate aggregate in aggregates)
        {
            aggregate.Merge(into, from);
        }
    }

    /// <summary>Begins to add rows to a slot.</summary>
    public void Begin() => _rows.Reset();

    /// <summary>Adds an entry as often as it is there.</summary>
    public void Add(OrderedPartitions partitions, ReadOnlySpan<byte> entry, long weight, int into)
    {
        for (; aggregates.Count > 0 && weight > 0; weight--)
        {
            partitions.Decode(entry, _rows.Columns);
            _rows.EndRow();
            if (_rows.Count == RowsMax)
            {
                End(into);
            }
        }
    }

    /// <summary>Adds what is left.</summary>
    public void End(int into)
    {
        if (_rows.Count > 0)
        {
            Batch rows = _rows.View();
            foreach (FrameAggregate aggregate in aggregates)
            {
                aggregate.Add(rows, into);
            }

            _rows.Reset();
        }
    }
}
