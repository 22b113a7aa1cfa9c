// The short way for CSV: rows without surprises go from bytes into columns in one pass. Everything else is left to the tokenizer.
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Reads rows of CSV one after the other until it meets one that is unusual in any way: a quote inside a field, a number too long, too few fields, a null where
/// none may be, a value that is bad. That row is left as it is; whoever called reads it by the rules, and says what is wrong with it if anything is.
/// </summary>
internal sealed class LeanRows
{
    private const byte Quote = (byte)'"';
    private const byte Feed = (byte)'\n';
    private const byte Return = (byte)'\r';

    // Digits that cannot overflow 64 bits.
    private const int DigitsMax = 18;

    private readonly BatchBuilder _rows;
    private readonly Lane[] _lanes;
    private readonly Absent[] _absent;
    private readonly byte _delimiter;
    private readonly bool _epochs;

    // The longest run of neighbouring text fields, when there is one of two or more.
    private readonly TextRun? _run;
    private readonly int _runStart;
    private readonly int _runEnd;

    // The code of the row's first text, or −1.
    private int _context;

    /// <param name="rows">Where rows go.</param>
    /// <param name="map">By field its column, −1 for one to pass over.</param>
    /// <param name="delimiter">Between fields; neither a letter nor a digit, a sign, a point or a quote.</param>
    /// <param name="byName">As for <see cref="RowReader"/>.</param>
    public LeanRows(BatchBuilder rows, int[] map, byte delimiter, ByName? byName)
    {
        _rows = rows;
        _delimiter = delimiter;
        _epochs = byName is not null;
        _lanes = [.. map.Select(c => new Lane(c < 0 ? null : rows.Columns[c], byName is not null && c >= 0 && !rows.Schema[c].Nullable))];
        (_runStart, _runEnd) = LongestRun();
        if (_runEnd - _runStart > 1)
        {
            Lane[] run = _lanes[_runStart.._runEnd];
            _run = new TextRun(Array.ConvertAll(run, l => (BytesBuilder)l.Builder!), Array.ConvertAll(run, l => l.Codes!));
        }

        _absent = [.. Enumerable.Range(0, rows.Columns.Length).Where(c => !map.Contains(c))
            .Select(c => new Absent(rows.Columns[c], byName?.Defaults?[c], byName is not null && !rows.Schema[c].Nullable))];
    }

    private enum Kind
    {
        Skipped,
        Integer,
        BigInt,
        Double,
        Text,
        TimestampTz,
        Timestamp,
        Other,
    }

    /// <summary>Rows, and so lines, that the last call read.</summary>
    public int Count { get; private set; }

    /// <summary>Reads rows; gives how many bytes they took.</summary>
    /// <param name="text">Whole lines of sound UTF-8 from the start of a row on; the last byte is a line feed, at which every loop ends.</param>
    public int Read(ReadOnlySpan<byte> text)
    {
        Count = 0;
        int at = 0;
        while (at < text.Length)
        {
            int end = ReadRow(text, at);
            if (end < 0)
            {
                Flush();
                _rows.DropUnfinishedRow();
                break;
            }

            at = end;
            Count++;
        }

        return at;
    }

    /// <summary>Brings all columns to the same number of rows. Call it before anybody else looks at them or adds to them.</summary>
    public void Flush() => _run?.Flush();

    /// <summary>A row was read the long way: its text gets codes as well.</summary>
    public void Learn(int row)
    {
        foreach (Lane lane in _lanes)
        {
            if (lane.Codes is { IsOff: false } codes)
            {
                Column column = lane.Builder!.View();
                if (column.IsNull(row))
                {
                    codes.TakeNull(row);
                }
                else
                {
                    codes.Take(row, ((BytesColumn)column).Span(row), context: -1);
                }
            }
        }
    }

    /// <summary>Puts the codes beside the text columns of a batch that was made of all rows.</summary>
    public void AddCodes(Batch batch)
    {
        foreach (Lane lane in _lanes)
        {
            if (lane.Codes is { } codes)
            {
                int column = Array.IndexOf(_rows.Columns, lane.Builder);
                batch.Columns[column] = codes.AddTo((BytesColumn)batch.Columns[column]);
            }
        }
    }

