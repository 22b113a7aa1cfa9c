// GROUP BY and DISTINCT: state by group slot, and at the end of an epoch the groups whose row really changed.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Groups by key columns. Per batch: one slot a row, then one loop per state over its argument. The first time a group is touched in an epoch its present
/// row is noted; at the end of the epoch what differs is emitted as −old +new. A group whose rows are all gone leaves no state. Without keys there
/// is one group for ever, which is emitted even before any row. Under EMIT ON WINDOW CLOSE a group is forgotten once the watermark has passed its window.
/// </summary>
internal sealed class Aggregate : Operator
{
    private readonly int[] _keys;
    private readonly KeyIndex _index;
    private readonly KeyRuns _runs = new();
    private readonly GroupRows _rows = new();
    private readonly AggregateState[] _states;
    private readonly AggregateResult[] _results;
    private readonly ColumnBuilder[] _old;
    private readonly ColumnBuilder[] _new;
    private readonly BatchBuilder _output;
    private readonly Func<string> _detail;
    private readonly int _windowEnd;
    private readonly long _plusMicros;
    private readonly bool _byClock;
    private readonly SortedDictionary<long, List<int>> _slotsByEnd = [];
    private int[] _slots = [];
    private int[] _touchedAt = []; // 1 + the slot's place in _touched, or 0
    private int[] _touched = [];
    private bool[] _existed = [];
    private int _touchedCount;
    private bool _started;
    private FrozenSlots? _frozen;

