// \copy: a table's or query's rows to a file on the shell's machine, and a file's rows into a table.
using System.IO.Compression;
using System.Text;
using Millrace.Formats;

namespace Millrace.Cli.Sql;

/// <summary>What a <c>\copy</c> says.</summary>
/// <param name="Sql">The COPY statement behind it, from or to the other side.</param>
/// <param name="IsFrom">True when the file is read.</param>
/// <param name="File">The file; null for standard input or output.</param>
internal sealed record CopyCommand(string Sql, bool IsFrom, string? File)
{
    private const string Usage = "\\copy TABLE [(COLUMNS)] from|to 'FILE'|stdin|stdout [csv] [header] [(OPTIONS)], or \\copy (QUERY) to …";

    /// <summary>True for a line that is a <c>\copy</c>.</summary>
    public static bool Is(string line) => line.TrimStart() is var text && text.StartsWith("\\copy", StringComparison.Ordinal) && (text.Length == 5 || char.IsWhiteSpace(text[5]));

    /// <summary>The same, or null where it cannot be read.</summary>
    public static CopyCommand? Parsed(string line)
    {
        try
        {
            return Parse(line);
        }
        catch (SqlShellException)
        {
            return null;
        }
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="SqlShellException">It is not written as it has to be.</exception>
    public static CopyCommand Parse(string line)
    {
        string text = line.Trim()["\\copy".Length..].Trim().TrimEnd(';').TrimEnd();
        int end = EndOfWhat(text);
        string what = text[..end].Trim();
        string rest = text[end..].TrimStart();
        bool isFrom = Takes(ref rest, "from");
        if (what.Length == 0 || (!isFrom && !Takes(ref rest, "to")) || rest.Length == 0)
        {
            throw new SqlShellException("\\copy does not say what goes where", -1, Usage, "42601");
        }

        if (isFrom && what.StartsWith('('))
        {
            throw new SqlShellException("\\copy from a file goes into a table, not a query", -1, Usage, "42601");
        }

        string? file = Place(ref rest, isFrom);

        // What nothing is said of follows from the file's name.
        string plain = file is not null && file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? file[..^3] : file ?? "";
        string options = rest.Length > 0 ? " " + rest : plain.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? " csv header" : "";
        return new CopyCommand($"COPY {what} {(isFrom ? "FROM STDIN" : "TO STDOUT")}{options}", isFrom, file);
    }

    /// <summary>Copies.</summary>
    /// <returns>Rows copied, as far as they can be counted.</returns>
    /// <exception cref="SqlShellException">The statement failed, or a row is bad.</exception>
    public async Task<long> RunAsync(ISqlRunner runner, CancellationToken cancellation)
    {
        try
        {
            if (IsFrom)
            {
                await using Stream from = Gzip.Unpacked(File is null ? Console.OpenStandardInput() : new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16));
                return await runner.CopyInAsync(Sql, File ?? "stdin", from, cancellation);
            }

            // An answer that fails leaves no file behind that looks like one.
            if (File is null)
            {
                await using Stream shown = Console.OpenStandardOutput();
                return await runner.CopyOutAsync(Sql, shown, cancellation);
            }

            string unfinished = File + ".unfinished";
            long rows;
            try
            {
                await using (var written = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16))
                {
                    await using Stream to = File.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(written, CompressionLevel.Fastest) : written;
                    rows = await runner.CopyOutAsync(Sql, to, cancellation);
                }

                System.IO.File.Move(unfinished, File, overwrite: true);
                return rows;
            }
            catch
            {
                System.IO.File.Delete(unfinished);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new SqlShellException($"{File}: {e.Message}", -1, null, "58030");
        }
    }

    // A query in parentheses, or a name with columns behind it or not: up to the word from or to.
    private static int EndOfWhat(string text)
    {
        int depth = 0;
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (c is '\'' or '"')
            {
                int close = text.IndexOf(c, at + 1);
                at = close < 0 ? text.Length : close;
            }
            else if (c is '(' or ')')
            {
                depth += c == '(' ? 1 : -1;
            }
            else if (depth == 0 && char.IsWhiteSpace(c) && text[at..].TrimStart() is var rest
                && (rest.StartsWith("from ", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("to ", StringComparison.OrdinalIgnoreCase)))
            {
                return at;
            }
        }

        return text.Length;
    }

    private static bool Takes(ref string rest, string word)
    {
        if (!rest.StartsWith(word + " ", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        rest = rest[word.Length..].TrimStart();
        return true;
    }

    private static string? Place(ref string rest, bool isFrom)
    {
        var name = new StringBuilder();
        int at = 0;
        bool isQuoted = rest[0] == '\'';
        if (isQuoted)
        {
            for (at = 1; at < rest.Length && (rest[at] != '\'' || (at + 1 < rest.Length && rest[at + 1] == '\'')); at++)
            {
                at += rest[at] == '\'' ? 1 : 0;
                name.Append(rest[at]);
            }

            at = at < rest.Length ? at + 1 : throw new SqlShellException("the file's name has no closing quote", -1, Usage, "42601");
        }
        else
        {
            for (; at < rest.Length && !char.IsWhiteSpace(rest[at]); at++)
            {
                name.Append(rest[at]);
            }
        }

        rest = rest[at..].Trim();
        string file = name.ToString();
        if (!isQuoted && file.ToLowerInvariant() is "stdin" or "pstdin" or "stdout" or "pstdout")
        {
            return isFrom == file.Contains("in", StringComparison.OrdinalIgnoreCase) ? null : throw new SqlShellException($"\\copy cannot go {(isFrom ? "from" : "to")} {file}", -1, Usage, "42601");
        }

        return file.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), file[2..]) : file;
    }
}
