// Arrays that a checkpoint copies while they change: the copy is what they were.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.State;

public sealed class FrozenSlotsTests
{
    /// <summary>One thread copies, the other goes on: it says which slots it will change, changes them, and sometimes grows the arrays.</summary>
    [Fact]
    public async Task TheCopyIsWhatWasWhateverChangesMeanwhile()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            int slots = random.Next(1, 60_000);
            long[] longs = [.. Enumerable.Range(0, slots + random.Next(10)).Select(i => (long)i)];
            Int128[] wide = [.. Enumerable.Range(0, slots).Select(i => (Int128)i << 64 | (uint)i)];
            byte[] bytes = [.. Enumerable.Range(0, slots * 3).Select(i => (byte)i)];
            var pieces = new PieceWriter(0, new Dictionary<long, long>(), new SectionBlocks());
            var section = new ByteWriter { Beside = pieces };
            section.WriteByte(77);
            FrozenSlots frozen = FrozenSlots.Begin(section, slots)!;
            FrozenSlots.Write(section, longs, slots);
            FrozenSlots? inner = FrozenSlots.Begin(section, 2);
            FrozenSlots.Write(section, new[] { 5, 6 }, 2);
            FrozenSlots.End(section);
            FrozenSlots.Write(section, bytes, slots, each: 3);
            FrozenSlots.Write(section, wide, slots);
            FrozenSlots.End(section);
            section.WriteByte(78);
            Assert.NotNull(inner);
            Assert.Equal([inner, frozen], pieces.Frozen);
            byte[] expected = [77, .. Bytes(longs, slots), .. Bytes([5, 6], 2), .. Bytes(bytes, slots * 3), .. Bytes(wide, slots), 78];

            Task copying = Task.Run(() => pieces.Frozen.ForEach(f => f.CopyAll()));
            bool told = true;
            for (int i = 0; i < 300; i++)
            {
                int[] touched = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(slots + 5)).Where(s => s < longs.Length && s < slots)];
                told = told && frozen.Keep(touched);
                foreach (int slot in touched)
                {
                    longs[slot] = -1;
                    wide[slot] = -1;
                    bytes[slot * 3] = 0xEE;
                }

                if (random.Next(60) == 0)
                {
                    Array.Resize(ref longs, longs.Length + 10);
                }
            }

            await copying;
            Assert.False(frozen.Keep([0]));
            Assert.Equal(expected, section.Written.ToArray());
        }
    }

    [Fact]
    public void WithoutACheckpointThatGoesOnBesideItIsWrittenAtOnce()
    {
        var section = new ByteWriter();
        Assert.Null(FrozenSlots.Begin(section, 2));
        FrozenSlots.Write(section, new long[] { 1, 2, 3 }, 2);
        FrozenSlots.End(section);
        Assert.Equal(Bytes([1L, 2L], 2), section.Written.ToArray());
        var small = new ByteWriter { Beside = new PieceWriter(1_000, new Dictionary<long, long>(), new SectionBlocks()) };
        Assert.Null(FrozenSlots.Begin(small, 2));
        FrozenSlots.Write(small, new long[] { 1, 2, 3 }, 2);
        FrozenSlots.End(small);
        Assert.Equal(section.Written.ToArray(), small.Written.ToArray());
    }

    private static byte[] Bytes<T>(T[] values, int count)
        where T : unmanaged
    {
        var writer = new ByteWriter();
        writer.WriteArray(values, count);
        return writer.Written.ToArray();
    }
}