    /// <param name="input">The input's columns.</param>
    /// <param name="keys">Group columns.</param>
    /// <param name="calls">The aggregates; none for DISTINCT.</param>
    /// <param name="appendOnly">True when no row is ever taken back.</param>
    /// <param name="columns">Keys, then one a call.</param>
    /// <param name="windowEnd">The key (by position) whose passing by the watermark ends a group, or −1.</param>
    /// <param name="plusMicros">What is added to that key to get the window's end, µs.</param>
    /// <param name="byClock">True when the epoch's time closes windows, not the watermark.</param>
    public Aggregate(
        Schema input, IReadOnlyList<int> keys, IReadOnlyList<AggregateCall> calls, bool appendOnly, Schema columns, int windowEnd = -1,
        long plusMicros = 0, bool byClock = false)
        : base(columns)
    {
        _windowEnd = windowEnd;
        _plusMicros = plusMicros;
        _byClock = byClock;
        _keys = [.. keys];
        _index = KeyIndex.For([.. keys.Select(k => input[k].Type)]);
        var factory = new AggregateFactory(input, appendOnly, _rows);
        _results = [.. calls.Select(factory.Add)];
        _states = [.. factory.States];
        _old = [.. _results.Select((_, i) => ColumnBuilder.For(columns[keys.Count + i].Type))];
        _new = [.. _results.Select((_, i) => ColumnBuilder.For(columns[keys.Count + i].Type))];
        _output = new BatchBuilder(columns);
        Name = calls.Count == 0 ? "Distinct" : "Aggregate";
        _detail = () => PlanText.Join(keys.Select(k => input[k].Name), "by ") + PlanText.Join(calls.Select(c => PlanText.Of(c, input)), " ") +
            (appendOnly ? " append only" : "");
        if (_keys.Length == 0)
        {
            int[] only = new int[1];
            _index.FindOrAdd(new Batch([], 1), [], only);
            Ensure();
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Detail => _detail();

    /// <inheritdoc/>
    public override long StateRows => _index.Count;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + _rows.Bytes + _states.Sum(s => s.Bytes) + (_touchedAt.Length * 4L);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        if (!_runs.TryFindOrAdd(input, _keys, _index, _slots))
        {
            _index.FindOrAdd(input, _keys, _slots);
        }

        Ensure();
        Touch(_slots.AsSpan(0, input.Count));
        foreach (AggregateState state in _states)
        {
            state.Add(input, _slots, input.Weights);
        }

        _rows.Add(input, _slots, input.Weights);
    }

    /// <summary>True when <see cref="Merge"/> can be done.</summary>
    public bool CanMerge => _windowEnd < 0 && Array.TrueForAll(_states, s => s.CanMerge);

    /// <summary>Its groups, and their keys.</summary>
    public (int[] Slots, Batch Keys) Groups()
    {
        int[] slots = _index.Live();
        ColumnBuilder[] keys = [.. Columns.Fields.Take(_keys.Length).Select(f => ColumnBuilder.For(f.Type))];
        _index.Decode(slots, keys);
        return (slots, new Batch([.. keys.Select(k => k.View())], slots.Length));
    }

    /// <summary>Takes over the given groups of another aggregate of the same plan that has not ended an epoch.</summary>
    public void Merge(Aggregate other, int[] theirs, Batch keys)
    {
        int[] ours = new int[Math.Max(theirs.Length, 1)];
        _index.FindOrAdd(keys, [.. Enumerable.Range(0, _keys.Length)], ours);
        Ensure();
        Touch(ours.AsSpan(0, theirs.Length));
        for (int s = 0; s < _states.Length; s++)
        {
            _states[s].Merge(other._states[s], ours, theirs);
        }

        _rows.Merge(other._rows, ours, theirs);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (!_started && _keys.Length == 0)
        {
            Touch([0]);
        }

        _started = true;
        if (_touchedCount == 0)
        {
            Close(_byClock ? epoch.TimeMicros : epoch.Watermark);
            return;
        }

        ReadOnlySpan<int> touched = _touched.AsSpan(0, _touchedCount);
        Emit(touched, output);
        foreach (int slot in touched)
        {
            _touchedAt[slot] = 0;
            if (_rows.Rows[slot] == 0 && _keys.Length > 0)
            {
                Forget(slot);
            }
        }

        if (_windowEnd >= 0)
        {
            NoteEnds(Fresh(touched));
            Close(_byClock ? epoch.TimeMicros : epoch.Watermark);
        }

        _touchedCount = 0;
        foreach (ColumnBuilder old in _old)
        {
            old.Reset();
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteByte(_started ? (byte)1 : (byte)0);
        _index.Save(writer);
        _frozen = FrozenSlots.Begin(writer, _index.SlotEnd);
        _rows.Save(writer, _index.SlotEnd);
        foreach (AggregateState state in _states)
        {
            state.Save(writer, _index.SlotEnd);
        }

        FrozenSlots.End(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _started = reader.ReadByte() != 0;
        _index.Load(ref reader);
        _rows.Load(ref reader, _index.SlotEnd);
        foreach (AggregateState state in _states)
        {
            state.Load(ref reader, _index.SlotEnd);
        }

        Ensure();
        if (_windowEnd >= 0)
        {
            NoteEnds(_index.Live());
        }
    }

    private int[] Fresh(ReadOnlySpan<int> touched)
    {
        var fresh = new List<int>();
        for (int i = 0; i < touched.Length; i++)
        {
            if (!_existed[i])
            {
                fresh.Add(touched[i]);
            }
        }

        return [.. fresh];
    }

    // The window's end of groups that have state; a slot may stand under an end of a former group, so Close looks again.
    private void NoteEnds(ReadOnlySpan<int> slots)
    {
        int[] alive = [.. slots.ToArray().Where(s => _rows.Rows[s] != 0)];
        FixedColumn<long> ends = Ends(alive);
        for (int i = 0; i < alive.Length; i++)
        {
            if (!ends.IsNull(i))
            {
                if (!_slotsByEnd.TryGetValue(ends.Values[i], out List<int>? list))
                {
                    _slotsByEnd.Add(ends.Values[i], list = []);
                }

                list.Add(alive[i]);
            }
        }
    }

    private FixedColumn<long> Ends(int[] slots)
    {
        ColumnBuilder[] keys = [.. Columns.Fields.Take(_keys.Length).Select(f => ColumnBuilder.For(f.Type))];
        _index.Decode(slots, keys);
        return (FixedColumn<long>)keys[_windowEnd].View();
    }

    private void Close(long watermark)
    {
        while (_slotsByEnd.Count > 0 && _slotsByEnd.First() is { } first && first.Key + _plusMicros <= watermark)
        {
            _slotsByEnd.Remove(first.Key);
            int[] slots = [.. first.Value.Distinct().Where(s => _rows.Rows[s] != 0)];
            FixedColumn<long> ends = Ends(slots);
            for (int i = 0; i < slots.Length; i++)
            {
                if (!ends.IsNull(i) && ends.Values[i] == first.Key)
                {
                    Forget(slots[i]);
                }
            }
        }
    }

    private void Ensure()
    {
        int slots = _index.SlotEnd;
        if (_touchedAt.Length >= slots)
        {
            return;
        }

        int size = Math.Max(slots, Math.Max(16, _touchedAt.Length * 2));
        Array.Resize(ref _touchedAt, size);
        _rows.Ensure(size);
        foreach (AggregateState state in _states)
        {
            state.Ensure(size);
        }
    }

    private void Touch(ReadOnlySpan<int> slots)
    {
        int before = _touchedCount;
        int[] touchedAt = _touchedAt;
        // Never more touched groups than groups, nor than rows.
        int room = Math.Min(before + slots.Length, _index.SlotEnd);
        if (_touched.Length < room)
        {
            int size = Math.Max(room, _touched.Length * 2);
            Array.Resize(ref _touched, size);
            Array.Resize(ref _existed, size);
        }

        foreach (SlotRuns.Stretch stretch in SlotRuns.Over(slots))
        {
            for (int i = stretch.Start; i < (stretch.IsRun ? stretch.Start + 1 : stretch.End); i++)
            {
                int slot = slots[i];
                if (touchedAt[slot] == 0)
                {
                    _touched[_touchedCount++] = slot;
                    touchedAt[slot] = _touchedCount;
                }
            }
        }

        ReadOnlySpan<int> fresh = _touched.AsSpan(before, _touchedCount - before);
        FrozenSlots.Keep(ref _frozen, fresh);
        for (int i = 0; i < fresh.Length; i++)
        {
            _existed[before + i] = _rows.Rows[fresh[i]] > 0 || (_keys.Length == 0 && _started);
        }

        for (int r = 0; r < _results.Length && fresh.Length > 0; r++)
        {
            _results[r].Emit(fresh, _old[r]);
        }
    }

    private void Emit(ReadOnlySpan<int> touched, IOutput output)
    {
        bool[] differs = new bool[touched.Length];
        for (int r = 0; r < _results.Length; r++)
        {
            _new[r].Reset();
            _results[r].Emit(touched, _new[r]);
            ColumnCompare.MarkDifferent(_old[r].View(), _new[r].View(), differs);
        }

        int[] minus = new int[touched.Length];
        int[] plus = new int[touched.Length];
        int minusCount = 0;
        int plusCount = 0;
        for (int i = 0; i < touched.Length; i++)
        {
            bool exists = _rows.Rows[touched[i]] > 0 || _keys.Length == 0;
            bool changed = differs[i] || exists != _existed[i];
            if (changed && _existed[i])
            {
                minus[minusCount++] = i;
            }

            if (changed && exists)
            {
                plus[plusCount++] = i;
            }
        }

        if (minusCount + plusCount == 0)
        {
            return;
        }

        _output.Reset();
        int[] slots = new int[minusCount + plusCount];
        for (int i = 0; i < minusCount; i++)
        {
            slots[i] = touched[minus[i]];
        }

        for (int i = 0; i < plusCount; i++)
        {
            slots[minusCount + i] = touched[plus[i]];
        }

        _index.Decode(slots, _output.Columns.AsSpan(0, _keys.Length));
        for (int r = 0; r < _results.Length; r++)
        {
            ColumnBuilder column = _output.Columns[_keys.Length + r];
            column.AppendRows(_old[r].View(), minus.AsSpan(0, minusCount));
            column.AppendRows(_new[r].View(), plus.AsSpan(0, plusCount));
        }

        if (minusCount > 0)
        {
            long[] weights = new long[slots.Length];
            weights.AsSpan(0, minusCount).Fill(-1);
            weights.AsSpan(minusCount).Fill(1);
            _output.EndRows(slots.Length, weights);
        }
        else
        {
            _output.EndRows(slots.Length);
        }

        output.Emit(_output.View());
    }

    private void Forget(int slot)
    {
        ReadOnlySpan<int> one = [slot];
        FrozenSlots.Keep(ref _frozen, one);
        foreach (AggregateState state in _states)
        {
            state.Clear(one);
        }

        _rows.Clear(one);
        _index.Remove(slot);
    }
}
