// Neighbouring text columns whose values come together, such as the tags of a series: compared as one piece, kept as one number a row.
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Remembers pieces of rows over several text columns. A row that repeats one costs one comparison; its values are put into the columns later, column by
/// column (<see cref="Flush"/>). Until then these columns lag behind the others.
/// </summary>
/// <param name="builders">The columns, in the order of their fields.</param>
/// <param name="codes">Their codes.</param>
internal sealed class TextRun(BytesBuilder[] builders, TextCodes[] codes)
{
    private const int PiecesMax = 1 << 14;
    private const int BytesMax = 16 << 20;

    private readonly ByteMap _pieces = new();

    // By piece the one that followed it last time, or −1; and the codes of its values.
    private int[] _next = new int[16];
    private int[] _pieceCodes = new int[16 * builders.Length];
    private int[] _rows = new int[1024];
    private int[] _lengths = [];
    private int _last = -1;
    private int _first;
    private int _waiting;
    private bool _isFull;

    /// <summary>The piece that most likely comes next; empty when nothing is known.</summary>
    public ReadOnlySpan<byte> Guess => _last >= 0 && _next[_last] is >= 0 and int next ? _pieces[next] : [];

    /// <summary>Row <paramref name="row"/> has the piece that was guessed.</summary>
    public void TakeGuess(int row)
    {
        if (_waiting == 0)
        {
            _first = row;
        }
        else if (_waiting == _rows.Length)
        {
            Array.Resize(ref _rows, _waiting * 2);
        }

        _last = _next[_last];
        _rows[_waiting++] = _last;
    }

    /// <summary>The row that was read last, field by field, had this piece; every value of it has a code.</summary>
    public void Learn(ReadOnlySpan<byte> piece)
    {
        if (_isFull || Array.Exists(codes, c => c.IsOff))
        {
            _last = -1;
            return;
        }

        int index = _pieces.GetOrAdd(piece, out bool added);
        if (added)
        {
            if (index == _next.Length)
            {
                Array.Resize(ref _next, index * 2);
                Array.Resize(ref _pieceCodes, index * 2 * codes.Length);
            }

            _next[index] = -1;
            for (int c = 0; c < codes.Length; c++)
            {
                _pieceCodes[(index * codes.Length) + c] = codes[c].Last;
            }

            _isFull = index >= PiecesMax || _pieces.BytesUsed > BytesMax;
        }

        if (_last >= 0)
        {
            _next[_last] = index;
        }

        _last = index;
    }

    /// <summary>Puts the values of all rows that were guessed into their columns.</summary>
    public void Flush()
    {
        if (_waiting == 0)
        {
            return;
        }

        for (int c = 0; c < codes.Length; c++)
        {
            codes[c].TakeRows(builders[c], _first, _rows.AsSpan(0, _waiting), _pieceCodes, codes.Length, c, ref _lengths);
        }

        _waiting = 0;
    }
}
