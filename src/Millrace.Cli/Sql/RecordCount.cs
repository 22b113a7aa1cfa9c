// How many rows go by in the bytes of a COPY: the driver does not tell.
using Millrace.Core;
using Millrace.Sql.Syntax;

namespace Millrace.Cli.Sql;

/// <summary>Counts the line breaks that end a row.</summary>
internal sealed class RecordCount
{
    private readonly bool _isCsv;
    private readonly bool _isCounted;
    private readonly bool _hasHeader;
    private readonly byte _quote = (byte)'"';
    private long _lines;
    private bool _inside;
    private bool _open;

    /// <summary>Counts rows of a statement's layout.</summary>
    /// <param name="sql">COPY … FROM STDIN or TO STDOUT.</param>
    public RecordCount(string sql)
    {
        if (Options(sql) is not { } options)
        {
            return;
        }

        IsBinary = options.Any(o => o.Key == "format" && o.Text == "binary");
        _isCounted = !IsBinary;
        _isCsv = options.Any(o => o.Key == "format" && o.Text == "csv");
        _hasHeader = options.Any(o => o.Key == "header" && (o.Text is null or "true" or "on" or "1" or "match"));
        _quote = options.FirstOrDefault(o => o.Key == "quote")?.Text is { Length: 1 } quote ? (byte)quote[0] : _quote;
    }

    /// <summary>True for the binary layout.</summary>
    public bool IsBinary { get; }

    /// <summary>Rows so far; 0 where they cannot be told.</summary>
    public long Rows => _isCounted ? Math.Max(0, _lines + (_open ? 1 : 0) - (_hasHeader ? 1 : 0)) : 0;

    /// <summary>Looks at the next bytes.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (_isCsv && b == _quote)
            {
                _inside = !_inside;
            }

            if (b == '\n' && !_inside)
            {
                _lines++;
                _open = false;
            }
            else
            {
                _open = true;
            }
        }
    }

    private static IReadOnlyList<Option>? Options(string sql)
    {
        try
        {
            return SqlParser.Parse(sql) is [CopyStatement copy] ? copy.Options : null;
        }
        catch (SqlException)
        {
            // The server says what is wrong with it.
            return null;
        }
    }
}
