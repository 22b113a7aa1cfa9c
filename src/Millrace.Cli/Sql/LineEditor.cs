// One line of the prompt as it is typed: moving, history by what is typed, completion with Tab.
using System.Text;

namespace Millrace.Cli.Sql;

/// <summary>How reading a line ended.</summary>
internal enum LineEnd
{
    /// <summary>With Enter.</summary>
    Entered,
    /// <summary>With Ctrl-C: what was typed is thrown away.</summary>
    Abandoned,
    /// <summary>With Ctrl-D on an empty line: nothing more comes.</summary>
    Closed,
}

/// <summary>Reads lines from keys. A line that is wider than the terminal is shown in part; a recalled statement of several lines shows ⏎ between them.</summary>
/// <param name="readKey">Gives the next key.</param>
/// <param name="to">The terminal.</param>
/// <param name="width">Its width now.</param>
internal sealed class LineEditor(Func<ConsoleKeyInfo> readKey, TextWriter to, Func<int> width)
{
    private readonly StringBuilder _text = new();
    private int _cursor;

    /// <summary>What was typed.</summary>
    public string Text => _text.ToString();

    /// <summary>Reads one line.</summary>
    /// <param name="prompt">What stands in front of it.</param>
    /// <param name="history">Statements of before, oldest first.</param>
    /// <param name="complete">Gives the words for a text and a cursor in it.</param>
    public LineEnd Read(string prompt, IReadOnlyList<string> history, Func<string, int, CompletionResult> complete)
    {
        _text.Clear();
        _cursor = 0;
        int recalled = history.Count;
        string typed = "";
        bool tabbed = false;
        Paint(prompt);
        while (true)
        {
            ConsoleKeyInfo key = readKey();
            bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            bool again = tabbed;
            tabbed = false;
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    _cursor = _text.Length;
                    Paint(prompt);
                    to.Write("\r\n");
                    to.Flush();
                    return LineEnd.Entered;
                case ConsoleKey.C when control:
                    to.Write("^C\r\n");
                    to.Flush();
                    return LineEnd.Abandoned;
                case ConsoleKey.D when control && _text.Length == 0:
                    to.Write("\r\n");
                    to.Flush();
                    return LineEnd.Closed;
                case ConsoleKey.Tab:
                    Complete(complete(Text, _cursor), list: again);
                    tabbed = true;
                    break;
                case ConsoleKey.UpArrow or ConsoleKey.DownArrow:
                    if (recalled == history.Count)
                    {
                        typed = Text;
                    }

                    recalled = Recall(history, recalled, key.Key == ConsoleKey.UpArrow ? -1 : 1, typed, s => s.StartsWith(typed, StringComparison.OrdinalIgnoreCase));
                    break;
                case ConsoleKey.R when control:
                    if (recalled == history.Count)
                    {
                        typed = Text;
                    }

                    recalled = Recall(history, recalled, -1, typed, s => s.Contains(typed, StringComparison.OrdinalIgnoreCase));
                    break;
                default:
                    if (Edit(key, control))
                    {
                        recalled = history.Count;
                    }

                    break;
            }

            Paint(prompt);
        }
    }

    // The next statement in a direction that fits what was typed before the first recall.
    private int Recall(IReadOnlyList<string> history, int at, int step, string typed, Func<string, bool> fits)
    {
        int next = at + step;
        while (next >= 0 && next < history.Count && !fits(history[next]))
        {
            next += step;
        }

        if (next < 0)
        {
            return at;
        }

        next = Math.Min(next, history.Count);
        Set(next == history.Count ? typed : history[next]);
        return next;
    }

    // True when the text changed.
    private bool Edit(ConsoleKeyInfo key, bool control)
    {
        int length = _text.Length;
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when control: _cursor = WordStart(); break;
            case ConsoleKey.RightArrow when control: _cursor = WordEnd(); break;
            case ConsoleKey.LeftArrow: _cursor = Math.Max(0, _cursor - 1); break;
            case ConsoleKey.RightArrow: _cursor = Math.Min(length, _cursor + 1); break;
            case ConsoleKey.Home: case ConsoleKey.A when control: _cursor = 0; break;
            case ConsoleKey.End: case ConsoleKey.E when control: _cursor = length; break;
            case ConsoleKey.K when control: _text.Remove(_cursor, length - _cursor); break;
            case ConsoleKey.U when control: Remove(0); break;
            case ConsoleKey.W when control: Remove(WordStart()); break;
            case ConsoleKey.L when control: to.Write("\u001b[H\u001b[2J"); break;
            case ConsoleKey.Backspace: Remove(Math.Max(0, _cursor - 1)); break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                _text.Remove(_cursor, _cursor < length ? 1 : 0);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _text.Insert(_cursor++, key.KeyChar);
                }

                break;
        }

        return _text.Length != length;
    }

    private void Complete(CompletionResult found, bool list)
    {
        int typed = _cursor - found.Start;
        if (found.Words.Count > 0 && (found.Words.Count == 1 || found.Common.Length > typed))
        {
            string word = found.Words.Count == 1 && !found.Words[0].EndsWith('(') ? found.Words[0] + " " : found.Common;
            Remove(found.Start);
            _text.Insert(_cursor, word);
            _cursor += word.Length;
        }
        else if (found.Words.Count > 1 && list)
        {
            to.Write("\r\n");
            int column = found.Words.Max(w => w.Length) + 2, columns = Math.Max(1, (width() - 1) / column);
            for (int i = 0; i < found.Words.Count; i += columns)
            {
                to.Write(string.Concat(found.Words.Skip(i).Take(columns).Select(w => w.PadRight(column))).TrimEnd() + "\r\n");
            }
        }
    }

    private void Set(string text)
    {
        _text.Clear().Append(text);
        _cursor = text.Length;
    }

    private void Remove(int from)
    {
        _text.Remove(from, _cursor - from);
        _cursor = from;
    }

    private int WordStart()
    {
        int at = _cursor;
        while (at > 0 && !char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }

        while (at > 0 && char.IsLetterOrDigit(_text[at - 1]))
        {
            at--;
        }

        return at;
    }

    private int WordEnd()
    {
        int at = _cursor;
        while (at < _text.Length && !char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }

        while (at < _text.Length && char.IsLetterOrDigit(_text[at]))
        {
            at++;
        }

        return at;
    }

    private void Paint(string prompt)
    {
        int room = Math.Max(8, width() - prompt.Length - 1);
        int from = Math.Max(0, _cursor - room);
        string shown = _text.ToString(from, Math.Min(room, _text.Length - from)).Replace('\n', '⏎');
        to.Write($"\r{prompt}{shown}\u001b[K\r\u001b[{prompt.Length + _cursor - from}C");
        to.Flush();
    }
}
