// How key columns of fixed width are packed side by side into one or two 64-bit words.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Where each key column lies: a word and a shift. A column never crosses words; nulls have value bits 0 and a bit in the mask.</summary>
internal sealed class PackedLayout
{
    private readonly (int Word, int Shift)[] _places;
    private readonly bool[] _alone;
    private readonly ulong[][] _words = [[], []];
    private uint[] _masks = [];

    private PackedLayout((int Word, int Shift)[] places, int words)
    {
        _places = places;
        Words = words;
        _alone = [.. places.Select(p => places.Count(q => q.Word == p.Word) == 1)];
    }

    /// <summary>Words used: 1 or 2.</summary>
    public int Words { get; }

    /// <summary>Null masks of the packed rows, or null when no row has a null.</summary>
    public uint[]? Masks { get; private set; }

    /// <summary>A layout, or null when the columns do not fit or are not of a type whose equality is that of its bits.</summary>
    public static PackedLayout? TryMake(SqlType[] types)
    {
        var places = new (int Word, int Shift)[types.Length];
        int[] order = [.. Enumerable.Range(0, types.Length).OrderByDescending(i => Bits(types[i]))];
        Span<int> used = stackalloc int[2];
        foreach (int i in order)
        {
            int bits = Bits(types[i]);
            int word = bits == 0 ? 2 : used[0] + bits <= 64 ? 0 : used[1] + bits <= 64 ? 1 : 2;
            if (word == 2 || types.Length > 16)
            {
                return null;
            }

            places[i] = (word, used[word]);
            used[word] += bits;
        }

        return new PackedLayout(places, used[1] > 0 ? 2 : 1);
    }

    /// <summary>Packs all rows; valid until the next call.</summary>
    public (ulong[] Lo, ulong[] Hi) Pack(Batch batch, ReadOnlySpan<int> columns)
    {
        Masks = null;
        ulong[]?[] words = [null, null];
        for (int c = 0; c < columns.Length; c++)
        {
            Column column = batch.Columns[columns[c]];
            int word = _places[c].Word;
            if (column.Validity is not null)
            {
                MarkNulls(column, c, batch.Count);
            }
            else if (_alone[c] && column is FixedColumn<long> whole)
            {
                words[word] = (ulong[])(object)whole.Values;
                continue;
            }

            bool first = words[word] is null;
            if (_words[word].Length < batch.Count)
            {
                _words[word] = new ulong[batch.Count];
            }

            words[word] = _words[word];
            PackColumn(column, _places[c].Shift, words[word].AsSpan(0, batch.Count)!, first);
        }

        return (words[0] ?? Zeros(0, batch.Count), words[1] ?? Zeros(1, Words == 1 ? 0 : batch.Count));
    }

    /// <summary>Appends column <paramref name="c"/> of keys.</summary>
    public void Decode(int c, ReadOnlySpan<int> slots, ulong[] lo, ulong[] hi, uint[] masks, ColumnBuilder into)
    {
        ulong[] words = _places[c].Word == 0 ? lo : hi;
        int shift = _places[c].Shift;
        switch (into)
        {
            case FixedBuilder<long> b:
                foreach (int slot in slots)
                {
                    b.Append((long)words[slot]);
                }

                break;
            case FixedBuilder<int> b:
                foreach (int slot in slots)
                {
                    b.Append((int)(words[slot] >> shift));
                }

                break;
            case FixedBuilder<short> b:
                foreach (int slot in slots)
                {
                    b.Append((short)(words[slot] >> shift));
                }

                break;
            case FixedBuilder<bool> b:
                foreach (int slot in slots)
                {
                    b.Append(((words[slot] >> shift) & 1) != 0);
                }

                break;
            default: Check.Fail($"no packed key of {into.Type}"); break;
        }

        int start = into.Count - slots.Length;
        for (int i = 0; i < slots.Length; i++)
        {
            if ((masks[slots[i]] >> c & 1) != 0)
            {
                into.SetNull(start + i);
            }
        }
    }

    private static int Bits(SqlType type) => type.Id switch
    {
        TypeId.Boolean => 8,
        TypeId.SmallInt => 16,
        TypeId.Integer or TypeId.Date => 32,
        TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => 64,
        _ => 0,
    };

    private static void PackColumn(Column column, int shift, Span<ulong> into, bool first)
    {
        switch (column)
        {
            case FixedColumn<long> c:
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] = (ulong)c.Values[i];
                }

                break;
            case FixedColumn<int> c:
                ReadOnlySpan<int> ints = c.Values.AsSpan(0, into.Length);
                if (first && shift == 0)
                {
                    for (int i = 0; i < into.Length; i++)
                    {
                        into[i] = (uint)ints[i];
                    }
                }
                else
                {
                    for (int i = 0; i < into.Length; i++)
                    {
                        into[i] = (first ? 0 : into[i]) | ((ulong)(uint)ints[i] << shift);
                    }
                }

                break;
            case FixedColumn<short> c:
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] = (first ? 0 : into[i]) | ((ulong)(ushort)c.Values[i] << shift);
                }

                break;
            case FixedColumn<bool> c:
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] = (first ? 0 : into[i]) | ((c.Values[i] ? 1UL : 0) << shift);
                }

                break;
            default: Check.Fail($"no packed key of {column.Type}"); break;
        }

        if (column.Validity is not null)
        {
            ulong keep = column is FixedColumn<long> ? 0 : ~((column is FixedColumn<int> ? uint.MaxValue : column is FixedColumn<short> ? 0xFFFFUL : 0xFFUL) << shift);
            for (int i = 0; i < into.Length; i++)
            {
                into[i] = column.IsNull(i) ? into[i] & keep : into[i];
            }
        }
    }

    private void MarkNulls(Column column, int c, int count)
    {
        if (Masks is null)
        {
            if (_masks.Length < count)
            {
                _masks = new uint[count];
            }

            Masks = _masks;
            Array.Clear(Masks, 0, count);
        }

        for (int i = 0; i < count; i++)
        {
            Masks[i] |= column.IsNull(i) ? 1u << c : 0;
        }
    }

    private ulong[] Zeros(int word, int count)
    {
        if (_words[word].Length < count)
        {
            _words[word] = new ulong[count];
        }

        Array.Clear(_words[word], 0, count);
        return _words[word];
    }
}
