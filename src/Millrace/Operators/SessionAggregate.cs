// GROUP BY session: where rows are only ever added and groups can merge, no row is kept, only each session's bounds and sums.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// A row extends the session it falls into, or begins one; a late row may make two sessions one. At the end of an epoch each session that changed is taken back as it
/// was and given as it is. <see cref="SessionWindow"/> under an <see cref="Aggregate"/> gives the same for every other input and aggregate.
/// </summary>
internal sealed class SessionAggregate : Operator
{
    private const int None = -1;

    private readonly SessionPlan _session;
    private readonly int[] _partitionBy;
    private readonly int[] _outputs; // per key column of the output: the partition column's place, StartKey or EndKey
    private readonly KeyIndex _index;
    private readonly GroupRows _rows;
    private readonly AggregateState[] _states; // without _rows
    private readonly AggregateResult[] _results;
    private readonly ColumnBuilder[] _old;
    private readonly ColumnBuilder[] _new;
    private readonly BatchBuilder _output;
    private readonly ColumnBuilder[] _partitionKeys;
    private readonly SessionClosing? _closing;

    // By partition: its newest session. By session: bounds (first and last row), the next older one, its partition.
    private int[] _newest = [];
    private long[] _first = [];
    private long[] _last = [];
    private int[] _older = [];
    private int[] _partition = [];
    private int _sessions; // one more than the largest number given
    private readonly List<int> _free = [];
    private int _live;

    // Where sessions close: by last row, at least one entry for each session, not later than its end.
    private readonly PriorityQueue<int, long> _ends = new();
    private readonly List<int> _maybeEmpty = [];
    private long _closed = long.MinValue;
    private long _late;

    // Of the batch.
    private int[] _slots = [];
    private readonly List<(int From, int Into)> _merged = [];
    private int[] _mergedInto = []; // by session, None when it stands

    // Of the epoch: touched sessions, as they were.
    private int[] _touchedAt = []; // by session: 1 + place
    private readonly List<int> _touched = [];
    private readonly List<(long First, long Last, int Old)> _before = []; // Old: row of _old, or None for a new session
    private readonly List<int> _fresh = []; // touched first in this batch, and there before
    private readonly List<int> _gone = []; // merged away: free at the epoch's end
    private int _oldRows;

    private const int StartKey = -1;
    private const int EndKey = -2;

    private SessionAggregate(AggregatePlan plan, SessionPlan session, int[] outputs, AggregateFactory factory, GroupRows rows, AggregateResult[] results, SessionClosing? closing)
        : base(plan.Columns)
    {
        _closing = closing;
        Schema input = session.Input.Columns;
        _session = session;
        _outputs = outputs;
        _partitionBy = [.. session.PartitionBy];
        _index = KeyIndex.For([.. session.PartitionBy.Select(c => input[c].Type)]);
        _rows = rows;
        _states = [.. factory.States];
        _results = results;
        _old = [.. results.Select((_, i) => ColumnBuilder.For(plan.Columns[plan.Keys.Count + i].Type))];
        _new = [.. results.Select((_, i) => ColumnBuilder.For(plan.Columns[plan.Keys.Count + i].Type))];
        _output = new BatchBuilder(plan.Columns);
        _partitionKeys = [.. session.PartitionBy.Select(c => ColumnBuilder.For(input[c].Type))];
        Detail = $"{input[session.Time].Name} gap {PlanText.Span(session.Gap)}" + PlanText.Join(session.PartitionBy.Select(c => input[c].Name), " partition by ") +
            PlanText.Join(plan.Calls.Select(c => PlanText.Of(c, input)), " ") + " append only";
    }

    /// <inheritdoc/>
    public override string Name => "SessionAggregate";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _live;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + _rows.Bytes + _states.Sum(s => s.Bytes) + (_newest.Length * 4L) + (_first.Length * 32L)
        + (_ends.Count * 16L);

    /// <inheritdoc/>
    public override long LateRows => _late;

