// A multiset of encoded rows in order: what min and max under retraction, top-N, windows and sessions stand on.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Byte strings with weights in memcmp order, kept in sorted pages under a directory of two levels (a B+tree of fixed height: blocks of pages, found by
/// binary search). Cursors are valid until the next change.
/// </summary>
internal sealed class OrderedRows
{
    private const int BlockMax = 512;

    private readonly List<List<OrderedPage>> _blocks = [];

    /// <summary>Entries held.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes (an estimate within a page's granularity).</summary>
    public long Bytes { get; private set; }

    /// <summary>A place between or at entries.</summary>
    internal struct Cursor(OrderedRows rows, int block, int page, int index)
    {
        private int _block = block;
        private int _page = page;
        private int _index = index;

        /// <summary>True while at an entry.</summary>
        public readonly bool Valid => (uint)_block < (uint)rows._blocks.Count;

        /// <summary>The entry's bytes.</summary>
        public readonly ReadOnlySpan<byte> Key => rows._blocks[_block][_page].Key(_index);

        /// <summary>The entry's weight.</summary>
        public readonly long Weight => rows._blocks[_block][_page].Weight(_index);

        /// <summary>Goes to the next entry.</summary>
        public void Next()
        {
            if (++_index < rows._blocks[_block][_page].Count)
            {
                return;
            }

            _index = 0;
            if (++_page == rows._blocks[_block].Count)
            {
                _page = 0;
                _block++;
            }
        }

        /// <summary>Goes to the entry before; from behind the last one to the last.</summary>
        public void Previous()
        {
            if (--_index >= 0)
            {
                return;
            }

            if (--_page < 0)
            {
                if (--_block < 0)
                {
                    return;
                }

                _page = rows._blocks[_block].Count - 1;
            }

            _index = rows._blocks[_block][_page].Count - 1;
        }

        /// <summary>True when at an entry that begins with <paramref name="prefix"/>.</summary>
        public readonly bool At(ReadOnlySpan<byte> prefix) => Valid && Key.StartsWith(prefix);
    }

    /// <summary>Adds to the weight of a byte string and gives its new weight; at 0 it is gone.</summary>
    public long Add(ReadOnlySpan<byte> key, long weight)
    {
        if (weight == 0)
        {
            return 0;
        }

        if (_blocks.Count == 0)
        {
            var first = new OrderedPage();
            _blocks.Add([first]);
            Bytes += first.Bytes;
        }

        (int b, int p) = FindPage(key);
        List<OrderedPage> block = _blocks[b];
        OrderedPage page = Own(block, p);
        int at = page.LowerBound(key);
        if (at < page.Count && page.Key(at).SequenceEqual(key))
        {
            page.Weight(at) += weight;
            long now = page.Weight(at);
            if (now == 0)
            {
                Remove(b, p, at);
            }

            return now;
        }

        Count++;
        Bytes -= page.Bytes;
        if (page.Count == OrderedPage.CountMax || (page.Used + key.Length > OrderedPage.BytesMax && page.Count > 1))
        {
            // Rows mostly arrive in order: then the left page stays full.
            int split = at == page.Count ? page.Count - 1 : page.Count / 2;
            OrderedPage right = page.SplitAt(split);
            block.Insert(p + 1, right);
            if (at >= split)
            {
                right.Insert(at - split, key, weight);
            }
            else
            {
                page.Insert(at, key, weight);
            }

            Bytes += right.Bytes;
            if (block.Count > BlockMax)
            {
                int half = block.Count / 2;
                _blocks.Insert(b + 1, block.GetRange(half, block.Count - half));
                block.RemoveRange(half, block.Count - half);
            }
        }
        else
        {
            page.Insert(at, key, weight);
        }

        Bytes += page.Bytes;
        return weight;
    }

    /// <summary>The weight of a byte string; 0 when absent.</summary>
    public long Weight(ReadOnlySpan<byte> key)
    {
        Cursor cursor = Seek(key);
        return cursor.Valid && cursor.Key.SequenceEqual(key) ? cursor.Weight : 0;
    }

    /// <summary>The first entry that is not below <paramref name="key"/>.</summary>
    public Cursor Seek(ReadOnlySpan<byte> key)
    {
        if (_blocks.Count == 0)
        {
            return new Cursor(this, 0, 0, 0);
        }

        (int b, int p) = FindPage(key);
        int at = _blocks[b][p].LowerBound(key);
        var cursor = new Cursor(this, b, p, at - 1);
        if (at == _blocks[b][p].Count)
        {
            cursor.Next();
            return cursor;
        }

        return new Cursor(this, b, p, at);
    }