    // The end of the row, or −1 when it is unusual.
    private int ReadRow(ReadOnlySpan<byte> text, int at)
    {
        // An empty line may be no row; a backslash may be the mark of the end.
        if (text[at] is Feed or Return or (byte)'\\')
        {
            return -1;
        }

        _context = -1;
        Lane[] lanes = _lanes;
        bool guessed = false;
        bool learns = false;
        int runAt = 0;
        int runLength = 0;
        for (int i = 0; ;)
        {
            if (i == _runStart && _run is not null && IsGuess(text, at, _run.Guess))
            {
                at += _run.Guess.Length;
                i = _runEnd;
                guessed = true;
            }
            else
            {
                if (i == _runStart && _run is not null)
                {
                    // Field by field, behind the rows that wait.
                    _run.Flush();
                    learns = true;
                    runAt = at;
                }

                byte first = text[at];
                learns &= i < _runStart || i >= _runEnd || (first != _delimiter && first is not (Feed or Return or Quote));
                ref Lane lane = ref lanes[i++];
                bool taken = first == _delimiter || first is Feed or Return ? lane.TakeNull(_rows.Count)
                    : first == Quote ? TakeQuoted(ref lane, text, ref at)
                    : Take(ref lane, text, ref at);
                if (!taken)
                {
                    return -1;
                }

                runLength = i == _runEnd ? at - runAt : runLength;
            }

            byte next = text[at];
            if (i < lanes.Length)
            {
                if (next != _delimiter)
                {
                    return -1;
                }

                at++;
                continue;
            }

            at += next == Return ? 1 : 0;
            if (text[at] != Feed)
            {
                return -1;
            }

            break;
        }

        foreach (Absent absent in _absent)
        {
            if (!absent.Take())
            {
                return -1;
            }
        }

        // Only rows that are whole are remembered, and wait.
        if (guessed)
        {
            _run!.TakeGuess(_rows.Count);
        }
        else if (learns)
        {
            _run!.Learn(text.Slice(runAt, runLength));
        }

        _rows.EndRow();
        return at + 1;
    }

    private bool Take(ref Lane lane, ReadOnlySpan<byte> text, ref int at)
    {
        switch (lane.Kind)
        {
            case Kind.BigInt:
                if (!TryInteger(text, ref at, out long value))
                {
                    return false;
                }

                Unsafe.As<FixedBuilder<long>>(lane.Builder!).Append(value);
                return true;
            case Kind.Integer:
                if (!TryInteger(text, ref at, out long small) || small != (int)small)
                {
                    return false;
                }

                Unsafe.As<FixedBuilder<int>>(lane.Builder!).Append((int)small);
                return true;
            case Kind.Double:
                PlainNumber number = PlainNumber.Read(text, ref at);
                if (number.Kind != NumberKind.Float)
                {
                    return false;
                }

                Unsafe.As<FixedBuilder<double>>(lane.Builder!).Append(number.Float);
                return true;
            case Kind.Text:
                return TakeText(ref lane, text, ref at);
            case Kind.TimestampTz or Kind.Timestamp:
                return TakeTime(ref lane, text, ref at);
            default:
                int end = FieldEnd(text, at);
                bool taken = end >= 0 && TakeOther(ref lane, text[at..end]);
                at = end;
                return taken;
        }
    }

    private bool TakeText(ref Lane lane, ReadOnlySpan<byte> text, ref int at)
    {
        var builder = Unsafe.As<BytesBuilder>(lane.Builder!);
        TextCodes codes = lane.Codes!;
        if (codes.IsOff)
        {
            int stop = FieldEnd(text, at);
            if (stop < 0)
            {
                return false;
            }

            builder.Append(text[at..stop]);
            at = stop;
            return true;
        }

        int context = _context >= 0 ? _context : codes.Last;
        ReadOnlySpan<byte> guess = codes.Guess(context);
        if (IsGuess(text, at, guess))
        {
            builder.Append(guess);
            codes.TakeGuess(_rows.Count, context);
            at += guess.Length;
        }
        else
        {
            int end = FieldEnd(text, at);
            if (end < 0)
            {
                return false;
            }

            ReadOnlySpan<byte> value = text[at..end];
            builder.Append(value);
            codes.Take(_rows.Count, value, context);
            at = end;
        }

        _context = _context < 0 ? codes.Last : _context;
        return true;
    }

