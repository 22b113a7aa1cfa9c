// What the parser says when it meets the wrong token: what it expected, what it found, and the slip that most likely made it so.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private static readonly string[] ClauseWords =
    [
        "select", "from", "where", "group", "order", "having", "limit", "offset", "union", "except", "intersect", "join", "values",
        "insert",
        "update", "delete", "create", "drop", "alter", "table", "stream", "view", "materialized", "into", "set", "returning", "distinct",
        "between", "like", "window", "emit", "explain", "show", "describe", "subscribe", "copy", "begin", "commit", "rollback", "truncate",
        "index", "exists", "primary", "watermark", "default", "using", "partition", "with", "flush", "checkpoint",
    ];

    /// <summary>The error for the current token.</summary>
    /// <param name="expected">What would have been right: an article and a noun, a keyword in capitals, or characters in double
    /// quotes.</param>
    /// <param name="isName">A name was expected, so that a keyword here is one used as a name.</param>
    private SqlException Unexpected(string expected, bool isName = false)
    {
        Token found = Current;
        string message = found.Kind == TokenKind.EndOfText
            ? $"syntax error at end of input: expected {expected}"
            : $"syntax error at or near \"{Shown(found)}\": expected {expected}";
        return new SqlException("42601", message, found.Start, HintFor(found, expected, isName));
    }

    private static SqlException NotSupported(string what, int position, string? hint = null) =>
        new("0A000", $"{what} is not supported", position, hint);

    /// <summary>The token as it was written, cut when it is long.</summary>
    private string Shown(Token token)
    {
        int length = token.End - token.Start;
        return length <= 60 ? _text.Substring(token.Start, length) : string.Concat(_text.AsSpan(token.Start, 57), "…");
    }

    private string? HintFor(Token found, string expected, bool isName)
    {
        Token before = Previous;
        if (found.Kind == TokenKind.Operator)
        {
            switch (found.Text)
            {
                case "==":
                    return "Equality is written with one sign: a = b.";
                case "&&":
                    return "Conditions are joined with AND.";
                case "!":
                    return "Negation is written NOT.";
            }
        }
        if (found.Kind == TokenKind.Dot && before.Kind == TokenKind.String)
        {
            return "Names are written bare or with double quotes; single quotes are for strings.";
        }
        if (found.Kind == TokenKind.QuotedName && expected.Contains("string", StringComparison.Ordinal))
        {
            return "Strings are written with single quotes; double quotes are for names.";
        }
        if (_at > 0 && before.Kind == TokenKind.Comma && (EndsList(found) || found.Kind == TokenKind.Comma))
        {
            return found.Kind == TokenKind.Comma ? "There is one comma too many." : "Remove the comma before it.";
        }
        if (_at > 0 && EndsList(found) && expected.EndsWith("\")\"", StringComparison.Ordinal) && found.Kind != TokenKind.RightParen)
        {
            return "A parenthesis is not closed before it.";
        }
        if (isName && found.Kind == TokenKind.Word && found.Class != WordClass.Free)
        {
            return $"\"{found.Text}\" is a keyword; as a name it needs double quotes: \"\"{found.Text}\"\".".Replace("\"\"", "\"");
        }
        if (isName && found.Kind == TokenKind.String)
        {
            return "Names are written bare or with double quotes; single quotes are for strings.";
        }
        if (Misspelled(found, expected) is { } word)
        {
            return $"Did you mean {word}?";
        }
        if (_at > 0 && Misspelled(before, expected) is { } earlier)
        {
            return $"Did you mean {earlier} in place of \"{before.Text}\"?";
        }
        if (expected.Contains("\",\"", StringComparison.Ordinal) && StartsValue(found) && _at > 0 && EndsValue(before))
        {
            return "Is a comma or an operator missing before it?";
        }
        return null;
    }

    /// <summary>The current token closes what it stands in: a bracket, the end, or the first word of the next clause.</summary>
    private bool EndsList(Token token) => token.Kind is TokenKind.RightParen or TokenKind.RightBracket or TokenKind.EndOfText
        or TokenKind.Semicolon || (token.Kind == TokenKind.Word && token.Text switch
        {
            "order" or "group" => Ahead(1).Is("by"),
            "from" or "where" or "having" or "limit" or "union" or "except" or "intersect" or "returning" or "on" or "with" or "then"
                or "end" or "as" or "offset" or "emit" or "set" => true,
            _ => false,
        });

    private static bool StartsValue(Token token) => token.Kind is TokenKind.Word or TokenKind.QuotedName or TokenKind.String
        or TokenKind.Number or TokenKind.Parameter;

    private static bool EndsValue(Token token) => StartsValue(token) || token.Kind is TokenKind.RightParen or TokenKind.RightBracket;

    /// <summary>The keyword that a word nearly is, in capitals; null when it is none, or is a proper keyword itself.</summary>
    private static string? Misspelled(Token token, string expected)
    {
        if (token.Kind != TokenKind.Word || token.Class != WordClass.Free || token.Text.Length < 3)
        {
            return null;
        }
        string? best = null;
        int bestDistance = token.Text.Length <= 4 ? 2 : 3;
        foreach (string word in ClauseWords)
        {
            if (word == token.Text)
            {
                return null;
            }
            int distance = Distance(token.Text, word);
            bool wanted = expected.Contains(word, StringComparison.OrdinalIgnoreCase);
            if (distance < bestDistance || (distance == bestDistance && wanted && best is not null))
            {
                best = word;
                bestDistance = distance;
            }
        }
        return best?.ToUpperInvariant();
    }

    /// <summary>Edit distance with swaps of neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }
        var rows = new int[3][];
        for (int i = 0; i < 3; i++)
        {
            rows[i] = new int[b.Length + 1];
        }
        for (int j = 0; j <= b.Length; j++)
        {
            rows[0][j] = j;
        }
        for (int i = 1; i <= a.Length; i++)
        {
            int[] row = rows[i % 3];
            int[] above = rows[(i + 2) % 3];
            int[] twoAbove = rows[(i + 1) % 3];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], twoAbove[j - 2] + 1);
                }
            }
        }
        return rows[a.Length % 3][b.Length];
    }
}
