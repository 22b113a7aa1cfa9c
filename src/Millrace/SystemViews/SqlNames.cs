// Names as SQL text: split into their parts, and quoted where they must be.
using System.Text;
using Millrace.Core;
using Millrace.Sql.Syntax;

namespace Millrace.Engine;

/// <summary>Names in SQL text.</summary>
internal static class SqlNames
{
    /// <summary>The parts of a dotted name; what is not quoted is folded to lower case.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
            {
                part.Append(text[++i]);
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == '.' && !quoted)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(quoted ? c : char.ToLowerInvariant(c));
            }
        }

        parts.Add(part.ToString());
        return parts;
    }

    /// <summary>The parts of a dotted name, checked as PostgreSQL's parse_ident checks them.</summary>
    /// <param name="text">The name.</param>
    /// <param name="strict">True when nothing may follow it.</param>
    /// <exception cref="SqlException">22023: this is no name.</exception>
    public static string[] Parse(string text, bool strict)
    {
        var parts = new List<string>();
        int at = Blanks(text, 0);
        bool afterDot = false;
        while (true)
        {
            if (at < text.Length && text[at] == '"')
            {
                at = Quoted(text, at, parts);
            }
            else if (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] == '_' || text[at] >= '\x80'))
            {
                int start = at;
                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '$' or >= '\x80'))
                {
                    at++;
                }

                // PostgreSQL folds ASCII alone where an encoding has more than one byte a letter.
                parts.Add(string.Concat(text[start..at].Select(c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c)));
            }
            else
            {
                string detail = afterDot ? "No valid identifier after \".\"." : at < text.Length && text[at] == '.' ? "No valid identifier before \".\"." : "";
                throw NoName(text, detail);
            }

            at = Blanks(text, at);
            if (at >= text.Length || text[at] != '.')
            {
                return at >= text.Length || !strict ? [.. parts] : throw NoName(text, "");
            }

            afterDot = true;
            at = Blanks(text, at + 1);
        }
    }

    private static int Quoted(string text, int at, List<string> parts)
    {
        var part = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                part.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                part.Append(text[++at]);
            }
            else
            {
                parts.Add(part.Length > 0 ? part.ToString() : throw NoName(text, "Quoted identifier must not be empty."));
                return at + 1;
            }
        }

        throw NoName(text, "String has unclosed double quotes.");
    }

    private static int Blanks(string text, int at)
    {
        while (at < text.Length && text[at] is (' ' or '\t' or '\n' or '\r' or '\f'))
        {
            at++;
        }

        return at;
    }

    private static SqlException NoName(string text, string detail) =>
        new("22023", $"string is not a valid identifier: \"{text}\"", hint: detail.Length > 0 ? detail : null);

    /// <summary>The name as it must stand in SQL: quoted unless it is a plain lower-case identifier and no keyword.</summary>
    public static string Quote(string name)
    {
        bool plain = name.Length > 0 && (char.IsAsciiLetterLower(name[0]) || name[0] == '_')
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '$');
        return plain && SqlParser.IsFree(name) ? name : "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
