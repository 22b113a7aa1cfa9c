// The first few rows of each partition where rows are only ever added: a row that is not among them is forgotten at once.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps for each partition the rows of the wanted ranks, and nothing else. A row of the input is compared with the last of them, and only if it comes before
/// is it kept and put in its place; at the end of an epoch the ranks of the partitions that changed are compared with what they were. Ties of the order are
/// broken by the remaining columns, as in <see cref="TopN"/>, which does what does not fit here.
/// </summary>
internal sealed class AppendTopN : Operator
{
    private const int RanksMax = 16;
    private const int RanksMaxOfAll = 1024; // without PARTITION BY
    private const int GarbageMin = 1 << 16;

    private readonly TopNPlan _plan;
    private readonly Schema _input;
    private readonly KeyIndex _index;
    private readonly int[] _partitionBy;
    private readonly RowOrder _order;
    private readonly int _end;
    private readonly int _offset;
    private readonly BatchBuilder _output;
    private ColumnRows _rows;
    private int[] _counts = []; // by slot
    private int[] _ranked = []; // by slot × _end: rows in order; while a batch is taken, ~ its row
    private OrderKey[] _keys = []; // likewise
    private int _live;
    private FrozenSlots? _frozen;

    // Of the batch.
    private int[] _slots = [];
    private OrderKey[] _batchKeys = [];
    private int[] _changed = [];
    private int _changedCount;
    private int[] _changedAt = []; // by slot: the number of the batch
    private int _batch;
    private int[] _taken = [];

    // Of the epoch: touched slots with the ranks they had.
    private int[] _touchedAt = []; // by slot: 1 + place in _touched
    private int[] _touched = [];
    private int _touchedCount;
    private int[] _before = []; // per touched slot: count, then rows
    private int _beforeUsed;
    private int[] _out = [];
    private long[] _outWeights = [];
    private long[] _outRanks = [];
    private int _outCount;

    public AppendTopN(TopNPlan plan)
        : base(plan.Columns)
    {
        _plan = plan;
        _input = plan.Input.Columns;
        _end = (int)(plan.Offset + plan.Limit!.Value);
        _offset = (int)plan.Offset;
        _partitionBy = [.. plan.PartitionBy];
        _index = KeyIndex.For([.. plan.PartitionBy.Select(c => _input[c].Type)]);
        _order = new RowOrder(_input);
        _rows = new ColumnRows(_input);
        _output = new BatchBuilder(plan.Columns);
        Detail = TopN.Describe(plan) + " append only";
    }

    /// <inheritdoc/>
    public override string Name => "TopN";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _live;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + _rows.Bytes + (_ranked.Length * 28L) + ((_counts.Length + _changedAt.Length + _touchedAt.Length) * 4L);

