// A plain prompt: statements end with a semicolon, backslash commands stand alone.
namespace Millrace.Cli.Sql;

/// <summary>Reads statements from the terminal and runs them until <c>\q</c> or the end of the input.</summary>
internal static class Prompt
{
    private const string Objects =
        "SELECT name, kind, rows FROM millrace.objects ORDER BY kind, name";

    public static async Task<int> RunAsync(ISqlRunner runner, OutputFormat format)
    {
        var printer = new ResultPrinter(Console.Out, format);
        string text = "";
        CancellationTokenSource? running = null;
        ConsoleCancelEventHandler stop = (_, e) =>
        {
            // Ctrl-C gives the prompt back; \q and the end of the input end the program.
            e.Cancel = true;
            if (Volatile.Read(ref running) is { } current)
            {
                current.Cancel();
            }
            else
            {
                Console.Write("\n(\\q ends)\nmillrace> ");
            }
        };
        Console.CancelKeyPress += stop;
        try
        {
            while (true)
            {
                Console.Write(text.Length == 0 ? "millrace> " : "     ...> ");
                string? line = await Task.Run(Console.ReadLine);
                if (line is null)
                {
                    Console.WriteLine();
                    return Exit.Done;
                }

                if (text.Length == 0 && line.TrimStart().StartsWith('\\'))
                {
                    if (line.Trim() is "\\q" or "\\quit")
                    {
                        return Exit.Done;
                    }

                    text = Command(line.Trim());
                }
                else
                {
                    text = text.Length == 0 ? line : text + "\n" + line;
                }

                if (text.Trim().Length == 0 || !text.TrimEnd().EndsWith(';'))
                {
                    text = text.Trim().Length == 0 ? "" : text;
                    continue;
                }

                using var cancel = new CancellationTokenSource();
                Volatile.Write(ref running, cancel);
                await RunOne(runner, printer, text, cancel.Token);
                Volatile.Write(ref running, null);
                text = "";
            }
        }
        finally
        {
            Console.CancelKeyPress -= stop;
        }
    }

    private static async Task RunOne(ISqlRunner runner, ResultPrinter printer, string sql, CancellationToken cancellation)
    {
        try
        {
            await runner.RunAsync(sql, printer, cancellation);
        }
        catch (SqlShellException e)
        {
            Console.Error.WriteLine(e.Show(sql));
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("cancelled");
        }
    }

    private static string Command(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "\\d" when words.Length > 1: return $"DESCRIBE {words[1]};";
            case "\\d" or "\\dt" or "\\dv": return Objects + ";";
            default:
                Console.WriteLine("""
                    \d         streams, tables and views      \d NAME   columns of one
                    \q         leave                           Ctrl-C    stop what runs
                    Statements end with a semicolon; SUBSCRIBE query; follows an answer.
                    """);
                return "";
        }
    }
}
