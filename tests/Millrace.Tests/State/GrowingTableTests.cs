// The table that grows by parts, against a dictionary: what is put is found, what is taken out is not, with few keys, many, and keys of one hash.
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.State;

public sealed class GrowingTableTests
{
    [Theory]
    [InlineData(1, 100, uint.MaxValue)]
    [InlineData(2, 300_000, uint.MaxValue)]
    [InlineData(3, 9_000, 7u)] // hashes of the same upper bits
    [InlineData(4, 30_000, 0xFFFF0000u)] // hashes of the same lower bits
    public void HoldsWhatWasPut(int seed, int keys, uint bits)
    {
        var random = new Random(seed);
        uint[] hashes = [.. Enumerable.Range(0, keys).Select(_ => (uint)random.NextInt64(1L << 32) & bits)];
        var table = new GrowingTable<HashedSlot>();
        bool[] held = new bool[keys];
        long count = 0;
        for (int round = 0; round < keys * 3; round++)
        {
            int key = random.Next(keys);
            (HashedSlot[] part, int at) = Find(table, hashes[key], key);
            Assert.Equal(held[key], at >= 0);
            if (held[key] && random.Next(3) == 0)
            {
                table.RemoveAt(part, at);
                held[key] = false;
                count--;
            }
            else if (!held[key])
            {
                table.Add(new HashedSlot(hashes[key], key));
                held[key] = true;
                count++;
            }
        }

        for (int key = 0; key < keys; key++)
        {
            Assert.Equal(held[key], Find(table, hashes[key], key).At >= 0);
        }

        Assert.True(bits != uint.MaxValue || table.Bytes <= 4096 + (count * 8 * 10), $"{table.Bytes} bytes for {count} entries");
    }

    private static (HashedSlot[] Part, int At) Find(GrowingTable<HashedSlot> table, uint hash, int slot)
    {
        HashedSlot[] part = table.PartOf(hash);
        int at = (int)hash & (part.Length - 1);
        while (!HashedSlot.IsEmpty(part[at]))
        {
            if (part[at].Slot == slot)
            {
                Assert.Equal(hash, HashedSlot.Hash(part[at]));
                return (part, at);
            }

            at = (at + 1) & (part.Length - 1);
        }

        return (part, -1);
    }
}
