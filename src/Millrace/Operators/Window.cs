// Window functions: the rows that a change touches, computed before and after an epoch's changes, and the difference emitted.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Keeps the rows of each partition in order (ties broken by the remaining columns). At the end of an epoch a small partition, or one of which much has changed,
/// is computed as it was and as it is. In a large one only stretches around the changes are: from the first row that a call can give another
/// value for to the first behind the changes that none can. What lies before a stretch is known from <see cref="Milestones"/>.
/// </summary>
internal sealed class Window : Operator
{
    private const int SmallMax = 128; // entries of a partition that is computed whole
    private const int ChangesShare = 8; // as is one of which more than an eighth changes
    private const int FirstRead = 32; // entries behind the last change that are read at first

    private static readonly BeforeStretch Nothing = new(0, 0, 0, null);

    private readonly OrderedPartitions _partitions;
    private readonly int _width;
    private readonly BatchBuilder _rows;
    private readonly ChangeSum _changes;
    private readonly WindowEvaluator[] _evaluators;
    private readonly List<int> _peerStarts = [];
    private readonly bool _inStretches;
    private readonly StretchStart _start;
    private readonly PartitionSlice _slice;
    private readonly StretchUpdate _update;
    private readonly RunningStates _states;
    private readonly bool _needsBefore;
    private readonly bool _needsHead;
    private readonly ColumnBuilder[][] _constants; // by side, then call
    private readonly Column?[] _noConstants;
    private readonly List<(ReadOnlyMemory<byte> Key, long Weight)> _held = [];
    private readonly Dictionary<int, Milestones> _milestones = [];
    private int[] _sizes = []; // entries by partition
    private long _pieces; // of all milestones: counters are read by other threads, dictionaries are not

    public Window(WindowPlan plan)
        : base(plan.Columns)
    {
        Schema input = plan.Input.Columns;
        _width = input.Count;
        _partitions = new OrderedPartitions(input, plan.PartitionBy, plan.OrderBy);
        _rows = new BatchBuilder(input);
        _changes = new ChangeSum(plan.Columns);
        _evaluators = [.. plan.Calls.Select(c => new WindowEvaluator(c, plan))];
        WindowReach[] reaches = [.. _evaluators.Select(e => e.Reach)];
        _inStretches = Array.TrueForAll(reaches, r => r.Need != WindowNeed.Partition);
        _needsBefore = Array.Exists(reaches, r => r.Prefix);
        _needsHead = Array.Exists(reaches, r => r.Need == WindowNeed.First);
        _start = new StretchStart(_partitions, input, plan.OrderBy, reaches);
        _slice = new PartitionSlice(_partitions, input);
        _update = new StretchUpdate(plan, _evaluators, _slice, _changes);
        _states = new RunningStates([.. _evaluators.Where(e => e.Reach.Need is WindowNeed.Running or WindowNeed.Constant).Select(e => e.Aggregate).OfType<FrameAggregate>()], input);
        _constants = [[.. plan.Calls.Select(c => ColumnBuilder.For(c.Type))], [.. plan.Calls.Select(c => ColumnBuilder.For(c.Type))]];
        _noConstants = new Column?[_evaluators.Length];
        Detail = string.Join(", ", plan.Calls.Select(c => $"{c.Function?.Name ?? c.Aggregate!.Name}({string.Join(", ", c.Arguments.Select(a => input[a].Name))})")) +
            PlanText.Join(plan.PartitionBy.Select(c => input[c].Name), " partition by ") + PlanText.Join(plan.OrderBy.Select(k => PlanText.Of(k, input)), " order by ")
            + (_inStretches ? "" : " whole partitions");
    }

    /// <inheritdoc/>
    public override string Name => "Window";

    /// <inheritdoc/>
    public override string Detail { get; }

    /// <inheritdoc/>
    public override long StateRows => _partitions.Rows.Count;

    /// <inheritdoc/>
    public override long StateBytes => _partitions.Bytes + _states.Bytes + (_pieces * 160L);

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => _partitions.Take(input);

