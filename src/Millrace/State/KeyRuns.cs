// Keys that stay the same over many rows are looked up once a run, not once a row.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Rows from a segment come series by series, in order of time: their group changes rarely. Where a batch looks like that, its runs are found by comparing
/// neighbours, and only the first row of each is looked up. Where it does not, that shows in the first rows and costs nothing.
/// </summary>
internal sealed class KeyRuns
{
    private const int RowsMin = 64;
    private const int ProbeRows = 32;
    private const int ProbeRuns = 4;

    // A run must save more than it costs.
    private const int RowsPerRun = 8;

    private int[] _starts = [];
    private int[] _slots = [];
    private ColumnBuilder[]? _firsts;

    /// <summary>As <see cref="KeyIndex.FindOrAdd"/>; false, and nothing done, when the batch has no long runs.</summary>
    public bool TryFindOrAdd(Batch batch, int[] columns, KeyIndex index, int[] slots)
    {
        if (batch.Count < RowsMin || columns.Length == 0)
        {
            return false;
        }

        foreach (int c in columns)
        {
            if (!batch.Columns[c].IsConstant && (batch.Columns[c].Validity is not null || batch.Columns[c] is not (FixedColumn<long> or FixedColumn<int>)))
            {
                return false;
            }
        }

        if (Find(batch, columns, ProbeRows, ProbeRuns) < 0 || Find(batch, columns, batch.Count, batch.Count / RowsPerRun) is not (>= 0 and var runs))
        {
            return false;
        }

        _firsts ??= [.. columns.Select(c => batch.Columns[c].NewBuilder())];
        var keys = new Column[columns.Length];
        for (int k = 0; k < keys.Length; k++)
        {
            _firsts[k].Reset();
            _firsts[k].AppendRows(batch.Columns[columns[k]], _starts.AsSpan(0, runs));
            keys[k] = _firsts[k].View();
        }

        if (_slots.Length < runs)
        {
            _slots = new int[_starts.Length];
        }

        index.FindOrAdd(new Batch(keys, runs), [.. Enumerable.Range(0, keys.Length)], _slots);
        for (int r = 0; r < runs; r++)
        {
            int end = r + 1 < runs ? _starts[r + 1] : batch.Count;
            slots.AsSpan(_starts[r], end - _starts[r]).Fill(_slots[r]);
        }

        return true;
    }

    // The number of runs in the first rows, their beginnings in _starts; −1 when there are more than max.
    private int Find(Batch batch, int[] columns, int rows, int max)
    {
        if (_starts.Length < max + 1)
        {
            _starts = new int[max + 1];
        }

        int runs = 1;
        _starts[0] = 0;
        int at = 1;
        while (at < rows)
        {
            int next = rows;
            foreach (int c in columns)
            {
                next = batch.Columns[c] switch
                {
                    { IsConstant: true } => next,
                    FixedColumn<long> column => Changes<long>(column.Values.AsSpan(0, next), at),
                    FixedColumn<int> column => Changes<int>(column.Values.AsSpan(0, next), at),
                    _ => at,
                };
            }

            if (next == rows)
            {
                return runs;
            }

            if (runs == max)
            {
                return -1;
            }

            _starts[runs++] = next;
            at = next + 1;
        }

        return runs;
    }

    // The first row from `at` on whose value differs from that of the row before; the end when there is none.
    private static int Changes<T>(ReadOnlySpan<T> values, int at)
        where T : unmanaged, IEquatable<T>
    {
        int same = values[at..].IndexOfAnyExcept(values[at - 1]);
        return same < 0 ? values.Length : at + same;
    }
}
