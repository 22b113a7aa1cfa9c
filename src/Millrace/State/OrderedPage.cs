// A leaf of the ordered index: a few dozen encoded rows in one byte array, sorted.
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Sorted byte strings with weights, at most <see cref="CountMax"/> of them; inserting shifts bytes.</summary>
internal sealed class OrderedPage : IFrozenPage
{
    public const int CountMax = 64;
    public const int BytesMax = 16 * 1024;

    private byte[] _data = [];
    private readonly int[] _ends = new int[CountMax + 1];
    private readonly long[] _weights = new long[CountMax];

    /// <summary>The checkpoint that has yet to copy it: until then who changes it changes a copy.</summary>
    public FrozenPages? Frozen { get; set; }

    public int Count { get; private set; }

    /// <summary>Count, ends, weights, then the bytes.</summary>
    public int SavedBytes => 4 + (Count * 12) + Used;

    public int Used => _ends[Count];

    public long Bytes => _data.Length + (CountMax * 12L) + 64;

    public ReadOnlySpan<byte> Key(int i) => _data.AsSpan(_ends[i], _ends[i + 1] - _ends[i]);

    public ref long Weight(int i) => ref _weights[i];

    /// <summary>Index of the first key that is not below <paramref name="key"/>.</summary>
    public int LowerBound(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Key(middle).SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    public void Insert(int at, ReadOnlySpan<byte> key, long weight)
    {
        int used = Used;
        Reserve(used + key.Length);
        int start = _ends[at];
        _data.AsSpan(start, used - start).CopyTo(_data.AsSpan(start + key.Length));
        key.CopyTo(_data.AsSpan(start));
        for (int i = Count; i >= at; i--)
        {
            _ends[i + 1] = _ends[i] + key.Length;
        }

        Array.Copy(_weights, at, _weights, at + 1, Count - at);
        _weights[at] = weight;
        Count++;
    }

    public void RemoveAt(int at)
    {
        int length = _ends[at + 1] - _ends[at];
        _data.AsSpan(_ends[at + 1], Used - _ends[at + 1]).CopyTo(_data.AsSpan(_ends[at]));
        for (int i = at + 1; i < Count; i++)
        {
            _ends[i] = _ends[i + 1] - length;
        }

        Array.Copy(_weights, at + 1, _weights, at, Count - at - 1);
        Count--;
    }

    /// <summary>Moves the entries from <paramref name="at"/> on into a new page.</summary>
    public OrderedPage SplitAt(int at)
    {
        var right = new OrderedPage();
        right.Append(this, at);
        Count = at;
        return right;
    }

    /// <summary>Appends entries from <paramref name="start"/> on of a page that lies behind this one.</summary>
    public void Append(OrderedPage from, int start)
    {
        int bytes = from.Used - from._ends[start];
        int used = Used;
        Reserve(used + bytes);
        from._data.AsSpan(from._ends[start], bytes).CopyTo(_data.AsSpan(used));
        for (int i = start; i < from.Count; i++)
        {
            _weights[Count] = from._weights[i];
            Count++;
            _ends[Count] = used + from._ends[i + 1] - from._ends[start];
        }
    }

    /// <summary>A page of its own with the same entries.</summary>
    public OrderedPage Copy()
    {
        var copy = new OrderedPage { _data = [.. _data], Count = Count };
        _ends.CopyTo(copy._ends, 0);
        _weights.CopyTo(copy._weights, 0);
        return copy;
    }

    /// <inheritdoc/>
    public void Save(Span<byte> into)
    {
        MemoryMarshal.Write(into, Count);
        MemoryMarshal.AsBytes(_ends.AsSpan(1, Count)).CopyTo(into[4..]);
        MemoryMarshal.AsBytes(_weights.AsSpan(0, Count)).CopyTo(into[(4 + (Count * 4))..]);
        _data.AsSpan(0, Used).CopyTo(into[(4 + (Count * 12))..]);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public static OrderedPage Load(ref ByteReader reader)
    {
        var page = new OrderedPage { Count = reader.ReadInt32() };
        if (page.Count is < 1 or > CountMax)
        {
            throw new FormatException($"a page of {page.Count} entries");
        }

        reader.ReadArray<int>(page.Count).CopyTo(page._ends, 1);
        reader.ReadArray<long>(page.Count).CopyTo(page._weights, 0);
        for (int i = 0; i < page.Count; i++)
        {
            if (page._ends[i + 1] < page._ends[i])
            {
                throw new FormatException("an entry that ends before it begins");
            }
        }

        page._data = reader.Read(page.Used).ToArray();
        return page;
    }

    private void Reserve(int bytes)
    {
        if (_data.Length < bytes)
        {
            Array.Resize(ref _data, Math.Max(bytes, Math.Max(64, _data.Length * 2)));
        }
    }
}
