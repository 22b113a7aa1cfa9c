// An open segment: reads its blocks, checked, from any thread.
using System.Buffers;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Store.Codecs;

namespace Millrace.Store.Segments;

/// <summary>A segment file that is open for reading. Its footer is in memory, its blocks are read when they are asked for.</summary>
internal sealed class Segment : IDisposable
{
    private const int BatchRows = 8192;
    private readonly IDiskFile _file;
    private readonly uint _identity;
    private readonly ZoneMap[] _bounds;
    private readonly bool _keyAscends;
    private readonly SegmentFilters _filters;

    private Segment(IDiskFile file, SegmentInfo info, Footer footer)
    {
        _file = file;
        Info = info;
        Footer = footer;
        _identity = SegmentFormat.IdentityOf(info.Path);
        _bounds = [.. Enumerable.Range(0, footer.Types.Count).Select(c => BoundsOf(footer, c))];
        _keyAscends = KeyAscends(footer);
        _filters = new SegmentFilters(file, info, footer);
    }

    public SegmentInfo Info { get; }

    public Footer Footer { get; }

    public IReadOnlyList<GroupMeta> Groups => Footer.Groups;

    /// <summary>Opens a segment and checks everything but its blocks.</summary>
    /// <exception cref="CorruptionException">It is damaged, or another file.</exception>
    /// <exception cref="NewerFormatException">It is of a newer version.</exception>
    /// <exception cref="DiskException">It cannot be read, or is not there.</exception>
    public static Segment Open(IDisk disk, SegmentInfo info)
    {
        IDiskFile file = disk.Open(info.Path, DiskOpenMode.Read);
        try
        {
            (long at, int bytes, uint crc) = SegmentFormat.Check(file, info);
            byte[] footer = new byte[bytes];
            uint found = file.Read(at, footer) == bytes ? Crc32C.Of(footer, SegmentFormat.IdentityOf(info.Path)) : ~crc;
            if (found != crc)
            {
                throw SegmentFormat.Damaged(info, at, $"checksum {crc:x8} of the footer", $"{found:x8}");
            }

            Footer read;
            try
            {
                read = Footer.Read(footer, at);
            }
            catch (FormatException e)
            {
                throw SegmentFormat.Damaged(info, at, "a footer", e.Message, e);
            }

            long rows = read.Groups.Sum(g => (long)g.Rows);
            return rows == info.Rows
                ? new Segment(file, info, read)
                : throw SegmentFormat.Damaged(info, at, $"{info.Rows} rows, as the manifest says", $"{rows}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The rows wanted, with the columns that the file has, in the order of their offsets, with these.</summary>
    /// <exception cref="CorruptionException">A block is damaged.</exception>
    public IEnumerable<(Batch Rows, long[] Offsets)> InArrivalOrder(SegmentScan scan)
    {
        List<int> groups = GroupsOf(scan);
        int total = groups.Sum(g => Groups[g].Rows);
        if (total == 0)
        {
            yield break;
        }

        (long[] offsets, int[] order) = Arrival(groups, total, scan);
        var columns = new Column[Footer.Types.Count];
        for (int c = 0; c < columns.Length; c++)
        {
            if (scan.Wants(c))
            {
                ColumnBuilder all = ColumnBuilder.For(Footer.Types[c]);
                foreach (int g in groups)
                {
                    Decode(g, c, all);
                }

                columns[c] = all.View();
            }
        }

        for (int at = 0; at < order.Length; at += BatchRows)
        {
            int count = Math.Min(BatchRows, order.Length - at);
            var piece = new Column[columns.Length];
            for (int c = 0; c < columns.Length; c++)
            {
                if (columns[c] is null)
                {
                    piece[c] = NullColumns.Of(Footer.Types[c], count);
                    continue;
                }

                ColumnBuilder builder = columns[c].NewBuilder();
                builder.AppendRows(columns[c], order.AsSpan(at, count));
                piece[c] = builder.View();
            }

            yield return (new Batch(piece, count), offsets[at..(at + count)]);
        }
    }

    /// <summary>The groups that may hold rows wanted, ascending.</summary>
    /// <exception cref="CorruptionException">A filter is damaged.</exception>
    public List<int> GroupsOf(SegmentScan scan) => _filters.Narrow(WithinBounds(scan), scan.Ranges);

    private List<int> WithinBounds(SegmentScan scan)
    {
        var wanted = new List<int>();
        foreach (ColumnRange range in scan.Ranges)
        {
            if (range.Column < _bounds.Length && !range.MayMatch(_bounds[range.Column], hasNulls: true, allNull: false))
            {
                return wanted;
            }
        }

        ColumnRange? key = _keyAscends ? scan.Ranges.FirstOrDefault(r => r.Column == Footer.Key[0] && r.AnyOf is not null) : null;
        if (key is null)
        {
            for (int g = 0; g < Groups.Count; g++)
            {
                if (MayHold(g, scan))
                {
                    wanted.Add(g);
                }
            }

            return wanted;
        }

        // Groups stand in the order of the key: those of a value lie together, and the values wanted ascend.
        int next = 0;
        foreach (byte[] value in key.AnyOf!)
        {
            int g = Math.Max(next, FirstReaching(value));
            for (; g < Groups.Count && value.AsSpan().SequenceCompareTo(Groups[g].Blocks[key.Column].Zone.MinBytes) >= 0; g++)
            {
                if (MayHold(g, scan))
                {
                    wanted.Add(g);
                }
            }

            next = g;
        }

        return wanted;
    }

    private bool MayHold(int g, SegmentScan scan)
    {
        GroupMeta group = Groups[g];
        (long first, long last) = group.Offsets;
        bool may = last >= scan.FromOffset && first < scan.ToOffset;
        for (int r = 0; r < scan.Ranges.Count && may; r++)
        {
            ColumnRange range = scan.Ranges[r];
            // A column that was added later: its value in these rows is not known here.
            may = range.Column >= Footer.Types.Count || range.MayMatch(group.Blocks[range.Column].Zone, group.Blocks[range.Column].Nulls > 0, group.Blocks[range.Column].Nulls == group.Rows);
        }

        return may;
    }

    // The first group whose largest key is not below the value.
    private int FirstReaching(byte[] value)
    {
        (int low, int high) = (0, Groups.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            bool below = Groups[middle].Blocks[Footer.Key[0]].Zone.MaxBytes.AsSpan().SequenceCompareTo(value) < 0;
            (low, high) = below ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    // What the groups' bounds say of the whole segment; nothing where one of them says nothing.
    private static ZoneMap BoundsOf(Footer footer, int column)
    {
        ZoneMap all = default;
        foreach (GroupMeta group in footer.Groups)
        {
            BlockMeta block = group.Blocks[column];
            if (block.Nulls == group.Rows)
            {
                continue;
            }

            if (block.Zone.Kind != ZoneKind.Integer)
            {
                return default;
            }

            all = all.Kind == ZoneKind.None ? block.Zone : all with { Min = Math.Min(all.Min, block.Zone.Min), Max = Math.Max(all.Max, block.Zone.Max) };
        }

        return all;
    }

    private static bool KeyAscends(Footer footer)
    {
        if (footer.Key.Count == 0)
        {
            return false;
        }

        byte[]? before = null;
        foreach (GroupMeta group in footer.Groups)
        {
            BlockMeta block = group.Blocks[footer.Key[0]];
            if (block.Nulls > 0 || block.Zone.Kind != ZoneKind.Bytes || (before is not null && before.AsSpan().SequenceCompareTo(block.Zone.MinBytes) > 0))
            {
                return false;
            }

            before = block.Zone.MaxBytes;
        }

        return true;
    }

    /// <summary>Reads every block and filter and compares checksums, values, bounds and hashes; adds what is wrong to <paramref name="damage"/>.</summary>
    public void Verify(List<CorruptionException> damage)
    {
        for (int c = 0; c <= Footer.Types.Count; c++)
        {
            int filter = FilterOf(c);
            ulong[] hashes = new ulong[filter < 0 ? 0 : Info.Rows];
            int[] ends = new int[Groups.Count];
            int before = damage.Count;
            for (int g = 0; g < Groups.Count; g++)
            {
                BlockMeta block = Groups[g].Blocks[c];
                ColumnBuilder builder = ColumnBuilder.For(c < Footer.Types.Count ? Footer.Types[c] : SqlType.BigInt);
                try
                {
                    Decode(g, c, builder);
                    Column values = builder.View();
                    if (!ZoneMap.Of(values, 0, Groups[g].Rows).Equals(block.Zone))
                    {
                        throw Damaged(g, block.At, "values within the bounds of the footer", "others");
                    }

                    int start = g == 0 ? 0 : ends[g - 1];
                    ends[g] = filter < 0 ? 0 : start + GroupFilter.Hash(values, Groups[g].Rows, _identity, hashes.AsSpan(start));
                }
                catch (CorruptionException e)
                {
                    damage.Add(e);
                }
            }

            if (filter >= 0 && damage.Count == before)
            {
                try
                {
                    _filters.Verify(filter, hashes.AsSpan(0, ends[^1]), ends);
                }
                catch (CorruptionException e)
                {
                    damage.Add(e);
                }
            }
        }
    }

    private int FilterOf(int column)
    {
        for (int f = 0; f < Footer.Filters.Count; f++)
        {
            if (Footer.Filters[f].Column == column)
            {
                return f;
            }
        }

        return -1;
    }

    /// <summary>By column: the codecs of its blocks, their bytes and those of its filter; the last is that of the offsets.</summary>
    public List<(SortedDictionary<string, int> Codecs, long Bytes, long FilterBytes)> Describe()
    {
        var columns = new List<(SortedDictionary<string, int>, long, long)>();
        for (int c = 0; c <= Footer.Types.Count; c++)
        {
            var codecs = new SortedDictionary<string, int>(StringComparer.Ordinal);
            for (int g = 0; g < Groups.Count; g++)
            {
                byte[] bytes = new byte[Groups[g].Blocks[c].Bytes];
                ReadBlock(g, Groups[g].Blocks[c], bytes);
                string name = BlockCodec.Describe(bytes);
                codecs[name] = codecs.GetValueOrDefault(name) + 1;
            }

            columns.Add((codecs, Groups.Sum(g => (long)g.Blocks[c].Bytes), FilterOf(c) is >= 0 and var f ? Footer.Filters[f].Bytes : 0));
        }

        return columns;
    }

    // Which of the groups' rows, one group behind the other, comes first, second … by offset.
    private (long[] Offsets, int[] Order) Arrival(List<int> groups, int total, SegmentScan scan)
    {
        ColumnBuilder builder = ColumnBuilder.For(SqlType.BigInt);
        foreach (int g in groups)
        {
            Decode(g, Footer.Types.Count, builder);
        }

        long[] read = ((FixedColumn<long>)builder.View()).Values;
        if (groups.Count == Groups.Count && Info.LastOffset - Info.FirstOffset + 1 == total && scan.FromOffset <= Info.FirstOffset && scan.ToOffset > Info.LastOffset)
        {
            // No offset is missing: a row's place is known without comparing.
            int[] places = new int[total];
            long[] all = new long[total];
            for (int i = 0; i < total; i++)
            {
                int place = (int)(read[i] - Info.FirstOffset);
                places[place] = i;
                all[place] = read[i];
            }

            return (all, places);
        }

        int[] order = [.. Enumerable.Range(0, total).Where(i => read[i] >= scan.FromOffset && read[i] < scan.ToOffset)];
        long[] offsets = Array.ConvertAll(order, i => read[i]);
        Array.Sort(offsets, order);
        return (offsets, order);
    }

    /// <summary>Appends one block's values; the column behind the last is that of the offsets.</summary>
    /// <exception cref="CorruptionException">The block is damaged.</exception>
    public void Decode(int group, int column, ColumnBuilder into)
    {
        BlockMeta block = Groups[group].Blocks[column];
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(block.Bytes, 1));
        try
        {
            ReadBlock(group, block, bytes.AsSpan(0, block.Bytes));
            SqlType type = column < Footer.Types.Count ? Footer.Types[column] : SqlType.BigInt;
            BlockCodec.Decode(bytes.AsSpan(0, block.Bytes), type, Groups[group].Rows, into);
        }
        catch (FormatException e)
        {
            throw Damaged(group, block.At, "a block of a known codec", e.Message, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads one block as it is; checks its checksum.</summary>
    /// <exception cref="CorruptionException">The block is damaged.</exception>
    public void ReadBlock(int group, int column, Span<byte> into) => ReadBlock(group, Groups[group].Blocks[column], into);

    private void ReadBlock(int group, BlockMeta block, Span<byte> into)
    {
        int read = _file.Read(block.At, into);
        uint found = Crc32C.Of(into[..read], _identity);
        if (read != block.Bytes || found != block.Crc)
        {
            throw Damaged(group, block.At, $"checksum {block.Crc:x8} of a block of {block.Bytes} bytes", $"{found:x8}");
        }
    }

    private CorruptionException Damaged(int group, long at, string expected, string found, Exception? inner = null)
    {
        (long first, long last) = Groups[group].Offsets;
        return new CorruptionException(Info.Path, at, expected, found, $"{Groups[group].Rows} rows with offsets between {first} and {last}", inner);
    }
}
