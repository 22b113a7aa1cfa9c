// Finds where rows begin and end in JSON, without reading them, so that a body never has to be in memory whole.
using System.Buffers;
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Pure: bytes in, ranges out. A row that is not whole yet is left alone; call again with more bytes from the same place (what was
/// looked at is not looked at again).
/// </summary>
/// <param name="lines">True for one row a line, false for a document that is an object or an array of objects.</param>
internal sealed class JsonSplitter(bool lines)
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);

    private enum Place
    {
        Start,
        Element,
        FirstElement,
        AfterElement,
        End,
    }

    private Place _place = Place.Start;
    private bool _array;
    private int _scanned;
    private int _depth;
    private bool _inString;
    private long _line = 1;

    /// <summary>1-based line on which the row last found (or the one waited for) starts.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>Finds the next row.</summary>
    /// <param name="input">Bytes from where the last call's <paramref name="consumed"/> ended.</param>
    /// <param name="final">True when no more bytes follow.</param>
    /// <param name="start">Where the row begins.</param>
    /// <param name="length">Its length.</param>
    /// <param name="consumed">Bytes done with, also when there is no row.</param>
    /// <exception cref="SqlException">22P02: the document is not an object or an array.</exception>
    public bool TryNext(ReadOnlySpan<byte> input, bool final, out int start, out int length, out int consumed) => lines
        ? TryNextLine(input, final, out start, out length, out consumed)
        : TryNextElement(input, final, out start, out length, out consumed);

    private bool TryNextLine(ReadOnlySpan<byte> input, bool final, out int start, out int length, out int consumed)
    {
        start = 0;
        length = 0;
        consumed = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = input[consumed..];
            int end = rest[_scanned..].IndexOf((byte)'\n');
            if (end < 0 && (!final || rest.IsEmpty))
            {
                _scanned = rest.Length;
                Line = _line;
                return false;
            }

            end = end < 0 ? rest.Length : _scanned + end;
            _scanned = 0;
            start = consumed;
            consumed += Math.Min(end + 1, rest.Length);
            Line = _line++;
            ReadOnlySpan<byte> line = rest[..end];
            if (_place == Place.Start)
            {
                _place = Place.Element;
                if (line.StartsWith("\uFEFF"u8))
                {
                    line = line[3..];
                    start += 3;
                }
            }

            if (!line.Trim(" \t\r"u8).IsEmpty)
            {
                length = line.Length;
                return true;
            }
        }
    }

    private bool TryNextElement(ReadOnlySpan<byte> input, bool final, out int start, out int length, out int consumed)
    {
        consumed = 0;
        length = 0;
        while (true)
        {
            if (_scanned == 0)
            {
                consumed += SkipBlank(input[consumed..]);
            }

            start = consumed;
            Line = _line;
            if (consumed == input.Length)
            {
                if (final && _place != Place.End)
                {
                    throw new SqlException("22P02", _place == Place.Start ? "the body is empty" : "the JSON document ends before its array does");
                }

                return false;
            }

            byte next = input[consumed];
            switch (_place)
            {
                case Place.Start when next == '[':
                    _array = true;
                    _place = Place.FirstElement;
                    consumed++;
                    break;
                case Place.Start when next == '{':
                    _place = Place.Element;
                    break;
                case Place.Start:
                    throw new SqlException("22P02", "the body is neither a JSON object nor an array of objects");
                case Place.FirstElement when next == ']':
                case Place.AfterElement when next == ']':
                    _place = Place.End;
                    consumed++;
                    break;
                case Place.AfterElement when next == ',':
                    _place = Place.Element;
                    consumed++;
                    break;
                case Place.AfterElement:
                    throw new SqlException("22P02", "rows of a JSON array are separated by commas");
                case Place.End:
                    throw new SqlException(
                        "22P02", "something follows the JSON document", hint: "for one object a line use Content-Type: application/x-ndjson");
                case Place.Element when next is (byte)',' or (byte)']':
                case Place.FirstElement when next == ',':
                    throw new SqlException("22P02", "a row is missing between commas");
                default:
                    if (!TryScan(input[consumed..], final, out length))
                    {
                        return false;
                    }

                    CountLines(input.Slice(consumed, length));
                    consumed += length;
                    _place = _array ? Place.AfterElement : Place.End;
                    return true;
            }
        }
    }

    private int SkipBlank(ReadOnlySpan<byte> input)
    {
        int at = 0;
        while (at < input.Length && (input[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'
            || (_place == Place.Start && input[at] is 0xEF or 0xBB or 0xBF)))
        {
            at++;
        }

        CountLines(input[..at]);
        return at;
    }

    // Objects and arrays end with their bracket, strings with their quote, anything else before a comma, bracket or blank.
    private bool TryScan(ReadOnlySpan<byte> input, bool final, out int length)
    {
        int at = _scanned;
        if (at == 0 && input[0] is not ((byte)'{' or (byte)'[' or (byte)'"'))
        {
            length = input.IndexOfAny(" \t\r\n,]}"u8);
            length = length < 0 && final ? input.Length : length;
            return length > 0 || (length == 0 && Wrong());
        }

        while (at < input.Length)
        {
            if (_inString)
            {
                int stop = input[at..].IndexOfAny((byte)'"', (byte)'\\');
                if (stop < 0)
                {
                    at = input.Length;
                }
                else if (input[at + stop] == '"')
                {
                    at += stop + 1;
                    _inString = false;
                    if (_depth == 0)
                    {
                        return Found(at, out length);
                    }
                }
                else if (at + stop + 1 < input.Length)
                {
                    at += stop + 2;
                }
                else
                {
                    at += stop;
                    break;
                }

                continue;
            }

            int next = input[at..].IndexOfAny(Structure);
            if (next < 0)
            {
                at = input.Length;
                break;
            }

            at += next + 1;
            switch (input[at - 1])
            {
                case (byte)'"': _inString = true; break;
                case (byte)'{' or (byte)'[': _depth++; break;
                default:
                    if (--_depth == 0)
                    {
                        return Found(at, out length);
                    }

                    break;
            }
        }

        if (final)
        {
            throw new SqlException("22P02", "the JSON document ends in the middle of a row");
        }

        _scanned = at;
        length = 0;
        return false;
    }

    private bool Found(int at, out int length)
    {
        _scanned = 0;
        _depth = 0;
        length = at;
        return true;
    }

    private static bool Wrong() => throw new SqlException("22P02", "a bracket closes that was never opened");

    private void CountLines(ReadOnlySpan<byte> bytes) => _line += bytes.Count((byte)'\n');
}
