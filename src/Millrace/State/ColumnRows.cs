// Rows kept as columns, in blocks: adding and reading are copies of column ranges, and a row is a number.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Rows in the order in which they were added. Nothing is ever changed or taken out; who has dropped many rows builds a new one of those that are left.</summary>
internal sealed class ColumnRows(Schema columns)
{
    /// <summary>Rows in a full block.</summary>
    public const int BlockRows = 1 << BlockBits;

    private const int BlockBits = 13;

    private readonly List<BatchBuilder> _blocks = [];
    private readonly List<Batch> _views = [];
    private readonly List<FrozenBatch> _full = []; // the blocks that are full, as checkpoints know them

    /// <summary>Rows held; also the number of the next one.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _views.Sum(v => v.Bytes);

    /// <summary>The columns in which a row stands, and where.</summary>
    public Column[] Find(int row, out int at)
    {
        at = row & (BlockRows - 1);
        return _views[row >> BlockBits].Columns;
    }

    /// <summary>Adds the given rows of a batch.</summary>
    public void Append(Batch batch, ReadOnlySpan<int> rows)
    {
        for (int done = 0; done < rows.Length;)
        {
            BatchBuilder block = Block();
            ReadOnlySpan<int> part = rows.Slice(done, Math.Min(rows.Length - done, BlockRows - block.Count));
            for (int c = 0; c < block.Columns.Length; c++)
            {
                block.Columns[c].AppendRows(batch.Columns[c], part);
            }

            End(block, part.Length);
            done += part.Length;
        }
    }

    /// <summary>Adds all rows of a batch.</summary>
    public void Append(Batch batch)
    {
        for (int done = 0; done < batch.Count;)
        {
            BatchBuilder block = Block();
            int part = Math.Min(batch.Count - done, BlockRows - block.Count);
            for (int c = 0; c < block.Columns.Length; c++)
            {
                block.Columns[c].AppendRange(batch.Columns[c], done, part);
            }

            End(block, part);
            done += part;
        }
    }

    /// <summary>Appends rows to one builder a column.</summary>
    public void AppendTo(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuilder> into)
    {
        if (_views.Count == 1)
        {
            for (int c = 0; c < into.Length; c++)
            {
                into[c].AppendRows(_views[0].Columns[c], rows);
            }

            return;
        }

        for (int c = 0; c < into.Length; c++)
        {
            foreach (int row in rows)
            {
                into[c].AppendFrom(_views[row >> BlockBits].Columns[c], row & (BlockRows - 1));
            }
        }
    }

    /// <summary>A new one of the given rows, numbered in that order.</summary>
    public ColumnRows Only(ReadOnlySpan<int> rows)
    {
        var kept = new ColumnRows(columns);
        for (int done = 0; done < rows.Length;)
        {
            BatchBuilder block = kept.Block();
            ReadOnlySpan<int> part = rows.Slice(done, Math.Min(rows.Length - done, BlockRows));
            AppendTo(part, block.Columns);
            kept.End(block, part.Length);
            done += part.Length;
        }

        return kept;
    }

    /// <summary>Writes all rows.</summary>
    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Count);
        for (int i = 0; i < _views.Count; i++)
        {
            bool full = _views[i].Count == BlockRows;
            if (full && i == _full.Count)
            {
                _full.Add(new FrozenBatch(_views[i]));
            }

            // Of the block that is being filled the rows so far: they stay where they are while more are added.
            if (!PieceWriter.TryAdd(writer, full ? _full[i] : new FrozenBatch(_blocks[i].Share())))
            {
                BatchCodec.Write(writer, _views[i]);
            }
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote, into a fresh one.</summary>
    public void Load(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        while (Count < count)
        {
            StatePiece? piece = PieceWriter.TryFind(ref reader, out BlockSource? apart);
            Batch rows = apart is null ? BatchCodec.Read(ref reader, columns) : FrozenBatch.Load(apart, columns);
            if (rows.Count == 0 || rows.Count > count - Count)
            {
                throw new FormatException($"a block of {rows.Count} rows where {count - Count} are left");
            }

            Append(rows);
            if (piece is not null && rows.Count == BlockRows && _full.Count == _views.Count - 1)
            {
                _full.Add(new FrozenBatch(_views[^1]) { Stored = piece });
            }
        }
    }

    private BatchBuilder Block()
    {
        if (Count == _blocks.Count << BlockBits)
        {
            _blocks.Add(new BatchBuilder(columns));
            _views.Add(_blocks[^1].View());
        }

        return _blocks[^1];
    }

    private void End(BatchBuilder block, int rows)
    {
        block.EndRows(rows);
        _views[^1] = block.View();
        Count += rows;
    }
}
