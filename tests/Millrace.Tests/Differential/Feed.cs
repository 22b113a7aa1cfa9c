// A subscription taken in as a client would: the snapshot, then every change; what it adds up to must be the view.
using Millrace.Core;

namespace Millrace.Tests.Differential;

internal sealed class Feed(Subscription subscription) : IAsyncDisposable
{
    private readonly Dictionary<string, (string?[] Row, long Count)> _rows = new(StringComparer.Ordinal);
    private readonly bool[] _floats = [.. Enumerable.Range(0, subscription.Columns.Count).Select(c => subscription.Columns[c].Type.Id is TypeId.Double or TypeId.Real)];

    /// <summary>What the events so far add up to; waits a little for those that are still on their way to equal <paramref name="expected"/>.</summary>
    public async Task<string?> DifferenceToAsync(Answer expected)
    {
        for (int wait = 0; ; wait++)
        {
            while (subscription.Events.TryRead(out SubscriptionEvent? e))
            {
                if (e.Error is not null)
                {
                    return "the subscription ended: " + e.Error.Message;
                }

                if (e.Batch is Batch batch)
                {
                    Add(batch);
                }
            }

            if (_rows.Values.FirstOrDefault(r => r.Count < 0).Row is string?[] negative)
            {
                return "a row was taken away that was never there: " + string.Join(" | ", negative.Select(v => v ?? "NULL"));
            }

            List<string?[]> rows = [.. _rows.Values.SelectMany(r => Enumerable.Repeat(r.Row, (int)r.Count))];
            string? difference = new Answer(null, "", rows, _floats).DifferenceTo(expected, ordered: false);
            if (difference is null || wait >= 20)
            {
                return difference is null ? null : "as followed by SUBSCRIBE: " + difference;
            }

            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            try
            {
                await subscription.Events.WaitToReadAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // Nothing came: once more, then it counts.
            }
        }
    }

    public ValueTask DisposeAsync() => subscription.DisposeAsync();

    private void Add(Batch batch)
    {
        for (int r = 0; r < batch.Count; r++)
        {
            var row = new string?[subscription.Columns.Count];
            for (int c = 0; c < row.Length; c++)
            {
                row[c] = batch.Columns[c].IsNull(r) ? null : TextFormat.ToText(batch.Columns[c], r);
            }

            string key = string.Join('\u0001', row.Select(v => v is null ? "∅" : "=" + v));
            long weight = batch.Weights is null ? 1 : batch.Weights[r];
            long count = _rows.GetValueOrDefault(key).Count + weight;
            if (count == 0)
            {
                _rows.Remove(key);
            }
            else
            {
                _rows[key] = (row, count);
            }
        }
    }
}
