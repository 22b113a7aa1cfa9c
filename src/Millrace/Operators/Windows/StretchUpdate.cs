// One stretch of a partition worked out before and after the epoch's changes, and where it may end: behind it every row has the values that it had.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Evaluates an operator's calls over both sides of a <see cref="PartitionSlice"/>, finds the first row behind its changes that they no longer reach,
/// and gives the rows whose values differ.</summary>
internal sealed class StretchUpdate
{
    private readonly Schema _columns;
    private readonly int _width;
    private readonly WindowEvaluator[] _calls;
    private readonly PartitionSlice _slice;
    private readonly ChangeSum _changes;
    private readonly Column[][] _values;
    private readonly int[] _summed; // the columns that running aggregates are fed with
    private readonly RowCodec? _summedCodec;
    private readonly EncodedRows _encoded = new();
    private readonly BatchBuilder _gathered;
    private readonly List<int>[] _rows = [[], []];
    private bool _sameSums;

    public StretchUpdate(WindowPlan plan, WindowEvaluator[] calls, PartitionSlice slice, ChangeSum changes)
    {
        _columns = plan.Columns;
        _width = plan.Input.Columns.Count;
        _calls = calls;
        _slice = slice;
        _changes = changes;
        _values = [new Column[_columns.Count], new Column[_columns.Count]];
        _gathered = new BatchBuilder(_columns);
        _summed = [.. plan.Calls.Where((_, i) => calls[i].Reach.Need == WindowNeed.Running)
            .SelectMany(c => c.Filter < 0 ? c.Arguments : [.. c.Arguments, c.Filter]).Distinct()];
        _summedCodec = _summed.Length == 0 ? null : RowCodec.Of(plan.Input.Columns, _summed, exact: true);
    }

    /// <summary>Works out both sides as far as they have been read.</summary>
    /// <param name="before">What lies before them.</param>
    /// <param name="constants">By call: what all rows have, or null.</param>
    public void Evaluate(BeforeStretch before, Column?[] constants)
    {
        foreach ((SliceSide side, int s) in new[] { (_slice.Old, 0), (_slice.New, 1) })
        {
            Batch rows = side.View();
            rows.Columns.CopyTo(_values[s], 0);
            for (int c = 0; c < _calls.Length; c++)
            {
                _values[s][_width + c] = constants[c] is { } value ? _calls[c].Repeat(value, rows.Count, s)
                    : _calls[c].Evaluate(rows, side.Group, side.GroupStarts, s, _calls[c].Reach.Need == WindowNeed.Running ? before : before with { Slot = 0 });
            }
        }

        _sameSums = SumsAreSame();
    }

    /// <summary>The first entry behind the changes from which on nothing is touched; −1 when more must be read to tell.</summary>
    public int FindEnd(Column?[] constants)
    {
        int final = FinalEntries();
        int entry = _slice.LastChanged + 1;
        for (int c = 0; c < _calls.Length; c++)
        {
            while (entry < final && constants[c] is null && !IsOutOfReach(c, entry))
            {
                entry++;
            }
        }

        return entry < final ? entry : -1;
    }

    /// <summary>Gives the differences between two entries.</summary>
    public void Emit(int from, int end)
    {
        Array.ForEach(_rows, r => r.Clear());
        for (int entry = from; entry < end; entry++)
        {
            (int old, int oldEnd) = (_slice.Old.Starts[entry], _slice.Old.End(entry));
            (int now, int nowEnd) = (_slice.New.Starts[entry], _slice.New.End(entry));
            if (_slice.IsChanged(entry))
            {
                _rows[0].AddRange(Enumerable.Range(old, oldEnd - old));
                _rows[1].AddRange(Enumerable.Range(now, nowEnd - now));
                continue;
            }

            for (; old < oldEnd; old++, now++)
            {
                bool same = true;
                for (int c = _width; same && c < _columns.Count; c++)
                {
                    same = Same(c, old, now);
                }

                if (!same)
                {
                    _rows[0].Add(old);
                    _rows[1].Add(now);
                }
            }
        }

        Give(0, -1);
        Give(1, 1);
    }

    private bool Same(int column, int old, int now) => ColumnCompare.Same(_values[0][column], old, _values[1][column], now);

    private void Give(int side, int sign)
    {
        if (_rows[side].Count == 0)
        {
            return;
        }

        _gathered.Reset();
        ReadOnlySpan<int> rows = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows[side]);
        for (int c = 0; c < _columns.Count; c++)
        {
            _gathered.Columns[c].AppendRows(_values[side][c], rows);
        }

