// RESUME: a view that stood still, computed anew from what it reads, and how that differs from what it gave before.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Computes a view's query over the rows there are, beside the view. What comes out is compared with the rows that the view has: the difference is what has
/// changed while it stood still, and it goes to whoever reads the view as one change. Rows that an append-only view has given are never taken back.
/// </summary>
internal sealed class ViewRebuild(ViewState view)
{
    private const int RowsMax = 8192;

    public ViewState View => view;

    /// <summary>The dataflow with its new state.</summary>
    public QueryFeed Feed { get; } = view.NewFeed();

    /// <summary>All rows, for a view whose rows change; null otherwise, and before it has run.</summary>
    public RowRun? Result { get; private set; }

    /// <summary>What has changed.</summary>
    public List<Batch> Difference { get; } = [];

    /// <summary>Rows of its inputs with times up to here (µs) may have been gone.</summary>
    public long GoneUpto { get; private set; } = long.MinValue;

    /// <exception cref="SqlException">The query fails on the data there is; 53200: too much state; 55000: what an append-only view gave does not come again.</exception>
    public void Run(Func<int, ObjectState> inputs, ChunkLoader load, long epoch, long now, long stateBytesMax, Workers workers)
    {
        GoneUpto = view.InputIds.Max(id => inputs(id).AppendedRows?.GoneUpto ?? long.MinValue);
        Feed.Backfill(id => inputs(id).Snapshot(), load, id => inputs(id).ProgressNow(inputs), epoch, now, stateBytesMax, workers);
        if (view.AppendedRows is { } chunks)
        {
            Append(chunks, load);
            return;
        }

        (RowRun run, _) = Feed.TakeChange();
        Result = run;
        var cursor = new SpineCursor([run, .. view.Runs.Select(r => r.Negated())]);
        var rows = new Rows(view.Layout, Difference);
        while (cursor.MoveNext())
        {
            rows.Add(cursor.Row, cursor.Weight);
        }

        rows.End();
    }

    private void Append(ChunkList chunks, ChunkLoader load)
    {
        if (chunks.Rows < chunks.NextOffset)
        {
            throw CannotResume("its retention has let go of rows, and they would come again");
        }

        var sum = new ChangeCollector(view.Layout);
        foreach (Batch given in chunks.Snapshot().Scan(view.Id, load))
        {
            var taken = new long[given.Count];
            Array.Fill(taken, -1);
            sum.Add(new Batch(given.Columns, given.Count, taken));
        }

        foreach (Batch batch in Feed.TakeAppended())
        {
            sum.Add(batch);
        }

        RowRun run = sum.Take();
        var keys = new EncodedRows();
        bool keyed = view.Definition.PrimaryKey.Count > 0;
        if (keyed)
        {
            view.Layout.EncodeKeys(sum.ToBatch(run), keys);
        }

        var rows = new Rows(view.Layout, Difference);
        int end;
        for (int start = 0; start < run.Count; start = end)
        {
            end = start + 1;
            bool given = run.Weight(start) < 0;
            while (keyed && end < run.Count && keys.Key(end).SequenceEqual(keys.Key(start)))
            {
                given |= run.Weight(end++) < 0;
            }

            if (given && !keyed)
            {
                throw CannotResume("not all rows that it gave come again, and they cannot be told from new ones without a key");
            }

            // What was given of a key stays as it is: a window is given once.
            for (int i = start; i < end && !given; i++)
            {
                for (long times = run.Weight(i); times > 0; times--)
                {
                    rows.Add(run.Row(i), 1);
                }
            }
        }

        rows.End();
    }

    private SqlException CannotResume(string why) => new("55000", $"view \"{view.Definition.Name}\" cannot be resumed: {why}", hint: "drop it and create it anew");

    // Gathers encoded rows into batches of their own.
    private sealed class Rows(RowLayout layout, List<Batch> batches)
    {
        private BatchBuilder _builder = new(layout.Schema);
        private ColumnBuilder[]? _arranged;

        public void Add(ReadOnlySpan<byte> row, long weight)
        {
            layout.Decode(row, _arranged ??= layout.Arrange(_builder));
            _builder.EndRow(weight);
            if (_builder.Count >= RowsMax)
            {
                End();
            }
        }

        public void End()
        {
            if (_builder.Count > 0)
            {
                batches.Add(_builder.Share());
                _builder = new BatchBuilder(layout.Schema);
                _arranged = null;
            }
        }
    }
}
