// Where the statements of a text begin and end: past strings, quoted names, dollar quotes and comments.
namespace Millrace.Cli.Sql;

/// <summary>A statement of a text.</summary>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="Text">It, without the semicolon behind it.</param>
internal readonly record struct ScriptStatement(int Start, string Text);

/// <summary>Cuts texts into statements. What is wrong in them is the server's to say: nothing here fails.</summary>
internal static class ScriptText
{
    /// <summary>The statements, without those that are empty.</summary>
    public static List<ScriptStatement> Statements(string sql) => Walk(sql).Statements;

    /// <summary>True when the last thing that is said is a semicolon, outside of everything that is quoted.</summary>
    public static bool IsComplete(string sql)
    {
        (List<ScriptStatement> statements, bool open) = Walk(sql);
        return !open && (statements.Count > 0 || sql.Contains(';', StringComparison.Ordinal));
    }

    private static (List<ScriptStatement> Statements, bool Open) Walk(string sql)
    {
        var statements = new List<ScriptStatement>();
        int start = -1, at = 0;
        bool said = false;
        while (at < sql.Length)
        {
            int end = TokenEnd(sql, at, out bool isSpace);
            if (!isSpace && sql[at] == ';')
            {
                if (said)
                {
                    statements.Add(new ScriptStatement(start, sql[start..at]));
                }

                (start, said) = (-1, false);
            }
            else
            {
                said |= !isSpace;
                start = start < 0 && !char.IsWhiteSpace(sql[at]) ? at : start;
            }

            at = end;
        }

        if (said)
        {
            statements.Add(new ScriptStatement(start, sql[start..]));
        }

        return (statements, said);
    }

    // The end of what begins here: a quoted thing as a whole, a comment, a word, or one character. What is not closed goes to the end.
    private static int TokenEnd(string sql, int at, out bool isSpace)
    {
        char c = sql[at];
        isSpace = char.IsWhiteSpace(c);
        if (isSpace)
        {
            return at + 1;
        }

        if (sql.AsSpan(at).StartsWith("--"))
        {
            isSpace = true;
            int line = sql.IndexOf('\n', at);
            return line < 0 ? sql.Length : line + 1;
        }

        if (sql.AsSpan(at).StartsWith("/*"))
        {
            isSpace = true;
            return CommentEnd(sql, at);
        }

        if (c is '\'' or '"')
        {
            return QuoteEnd(sql, at, escapes: false);
        }

        if (c == '$' && DollarTag(sql, at) is { } tag)
        {
            int close = sql.IndexOf(tag, at + tag.Length, StringComparison.Ordinal);
            return close < 0 ? sql.Length : close + tag.Length;
        }

        if (!IsWord(c))
        {
            return at + 1;
        }

        int end = at + 1;
        while (end < sql.Length && (IsWord(sql[end]) || sql[end] == '$'))
        {
            end++;
        }

        return end < sql.Length && sql[end] == '\'' && end == at + 1 && c is 'e' or 'E' ? QuoteEnd(sql, end, escapes: true) : end;
    }

    private static int CommentEnd(string sql, int at)
    {
        int depth = 0;
        while (at < sql.Length)
        {
            ReadOnlySpan<char> rest = sql.AsSpan(at);
            int step = rest.StartsWith("/*") ? 1 : rest.StartsWith("*/") ? -1 : 0;
            depth += step;
            at += step == 0 ? 1 : 2;
            if (depth == 0)
            {
                return at;
            }
        }

        return at;
    }

    private static int QuoteEnd(string sql, int at, bool escapes)
    {
        char quote = sql[at++];
        while (at < sql.Length)
        {
            if (escapes && sql[at] == '\\')
            {
                at += 2;
            }
            else if (sql[at++] == quote)
            {
                if (at == sql.Length || sql[at] != quote)
                {
                    return at;
                }

                at++;
            }
        }

        return sql.Length;
    }

    // $$ or $tag$; $1 is a parameter.
    private static string? DollarTag(string sql, int at)
    {
        int end = at + 1;
        while (end < sql.Length && IsWord(sql[end]) && !(end == at + 1 && char.IsDigit(sql[end])))
        {
            end++;
        }

        return end < sql.Length && sql[end] == '$' ? sql[at..(end + 1)] : null;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_' || c > '\u007f';
}