    /// <inheritdoc/>
    public override void EndEpoch(in EpochInfo epoch, IOutput output)
    {
        foreach (int slot in _partitions.Touched)
        {
            if (_sizes.Length <= slot)
            {
                Array.Resize(ref _sizes, Math.Max(slot + 1, _sizes.Length * 2));
            }

            if (!_inStretches || _sizes[slot] < SmallMax || _partitions.HeldOf(slot) > _sizes[slot] / ChangesShare)
            {
                ComputeWhole(slot);
            }
            else
            {
                Update(slot);
            }
        }

        _partitions.EndEpoch();
        _changes.Emit(output);
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => _partitions.Save(writer);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _partitions.Load(ref reader);
        for (OrderedRows.Cursor cursor = _partitions.Rows.First(); cursor.Valid; cursor.Next())
        {
            int slot = OrderedPartitions.Slot(cursor.Key);
            if (_sizes.Length <= slot)
            {
                Array.Resize(ref _sizes, Math.Max(slot + 1, _sizes.Length * 2));
            }

            _sizes[slot]++;
        }
    }

    private void Apply(int slot)
    {
        int before = _partitions.Rows.Count;
        _partitions.Apply(slot);
        _sizes[slot] += _partitions.Rows.Count - before;
    }

    private void ComputeWhole(int slot)
    {
        if (_milestones.Remove(slot, out Milestones? milestones))
        {
            _pieces -= milestones.Count;
            milestones.Free();
        }

        Compute(slot, -1);
        Apply(slot);
        Compute(slot, 1);
    }

    private void Update(int slot)
    {
        int pieces = PiecesOf(slot);
        _partitions.Changes(slot, _held);
        Constants(slot, 0);
        Apply(slot);
        if (_milestones.TryGetValue(slot, out Milestones? milestones))
        {
            _held.ForEach(h => milestones.Changed(h.Key.Span));
        }

        Constants(slot, 1);
        bool whole = Enumerable.Range(0, _evaluators.Length).Any(c => _evaluators[c].Reach.Need == WindowNeed.Constant
            && !ColumnCompare.Same(_constants[0][c].View(), 0, _constants[1][c].View(), 0));
        Column?[] constants = whole ? _noConstants
            : [.. _evaluators.Select((e, c) => e.Reach.Need == WindowNeed.Constant ? _constants[1][c].View() : null)];
        byte[] done = [];
        for (int next = 0; next < _held.Count; next = _slice.NextChange)
        {
            byte[] touched = whole ? Prefix(slot) : _start.Touched(slot, _held[next].Key.Span);
            byte[] needed = whole ? touched : _start.Needed(slot, touched);
            BeforeStretch before = whole ? Nothing : Before(slot, needed);
            _slice.Begin(slot, needed, next);
            int end = Read(slot, whole ? _held.Count - 1 : next, whole ? int.MaxValue : FirstRead, before, constants);
            byte[] from = touched.AsSpan().SequenceCompareTo(done) < 0 ? done : touched;
            int first = 0;
            while (first < end && _slice.Key(first).AsSpan().SequenceCompareTo(from) < 0)
            {
                first++;
            }

            _update.Emit(first, end);
            done = end < _slice.Count ? _slice.Key(end) : done;
        }

        _pieces += PiecesOf(slot) - pieces;
    }

    private int PiecesOf(int slot) => _milestones.TryGetValue(slot, out Milestones? milestones) ? milestones.Count : 0;

    // Reads and works out until an entry is found behind which nothing is touched; a change that is near belongs to the stretch.
    private int Read(int slot, int through, int behind, BeforeStretch before, Column?[] constants)
    {
        while (true)
        {
            _slice.Extend(_held, through, behind);
            _update.Evaluate(before, constants);
            int end = _update.FindEnd(constants);
            if (end < 0 && !_slice.AtEnd)
            {
                behind = (int)Math.Min(int.MaxValue, behind * 4L);
                continue;
            }

            if (end >= 0 && _slice.NextChange < _held.Count
                && _start.Needed(slot, _start.Touched(slot, _held[_slice.NextChange].Key.Span)).AsSpan().SequenceCompareTo(_slice.Key(end)) <= 0)
            {
                through = _slice.NextChange;
                continue;
            }

            return end < 0 ? _slice.Count : end;
        }
    }

