// An immutable sorted run of encoded rows with weights: what spines are made of and what snapshots share.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Encoded rows (order-preserving bytes, see <c>RowCodec</c>) in ascending order, each different row once, with a weight other than 0. Immutable, so
/// readers on other threads share it freely.
/// </summary>
internal sealed class RowRun : IFrozen
{
    public static readonly RowRun Empty = new([], [0], [], 0);

    private readonly byte[] _data;
    private readonly int[] _offsets;
    private readonly long[] _weights;

    /// <summary>A run over arrays that it owns from now on; they may be longer than what is used of them.</summary>
    internal RowRun(byte[] data, int[] offsets, long[] weights, int count)
    {
        _data = data;
        _offsets = offsets;
        _weights = weights;
        Count = count;
    }

    /// <inheritdoc/>
    public StatePiece? Stored { get; set; }

    public int Count { get; }

    /// <summary>Bytes of the rows alone.</summary>
    public int DataBytes => _offsets[Count];

    public long Bytes => _data.Length + (_offsets.Length * 4L) + (_weights.Length * 8L);

    public ReadOnlySpan<byte> Row(int index) => _data.AsSpan(_offsets[index], _offsets[index + 1] - _offsets[index]);

    public long Weight(int index) => _weights[index];

    /// <summary>Sorts rows, sums the weights of equal ones and drops those that cancel out.</summary>
    public static RowRun Build(byte[] data, int[] offsets, ReadOnlySpan<long> weights, int count)
    {
        if (count == 0)
        {
            return Empty;
        }

        // Most rows differ within their first eight bytes: sort by those as integers, then put right what they leave equal.
        ulong[] prefixes = new ulong[count];
        int[] order = new int[count];
        bool sorted = true;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> row = data.AsSpan(offsets[i], offsets[i + 1] - offsets[i]);
            prefixes[i] = Prefix(row);
            order[i] = i;
            sorted = sorted && (i == 0 || prefixes[i - 1] < prefixes[i]);
        }

        if (!sorted)
        {
            Array.Sort(prefixes, order);
            SortTies(data, offsets, prefixes, order);
        }

        byte[] outData = new byte[offsets[count] - offsets[0]];
        int[] outOffsets = new int[count + 1];
        long[] outWeights = new long[count];
        int rows = 0;
        int used = 0;
        for (int i = 0; i < count;)
        {
            ReadOnlySpan<byte> row = data.AsSpan(offsets[order[i]], offsets[order[i] + 1] - offsets[order[i]]);
            long weight = 0;
            int j = i;
            do
            {
                weight += weights.IsEmpty ? 1 : weights[order[j]];
                j++;
            }
            while (j < count && prefixes[j] == prefixes[i] && row.SequenceEqual(data.AsSpan(offsets[order[j]], offsets[order[j] + 1] - offsets[order[j]])));
            if (weight != 0)
            {
                row.CopyTo(outData.AsSpan(used));
                used += row.Length;
                outWeights[rows++] = weight;
                outOffsets[rows] = used;
            }

            i = j;
        }

