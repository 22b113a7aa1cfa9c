// Aggregates over window frames: rows enter and leave as the frame slides.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Runs an aggregate's states over a sliding frame: what enters is added, what leaves is taken back, exactly. Aggregates that collect values in order
/// (array_agg, string_agg) take the frame's rows as they stand.
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
            var factory = new AggregateFactory(input, appendOnly: false, _rows);
            _result = factory.Add(new AggregateCall(call.Aggregate, call.Arguments, false, call.Filter, [], call.Type));
            _states = [.. factory.States];
        }

        _rows.Ensure(1);
        foreach (AggregateState state in _states)
        {
            state.Ensure(1);
        }
    }

    /// <summary>Appends the value of each row's frame.</summary>
    public void Evaluate(Batch rows, int[] from, int[] to, ColumnBuilder into)
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

        foreach (AggregateState state in _states)
        {
            state.Clear(slot);
        }

        _rows.Clear(slot);
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

    private void Collect(Batch rows, int from, int to, ColumnBuilder into)
    {
        Column values = rows.Columns[_call.Arguments[0]];
        var condition = _call.Filter < 0 ? null : (FixedColumn<bool>)rows.Columns[_call.Filter];
        bool Counts(int row) => condition is null || (!condition.IsNull(row) && condition.Values[row]);
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
