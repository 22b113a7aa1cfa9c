// Two sorted runs made into one, a part at a time: so that nobody waits for a merge of millions of rows.
namespace Millrace.Engine;

/// <summary>The sum of two runs. Each step takes some rows of both; the inputs stay as they are.</summary>
internal sealed class RunMerge
{
    private readonly RowRun _a;
    private readonly RowRun _b;
    private readonly byte[] _data;
    private readonly int[] _offsets;
    private readonly long[] _weights;
    private int _i;
    private int _j;
    private int _rows;
    private int _used;

    // Where much cancelled out: the same again without the room that is left over.
    private byte[]? _exactData;
    private int[]? _exactOffsets;
    private long[]? _exactWeights;
    private int _copied;

    private RowRun? _result;

    public RunMerge(RowRun a, RowRun b)
    {
        _a = a;
        _b = b;
        _data = GC.AllocateUninitializedArray<byte>(a.DataBytes + b.DataBytes);
        _offsets = GC.AllocateUninitializedArray<int>(a.Count + b.Count + 1);
        _weights = GC.AllocateUninitializedArray<long>(a.Count + b.Count);
        _offsets[0] = 0;
    }

    /// <summary>The merged run, once a step has said that it is done.</summary>
    public RowRun Result => _result!;

    /// <summary>Memory held beside the inputs, in bytes.</summary>
    public long Bytes => _data.Length + (_offsets.Length * 4L) + (_weights.Length * 8L);

    /// <summary>True when these are the two runs, in this order.</summary>
    public bool Joins(RowRun a, RowRun b) => ReferenceEquals(a, _a) && ReferenceEquals(b, _b);

    /// <summary>Goes on for about so many rows; true when it is done.</summary>
    public bool Step(int rows)
    {
        if (_exactData is null)
        {
            rows -= Merge(rows);
            if (_i < _a.Count || _j < _b.Count)
            {
                return false;
            }

            if (!IsWasteful)
            {
                _result = _rows == 0 ? RowRun.Empty : new RowRun(_data, _offsets, _weights, _rows);
                return true;
            }

            _exactData = GC.AllocateUninitializedArray<byte>(_used);
            _exactOffsets = GC.AllocateUninitializedArray<int>(_rows + 1);
            _exactWeights = GC.AllocateUninitializedArray<long>(_rows);
            _exactOffsets[0] = 0;
        }

        return Copy(rows);
    }

    // An eighth of the room may stay empty.
    private bool IsWasteful => _used < _data.Length - (_data.Length >> 3) || _rows < _weights.Length - (_weights.Length >> 3);

    private int Merge(int rows)
    {
        int i = _i;
        int j = _j;
        int taken = 0;
        for (; taken < rows && (i < _a.Count || j < _b.Count); taken++)
        {
            int order = i == _a.Count ? 1 : j == _b.Count ? -1 : _a.Row(i).SequenceCompareTo(_b.Row(j));
            ReadOnlySpan<byte> row = order <= 0 ? _a.Row(i) : _b.Row(j);
            long weight = (order <= 0 ? _a.Weight(i) : 0) + (order >= 0 ? _b.Weight(j) : 0);
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
            if (weight != 0)
            {
                row.CopyTo(_data.AsSpan(_used));
                _used += row.Length;
                _weights[_rows++] = weight;
                _offsets[_rows] = _used;
            }
        }

        _i = i;
        _j = j;
        return taken;
    }

    // Copying costs a fraction of merging.
    private bool Copy(int rows)
    {
        int count = (int)Math.Min(_rows - _copied, Math.Max(rows, 0) * 8L);
        int from = _offsets[_copied];
        int to = _offsets[_copied + count];
        _data.AsSpan(from, to - from).CopyTo(_exactData.AsSpan(from));
        _offsets.AsSpan(_copied + 1, count).CopyTo(_exactOffsets.AsSpan(_copied + 1));
        _weights.AsSpan(_copied, count).CopyTo(_exactWeights.AsSpan(_copied));
        _copied += count;
        if (_copied < _rows)
        {
            return false;
        }

        _result = _rows == 0 ? RowRun.Empty : new RowRun(_exactData!, _exactOffsets!, _exactWeights!, _rows);
        return true;
    }
}
