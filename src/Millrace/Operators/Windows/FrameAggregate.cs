// Aggregates over window frames: rows enter and leave as the frame slides.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Runs an aggregate's states over a sliding frame: what enters is added, what leaves is taken back, exactly. Aggregates that collect values in order
/// (array_agg, string_agg) take the frame's rows as they stand. Where frames begin with the partition nothing leaves, and the states can begin with what
/// another slot holds of the rows before.
/// </summary>
internal sealed class FrameAggregate
{
    private readonly WindowCall _call;
    private readonly AggregateKind _kind;
    private readonly GroupRows _rows = new();
    private readonly AggregateState[] _states = [];
    private readonly AggregateResult? _result;
    private readonly BatchBuilder _piece;
    private readonly int[] _slots = new int[256];
    private readonly int[] _into = new int[256];
    private readonly bool _fromStart;
    private readonly bool _sumOfIntegers;
    private readonly long[] _minus = new long[256];

    public FrameAggregate(WindowCall call, Schema input)
    {
        _call = call;
        _kind = (AggregateKind)call.Aggregate!.Body;
        _piece = new BatchBuilder(input);
        _minus.AsSpan().Fill(-1);
        if (_kind is AggregateKind.JsonbAgg or AggregateKind.JsonbObjectAgg)
        {
            throw new SqlException("0A000", $"{call.Aggregate.Name} over a window is not supported", hint: "array_agg is");
        }

        if (_kind is not (AggregateKind.ArrayAgg or AggregateKind.StringAgg))
        {
            // What is only estimated where nothing can be taken back is counted exactly here.
            _fromStart = call.Frame is { Start: FrameBound.UnboundedPreceding, Exclusion: FrameExclusion.NoOthers } && _kind != AggregateKind.ApproxCountDistinct;
            _sumOfIntegers = _kind == AggregateKind.Sum && input[call.Arguments[0]].Type.IsInteger;
            var factory = new AggregateFactory(input, appendOnly: _fromStart, _rows);
            _result = factory.Add(new AggregateCall(call.Aggregate, call.Arguments, false, call.Filter, [], call.Type));
            _states = [.. factory.States];
        }

        _rows.Ensure(1);
        foreach (AggregateState state in _states)
        {
            state.Ensure(1);
        }
    }

    /// <summary>True when frames begin with the partition and the states of two stretches can be put together.</summary>
    public bool CanResume => _result is not null && _fromStart && Array.TrueForAll(_states, s => s.CanMerge);

    /// <summary>True when two states give the same value for good as soon as they give the same once, whatever rows are added to both.</summary>
    public bool ValueIsState => _kind is AggregateKind.CountRows or AggregateKind.Count or AggregateKind.Min or AggregateKind.Max or AggregateKind.BoolAnd or AggregateKind.BoolOr
        || (_kind == AggregateKind.Sum && _sumOfIntegers);

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _rows.Bytes + _states.Sum(s => s.Bytes);

    /// <summary>Makes room for slots below <paramref name="slots"/>.</summary>
    public void Ensure(int slots)
    {
        _rows.Ensure(slots);
        foreach (AggregateState state in _states)
        {
            state.Ensure(slots);
        }
    }

    /// <summary>Makes a slot as new.</summary>
    public void Clear(int slot)
    {
        ReadOnlySpan<int> one = [slot];
        foreach (AggregateState state in _states)
        {
            state.Clear(one);
        }

        _rows.Clear(one);
    }

    /// <summary>Adds slots to another.</summary>
    public void Merge(int into, int[] from)
    {
        int[] ours = new int[from.Length];
        Array.Fill(ours, into);
        foreach (AggregateState state in _states)
        {
            state.Merge(state, ours, from);
        }

        _rows.Merge(_rows, ours, from);
    }

    /// <summary>Adds all rows of a batch of at most 256 to a slot.</summary>
    public void Add(Batch rows, int slot)
    {
        _into.AsSpan(0, rows.Count).Fill(slot);
        foreach (AggregateState state in _states)
        {
            state.Add(rows, _into, null);
        }

        _rows.Add(rows, _into, null);
    }

    /// <summary>Appends the value of a slot.</summary>
    public void Emit(int slot, ColumnBuilder into) => _result!.Emit([slot], into);