        return Trim(outData, outOffsets, outWeights, rows, used);
    }

    /// <summary>The same rows taken back.</summary>
    public RowRun Negated() => new(_data, _offsets, Array.ConvertAll(_weights[..Count], w => -w), Count);

    /// <summary>The sum of two runs.</summary>
    public static RowRun Merge(RowRun a, RowRun b)
    {
        var merge = new RunMerge(a, b);
        while (!merge.Step(int.MaxValue))
        {
        }

        return merge.Result;
    }

    /// <summary>The sum of several runs: neighbours in pairs, so that each row is copied as often as the number has bits.</summary>
    public static RowRun MergeAll(ReadOnlySpan<RowRun> runs)
    {
        if (runs.Length == 1)
        {
            return runs[0];
        }

        RowRun a = MergeAll(runs[..(runs.Length / 2)]);
        RowRun b = MergeAll(runs[(runs.Length / 2)..]);
        return a.Count == 0 ? b : b.Count == 0 ? a : Merge(a, b);
    }

    /// <summary>Index of the first row that is not below <paramref name="key"/>.</summary>
    public int LowerBound(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Row(middle).SequenceCompareTo(key) < 0)
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

    /// <summary>The range of rows that begin with <paramref name="prefix"/>.</summary>
    public (int Start, int End) PrefixRange(ReadOnlySpan<byte> prefix)
    {
        int start = LowerBound(prefix);
        int low = start;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Row(middle).StartsWith(prefix))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (start, low);
    }

    public void Save(ByteWriter writer)
    {
        writer.WriteVarint((ulong)Count);
        writer.WriteArray(_offsets, Count + 1);
        writer.WriteArray(_weights, Count);
        writer.Write(_data.AsSpan(0, _offsets[Count]));
    }

    public static RowRun Load(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        int[] offsets = reader.ReadArray<int>(count + 1);
        long[] weights = reader.ReadArray<long>(count);
        return new RowRun(reader.Read(offsets[count]).ToArray(), offsets, weights, count);
    }

    /// <inheritdoc/>
    public void SaveBlocks(BlockSink sink)
    {
        Span<int> head = [Count, _offsets[Count]];
        sink(MemoryMarshal.AsBytes(head));
        StateFile.Cut(MemoryMarshal.AsBytes(_offsets.AsSpan(0, Count + 1)), sink);
        StateFile.Cut(MemoryMarshal.AsBytes(_weights.AsSpan(0, Count)), sink);
        StateFile.Cut(_data.AsSpan(0, _offsets[Count]), sink);
    }

    /// <summary>Reads what <see cref="SaveBlocks"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static RowRun LoadBlocks(BlockSource source)
    {
        Span<int> head = stackalloc int[2];
        source.Fill(MemoryMarshal.AsBytes(head));
        if (head[0] <= 0 || head[1] < 0)
        {
            throw new FormatException($"a run of {head[0]} rows and {head[1]} bytes");
        }

        int[] offsets = new int[head[0] + 1];
        long[] weights = new long[head[0]];
        byte[] data = new byte[head[1]];
        source.Fill(MemoryMarshal.AsBytes(offsets.AsSpan()));
        source.Fill(MemoryMarshal.AsBytes(weights.AsSpan()));
        source.Fill(data);
        source.End();
        if (offsets[^1] != data.Length)
        {
            throw new FormatException($"a run whose rows end at {offsets[^1]} of {data.Length} bytes");
        }

        return new RowRun(data, offsets, weights, head[0]);
    }

    private static RowRun Trim(byte[] data, int[] offsets, long[] weights, int rows, int used)
    {
        if (rows == 0)
        {
            return Empty;
        }

        if (rows < weights.Length)
        {
            Array.Resize(ref offsets, rows + 1);
            Array.Resize(ref weights, rows);
        }

        if (used < data.Length - (data.Length >> 3))
        {
            Array.Resize(ref data, used);
        }

        return new RowRun(data, offsets, weights, rows);
    }

    private static void SortTies(byte[] data, int[] offsets, ulong[] prefixes, int[] order)
    {
        Comparison<int>? byBytes = null;
        for (int i = 0; i < order.Length;)
        {
            int j = i + 1;
            while (j < order.Length && prefixes[j] == prefixes[i])
            {
                j++;
            }

            if (j - i > 1)
            {
                byBytes ??= (x, y) => data.AsSpan(offsets[x], offsets[x + 1] - offsets[x])
                    .SequenceCompareTo(data.AsSpan(offsets[y], offsets[y + 1] - offsets[y]));
                order.AsSpan(i, j - i).Sort(byBytes);
            }

            i = j;
        }
    }

    private static ulong Prefix(ReadOnlySpan<byte> row)
    {
        if (row.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(row);
        }

        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        row.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}
