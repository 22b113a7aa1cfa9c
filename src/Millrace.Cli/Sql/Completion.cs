// What could stand where the cursor is: keywords, relations, columns, functions. Pure: text and names in, words out.
using System.Text.RegularExpressions;

namespace Millrace.Cli.Sql;

/// <summary>The names that a database knows.</summary>
/// <param name="Columns">The columns of each relation, by its name; those outside of <c>public</c> with their schema.</param>
/// <param name="Functions">The names of the functions.</param>
internal sealed record CompletionNames(IReadOnlyDictionary<string, IReadOnlyList<string>> Columns, IReadOnlyList<string> Functions)
{
    /// <summary>No names: keywords alone.</summary>
    public static CompletionNames None { get; } = new(new Dictionary<string, IReadOnlyList<string>>(), []);
}

/// <summary>Words that could stand instead of the one before the cursor.</summary>
/// <param name="Start">Where that word begins.</param>
/// <param name="Words">What could stand there, in the order to show.</param>
internal sealed record CompletionResult(int Start, IReadOnlyList<string> Words)
{
    /// <summary>What all words begin with.</summary>
    public string Common
    {
        get
        {
            string common = Words.Count == 0 ? "" : Words[0];
            foreach (string word in Words)
            {
                int same = 0;
                while (same < common.Length && same < word.Length && char.ToUpperInvariant(common[same]) == char.ToUpperInvariant(word[same]))
                {
                    same++;
                }

                common = common[..same];
            }

            return common;
        }
    }
}

/// <summary>Completes SQL and the prompt's own commands.</summary>
internal static partial class Completion
{
    private const int WordsMax = 200;

    private static readonly string[] Commands = ["\\?", "\\copy", "\\d", "\\e", "\\format", "\\i", "\\q", "\\refresh", "\\spark", "\\timing", "\\watch", "\\x"];

    private static readonly string[] Statements =
    [
        "ALTER", "BACKUP TO", "BEGIN", "CHECKPOINT", "CLOSE", "COMMIT", "COPY", "CREATE", "DECLARE", "DELETE FROM", "DESCRIBE", "DROP", "EXPLAIN", "FETCH", "GRANT", "INSERT INTO",
        "REVOKE", "ROLLBACK", "SELECT", "SET", "SHOW", "SUBSCRIBE", "TRUNCATE", "UPDATE", "VALUES", "WITH",
    ];

    private static readonly string[] Kinds =
        ["ALERT", "ENDPOINT", "INDEX", "MATERIALIZED VIEW", "OR REPLACE VIEW", "STREAM", "TABLE", "TOKEN", "USER", "VIEW"];

    private static readonly string[] Inner =
    [
        "ALL", "ALLOW LATENESS", "AND", "ANY", "AS", "ASC", "ASOF JOIN", "BETWEEN", "CASE", "CAST", "CROSS JOIN", "DESC", "DISTINCT", "ELSE", "EMIT ON WINDOW CLOSE", "END", "EXCEPT",
        "EXISTS", "EXTRACT", "FALSE", "FETCH FIRST", "FILTER", "FROM", "FULL JOIN", "GROUP BY", "HAVING", "ILIKE", "IN", "INNER JOIN", "INTERSECT", "INTERVAL", "INTO", "IS", "JOIN",
        "LATE DATA INTO", "LATERAL", "LEFT JOIN", "LIKE", "LIMIT", "NOT", "NOTIFY", "NULL", "NULLS FIRST", "NULLS LAST", "OFFSET", "ON", "ON CONFLICT", "OR", "ORDER BY", "OVER", "PARTITION BY",
        "PRIMARY KEY", "RETURNING", "RIGHT JOIN", "SELECT", "SET", "THEN", "TRUE", "UNION", "USING", "VALUES", "WATERMARK FOR", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN GROUP",
    ];

    private static readonly string[] Windows = ["HOP(", "SESSION(", "TUMBLE(", "CHANGELOG("];

