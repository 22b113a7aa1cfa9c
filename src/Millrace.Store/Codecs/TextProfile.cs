// Byte strings before a codec is chosen for them: their lengths, their bytes, and the distinct ones among them.
using System.Buffers;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Some rows of a column of byte strings, without the null ones.</summary>
internal sealed class TextProfile : IDisposable
{
    private readonly BytesColumn _column;
    private readonly int[] _rows;
    private IntegerProfile? _lengths;
    private TextDictionary? _dictionary;
    private bool _dictionaryKnown;
    private byte[]? _bytes;
    private byte[]? _compressed;
    private bool _compressedKnown;

    /// <summary>The rows <paramref name="rows"/> of <paramref name="column"/>, at least one.</summary>
    /// <param name="column">The column.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="habit">What is usual for them; null when nothing is known of others.</param>
    public TextProfile(BytesColumn column, ReadOnlySpan<int> rows, CodecHabit? habit = null)
    {
        Habit = habit;
        _column = column;
        Count = rows.Length;
        _rows = ArrayPool<int>.Shared.Rent(Count);
        rows.CopyTo(_rows);
        int sum = 0;
        foreach (int row in rows)
        {
            sum += column.Offsets[row + 1] - column.Offsets[row];
        }

        ByteCount = sum;
    }

    public int Count { get; }

    /// <summary>What is usual for such strings.</summary>
    public CodecHabit? Habit { get; }

    /// <summary>The bytes of all strings together.</summary>
    public int ByteCount { get; }

    public ReadOnlySpan<byte> this[int index] => _column.Span(_rows[index]);

    /// <summary>The lengths as integers.</summary>
    public IntegerProfile Lengths
    {
        get
        {
            if (_lengths is null)
            {
                using var lengths = new Rented<long>(Count);
                for (int i = 0; i < Count; i++)
                {
                    lengths.Span[i] = this[i].Length;
                }

                _lengths = new IntegerProfile(lengths.Span, Habit?[CodecPart.Lengths]);
            }

            return _lengths;
        }
    }

    /// <summary>The strings one after the other.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            if (_bytes is null)
            {
                _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(ByteCount, 1));
                int at = 0;
                for (int i = 0; i < Count; i++)
                {
                    this[i].CopyTo(_bytes.AsSpan(at));
                    at += this[i].Length;
                }
            }

            return _bytes.AsSpan(0, ByteCount);
        }
    }

    /// <summary>The bytes compressed, or null when that does not help.</summary>
    public byte[]? Compressed
    {
        get
        {
            if (!_compressedKnown)
            {
                _compressedKnown = true;
                _compressed = BrotliTextCodec.TryCompress(Bytes);
            }

            return _compressed;
        }
    }

    /// <summary>The distinct strings and which one each row has, or null when they are too many for that to help.</summary>
    public TextDictionary? Dictionary
    {
        get
        {
            if (!_dictionaryKnown)
            {
                _dictionaryKnown = true;
                _dictionary = TextDictionary.Build(this);
            }

            return _dictionary;
        }
    }

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_rows);
        _lengths?.Dispose();
        _dictionary?.Dispose();
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }

    /// <summary>The distinct strings of this profile, given the indexes of their first rows.</summary>
    public TextProfile Pick(ReadOnlySpan<int> indexes)
    {
        using var rows = new Rented<int>(indexes.Length);
        for (int i = 0; i < indexes.Length; i++)
        {
            rows.Span[i] = _rows[indexes[i]];
        }

        return new TextProfile(_column, rows.Span, Habit?[CodecPart.Entries]);
    }
}

/// <summary>Distinct strings in order of first sight, and the code of each row.</summary>
internal sealed class TextDictionary : IDisposable
{
    private TextDictionary(TextProfile entries, IntegerProfile codes)
    {
        Entries = entries;
        Codes = codes;
    }

    public TextProfile Entries { get; }

    public IntegerProfile Codes { get; }

    /// <summary>The dictionary of <paramref name="profile"/>; null when more than half of the strings would be in it.</summary>
    public static TextDictionary? Build(TextProfile profile)
    {
        int most = profile.Count / 2;
        if (most == 0)
        {
            return null;
        }

        int slots = 16;
        while (slots < 2 * most)
        {
            slots *= 2;
        }

        using var table = new Rented<int>(slots);
        using var first = new Rented<int>(most);
        using var codes = new Rented<long>(profile.Count);
        table.Span.Fill(-1);
        int distinct = 0;
        long last = -1;
        for (int i = 0; i < profile.Count; i++)
        {
            ReadOnlySpan<byte> text = profile[i];
            if (last >= 0 && text.SequenceEqual(profile[first.Span[(int)last]]))
            {
                codes.Span[i] = last;
                continue;
            }

            int slot = (int)(KeyHash.Of(text) & (uint)(slots - 1)); // seeded anew in each process; what is built does not depend on it
            while (table.Span[slot] >= 0 && !text.SequenceEqual(profile[first.Span[table.Span[slot]]]))
            {
                slot = (slot + 1) & (slots - 1);
            }

            if (table.Span[slot] < 0)
            {
                if (distinct == most)
                {
                    return null;
                }

                first.Span[distinct] = i;
                table.Span[slot] = distinct++;
            }

            last = table.Span[slot];
            codes.Span[i] = last;
        }

        return new TextDictionary(profile.Pick(first.Span[..distinct]), new IntegerProfile(codes.Span, profile.Habit?[CodecPart.Codes]));
    }

    public void Dispose()
    {
        Entries.Dispose();
        Codes.Dispose();
    }
}
