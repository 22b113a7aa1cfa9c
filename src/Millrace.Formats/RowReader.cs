// Bytes of CSV or COPY text, in chunks cut anywhere, straight into the columns of a batch.
using System.Text;
using System.Text.Unicode;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Formats;

/// <summary>What the first line is.</summary>
internal enum HeaderUse
{
    /// <summary>A row like any other.</summary>
    None,
    /// <summary>Names, not looked at.</summary>
    Skip,
    /// <summary>Names that say which field goes into which column; columns not named get null.</summary>
    Match,
}

/// <summary>
/// Reads rows. <see cref="Write"/> takes any piece of the input; whole records are appended to <see cref="Rows"/>, the rest waits. The caller
/// empties <see cref="Rows"/> when it is large enough.
/// </summary>
internal sealed class RowReader
{
    private readonly RecordTokenizer _tokenizer;
    private readonly Schema _columns;
    private readonly bool _skipEmptyLines;
    private readonly int _recordBytesMax;
    private readonly Func<RowException, bool>? _onBadRow;
    private readonly ByName? _byName;
    private readonly byte _delimiter;
    private readonly bool _isLean;
    private LeanRows? _lean;
    private HeaderUse _header;
    private int[]? _map;
    private byte[] _carry = [];
    private int _carried;
    private int _retryAt;
    private bool _done;

    /// <summary>Reads rows of <paramref name="columns"/>.</summary>
    /// <param name="columns">What the rows bring, in order (or by name, see <see cref="HeaderUse.Match"/>).</param>
    /// <param name="format">The layout; its kind is csv or text.</param>
    /// <param name="header">What the first line is.</param>
    /// <param name="skipEmptyLines">True when an empty line is no row.</param>
    /// <param name="onBadRow">Asked about each bad row: true drops it and goes on. Without it a bad row throws.</param>
    /// <param name="recordBytesMax">The longest record accepted, in bytes.</param>
    /// <param name="byName">With <see cref="HeaderUse.Match"/>: what missing and unknown names mean; without it they are null and an error.</param>
    public RowReader(
        Schema columns,
        CopyFormat format,
        HeaderUse header = HeaderUse.None,
        bool skipEmptyLines = false,
        Func<RowException, bool>? onBadRow = null,
        int recordBytesMax = 64 << 20,
        ByName? byName = null)
    {
        _delimiter = OneByte(format.Delimiter, "delimiter");
        _isLean = format is { Kind: CopyKind.Csv, Quote: '"', Escape: '"', Null: "", Delimiter: ',' or ';' or '|' or '\t' };
        _tokenizer = format.Kind == CopyKind.Csv
            ? new CsvTokenizer(_delimiter, OneByte(format.Quote, "quote"), OneByte(format.Escape, "escape"), format.Null)
            : new CopyTextTokenizer(_delimiter, format.Null);
        _columns = columns;
        _header = header;
        _skipEmptyLines = skipEmptyLines;
        _onBadRow = onBadRow;
        _recordBytesMax = recordBytesMax;
        _byName = byName;
        Rows = new BatchBuilder(columns);
    }

    /// <summary>CSV with a comma, quotes, and nothing for null.</summary>
    public static CopyFormat Csv { get; } = new(CopyKind.Csv, ',', "", false, '"', '"');

    /// <summary>COPY's text layout as it comes: tabs and <c>\N</c>.</summary>
    public static CopyFormat CopyText { get; } = new(CopyKind.Text, '\t', "\\N", false, '"', '"');

    /// <summary>The rows read and not yet taken.</summary>
    public BatchBuilder Rows { get; }

    /// <summary>Line breaks passed so far: the record being read starts on the line after.</summary>
    public long Line { get; private set; }

    /// <summary>Rows dropped because <c>onBadRow</c> said so.</summary>
    public long Skipped { get; private set; }

    /// <summary>Takes the next piece of the input.</summary>
    /// <exception cref="RowException">A bad row, when nobody is asked about them.</exception>
    public void Write(ReadOnlySpan<byte> chunk)
    {
        if (_carried == 0)
        {
            int used = ReadRecords(chunk, final: false);
            Carry(chunk[used..]);
            _retryAt = 0;
            return;
        }

        Carry(chunk);
        if (_carried < _retryAt)
        {
            return;
        }

        int consumed = ReadRecords(_carry.AsSpan(0, _carried), final: false);
        _carry.AsSpan(consumed, _carried - consumed).CopyTo(_carry);
        _carried -= consumed;

        // A long record is looked at again only when it has doubled: linear, not quadratic, for one that comes in small pieces.
        _retryAt = _carried > 1 << 16 ? _carried * 2 : 0;
    }

    /// <summary>Ends the input: what waits is the last record, with or without its line break.</summary>
    /// <exception cref="RowException">A bad row, when nobody is asked about them.</exception>
    public void Complete()
    {
        ReadRecords(_carry.AsSpan(0, _carried), final: true);
        _carried = 0;
    }

    /// <summary>The rows so far as a batch of its own, text that repeats with its codes beside it; empties <see cref="Rows"/>.</summary>
    public Batch TakeBatch()
    {
        _lean?.Flush();
        Batch batch = Rows.ToBatch();
        _lean?.AddCodes(batch);
        Rows.Reset();
        return batch;
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (_done || bytes.IsEmpty)
        {
            return;
        }

        if (_carried + (long)bytes.Length > _recordBytesMax)
        {
            throw new RowException(Line + 1, null, "", new SqlException(
                "54000", $"a record is longer than {_recordBytesMax} bytes", hint: "look for a quote that is never closed"));
        }

        if (_carry.Length < _carried + bytes.Length)
        {
            Array.Resize(ref _carry, Math.Max(_carried + bytes.Length, Math.Min(_carry.Length * 2, _recordBytesMax)));
        }

        bytes.CopyTo(_carry.AsSpan(_carried));
        _carried += bytes.Length;
    }