    private BeforeStretch Before(int slot, byte[] entry)
    {
        byte[] prefix = Prefix(slot);
        OrderedRows.Cursor first = _partitions.Rows.Seek(prefix);
        if (!(_needsBefore || _needsHead) || !first.At(prefix) || first.Key.SequenceCompareTo(entry) >= 0)
        {
            return Nothing;
        }

        Batch? head = _needsHead ? One(first.Key) : null;
        if (!_needsBefore)
        {
            return new BeforeStretch(0, 0, 0, head);
        }

        (long rows, long groups) = MilestonesOf(slot).Before(entry);
        return new BeforeStretch(rows, groups, RunningStates.Prefix, head);
    }

    private Milestones MilestonesOf(int slot)
    {
        if (!_milestones.TryGetValue(slot, out Milestones? milestones))
        {
            milestones = new Milestones(_partitions, slot, _states);
            _milestones.Add(slot, milestones);
        }

        return milestones;
    }

    // What calls over frames of the whole partition give in all of its rows.
    private void Constants(int slot, int side)
    {
        bool summed = false;
        for (int c = 0; c < _evaluators.Length; c++)
        {
            if (_evaluators[c].Reach.Need != WindowNeed.Constant)
            {
                continue;
            }

            ColumnBuilder value = _constants[side][c];
            value.Reset();
            if (_evaluators[c].Aggregate is { } aggregate)
            {
                if (!summed)
                {
                    MilestonesOf(slot).All();
                    summed = true;
                }

                aggregate.Emit(RunningStates.Prefix, value);
                continue;
            }

            byte[] prefix = Prefix(slot);
            OrderedRows.Cursor at = _evaluators[c].Kind == WindowKind.LastValue ? _partitions.Rows.SeekLast(prefix) : _partitions.Rows.Seek(prefix);
            value.AppendFrom(One(at.Key).Columns[_evaluators[c].Argument], 0);
        }
    }

    private Batch One(ReadOnlySpan<byte> entry)
    {
        _rows.Reset();
        _partitions.Decode(entry, _rows.Columns);
        _rows.EndRow();
        return _rows.ToBatch();
    }

    private static byte[] Prefix(int slot)
    {
        byte[] prefix = new byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        return prefix;
    }

    private void Compute(int slot, int sign)
    {
        _rows.Reset();
        _peerStarts.Clear();
        Span<byte> prefix = stackalloc byte[OrderedPartitions.PrefixLength];
        OrderedPartitions.Prefix(slot, prefix);
        byte[] peers = [];
        for (OrderedRows.Cursor cursor = _partitions.Rows.Seek(prefix); cursor.At(prefix); cursor.Next())
        {
            ReadOnlySpan<byte> order = OrderedPartitions.OrderPart(cursor.Key);
            if (_rows.Count == 0 || !order.SequenceEqual(peers))
            {
                _peerStarts.Add(_rows.Count);
                peers = order.ToArray();
            }

            for (long n = cursor.Weight; n > 0; n--)
            {
                _partitions.Decode(cursor.Key, _rows.Columns);
                _rows.EndRow();
            }
        }

        if (_rows.Count == 0)
        {
            return;
        }

        Batch rows = _rows.View();
        int[] group = new int[rows.Count];
        for (int g = 0; g < _peerStarts.Count; g++)
        {
            int end = g + 1 < _peerStarts.Count ? _peerStarts[g + 1] : rows.Count;
            group.AsSpan(_peerStarts[g], end - _peerStarts[g]).Fill(g);
        }

        int[] starts = [.. _peerStarts, rows.Count];
        var columns = new Column[Columns.Count];
        rows.Columns.CopyTo(columns, 0);
        for (int c = 0; c < _evaluators.Length; c++)
        {
            columns[_width + c] = _evaluators[c].Evaluate(rows, group, starts);
        }

        _changes.Add(new Batch(columns, rows.Count), sign);
    }
}
