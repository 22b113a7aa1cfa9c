// Line protocol to columns: bytes in, in pieces of any size; rows of each measurement out. Pure: no sockets, no engine.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Doors.LineProtocol;

/// <summary>A request passes a bound; nothing of it is written.</summary>
internal sealed class LineLimitException(string message) : Exception(message);

/// <summary>
/// Reads lines of the form <c>measurement[,tag=value…] field=value[,field=value…] [timestamp]</c>. A line is taken wholly or not at all; one that is bad
/// is noted with its reason, the others go on. A line ends at the first line feed outside of a quoted string.
/// </summary>
/// <param name="find">The stream of a measurement, or null when there is none yet.</param>
/// <param name="unit">The unit of timestamps.</param>
/// <param name="nowMicros">The time of lines without a timestamp.</param>
/// <param name="limits">Bounds.</param>
internal sealed partial class LineReader(Func<string, CatalogObject?> find, LineTime unit, long nowMicros, LineLimits limits)
{
    // A guess that is wrong must not cost much.
    private const int RowsLikelyMax = 1 << 14;

    private readonly List<LineError> _errors = [];
    private byte[] _buffer = [];
    private int _used;
    private long _line = 1;
    private bool _isText;
    private Measurement? _measurement;
    private int _places;

    /// <summary>Bytes that are said to come in all, 0 when nobody knows: columns get room for as many rows as these may hold.</summary>
    public long ExpectedBytes { get; init; }

    /// <summary>The measurements seen, in order of appearance.</summary>
    public List<Measurement> Measurements { get; } = [];

    /// <summary>The first bad lines.</summary>
    public IReadOnlyList<LineError> Errors => _errors;

    /// <summary>How many lines are bad.</summary>
    public long Dropped { get; private set; }

    /// <summary>How many rows were read.</summary>
    public long Rows { get; private set; }

