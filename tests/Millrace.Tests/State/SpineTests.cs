// Spines against a dictionary: what the runs hold together is what was added, and neither a change nor a look has to go through too much.
using System.Buffers.Binary;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.State;

public sealed class SpineTests
{
    [Theory]
    [InlineData(1, 2_000, 3_000_000)]
    [InlineData(2, 500, 40_000)]
    [InlineData(3, 9_000, 400_000)]
    [InlineData(4, 40, 500)]
    public void RunsAddUpToWhatWasAdded(int seed, int rowsMax, int keys)
    {
        var random = new Random(seed);
        var spine = new Spine();
        var expected = new Dictionary<int, long>();
        RowRun[] mark = spine.Runs;
        Dictionary<int, long> then = [];
        for (int round = 0; round < 300; round++)
        {
            var changes = new Dictionary<int, long>();
            int rows = 1 + random.Next(rowsMax);
            for (int i = 0; i < rows; i++)
            {
                // Half of them take back what is there.
                int key = random.Next(keys);
                changes[key] = expected.TryGetValue(key, out long held) && random.Next(2) == 0 ? -held : 1 + random.Next(3);
            }

            foreach ((int key, long weight) in changes)
            {
                expected[key] = expected.GetValueOrDefault(key) + weight;
                if (expected[key] == 0)
                {
                    expected.Remove(key);
                }
            }

            spine.Add(Run(changes));
            if (round % 50 == 10)
            {
                (mark, then) = (spine.Runs, new(expected));
            }
            else if (round % 50 == 23)
            {
                spine = spine.AsOf(mark);
                expected = new(then);
            }

            // Sizes at least halve from run to run, but for those that are being merged.
            Assert.InRange(spine.Runs.Length, 0, 2 + (3 * (int)Math.Log2(2 + (spine.Rows / 256))));
            if (round % 20 == 0 || round > 290)
            {
                Assert.Equal(expected.OrderBy(e => e.Key), Held(spine));
            }
        }
    }

    [Fact]
    public void EverythingThatIsTakenBackIsGone()
    {
        var spine = new Spine();
        for (int round = 0; round < 64; round++)
        {
            var rows = Enumerable.Range(0, 1000).ToDictionary(i => (round * 1000) + i, _ => 1L);
            spine.Add(Run(rows));
        }

        for (int round = 63; round >= 0; round--)
        {
            spine.Add(Run(Enumerable.Range(0, 1000).ToDictionary(i => (round * 1000) + i, _ => -1L)));
        }

        Assert.Empty(Held(spine));
        for (int i = 0; i < 64; i++)
        {
            // Whatever is added gives the merges their steps.
            spine.Add(Run(new Dictionary<int, long> { [i] = i % 2 == 0 ? 1 : -1 }));
            spine.Add(Run(Enumerable.Range(100_000, 3000).ToDictionary(k => k, _ => i % 2 == 0 ? 1L : -1L)));
        }

        Assert.Equal(64, Held(spine).Count);
        Assert.InRange(spine.Bytes, 0, 1 << 20);
    }

    private static RowRun Run(Dictionary<int, long> changes)
    {
        byte[] data = new byte[changes.Count * 4];
        int[] offsets = [.. Enumerable.Range(0, changes.Count + 1).Select(i => i * 4)];
        long[] weights = new long[changes.Count];
        int at = 0;
        foreach ((int key, long weight) in changes)
        {
            BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(at * 4), key);
            weights[at++] = weight;
        }

        return RowRun.Build(data, offsets, weights, changes.Count);
    }

    private static List<KeyValuePair<int, long>> Held(Spine spine)
    {
        var held = new List<KeyValuePair<int, long>>();
        var cursor = new SpineCursor(spine.Runs);
        while (cursor.MoveNext())
        {
            held.Add(new(BinaryPrimitives.ReadInt32BigEndian(cursor.Row), cursor.Weight));
        }

        return held;
    }
}