    // Behind these a relation is named.
    private static readonly HashSet<string> BeforeRelation = new(StringComparer.OrdinalIgnoreCase)
        { "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "STREAM", "DESCRIBE", "SUBSCRIBE", "TRUNCATE", "TUMBLE", "HOP", "SESSION", "CHANGELOG", "\\d" };

    /// <summary>Completes the word that ends at <paramref name="cursor"/>.</summary>
    /// <param name="text">All of the statement so far; what stands behind the cursor counts for which relations it is about.</param>
    /// <param name="cursor">Where the cursor is.</param>
    /// <param name="names">What the database knows.</param>
    public static CompletionResult At(string text, int cursor, CompletionNames names)
    {
        if (IsQuoted(text.AsSpan(0, cursor)))
        {
            return new CompletionResult(cursor, []);
        }

        int statement = text.LastIndexOf(';', Math.Max(0, cursor - 1), cursor) + 1;
        int start = cursor;
        while (start > statement && (IsWord(text[start - 1]) || text[start - 1] is '.' or '\\'))
        {
            start--;
        }

        string word = text[start..cursor];
        string[] before = Words().Matches(text[statement..start]).Select(m => m.Value).ToArray();
        return word.Contains('.') ? Qualified(text[statement..], start, word, names)
            : new CompletionResult(start, Pick(word, Candidates(text[statement..], word, before, names)));
    }

    private static IEnumerable<string> Candidates(string statement, string word, string[] before, CompletionNames names)
    {
        string last = before.Length == 0 ? "" : before[^1];
        if (word.StartsWith('\\'))
        {
            return before.Length == 0 ? Commands : [];
        }

        if (last.Length == 0)
        {
            return Cased(Statements, word);
        }

        if (Same(before[0], "CREATE") && last.ToUpperInvariant() is "TABLE" or "VIEW" or "STREAM")
        {
            // A name that is not there yet.
            return [];
        }

        if (BeforeRelation.Contains(last))
        {
            IEnumerable<string> relations = names.Columns.Keys.Order(StringComparer.Ordinal);
            return last.ToUpperInvariant() is "FROM" or "JOIN" ? relations.Concat(Cased(Windows, word)) : relations;
        }

        if (before.Length == 1 && last.ToUpperInvariant() is "CREATE" or "DROP" or "ALTER")
        {
            return Cased(Kinds, word);
        }

        return Relations(statement, names).SelectMany(r => names.Columns[r.Relation]).Distinct().Order(StringComparer.Ordinal)
            .Concat(Cased(Inner, word))
            .Concat(names.Functions.Select(f => f + "("))
            .Concat(names.Columns.Keys.Where(r => !r.Contains('.')).Order(StringComparer.Ordinal))
            .Distinct();
    }

    private static CompletionResult Qualified(string statement, int start, string word, CompletionNames names)
    {
        int dot = word.LastIndexOf('.');
        string owner = word[..dot], rest = word[(dot + 1)..];
        IEnumerable<string> columns = Relations(statement, names)
            .Where(r => Same(r.Alias, owner) || Same(r.Relation, owner)).SelectMany(r => names.Columns[r.Relation]);
        IEnumerable<string> relations = names.Columns.Keys.Where(r => r.StartsWith(owner + ".", StringComparison.OrdinalIgnoreCase)).Select(r => r[(owner.Length + 1)..]);
        return new CompletionResult(start + dot + 1, Pick(rest, columns.Distinct().Order(StringComparer.Ordinal).Concat(relations.Order(StringComparer.Ordinal))));
    }

    // The relations a statement names, each with its alias; a word that is a relation's name counts wherever it stands.
    private static IEnumerable<(string Relation, string Alias)> Relations(string statement, CompletionNames names)
    {
        string[] words = Words().Matches(statement).Select(m => m.Value).ToArray();
        for (int i = 0; i < words.Length; i++)
        {
            string? relation = names.Columns.ContainsKey(words[i]) ? words[i] : names.Columns.Keys.FirstOrDefault(r => Same(r, words[i]));
            if (relation is not null)
            {
                int next = i + 1 < words.Length && Same(words[i + 1], "AS") ? i + 2 : i + 1;
                yield return (relation, next < words.Length ? words[next] : relation);
            }
        }
    }

    private static string[] Pick(string word, IEnumerable<string> candidates) =>
        [.. candidates.Where(c => c.StartsWith(word, StringComparison.OrdinalIgnoreCase) && c.Length > word.Length).Take(WordsMax)];

    // Keywords in the case that was begun with.
    private static IEnumerable<string> Cased(IEnumerable<string> keywords, string word) =>
        word.Length > 0 && char.IsAsciiLetterLower(word[0]) ? keywords.Select(k => k.ToLowerInvariant()) : keywords;

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';

    // True inside of a text or a comment, where nothing can be completed.
    private static bool IsQuoted(ReadOnlySpan<char> text)
    {
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'')
            {
                quoted = !quoted;
            }
            else if (!quoted && text[i] == '-' && i + 1 < text.Length && text[i + 1] == '-')
            {
                int end = text[i..].IndexOf('\n');
                if (end < 0)
                {
                    return true;
                }

                i += end;
            }
        }

        return quoted;
    }

    [GeneratedRegex(@"\\?[\p{L}_][\p{L}\p{N}_$]*(\.[\p{L}_][\p{L}\p{N}_$]*)*")]
    private static partial Regex Words();
}
