// The filters of an open segment: asks them which groups a condition leaves.
using System.Buffers;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Store.Segments;

/// <summary>Reads a segment's filters page by page, checked, from any thread. A directory stays in memory once it was read.</summary>
internal sealed class SegmentFilters(IDiskFile file, SegmentInfo info, Footer footer)
{
    // With more values than this it is cheaper to read the groups.
    private const int ValuesMax = 64;

    private readonly byte[]?[] _directories = new byte[]?[footer.Filters.Count];
    private readonly uint _identity = SegmentFormat.IdentityOf(info.Path);

    /// <summary>Takes out the groups that cannot hold rows wanted.</summary>
    /// <param name="groups">Those that bounds left, ascending.</param>
    /// <param name="ranges">What holds for every row wanted.</param>
    /// <exception cref="CorruptionException">A filter is damaged.</exception>
    public List<int> Narrow(List<int> groups, IReadOnlyList<ColumnRange> ranges)
    {
        for (int f = 0; f < footer.Filters.Count && groups.Count > 0; f++)
        {
            foreach (ColumnRange range in ranges)
            {
                if (range.Column == footer.Filters[f].Column && HashesOf(range, footer.Types[range.Column]) is { } hashes)
                {
                    bool[] found = new bool[footer.Groups.Count];
                    foreach (ulong hash in hashes)
                    {
                        Find(f, hash, found);
                    }

                    groups = groups.FindAll(g => found[g]);
                }
            }
        }

        return groups;
    }

    /// <summary>Compares a filter with one made anew of the column's values.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="hashes">Of the values, group by group.</param>
    /// <param name="ends">By group: where its hashes end.</param>
    /// <exception cref="CorruptionException">They differ.</exception>
    public void Verify(int filter, ReadOnlySpan<ulong> hashes, ReadOnlySpan<int> ends)
    {
        FilterMeta meta = footer.Filters[filter];
        var anew = new ByteWriter(meta.Bytes);
        GroupFilter.Write(hashes, ends, _identity, anew, (_, _) => true);
        byte[] stored = new byte[meta.Bytes];
        if (file.Read(meta.At, stored) != stored.Length || !anew.Written.SequenceEqual(stored))
        {
            throw Damaged(meta, "the filter of the column's values", "another");
        }
    }

    // The values wanted; null when the condition names none, or too many.
    private List<ulong>? HashesOf(ColumnRange range, SqlType type)
    {
        if (range.OrNull)
        {
            return null;
        }

        if (type.Id == TypeId.BigInt)
        {
            IReadOnlyList<(long Min, long Max)>? points = range.Integers is { } one ? [one] : range.AnyIntegers;
            return points is { Count: <= ValuesMax } && points.All(p => p.Min == p.Max) ? [.. points.Select(p => ValueHash.Of(p.Min, _identity))] : null;
        }

        return range.AnyOf is { Count: <= ValuesMax } values ? [.. values.Select(v => ValueHash.Of(v, _identity))] : null;
    }

    private void Find(int filter, ulong hash, bool[] found)
    {
        FilterMeta meta = footer.Filters[filter];
        byte[] directory = Directory(filter);
        byte[] rented = [];
        try
        {
            (int at, int bytes, uint crc) = GroupFilter.PageIn(directory, GroupFilter.PageOf(hash, meta.PageBits), meta.Bytes - directory.Length);
            rented = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, 1));
            Span<byte> page = rented.AsSpan(0, bytes);
            Read(meta, meta.At + directory.Length + at, page, crc);
            GroupFilter.Find(page, hash, meta.PageBits, found);
        }
        catch (FormatException e)
        {
            throw Damaged(meta, "a filter", e.Message, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private byte[] Directory(int filter)
    {
        if (Volatile.Read(ref _directories[filter]) is { } kept)
        {
            return kept;
        }

        FilterMeta meta = footer.Filters[filter];
        byte[] directory = new byte[meta.DirectoryBytes];
        Read(meta, meta.At, directory, meta.Crc);
        Volatile.Write(ref _directories[filter], directory);
        return directory;
    }

    private void Read(FilterMeta meta, long at, Span<byte> into, uint crc)
    {
        int read = file.Read(at, into);
        uint found = Crc32C.Of(into[..read], _identity);
        if (read != into.Length || found != crc)
        {
            throw Damaged(meta, $"checksum {crc:x8} of {into.Length} bytes of a filter", $"{found:x8}");
        }
    }

    private CorruptionException Damaged(FilterMeta meta, string expected, string found, Exception? inner = null) =>
        SegmentFormat.Damaged(info, meta.At, expected, found, inner);
}
