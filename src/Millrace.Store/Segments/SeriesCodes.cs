// Gives each row the rank of its series among all series of the rows, in the order of the key columns.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>
/// Series by their encoded keys. The encoding keeps equal keys equal and, for integers and text, their order (nulls first), so that zone maps of key
/// columns are narrow; of other types only equality matters.
/// </summary>
internal sealed class SeriesCodes
{
    // The runtime seeds it anew in each process: nobody can choose keys that collide. Ranks do not depend on it.
    private static readonly ulong Seed = ((ulong)(uint)HashCode.Combine(1) << 32) | (uint)HashCode.Combine(2) | 1;

    private readonly Column[] _columns;

    // Codes of text columns without nulls, where rows with the same one have the same value.
    private readonly int[]?[] _codes;
    private readonly List<int> _firsts = [];
    private readonly ByteWriter _key = new(256);
    private int[] _table = new int[256];
    private uint[] _hashes = new uint[256];
    private int[] _next = new int[256];

    private SeriesCodes(IReadOnlyList<Column> key)
    {
        _columns = [.. key];
        _codes = Array.ConvertAll(_columns, c => c is BytesColumn { Validity: null, Coded: { } coded } ? coded.Codes : null);
        Array.Fill(_table, -1);
    }

    /// <summary>How many different series there are.</summary>
    public int Count => _firsts.Count;

    /// <summary>The rank of each row's series.</summary>
    public static int[] Rank(IReadOnlyList<Column> key, int rows, out int series)
    {
        int[] codes = new int[rows];
        if (key.Count == 0)
        {
            series = 1;
            return codes;
        }

        var all = new SeriesCodes(key);
        int before = 0;
        for (int i = 0; i < rows; i++)
        {
            // Series mostly come in turns: the one that came behind this one the last time comes first to mind.
            int code = before < all.Count ? all._next[before] : 0;
            if (code >= all.Count || !all.Same(i, all._firsts[code]))
            {
                code = all.CodeOf(i);
                all._next[before] = code;
            }

            codes[i] = code;
            before = code;
        }

        series = all.Count;
        int[] ranks = all.Ranks();
        for (int i = 0; i < rows; i++)
        {
            codes[i] = ranks[codes[i]];
        }

        return codes;
    }

    private int CodeOf(int row)
    {
        uint hash = HashOf(row);
        for (int at = (int)hash & (_table.Length - 1); ; at = (at + 1) & (_table.Length - 1))
        {
            if (_table[at] < 0)
            {
                return Add(at, hash, row);
            }

            if (_hashes[at] == hash && Same(row, _firsts[_table[at]]))
            {
                return _table[at];
            }
        }
    }

    private int Add(int at, uint hash, int row)
    {
        int code = Count;
        _firsts.Add(row);
        (_table[at], _hashes[at]) = (code, hash);
        if (_next.Length <= code)
        {
            Array.Resize(ref _next, _next.Length * 2);
        }

        if (Count > _table.Length / 2)
        {
            Grow();
        }

        return code;
    }

    private void Grow()
    {
        (int[] table, uint[] hashes) = (_table, _hashes);
        _table = new int[table.Length * 2];
        _hashes = new uint[table.Length * 2];
        Array.Fill(_table, -1);
        for (int i = 0; i < table.Length; i++)
        {
            if (table[i] < 0)
            {
                continue;
            }

            int at = (int)hashes[i] & (_table.Length - 1);
            while (_table[at] >= 0)
            {
                at = (at + 1) & (_table.Length - 1);
            }

            (_table[at], _hashes[at]) = (table[i], hashes[i]);
        }
    }

    private bool Same(int a, int b)
    {
        for (int c = 0; c < _columns.Length; c++)
        {
            if (_codes[c] is { } codes && codes[a] == codes[b])
            {
                continue;
            }

            Column column = _columns[c];
            if (column.Validity is not null && (column.IsNull(a) || column.IsNull(b)))
            {
                if (column.IsNull(a) != column.IsNull(b))
                {
                    return false;
                }

                continue;
            }

            bool same = column switch
            {
                BytesColumn text => text.Span(a).SequenceEqual(text.Span(b)),
                FixedColumn<long> longs => longs.Values[a] == longs.Values[b],
                FixedColumn<int> ints => ints.Values[a] == ints.Values[b],
                FixedColumn<short> shorts => shorts.Values[a] == shorts.Values[b],
                FixedColumn<bool> flags => flags.Values[a] == flags.Values[b],
                _ => Encoded(column, a).SequenceEqual(Encoded(column, b)),
            };
            if (!same)
            {
                return false;
            }
        }

        return true;
    }

