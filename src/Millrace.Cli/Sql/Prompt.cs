// The prompt: statements end with a semicolon, backslash commands stand alone.
using System.Diagnostics;

namespace Millrace.Cli.Sql;

/// <summary>Reads statements from the terminal and runs them until <c>\q</c> or the end of the input.</summary>
internal sealed class Prompt : IDisposable
{
    private const string Objects =
        "SELECT name, kind, rows FROM millrace.objects ORDER BY kind, name";

    private readonly ISqlRunner _runner;
    private readonly History _history = new(History.DefaultPath());
    private readonly LineEditor? _editor;
    private CompletionNames _names = CompletionNames.None;
    private ResultPrinter _printer;
    private LiveScreen _screen;
    private bool _spark;
    private bool _timing;
    private bool _expanded;
    private string _last = "";
    private CancellationTokenSource? _running;

    private Prompt(ISqlRunner runner, OutputFormat format, bool spark)
    {
        _runner = runner;
        _spark = spark;
        _editor = Environment.GetEnvironmentVariable("TERM") == "dumb" ? null : new LineEditor(() => Console.ReadKey(intercept: true), Console.Out, () => Console.WindowWidth);
        (_printer, _screen) = Printers(format);
    }

    public static async Task<int> RunAsync(ISqlRunner runner, OutputFormat format, bool spark = false)
    {
        using var prompt = new Prompt(runner, format, spark);
        Console.CancelKeyPress += prompt.OnCancel;
        try
        {
            return await prompt.RunAsync();
        }
        finally
        {
            Console.CancelKeyPress -= prompt.OnCancel;
        }
    }

    public void Dispose() => _screen.Dispose();

    /// <summary>The printers of a terminal: subscriptions are drawn in place when rows are shown as a table.</summary>
    public static (ResultPrinter Printer, LiveScreen Screen) Printers(OutputFormat format, bool spark)
    {
        var printer = new ResultPrinter(Console.Out, format) { Spark = spark };
        return (printer, new LiveScreen(printer, Console.Out, () => (Console.WindowWidth, Console.WindowHeight)));
    }

    private (ResultPrinter, LiveScreen) Printers(OutputFormat format) => Printers(format, _spark);

    private async Task<int> RunAsync()
    {
        await RefreshAsync();
        string text = "";
        while (true)
        {
            string before = text;
            (LineEnd end, string line) = await Task.Run(() => ReadLine(before));
            if (end == LineEnd.Closed)
            {
                return Exit.Done;
            }

            if (end == LineEnd.Abandoned)
            {
                text = "";
                continue;
            }

            if (text.Length == 0 && line.TrimStart().StartsWith('\\'))
            {
                _history.Add(line);
                if (line.Trim() is "\\q" or "\\quit")
                {
                    return Exit.Done;
                }

                text = await CommandAsync(line.Trim());
            }
            else
            {
                text = text.Length == 0 ? line : text + "\n" + line;
            }

            if (text.Trim().Length == 0 || !ScriptText.IsComplete(text))
            {
                text = text.Trim().Length == 0 ? "" : text;
                continue;
            }

            _history.Add(text);
            _last = text;
            await RunOneAsync(text);
            text = "";
        }
    }

