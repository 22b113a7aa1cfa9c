// What can be seen of SQL without its grammar: where quotes, comments and parentheses end, its first word, its parameters.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Millrace.Formats;

namespace Millrace.Generator;

/// <summary>A text of SQL, looked over.</summary>
/// <param name="Open">What is not closed; null when everything is.</param>
/// <param name="Verb">The first word, in lower case; empty when it begins otherwise or is empty.</param>
/// <param name="Parameters">The highest of $1, $2 ….</param>
internal sealed record SqlText(string? Open, string Verb, int Parameters)
{
    /// <summary>The words that statements begin with.</summary>
    public static readonly HashSet<string> Verbs = new(
        ("select with values table insert update delete merge create drop alter truncate copy explain show describe desc subscribe set reset begin start commit end rollback abort savepoint release "
            + "prepare execute deallocate declare fetch move close discard grant revoke comment analyze vacuum checkpoint backup flush listen notify unlisten lock refresh cluster reindex "
            + "use wait cancel recover call do import load security reassign").Split(' '));

    /// <summary>Looks a text over.</summary>
    public static SqlText Read(string sql)
    {
        string verb = "";
        int parameters = 0;
        bool began = false;
        var parentheses = new Stack<char>();
        for (int at = 0; at < sql.Length;)
        {
            char c = sql[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
                continue;
            }

            if (Starts(sql, at, "--"))
            {
                at = After(sql, at, "\n", sql.Length);
                continue;
            }

            if (Starts(sql, at, "/*"))
            {
                at = AfterComment(sql, at);
                if (at < 0)
                {
                    return new SqlText("a comment is not closed", verb, parameters);
                }

                continue;
            }

            if (char.IsLetter(c) || c == '_')
            {
                int end = at;
                while (end < sql.Length && (char.IsLetterOrDigit(sql[end]) || sql[end] is '_' or '$'))
                {
                    end++;
                }

                string word = sql.Substring(at, end - at);
                verb = began ? verb : word.ToLowerInvariant();
                began = true;
                if (end < sql.Length && sql[end] == '\'' && word is "e" or "E")
                {
                    end = AfterQuote(sql, end, '\'', escapes: true);
                    if (end < 0)
                    {
                        return new SqlText("a string is not closed", verb, parameters);
                    }
                }

                at = end;
                continue;
            }

            began |= c != '(';
            if (c is '\'' or '"')
            {
                at = AfterQuote(sql, at, c, escapes: false);
                if (at < 0)
                {
                    return new SqlText(c == '"' ? "a name in quotes is not closed" : "a string is not closed", verb, parameters);
                }

                continue;
            }

            if (c == '$')
            {
                int end = at + 1;
                while (end < sql.Length && char.IsDigit(sql[end]))
                {
                    end++;
                }

                if (end > at + 1)
                {
                    parameters = Math.Max(parameters, int.TryParse(sql.Substring(at + 1, end - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0);
                    at = end;
                    continue;
                }

                while (end < sql.Length && (char.IsLetterOrDigit(sql[end]) || sql[end] == '_'))
                {
                    end++;
                }

                if (end < sql.Length && sql[end] == '$')
                {
                    string tag = sql.Substring(at, end + 1 - at);
                    at = After(sql, end + 1, tag, -1);
                    if (at < 0)
                    {
                        return new SqlText($"a string between {tag} is not closed", verb, parameters);
                    }

                    continue;
                }
            }
            else if (c is '(' or '[')
            {
                parentheses.Push(c);
            }
            else if (c is ')' or ']')
            {
                if (parentheses.Count == 0 || parentheses.Pop() != (c == ')' ? '(' : '['))
                {
                    return new SqlText($"a {c} closes nothing", verb, parameters);
                }
            }

            at++;
        }

        return new SqlText(parentheses.Count > 0 ? $"a {parentheses.Peek()} is not closed" : null, verb, parameters);
    }

    /// <summary>The verb that a word was most likely meant to be; null when none is near.</summary>
    public static string? Nearest(string word) => Verbs.Where(v => v.Length > 3).Select(v => (Verb: v, Far: EditDistance.Of(v, word))).Where(v => v.Far <= 2).OrderBy(v => v.Far)
        .Select(v => v.Verb.ToUpperInvariant()).FirstOrDefault();

    private static bool Starts(string sql, int at, string what) => string.CompareOrdinal(sql, at, what, 0, what.Length) == 0;

    private static int After(string sql, int at, string what, int otherwise)
    {
        int found = sql.IndexOf(what, at, StringComparison.Ordinal);
        return found < 0 ? otherwise : found + what.Length;
    }

    private static int AfterComment(string sql, int at)
    {
        int depth = 0;
        while (at < sql.Length)
        {
            if (Starts(sql, at, "/*") || Starts(sql, at, "*/"))
            {
                depth += sql[at] == '/' ? 1 : -1;
                at += 2;
                if (depth == 0)
                {
                    return at;
                }
            }
            else
            {
                at++;
            }
        }

        return -1;
    }

    private static int AfterQuote(string sql, int at, char quote, bool escapes)
    {
        for (at++; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
            {
                at++;
            }
            else if (sql[at] == quote)
            {
                if (at + 1 == sql.Length || sql[at + 1] != quote)
                {
                    return at + 1;
                }

                at++;
            }
        }

        return -1;
    }
}
