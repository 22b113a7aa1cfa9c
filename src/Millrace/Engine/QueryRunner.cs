// SELECT: the operators of a view, run once over a snapshot on the reader's own thread.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Runs a bound query once. The same operators serve views, so both give the same answer.</summary>
internal static class QueryRunner
{
    /// <summary>Runs a query and returns its rows in order, without weights.</summary>
    /// <param name="dataflow">Its compiled plan; keeps its counters.</param>
    /// <param name="query">Parameters already replaced by literals.</param>
    /// <param name="snapshot">What is read.</param>
    /// <param name="now">What now() gives, µs.</param>
    /// <param name="source">Where rows come from.</param>
    /// <param name="cancellation">Checked between batches.</param>
    public static List<Batch> Run(
        Dataflow dataflow, BoundQuery query, DatabaseSnapshot snapshot, long now, RowSource source, CancellationToken cancellation)
    {
        var output = new BatchBuilder(query.Plan.Columns);
        bool weighted = false;
        dataflow.Sink = batch =>
        {
            weighted |= batch.Weights is not null;
            output.Append(batch);
        };
        dataflow.Cancellation = cancellation;
        dataflow.BeginEpoch(now);
        for (int i = 0; i < dataflow.Inputs.Count; i++)
        {
            CatalogObject input = dataflow.Inputs[i];
            IEnumerable<Batch> rows;
            if (source.Appended(input, ScanNeed.Of(query.Plan, input), dataflow.Context) is { } scan)
            {
                rows = PartialAggregation.TryRun(dataflow, i, scan, query.Plan, source.NewContext, now, cancellation) ? scan.Unsealed(snapshot.Load) : scan.All(snapshot.Load);
            }
            else
            {
                rows = source.Rows(input, KeyLookup.Find(query.Plan, input, snapshot));
            }

            foreach (Batch batch in rows)
            {
                cancellation.ThrowIfCancellationRequested();
                dataflow.Push(i, batch);
            }
        }

        long[] watermarks = new long[dataflow.Inputs.Count];
        Array.Fill(watermarks, long.MaxValue);
        dataflow.EndEpoch(snapshot.Epoch, now, watermarks);
        if (output.Count == 0)
        {
            return [];
        }

        Batch result = weighted ? Expand(output.Share(), query.Plan.Columns) : output.Share();
        return result.Count == 0 ? [] : [query.Order.Count == 0 ? result : Sort(result, query)];
    }

    // Operators may emit a row and take it back: what remains is given as often as its weight says.
    private static Batch Expand(Batch batch, Schema schema)
    {
        var layout = new RowLayout(schema, []);
        var rows = new EncodedRows();
        layout.Encode(batch, rows);
        var weights = new Dictionary<ByteSlice, long>(batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            var key = new ByteSlice(rows.Data, rows.Offsets[i], rows.Offsets[i + 1] - rows.Offsets[i]);
            weights[key] = weights.GetValueOrDefault(key) + batch.Weight(i);
        }

        var kept = new List<int>(batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch.Weight(i) <= 0)
            {
                continue;
            }

            var key = new ByteSlice(rows.Data, rows.Offsets[i], rows.Offsets[i + 1] - rows.Offsets[i]);
            long give = Math.Min(weights[key], batch.Weight(i));
            weights[key] -= Math.Max(give, 0);
            for (; give > 0; give--)
            {
                kept.Add(i);
            }
        }

        return batch.Pick(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(kept));
    }

    private static Batch Sort(Batch batch, BoundQuery query)
    {
        var codec = new RowCodec(
            [.. query.Order.Select(k => query.Plan.Columns[k.Column].Type)], exact: false,
            [.. query.Order.Select(k => k.Descending)], [.. query.Order.Select(k => k.NullsFirst)]);
        var rows = new EncodedRows();
        codec.Encode(batch, [.. query.Order.Select(k => k.Column)], rows);
        int[] order = new int[batch.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        // Ties keep the order of arrival, so that the same query gives the same answer.
        order.AsSpan().Sort((a, b) => rows.Row(a).SequenceCompareTo(rows.Row(b)) is not 0 and int c ? c : a.CompareTo(b));
        return batch.Pick(order);
    }
}
