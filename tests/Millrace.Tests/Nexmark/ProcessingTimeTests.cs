// q12 against a plain count: windows of the time at which rows came in, which only a clock of our own makes repeatable.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Generators.Nexmark;
using Millrace.Log;
using Millrace.Sim;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Nexmark;

public sealed class ProcessingTimeTests
{
    private const long Window = 10_000_000;

    [Fact]
    public void Bids_are_counted_by_the_time_they_come_in_and_recovery_does_not_change_it()
    {
        var clock = new SimClock();
        var disk = new SimDisk(12) { CompleteAtOnce = true };
        DatabaseEngine engine = Open(disk, clock, 1);
        Define(engine, disk, "CREATE STREAM bid (bidder bigint)");
        Define(engine, disk, NexmarkQueries.Find("q12")!.Definition);
        var random = new Random(12);
        var expected = new Dictionary<(long Bidder, long Start), long>();
        for (int write = 0; write < 200; write++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 900)));
            var rows = new BatchBuilder(engine.Current.Catalog.Find(null, "bid")!.Columns);
            for (int i = random.Next(1, 20); i > 0; i--)
            {
                long bidder = random.Next(0, 12);
                ((FixedBuilder<long>)rows.Columns[0]).Append(bidder);
                rows.EndRow();
                (long, long) key = (bidder, clock.UtcNowMicros / Window * Window);
                expected[key] = expected.GetValueOrDefault(key) + 1;
            }

            Ask(engine, disk, new WriteRequest([new WriteEntry(engine.Current.Catalog.Find(null, "bid")!.Id, rows.ToBatch(), WriteRule.Append)]));
            if (write == 120)
            {
                disk.Restart();
                clock.Advance(TimeSpan.FromHours(1));
                engine = Open(disk, clock, 2);
            }
        }

        var counted = new Dictionary<(long Bidder, long Start), long>();
        foreach (Batch batch in engine.Current.Find(engine.Current.Catalog.Find(null, "q12")!.Id).Scan(engine.Current.Load))
        {
            for (int r = 0; r < batch.Count; r++)
            {
                long[] row = [.. batch.Columns.Select(c => ((FixedColumn<long>)c).Values[r])];
                Assert.Equal(row[2] + Window, row[3]);
                counted[(row[0], row[2])] = counted.GetValueOrDefault((row[0], row[2])) + row[1];
            }
        }

        Assert.Equal(expected.OrderBy(e => e.Key), counted.OrderBy(e => e.Key));
    }

    private static DatabaseEngine Open(SimDisk disk, SimClock clock, ulong seed)
    {
        var random = new SimRandom(seed);
        return new DatabaseEngine(disk, new EngineOptions { Clock = clock, Log = new LogOptions { Random = random.NextULong } });
    }

    private static void Define(DatabaseEngine engine, SimDisk disk, string sql) => Ask(engine, disk, new DefinitionRequest(SqlParser.Parse(sql)[0], sql));

    private static T Ask<T>(DatabaseEngine engine, SimDisk disk, Request<T> request)
    {
        engine.Submit(request);
        while (engine.Step() || !engine.IsIdle)
        {
            disk.Poll();
        }

        return request.Task.GetAwaiter().GetResult();
    }
}
