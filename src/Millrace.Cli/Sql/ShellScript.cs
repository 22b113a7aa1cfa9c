// A script as the shell takes it: SQL, with \copy on lines of their own between statements.
namespace Millrace.Cli.Sql;

/// <summary>Runs scripts.</summary>
internal static class ShellScript
{
    /// <summary>Runs all of a text, part by part.</summary>
    /// <exception cref="SqlShellException">Something failed; the position is one of the whole text.</exception>
    public static async Task RunAsync(ISqlRunner runner, string script, IResultSink sink, CancellationToken cancellation)
    {
        foreach ((int start, string text) in Parts(script))
        {
            try
            {
                if (CopyCommand.Is(text))
                {
                    CopyCommand copy = CopyCommand.Parse(text);
                    long rows = await copy.RunAsync(runner, cancellation);
                    if (copy.IsFrom || copy.File is not null)
                    {
                        sink.End($"COPY {rows}");
                    }
                }
                else
                {
                    await runner.RunAsync(text, sink, cancellation);
                }
            }
            catch (SqlShellException e) when (start > 0 && e.Position >= 0)
            {
                throw new SqlShellException(e.Message, e.Position + start, e.Hint, e.SqlState);
            }
        }
    }

    /// <summary>The parts of a text: a <c>\copy</c> is one where no statement is open, and all between two of them is one.</summary>
    internal static List<(int Start, string Text)> Parts(string script)
    {
        var parts = new List<(int, string)>();
        int start = 0, at = 0;
        while (at < script.Length)
        {
            int end = script.IndexOf('\n', at);
            end = end < 0 ? script.Length : end + 1;
            string before = script[start..at];
            if (CopyCommand.Is(script[at..end]) && (before.Trim().Length == 0 || ScriptText.IsComplete(before)))
            {
                Add(start, at);
                Add(at, end);
                start = end;
            }

            at = end;
        }

        Add(start, script.Length);
        return parts;

        void Add(int from, int to)
        {
            if (script[from..to].Trim().Length > 0)
            {
                parts.Add((from, script[from..to]));
            }
        }
    }
}
