// The rows of one side of a join that the watermark bounds: once no partner can come any more they are gone.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Rows that are only ever added, in blocks in order of arrival; chains by key go from the newest to the oldest. A row whose time plus the reach lies behind the
/// horizon is not given any more, whether its block is still there or not: the answer does not depend on how rows fell into blocks. A block is freed when all
/// its rows are behind the horizon.
/// </summary>
/// <param name="columns">The rows' columns.</param>
/// <param name="time">The column that says how long a row is needed; a row with a null there meets nobody.</param>
/// <param name="reach">How far behind the row's time the watermark may be until the row is gone, µs.</param>
internal sealed class BoundedJoinRows(Schema columns, int time, long reach) : JoinRows
{
    private const int BlockBits = 12;
    private const int InBlock = (1 << BlockBits) - 1;

    // Fewer than a number has room for: each shard has an open block, and rows wait in it until it is full. Blocks of before are up to 4,096 rows long.
    private const int BlockRows = 512;

    private readonly List<Block?> _blocks = [];
    private readonly Stack<int> _free = [];
    private readonly HashSet<int> _touched = [];
    private int[] _heads = []; // 1 + row
    private int[] _local = [];
    private Block? _open;
    private int _openIndex = -1;
    private int _count;
    private long _horizon = long.MinValue;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <inheritdoc/>
    public override long Bytes => (_heads.Length * 4L) + _blocks.Sum(b => b is null ? 0 : b.View.Bytes + (b.Slots.Length * 32L));

    /// <summary>How far the watermark has come for these rows, µs.</summary>
    public long Horizon => _horizon;

    /// <inheritdoc/>
    public override int First(int key) => key < _heads.Length ? Alive(_heads[key] - 1) : -1;

    /// <inheritdoc/>
    public override int Next(int row) => Alive(At(row).Next[row & InBlock] - 1);

    /// <inheritdoc/>
    public override bool IsEmpty(int key) => key >= _heads.Length || _heads[key] == 0;

    /// <inheritdoc/>
    public override long Weight(int row) => At(row).Weights[row & InBlock];

    /// <inheritdoc/>
    public override ref long Matches(int row) => ref At(row).Matches[row & InBlock];

    /// <inheritdoc/>
    public override void AppendTo(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuilder> into)
    {
        if (_local.Length < rows.Length)
        {
            _local = new int[rows.Length];
        }

        for (int from = 0, to; from < rows.Length; from = to)
        {
            int block = rows[from] >> BlockBits;
            for (to = from; to < rows.Length && rows[to] >> BlockBits == block; to++)
            {
                _local[to] = rows[to] & InBlock;
            }

            Batch view = _blocks[block]!.View;
            for (int c = 0; c < into.Length; c++)
            {
                into[c].AppendRows(view.Columns[c], _local.AsSpan(from, to - from));
            }
        }
    }

    /// <inheritdoc/>
    public override void Add(Batch batch, int[] slots, long[] matches, HashSet<int> emptied)
    {
        var times = (FixedColumn<long>)batch.Columns[time];
        for (int i = 0; i < batch.Count; i++)
        {
            int slot = slots[i];
            if (slot < 0 || batch.Weight(i) == 0)
            {
                continue;
            }

            if (times.IsNull(i))
            {
                emptied.Add(slot);
                continue;
            }

            if (slot >= _heads.Length)
            {
                Array.Resize(ref _heads, Math.Max(slot + 1, Math.Max(16, _heads.Length * 2)));
            }

            Block block = Open();
            int at = block.Count++;
            for (int c = 0; c < batch.Columns.Length; c++)
            {
                block.Rows.Columns[c].AppendFrom(batch.Columns[c], i);
            }

            block.Slots[at] = slot;
            block.Next[at] = _heads[slot];
            block.Weights[at] = batch.Weight(i);
            block.Matches[at] = matches[i];
            block.Times[at] = times.Values[i];
            block.MaxTime = Math.Max(block.MaxTime, times.Values[i]);
            _heads[slot] = (_openIndex << BlockBits) + at + 1;
            _count++;
        }

        // Views are taken anew where rows were added: the block that is open, and those that became full meanwhile.
        foreach (Block? block in _blocks)
        {
            if (block is not null && block.Viewed != block.Count)
            {
                block.Rows.EndRows(block.Count - block.Viewed);
                block.View = block.Rows.View();
                block.Viewed = block.Count;
            }
        }
    }

    /// <summary>Moves the horizon and frees the blocks behind it; notes the keys that may have no row left.</summary>
    public void DropBehind(long watermark, HashSet<int> emptied)
    {
        if (watermark <= _horizon)
        {
            return;
        }

        _horizon = watermark;
        for (int b = 0; b < _blocks.Count; b++)
        {
            if (_blocks[b] is { } block && IsGone(block.MaxTime))
            {
                Free(b, block, emptied);
            }
        }
    }

