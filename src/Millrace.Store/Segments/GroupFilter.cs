// Which groups of a segment may hold a value: for columns of many different values, whose bounds do not tell groups apart.
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>Where the filter of a column lies.</summary>
/// <param name="Column">Whose values it tells of.</param>
/// <param name="PageBits">The first bits of a hash, which choose the page.</param>
/// <param name="At">Where it begins in the file.</param>
/// <param name="Bytes">Its length, directory and pages.</param>
/// <param name="Crc">CRC32C of the directory, going on from the file's identity.</param>
internal readonly record struct FilterMeta(int Column, int PageBits, long At, int Bytes, uint Crc)
{
    public int DirectoryBytes => GroupFilter.EntryBytes << PageBits;
}

/// <summary>
/// A set of (hash of a value, group) pairs, sorted: after a Golomb-coded set (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters,
/// 2007) whose members carry the group they are in. A lookup reads one page of some kilobytes, whatever the number of rows. Of the groups it gives one in
/// 64 to 128 lookups gives one too many; none is ever missing. A pair takes about 8 bits, and as many as the number of a group has.
/// <code>
/// directory   per page: int32 bytes, uint32 CRC32C going on from the file's identity
/// page        bits: gamma(pairs + 1); per pair: gamma(high bits of the distance to the place before + 1), its 6 low bits, the group
/// </code>
/// </summary>
internal static class GroupFilter
{
    public const int EntryBytes = 8;

    // What fills a page on the average is between half of this and all of it.
    private const int PagePairs = 4096;
    private const int LowBits = 6;
    private const int PlaceBits = 12 + LowBits;
    private const int GroupShift = 32;

    /// <summary>Pages of a filter of so many pairs, as a power of two.</summary>
    public static int PageBitsOf(int pairs)
    {
        int bits = 0;
        while (pairs >> bits > PagePairs)
        {
            bits++;
        }

        return bits;
    }

    /// <summary>The page that a hash is in.</summary>
    public static int PageOf(ulong hash, int pageBits) => pageBits == 0 ? 0 : (int)(hash >> (64 - pageBits));

    /// <summary>Bits of the number of a group.</summary>
    public static int GroupBits(int groups) => groups <= 1 ? 0 : 32 - int.CreateTruncating(uint.LeadingZeroCount((uint)(groups - 1)));

    /// <summary>Hashes the values that are not null. The column is of a type that <see cref="FilterChoice.Suits"/>.</summary>
    /// <returns>How many.</returns>
    public static int Hash(Column column, int rows, uint seed, Span<ulong> into)
    {
        int count = 0;
        for (int i = 0; i < rows; i++)
        {
            if (!column.IsNull(i))
            {
                into[count++] = column switch
                {
                    BytesColumn c => ValueHash.Of(c.Span(i), seed),
                    FixedColumn<long> c => ValueHash.Of(c.Values[i], seed),
                    FixedColumn<Uuid> c => ValueHash.Of(BytesOf(c.Values[i]), seed),
                    _ => throw new InvalidOperationException($"BUG: no filter of {column.Type}"),
                };
            }
        }

        return count;
    }

