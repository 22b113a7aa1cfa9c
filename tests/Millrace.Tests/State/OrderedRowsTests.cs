// The ordered multiset against a sorted dictionary, and join rows against a dictionary of weights.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.State;

public sealed class OrderedRowsTests
{
    [Theory]
    [InlineData(3, 40, 4000)]
    [InlineData(200, 20_000, 20_000)]
    [InlineData(3000, 600, 1500)]
    public void BehavesLikeASortedDictionary(int lengthMax, int keys, int steps)
    {
        var random = new Random(lengthMax);
        var rows = new OrderedRows();
        var expected = new SortedDictionary<byte[], long>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        for (int step = 0; step < steps; step++)
        {
            byte[] key = Key(random.Next(keys), lengthMax);
            long weight = step > steps / 2 && expected.Count > 0 && random.Next(3) > 0 ? -expected.GetValueOrDefault(key) : random.Next(1, 3);
            long now = rows.Add(key, weight);
            long wanted = expected.GetValueOrDefault(key) + weight;
            Assert.Equal(wanted, now);
            expected.Remove(key);
            if (wanted != 0)
            {
                expected[key] = wanted;
            }

            Assert.Equal(expected.Count, rows.Count);
            if (step % (steps / 20) == 0)
            {
                Compare(rows, expected, Key(random.Next(keys), lengthMax));
                var writer = new ByteWriter();
                rows.Save(writer);
                var fresh = new OrderedRows();
                var reader = new ByteReader(writer.Written);
                fresh.Load(ref reader);
                Compare(fresh, expected, key);
            }
        }

        rows.RemovePrefix([]);
        Assert.Equal(0, rows.Count);
        Assert.False(rows.First().Valid);
        Assert.True(rows.Bytes < 10_000);
    }

    [Fact]
    public void PrefixesHaveAFirstAndALast()
    {
        var rows = new OrderedRows();
        foreach (byte a in new byte[] { 1, 2, 255 })
        {
            for (int b = 0; b < 300; b++)
            {
                rows.Add([a, (byte)(b >> 8), (byte)b], 1);
            }
        }

        foreach (byte a in new byte[] { 1, 2, 255 })
        {
            Assert.Equal(new byte[] { a, 0, 0 }, rows.Seek([a]).Key.ToArray());
            Assert.Equal(new byte[] { a, 1, 43 }, rows.SeekLast([a]).Key.ToArray());
        }

        Assert.False(rows.SeekLast([3]).At([3]));
        rows.RemovePrefix([2]);
        Assert.Equal(600, rows.Count);
        Assert.False(rows.Seek([2]).At([2]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void JoinRowsKeepWeightsByKey(bool retractable)
    {
        var random = new Random(3);
        var store = new RowStore(retractable);
        var expected = new Dictionary<(int, string), long>();
        for (int step = 0; step < 20_000; step++)
        {
            int key = random.Next(20);
            byte[] row = new byte[random.Next(60)];
            row.AsSpan().Fill((byte)random.Next(4));
            long weight = retractable && random.Next(2) == 0 ? -1 : 1;
            store.Change(key, row, weight, 7);
            (int, string) at = (key, Convert.ToHexString(row));
            expected[at] = expected.GetValueOrDefault(at) + weight;
            if (step % 4000 == 3999)
            {
                var writer = new ByteWriter();
                store.Save(writer);
                store = new RowStore(retractable);
                var reader = new ByteReader(writer.Written);
                store.Load(ref reader);
                var found = new Dictionary<(int, string), long>();
                for (int k = 0; k < 20; k++)
                {
                    for (int r = store.First(k); r >= 0; r = store.Next(r))
                    {
                        (int, string) name = (k, Convert.ToHexString(store.Row(r)));
                        found[name] = found.GetValueOrDefault(name) + store.Weight(r);
                        Assert.Equal(7, store.Matches(r));
                    }
                }

                Assert.Equal(expected.Where(p => p.Value != 0).OrderBy(p => p.Key), found.OrderBy(p => p.Key));
            }
        }
    }

    private static void Compare(OrderedRows rows, SortedDictionary<byte[], long> expected, byte[] probe)
    {
        OrderedRows.Cursor forward = rows.First();
        OrderedRows.Cursor backward = rows.Last();
        foreach ((byte[] key, long weight) in expected)
        {
            Assert.Equal(key, forward.Key.ToArray());
            Assert.Equal(weight, forward.Weight);
            forward.Next();
        }

        Assert.False(forward.Valid);
        foreach ((byte[] key, _) in expected.Reverse())
        {
            Assert.Equal(key, backward.Key.ToArray());
            backward.Previous();
        }

        Assert.False(backward.Valid);
        byte[]? first = expected.Keys.FirstOrDefault(k => k.AsSpan().SequenceCompareTo(probe) >= 0);
        OrderedRows.Cursor sought = rows.Seek(probe);
        Assert.Equal(first, sought.Valid ? sought.Key.ToArray() : null);
    }

    private static byte[] Key(int number, int lengthMax)
    {
        var random = new Random(number);
        byte[] key = new byte[random.Next(1, lengthMax)];
        random.NextBytes(key);
        return key;
    }
}
