// TUMBLE, HOP, CUMULATE: each row once per window it falls into.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Appends window_start and window_end. Consecutive rows mostly share their window, so the division happens only when a row leaves the window of the one
/// before. Rows without a time (null, or infinite) belong to no window.
/// </summary>
/// <param name="time">The time column.</param>
/// <param name="slide">Distance of window starts (CUMULATE: of window ends), µs.</param>
/// <param name="size">Length of a window, µs.</param>
/// <param name="offset">Shift of window starts, µs.</param>
/// <param name="cumulative">True for CUMULATE.</param>
/// <param name="needEnd">False when nobody reads window_end: then that column holds the starts again and costs nothing.</param>
/// <param name="columns">Input columns, window_start, window_end.</param>
internal sealed class TimeWindow(int time, long slide, long size, long offset, bool cumulative, bool needEnd, Schema columns) : Operator(columns)
{
    private readonly BatchBuilder _output = new(columns);
    private readonly Column[] _columns = new Column[columns.Count];
    private long[] _starts = [];
    private long[] _ends = [];
    private int[] _rows = [];

    /// <inheritdoc/>
    public override string Name => cumulative ? "Cumulate" : slide == size ? "Tumble" : "Hop";

    /// <inheritdoc/>
    public override string Detail => $"{Columns[time].Name} size {PlanText.Span(size)}" + (slide == size ? "" : $" slide {PlanText.Span(slide)}")
        + (offset == 0 ? "" : $" offset {PlanText.Span(offset)}");

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output)
    {
        var times = (FixedColumn<long>)input.Columns[time];
        ReadOnlySpan<long> values = times.Values.AsSpan(0, input.Count);
        if (!cumulative && slide == size && times.Validity is null && !values.ContainsAny(long.MinValue, long.MaxValue))
        {
            Tumble(input, values, output);
            return;
        }

        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            long t = values[i];
            if (times.IsNull(i) || t is long.MinValue or long.MaxValue)
            {
                continue;
            }

            if (cumulative)
            {
                long start = Floor(t, size);
                for (long end = start + ((((t - start) / slide) + 1) * slide); end - slide < start + size; end += slide)
                {
                    Put(count++, i, start, Math.Min(end, start + size));
                }
            }
            else
            {
                for (long start = Floor(t, slide); start > t - size; start -= slide)
                {
                    Put(count++, i, start, start + size);
                }
            }
        }

        Emit(input, count, output);
    }

    private void Tumble(Batch input, ReadOnlySpan<long> values, IOutput output)
    {
        if (_starts.Length < values.Length)
        {
            _starts = new long[values.Length];
        }

        Span<long> starts = _starts.AsSpan(0, values.Length);
        long start = values.Length > 0 ? Floor(values[0], size) : 0;
        for (int i = 0; i < values.Length; i++)
        {
            if ((ulong)(values[i] - start) >= (ulong)size)
            {
                start = Floor(values[i], size);
            }

            starts[i] = start;
        }

        if (needEnd)
        {
            if (_ends.Length < values.Length)
            {
                _ends = new long[values.Length];
            }

            for (int i = 0; i < starts.Length; i++)
            {
                _ends[i] = starts[i] + size;
            }
        }

        input.Columns.CopyTo(_columns, 0);
        SetWindows(values.Length);
        output.Emit(new Batch(_columns, input.Count, input.Weights));
    }

    private void SetWindows(int count)
    {
        _columns[^2] = new FixedColumn<long>(Columns[Columns.Count - 2].Type, _starts, count);
        _columns[^1] = needEnd ? new FixedColumn<long>(Columns[Columns.Count - 1].Type, _ends, count) : _columns[^2];
    }

    private void Emit(Batch input, int count, IOutput output)
    {
        _output.Reset();
        ReadOnlySpan<int> rows = _rows.AsSpan(0, count);
        for (int c = 0; c < input.Columns.Length; c++)
        {
            _output.Columns[c].AppendRows(input.Columns[c], rows);
            _columns[c] = _output.Columns[c].View();
        }

        ReadOnlySpan<long> weights = Gather.Weights(input, rows);
        SetWindows(count);
        output.Emit(new Batch(_columns, count, weights.IsEmpty ? null : weights.ToArray()));
    }

    private void Put(int at, int row, long start, long end)
    {
        if (at >= _rows.Length || at >= _starts.Length || at >= _ends.Length)
        {
            int length = Math.Max(256, (at + 1) * 2);
            Array.Resize(ref _rows, length);
            Array.Resize(ref _starts, length);
            Array.Resize(ref _ends, length);
        }

        _rows[at] = row;
        _starts[at] = start;
        _ends[at] = end;
    }

    private long Floor(long t, long step)
    {
        long rest = (t - offset) % step;
        return t - (rest < 0 ? rest + step : rest);
    }
}
