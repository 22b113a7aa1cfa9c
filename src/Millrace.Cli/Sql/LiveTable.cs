// An answer that changes, as the rows it has now: changes in, lines of text out. No terminal, no clock.
using System.Globalization;
using System.Text;

namespace Millrace.Cli.Sql;

/// <summary>
/// The rows of a subscription. A row that goes and one that comes in the same epoch with the same first column are one row that changed: it keeps its place, and the numbers
/// it had become a sparkline beside the column.
/// </summary>
/// <param name="columns">The columns of the answer, without <c>epoch</c> and <c>weight</c>.</param>
internal sealed class LiveTable(ResultColumns columns)
{
    private const int RowsMax = 10_000;
    private const int HistoryMax = 16;
    private readonly OrderedDictionary<string, LiveRow> _rows = new(StringComparer.Ordinal);
    private readonly List<(long Weight, string?[] Values)> _changes = [];
    private readonly bool[] _isNumber = [.. columns.Types.Select(ResultPrinter.IsNumber)];
    private long _changesTotal;
    private long _passedOver;

    /// <summary>The epoch that the rows are of.</summary>
    public long Epoch { get; private set; }

    /// <summary>The rows, in the order they came in.</summary>
    public IEnumerable<string?[]> Rows => _rows.Values.Select(r => r.Values);

    /// <summary>Takes a change.</summary>
    public void Apply(long epoch, long weight, string?[] values)
    {
        if (epoch != Epoch)
        {
            Settle();
            Epoch = epoch;
        }

        _changes.Add((weight, values));
        _changesTotal++;
    }

    /// <summary>Brings the rows up to the changes taken.</summary>
    public void Settle()
    {
        var gone = new Dictionary<string, Queue<string?[]>>(StringComparer.Ordinal);
        foreach ((_, string?[] values) in _changes.Where(c => c.Weight == -1))
        {
            if (!gone.TryGetValue(values[0] ?? "", out Queue<string?[]>? those))
            {
                gone.Add(values[0] ?? "", those = new Queue<string?[]>());
            }

            those.Enqueue(values);
        }

        foreach ((long weight, string?[] values) in _changes.Where(c => c.Weight > 0))
        {
            string key = Key(values);
            if (_rows.TryGetValue(key, out LiveRow? same))
            {
                same.Count += weight;
            }
            else if (gone.TryGetValue(values[0] ?? "", out Queue<string?[]>? those) && those.Count > 0 && Replace(those.Peek(), values, key, weight))
            {
                those.Dequeue();
            }
            else if (_rows.Count < RowsMax)
            {
                var row = new LiveRow(values) { Count = weight };
                Remember(row);
                _rows.Add(key, row);
            }
            else
            {
                _passedOver += weight;
            }
        }

        foreach ((long weight, string?[] values) in gone.Values.SelectMany(g => g).Select(v => (-1L, v)).Concat(_changes.Where(c => c.Weight < -1)))
        {
            string key = Key(values);
            if (_rows.TryGetValue(key, out LiveRow? row) && (row.Count += weight) <= 0)
            {
                _rows.Remove(key);
            }
        }

        _changes.Clear();
    }

    /// <summary>The rows as lines that fit.</summary>
    /// <param name="width">Characters a line at most.</param>
    /// <param name="height">Lines at most.</param>
    public List<string> Draw(int width, int height)
    {
        Settle();
        LiveRow[] shown = [.. _rows.Values.Take(Math.Max(1, height - 3))];
        var lines = new List<string> { "", "" };
        var texts = new List<(string Head, string[] Cells, bool Right)>();
        for (int i = 0; i < columns.Names.Count; i++)
        {
            int column = i;
            texts.Add((columns.Names[i], [.. shown.Select(r => (r.Values[column] ?? "").ReplaceLineEndings(" "))], _isNumber[i]));
            if (_isNumber[i] && shown.Any(r => r.History[column] is { Count: > 1 }))
            {
                texts.Add(("", [.. shown.Select(r => Sparkline.Draw(r.History[column] ?? [], HistoryMax))], false));
            }
        }

        int[] widths = [.. texts.Select(t => Math.Max(TextWidth.Of(t.Head), t.Cells.DefaultIfEmpty("").Max(TextWidth.Of)))];
        lines[0] = TextWidth.Cut(Line(t => t.Head, right: false), width);
        lines[1] = TextWidth.Cut(string.Join('+', widths.Select(w => new string('-', w + 2))), width);
        for (int row = 0; row < shown.Length; row++)
        {
            int at = row;
            lines.Add(TextWidth.Cut(Line(t => t.Cells[at], right: true), width));
        }

        long more = _rows.Count - shown.Length + _passedOver;
        string Number(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
        string counts = Number(_rows.Count, "row") + (more > 0 ? string.Create(CultureInfo.InvariantCulture, $", {more} not shown") : "");
        lines.Add(TextWidth.Cut(string.Create(CultureInfo.InvariantCulture, $"({counts}; epoch {Epoch}, {Number(_changesTotal, "change")}; Ctrl-C stops)"), width));
        return lines;

        string Line(Func<(string Head, string[] Cells, bool Right), string> text, bool right)
        {
            var line = new StringBuilder();
            for (int i = 0; i < texts.Count; i++)
            {
                string cell = text(texts[i]);
                line.Append(i == 0 ? " " : "| ").Append(right && texts[i].Right ? TextWidth.PadLeft(cell, widths[i]) : TextWidth.PadRight(cell, widths[i])).Append(' ');
            }

            return line.ToString().TrimEnd();
        }
    }

    private bool Replace(string?[] old, string?[] values, string key, long weight)
    {
        int at = _rows.IndexOf(Key(old));
        if (at < 0 || weight != 1 || _rows.GetAt(at).Value.Count != 1)
        {
            return false;
        }

        LiveRow row = _rows.GetAt(at).Value;
        row.Values = values;
        Remember(row);
        _rows.SetAt(at, key, row);
        return true;
    }

    private void Remember(LiveRow row)
    {
        for (int i = 0; i < row.Values.Length; i++)
        {
            // The first column says which row it is: its numbers are names.
            if (i > 0 && _isNumber[i])
            {
                List<double> history = row.History[i] ??= [];
                if (history.Count == HistoryMax)
                {
                    history.RemoveAt(0);
                }

                history.Add(double.TryParse(row.Values[i], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN);
            }
        }
    }

    private static string Key(string?[] values)
    {
        // Lengths in front, so that no text can look like two.
        var key = new StringBuilder();
        foreach (string? value in values)
        {
            key.Append(value?.Length ?? -1).Append(':').Append(value);
        }

        return key.ToString();
    }

    private sealed class LiveRow(string?[] values)
    {
        public string?[] Values { get; set; } = values;

        public List<double>?[] History { get; } = new List<double>?[values.Length];

        public long Count { get; set; }
    }
}
