// Sets of times against sets of numbers, and the windows that lie in them; stretches of late windows never lose one.
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Rollups;

public sealed class TimeRangesTests
{
    private const int Times = 60;

    [Fact]
    public void SetsOfTimesAreSetsOfNumbers()
    {
        for (ulong seed = 1; seed <= 500; seed++)
        {
            var random = new SimRandom(seed);
            (TimeRanges a, HashSet<int> x) = Some(random);
            (TimeRanges b, HashSet<int> y) = Some(random);
            Same(seed, a.And(b), x.Intersect(y));
            Same(seed, a.Or(b), x.Union(y));
            Same(seed, a.Except(b), x.Except(y));
            Same(seed, a.Not().And(TimeRanges.Of(0, Times)), Enumerable.Range(0, Times).Except(x));
            var bucket = new Bucket(1 + random.Next(9), random.Next(20) - 10);
            Same(seed, a.Whole(bucket), x.Where(t => Enumerable.Range((int)bucket.Floor(t), (int)bucket.Size).All(x.Contains)));
            Assert.True(a.Ranges.Zip(a.Ranges.Skip(1)).All(p => p.First.To < p.Second.From));
        }
    }

    [Fact]
    public void WindowsReachUpToTheInfinities()
    {
        var bucket = new Bucket(7, 3);
        Assert.Equal((3L, 10L, -4L), (bucket.Floor(9), bucket.Ceiling(9), bucket.Floor(2)));
        Assert.Equal((long.MinValue, TimeRanges.First, long.MaxValue), (bucket.Floor(long.MinValue), bucket.Floor(TimeRanges.First), bucket.Floor(long.MaxValue)));
        Assert.Equal(long.MaxValue, bucket.Ceiling(long.MaxValue - 1));
        Assert.True(bucket.Divides(new Bucket(21, 10)) && !bucket.Divides(new Bucket(21, 11)) && !bucket.Divides(new Bucket(20, 3)));
        Assert.True(TimeRanges.All.Not().IsEmpty && TimeRanges.None.Not().Ranges[0] == TimeRanges.All.Ranges[0]);
    }

    [Fact]
    public void LateWindowsAreNeverForgotten()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            var random = new SimRandom(seed);
            var late = new LateWindows();
            var ends = new List<long>();
            for (int i = 0; i < 300; i++)
            {
                ends.Add(random.Next(10_000));
                late.Add(ends[^1]);
                Assert.InRange(late.Ranges.Length, 1, 64);
                Assert.True(late.Ranges.Zip(late.Ranges.Skip(1)).All(p => p.First.Last < p.Second.First), $"seed {seed}");
            }

            Assert.All(ends, e => Assert.Contains(late.Ranges, r => r.First <= e && e <= r.Last));
            Assert.All(late.Ranges, r => Assert.True(ends.Contains(r.First) && ends.Contains(r.Last)));
        }
    }

    private static (TimeRanges Ranges, HashSet<int> Numbers) Some(SimRandom random)
    {
        (TimeRanges ranges, HashSet<int> numbers) = (TimeRanges.None, []);
        for (int i = random.Next(5); i > 0; i--)
        {
            int from = random.Next(Times);
            int to = from + random.Next(Times - from);
            ranges = ranges.Or(TimeRanges.Of(from, to));
            numbers.UnionWith(Enumerable.Range(from, to - from));
        }

        return (ranges, numbers);
    }

    private static void Same(ulong seed, TimeRanges found, IEnumerable<int> expected) => Assert.True(
        found.Ranges.SelectMany(r => Enumerable.Range((int)r.From, (int)(r.To - r.From))).SequenceEqual(expected.Order()), $"seed {seed}");
}
