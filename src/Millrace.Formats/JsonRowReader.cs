// Bytes of NDJSON or of one JSON document, in chunks cut anywhere, straight into the columns of a batch.
using System.Text;
using System.Text.Json;
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>
/// Reads rows given as JSON objects: one a line (NDJSON), or a document that is one object or an array of them. <see cref="Write"/> takes any piece
/// of the input; whole rows are appended to <see cref="Rows"/>, the rest waits. No object is made per row.
/// </summary>
internal sealed class JsonRowReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    private readonly Schema _columns;
    private readonly byte[][] _names;
    private readonly ByName _byName;
    private readonly Func<RowException, bool>? _onBadRow;
    private readonly int _recordBytesMax;
    private readonly JsonSplitter _splitter;
    private byte[] _carry = [];
    private int _carried;

    /// <summary>Reads rows of <paramref name="columns"/>.</summary>
    /// <param name="columns">What the rows bring; a field of a row goes to the column of its name.</param>
    /// <param name="lines">True for one row a line, false for one document.</param>
    /// <param name="byName">What missing and unknown fields mean; without it they are null, and an error.</param>
    /// <param name="onBadRow">Asked about each bad row: true drops it and goes on. Without it a bad row throws.</param>
    /// <param name="recordBytesMax">The longest row accepted, in bytes.</param>
    public JsonRowReader(
        Schema columns,
        bool lines,
        ByName? byName = null,
        Func<RowException, bool>? onBadRow = null,
        int recordBytesMax = 64 << 20)
    {
        _columns = columns;
        _names = columns.Fields.Select(f => Encoding.UTF8.GetBytes(f.Name)).ToArray();
        _byName = byName ?? new ByName();
        _onBadRow = onBadRow;
        _recordBytesMax = recordBytesMax;
        _splitter = new JsonSplitter(lines);
        Rows = new BatchBuilder(columns);
    }

    /// <summary>The rows read and not yet taken.</summary>
    public BatchBuilder Rows { get; }

    /// <summary>Rows dropped because <c>onBadRow</c> said so.</summary>
    public long Skipped { get; private set; }

    /// <summary>Takes the next piece of the input.</summary>
    /// <exception cref="RowException">A bad row when nobody is asked about them, or a document that cannot be read on.</exception>
    public void Write(ReadOnlySpan<byte> chunk)
    {
        if (_carried == 0)
        {
            Carry(chunk[ReadRows(chunk, final: false)..]);
            return;
        }

        Carry(chunk);
        int consumed = ReadRows(_carry.AsSpan(0, _carried), final: false);
        _carry.AsSpan(consumed, _carried - consumed).CopyTo(_carry);
        _carried -= consumed;
    }

    /// <summary>Ends the input.</summary>
    /// <exception cref="RowException">A bad row when nobody is asked about them, or a document that ends too early.</exception>
    public void Complete()
    {
        ReadRows(_carry.AsSpan(0, _carried), final: true);
        _carried = 0;
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (_carried + (long)bytes.Length > _recordBytesMax)
        {
            throw new RowException(_splitter.Line, null, "", new SqlException(
                "54000", $"a row is longer than {_recordBytesMax} bytes", hint: "send one row a line, or an array of rows"));
        }

        if (_carry.Length < _carried + bytes.Length)
        {
            Array.Resize(ref _carry, Math.Max(_carried + bytes.Length, Math.Min(_carry.Length * 2, _recordBytesMax)));
        }

        bytes.CopyTo(_carry.AsSpan(_carried));
        _carried += bytes.Length;
    }

    private int ReadRows(ReadOnlySpan<byte> input, bool final)
    {
        int at = 0;
        while (true)
        {
            try
            {
                if (!_splitter.TryNext(input[at..], final, out int start, out int length, out int consumed))
                {
                    return at + consumed;
                }

                ReadRow(input.Slice(at + start, length));
                at += consumed;
            }
            catch (SqlException e)
            {
                throw new RowException(_splitter.Line, null, "", e);
            }
        }
    }

    private void ReadRow(ReadOnlySpan<byte> row)
    {
        int column = -1;
        SqlException error;
        try
        {
            AppendRow(row, ref column);
            return;
        }
        catch (SqlException e)
        {
            error = e;
        }
        catch (JsonException e)
        {
            error = JsonError(e);
            column = -1;
        }
        catch (InvalidOperationException)
        {
            error = new SqlException("22021", "a text is not valid UTF-8, or escapes half of a surrogate pair");
        }

        Rows.DropUnfinishedRow();
        var bad = new RowException(_splitter.Line, column < 0 ? null : _columns[column].Name, Cut(row), error);
        if (_onBadRow is null || !_onBadRow(bad))
        {
            throw bad;
        }

        Skipped++;
    }

    private void AppendRow(ReadOnlySpan<byte> row, ref int column)
    {
        var reader = new Utf8JsonReader(row, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SqlException("22P02", $"a row is a JSON object, this is {JsonValue.Describe(reader.TokenType)}", hint: "{\"column\": value, …}");
        }

        int guess = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            column = Find(ref reader, guess);
            if (column < 0)
            {
                Unknown(ref reader);
                continue;
            }

            ColumnBuilder builder = Rows.Columns[column];
            if (builder.Count > Rows.Count)
            {
                throw new SqlException("42701", $"field \"{_columns[column].Name}\" is given twice");
            }

            guess = column + 1;
            reader.Read();
            JsonValue.Append(builder, ref reader, row);
        }

        column = -1;

        // Whatever follows the object makes the reader throw.
        reader.Read();
        for (int i = 0; i < Rows.Columns.Length; i++)
        {
            ColumnBuilder builder = Rows.Columns[i];
            if (builder.Count == Rows.Count)
            {
                if (_byName.Defaults?[i] is { } value)
                {
                    builder.AppendFrom(value, 0);
                }
                else
                {
                    builder.AppendNull();
                }
            }
        }

        RowRules.CheckNotNull(Rows, ref column);
        Rows.EndRow();
    }

    // Rows tend to name their fields in one order: look at the next column first.
    private int Find(ref Utf8JsonReader reader, int guess)
    {
        if (guess < _names.Length && reader.ValueTextEquals(_names[guess]))
        {
            return guess;
        }

        for (int i = 0; i < _names.Length; i++)
        {
            if (reader.ValueTextEquals(_names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private void Unknown(ref Utf8JsonReader reader)
    {
        if (!_byName.IgnoreUnknown)
        {
            throw RowRules.UnknownField(reader.GetString()!, _columns);
        }

        reader.Skip();
    }

    private static SqlException JsonError(JsonException e)
    {
        string message = e.Message;
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        message = end < 0 ? message : message[..end].TrimEnd('.', ' ');
        return new SqlException("22P02", $"not JSON at byte {(e.BytePositionInLine ?? 0) + 1}: {message}");
    }

    private static string Cut(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 400)]);
        return text.Length > 100 ? text[..100] + "..." : text;
    }
}