    private bool TakeTime(ref Lane lane, ReadOnlySpan<byte> text, ref int at)
    {
        int end = FieldEnd(text, at);
        if (end < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> value = text[at..end];
        if (!value.SequenceEqual(lane.LastText.AsSpan(0, lane.LastLength)))
        {
            // More digits than are kept are rounded by PostgreSQL's rules; a plain timestamp passes over its zone.
            bool read = (value.Length >= 16 && HasPlainEnd(value, lane.Kind == Kind.TimestampTz) && IsoTime.TryParse(value, out lane.LastTime))
                || (_epochs && TextValue.TryEpoch(value, out lane.LastTime));
            lane.LastLength = 0;
            if (!read)
            {
                return false;
            }

            if (value.Length <= lane.LastText.Length)
            {
                value.CopyTo(lane.LastText);
                lane.LastLength = value.Length;
            }
        }

        Unsafe.As<FixedBuilder<long>>(lane.Builder!).Append(lane.LastTime);
        at = end;
        return true;
    }

    private static bool HasPlainEnd(ReadOnlySpan<byte> value, bool zone)
    {
        if (value.Length <= 19)
        {
            return value.Length is 16 or 19;
        }

        int digits = 0;
        if (value[19] == '.')
        {
            ReadOnlySpan<byte> rest = value[20..];
            int length = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            digits = length < 0 ? rest.Length : length;
            if (digits is 0 or > 6)
            {
                return false;
            }

            digits++;
        }

        return zone || value.Length == 19 + digits;
    }

    private bool TakeQuoted(ref Lane lane, ReadOnlySpan<byte> text, ref int at)
    {
        int length = text[(at + 1)..].IndexOfAny(Quote, Feed);
        if (length < 0 || text[at + 1 + length] != Quote)
        {
            return false;
        }

        // A quote that follows is part of the value; anything else but an end is a field that goes on.
        ReadOnlySpan<byte> value = text.Slice(at + 1, length);
        at += length + 2;
        return (text[at] == _delimiter || text[at] is Feed or Return) && TakeOther(ref lane, value);
    }

    private bool TakeOther(ref Lane lane, ReadOnlySpan<byte> value)
    {
        if (lane.Kind == Kind.Skipped)
        {
            return true;
        }

        if (lane.Codes is { IsOff: false } codes)
        {
            codes.Take(_rows.Count, value, context: -1);
        }

        try
        {
            TextValue.Append(lane.Builder!, value);
            return true;
        }
        catch (SqlException)
        {
            // It is read again the long way, which says where it is and what is wrong.
            return false;
        }
    }

    // What was guessed must be all there is of it: the return before a line feed is none of the value.
    private bool IsGuess(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> guess)
    {
        if (guess.IsEmpty || !text[at..].StartsWith(guess))
        {
            return false;
        }

        byte next = text[at + guess.Length];
        return next == _delimiter || (next == Feed && guess[^1] != Return);
    }

    private (int Start, int End) LongestRun()
    {
        (int Start, int End) longest = (0, 0);
        for (int start = 0; start < _lanes.Length; start++)
        {
            int end = start;
            while (end < _lanes.Length && _lanes[end].Kind == Kind.Text)
            {
                end++;
            }

            longest = end - start > longest.End - longest.Start ? (start, end) : longest;
            start = end;
        }

        return longest;
    }

    // Up to the delimiter or the end of the line; −1 when there is a quote before.
    private int FieldEnd(ReadOnlySpan<byte> text, int at)
    {
        int end = at + text[at..].IndexOfAny(_delimiter, Feed, Quote);
        return text[end] == Quote ? -1 : text[end] == Feed && text[end - 1] == Return ? end - 1 : end;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryInteger(ReadOnlySpan<byte> text, ref int at, out long value)
    {
        int i = at;
        bool negative = text[i] == (byte)'-';
        i += negative ? 1 : 0;
        int first = i;
        value = 0;
        uint digit;
        while ((digit = (uint)(text[i] - '0')) <= 9)
        {
            value = (value * 10) + digit;
            i++;
        }

        value = negative ? -value : value;
        at = i;
        return i - first is > 0 and <= DigitsMax;
    }

    /// <summary>What is done with one field of each row.</summary>
    private struct Lane
    {
        public readonly Kind Kind;
        public readonly ColumnBuilder? Builder;
        public readonly TextCodes? Codes;

        // The time of the row before: rows of one moment often come together.
        public readonly byte[] LastText;
        public int LastLength;
        public long LastTime;
        private readonly bool _notNull;

        public Lane(ColumnBuilder? builder, bool notNull)
        {
            Builder = builder;
            _notNull = notNull;
            Kind = builder?.Type.Id switch
            {
                null => Kind.Skipped,
                TypeId.Integer => Kind.Integer,
                TypeId.BigInt => Kind.BigInt,
                TypeId.Double => Kind.Double,
                TypeId.Text when builder.Type.Precision < 0 => Kind.Text,
                TypeId.TimestampTz => Kind.TimestampTz,
                TypeId.Timestamp => Kind.Timestamp,
                _ => Kind.Other,
            };
            Codes = Kind == Kind.Text ? new TextCodes() : null;
            LastText = Kind is Kind.TimestampTz or Kind.Timestamp ? new byte[40] : [];
        }

        public readonly bool TakeNull(int row)
        {
            if (_notNull)
            {
                return false;
            }

            Builder?.AppendNull();
            if (Codes is { IsOff: false })
            {
                Codes.TakeNull(row);
            }

            return true;
        }
    }

    /// <summary>A column that no field brings.</summary>
    private readonly record struct Absent(ColumnBuilder Builder, Column? Default, bool NotNull)
    {
        public bool Take()
        {
            if (Default is not null && !(NotNull && Default.IsNull(0)))
            {
                Builder.AppendFrom(Default, 0);
                return true;
            }

            if (NotNull)
            {
                return false;
            }

            Builder.AppendNull();
            return true;
        }
    }
}