    /// <summary>A uuid's bytes as they are hashed, and looked for.</summary>
    public static byte[] BytesOf(Uuid value)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value.Hi);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), value.Lo);
        return bytes;
    }

    /// <summary>Writes the filter of a column.</summary>
    /// <param name="hashes">Of its values, group by group.</param>
    /// <param name="ends">By group: where its hashes end.</param>
    /// <param name="identity">What checksums go on from.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="worth">Told the pairs (groups and values, each counted once) and the different values; says whether to write.</param>
    public static bool Write(ReadOnlySpan<ulong> hashes, ReadOnlySpan<int> ends, uint identity, ByteWriter writer, Func<int, int, bool> worth)
    {
        int pageBits = PageBitsOf(hashes.Length);
        ulong[] pairs = ArrayPool<ulong>.Shared.Rent(Math.Max(hashes.Length, 1));
        try
        {
            int[] starts = Place(hashes, ends, pageBits, pairs);
            (int total, int values) = (0, 0);
            int[] counts = new int[1 << pageBits];
            for (int p = 0; p < counts.Length; p++)
            {
                Span<ulong> page = pairs.AsSpan(starts[p], starts[p + 1] - starts[p]);
                page.Sort();
                counts[p] = Unique(page, ref values);
                total += counts[p];
            }

            if (!worth(total, values))
            {
                return false;
            }

            int directory = writer.Length;
            writer.Take(EntryBytes << pageBits);
            int groupBits = GroupBits(ends.Length);
            for (int p = 0; p < counts.Length; p++)
            {
                int start = writer.Length;
                WritePage(pairs.AsSpan(starts[p], counts[p]), groupBits, writer);
                Span<byte> entry = writer.Buffer.AsSpan(directory + (p * EntryBytes), EntryBytes);
                BinaryPrimitives.WriteInt32LittleEndian(entry, writer.Length - start);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], Crc32C.Of(writer.Written[start..], identity));
            }

            return true;
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(pairs);
        }
    }

    /// <summary>Where a page lies behind the directory, its bytes and its checksum.</summary>
    /// <exception cref="FormatException">The directory speaks of more bytes than there are.</exception>
    public static (int At, int Bytes, uint Crc) PageIn(ReadOnlySpan<byte> directory, int page, int bytesMax)
    {
        long at = 0;
        for (int p = 0; p < page; p++)
        {
            at += BinaryPrimitives.ReadUInt32LittleEndian(directory[(p * EntryBytes)..]);
        }

        ReadOnlySpan<byte> entry = directory[(page * EntryBytes)..];
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(entry);
        return at + bytes <= bytesMax
            ? ((int)at, (int)bytes, BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]))
            : throw new FormatException($"page {page} ends at {at + bytes} of {bytesMax}");
    }

    /// <summary>Marks the groups that a page has for a hash.</summary>
    /// <exception cref="FormatException">The bytes are no such page.</exception>
    public static void Find(ReadOnlySpan<byte> page, ulong hash, int pageBits, Span<bool> groups)
    {
        var reader = new BitReader(page);
        uint count = reader.ReadGamma() - 1;
        int groupBits = GroupBits(groups.Length);
        (uint wanted, uint place) = (PlaceOf(hash, pageBits), 0);
        for (uint i = 0; i < count; i++)
        {
            uint high = reader.ReadGamma() - 1;
            place += (high << LowBits) | (uint)reader.Read(LowBits);
            int group = (int)reader.Read(groupBits);
            if (reader.IsPastEnd || high >> (PlaceBits - LowBits) != 0 || place >> PlaceBits != 0 || group >= groups.Length)
            {
                throw new FormatException("a pair that cannot be");
            }

            if (place > wanted)
            {
                return;
            }

            groups[group] |= place == wanted;
        }
    }

    private static uint PlaceOf(ulong hash, int pageBits) => (uint)((hash << pageBits) >> (64 - PlaceBits));

    // Pairs of a page side by side, each as its place in the page above its group; returns where pages begin.
    private static int[] Place(ReadOnlySpan<ulong> hashes, ReadOnlySpan<int> ends, int pageBits, ulong[] pairs)
    {
        int[] starts = new int[(1 << pageBits) + 1];
        foreach (ulong hash in hashes)
        {
            starts[PageOf(hash, pageBits) + 1]++;
        }

        for (int p = 1; p < starts.Length; p++)
        {
            starts[p] += starts[p - 1];
        }

        int[] next = starts[..^1];
        int at = 0;
        for (int g = 0; g < ends.Length; g++)
        {
            for (; at < ends[g]; at++)
            {
                pairs[next[PageOf(hashes[at], pageBits)]++] = ((ulong)PlaceOf(hashes[at], pageBits) << GroupShift) | (uint)g;
            }
        }

        return starts;
    }

    // Moves every pair's first to the front; returns how many there are and counts places.
    private static int Unique(Span<ulong> sorted, ref int places)
    {
        int count = 0;
        ulong before = ulong.MaxValue;
        foreach (ulong pair in sorted)
        {
            places += pair >> GroupShift != before >> GroupShift ? 1 : 0;
            if (pair != before)
            {
                sorted[count++] = pair;
                before = pair;
            }
        }

        return count;
    }

    private static void WritePage(ReadOnlySpan<ulong> pairs, int groupBits, ByteWriter writer)
    {
        var bits = new BitWriter(writer);
        bits.WriteGamma((uint)pairs.Length + 1);
        uint before = 0;
        foreach (ulong pair in pairs)
        {
            uint place = (uint)(pair >> GroupShift);
            uint distance = place - before;
            before = place;
            bits.WriteGamma((distance >> LowBits) + 1);
            bits.Write(distance & ((1 << LowBits) - 1), LowBits);
            bits.Write((uint)pair, groupBits);
        }

        bits.Flush();
    }
}
