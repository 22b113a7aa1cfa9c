// The Nexmark generator: proportions, ids, sizes, determinism, and java.util.Random's known values.
using System.Security.Cryptography;
using System.Text;
using Millrace.Core;
using Millrace.Generators.Nexmark;
using Xunit;

namespace Millrace.Tests.Generators;

public sealed class NexmarkTests
{
    [Fact]
    public void RandomGivesJavasValues()
    {
        // First draws of new java.util.Random(0) and (42), as widely published.
        var zero = new JavaRandom(0);
        Assert.Equal(-1155484576, zero.NextInt());
        Assert.Equal(-723955400, zero.NextInt());
        var answer = new JavaRandom(42);
        Assert.Equal(-1170105035, answer.NextInt());
        Assert.Equal(234785527, answer.NextInt());
        Assert.Equal([0, 3, 8, 4, 0], Ints(42, 10, 5));
        Assert.Equal(0.730967787376657, new JavaRandom(0).NextDouble(), 15);
        Assert.Equal(-4962768465676381896L, new JavaRandom(0).NextLong());
    }

    private static IEnumerable<int> Ints(long seed, int bound, int count)
    {
        var random = new JavaRandom(seed);
        int[] values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextInt(bound);
        }

        return values;
    }

    [Fact]
    public void OneInFiftyIsAPersonThreeAreAuctions()
    {
        (BatchBuilder person, BatchBuilder auction, BatchBuilder bid) = Draw(new NexmarkOptions(), 50_000);
        Assert.Equal(1_000, person.Count);
        Assert.Equal(3_000, auction.Count);
        Assert.Equal(46_000, bid.Count);
        Assert.Equal(Enumerable.Range(1000, 1000).Select(i => (long)i), Longs(person, 0));
        Assert.Equal(Enumerable.Range(1000, 3000).Select(i => (long)i), Longs(auction, 0));
    }

    [Fact]
    public void HotKeysAndSizesAreTheBenchmarks()
    {
        (BatchBuilder person, BatchBuilder auction, BatchBuilder bid) = Draw(new NexmarkOptions { FirstEvent = 1_000_000 }, 500_000);
        double hotAuctions = Longs(bid, 0).Count(a => (a - 1000) % 100 == 0) / (double)bid.Count;
        double hotBidders = Longs(bid, 1).Count(b => (b - 1000) % 100 == 1) / (double)bid.Count;
        double hotSellers = Longs(auction, 7).Count(s => (s - 1000) % 100 == 0) / (double)auction.Count;
        Assert.InRange(hotAuctions, 0.49, 0.53);
        Assert.InRange(hotBidders, 0.74, 0.77);
        Assert.InRange(hotSellers, 0.74, 0.78);
        Assert.InRange(Average(bid, 6), 60, 76);
        Assert.InRange(Average(auction, 9) + Average(auction, 1) + Average(auction, 2) + 48, 480, 520);
        Assert.InRange(Enumerable.Range(1, 5).Sum(c => Average(person, c)) + 8 + Average(person, 7), 190, 210);
        Assert.All(Longs(auction, 8), c => Assert.InRange(c, 10, 14));
        Assert.All(Longs(bid, 2), p => Assert.InRange(p, 100, 100_000_000));
        var channels = (BytesColumn)bid.View().Columns[3];
        double google = Enumerable.Range(0, bid.Count).Count(i => channels.Span(i).SequenceEqual("Google"u8)) / (double)bid.Count;
        Assert.InRange(google, 0.12, 0.13);
    }

    [Fact]
    public void AnEventDependsOnItsNumberAlone()
    {
        (_, _, BatchBuilder whole) = Draw(new NexmarkOptions(), 1_000);
        var parts = new BatchBuilder(NexmarkGenerator.Bid);
        new NexmarkGenerator().Generate(500, null, null, parts);
        new NexmarkGenerator(new NexmarkOptions { FirstEvent = 500 }).Generate(500, null, null, parts);
        Assert.Equal(Rows(whole), Rows(parts));
    }

    [Fact]
    public void EventTimesFollowTheRate()
    {
        var generator = new NexmarkGenerator(new NexmarkOptions { Rate = 10_000, BaseTimeMicros = 5_000_000 });
        Assert.Equal(5_000_000, generator.TimeOf(0));
        Assert.Equal(5_000_000, generator.TimeOf(9));
        Assert.Equal(5_001_000, generator.TimeOf(10));
        Assert.Equal(6_000_000, generator.TimeOf(10_000));
    }

    [Fact]
    public void OutOfOrderGroupsHoldTheSameEvents()
    {
        (_, _, BatchBuilder ordered) = Draw(new NexmarkOptions(), 1_000);
        (_, _, BatchBuilder shuffled) = Draw(new NexmarkOptions { OutOfOrderGroup = 100 }, 1_000);
        Assert.NotEqual(Rows(ordered), Rows(shuffled));
        Assert.Equal(Rows(ordered).Order(), Rows(shuffled).Order());
    }

    [Fact]
    public void GoldenRows()
    {
        (BatchBuilder person, BatchBuilder auction, BatchBuilder bid) = Draw(new NexmarkOptions { FirstEvent = 100 }, 50);
        string all = string.Join('\n', Rows(person).Concat(Rows(auction)).Concat(Rows(bid)));
        Assert.StartsWith("1002|Saul Abrams|ved@prha.com|2773 1119 8", all);
        Assert.Equal("98dc089bc87f4cc4", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..16]);
    }

    private static (BatchBuilder Person, BatchBuilder Auction, BatchBuilder Bid) Draw(NexmarkOptions options, int events)
    {
        var result = (new BatchBuilder(NexmarkGenerator.Person), new BatchBuilder(NexmarkGenerator.Auction), new BatchBuilder(NexmarkGenerator.Bid));
        new NexmarkGenerator(options).Generate(events, result.Item1, result.Item2, result.Item3);
        return result;
    }

    private static long[] Longs(BatchBuilder builder, int column) => ((FixedColumn<long>)builder.View().Columns[column]).Values[..builder.Count];

    private static double Average(BatchBuilder builder, int column) =>
        ((BytesColumn)builder.View().Columns[column]).Offsets[builder.Count] / (double)builder.Count;

    private static List<string> Rows(BatchBuilder builder)
    {
        Batch batch = builder.View();
        return Enumerable.Range(0, batch.Count).Select(r => string.Join('|', batch.Columns.Select(c =>
            c is BytesColumn b ? b.Slice(r).ToString() : ((FixedColumn<long>)c).Values[r].ToString()))).ToList();
    }
}