    /// <inheritdoc/>
    public override void Save(ByteWriter writer)
    {
        writer.WriteInt64(_horizon);
        writer.WriteVarint((ulong)_heads.Length);
        writer.WriteArray(_heads, _heads.Length);
        writer.WriteInt32(_openIndex);
        writer.WriteVarint((ulong)_blocks.Count);
        foreach (Block? block in _blocks)
        {
            writer.WriteVarint((ulong)(block?.Count ?? 0));
            if (block is not null)
            {
                writer.WriteInt64(block.MaxTime);
                writer.WriteArray(block.Slots, block.Count);
                writer.WriteArray(block.Next, block.Count);
                writer.WriteArray(block.Weights, block.Count);
                writer.WriteArray(block.Matches, block.Count);
                writer.WriteArray(block.Times, block.Count);
                BatchCodec.Write(writer, block.View);
            }
        }
    }

    /// <inheritdoc/>
    public override void Load(ref ByteReader reader)
    {
        _horizon = reader.ReadInt64();
        _heads = reader.ReadArray<int>(reader.ReadCount());
        _openIndex = reader.ReadInt32();
        int blocks = reader.ReadCount();
        for (int b = 0; b < blocks; b++)
        {
            int count = reader.ReadCount();
            if (count == 0)
            {
                _blocks.Add(null);
                _free.Push(b);
                continue;
            }

            var block = new Block(columns, Math.Max(count, BlockRows)) { Count = count, Viewed = count, MaxTime = reader.ReadInt64() };
            Read<int>(ref reader, block.Slots, count);
            Read<int>(ref reader, block.Next, count);
            Read<long>(ref reader, block.Weights, count);
            Read<long>(ref reader, block.Matches, count);
            Read<long>(ref reader, block.Times, count);
            block.Rows.Append(BatchCodec.Read(ref reader, columns));
            block.View = block.Rows.View();
            _blocks.Add(block);
            _count += count;
        }

        _open = _openIndex < 0 ? null : _blocks[_openIndex];
    }

    private static void Read<T>(ref ByteReader reader, T[] into, int count)
        where T : unmanaged => reader.ReadArray<T>(count).CopyTo(into, 0);

    private Block At(int row) => _blocks[row >> BlockBits]!;

    // Partners may still come while the watermark has not passed the row's time plus the reach.
    private bool IsGone(long rowTime) => _horizon > long.MinValue && rowTime < long.MaxValue - Math.Max(reach, 0) && rowTime + reach < _horizon;

    private int Alive(int row)
    {
        while (row >= 0 && IsGone(At(row).Times[row & InBlock]))
        {
            row = At(row).Next[row & InBlock] - 1;
        }

        return row;
    }

    private Block Open()
    {
        if (_open is { Count: < BlockRows })
        {
            return _open;
        }

        _open = new Block(columns, BlockRows);
        if (_free.TryPop(out _openIndex))
        {
            _blocks[_openIndex] = _open;
        }
        else
        {
            _openIndex = _blocks.Count;
            _blocks.Add(_open);
        }

        return _open;
    }

    private void Free(int index, Block block, HashSet<int> emptied)
    {
        _touched.Clear();
        for (int i = 0; i < block.Count; i++)
        {
            _touched.Add(block.Slots[i]);
        }

        foreach (int slot in _touched)
        {
            Unlink(slot, index);
            if (_heads[slot] == 0)
            {
                emptied.Add(slot);
            }
        }

        _count -= block.Count;
        _blocks[index] = null;
        _free.Push(index);
        if (index == _openIndex)
        {
            _open = null;
            _openIndex = -1;
        }
    }

    // Takes all rows of a block out of a key's chain.
    private void Unlink(int slot, int index)
    {
        ref int link = ref _heads[slot];
        while (link != 0)
        {
            int row = link - 1;
            Block block = At(row);
            if (row >> BlockBits == index)
            {
                link = block.Next[row & InBlock];
            }
            else
            {
                link = ref block.Next[row & InBlock];
            }
        }
    }

    private sealed class Block
    {
        public Block(Schema columns, int rows)
        {
            Slots = new int[rows];
            Next = new int[rows];
            Weights = new long[rows];
            Matches = new long[rows];
            Times = new long[rows];
            Rows = new BatchBuilder(columns);
            View = Rows.View();
        }

        public readonly BatchBuilder Rows;
        public readonly int[] Slots;
        public readonly int[] Next;
        public readonly long[] Weights;
        public readonly long[] Matches;
        public readonly long[] Times;
        public Batch View;
        public int Count;
        public int Viewed;
        public long MaxTime = long.MinValue;
    }
}
