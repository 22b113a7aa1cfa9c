// Appends the Nexmark auction at a steady rate, and goes on where an earlier run ended.
using System.Diagnostics;
using Millrace.Core;
using Millrace.Generators.Nexmark;

namespace Millrace.Cli.Demo;

/// <summary>Persons, auctions and bids as batches, ten times a second.</summary>
internal sealed class AuctionFeed(Database database, long rate, long firstEvent)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private const double OwedSecondsMax = 30;
    private static readonly Schema Progress = new([new("name", SqlType.Text), new("event", SqlType.BigInt)]);
    private readonly NexmarkGenerator _generator = new(new NexmarkOptions
    {
        Rate = rate,
        FirstEvent = firstEvent,

        // Event n is at base + n / rate: choose the base so that the next event is now.
        BaseTimeMicros = ((DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10) - (long)((Int128)firstEvent * 1_000_000 / rate),
    });

    private readonly BatchBuilder _person = new(NexmarkGenerator.Person);
    private readonly BatchBuilder _auction = new(NexmarkGenerator.Auction);
    private readonly BatchBuilder _bid = new(NexmarkGenerator.Bid);

    /// <summary>Events sent so far.</summary>
    public long Rows { get; private set; }

    /// <summary>
    /// Where to start: behind the last event of an earlier run, at the start of a cycle of fifty. Progress is noted once a second, so after a kill up to a
    /// second of events is not: two seconds' worth of numbers are passed over rather than given twice.
    /// </summary>
    public static async Task<long> NextEventAsync(Session session, long rate)
    {
        IReadOnlyList<StatementResult> results = await session.ExecuteAsync("SELECT event FROM demo_progress WHERE name = 'nexmark'");
        long progress = Single(results[0]);
        return progress == 0 ? 0 : (progress + (2 * rate) + NexmarkGenerator.Cycle - 1) / NexmarkGenerator.Cycle * NexmarkGenerator.Cycle;
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Tick);
        long start = Stopwatch.GetTimestamp();
        double lost = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                // A stall is made up for in small batches; a machine that cannot keep up at all forgets what it owes beyond a while.
                double owed = ((Stopwatch.GetElapsedTime(start).TotalSeconds - lost) * rate) - Rows;
                if (owed > rate * OwedSecondsMax)
                {
                    lost += (owed / rate) - OwedSecondsMax;
                }

                await SendAsync((int)Math.Min(owed, Math.Max(rate / 2, 1)));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The demo ends.
        }

        await SaveAsync();
    }

    private async Task SendAsync(int events)
    {
        _person.Reset();
        _auction.Reset();
        _bid.Reset();
        _generator.Generate(events, _person, _auction, _bid);
        await Task.WhenAll(Append("person", _person), Append("auction", _auction), Append("bid", _bid));
        Rows += events;
        if (Rows / rate != (Rows - events) / rate)
        {
            await SaveAsync();
        }
    }

    private Task Append(string stream, BatchBuilder rows) =>
        rows.Count == 0 ? Task.CompletedTask : database.AppendAsync(stream, rows.ToBatch()).AsTask();

    private async Task SaveAsync()
    {
        var row = new BatchBuilder(Progress);
        ((BytesBuilder)row.Columns[0]).Append("nexmark"u8);
        ((FixedBuilder<long>)row.Columns[1]).Append(_generator.NextEvent);
        row.EndRow();
        await database.AppendAsync("demo_progress", row.ToBatch());
    }

    private static long Single(StatementResult result)
    {
        Batch? batch = result.Batches.FirstOrDefault(b => b.Count > 0);
        return batch?.Columns[0] is FixedColumn<long> c && !c.IsNull(0) ? c.Values[0] : 0;
    }
}
