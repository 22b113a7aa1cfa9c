// Results as a table, CSV or JSON.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.Cli.Sql;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>Aligned columns, as psql.</summary>
    Table,
    /// <summary>CSV with a header line.</summary>
    Csv,
    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Prints results to a writer; notices go to standard error.</summary>
internal sealed class ResultPrinter(TextWriter to, OutputFormat format) : IResultSink
{
    private const int AlignRowsMax = 10_000;
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<string?[]> _waiting = [];
    private ResultColumns _columns = new([], []);
    private int[]? _widths;
    private long _rows;

    /// <summary>How results are printed.</summary>
    public OutputFormat Format => format;

    /// <summary>True to draw arrays of numbers as sparklines in tables.</summary>
    public bool Spark { get; set; }

    /// <summary>True to print a table's rows one below the other, a line for each column.</summary>
    public bool Expanded { get; set; }

    public void Begin(ResultColumns columns, bool endless)
    {
        _columns = columns;
        _waiting.Clear();
        _widths = null;
        _rows = 0;
        if (format == OutputFormat.Csv)
        {
            to.WriteLine(string.Join(',', columns.Names.Select(Quote)));
        }
        else if (format == OutputFormat.Table && endless && !Expanded)
        {
            FixWidths();
        }
    }

    public void Row(string?[] values)
    {
        _rows++;
        if (Spark && format == OutputFormat.Table)
        {
            values = Drawn(values);
        }

        switch (format)
        {
            case OutputFormat.Csv:
                to.WriteLine(string.Join(',', values.Select(v => v is null ? "" : v.Length == 0 ? "\"\"" : Quote(v))));
                break;
            case OutputFormat.Json:
                to.WriteLine(Object(values));
                break;
            case OutputFormat.Table when Expanded:
                Record(values);
                break;
            case OutputFormat.Table when _widths is not null:
                Line(values);
                to.Flush();
                break;
            default:
                _waiting.Add(values);
                if (_waiting.Count == AlignRowsMax)
                {
                    FixWidths();
                }

                break;
        }
    }

    public void End(string? tag)
    {
        if (tag is not null)
        {
            if (format == OutputFormat.Table)
            {
                to.WriteLine(tag);
            }

            return;
        }

        if (format == OutputFormat.Table)
        {
            if (_widths is null && !Expanded)
            {
                FixWidths();
            }

            to.WriteLine(_rows == 1 ? "(1 row)" : $"({_rows} rows)");
        }

        to.Flush();
    }

    public void Notice(string text) => Console.Error.WriteLine("NOTICE:  " + text);

    private string?[] Drawn(string?[] values)
    {
        string?[] drawn = [.. values];
        for (int i = 0; i < drawn.Length; i++)
        {
            if (drawn[i] is { } text && _columns.Types[i].EndsWith("[]", StringComparison.Ordinal) && IsNumber(_columns.Types[i][..^2]))
            {
                drawn[i] = Sparkline.DrawArray(text) ?? text;
            }
        }

        return drawn;
    }

    private void Record(string?[] values)
    {
        int width = _columns.Names.DefaultIfEmpty("").Max(TextWidth.Of);
        string head = $"-[ {_rows} ]";
        to.WriteLine(TextWidth.Of(head) < width + 2 ? head + new string('-', width + 1 - head.Length) + "+-" : head + "-");
        for (int i = 0; i < values.Length; i++)
        {
            // The further lines of a value stand below its first.
            to.WriteLine($"{TextWidth.PadRight(_columns.Names[i], width)} | {values[i]?.ReplaceLineEndings("\n" + new string(' ', width) + " | ")}".TrimEnd());
        }

        to.Flush();
    }

    // Widths are those of the rows seen so far; later rows may stick out.
    private void FixWidths()
    {
        _widths = _columns.Names.Select((n, i) => Math.Max(TextWidth.Of(n), _waiting.Select(r => TextWidth.Of(r[i] ?? "")).DefaultIfEmpty().Max())).ToArray();
        to.WriteLine(string.Join('|', _columns.Names.Select((n, i) => " " + TextWidth.PadRight(n, _widths[i]) + " ")).TrimEnd());
        to.WriteLine(string.Join('+', _widths.Select(w => new string('-', w + 2))));
        foreach (string?[] row in _waiting)
        {
            Line(row);
        }

        _waiting.Clear();
    }

    private void Line(string?[] values)
    {
        var line = new StringBuilder();
        for (int i = 0; i < values.Length; i++)
        {
            string value = values[i] ?? "";
            line.Append(i == 0 ? " " : "| ").Append(IsNumber(_columns.Types[i]) ? TextWidth.PadLeft(value, _widths![i]) : TextWidth.PadRight(value, _widths![i])).Append(' ');
        }

        to.WriteLine(line.ToString().TrimEnd());
    }

    private string Object(string?[] values)
    {
        var line = new StringBuilder("{");
        for (int i = 0; i < values.Length; i++)
        {
            line.Append(i == 0 ? "" : ",").Append(JsonSerializer.Serialize(_columns.Names[i], Json)).Append(':').Append(JsonText(values[i], _columns.Types[i]));
        }

        return line.Append('}').ToString();
    }

    private static string JsonText(string? value, string type) => value switch
    {
        null => "null",
        "t" when type == "boolean" => "true",
        "f" when type == "boolean" => "false",
        _ when type is "jsonb" => value,
        _ when IsNumber(type) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) && double.IsFinite(d) => value,
        _ => JsonSerializer.Serialize(value, Json),
    };

    internal static bool IsNumber(string type) =>
        type is "smallint" or "integer" or "bigint" or "real" or "double precision" || type.StartsWith("numeric", StringComparison.Ordinal);

    private static string Quote(string value) =>
        value.AsSpan().ContainsAny(",\"\r\n") ? '"' + value.Replace("\"", "\"\"", StringComparison.Ordinal) + '"' : value;
}
