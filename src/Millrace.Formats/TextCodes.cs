// Text of a bulk load that repeats: each distinct value gets a number, and each row the number of its value.
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Codes of one text column. The bytes go into the column's builder as always; the codes beside them are what the log keeps instead. Given up for good when
/// the values turn out not to repeat.
/// </summary>
internal sealed class TextCodes
{
    private const int DistinctMax = 1 << 14;
    private const int BytesMax = 16 << 20;

    private readonly ByteMap _values = new();

    // By context, the value that came with it last time outside of quotes, plus 1; 0 when there was none.
    private int[] _guesses = new int[16];
    private int[] _codes = new int[1024];

    /// <summary>True once the values were found not to repeat.</summary>
    public bool IsOff { get; private set; }

    /// <summary>The code of the row before; −1 at the beginning.</summary>
    public int Last { get; private set; } = -1;

    /// <summary>The value that most likely comes in a context; empty when nothing is known.</summary>
    /// <param name="context">A code: of the first text of the row, which mostly says what the other ones are, or of this column in the row before.</param>
    public ReadOnlySpan<byte> Guess(int context) => (uint)context < (uint)_guesses.Length && _guesses[context] is > 0 and int guess ? _values[guess - 1] : [];

    /// <summary>Row <paramref name="row"/> has the value that was guessed.</summary>
    public void TakeGuess(int row, int context) => Put(row, _guesses[context] - 1);

    /// <summary>Row <paramref name="row"/> has a value.</summary>
    /// <param name="row">From 0 in the batch that is being built.</param>
    /// <param name="value">Its bytes.</param>
    /// <param name="context">When the value stood there without quotes, as it is: what it may be guessed from the next time. Else −1.</param>
    public void Take(int row, ReadOnlySpan<byte> value, int context)
    {
        int code = _values.GetOrAdd(value, out bool added);
        IsOff = added && (code >= DistinctMax || _values.BytesUsed > BytesMax);
        if (context >= 0)
        {
            if (context >= _guesses.Length)
            {
                Array.Resize(ref _guesses, Math.Max(context + 1, _guesses.Length * 2));
            }

            _guesses[context] = code + 1;
        }

        Put(row, code);
    }

    /// <summary>Row <paramref name="row"/> is null.</summary>
    public void TakeNull(int row)
    {
        int last = Last;
        Put(row, 0);
        Last = last;
    }

    /// <summary>Puts several rows at once into the column: row <paramref name="first"/> + i has the code at <paramref name="pieces"/>[i] × stride + offset.</summary>
    public void TakeRows(BytesBuilder builder, int first, ReadOnlySpan<int> pieces, int[] pieceCodes, int stride, int offset, ref int[] lengths)
    {
        if (lengths.Length < pieces.Length)
        {
            lengths = new int[pieces.Length];
        }

        if (first + pieces.Length > _codes.Length)
        {
            Array.Resize(ref _codes, Math.Max(first + pieces.Length, _codes.Length * 2));
        }

        Span<int> to = _codes.AsSpan(first, pieces.Length);
        long bytes = 0;
        for (int i = 0; i < to.Length; i++)
        {
            int code = pieceCodes[(pieces[i] * stride) + offset];
            to[i] = code;
            int length = _values[code].Length;
            lengths[i] = length;
            bytes += length;
        }

        Span<byte> room = builder.Reserve(checked((int)bytes));
        foreach (int code in to)
        {
            ReadOnlySpan<byte> value = _values[code];
            value.CopyTo(room);
            room = room[value.Length..];
        }

        builder.CommitRows(lengths.AsSpan(0, pieces.Length));
        Last = to[^1];
    }

    /// <summary>The column with its codes beside it: the text is written already, whoever reads it next need not do it again.</summary>
    public Column AddTo(BytesColumn column)
    {
        if (IsOff || _values.Count == 0)
        {
            return column;
        }

        (int[] offsets, byte[] bytes) = _values.ToArrays();
        var values = new BytesColumn(column.Type, offsets, bytes, _values.Count);
        return new BytesColumn(column.Type, column.Offsets, column.Data, column.Length, column.Validity)
        {
            Coded = new CodedText(values, _codes.AsSpan(0, column.Length).ToArray()),
        };
    }

    private void Put(int row, int code)
    {
        if (row >= _codes.Length)
        {
            Array.Resize(ref _codes, Math.Max(row + 1, _codes.Length * 2));
        }

        _codes[row] = code;
        Last = code;
    }
}
