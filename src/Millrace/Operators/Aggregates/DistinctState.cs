// DISTINCT inside an aggregate: each different argument counts once per group.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Counts (group, arguments) pairs and passes on to an inner state only the rows with which a pair appears or disappears.</summary>
internal sealed class DistinctState : AggregateState
{
    private readonly AggregateState[] _inner;
    private readonly int[] _arguments;
    private readonly bool _skipNulls;
    private readonly int[] _columns;
    private readonly KeyIndex _pairs;
    private long[] _counts = [];
    private int[] _owner = [];
    private int[] _pairsOf = [];
    private FrozenSlots? _frozen; // of the pairs
    private int[] _ids = [];
    private long[] _weights = [];
    private readonly HashSet<int> _empty = [];

    public DistinctState(Schema input, int[] arguments, bool skipNulls, AggregateState[] inner)
    {
        _inner = inner;
        _arguments = arguments;
        _skipNulls = skipNulls;
        _columns = [0, .. arguments.Select(a => a + 1)];
        _pairs = KeyIndex.For([SqlType.Integer, .. arguments.Select(a => input[a].Type)]);
    }

    /// <inheritdoc/>
    public override long Bytes => _pairs.Bytes + (_counts.Length * 12L) + _inner.Sum(s => s.Bytes);

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _pairsOf = Grown(_pairsOf, slots);
        foreach (AggregateState state in _inner)
        {
            state.Ensure(slots);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        _ids = Grown(_ids, batch.Count);
        _weights = Grown(_weights, batch.Count);
        var slotColumn = new FixedColumn<int>(SqlType.Integer, slots, batch.Count);
        _pairs.FindOrAdd(new Batch([slotColumn, .. batch.Columns], batch.Count), _columns, _ids);
        _counts = Grown(_counts, _pairs.SlotEnd);
        _owner = Grown(_owner, _pairs.SlotEnd);
        FrozenSlots.Keep(ref _frozen, _ids.AsSpan(0, batch.Count));
        for (int i = 0; i < batch.Count; i++)
        {
            long weight = weights is null ? 1 : weights[i];
            for (int a = 0; _skipNulls && a < _arguments.Length; a++)
            {
                weight = batch.Columns[_arguments[a]].IsNull(i) ? 0 : weight;
            }

            ref long count = ref _counts[_ids[i]];
            long before = count;
            count += weight;
            _owner[_ids[i]] = slots[i];
            _pairsOf[slots[i]] += (count != 0 ? 1 : 0) - (before != 0 ? 1 : 0);
            _weights[i] = (count > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
            if (count == 0)
            {
                _empty.Add(_ids[i]);
            }
        }

        foreach (AggregateState state in _inner)
        {
            state.Add(batch, slots, _weights);
        }

        foreach (int id in _empty)
        {
            if (_counts[id] == 0)
            {
                _pairs.Remove(id);
            }
        }

        _empty.Clear();
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (AggregateState state in _inner)
        {
            state.Clear(slots);
        }

        // Groups whose rows were all taken back have no pairs left; only groups dropped behind a watermark have.
        var gone = new HashSet<int>();
        foreach (int slot in slots)
        {
            if (_pairsOf[slot] != 0)
            {
                gone.Add(slot);
                _pairsOf[slot] = 0;
            }
        }

        foreach (int id in gone.Count > 0 ? _pairs.Live() : [])
        {
            if (gone.Contains(_owner[id]))
            {
                FrozenSlots.Keep(ref _frozen, [id]);
                _counts[id] = 0;
                _pairs.Remove(id);
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        _pairs.Save(writer);
        _frozen = FrozenSlots.Begin(writer, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _counts, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _owner, _pairs.SlotEnd);
        FrozenSlots.End(writer);
        FrozenSlots.Write(writer, _pairsOf, slots);
        foreach (AggregateState state in _inner)
        {
            state.Save(writer, slots);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _pairs.Load(ref reader);
        _counts = reader.ReadArray<long>(_pairs.SlotEnd);
        _owner = reader.ReadArray<int>(_pairs.SlotEnd);
        _pairsOf = reader.ReadArray<int>(slots);
        foreach (AggregateState state in _inner)
        {
            state.Load(ref reader, slots);
        }
    }
}

/// <summary>FILTER: rows whose condition is not true get weight 0.</summary>
internal sealed class FilteredState(int filter, AggregateState[] inner) : AggregateState
{
    private long[] _weights = [];

    private AggregateState[] Inner => inner;

    /// <inheritdoc/>
    public override long Bytes => inner.Sum(s => s.Bytes);

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        foreach (AggregateState state in inner)
        {
            state.Ensure(slots);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        _weights = Grown(_weights, batch.Count);
        var condition = (FixedColumn<bool>)batch.Columns[filter];
        for (int i = 0; i < batch.Count; i++)
        {
            _weights[i] = condition.Values[i] && !condition.IsNull(i) ? (weights is null ? 1 : weights[i]) : 0;
        }

        foreach (AggregateState state in inner)
        {
            state.Add(batch, slots, _weights);
        }
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        foreach (AggregateState state in inner)
        {
            state.Clear(slots);
        }
    }

    /// <inheritdoc/>
    public override bool CanMerge => Array.TrueForAll(inner, s => s.CanMerge);

    /// <inheritdoc/>
    public override void Merge(AggregateState other, int[] ours, int[] theirs)
    {
        for (int s = 0; s < inner.Length; s++)
        {
            inner[s].Merge(((FilteredState)other).Inner[s], ours, theirs);
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        foreach (AggregateState state in inner)
        {
            state.Save(writer, slots);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        foreach (AggregateState state in inner)
        {
            state.Load(ref reader, slots);
        }
    }
}
