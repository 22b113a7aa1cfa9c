// Nexmark's events drawn into batches before anything is timed.
using Millrace.Core;
using Millrace.Generators.Nexmark;

namespace Millrace.Bench;

/// <summary>The batches of all three streams in the order in which they are fed.</summary>
internal sealed class NexmarkEvents
{
    private NexmarkEvents(IReadOnlyList<(string Input, Batch Batch)> batches) => Batches = batches;

    public IReadOnlyList<(string Input, Batch Batch)> Batches { get; }

    /// <summary>Draws <paramref name="events"/> events; each stretch of <paramref name="batchEvents"/> gives one batch a stream; bids may be left out.</summary>
    public static NexmarkEvents Draw(int events, int batchEvents, bool bids = true)
    {
        var generator = new NexmarkGenerator();
        var batches = new List<(string, Batch)>();
        (string Name, BatchBuilder Rows)[] builders =
        [
            ("person", new BatchBuilder(NexmarkGenerator.Person)), ("auction", new BatchBuilder(NexmarkGenerator.Auction)),
            ("bid", new BatchBuilder(NexmarkGenerator.Bid)),
        ];
        for (int done = 0; done < events; done += batchEvents)
        {
            generator.Generate(Math.Min(batchEvents, events - done), builders[0].Rows, builders[1].Rows, bids ? builders[2].Rows : null);
            foreach ((string name, BatchBuilder rows) in builders.Where(b => b.Rows.Count > 0))
            {
                batches.Add((name, rows.ToBatch()));
                rows.Reset();
            }
        }

        return new NexmarkEvents(batches);
    }

    /// <summary>Rows of bid, or of auction and person.</summary>
    public long RowsRead(bool auctionsAndPersons) => Batches.Where(b => (b.Input != "bid") == auctionsAndPersons).Sum(b => (long)b.Batch.Count);
}
