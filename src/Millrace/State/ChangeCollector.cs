// Gathers what a dataflow emits during an epoch and consolidates it into one exact change.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Sums up the weighted rows of an epoch, so that what is given out names each changed row once.</summary>
internal sealed class ChangeCollector(RowLayout layout)
{
    private readonly EncodedRows _rows = new();
    private byte[] _data = [];
    private int[] _offsets = new int[256];
    private long[] _weights = new long[256];
    private int _count;

    public bool IsEmpty => _count == 0;

    /// <summary>Takes a lent batch.</summary>
    public void Add(Batch batch)
    {
        layout.Encode(batch, _rows);
        int bytes = _rows.Offsets[batch.Count];
        int used = _offsets[_count];
        if ((long)used + bytes > Array.MaxLength)
        {
            throw new SqlException("54000", "one epoch's change of a view exceeds 2 GiB", hint: "write in smaller transactions");
        }

        Grow(ref _data, used + bytes, used);
        Grow(ref _offsets, _count + batch.Count + 1, _count + 1);
        Grow(ref _weights, _count + batch.Count, _count);
        _rows.Data.AsSpan(0, bytes).CopyTo(_data.AsSpan(used));
        for (int i = 0; i < batch.Count; i++)
        {
            _offsets[_count + i + 1] = used + _rows.Offsets[i + 1];
            _weights[_count + i] = batch.Weight(i);
        }

        _count += batch.Count;
    }

    /// <summary>The sum of what was added; starts anew.</summary>
    public RowRun Take()
    {
        RowRun run = RowRun.Build(_data, _offsets, _weights.AsSpan(0, _count), _count);
        _count = 0;
        if (_data.Length > 16 << 20)
        {
            _data = [];
        }

        return run;
    }

    /// <summary>A run's rows as one batch with weights.</summary>
    public Batch ToBatch(RowRun run)
    {
        var builder = new BatchBuilder(layout.Schema);
        ColumnBuilder[] arranged = layout.Arrange(builder);
        for (int i = 0; i < run.Count; i++)
        {
            layout.Decode(run.Row(i), arranged);
            builder.EndRow(run.Weight(i));
        }

        return builder.Share();
    }

    private static void Grow<T>(ref T[] array, int needed, int used)
    {
        if (array.Length < needed)
        {
            T[] grown = new T[Math.Min(Array.MaxLength, Math.Max(needed, array.Length * 2L))];
            array.AsSpan(0, used).CopyTo(grown);
            array = grown;
        }
    }
}