    /// <summary>Takes the next piece.</summary>
    /// <exception cref="LineLimitException">A bound is passed.</exception>
    public void Write(ReadOnlySpan<byte> piece)
    {
        if (_buffer.Length - _used < piece.Length + 1)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_used + piece.Length + 1, _buffer.Length * 2L)));
            _buffer.AsSpan(0, _used).CopyTo(larger);
            GiveBack();
            _buffer = larger;
        }

        piece.CopyTo(_buffer.AsSpan(_used));
        _used += piece.Length;
        int whole = _buffer.AsSpan(_used - piece.Length, piece.Length).LastIndexOf((byte)'\n');
        if (whole >= 0)
        {
            int read = Read(_buffer.AsSpan(0, _used - piece.Length + whole + 1), final: false);
            _buffer.AsSpan(read, _used - read).CopyTo(_buffer);
            _used -= read;
        }

        if (_used > limits.LineBytesMax)
        {
            throw new LineLimitException($"line {_line} is longer than {limits.LineBytesMax} bytes");
        }
    }

    /// <summary>Ends the input; the last line need not end in a line feed.</summary>
    public void Complete()
    {
        if (_used > 0)
        {
            if (_buffer[_used - 1] != (byte)'\n')
            {
                _buffer[_used++] = (byte)'\n';
            }

            Read(_buffer.AsSpan(0, _used), final: true);
            _used = 0;
        }

        GiveBack();
    }

    private void GiveBack()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Notes a line that is bad for a reason that showed later.</summary>
    public void Drop(long line, string message)
    {
        Dropped++;
        if (_errors.Count < limits.ErrorsTold)
        {
            _errors.Add(new LineError(line, message));
        }
    }

    // The text ends in a line feed, so that every loop over a line ends without asking where the text does. Gives how much was read.
    private int Read(ReadOnlySpan<byte> text, bool final)
    {
        _isText = Utf8.IsValid(text) && !text.Contains((byte)0);
        int at = 0;
        while (at < text.Length)
        {
            int start = at;
            long line = _line;
            LineFault? fault = ReadLine(text, ref at);
            if (fault is not null)
            {
                _measurement?.DropRow(_places);
                if (ReferenceEquals(fault, LineFault.Incomplete) || !SkipLine(text, ref at))
                {
                    if (!final)
                    {
                        _line = line;
                        return start;
                    }

                    fault = LineFault.UnbalancedQuotes;
                    at = text.Length;
                }

                if (_errors.Count < limits.ErrorsTold)
                {
                    _errors.Add(new LineError(line, fault.Message(text[start..at])));
                }

                Dropped++;
            }

            _line++;
        }

        return at;
    }

    // Passes over what is left of a bad line. Strings in it are still strings: what stands in them must not be taken for lines.
    private bool SkipLine(ReadOnlySpan<byte> text, ref int at)
    {
        while (true)
        {
            at += text[at..].IndexOfAny((byte)'"', (byte)'\n');
            if (text[at] == (byte)'\n')
            {
                at++;
                return true;
            }

            if (at > 0 && text[at - 1] == Equal)
            {
                int start = at + 1;
                if (!TryFindQuote(text, start, out at, out _))
                {
                    return false;
                }

                _line += text[start..at].Count((byte)'\n');
            }

            at++;
        }
    }

    private LineFault? ReadLine(ReadOnlySpan<byte> text, ref int at)
    {
        _measurement = null;
        _places = 0;
        int start = at;
        long line = _line;
        SkipBlanks(text, ref at);
        switch (text[at])
        {
            case (byte)'\n':
                at++;
                return null;
            case (byte)'#':
                at += text[at..].IndexOf((byte)'\n') + 1;
                return null;
        }

        if (ReadSeries(text, ref at, out int series) is { } bad)
        {
            return bad;
        }

        Measurement measurement = _measurement!;
        SkipBlanks(text, ref at);
        if (ReadFields(text, ref at, measurement) is { } badField)
        {
            return badField;
        }

        SkipBlanks(text, ref at);
        long time = nowMicros;
        if (text[at] != (byte)'\n')
        {
            if (ReadTime(text, ref at, out time) is { } badTime)
            {
                return badTime;
            }

            SkipBlanks(text, ref at);
            if (text[at] != (byte)'\n')
            {
                return LineFault.BadTimestamp;
            }
        }

        if (!_isText && !IsText(text[start..at]))
        {
            return LineFault.InvalidText;
        }

        at++;
        measurement.EndRow(series, time, line);
        Rows++;
        return measurement.Cells <= limits.CellsMax ? null : throw new LineLimitException(
            $"measurement \"{measurement.Name}\": {measurement.Count} lines with {measurement.Fields.Count} different fields make too many empty values");
    }

    private LineFault? ReadFields(ReadOnlySpan<byte> text, ref int at, Measurement measurement)
    {
        int row = measurement.Count;
        for (int place = 0; ; place++)
        {
            FieldColumn? field = measurement.Expected(place);
            if (field is not null && text[at..].StartsWith(field.RawKey))
            {
                at += field.RawKey.Length;
            }
            else if (ReadKey(text, ref at, measurement, place, out field) is { } bad)
            {
                return bad;
            }

            measurement.Took(place, field!);
            _places = place + 1;
            field!.MoveTo(row);
            if (ReadValue(text, ref at, measurement, field) is { } badValue)
            {
                return badValue;
            }

            switch (text[at])
            {
                case (byte)',':
                    at++;
                    continue;
                case (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r':
                    return null;
                default:
                    return LineFault.InvalidFieldFormat;
            }
        }
    }

    private LineFault? ReadTime(ReadOnlySpan<byte> text, ref int at, out long micros)
    {
        micros = 0;
        int i = at;
        bool negative = text[i] == (byte)'-';
        i += negative ? 1 : 0;
        int first = i;
        ulong value = 0;
        uint digit;
        while ((digit = (uint)(text[i] - '0')) <= 9)
        {
            value = (value * 10) + digit;
            i++;
        }

        int digits = i - first;
        at = i;
        if (digits == 0 || (text[i] is not ((byte)'\n' or (byte)' ' or (byte)'\r' or (byte)'\t')))
        {
            return LineFault.BadTimestamp;
        }

        return digits <= 19 && value <= long.MaxValue && unit.TryToMicros(negative ? -(long)value : (long)value, out micros) ? null : LineFault.TimeOutOfRange;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SkipBlanks(ReadOnlySpan<byte> text, ref int at)
    {
        while (text[at] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            at++;
        }
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) && !bytes.Contains((byte)0);
}