    /// <summary>True when this operator can do what the plan says.</summary>
    public static bool Fits(TopNPlan plan) => plan is { Input.AppendOnly: true, Rank: RankKind.RowNumber, Limit: > 0 and <= RanksMaxOfAll }
        && plan.Offset + plan.Limit.Value <= (plan.PartitionBy.Count == 0 ? RanksMaxOfAll : RanksMax)
        && plan.OrderBy.Count <= OrderKey.ColumnsMax && plan.OrderBy.All(k => OrderKey.Fits(plan.Input.Columns[k.Column].Type));

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
            _batchKeys = new OrderKey[input.Count];
        }

        _index.FindOrAdd(input, _partitionBy, _slots);
        OrderKey.Fill(input, _plan.OrderBy, _batchKeys);
        EnsureSlots();
        _batch++;
        _changedCount = 0;
        for (int i = 0; i < input.Count; i++)
        {
            int slot = _slots[i];
            int first = slot * _end;
            if (_counts[slot] == _end && Compare(input, i, first + _end - 1) >= 0)
            {
                continue;
            }

            for (long copies = Math.Min(input.Weight(i), _end); copies > 0; copies--)
            {
                Insert(input, i, slot, first);
            }
        }

        Keep(input);
        if (_rows.Count > (2 * (_live + _beforeUsed)) + GarbageMin)
        {
            Compact();
        }
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        _outCount = 0;
        for (int t = 0, at = 0; t < _touchedCount; t++)
        {
            ReadOnlySpan<int> before = _before.AsSpan(at + 1, _before[at]);
            at += 1 + before.Length;
            int slot = _touched[t];
            ReadOnlySpan<int> after = _ranked.AsSpan(slot * _end, _counts[slot]);
            if (_plan.WithRank)
            {
                EmitRanks(before, after);
            }
            else
            {
                EmitRows(before, after);
            }

            _touchedAt[slot] = 0;
        }

        _touchedCount = 0;
        _beforeUsed = 0;
        if (_outCount > 0)
        {
            _output.Reset();
            _rows.AppendTo(_out.AsSpan(0, _outCount), _output.Columns.AsSpan(0, _input.Count));
            for (int i = 0; _plan.WithRank && i < _outCount; i++)
            {
                ((FixedBuilder<long>)_output.Columns[^1]).Append(_outRanks[i]);
            }

            _output.EndRows(_outCount, _outWeights.AsSpan(0, _outCount));
            output.Emit(_output.View());
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        // Rows that nobody refers to are written with the others: the blocks that are full are written once.
        Check.That(_touchedCount == 0);
        EnsureSlots();
        int slots = _index.SlotEnd;
        _index.Save(writer);
        _frozen = FrozenSlots.Begin(writer, slots);
        FrozenSlots.Write(writer, _counts, slots);
        FrozenSlots.Write(writer, _ranked, slots, _end);
        FrozenSlots.End(writer);
        _rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _index.Load(ref reader);
        EnsureSlots();
        int slots = _index.SlotEnd;
        reader.ReadArray<int>(slots).CopyTo(_counts, 0);
        if (_counts.AsSpan().ContainsAnyExceptInRange(0, _end))
        {
            throw new FormatException($"a count of ranked rows is not between 0 and {_end}");
        }

        _live = checked((int)_counts.Sum(c => (long)c));
        bool ranked = reader.Version >= CheckpointFile.WithRanks;
        if (ranked)
        {
            reader.ReadArray<int>(slots * _end).CopyTo(_ranked, 0);
        }

        _rows.Load(ref reader);
        int next = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            foreach (ref int row in _ranked.AsSpan(slot * _end, _counts[slot]))
            {
                // Before, the rows were numbered by slot and rank.
                row = ranked ? row : next++;
                if ((uint)row >= (uint)_rows.Count)
                {
                    throw new FormatException($"a rank of row {row} of {_rows.Count}");
                }
            }
        }

        FillKeys(slots);
    }

    private void FillKeys(int slots)
    {
        const int Part = 4096;
        var part = new BatchBuilder(_input);
        var keys = new OrderKey[Part];
        int[] rows = new int[Part];
        int[] places = new int[Part];
        int count = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            for (int place = slot * _end; place < (slot * _end) + _counts[slot]; place++)
            {
                places[count] = place;
                rows[count++] = _ranked[place];
                if (count == Part)
                {
                    FillPart();
                }
            }
        }

        FillPart();

        void FillPart()
        {
            part.Reset();
            _rows.AppendTo(rows.AsSpan(0, count), part.Columns);
            part.EndRows(count);
            OrderKey.Fill(part.View(), _plan.OrderBy, keys);
            for (int i = 0; i < count; i++)
            {
                _keys[places[i]] = keys[i];
            }

            count = 0;
        }
    }

    private int Compare(Batch input, int row, int place)
    {
        int order = _batchKeys[row].CompareTo(_keys[place]);
        if (order != 0)
        {
            return order;
        }

        int other = _ranked[place];
        Column[] columns = other < 0 ? input.Columns : _rows.Find(other, out other);
        return _order.Compare(input.Columns, row, columns, other < 0 ? ~other : other);
    }

    private void Insert(Batch input, int row, int slot, int first)
    {
        Touch(slot, first);
        int count = _counts[slot];
        int place = count;
        while (place > 0 && Compare(input, row, first + place - 1) < 0)
        {
            place--;
        }

        if (place == _end)
        {
            return;
        }

        int moved = Math.Min(count, _end - 1) - place;
        _ranked.AsSpan(first + place, moved).CopyTo(_ranked.AsSpan(first + place + 1));
        _keys.AsSpan(first + place, moved).CopyTo(_keys.AsSpan(first + place + 1));
        _ranked[first + place] = ~row;
        _keys[first + place] = _batchKeys[row];
        if (count < _end)
        {
            _counts[slot]++;
            _live++;
        }
    }

    private void Touch(int slot, int first)
    {
        if (_changedAt[slot] == _batch)
        {
            return;
        }

        _changedAt[slot] = _batch;
        FrozenSlots.Keep(ref _frozen, [slot]);
        Grow(ref _changed, _changedCount + 1);
        _changed[_changedCount++] = slot;
        if (_touchedAt[slot] == 0)
        {
            Grow(ref _touched, _touchedCount + 1);
            _touched[_touchedCount++] = slot;
            _touchedAt[slot] = _touchedCount;
            Grow(ref _before, _beforeUsed + 1 + _counts[slot]);
            _before[_beforeUsed++] = _counts[slot];
            _ranked.AsSpan(first, _counts[slot]).CopyTo(_before.AsSpan(_beforeUsed));
            _beforeUsed += _counts[slot];
        }
    }

    // The rows of the batch that are still ranked at its end become rows of our own, each copy its own.
    private void Keep(Batch input)
    {
        int taken = 0;
        for (int c = 0; c < _changedCount; c++)
        {
            int slot = _changed[c];
            foreach (ref int row in _ranked.AsSpan(slot * _end, _counts[slot]))
            {
                if (row < 0)
                {
                    Grow(ref _taken, taken + 1);
                    _taken[taken] = ~row;
                    row = _rows.Count + taken++;
                }
            }
        }

        _rows.Append(input, _taken.AsSpan(0, taken));
    }

    private void EmitRanks(ReadOnlySpan<int> before, ReadOnlySpan<int> after)
    {
        for (int k = _offset; k < Math.Max(before.Length, after.Length); k++)
        {
            int was = k < before.Length ? before[k] : -1;
            int now = k < after.Length ? after[k] : -1;
            if (was != now)
            {
                Put(was, -1, k + 1);
                Put(now, 1, k + 1);
            }
        }
    }

    private void EmitRows(ReadOnlySpan<int> before, ReadOnlySpan<int> after)
    {
        before = before.Length > _offset ? before[_offset..] : [];
        after = after.Length > _offset ? after[_offset..] : [];
        foreach (int row in before)
        {
            Put(after.Contains(row) ? -1 : row, -1, 0);
        }

        foreach (int row in after)
        {
            Put(before.Contains(row) ? -1 : row, 1, 0);
        }
    }

    private void Put(int row, long weight, long rank)
    {
        if (row < 0)
        {
            return;
        }

        Grow(ref _out, _outCount + 1);
        Grow(ref _outWeights, _outCount + 1);
        Grow(ref _outRanks, _outCount + 1);
        _out[_outCount] = row;
        _outWeights[_outCount] = weight;
        _outRanks[_outCount++] = rank;
    }

    // Rows that nobody refers to any more go; what the epoch began with is still needed at its end.
    private void Compact()
    {
        // A checkpoint may be copying the ranks as they were, with the rows that they name.
        _ranked = [.. _ranked];
        int[] kept = new int[_live + _beforeUsed];
        int[] renamed = new int[_rows.Count]; // 1 + new number
        int count = 0;
        for (int t = 0, at = 0; t < _touchedCount; t++)
        {
            int rows = _before[at++];
            Rename(_before.AsSpan(at, rows), renamed, kept, ref count);
            at += rows;
        }

        for (int slot = 0; slot < _index.SlotEnd && slot < _counts.Length; slot++)
        {
            Rename(_ranked.AsSpan(slot * _end, _counts[slot]), renamed, kept, ref count);
        }

        _rows = _rows.Only(kept.AsSpan(0, count));
    }

    private static void Rename(Span<int> rows, int[] renamed, int[] kept, ref int count)
    {
        foreach (ref int row in rows)
        {
            if (renamed[row] == 0)
            {
                kept[count++] = row;
                renamed[row] = count;
            }

            row = renamed[row] - 1;
        }
    }

    private void EnsureSlots()
    {
        if (_counts.Length < _index.SlotEnd)
        {
            int size = Math.Max(_index.SlotEnd, Math.Max(16, _counts.Length * 2));
            Array.Resize(ref _counts, size);
            Array.Resize(ref _changedAt, size);
            Array.Resize(ref _touchedAt, size);
            Array.Resize(ref _ranked, size * _end);
            Array.Resize(ref _keys, size * _end);
        }
    }

    private static void Grow<T>(ref T[] array, int needed)
    {
        if (array.Length < needed)
        {
            Array.Resize(ref array, Math.Max(needed, Math.Max(256, array.Length * 2)));
        }
    }
}