        _gathered.EndRows(rows.Length);
        _changes.Add(_gathered.View(), sign);
    }

    // Entries whose rows have all they look at among what has been read.
    private int FinalEntries()
    {
        if (_slice.AtEnd)
        {
            return _slice.Count;
        }

        int[] rows = [_slice.Old.Rows.Count, _slice.New.Rows.Count];
        int[] final = [rows[0], rows[1]];
        for (int side = 0; side < 2; side++)
        {
            foreach (WindowEvaluator call in _calls)
            {
                switch (call.Reach.Need)
                {
                    case WindowNeed.Behind:
                        final[side] = Math.Min(final[side], rows[side] - call.Reach.Ahead);
                        break;
                    case WindowNeed.Frame or WindowNeed.Running or WindowNeed.First or WindowNeed.Last:
                        int[] to = call.Frames[side].To;
                        while (final[side] > 0 && to[final[side] - 1] >= rows[side])
                        {
                            final[side]--;
                        }

                        break;
                }
            }
        }

        int entries = _slice.Count;
        while (entries > 0 && (_slice.Old.End(entries - 1) > final[0] || _slice.New.End(entries - 1) > final[1]))
        {
            entries--;
        }

        return entries;
    }

    // Once true for an entry it is true for all behind it.
    private bool IsOutOfReach(int c, int entry)
    {
        WindowEvaluator call = _calls[c];
        (int old, int now) = (_slice.Old.Starts[entry], _slice.New.Starts[entry]);
        (int oldEnd, int nowEnd) = (_slice.Old.End(_slice.LastChanged), _slice.New.End(_slice.LastChanged));
        bool same = Same(_width + c, old, now);
        switch (call.Reach.Need)
        {
            case WindowNeed.Position:
                return same;
            case WindowNeed.PeerPosition:
                return same && !OrderedPartitions.OrderPart(_slice.Key(entry)).SequenceEqual(OrderedPartitions.OrderPart(_slice.Key(_slice.LastChanged)));
            case WindowNeed.Before:
                return old - call.Reach.Back >= oldEnd && now - call.Reach.Back >= nowEnd;
            case WindowNeed.Behind:
                return true;
        }

        if (call.Reach.Need is WindowNeed.Partition or WindowNeed.Constant)
        {
            return false;
        }

        (int[] From, int[] To)[] frames = call.Frames;
        if (call.Reach.Need == WindowNeed.Frame)
        {
            return frames[0].From[old] >= oldEnd && frames[1].From[now] >= nowEnd;
        }

        bool holdsChanges = frames[0].To[old] >= oldEnd && frames[1].To[now] >= nowEnd;
        return call.Reach.Need switch
        {
            WindowNeed.Running => holdsChanges && (_sameSums || (same && call.Aggregate!.ValueIsState)),
            WindowNeed.First => holdsChanges && same && frames[0].To[old] > 0 && frames[1].To[now] > 0,
            _ => frames[0].To[old] > oldEnd && frames[1].To[now] > nowEnd,
        };
    }

    // True when what the changes take from running aggregates and what they add is the same: then nothing behind them is another sum.
    private bool SumsAreSame()
    {
        long rows = 0;
        RowStore? store = _summedCodec is null ? null : new RowStore(retractable: true);
        for (int side = 0; side < 2; side++)
        {
            SliceSide of = side == 0 ? _slice.Old : _slice.New;
            _rows[0].Clear();
            for (int entry = 0; entry <= _slice.LastChanged; entry++)
            {
                if (_slice.IsChanged(entry))
                {
                    _rows[0].AddRange(Enumerable.Range(of.Starts[entry], of.End(entry) - of.Starts[entry]));
                }
            }

            long sign = (2 * side) - 1;
            rows += sign * _rows[0].Count;
            if (store is null || _rows[0].Count == 0)
            {
                continue;
            }

            ReadOnlySpan<int> changed = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows[0]);
            var columns = new Column[_summed.Length];
            for (int i = 0; i < _summed.Length; i++)
            {
                ColumnBuilder builder = _summedCodec!.NewBuilder(i);
                builder.AppendRows(_values[side][_summed[i]], changed);
                columns[i] = builder.View();
            }

            _summedCodec!.Encode(new Batch(columns, changed.Length), _encoded);
            for (int i = 0; i < changed.Length; i++)
            {
                store.Change(0, _encoded.Row(i), sign, 0);
            }
        }

        return rows == 0 && (store is null || store.Count == 0);
    }
}
