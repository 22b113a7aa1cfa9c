// A multiset of encoded rows as a few sorted runs of growing size: cheap to change, free to snapshot.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// A Z-set of encoded rows kept as immutable sorted runs, merged when neighbours come within a factor of two of one another, in the manner of a
/// log-structured merge tree (the "spine" of differential dataflow). A snapshot is the list of runs; a change never touches a run.
/// </summary>
internal sealed class Spine
{
    // Two runs above this size are not merged: an array ends at 2 GiB.
    private const long RunBytesMax = 1L << 30;

    private RowRun[] _runs;

    public Spine(RowRun[]? runs = null) => _runs = runs ?? [];

    /// <summary>The runs at this moment, oldest and largest first; safe to read from any thread for ever.</summary>
    public RowRun[] Runs => _runs;

    public long Bytes => _runs.Sum(r => r.Bytes);

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
        while (runs.Count > 1 && runs[^2].Count <= 2L * runs[^1].Count && runs[^2].Bytes + runs[^1].Bytes < RunBytesMax)
        {
            RowRun merged = RowRun.Merge(runs[^2], runs[^1]);
            runs.RemoveRange(runs.Count - 2, 2);
            if (merged.Count > 0)
            {
                runs.Add(merged);
            }
        }

        _runs = [.. runs];
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