    /// <summary>The last entry that begins with <paramref name="prefix"/>, or one for which <see cref="Cursor.At"/> is false.</summary>
    public Cursor SeekLast(ReadOnlySpan<byte> prefix)
    {
        Span<byte> after = prefix.Length <= 256 ? stackalloc byte[prefix.Length] : new byte[prefix.Length];
        prefix.CopyTo(after);
        int length = after.Length;
        while (length > 0 && after[length - 1] == 255)
        {
            length--;
        }

        if (length == 0)
        {
            return Last();
        }

        after[length - 1]++;
        Cursor cursor = Seek(after[..length]);
        cursor.Previous();
        return cursor;
    }

    /// <summary>The first entry.</summary>
    public Cursor First() => new(this, 0, 0, 0);

    /// <summary>The last entry.</summary>
    public Cursor Last()
    {
        int b = _blocks.Count - 1;
        return b < 0 ? new Cursor(this, 0, 0, 0) : new Cursor(this, b, _blocks[b].Count - 1, _blocks[b][^1].Count - 1);
    }

    /// <summary>Removes every entry that begins with <paramref name="prefix"/>.</summary>
    public void RemovePrefix(ReadOnlySpan<byte> prefix)
    {
        while (_blocks.Count > 0)
        {
            (int b, int p) = FindPage(prefix);
            int at = _blocks[b][p].LowerBound(prefix);
            if (at == _blocks[b][p].Count)
            {
                at = 0;
                if (++p == _blocks[b].Count)
                {
                    p = 0;
                    b++;
                }
            }

            if (b >= _blocks.Count || !_blocks[b][p].Key(at).StartsWith(prefix))
            {
                return;
            }

            Remove(b, p, at);
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        _blocks.Clear();
        Count = 0;
        Bytes = 0;
    }

    /// <summary>Writes all entries in order, page by page.</summary>
    public void Save(ByteWriter writer)
    {
        List<OrderedPage> pages = [.. _blocks.SelectMany(b => b)];
        writer.WriteVarint((ulong)Count);
        writer.WriteVarint((ulong)pages.Count);
        if (FrozenPages.Write(writer, pages) is { } frozen)
        {
            pages.ForEach(p => p.Frozen = frozen);
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(ref ByteReader reader)
    {
        Clear();
        int count = reader.ReadCount();
        if (reader.Version >= CheckpointFile.WithPages)
        {
            LoadPages(ref reader, count);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> key = reader.ReadBytes();
            Add(key, reader.ReadInt64());
        }
    }

    private void LoadPages(ref ByteReader reader, int count)
    {
        OrderedPage? last = null;
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            var page = OrderedPage.Load(ref reader);
            if (last is not null && last.Key(last.Count - 1).SequenceCompareTo(page.Key(0)) >= 0)
            {
                throw new FormatException("pages that are not in order");
            }

            if (_blocks.Count == 0 || _blocks[^1].Count == BlockMax)
            {
                _blocks.Add([]);
            }

            _blocks[^1].Add(page);
            Count += page.Count;
            Bytes += page.Bytes;
            last = page;
        }

        if (Count != count)
        {
            throw new FormatException($"{count} entries expected, {Count} found");
        }
    }

    // The page, to be changed: a copy takes its place where a checkpoint still needs it as it is.
    private static OrderedPage Own(List<OrderedPage> block, int p)
    {
        OrderedPage page = block[p];
        if (page.Frozen is { } frozen)
        {
            page.Frozen = null;
            if (!frozen.IsCopied)
            {
                block[p] = page = page.Copy();
            }
        }

        return page;
    }

    // The last page whose first key is not above the key, or the very first page.
    private (int Block, int Page) FindPage(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _blocks.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (_blocks[middle][0].Key(0).SequenceCompareTo(key) <= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        List<OrderedPage> block = _blocks[low];
        int first = 0;
        int last = block.Count - 1;
        while (first < last)
        {
            int middle = (first + last + 1) >>> 1;
            if (block[middle].Key(0).SequenceCompareTo(key) <= 0)
            {
                first = middle;
            }
            else
            {
                last = middle - 1;
            }
        }

        return (low, first);
    }

    private void Remove(int b, int p, int at)
    {
        List<OrderedPage> block = _blocks[b];
        OrderedPage page = Own(block, p);
        page.RemoveAt(at);
        Count--;
        if (page.Count == 0)
        {
            Bytes -= page.Bytes;
            block.RemoveAt(p);
            if (block.Count == 0)
            {
                _blocks.RemoveAt(b);
            }

            return;
        }

        // Half-empty neighbours become one, so that deletes give their memory back.
        if (page.Count < OrderedPage.CountMax / 4 && p + 1 < block.Count)
        {
            OrderedPage next = block[p + 1];
            if (page.Count + next.Count <= OrderedPage.CountMax / 2 && page.Used + next.Used <= OrderedPage.BytesMax)
            {
                Bytes -= page.Bytes + next.Bytes;
                page.Append(next, 0);
                Bytes += page.Bytes;
                block.RemoveAt(p + 1);
            }
        }
    }
}