    private int ReadRecords(ReadOnlySpan<byte> input, bool final)
    {
        int at = 0;
        int lines = _isLean ? input.LastIndexOf((byte)'\n') + 1 : 0;
        lines = lines > 0 && Utf8.IsValid(input[..lines]) && !input[..lines].Contains((byte)0) ? lines : 0;
        while (!_done)
        {
            if (_isLean && _header == HeaderUse.None)
            {
                // From the first row on: it learns from those that are read the long way.
                _lean ??= new LeanRows(Rows, _map ?? [.. Enumerable.Range(0, _columns.Count)], _delimiter, _byName);
                if (at < lines)
                {
                    at += _lean.Read(input[at..lines]);
                    Line += _lean.Count;
                }

                _lean.Flush();
            }

            ReadOnlySpan<byte> rest = input[at..];
            int consumed;
            try
            {
                if (!_tokenizer.TryRead(rest, final, out consumed))
                {
                    return at;
                }
            }
            catch (SqlException e)
            {
                throw new RowException(Line + 1, null, Cut(rest), e);
            }

            at += consumed;
            if (_tokenizer.EndMark)
            {
                _done = true;
            }
            else if (_header != HeaderUse.None)
            {
                ReadHeader(rest);
            }
            else if (!(_skipEmptyLines && _tokenizer.Count == 1 && rest[..consumed].Trim("\r\n"u8).IsEmpty))
            {
                ReadRow(rest, consumed);
            }

            Line += _tokenizer.Lines;
        }

        return input.Length;
    }

    private void ReadHeader(ReadOnlySpan<byte> input)
    {
        if (_header == HeaderUse.Match)
        {
            _map = new int[_tokenizer.Count];
            for (int i = 0; i < _map.Length; i++)
            {
                ReadOnlySpan<byte> field = _tokenizer.Get(input, i);
                string name = Encoding.UTF8.GetString(i == 0 && field.StartsWith("\uFEFF"u8) ? field[3..] : field).Trim();
                int column = _columns.IndexOf(name);
                column = column < 0 ? _columns.IndexOf(name.ToLowerInvariant()) : column;
                if (column < 0 && _byName is { IgnoreUnknown: true })
                {
                    _map[i] = -1;
                    continue;
                }

                if (column < 0 || Array.IndexOf(_map, column, 0, i) >= 0)
                {
                    string names = string.Join(", ", _columns.Fields.Select(f => f.Name));
                    throw new RowException(1, name, name, column < 0
                        ? new SqlException("42703", $"column \"{name}\" does not exist", hint: $"the columns are: {names}")
                        : new SqlException("42701", $"column \"{name}\" specified more than once"));
                }

                _map[i] = column;
            }
        }

        _header = HeaderUse.None;
    }

    private void ReadRow(ReadOnlySpan<byte> input, int consumed)
    {
        int column = -1;
        try
        {
            int count = _tokenizer.Count;
            int expected = _map?.Length ?? _columns.Count;
            if (count > expected)
            {
                throw new SqlException("22P04", "extra data after last expected column");
            }

            if (count < expected)
            {
                int missing = _map?[count] ?? count;
                throw new SqlException("22P04", $"missing data for column \"{(missing < 0 ? "" : _columns[missing].Name)}\"");
            }

            for (int i = 0; i < count; i++)
            {
                column = _map?[i] ?? i;
                if (column < 0)
                {
                    continue;
                }

                if (_tokenizer.IsNull(i))
                {
                    Rows.Columns[column].AppendNull();
                }
                else
                {
                    Append(Rows.Columns[column], _tokenizer.Get(input, i));
                }
            }

            column = -1;
            if (_map is not null)
            {
                FillMissing();
            }

            if (_byName is not null)
            {
                RowRules.CheckNotNull(Rows, ref column);
            }

            Rows.EndRow();
            _lean?.Learn(Rows.Count - 1);
        }
        catch (SqlException e)
        {
            Rows.DropUnfinishedRow();
            var error = column < 0
                ? new RowException(Line + 1, null, Cut(input[..consumed].Trim("\r\n"u8)), e)
                : new RowException(Line + 1, _columns[column].Name, FieldText(input, column), e);
            if (_onBadRow is null || !_onBadRow(error))
            {
                throw error;
            }

            Skipped++;
        }
    }

    // What comes by name may give times as numbers, as in JSON; COPY is PostgreSQL's, which takes none.
    private void Append(ColumnBuilder builder, ReadOnlySpan<byte> text)
    {
        if (_byName is not null && builder.Type.IsTimestamp && TextValue.TryEpoch(text, out long micros))
        {
            ((FixedBuilder<long>)builder).Append(micros);
        }
        else
        {
            TextValue.Append(builder, text);
        }
    }

    private void FillMissing()
    {
        for (int i = 0; i < Rows.Columns.Length; i++)
        {
            ColumnBuilder builder = Rows.Columns[i];
            if (builder.Count != Rows.Count)
            {
                continue;
            }

            if (_byName?.Defaults?[i] is { } value)
            {
                builder.AppendFrom(value, 0);
            }
            else
            {
                builder.AppendNull();
            }
        }
    }

    private string FieldText(ReadOnlySpan<byte> input, int column)
    {
        int field = _map is null ? column : Array.IndexOf(_map, column);
        return field < 0 ? "" : Cut(_tokenizer.Get(input, field));
    }

    private static string Cut(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 400)]);
        return text.Length > 100 ? text[..100] + "..." : text;
    }

    private static byte OneByte(char c, string what) => c < 128
        ? (byte)c
        : throw new SqlException("0A000", $"COPY {what} must be a single one-byte character");
}