    /// <summary>The operator for an aggregate right over sessions, or null when it takes the general ones.</summary>
    /// <param name="plan">The aggregate.</param>
    /// <param name="session">What it is over.</param>
    /// <param name="closing">When sessions close and are forgotten; null for never.</param>
    public static SessionAggregate? TryMake(AggregatePlan plan, SessionPlan session, SessionClosing? closing = null)
    {
        int width = session.Input.Columns.Count;
        if (!session.Input.AppendOnly || plan.Calls.Any(c => c.Distinct || c.OrderBy.Count > 0 || c.Arguments.Any(a => a >= width) || c.Filter >= width))
        {
            return null;
        }

        int[] outputs = [.. plan.Keys.Select(k => k == width ? StartKey : k == width + 1 ? EndKey : session.PartitionBy.ToList().IndexOf(k) is >= 0 and var at ? at : int.MinValue)];
        bool bySession = outputs.Any(o => o is StartKey or EndKey) && Enumerable.Range(0, session.PartitionBy.Count).All(outputs.Contains);
        if (!bySession || outputs.Contains(int.MinValue))
        {
            return null;
        }

        var rows = new GroupRows();
        var factory = new AggregateFactory(session.Input.Columns, appendOnly: true, rows);
        AggregateResult[] results = [.. plan.Calls.Select(factory.Add)];
        return factory.States.All(s => s.CanMerge) ? new SessionAggregate(plan, session, outputs, factory, rows, results, closing) : null;
    }

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
        }

        _index.FindOrAdd(input, _partitionBy, _slots);
        EnsurePartitions();
        _fresh.Clear();
        _merged.Clear();
        var times = (FixedColumn<long>)input.Columns[_session.Time];
        bool skips = false;
        for (int i = 0; i < input.Count; i++)
        {
            // Rows without a time belong to no session, nor do rows of weight 0: they go to the first slot, without weight.
            // A late one goes nowhere either.
            _slots[i] = times.IsNull(i) || input.Weight(i) == 0 ? None : Place(_slots[i], times.Values[i]);
            skips |= _slots[i] == None;
        }

        EnsureSessions(Math.Max(1, _sessions));
        long[]? weights = input.Weights;
        if (skips)
        {
            weights = new long[input.Count];
            for (int i = 0; i < input.Count; i++)
            {
                weights[i] = _slots[i] == None ? 0 : input.Weight(i);
                _slots[i] = Math.Max(0, _slots[i]);
            }
        }

        NoteOld();
        int[] from = [.. _merged.Select(m => m.From)];
        int[] into = [.. _merged.Select(m => m.Into)];
        _rows.Merge(_rows, into, from);
        foreach (AggregateState state in _states)
        {
            state.Merge(state, into, from);
        }

        for (int i = 0; _merged.Count > 0 && i < input.Count; i++)
        {
            while (_mergedInto[_slots[i]] != None)
            {
                _slots[i] = _mergedInto[_slots[i]];
            }
        }

        // What was merged away is as new when its number is given again.
        Array.ForEach(from, Clear);

        foreach (AggregateState state in _states)
        {
            state.Add(input, _slots, weights);
        }

        _rows.Add(input, _slots, weights);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (_touched.Count > 0)
        {
            Emit(output);
        }

        foreach (int session in _touched)
        {
            _touchedAt[session] = 0;
        }

        foreach (int session in _gone)
        {
            _mergedInto[session] = None;
            _partition[session] = None;
        }

        _free.AddRange(_gone);
        _gone.Clear();
        _touched.Clear();
        _before.Clear();
        _oldRows = 0;
        Array.ForEach(_old, o => o.Reset());
        if (_closing is { } closing)
        {
            Close(closing.ByClock ? epoch.TimeMicros : epoch.Watermark, closing.Lateness);
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        Check.That(_touched.Count == 0);
        _index.Save(writer);
        writer.WriteArray(_newest, _index.SlotEnd);
        writer.WriteVarint((ulong)_sessions);
        writer.WriteVarint((ulong)_free.Count);
        writer.WriteArray([.. _free], _free.Count);
        writer.WriteArray(_first, _sessions);
        writer.WriteArray(_last, _sessions);
        writer.WriteArray(_older, _sessions);
        writer.WriteArray(_partition, _sessions);
        EnsureSessions(_sessions);
        _rows.Save(writer, _sessions);
        foreach (AggregateState state in _states)
        {
            state.Save(writer, _sessions);
        }

        if (_closing is not null)
        {
            writer.WriteInt64(_closed);
            writer.WriteInt64(_late);
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _index.Load(ref reader);
        _newest = reader.ReadArray<int>(_index.SlotEnd);
        _sessions = reader.ReadCount();
        int free = reader.ReadCount();
        _free.AddRange(reader.ReadArray<int>(free));
        int sessions = _sessions;
        _first = reader.ReadArray<long>(sessions);
        _last = reader.ReadArray<long>(sessions);
        _older = reader.ReadArray<int>(sessions);
        _partition = reader.ReadArray<int>(sessions);
        if (_newest.AsSpan().ContainsAnyExceptInRange(None, sessions - 1) || _older.AsSpan().ContainsAnyExceptInRange(None, sessions - 1)
            || _free.Exists(f => f < 0 || f >= sessions))
        {
            throw new FormatException("sessions out of range");
        }

        _live = _sessions - _free.Count;
        _mergedInto = new int[sessions];
        Array.Fill(_mergedInto, None);
        _touchedAt = new int[sessions];
        _rows.Load(ref reader, sessions);
        foreach (AggregateState state in _states)
        {
            state.Load(ref reader, sessions);
        }

        if (_closing is not null)
        {
            _closed = reader.ReadInt64();
            _late = reader.ReadInt64();
            foreach (int newest in _index.Live().Select(p => _newest[p]))
            {
                for (int session = newest; session != None; session = _older[session])
                {
                    _ends.Enqueue(session, _last[session]);
                }
            }
        }
    }

    // The session that a row of this time belongs to, made or grown for it; the newest are looked at first.
    private int Place(int partition, long time)
    {
        int newer = None;
        int at = _newest[partition];

        // Behind this loop every newer session is too far away: a row can only bring its session together with the older neighbour.
        while (at != None && time < _first[at] && Apart(time, _first[at]))
        {
            newer = at;
            at = _older[at];
        }

        if (at == None || (time > _last[at] && Apart(_last[at], time)))
        {
            if (_closing is { ByClock: false } closing && _closed != long.MinValue && OpenSessions.CloseTime(time, _session.Gap, closing.Lateness) <= _closed)
            {
                _late++;
                _maybeEmpty.Add(partition);
                return None;
            }

            return Begin(partition, time, newer, at);
        }

        Touch(at);
        _first[at] = Math.Min(_first[at], time);
        _last[at] = Math.Max(_last[at], time);
        if (_older[at] is var older and not None && !Apart(_last[older], _first[at]))
        {
            Unite(partition, older, at);
            at = older;
        }

        return at;
    }

    // earlier ≤ later; the distance is exact even where it does not fit into a long.
    private bool Apart(long earlier, long later) => unchecked((ulong)(later - earlier)) >= (ulong)_session.Gap;

    private int Begin(int partition, long time, int newer, int older)
    {
        int session;
        if (_free.Count > 0)
        {
            session = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }
        else
        {
            session = _sessions++;
            GrowSessions();
        }

        _first[session] = time;
        _last[session] = time;
        _older[session] = older;
        _partition[session] = partition;
        if (newer == None)
        {
            _newest[partition] = session;
        }
        else
        {
            _older[newer] = session;
        }

        if (_closing is not null)
        {
            _ends.Enqueue(session, time);
        }

        _live++;
        _touched.Add(session);
        _touchedAt[session] = _touched.Count;
        _before.Add((0, 0, None));
        return session;
    }

    // What is final is forgotten. An entry may be one of a session that has grown since, or whose number was given again: only the session itself counts.
    private void Close(long passed, long lateness)
    {
        if (passed > _closed && passed < long.MaxValue)
        {
            _closed = passed;
            while (_ends.TryPeek(out int session, out long last) && OpenSessions.CloseTime(last, _session.Gap, lateness) <= _closed)
            {
                _ends.Dequeue();
                if (!Stands(session))
                {
                    continue;
                }

                if (OpenSessions.CloseTime(_last[session], _session.Gap, lateness) > _closed)
                {
                    _ends.Enqueue(session, _last[session]);
                    continue;
                }

                Link(_partition[session], session, _older[session]);
                _maybeEmpty.Add(_partition[session]);
                _partition[session] = None;
                Clear(session);
                _free.Add(session);
                _live--;
            }
        }

        _maybeEmpty.Sort();
        int previous = None;
        foreach (int partition in _maybeEmpty)
        {
            if (partition != previous && _newest[partition] == None)
            {
                _index.Remove(partition);
            }

            previous = partition;
        }

        _maybeEmpty.Clear();
    }

    private bool Stands(int session) => _partition[session] != None;

    // Puts another session in the place of one in the chain of its partition.
    private void Link(int partition, int session, int instead)
    {
        if (_newest[partition] == session)
        {
            _newest[partition] = instead;
            return;
        }

        int newer = _newest[partition];
        while (_older[newer] != session)
        {
            newer = _older[newer];
        }

        _older[newer] = instead;
    }

    // The later of two neighbours goes into the earlier one.
    private void Unite(int partition, int earlier, int later)
    {
        Touch(earlier);
        Touch(later);
        _last[earlier] = Math.Max(_last[earlier], _last[later]);
        Link(partition, later, earlier);
        _mergedInto[later] = earlier;
        _merged.Add((later, earlier));
        _gone.Add(later);
        _live--;
    }

    private void Touch(int session)
    {
        if (_touchedAt[session] == 0)
        {
            _touched.Add(session);
            _touchedAt[session] = _touched.Count;
            _before.Add((_first[session], _last[session], _oldRows + _fresh.Count));
            _fresh.Add(session);
        }
    }

    private void NoteOld()
    {
        if (_fresh.Count > 0)
        {
            ReadOnlySpan<int> fresh = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_fresh);
            for (int r = 0; r < _results.Length; r++)
            {
                _results[r].Emit(fresh, _old[r]);
            }

            _oldRows += fresh.Length;
        }
    }

    private void Emit(IOutput output)
    {
        var minus = new List<int>();
        var plus = new List<int>();
        for (int t = 0; t < _touched.Count; t++)
        {
            if (_before[t].Old != None)
            {
                minus.Add(t);
            }

            if (_mergedInto[_touched[t]] == None)
            {
                plus.Add(t);
            }
        }

        int[] alive = [.. plus.Select(t => _touched[t])];
        int[] partitions = [.. minus.Concat(plus).Select(t => _partition[_touched[t]])];
        Array.ForEach(_partitionKeys, k => k.Reset());
        _index.Decode(partitions, _partitionKeys);
        _output.Reset();
        for (int k = 0; k < _outputs.Length; k++)
        {
            if (_outputs[k] >= 0)
            {
                _output.Columns[k].AppendRange(_partitionKeys[_outputs[k]].View(), 0, partitions.Length);
                continue;
            }

            var bound = (FixedBuilder<long>)_output.Columns[k];
            bool start = _outputs[k] == StartKey;
            foreach (int t in minus)
            {
                bound.Append(start ? _before[t].First : unchecked(_before[t].Last + _session.Gap));
            }

            foreach (int session in alive)
            {
                bound.Append(start ? _first[session] : unchecked(_last[session] + _session.Gap));
            }
        }

        int[] old = [.. minus.Select(t => _before[t].Old)];
        for (int r = 0; r < _results.Length; r++)
        {
            ColumnBuilder column = _output.Columns[_outputs.Length + r];
            column.AppendRows(_old[r].View(), old);
            _new[r].Reset();
            _results[r].Emit(alive, _new[r]);
            column.AppendRange(_new[r].View(), 0, alive.Length);
        }

        long[] weights = new long[minus.Count + plus.Count];
        weights.AsSpan(0, minus.Count).Fill(-1);
        weights.AsSpan(minus.Count).Fill(1);
        _output.EndRows(weights.Length, weights);
        output.Emit(_output.View());
    }

    private void Clear(int session)
    {
        ReadOnlySpan<int> one = [session];
        _rows.Clear(one);
        foreach (AggregateState state in _states)
        {
            state.Clear(one);
        }
    }

    private void EnsurePartitions()
    {
        if (_newest.Length < _index.SlotEnd)
        {
            int before = _newest.Length;
            Array.Resize(ref _newest, Math.Max(_index.SlotEnd, Math.Max(16, before * 2)));
            _newest.AsSpan(before).Fill(None);
        }
    }

    private void GrowSessions()
    {
        if (_first.Length < _sessions)
        {
            int before = _first.Length;
            int size = Math.Max(16, before * 2);
            Array.Resize(ref _first, size);
            Array.Resize(ref _last, size);
            Array.Resize(ref _older, size);
            Array.Resize(ref _partition, size);
            Array.Resize(ref _touchedAt, size);
            Array.Resize(ref _mergedInto, size);
            _mergedInto.AsSpan(before).Fill(None);
        }
    }

    private void EnsureSessions(int sessions)
    {
        _rows.Ensure(sessions);
        foreach (AggregateState state in _states)
        {
            state.Ensure(sessions);
        }
    }
}
