// Large sections of checkpoints as blocks by content: what the newest checkpoint has already is named again, whatever kind of state it is.
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Millrace.Engine;

/// <summary>A stretch of a section.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Hash">Of its content.</param>
internal readonly record struct SectionBlock(int Start, int Length, UInt128 Hash);

/// <summary>
/// Where the blocks of a checkpoint's sections lie, by what is in them. Blocks end where the content says so (gear hashing, as in FastCDC: Xia and others, A Fast and
/// Efficient Content-Defined Chunking Approach for Data Deduplication, 2016), so that what is put in or taken out somewhere changes the blocks there and no others.
/// Two blocks are the same when the first half of their SHA-256 is.
/// </summary>
internal sealed class SectionBlocks
{
    // About 5 KiB on the average: one changed value among thousands that did not change costs that much, and a table of places some 14 bytes for each.
    private const int BytesMin = 2 << 10;
    private const int BytesMax = 16 << 10;
    private const ulong EndMask = 0xFFF0_0000_0000_0000;

    private static readonly ulong[] s_gear = Gear();

    private readonly Dictionary<UInt128, StateExtent> _extents = [];

    /// <summary>Cuts a section into blocks.</summary>
    public static List<SectionBlock> Cut(ReadOnlySpan<byte> content)
    {
        var blocks = new List<SectionBlock>((content.Length / (2 * BytesMin)) + 1);
        for (int start = 0; start < content.Length;)
        {
            int length = LengthOfFirst(content[start..]);
            blocks.Add(new SectionBlock(start, length, HashOf(content.Slice(start, length))));
            start += length;
        }

        return blocks;
    }

    /// <summary>Where a block of this content lies, or null.</summary>
    public StateExtent? Find(UInt128 hash) => _extents.TryGetValue(hash, out StateExtent extent) ? extent : null;

    /// <summary>Notes where a block lies.</summary>
    public void Note(UInt128 hash, StateExtent extent) => _extents[hash] = extent;

    /// <summary>The hash of a block's content.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> block)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(block, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private static int LengthOfFirst(ReadOnlySpan<byte> content)
    {
        if (content.Length <= BytesMin)
        {
            return content.Length;
        }

        ReadOnlySpan<byte> may = content[..Math.Min(content.Length, BytesMax)];
        ulong[] gear = s_gear;
        ulong hash = 0;
        for (int i = BytesMin; i < may.Length; i++)
        {
            hash = (hash << 1) + gear[may[i]];
            if ((hash & EndMask) == 0)
            {
                return i + 1;
            }
        }

        return may.Length;
    }

    // Any numbers will do, as long as they are the same after a restart.
    private static ulong[] Gear()
    {
        ulong[] gear = new ulong[256];
        ulong state = 0;
        for (int i = 0; i < gear.Length; i++)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            gear[i] = mixed ^ (mixed >> 31);
        }

        return gear;
    }
}
