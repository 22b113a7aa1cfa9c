// Blocks by content: they are the section, and a change here leaves the blocks there as they are.
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class SectionBlocksTests
{
    [Fact]
    public void BlocksAreTheSection()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            byte[] content = Content(seed, seed < 4 ? seed : new Random(seed).Next(200_000));
            int at = 0;
            foreach (SectionBlock block in SectionBlocks.Cut(content))
            {
                Assert.Equal(at, block.Start);
                Assert.InRange(block.Length, 1, 16 << 10);
                Assert.Equal(SectionBlocks.HashOf(content.AsSpan(block.Start, block.Length)), block.Hash);
                at += block.Length;
            }

            Assert.Equal(content.Length, at);
        }
    }

    [Fact]
    public void AChangeLeavesTheBlocksElsewhere()
    {
        for (int seed = 10; seed < 30; seed++)
        {
            var random = new Random(seed);
            byte[] content = Content(seed, 400_000);
            List<byte> changed = [.. content];
            changed[random.Next(changed.Count)] ^= 1;
            changed.InsertRange(random.Next(changed.Count), [1, 2, 3, 4, 5]);
            changed.RemoveRange(random.Next(changed.Count - 100), random.Next(100));
            HashSet<UInt128> before = [.. SectionBlocks.Cut(content).Select(b => b.Hash)];
            List<SectionBlock> after = SectionBlocks.Cut(changed.ToArray());
            Assert.InRange(after.Count(b => !before.Contains(b.Hash)), 1, 12);
            Assert.InRange(after.Count, 400_000 / (16 << 10), 400_000 / (2 << 10));
        }
    }

    [Fact]
    public void EqualBytesInARowAreCutAtTheLargestBlock()
    {
        List<SectionBlock> blocks = SectionBlocks.Cut(new byte[100_000]);
        Assert.All(blocks.SkipLast(1), b => Assert.Equal(16 << 10, b.Length));
        Assert.Single(blocks.SkipLast(1).Select(b => b.Hash).Distinct());
    }

    // Numbers that resemble one another, as state does, or noise.
    private static byte[] Content(int seed, int length)
    {
        var random = new Random(seed);
        byte[] content = new byte[length];
        if (seed % 3 == 0)
        {
            random.NextBytes(content);
            return content;
        }

        for (int i = 0; i + 8 <= length; i += 8)
        {
            BitConverter.TryWriteBytes(content.AsSpan(i), (long)((i / 8 * 3) + random.Next(seed % 3 == 1 ? 2 : 100_000)));
        }

        return content;
    }
}
