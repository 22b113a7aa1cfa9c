// Joins by equal keys, of every kind: both sides kept by key, each change joined with what the other side holds.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// The bilinear join: a change of one side meets the rows held of the other, then joins its own side's rows. Outer, semi and anti joins count for each
/// row the weight of its partners; whenever that count becomes 0 or stops being 0, the row itself (beside nulls) is emitted or taken back.
/// </summary>
internal sealed class HashJoin : Operator
{
    private const int PairsMax = 8192;
    // What a join takes that has little to do: there may be thousands of such views, each with several shards.
    private const int PairsMin = 64;

    private readonly JoinKind _kind;
    private readonly KeyIndex _index;
    private readonly Side[] _sides;
    private readonly bool _pairs;
    private readonly CompiledFilter? _condition;
    private readonly EvalContext _context;
    private readonly BatchBuilder _pairRows;
    private readonly BatchBuilder _passed;
    private readonly BatchBuilder _single;
    private readonly HashSet<int> _emptied = [];
    private readonly BatchBuilder? _waiting;
    private long _watermark = long.MinValue;
    private long _late;
    private long[] _matches = [];
    private int[] _slots = [];
    private int[] _mine = new int[PairsMin];
    private int[] _theirs = new int[PairsMin];
    private long[] _weights = new long[PairsMin];
    private int[] _selected = new int[PairsMin];

    private sealed class Side(Schema columns, IReadOnlyList<int> keys, int offset, bool retractable, JoinBound bound)
    {
        public readonly JoinBound Bound = bound;
        public readonly int[] Keys = [.. keys];
        public readonly int Offset = offset;
        public readonly int Width = columns.Count;
        public readonly JoinRows Rows = retractable ? new EncodedJoinRows(columns)
            : bound.Time >= 0 ? new BoundedJoinRows(columns, bound.Time, bound.Reach) : new ColumnJoinRows(columns);
        public bool Counted; // the weight of partners matters
        public bool WhenMatched; // semi: the row itself is given while it has partners; otherwise while it has none
    }

    /// <param name="plan">The join.</param>
    /// <param name="errors">What a failing expression does.</param>
    /// <param name="context">What expressions may know.</param>
    /// <param name="asOfNow">True when left rows meet the right rows of the epoch in which they come, and are not kept: then left rows only come.</param>
    public HashJoin(JoinPlan plan, EvalErrors errors, EvalContext context, bool asOfNow = false)
        : base(plan.Columns)
    {
        _waiting = asOfNow ? new BatchBuilder(plan.Left.Columns) : null;
        _kind = plan.Kind;
        _context = context;
        _pairs = plan.Kind is JoinKind.Inner or JoinKind.Left or JoinKind.Right or JoinKind.Full;
        _index = KeyIndex.For([.. plan.LeftKeys.Select(k => plan.Left.Columns[k].Type)], [.. plan.NullSafe.Select(n => !n)]);
        (JoinBound left, JoinBound right) = asOfNow ? (JoinBound.None, JoinBound.None) : JoinBounds.Of(plan);
        _sides =
        [
            new Side(plan.Left.Columns, plan.LeftKeys, 0, !plan.Left.AppendOnly, left),
            new Side(plan.Right.Columns, plan.RightKeys, plan.Left.Columns.Count, !plan.Right.AppendOnly, right),
        ];
        _sides[0].Counted = plan.Kind is JoinKind.Left or JoinKind.Full or JoinKind.Semi or JoinKind.Anti;
        _sides[0].WhenMatched = plan.Kind == JoinKind.Semi;
        _sides[1].Counted = plan.Kind is JoinKind.Right or JoinKind.Full;
        var both = new Schema([.. plan.Left.Columns.Fields, .. plan.Right.Columns.Fields]);
        _condition = plan.Condition is null ? null : CompiledFilter.Compile(plan.Condition, both, errors);
        _pairRows = new BatchBuilder(both);
        _passed = new BatchBuilder(both);
        _single = new BatchBuilder(plan.Columns);
        Detail = PlanText.Join(plan.LeftKeys.Zip(plan.RightKeys, (l, r) => $"{plan.Left.Columns[l].Name} = {plan.Right.Columns[r].Name}"), "on ") +
            (plan.Condition is null ? "" : " where " + PlanText.Of(plan.Condition, both)) + Kept(plan.Left, left, "left") + Kept(plan.Right, right, "right");
    }

