// Text of a bulk load that repeats: each distinct value gets a number, and each row the number of its value.
using Millrace.Core;

namespace Millrace.Doors.Formats;

/// <summary>
/// Codes of one text column. The bytes go into the column's builder as always; the codes beside them are what the log keeps instead. Given up for good when
/// the values turn out not to repeat.
/// </summary>
internal sealed class TextCodes
{
    private const int DistinctMax = 1 << 14;
    private const int BytesMax = 16 << 20;

    private readonly ByteMap _values = new();

    // By value, the one that followed it last time outside of quotes, or −1: rows often come in turns.
    private int[] _next = new int[16];
    private int[] _codes = new int[1024];
    private int _last = -1;

    /// <summary>True once the values were found not to repeat.</summary>
    public bool IsOff { get; private set; }

    /// <summary>The value that most likely comes next; empty when nothing is known.</summary>
    public ReadOnlySpan<byte> Guess => _last >= 0 && _next[_last] is >= 0 and int next ? _values[next] : [];

    /// <summary>Row <paramref name="row"/> has the value that was guessed.</summary>
    public void TakeGuess(int row) => Put(row, _next[_last]);

    /// <summary>Row <paramref name="row"/> has a value.</summary>
    /// <param name="row">From 0 in the batch that is being built.</param>
    /// <param name="value">Its bytes.</param>
    /// <param name="plain">True when the value stood there as it is, so that it may be guessed from.</param>
    public void Take(int row, ReadOnlySpan<byte> value, bool plain)
    {
        int code = _values.GetOrAdd(value, out bool added);
        if (added)
        {
            if (code == _next.Length)
            {
                Array.Resize(ref _next, code * 2);
            }

            _next[code] = -1;
            IsOff = code >= DistinctMax || _values.BytesUsed > BytesMax;
        }

        if (plain && _last >= 0)
        {
            _next[_last] = code;
        }

        Put(row, code);
    }

    /// <summary>Row <paramref name="row"/> is null.</summary>
    public void TakeNull(int row)
    {
        int last = _last;
        Put(row, 0);
        _last = last;
    }

    /// <summary>The column with its codes beside it.</summary>
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
        _last = code;
    }
}
