// count(DISTINCT x) with and without FILTER over rows that are only ever added: one look-up of (group, x) serves them all.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Remembers for each pair of group and arguments which of the counts have seen it, a bit each.</summary>
internal sealed class DistinctCounts : AggregateState
{
    /// <summary>Counts that one state can serve.</summary>
    public const int CountsMax = 63;

    private readonly int[] _arguments;
    private readonly int[] _columns;
    private readonly KeyIndex _pairs;
    private readonly List<int> _filters = [];
    private readonly List<long[]> _counts = []; // per count, by slot
    private ulong[] _seen = []; // by pair
    private int[] _owner = []; // by pair: its group
    private int[] _pairsOf = []; // by group
    private FrozenSlots? _frozen; // of the pairs
    private int[] _ids = [];
    private ulong[] _passed = [];

    public DistinctCounts(Schema input, int[] arguments)
    {
        _arguments = arguments;
        _columns = [0, .. arguments.Select(a => a + 1)];
        _pairs = KeyIndex.For([SqlType.Integer, .. arguments.Select(a => input[a].Type)]);
    }

    /// <inheritdoc/>
    public override long Bytes => _pairs.Bytes + (_seen.Length * 12L) + (_pairsOf.Length * 4L) + _counts.Sum(c => c.Length * 8L);

    /// <summary>True while another count may be added.</summary>
    public bool HasRoom => _filters.Count < CountsMax;

    /// <summary>Adds a count of the rows for which a boolean column is true, or with −1 of all; before any row comes.</summary>
    public CountResult Count(int filter)
    {
        int at = _filters.IndexOf(filter);
        if (at < 0)
        {
            at = _filters.Count;
            _filters.Add(filter);
            _counts.Add([]);
        }

        return new CountResult(() => _counts[at]);
    }

    /// <inheritdoc/>
    public override void Ensure(int slots)
    {
        _pairsOf = Grown(_pairsOf, slots);
        for (int c = 0; c < _counts.Count; c++)
        {
            _counts[c] = Grown(_counts[c], slots);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[]? weights)
    {
        _ids = Grown(_ids, batch.Count);
        var slotColumn = new FixedColumn<int>(SqlType.Integer, slots, batch.Count);
        _pairs.FindOrAdd(new Batch([slotColumn, .. batch.Columns], batch.Count), _columns, _ids);
        _seen = Grown(_seen, _pairs.SlotEnd);
        _owner = Grown(_owner, _pairs.SlotEnd);
        FrozenSlots.Keep(ref _frozen, _ids.AsSpan(0, batch.Count));
        Pass(batch, weights);
        for (int i = 0; i < batch.Count; i++)
        {
            int id = _ids[i];
            ulong fresh = _passed[i] & ~_seen[id];
            if (fresh == 0)
            {
                continue;
            }

            int slot = slots[i];
            if (_seen[id] == 0)
            {
                _owner[id] = slot;
                _pairsOf[slot]++;
            }

            _seen[id] |= fresh;
            for (; fresh != 0; fresh &= fresh - 1)
            {
                _counts[System.Numerics.BitOperations.TrailingZeroCount(fresh)][slot]++;
            }
        }

        DropUnseen(batch.Count);
    }

    /// <inheritdoc/>
    public override void Clear(ReadOnlySpan<int> slots)
    {
        var gone = new HashSet<int>();
        foreach (int slot in slots)
        {
            _counts.ForEach(c => c[slot] = 0);
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
                _seen[id] = 0;
                _pairs.Remove(id);
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer, int slots)
    {
        _pairs.Save(writer);
        _frozen = FrozenSlots.Begin(writer, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _seen, _pairs.SlotEnd);
        FrozenSlots.Write(writer, _owner, _pairs.SlotEnd);
        FrozenSlots.End(writer);
        FrozenSlots.Write(writer, _pairsOf, slots);
        _counts.ForEach(c => FrozenSlots.Write(writer, c, slots));
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader, int slots)
    {
        _pairs.Load(ref reader);
        _seen = reader.ReadArray<ulong>(_pairs.SlotEnd);
        _owner = reader.ReadArray<int>(_pairs.SlotEnd);
        _pairsOf = reader.ReadArray<int>(slots);
        for (int c = 0; c < _counts.Count; c++)
        {
            _counts[c] = reader.ReadArray<long>(slots);
        }
    }

    // The counts that each row is for.
    private void Pass(Batch batch, long[]? weights)
    {
        _passed = Grown(_passed, batch.Count);
        Span<ulong> passed = _passed.AsSpan(0, batch.Count);
        passed.Clear();
        for (int c = 0; c < _filters.Count; c++)
        {
            ulong bit = 1UL << c;
            if (_filters[c] < 0)
            {
                foreach (ref ulong each in passed)
                {
                    each |= bit;
                }

                continue;
            }

            var filter = (FixedColumn<bool>)batch.Columns[_filters[c]];
            for (int i = 0; i < passed.Length; i++)
            {
                passed[i] |= filter.Values[i] && !filter.IsNull(i) ? bit : 0;
            }
        }

        foreach (int argument in _arguments)
        {
            Column column = batch.Columns[argument];
            for (int i = 0; column.Validity is not null && i < passed.Length; i++)
            {
                passed[i] = column.IsNull(i) ? 0 : passed[i];
            }
        }

        for (int i = 0; weights is not null && i < passed.Length; i++)
        {
            passed[i] = weights[i] == 0 ? 0 : passed[i];
        }
    }

    // Pairs of rows that no count is for need no place.
    private void DropUnseen(int rows)
    {
        for (int i = 0; i < rows; i++)
        {
            int id = _ids[i];
            if (_passed[i] == 0 && _seen[id] == 0)
            {
                // The same pair may come again in this batch: it is dropped once.
                _seen[id] = ulong.MaxValue;
                _pairs.Remove(id);
            }
        }

        for (int i = 0; i < rows; i++)
        {
            if (_passed[i] == 0 && _seen[_ids[i]] == ulong.MaxValue)
            {
                _seen[_ids[i]] = 0;
            }
        }
    }
}
