// A multiset of encoded rows as a few sorted runs of growing size: cheap to change, free to snapshot.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// A Z-set of encoded rows kept as immutable sorted runs, merged when neighbours come within a factor of two of one another, in the manner of a
/// log-structured merge tree (the "spine" of differential dataflow). A snapshot is the list of runs; a change never touches a run. Large runs are
/// merged a part at each change, in proportion to the change, and are replaced when that is done: no single change pays for a merge of millions of rows.
/// </summary>
internal sealed class Spine
{
    // Two runs above this size are not merged: an array ends at 2 GiB.
    private const long RunBytesMax = 1L << 30;

    // So many rows are merged at once; it takes about a millisecond.
    private const int RowsAtOnce = 8192;

    // Rows that each merge goes on by for each row added. A merge of a run with one of up to twice its rows takes three steps for each row of the smaller: four
    // for each row added end it before as many rows have come again, so that merges of one size never pile up.
    private const int StepsPerRow = 4;

    private RowRun[] _runs;

    // At the place of a run: its merge with the one after it, while that goes on.
    private RunMerge?[] _merges;

    public Spine(RowRun[]? runs = null)
    {
        _runs = runs ?? [];
        _merges = new RunMerge?[_runs.Length];
    }

    /// <summary>The runs at this moment, oldest and largest first; safe to read from any thread for ever.</summary>
    public RowRun[] Runs => _runs;

    public long Bytes => _runs.Sum(r => r.Bytes) + _merges.Sum(m => m?.Bytes ?? 0);

    /// <summary>Rows in all runs: exact when no row is split over runs with opposite weights, else an upper bound.</summary>
    public long Rows => _runs.Sum(r => (long)r.Count);

    /// <summary>Adds a change.</summary>
    public void Add(RowRun run)
    {
        if (run.Count == 0)
        {
            return;
        }

        var runs = new List<RowRun>(_runs) { run };
        var merges = new List<RunMerge?>(_merges) { null };
        int steps = (int)Math.Min((long)run.Count * StepsPerRow, int.MaxValue);
        for (int i = runs.Count - 2; i >= 0; i--)
        {
            if (merges[i] is { } merge && merge.Step(steps))
            {
                Replace(runs, merges, i, merge.Result);
            }
        }

        // From the newest on: what becomes of two runs may be due with the one before.
        for (int i = runs.Count - 2; i >= 0; i--)
        {
            bool free = merges[i] is null && merges[i + 1] is null && (i == 0 || merges[i - 1] is null);
            if (free && runs[i].Count <= 2L * runs[i + 1].Count && runs[i].Bytes + runs[i + 1].Bytes < RunBytesMax)
            {
                if (runs[i].Count + runs[i + 1].Count > RowsAtOnce)
                {
                    merges[i] = new RunMerge(runs[i], runs[i + 1]);
                }
                else
                {
                    Replace(runs, merges, i, RowRun.Merge(runs[i], runs[i + 1]));
                    i = Math.Min(i, runs.Count - 1);
                }
            }
        }

        _runs = [.. runs];
        _merges = [.. merges];
    }

    /// <summary>The runs as they were at some moment; merges of theirs that have begun go on.</summary>
    public Spine AsOf(RowRun[] runs)
    {
        if (ReferenceEquals(runs, _runs))
        {
            return this;
        }

        var then = new Spine(runs);
        for (int i = 0; i < runs.Length - 1; i++)
        {
            then._merges[i] = Array.Find(_merges, m => m is not null && m.Joins(runs[i], runs[i + 1]));
        }

        return then;
    }

    private static void Replace(List<RowRun> runs, List<RunMerge?> merges, int at, RowRun merged)
    {
        runs[at] = merged;
        merges[at] = null;
        runs.RemoveAt(at + 1);
        merges.RemoveAt(at + 1);
        if (merged.Count == 0)
        {
            // The merge of the one before, were there any, would have ended at this one.
            runs.RemoveAt(at);
            merges.RemoveAt(at);
        }
    }

    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)_runs.Length);
        foreach (RowRun run in _runs)
        {
            if (!PieceWriter.TryAdd(writer, run))
            {
                run.Save(writer);
            }
        }
    }

    public void Load(ref ByteReader reader)
    {
        var runs = new RowRun[reader.ReadCount()];
        for (int i = 0; i < runs.Length; i++)
        {
            StatePiece? piece = PieceWriter.TryFind(ref reader, out BlockSource? apart);
            runs[i] = apart is null ? RowRun.Load(ref reader) : RowRun.LoadBlocks(apart);
            runs[i].Stored = piece;
        }

        _runs = runs;
        _merges = new RunMerge?[runs.Length];
    }
}

/// <summary>Walks the rows of several runs in order: equal rows once with their summed weight, those that cancel out not at all.</summary>
internal sealed class SpineCursor
{
    private readonly RowRun[] _runs;
    private readonly int[] _at;
    private readonly int[] _end;
    private int _run;
    private int _row;

    /// <summary>Walks the rows that begin with <paramref name="prefix"/> (all rows for an empty one).</summary>
    public SpineCursor(RowRun[] runs, ReadOnlySpan<byte> prefix = default)
    {
        _runs = runs;
        _at = new int[runs.Length];
        _end = new int[runs.Length];
        for (int i = 0; i < runs.Length; i++)
        {
            (_at[i], _end[i]) = prefix.IsEmpty ? (0, runs[i].Count) : runs[i].PrefixRange(prefix);
        }
    }

    /// <summary>The row it stands on.</summary>
    public ReadOnlySpan<byte> Row => _runs[_run].Row(_row);

    /// <summary>The row's weight, never 0.</summary>
    public long Weight { get; private set; }

    /// <summary>Steps to the next row; false at the end.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            _run = -1;
            for (int i = 0; i < _runs.Length; i++)
            {
                if (_at[i] < _end[i] && (_run < 0 || _runs[i].Row(_at[i]).SequenceCompareTo(_runs[_run].Row(_at[_run])) < 0))
                {
                    _run = i;
                }
            }

            if (_run < 0)
            {
                return false;
            }

            _row = _at[_run];
            Weight = 0;
            for (int i = _run; i < _runs.Length; i++)
            {
                if (_at[i] < _end[i] && (i == _run || _runs[i].Row(_at[i]).SequenceEqual(Row)))
                {
                    Weight += _runs[i].Weight(_at[i]++);
                }
            }

            if (Weight != 0)
            {
                return true;
            }
        }
    }
}