    /// <inheritdoc/>
    public override string Name => _waiting is not null ? "TemporalJoin" : _sides[0].Keys.Length == 0 && _kind == JoinKind.Inner ? "CrossJoin" : _pairs ? $"HashJoin {_kind}" : $"{_kind}Join";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _sides[0].Rows.Count + _sides[1].Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _index.Bytes + _sides[0].Rows.Bytes + _sides[1].Rows.Bytes;

    // A row of one side may come as late as a row that was kept for it.
    /// <inheritdoc/>
    public override long HoldBackMicros => _sides.Max(s => s.Bound.Time < 0 ? 0 : Math.Max(0, s.Bound.Reach));

    /// <inheritdoc/>
    public override long LateRows => _late;

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        if (port == 0 && _waiting is not null)
        {
            // Until the right side has all its changes of the epoch.
            _waiting.Append(input);
            return;
        }

        Take(port, input, output);
    }

    private void Take(int port, Batch input, IOutput output)
    {
        if (_slots.Length < input.Count)
        {
            _slots = new int[input.Count];
            _matches = new long[input.Count];
        }

        Side mine = _sides[port];
        _index.FindOrAdd(input, mine.Keys, _slots);
        Array.Clear(_matches, 0, input.Count);
        CountLate(mine.Bound, input);
        MeetOthers(port, input, output);
        Keep(mine, input, output);
    }

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        if (_waiting is { Count: > 0 })
        {
            Take(0, _waiting.View(), output);
            _waiting.Reset();
        }

        _watermark = Math.Max(_watermark, epoch.Watermark);
        foreach (Side side in _sides)
        {
            (side.Rows as BoundedJoinRows)?.DropBehind(_watermark, _emptied);
        }

        ForgetEmptied();
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_late);
        writer.WriteInt64(_watermark);
        _index.Save(writer);
        _sides[0].Rows.Save(writer);
        _sides[1].Rows.Save(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _late = reader.ReadInt64();
        _watermark = reader.ReadInt64();
        _index.Load(ref reader);
        _sides[0].Rows.Load(ref reader);
        _sides[1].Rows.Load(ref reader);
    }

    private void MeetOthers(int port, Batch input, IOutput output)
    {
        JoinRows others = _sides[1 - port].Rows;
        _single.Reset();
        int count = 0;
        for (int i = 0; i < input.Count; i++)
        {
            if (_slots[i] < 0)
            {
                continue;
            }

            for (int row = others.First(_slots[i]); row >= 0; row = others.Next(row))
            {
                if (count == _mine.Length)
                {
                    Array.Resize(ref _mine, count * 2);
                    Array.Resize(ref _theirs, count * 2);
                    _weights = new long[count * 2];
                    _selected = new int[count * 2];
                }

                _mine[count] = i;
                _theirs[count++] = row;
                if (count == PairsMax)
                {
                    Pair(port, input, count, output);
                    count = 0;
                }
            }
        }

        if (count > 0)
        {
            Pair(port, input, count, output);
        }

        if (_single.Count > 0)
        {
            output.Emit(_single.View());
        }
    }

    // One block of candidate pairs: check the condition, emit, and count partners on both sides.
    private void Pair(int port, Batch input, int count, IOutput output)
    {
        Side mine = _sides[port];
        Side theirs = _sides[1 - port];
        bool weighted = false;
        for (int p = 0; p < count; p++)
        {
            _weights[p] = input.Weight(_mine[p]) * theirs.Rows.Weight(_theirs[p]);
            weighted |= _weights[p] != 1;
        }

        int passed = count;
        if (_pairs || _condition is not null)
        {
            _pairRows.Reset();
            ReadOnlySpan<int> rows = _mine.AsSpan(0, count);
            for (int c = 0; c < mine.Width; c++)
            {
                _pairRows.Columns[mine.Offset + c].AppendRows(input.Columns[c], rows);
            }

            theirs.Rows.AppendTo(_theirs.AsSpan(0, count), _pairRows.Columns.AsSpan(theirs.Offset, theirs.Width));
            _pairRows.EndRows(count, weighted ? _weights.AsSpan(0, count) : default);
            Batch pairs = _pairRows.View();
            if (_condition is not null)
            {
                passed = _condition.Run(pairs, _selected, _context);
            }

            if (_pairs && passed == count)
            {
                output.Emit(pairs);
            }
            else if (_pairs && passed > 0)
            {
                _passed.Reset();
                _passed.AppendRows(pairs, _selected.AsSpan(0, passed));
                output.Emit(_passed.View());
            }
        }

        for (int s = 0; s < passed; s++)
        {
            int p = _condition is null ? s : _selected[s];
            if (mine.Counted)
            {
                _matches[_mine[p]] += theirs.Rows.Weight(_theirs[p]);
            }

            if (theirs.Counted)
            {
                CountPartner(theirs, _theirs[p], input.Weight(_mine[p]));
            }
        }
    }

    private void CountPartner(Side side, int row, long weight)
    {
        ref long matches = ref side.Rows.Matches(row);
        bool before = matches != 0;
        matches += weight;
        bool after = matches != 0;
        if (before != after)
        {
            side.Rows.AppendTo([row], _single.Columns.AsSpan(_pairs ? side.Offset : 0, side.Width));
            EndSingle(side, after == side.WhenMatched ? side.Rows.Weight(row) : -side.Rows.Weight(row));
        }
    }

    // The change's own rows: given alone where they have (or lack) partners, then kept.
    private void Keep(Side mine, Batch input, IOutput output)
    {
        _single.Reset();
        for (int i = 0; mine.Counted && i < input.Count; i++)
        {
            if ((_matches[i] != 0) == mine.WhenMatched)
            {
                for (int c = 0; c < mine.Width; c++)
                {
                    _single.Columns[(_pairs ? mine.Offset : 0) + c].AppendFrom(input.Columns[c], i);
                }

                EndSingle(mine, input.Weight(i));
            }
        }

        if (_waiting is not null && ReferenceEquals(mine, _sides[0]))
        {
            // Their slots may be of keys that the right side does not have.
            _emptied.UnionWith(_slots.AsSpan(0, input.Count).ToArray().Where(s => s >= 0));
        }
        else
        {
            mine.Rows.Add(input, _slots, _matches, _emptied);
        }

        ForgetEmptied();
        if (_single.Count > 0)
        {
            output.Emit(_single.View());
        }
    }

    private void ForgetEmptied()
    {
        foreach (int slot in _emptied)
        {
            if (_sides[0].Rows.IsEmpty(slot) && _sides[1].Rows.IsEmpty(slot))
            {
                _index.Remove(slot);
            }
        }

        _emptied.Clear();
    }

    // Partners of such rows may have gone by now.
    private void CountLate(JoinBound bound, Batch input)
    {
        if (bound.Arrival < 0 || _watermark is long.MinValue or long.MaxValue)
        {
            return;
        }

        var times = (FixedColumn<long>)input.Columns[bound.Arrival];
        for (int i = 0; i < input.Count; i++)
        {
            _late += times.Values[i] < _watermark - bound.ArrivalReach && !times.IsNull(i) ? 1 : 0;
        }
    }

    private static string Kept(PlanNode side, JoinBound bound, string name) =>
        bound.Time < 0 ? "" : $" {name} until {side.Columns[bound.Time].Name} + {PlanText.Span(bound.Reach)}";

    private void EndSingle(Side side, long weight)
    {
        for (int c = 0; _pairs && c < _single.Columns.Length; c++)
        {
            if (c < side.Offset || c >= side.Offset + side.Width)
            {
                _single.Columns[c].AppendNull();
            }
        }

        _single.EndRow(weight);
    }
}
