// The rows that one side of a join holds, in chains by key slot; in two forms, by whether rows can be taken back.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Rows by key slot with weights and, where <see cref="Matches"/> is asked for, the weight of their partners.</summary>
internal abstract class JoinRows
{
    /// <summary>Rows held.</summary>
    public abstract int Count { get; }

    /// <summary>Memory held, in bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>First row of a key, or −1.</summary>
    public abstract int First(int key);

    /// <summary>The next row of the same key, or −1.</summary>
    public abstract int Next(int row);

    /// <summary>True when no row of a key is left at all, so that its slot may go to another key.</summary>
    public virtual bool IsEmpty(int key) => First(key) < 0;

    /// <summary>The row's weight.</summary>
    public abstract long Weight(int row);

    /// <summary>Weight of the row's partners on the other side.</summary>
    public abstract ref long Matches(int row);

    /// <summary>Appends rows to one builder a column.</summary>
    public abstract void AppendTo(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuilder> into);

    /// <summary>Adds the rows of a batch that have a slot; notes the keys that may have no row left.</summary>
    public abstract void Add(Batch batch, int[] slots, long[] matches, HashSet<int> emptied);

    /// <summary>Writes all rows.</summary>
    public abstract void Save(ByteWriter writer);

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh store.</summary>
    public abstract void Load(ref ByteReader reader);
}

/// <summary>Rows that may be taken back: exactly encoded, found by their bytes.</summary>
internal sealed class EncodedJoinRows(Schema columns) : JoinRows
{
    private readonly RowCodec _codec = RowCodec.Of(columns);
    private readonly EncodedRows _encoded = new();
    private readonly RowStore _rows = new(retractable: true);

    /// <inheritdoc/>
    public override int Count => _rows.Count;

    /// <inheritdoc/>
    public override long Bytes => _rows.Bytes;

    /// <inheritdoc/>
    public override int First(int key) => _rows.First(key);

    /// <inheritdoc/>
    public override int Next(int row) => _rows.Next(row);

    /// <inheritdoc/>
    public override long Weight(int row) => _rows.Weight(row);

    /// <inheritdoc/>
    public override ref long Matches(int row) => ref _rows.Matches(row);

    /// <inheritdoc/>
    public override void AppendTo(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuilder> into)
    {
        foreach (int row in rows)
        {
            _codec.Decode(_rows.Row(row), into);
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[] matches, HashSet<int> emptied)
    {
        _codec.Encode(batch, _encoded);
        for (int i = 0; i < batch.Count; i++)
        {
            if (slots[i] >= 0 && _rows.Change(slots[i], _encoded.Row(i), batch.Weight(i), matches[i]) < 0 && _rows.First(slots[i]) < 0)
            {
                emptied.Add(slots[i]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer) => _rows.Save(writer);

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader) => _rows.Load(ref reader);
}

/// <summary>Rows that are only ever added: kept as columns.</summary>
internal sealed class ColumnJoinRows(Schema columns) : JoinRows
{
    private readonly ColumnRows _rows = new(columns);
    private int[] _heads = []; // 1 + row
    private int[] _next = []; // 1 + row
    private long[]? _weights; // null while every weight is 1
    private long[] _matches = [];
    private int[] _kept = [];
    private FrozenSlots? _frozenHeads;
    private FrozenSlots? _frozenRows;

    /// <inheritdoc/>
    public override int Count => _rows.Count;

    /// <inheritdoc/>
    public override long Bytes => _rows.Bytes + ((_heads.Length + _next.Length) * 4L) + (((_weights?.Length ?? 0) + _matches.Length) * 8L);

    /// <inheritdoc/>
    public override int First(int key) => key < _heads.Length ? _heads[key] - 1 : -1;

    /// <inheritdoc/>
    public override int Next(int row) => _next[row] - 1;

    /// <inheritdoc/>
    public override long Weight(int row) => _weights is null ? 1 : _weights[row];

    /// <inheritdoc/>
    public override ref long Matches(int row)
    {
        FrozenSlots.Keep(ref _frozenRows, [row]);

        return ref _matches[row];
    }

    /// <inheritdoc/>
    public override void AppendTo(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuilder> into) => _rows.AppendTo(rows, into);

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[] matches, HashSet<int> emptied)
    {
        int kept = 0;
        if (_kept.Length < batch.Count)
        {
            _kept = new int[batch.Count];
        }

        FrozenSlots.Keep(ref _frozenHeads, slots.AsSpan(0, batch.Count));

        Reserve(_rows.Count + batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            int slot = slots[i];
            if (slot < 0 || batch.Weight(i) == 0)
            {
                continue;
            }

            if (slot >= _heads.Length)
            {
                Array.Resize(ref _heads, Math.Max(slot + 1, Math.Max(16, _heads.Length * 2)));
            }

            int row = _rows.Count + kept;
            _kept[kept++] = i;
            _next[row] = _heads[slot];
            _heads[slot] = row + 1;
            _matches[row] = matches[i];
            SetWeight(row, batch.Weight(i));
        }

        if (kept == batch.Count)
        {
            _rows.Append(batch);
        }
        else
        {
            _rows.Append(batch, _kept.AsSpan(0, kept));
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)_heads.Length);
        _frozenHeads = FrozenSlots.Begin(writer, _heads.Length);
        FrozenSlots.Write(writer, _heads, _heads.Length);
        FrozenSlots.End(writer);
        _rows.Save(writer);
        // Of rows that are there only what they have met changes.
        _frozenRows = FrozenSlots.Begin(writer, Count);
        FrozenSlots.Write(writer, _next, Count);
        FrozenSlots.Write(writer, _matches, Count);
        writer.WriteByte(_weights is null ? (byte)0 : (byte)1);
        if (_weights is not null)
        {
            FrozenSlots.Write(writer, _weights, Count);
        }

        FrozenSlots.End(writer);
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _heads = reader.ReadArray<int>(reader.ReadCount());
        _rows.Load(ref reader);
        _next = reader.ReadArray<int>(Count);
        _matches = reader.ReadArray<long>(Count);
        _weights = reader.ReadByte() == 0 ? null : reader.ReadArray<long>(Count);
    }

    private void SetWeight(int row, long weight)
    {
        Check.That(weight > 0);
        if (_weights is null && weight != 1)
        {
            _weights = new long[_next.Length];
            _weights.AsSpan(0, row).Fill(1);
        }

        if (_weights is not null)
        {
            _weights[row] = weight;
        }
    }

    private void Reserve(int rows)
    {
        if (_next.Length < rows)
        {
            int size = Math.Max(rows, Math.Max(16, _next.Length * 2));
            Array.Resize(ref _next, size);
            Array.Resize(ref _matches, size);
            if (_weights is not null)
            {
                Array.Resize(ref _weights, size);
            }
        }
    }
}
