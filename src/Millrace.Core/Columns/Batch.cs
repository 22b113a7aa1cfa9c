// The one currency of data: columns of equal length, with weights when rows can be retracted.
namespace Millrace.Core;

/// <summary>
/// Columns of equal length and, for changes, an integer weight per row (a Z-set: +1 adds a row, −1 takes one back). A batch handed to a
/// method is lent for the call: who keeps it copies it (<see cref="Clone"/>), unless the callee says that it takes ownership.
/// </summary>
public sealed class Batch
{
    /// <summary>Wraps columns without copying them.</summary>
    /// <param name="columns">Columns of <paramref name="count"/> rows each.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="weights">At least <paramref name="count"/> weights, or null when each row counts +1.</param>
    public Batch(Column[] columns, int count, long[]? weights = null)
    {
        Columns = columns;
        Count = count;
        Weights = weights;
    }

    /// <summary>The columns.</summary>
    public Column[] Columns { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; internal set; }

    /// <summary>Weights of the rows (may be longer than <see cref="Count"/>), or null when each is +1.</summary>
    public long[]? Weights { get; internal set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => Columns.Sum(c => c.Bytes) + (Weights?.Length ?? 0) * 8L;

    /// <summary>The weight of row <paramref name="row"/>.</summary>
    public long Weight(int row) => Weights is null ? 1 : Weights[row];

    /// <summary>An own copy with arrays of exact size.</summary>
    public Batch Clone()
    {
        var columns = new Column[Columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            ColumnBuilder builder = Columns[i].NewBuilder();
            builder.AppendRange(Columns[i], 0, Count);
            columns[i] = builder.ToColumn();
        }

        return new Batch(columns, Count, Weights?.AsSpan(0, Count).ToArray());
    }

    /// <summary>The given rows, in this order, without their weights.</summary>
    internal Batch Pick(ReadOnlySpan<int> rows)
    {
        var columns = new Column[Columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            ColumnBuilder builder = Columns[c].NewBuilder();
            builder.AppendRows(Columns[c], rows);
            columns[c] = builder.ToColumn();
        }

        return new Batch(columns, rows.Length);
    }

    /// <summary>The rows that are added, and none of those that are taken back.</summary>
    internal Batch PickAdded() => Weights is null ? this : Pick([.. Enumerable.Range(0, Count).Where(i => Weight(i) > 0)]);

    /// <summary>The same rows with text of their own: what readers of the copy write out of codes does not hang on this batch.</summary>
    internal Batch Unread() =>
        Array.Exists(Columns, c => c is BytesColumn { Coded: not null })
            ? new Batch(Array.ConvertAll(Columns, c => c is BytesColumn text ? text.Unread() : c), Count, Weights) : this;

    /// <summary>An empty batch of <paramref name="schema"/>.</summary>
    public static Batch Empty(Schema schema) => new(schema.Fields.Select(f => Column.Empty(f.Type)).ToArray(), 0);
}

/// <summary>Grows a batch; reused from call to call.</summary>
public sealed class BatchBuilder
{
    private readonly Column[] _views;
    private readonly Batch _view;
    private long[] _weights = [];
    private bool _weighted;

    /// <summary>A builder of batches with the columns of <paramref name="schema"/>.</summary>
    public BatchBuilder(Schema schema)
    {
        Schema = schema;
        Columns = schema.Fields.Select(f => ColumnBuilder.For(f.Type)).ToArray();
        _views = new Column[Columns.Length];
        _view = new Batch(_views, 0);
    }

    /// <summary>The schema built.</summary>
    public Schema Schema { get; }

    /// <summary>The builders of the columns: append one value to each, then call <see cref="EndRow"/> or <see cref="EndRows"/>.</summary>
    public ColumnBuilder[] Columns { get; }

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Ends a row.</summary>
    public void EndRow(long weight = 1)
    {
        if (weight != 1 || _weighted)
        {
            SetWeight(Count, weight);
        }

        Count++;
    }

    /// <summary>Ends <paramref name="rows"/> rows that were appended column by column, each of weight +1 or with the given weights.</summary>
    public void EndRows(int rows, ReadOnlySpan<long> weights = default)
    {
        if (!weights.IsEmpty)
        {
            StartWeights(Count + rows);
            weights[..rows].CopyTo(_weights.AsSpan(Count));
        }
        else if (_weighted)
        {
            StartWeights(Count + rows);
            _weights.AsSpan(Count, rows).Fill(1);
        }

        Count += rows;
    }

    /// <summary>Appends all rows of <paramref name="batch"/>, with their weights.</summary>
    public void Append(Batch batch)
    {
        for (int i = 0; i < Columns.Length; i++)
        {
            Columns[i].AppendRange(batch.Columns[i], 0, batch.Count);
        }

        EndRows(batch.Count, batch.Weights is null ? default : batch.Weights.AsSpan(0, batch.Count));
    }

    /// <summary>Appends row <paramref name="row"/> of <paramref name="batch"/> with the given weight.</summary>
    public void AppendRow(Batch batch, int row, long weight)
    {
        for (int i = 0; i < Columns.Length; i++)
        {
            Columns[i].AppendFrom(batch.Columns[i], row);
        }

        EndRow(weight);
    }

    /// <summary>Lends the content; valid until the builder changes.</summary>
    public Batch View()
    {
        for (int i = 0; i < Columns.Length; i++)
        {
            Check.That(Columns[i].Count == Count);
            _views[i] = Columns[i].View();
        }

        _view.Count = Count;
        _view.Weights = _weighted ? _weights : null;
        return _view;
    }

    /// <summary>The rows so far over the builder's own arrays; stays valid while rows are only appended (see <see cref="ColumnBuilder.Share"/>).</summary>
    internal Batch Share() => new(Array.ConvertAll(Columns, c => c.Share()), Count, _weighted ? _weights : null);

    /// <summary>Copies the content into a batch of its own.</summary>
    public Batch ToBatch() =>
        new(Array.ConvertAll(Columns, c => c.ToColumn()), Count, _weighted ? _weights.AsSpan(0, Count).ToArray() : null);

    /// <summary>Empties the builder and keeps its memory.</summary>
    public void Reset()
    {
        foreach (ColumnBuilder column in Columns)
        {
            column.Reset();
        }

        Count = 0;
        _weighted = false;
    }

    /// <summary>Drops whatever was appended to the columns beyond the last ended row.</summary>
    public void DropUnfinishedRow()
    {
        foreach (ColumnBuilder column in Columns)
        {
            column.TruncateTo(Count);
        }
    }

    private void SetWeight(int row, long weight)
    {
        StartWeights(row + 1);
        _weights[row] = weight;
    }

    private void StartWeights(int rows)
    {
        if (_weights.Length < rows)
        {
            Array.Resize(ref _weights, Math.Max(rows, Math.Max(16, _weights.Length * 2)));
        }

        if (!_weighted)
        {
            _weights.AsSpan(0, Count).Fill(1);
            _weighted = true;
        }
    }
}