    private (LineEnd End, string Line) ReadLine(string before)
    {
        string prompt = before.Length == 0 ? "millrace> " : "     ...> ";
        if (_editor is null)
        {
            Console.Write(prompt);
            return Console.ReadLine() is { } line ? (LineEnd.Entered, line) : (LineEnd.Closed, "");
        }

        // Ctrl-C is a key while a line is edited, and a signal while a statement runs.
        Console.TreatControlCAsInput = true;
        try
        {
            string head = before.Length == 0 ? "" : before + "\n";
            LineEnd end = _editor.Read(prompt, before.Length == 0 ? _history.Statements : [], (text, cursor) =>
            {
                CompletionResult found = Completion.At(head + text, head.Length + cursor, _names);
                return found with { Start = Math.Max(0, found.Start - head.Length) };
            });
            return (end, _editor.Text);
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        // Ctrl-C gives the prompt back; \q and the end of the input end the program.
        e.Cancel = true;
        if (Volatile.Read(ref _running) is { } current)
        {
            current.Cancel();
        }
        else
        {
            Console.Write("\n(\\q ends)\nmillrace> ");
        }
    }

    private async Task RunOneAsync(string sql)
    {
        using var cancel = new CancellationTokenSource();
        Volatile.Write(ref _running, cancel);
        long start = Stopwatch.GetTimestamp();
        try
        {
            await ShellScript.RunAsync(_runner, sql, _screen, cancel.Token);
        }
        catch (SqlShellException e)
        {
            _screen.Stop();
            Console.Error.WriteLine(e.Show(sql));
        }
        catch (OperationCanceledException)
        {
            _screen.Stop();
            Console.Error.WriteLine("cancelled");
        }
        finally
        {
            Volatile.Write(ref _running, null);
        }

        if (_timing)
        {
            Console.WriteLine($"Time: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.0} ms");
        }

        if (Changes(sql))
        {
            await RefreshAsync();
        }
    }

    // What makes or drops something changes what can be completed.
    private static bool Changes(string sql) =>
        new[] { "CREATE", "DROP", "ALTER" }.Any(w => sql.Contains(w, StringComparison.OrdinalIgnoreCase));

    private async Task RefreshAsync()
    {
        if (_editor is not null)
        {
            _names = await CompletionLoader.LoadAsync(_runner, CancellationToken.None);
        }
    }

    private async Task<string> CommandAsync(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "\\d" when words.Length > 1: return $"DESCRIBE {words[1]};";
            case "\\d" or "\\dt" or "\\dv": return Objects + ";";
            case "\\timing":
                _timing = !_timing;
                Console.WriteLine($"timing is {(_timing ? "on" : "off")}");
                return "";
            case "\\spark":
                _spark = !_spark;
                _printer.Spark = _spark;
                Console.WriteLine($"arrays of numbers are {(_spark ? "drawn" : "written")}");
                return "";
            case "\\x":
                _expanded = !_expanded;
                _printer.Expanded = _expanded;
                Console.WriteLine($"rows are shown {(_expanded ? "one column a line" : "as a table")}");
                return "";
            case "\\watch":
                return Watched(words.Length > 1 ? line[6..] : _last);
            case "\\copy":
                if (CopyCommand.Parsed(line) is { IsFrom: true, File: null })
                {
                    Console.Error.WriteLine("standard input is the prompt: name a file, or use -c '\\copy …' with the rows piped in");
                }
                else
                {
                    await RunOneAsync(line);
                }

                return "";
            case "\\e":
                return await EditAsync();
            case "\\format" when words.Length > 1 && Enum.TryParse(words[1], ignoreCase: true, out OutputFormat format) && Enum.IsDefined(format):
                _screen.Dispose();
                (_printer, _screen) = Printers(format);
                _printer.Expanded = _expanded;
                return "";
            case "\\i" when words.Length > 1:
                try
                {
                    await RunOneAsync(await File.ReadAllTextAsync(line[2..].Trim()));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Console.Error.WriteLine(e.Message);
                }

                return "";
            case "\\refresh":
                await RefreshAsync();
                Console.WriteLine($"{_names.Columns.Count} relations and {_names.Functions.Count} functions to complete");
                return "";
            default:
                if (words[0] is not ("\\?" or "\\h"))
                {
                    Console.Error.WriteLine($"{line} is no command, or lacks its argument; \\? lists them");
                    return "";
                }

                Console.WriteLine("""
                    \d         streams, tables and views      \d NAME   columns of one
                    \format table|csv|json                    \x        a line for each column, or a table
                    \watch     follow the last query          \watch QUERY
                    \e         edit the last statement        \i FILE   run a file
                    \copy      TABLE from 'FILE', TABLE or (QUERY) to 'FILE' [csv header]
                    \spark     draw arrays of numbers         \timing   say how long each statement took
                    \refresh   ask for the names to complete  \q        leave
                    Statements end with a semicolon. Tab completes, twice lists; the arrows go through what was run before,
                    Ctrl-R finds what holds the text that is typed.
                    SUBSCRIBE query; follows an answer in place; Ctrl-C stops what runs.
                    """);
                return "";
        }
    }

    // A query is followed by the statement for it: pushed, not asked again and again.
    private static string Watched(string query)
    {
        List<ScriptStatement> statements = ScriptText.Statements(query);
        string text = statements.Count == 1 ? statements[0].Text.Trim() : "";
        if (text.Length == 0)
        {
            Console.Error.WriteLine("there is no query to follow: \\watch SELECT …, or \\watch behind a SELECT");
            return "";
        }

        return text.StartsWith("SUBSCRIBE", StringComparison.OrdinalIgnoreCase) ? text + ";" : $"SUBSCRIBE ({text});";
    }

    private async Task<string> EditAsync()
    {
        string editor = new[] { "VISUAL", "EDITOR" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => v is { Length: > 0 })
            ?? (OperatingSystem.IsWindows() ? "notepad" : "vi");
        // Of its owner alone, as what is edited may hold a secret.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("millrace-");
        string path = Path.Combine(folder.FullName, "statement.sql");
        try
        {
            await File.WriteAllTextAsync(path, _last);
            string[] words = editor.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            using Process? process = Process.Start(new ProcessStartInfo(words[0], [.. words[1..], path]));
            await process!.WaitForExitAsync();
            string text = (await File.ReadAllTextAsync(path)).Trim();
            if (text.Length > 0)
            {
                Console.WriteLine(text);
            }

            return text;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Console.Error.WriteLine($"{editor} cannot be started: {e.Message} (EDITOR names another)");
            return "";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
