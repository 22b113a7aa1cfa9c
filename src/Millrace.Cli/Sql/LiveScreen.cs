// SUBSCRIBE in a terminal: the answer is drawn where it stands, ten times a second at most. Everything else is printed as ever.
using System.Globalization;

namespace Millrace.Cli.Sql;

/// <summary>Draws subscriptions in place; hands other results on.</summary>
/// <param name="printer">Who prints what is not a subscription.</param>
/// <param name="to">The terminal.</param>
/// <param name="size">Its width and height now.</param>
internal sealed class LiveScreen(ResultPrinter printer, TextWriter to, Func<(int Width, int Height)> size) : IResultSink, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private Timer? _timer;
    private LiveTable? _table;
    private bool _isChanged;
    private int _drawn;

    public void Begin(ResultColumns columns, bool endless)
    {
        Stop();
        if (!endless || printer.Format != OutputFormat.Table || columns.Names is not ["epoch", "weight", ..] || columns.Names.Count < 3)
        {
            printer.Begin(columns, endless);
            return;
        }

        _drawn = 0;
        _isChanged = true;
        _table = new LiveTable(new ResultColumns([.. columns.Names.Skip(2)], [.. columns.Types.Skip(2)]));
        _timer = new Timer(_ => Draw(), null, Pause, Pause);
    }

    public void Row(string?[] values)
    {
        if (_table is null)
        {
            printer.Row(values);
            return;
        }

        lock (_lock)
        {
            _table.Apply(long.Parse(values[0]!, CultureInfo.InvariantCulture), long.Parse(values[1]!, CultureInfo.InvariantCulture), values[2..]);
            _isChanged = true;
        }
    }

    public void End(string? tag)
    {
        if (_table is null)
        {
            printer.End(tag);
        }

        Stop();
    }

    public void Notice(string text) => printer.Notice(text);

    /// <summary>Draws what came last and goes on below it.</summary>
    public void Stop()
    {
        _timer?.Dispose();
        _timer = null;
        Draw();
        _table = null;
    }

    public void Dispose() => Stop();

    private void Draw()
    {
        lock (_lock)
        {
            if (_table is null || !_isChanged)
            {
                return;
            }

            (int width, int height) = size();
            List<string> lines = _table.Draw(Math.Max(20, width), Math.Max(6, height - 1));
            // One write, so that nothing is seen half drawn: back to the first line, each to its end, and nothing of what was below.
            to.Write((_drawn > 0 ? $"\u001b[{_drawn}A" : "") + string.Concat(lines.Select(l => $"\r{l}\u001b[K\r\n")) + "\u001b[J");
            to.Flush();
            _drawn = lines.Count;
            _isChanged = false;
        }
    }
}
