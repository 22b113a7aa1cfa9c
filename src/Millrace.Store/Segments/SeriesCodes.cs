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
    private readonly ByteWriter _keys = new(4096);
    private readonly List<int> _starts = [0];
    private int[] _table = new int[256];
    private ulong[] _hashes = new ulong[256];
    private readonly ByteWriter _key = new(256);

    /// <summary>How many different series there are.</summary>
    public int Count => _starts.Count - 1;

    /// <summary>The rank of each row's series.</summary>
    public static int[] Rank(IReadOnlyList<Column> key, int rows, out int series)
    {
        int[] codes = new int[rows];
        if (key.Count == 0)
        {
            series = 1;
            return codes;
        }

        var all = new SeriesCodes();
        for (int i = 0; i < rows; i++)
        {
            codes[i] = all.CodeOf(key, i);
        }

        series = all.Count;
        int[] ranks = all.Ranks();
        for (int i = 0; i < rows; i++)
        {
            codes[i] = ranks[codes[i]];
        }

        return codes;
    }

    private int CodeOf(IReadOnlyList<Column> key, int row)
    {
        _key.Reset();
        foreach (Column column in key)
        {
            Encode(column, row);
        }

        ReadOnlySpan<byte> wanted = _key.Written;
        ulong hash = HashOf(wanted) | 1UL << 32;
        for (int at = (int)hash & (_table.Length - 1); ; at = (at + 1) & (_table.Length - 1))
        {
            if (_hashes[at] == 0)
            {
                return Add(at, hash, wanted);
            }

            if (_hashes[at] == hash && KeyOf(_table[at]).SequenceEqual(wanted))
            {
                return _table[at];
            }
        }
    }

    // The runtime seeds it anew in each process: nobody can choose keys that collide. Ranks do not depend on it.
    private static ulong HashOf(ReadOnlySpan<byte> key)
    {
        var hash = default(HashCode);
        hash.AddBytes(key);
        return (uint)hash.ToHashCode();
    }

    private int Add(int at, ulong hash, ReadOnlySpan<byte> key)
    {
        int code = Count;
        _keys.Write(key);
        _starts.Add(_keys.Length);
        (_table[at], _hashes[at]) = (code, hash);
        if (Count > _table.Length / 2)
        {
            Grow();
        }

        return code;
    }

    private void Grow()
    {
        (int[] table, ulong[] hashes) = (_table, _hashes);
        _table = new int[table.Length * 2];
        _hashes = new ulong[table.Length * 2];
        for (int i = 0; i < table.Length; i++)
        {
            if (hashes[i] == 0)
            {
                continue;
            }

            int at = (int)hashes[i] & (_table.Length - 1);
            while (_hashes[at] != 0)
            {
                at = (at + 1) & (_table.Length - 1);
            }

            (_table[at], _hashes[at]) = (table[i], hashes[i]);
        }
    }

    private ReadOnlySpan<byte> KeyOf(int code) => _keys.Written[_starts[code].._starts[code + 1]];

    private int[] Ranks()
    {
        int[] sorted = new int[Count];
        for (int i = 0; i < sorted.Length; i++)
        {
            sorted[i] = i;
        }

        Array.Sort(sorted, (a, b) => KeyOf(a).SequenceCompareTo(KeyOf(b)));
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
