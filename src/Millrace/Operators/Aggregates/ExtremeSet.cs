// min and max of fixed-width values that may be taken back: every value that is there is counted, and a heap by group knows the best.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// A value whose count falls to zero stays in its group's heap until it comes to the top, and is counted on if it comes back before; so a change costs a look-up, and
/// a logarithm only where the best value changes.
/// </summary>
internal sealed class ExtremeSet<T, TBits>(Schema input, int argument, bool max) : AggregateState
    where T : unmanaged
    where TBits : struct, IOrderedBits<T>
{
    private const int StaleMin = 64;
    private const int Gone = -1;

    private readonly KeyIndex _pairs = KeyIndex.For([SqlType.Integer, input[argument].Type]);
    private readonly ulong _flip = max ? ulong.MaxValue : 0;
    private long[] _counts = []; // by pair
    private ulong[] _words = []; // by pair: the smaller, the better
    private int[] _owner = []; // by pair
    private bool[] _inHeap = []; // by pair
    private int[][] _heaps = []; // by group: pairs, the best first
    private int[] _sizes = []; // by group
    private int[] _present = []; // by group: values whose count is not zero
    private readonly List<int> _empty = [];
    private FrozenSlots? _frozen; // of the pairs
    private int[] _ids = [];
    private long _heapBytes;

    /// <inheritdoc/>
    public override long Bytes => _pairs.Bytes + (_counts.Length * 21L) + (_heaps.Length * 16L) + _heapBytes;

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _heaps = Grown(_heaps, slots);
        _sizes = Grown(_sizes, slots);
        _present = Grown(_present, slots);
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        var column = (FixedColumn<T>)batch.Columns[argument];
        _ids = Grown(_ids, batch.Count);
        _pairs.FindOrAdd(new Batch([new FixedColumn<int>(SqlType.Integer, slots, batch.Count), column], batch.Count), [0, 1], _ids);
        _counts = Grown(_counts, _pairs.SlotEnd);
        _words = Grown(_words, _pairs.SlotEnd);
        _owner = Grown(_owner, _pairs.SlotEnd);
        _inHeap = Grown(_inHeap, _pairs.SlotEnd);
        FrozenSlots.Keep(ref _frozen, _ids.AsSpan(0, batch.Count));
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = column.IsNull(i) ? 0 : weights is null ? 1 : weights[i];
            int id = _ids[i];
            int slot = slots[i];
            long before = _counts[id];
            _counts[id] += weight;
            _owner[id] = slot;
            _words[id] = TBits.To(column.Values[i]) ^ _flip;
            _present[slot] += (_counts[id] != 0 ? 1 : 0) - (before != 0 ? 1 : 0);
            if (_inHeap[id])
            {
                continue;
            }

            if (_counts[id] > 0)
            {
                Push(slot, id);
            }
            else if (_counts[id] == 0)
            {
                _empty.Add(id);
            }
        }

        // Nulls, and what came and went within the batch, leave nothing behind.
        foreach (int id in _empty)
        {
            if (_counts[id] == 0 && !_inHeap[id] && _owner[id] != Gone)
            {
                Remove(id);
            }
        }

        _empty.Clear();
    }

    /// <summary>The best value of a group; false when it has none.</summary>
    public bool TryBest(int slot, out T value)
    {
        while (_sizes[slot] > 0)
        {
            int best = _heaps[slot][0];
            if (_counts[best] > 0)
            {
                value = TBits.From((_words[best] ^ _flip) & (ulong.MaxValue >> (64 - (8 * TBits.Width))));
                return true;
            }

            Pop(slot);
        }

        value = default;
        return false;
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            for (int i = 0; i < _sizes[slot]; i++)
            {
                FrozenSlots.Keep(ref _frozen, [_heaps[slot][i]]);
                _counts[_heaps[slot][i]] = 0;
                Drop(_heaps[slot][i]);
            }

            _heapBytes -= (_heaps[slot]?.Length ?? 0) * 4L;
            _heaps[slot] = null!;
            _sizes[slot] = 0;
            _present[slot] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        _pairs.Save(writer);
        _frozen = FrozenSlots.Begin(writer, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _counts, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _words, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _owner, _pairs.SlotEnd);
        FrozenSlots.End(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _pairs.Load(ref reader);
        _counts = reader.ReadArray<long>(_pairs.SlotEnd);
        _words = reader.ReadArray<ulong>(_pairs.SlotEnd);
        _owner = reader.ReadArray<int>(_pairs.SlotEnd);
        _inHeap = new bool[_pairs.SlotEnd];
        Ensure(slots);
        foreach (int id in _pairs.Live())
        {
            if (_owner[id] < 0 || _owner[id] >= slots)
            {
                throw new FormatException($"a value of group {_owner[id]}, there are {slots}");
            }

            _present[_owner[id]] += _counts[id] != 0 ? 1 : 0;
            Push(_owner[id], id);
        }
    }

    private void Push(int slot, int id)
    {
        if (_sizes[slot] > (2 * _present[slot]) + StaleMin)
        {
            DropStale(slot);
        }

        int[] heap = _heaps[slot] ?? [];
        if (_sizes[slot] == heap.Length)
        {
            int size = Math.Max(4, heap.Length * 2);
            _heapBytes += (size - heap.Length) * 4L;
            Array.Resize(ref heap, size);
            _heaps[slot] = heap;
        }

        _inHeap[id] = true;
        int at = _sizes[slot]++;
        for (int above = (at - 1) / 2; at > 0 && _words[id] < _words[heap[above]]; above = (at - 1) / 2)
        {
            heap[at] = heap[above];
            at = above;
        }

        heap[at] = id;
    }

    private void Pop(int slot)
    {
        int[] heap = _heaps[slot];
        Drop(heap[0]);
        int size = --_sizes[slot];
        if (size > 0)
        {
            heap[0] = heap[size];
            Sink(heap, size, 0);
        }
    }

    private void Sink(int[] heap, int size, int at)
    {
        int id = heap[at];
        for (int below = (2 * at) + 1; below < size; below = (2 * at) + 1)
        {
            below += below + 1 < size && _words[heap[below + 1]] < _words[heap[below]] ? 1 : 0;
            if (_words[id] <= _words[heap[below]])
            {
                break;
            }

            heap[at] = heap[below];
            at = below;
        }

        heap[at] = id;
    }

    private void DropStale(int slot)
    {
        int[] heap = _heaps[slot];
        int kept = 0;
        for (int i = 0; i < _sizes[slot]; i++)
        {
            if (_counts[heap[i]] > 0)
            {
                heap[kept++] = heap[i];
            }
            else
            {
                Drop(heap[i]);
            }
        }

        _sizes[slot] = kept;
        for (int at = (kept / 2) - 1; at >= 0; at--)
        {
            Sink(heap, kept, at);
        }
    }

    // Out of the heap; a value that is not there any more is forgotten.
    private void Drop(int id)
    {
        _inHeap[id] = false;
        if (_counts[id] == 0)
        {
            Remove(id);
        }
    }

    private void Remove(int id)
    {
        FrozenSlots.Keep(ref _frozen, [id]);
        _owner[id] = Gone;
        _pairs.Remove(id);
    }
}

/// <summary>min and max from <see cref="ExtremeSet{T, TBits}"/>.</summary>
internal sealed class ExtremeSetResult<T, TBits>(ExtremeSet<T, TBits> state) : AggregateResult
    where T : unmanaged
    where TBits : struct, IOrderedBits<T>
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        var builder = (FixedBuilder<T>)into;
        foreach (int slot in slots)
        {
            if (state.TryBest(slot, out T value))
            {
                builder.Append(value);
            }
            else
            {
                builder.AppendNull();
            }
        }
    }
}
