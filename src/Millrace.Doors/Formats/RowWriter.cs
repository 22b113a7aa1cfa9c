// Rows of columns as lines of CSV or COPY text.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Formats;

/// <summary>Writes rows. The first columns of each batch are those of the schema; more may follow and are left out.</summary>
internal sealed class RowWriter
{
    private readonly Schema _columns;
    private readonly ValueWriter[] _writers;
    private readonly CopyFormat _format;
    private readonly byte[] _null;
    private readonly ByteWriter _value = new();

    /// <summary>Writes rows of <paramref name="columns"/>.</summary>
    /// <param name="columns">What is written, in order.</param>
    /// <param name="format">csv or text.</param>
    public RowWriter(Schema columns, CopyFormat format)
    {
        _columns = columns;
        _format = format;
        _null = Encoding.UTF8.GetBytes(format.Null);
        _writers = columns.Fields.Select(f => TextWrite.For(f.Type)).ToArray();
    }

    /// <summary>Puts an apostrophe before texts that a spreadsheet would take for a formula.</summary>
    public bool GuardFormulas { get; init; }

    /// <summary>Writes the line of column names.</summary>
    public void WriteHeader(ByteWriter to)
    {
        for (int i = 0; i < _columns.Count; i++)
        {
            Separate(to, i);
            Escaped(to, Encoding.UTF8.GetBytes(_columns[i].Name));
        }

        to.WriteByte((byte)'\n');
    }

    /// <summary>Writes one row's line.</summary>
    public void WriteRow(ByteWriter to, Column[] columns, int row)
    {
        for (int i = 0; i < _writers.Length; i++)
        {
            Separate(to, i);
            if (columns[i].IsNull(row))
            {
                to.Write(_null);
                continue;
            }

            if (_columns[i].Type.IsInteger)
            {
                _writers[i](to, columns[i], row);
                continue;
            }

            _value.Reset();
            _writers[i](_value, columns[i], row);
            if (GuardFormulas && _columns[i].Type.Id is TypeId.Text or TypeId.Jsonb && !_value.Written.IsEmpty && "=+-@\t\r"u8.Contains(_value.Written[0]))
            {
                Escaped(to, [(byte)'\'', .. _value.Written]);
                continue;
            }

            Escaped(to, _value.Written);
        }

        to.WriteByte((byte)'\n');
    }

    private void Separate(ByteWriter to, int index)
    {
        if (index > 0)
        {
            to.WriteByte((byte)_format.Delimiter);
        }
    }

    private void Escaped(ByteWriter to, ReadOnlySpan<byte> value)
    {
        if (_format.Kind == CopyKind.Csv)
        {
            EscapeCsv(to, value);
        }
        else
        {
            EscapeText(to, value);
        }
    }

    private void EscapeCsv(ByteWriter to, ReadOnlySpan<byte> value)
    {
        byte quote = (byte)_format.Quote;
        bool plain = value.IndexOfAny((byte)_format.Delimiter, quote, (byte)'\n') < 0 && !value.Contains((byte)'\r');
        if (plain && !value.SequenceEqual(_null) && !value.SequenceEqual("\\."u8))
        {
            to.Write(value);
            return;
        }

        to.WriteByte(quote);
        foreach (byte b in value)
        {
            if (b == quote || b == _format.Escape)
            {
                to.WriteByte((byte)_format.Escape);
            }

            to.WriteByte(b);
        }

        to.WriteByte(quote);
    }

    private void EscapeText(ByteWriter to, ReadOnlySpan<byte> value)
    {
        foreach (byte b in value)
        {
            char special = (char)b switch
            {
                '\b' => 'b',
                '\f' => 'f',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\v' => 'v',
                '\\' => '\\',
                char c when c == _format.Delimiter => c,
                _ => '\0',
            };
            if (special != '\0')
            {
                to.WriteByte((byte)'\\');
            }

            to.WriteByte(special == '\0' ? b : (byte)special);
        }
    }
}