    private uint HashOf(int row)
    {
        ulong hash = Seed;
        foreach (Column column in _columns)
        {
            if (column.IsNull(row))
            {
                hash = Mix(hash, 1);
                continue;
            }

            hash = column switch
            {
                BytesColumn c => MixBytes(hash, c.Span(row)),
                FixedColumn<long> c => Mix(hash, (ulong)c.Values[row]),
                FixedColumn<int> c => Mix(hash, (ulong)c.Values[row]),
                FixedColumn<short> c => Mix(hash, (ulong)c.Values[row]),
                FixedColumn<bool> c => Mix(hash, c.Values[row] ? 2UL : 3),
                _ => MixBytes(hash, Encoded(column, row)),
            };
        }

        return (uint)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        ulong high = Math.BigMul(hash ^ value, 0x9E37_79B9_7F4A_7C15, out ulong low);
        return high ^ low;
    }

    private static ulong MixBytes(ulong hash, ReadOnlySpan<byte> value)
    {
        hash = Mix(hash, (ulong)value.Length);
        for (; value.Length >= 8; value = value[8..])
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(value));
        }

        ulong rest = 0;
        for (int i = 0; i < value.Length; i++)
        {
            rest |= (ulong)value[i] << (8 * i);
        }

        return Mix(hash, rest);
    }

    private byte[] Encoded(Column column, int row)
    {
        _key.Reset();
        Encode(column, row);
        return _key.Written.ToArray();
    }

    private byte[] KeyOf(int row)
    {
        _key.Reset();
        foreach (Column column in _columns)
        {
            Encode(column, row);
        }

        return _key.Written.ToArray();
    }

    private int[] Ranks()
    {
        int[] sorted = new int[Count];
        byte[][] keys = new byte[Count][];
        for (int i = 0; i < sorted.Length; i++)
        {
            sorted[i] = i;
            keys[i] = KeyOf(_firsts[i]);
        }

        Array.Sort(sorted, (a, b) => keys[a].AsSpan().SequenceCompareTo(keys[b]));
        int[] ranks = new int[Count];
        for (int i = 0; i < sorted.Length; i++)
        {
            ranks[sorted[i]] = i;
        }

        return ranks;
    }

    private void Encode(Column column, int row)
    {
        if (column.IsNull(row))
        {
            _key.WriteByte(0);
            return;
        }

        _key.WriteByte(1);
        switch (column)
        {
            case FixedColumn<bool> c: _key.WriteByte(c.Values[row] ? (byte)1 : (byte)0); break;
            case FixedColumn<short> c: EncodeInteger(c.Values[row]); break;
            case FixedColumn<int> c: EncodeInteger(c.Values[row]); break;
            case FixedColumn<long> c: EncodeInteger(c.Values[row]); break;
            case BytesColumn c: EncodeBytes(c.Span(row)); break;
            default: EncodeOther(column, row); break;
        }
    }

    private void EncodeInteger(long value) => BinaryPrimitives.WriteInt64BigEndian(_key.Take(8), value ^ long.MinValue);

    // A zero byte is followed by 255, the end is two zeros: no string is the beginning of another, and the order stays.
    private void EncodeBytes(ReadOnlySpan<byte> value)
    {
        for (int zero; (zero = value.IndexOf((byte)0)) >= 0; value = value[(zero + 1)..])
        {
            _key.Write(value[..(zero + 1)]);
            _key.WriteByte(255);
        }

        _key.Write(value);
        _key.WriteByte(0);
        _key.WriteByte(0);
    }

    private void EncodeOther(Column column, int row)
    {
        ColumnBuilder one = column.NewBuilder();
        one.AppendFrom(column, row);
        int at = _key.Length;
        _key.WriteInt32(0);
        BatchCodec.Write(_key, new Batch([one.View()], 1));
        BinaryPrimitives.WriteInt32BigEndian(_key.Buffer.AsSpan(at), _key.Length - at - 4);
    }
}