    /// <summary>Appends the value of each row's frame.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="from">Where each row's frame begins.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="into">Takes the values.</param>
    /// <param name="before">The slot that holds what lies before the first of the rows; 0 when nothing does.</param>
    public void Evaluate(Batch rows, int[] from, int[] to, ColumnBuilder into, int before = 0)
    {
        if (_result is null)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                Collect(rows, from[i], to[i], into);
            }

            return;
        }

        ReadOnlySpan<int> slot = [0];
        if (before > 0)
        {
            Merge(0, [before]);
        }

        int low = 0;
        int high = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            Feed(rows, high, Math.Max(high, to[i]), null);
            high = Math.Max(high, to[i]);
            Feed(rows, low, Math.Max(low, Math.Min(from[i], high)), _minus);
            low = Math.Max(low, Math.Min(from[i], high));
            _result.Emit(slot, into);
        }

        Clear(0);
    }

    /// <summary>Appends the value of each row's frame without the rows that EXCLUDE takes out of it.</summary>
    public void EvaluateExcluding(Batch rows, int[] from, int[] to, Func<int, (int From, int To, int SecondFrom, int SecondTo)> holes, ColumnBuilder into)
    {
        int low = 0;
        int high = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            var hole = holes(i);
            if (_result is null)
            {
                Collect(rows, from[i], to[i], into, hole);
                continue;
            }

            Feed(rows, high, Math.Max(high, to[i]), null);
            high = Math.Max(high, to[i]);
            Feed(rows, low, Math.Max(low, Math.Min(from[i], high)), _minus);
            low = Math.Max(low, Math.Min(from[i], high));
            foreach (long[]? sign in new[] { _minus, null })
            {
                Feed(rows, Math.Max(hole.From, low), Math.Min(hole.To, high), sign);
                Feed(rows, Math.Max(hole.SecondFrom, low), Math.Min(hole.SecondTo, high), sign);
                if (sign is not null)
                {
                    _result.Emit([0], into);
                }
            }
        }

        Clear(0);
    }

    private void Feed(Batch rows, int from, int to, long[]? weights)
    {
        while (from < to)
        {
            int count = Math.Min(to - from, _slots.Length);
            _piece.Reset();
            for (int c = 0; c < rows.Columns.Length; c++)
            {
                _piece.Columns[c].AppendRange(rows.Columns[c], from, count);
            }

            _piece.EndRows(count);
            Batch piece = _piece.View();
            foreach (AggregateState state in _states)
            {
                state.Add(piece, _slots, weights);
            }

            _rows.Add(piece, _slots, weights);
            from += count;
        }
    }

    private void Collect(Batch rows, int from, int to, ColumnBuilder into, (int From, int To, int SecondFrom, int SecondTo) hole = default)
    {
        Column values = rows.Columns[_call.Arguments[0]];
        var condition = _call.Filter < 0 ? null : (FixedColumn<bool>)rows.Columns[_call.Filter];
        bool Counts(int row) => !(row >= hole.From && row < hole.To) && !(row >= hole.SecondFrom && row < hole.SecondTo) && (condition is null || (!condition.IsNull(row) && condition.Values[row]));
        if (_kind == AggregateKind.ArrayAgg)
        {
            var list = (ListBuilder)into;
            int before = list.Elements.Count;
            for (int row = from; row < to; row++)
            {
                if (Counts(row))
                {
                    list.Elements.AppendFrom(values, row);
                }
            }

            if (list.Elements.Count == before)
            {
                list.AppendNull();
            }
            else
            {
                list.EndList();
            }

            return;
        }

        var text = new ByteWriter();
        bool any = false;
        var delimiters = (BytesColumn)rows.Columns[_call.Arguments[1]];
        for (int row = from; row < to; row++)
        {
            if (Counts(row) && !values.IsNull(row))
            {
                text.Write(any && !delimiters.IsNull(row) ? delimiters.Span(row) : default);
                text.Write(((BytesColumn)values).Span(row));
                any = true;
            }
        }

        if (any)
        {
            ((BytesBuilder)into).Append(text.Written);
        }
        else
        {
            into.AppendNull();
        }
    }
}
