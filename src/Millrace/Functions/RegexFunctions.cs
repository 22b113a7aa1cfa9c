// Regular expressions in PostgreSQL's syntax, run by .NET's engine without backtracking: linear time whatever the pattern.
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>~ ~* !~ !~* and the regexp_ functions.</summary>
internal static class RegexFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Pattern");
        Match(r, "~", true, RegexOptions.None, "Matches the regular expression", "'abc' ~ '^a.c$' → true");
        Match(r, "!~", false, RegexOptions.None, "Does not match the regular expression", "'abc' !~ 'x' → true");
        Match(r, "~*", true, RegexOptions.IgnoreCase, "Matches the regular expression in any case", "'ABC' ~* 'b' → true");
        Match(r, "!~*", false, RegexOptions.IgnoreCase, "Does not match the regular expression in any case", "'ABC' !~* 'x' → true");
        r.F("regexp_like(text, text) bool", (ByteSlice s, ByteSlice p, EvalContext c) => IsMatch(s, c.Regex(p, RegexOptions.None)),
            "True when the pattern occurs", "regexp_like('abc', 'b') → true");
        r.F("regexp_like(text, text, text) bool", (ByteSlice s, ByteSlice p, ByteSlice f, EvalContext c) => IsMatch(s, c.Regex(p, Flags(f, out _))),
            "True when the pattern occurs", "regexp_like('ABC', 'b', 'i') → true");
        r.F("regexp_count(text, text) int4", (ByteSlice s, ByteSlice p, EvalContext c) => c.Regex(p, RegexOptions.None).Count(s.Span),
            "How often the pattern occurs", "regexp_count('abcabc', 'b') → 2");
        r.F("regexp_replace(text, text, text) text", (ByteSlice s, ByteSlice p, ByteSlice to, EvalContext c) => Replace(s, p, to, ByteSlice.Empty, c),
            "The first match replaced", "regexp_replace('Thomas', '.[mN]a.', 'M') → ThM");
        r.F("regexp_replace(text, text, text, text) text", Replace, "Matches replaced; flag g for all of them",
            "regexp_replace('foobarbaz', 'b..', 'X', 'g') → fooXX");
        r.Prepared("regexp_match(text, text) text[]", (ByteSlice s, ByteSlice p, EvalContext c) => First(s, c.Regex(p, RegexOptions.None), c), 1,
            p => Make(((ByteSlice)p).ToString(), RegexOptions.None), First, "Groups of the first match", "regexp_match('foobar', '(o+)(b)') → {oo,b}");
        r.F("regexp_match(text, text, text) text[]", (ByteSlice s, ByteSlice p, ByteSlice f, EvalContext c) => First(s, c.Regex(p, Flags(f, out _)), c),
            "Groups of the first match", "regexp_match('FOObar', '(o+)', 'i') → {OO}");
        r.F("regexp_split_to_array(text, text) text[]", (ByteSlice s, ByteSlice p, EvalContext c) => Split(s, p, ByteSlice.Empty, c), "Parts between matches",
            "regexp_split_to_array('a,b;c', '[,;]') → {a,b,c}");
        r.F("regexp_split_to_array(text, text, text) text[]", Split, "Parts between matches", "regexp_split_to_array('aXbxc', 'x', 'i') → {a,b,c}");
        r.F("regexp_substr(text, text) text", Substr, "The first match", "regexp_substr('foobar', 'o+') → oo");
        r.F("similar_to_escape(text) text", (ByteSlice p, EvalContext c) => c.Scratch.Copy(Similar(p.ToString(), '\\')),
            "SIMILAR TO's pattern as a regular expression", "similar_to_escape('a%') → ^(?:a.*)$");
        r.F("similar_to_escape(text, text) text",
            (ByteSlice p, ByteSlice e, EvalContext c) => c.Scratch.Copy(Similar(p.ToString(), e.Length == 0 ? '\0' : e.ToString()[0])),
            "SIMILAR TO's pattern as a regular expression", "similar_to_escape('a#%', '#') → ^(?:a\\%)$");
        r.F("substring(text, text) text", SubstringMatch, "The first match, or its first group", "substring('foobar', 'o(.)b') → o");
    }

    private static void Match(FunctionRegistry r, string name, bool wanted, RegexOptions options, string doc, string example) => r.Prepared(
        $"{name}(text, text) bool",
        (ByteSlice s, ByteSlice p, EvalContext c) => IsMatch(s, c.Regex(p, options)) == wanted,
        1,
        p => Make(((ByteSlice)p).ToString(), options),
        wanted ? (Delegate)IsMatch : IsNoMatch,
        doc,
        example);

    private static bool IsNoMatch(ByteSlice s, SqlPattern pattern) => !pattern.IsMatch(s.Span);

    private static bool IsMatch(ByteSlice s, SqlPattern pattern) => pattern.IsMatch(s.Span);

    internal static RegexOptions Flags(ByteSlice flags, out bool global)
    {
        global = false;
        RegexOptions options = RegexOptions.None;
        foreach (byte b in flags.Span)
        {
            switch (b)
            {
                case (byte)'g':
                    global = true;
                    break;
                case (byte)'i':
                    options |= RegexOptions.IgnoreCase;
                    break;
                case (byte)'c':
                    options &= ~RegexOptions.IgnoreCase;
                    break;
                case (byte)'n' or (byte)'m':
                    options |= RegexOptions.Multiline;
                    break;
                case (byte)'s':
                    options &= ~RegexOptions.Multiline;
                    break;
                case (byte)'x':
                    options |= RegexOptions.IgnorePatternWhitespace;
                    break;
                default:
                    throw new SqlException("22023", $"invalid regular expression option: \"{(char)b}\"");
            }
        }

        return options;
    }

    /// <summary>Compiles a pattern of PostgreSQL's syntax.</summary>
    /// <exception cref="SqlException">2201B when it is no regular expression.</exception>
    /// <param name="pattern">The pattern.</param>
    /// <param name="options">Case, and whether ^ and $ stand at each line.</param>
    /// <param name="anyIsNewline">Whether . stands for the end of a line too, where there are no lines.</param>
    public static SqlPattern Make(string pattern, RegexOptions options, bool anyIsNewline = true)
    {
        bool multiline = (options & RegexOptions.Multiline) != 0;
        options |= RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (multiline || !anyIsNewline ? RegexOptions.None : RegexOptions.Singleline);
        string translated = Translate(pattern, multiline);
        try
        {
            return SqlPattern.Make(translated, options);
        }
        catch (NotSupportedException)
        {
            throw new SqlException("0A000", $"regular expression uses a construct that needs backtracking: {pattern}",
                hint: "look-around and back references are not supported");
        }
        catch (ArgumentException e)
        {
            throw new SqlException("2201B", $"invalid regular expression: {e.Message}");
        }
    }

    private static string Translate(string pattern, bool multiline)
    {
        if (pattern.StartsWith("***=", StringComparison.Ordinal))
        {
            return Regex.Escape(pattern[4..]);
        }

        var text = new StringBuilder(pattern.Length + 8);
        bool set = false;
        for (int i = pattern.StartsWith("***:", StringComparison.Ordinal) ? 4 : 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                char next = pattern[++i];
                _ = next switch
                {
                    'y' => text.Append("\\b"),
                    'Y' => text.Append("\\B"),
                    // Beginning and end of a word: either border will do where a word stands next to it.
                    'm' or 'M' => text.Append("\\b"),
                    'Z' => text.Append("\\z"),
                    'd' => text.Append(set ? "0-9" : "[0-9]"),
                    _ => text.Append('\\').Append(next),
                };
            }
            else if (set && c == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':')
            {
                int end = pattern.IndexOf(":]", i, StringComparison.Ordinal);
                string name = end < 0 ? "" : pattern[(i + 2)..end];
                text.Append(name switch
                {
                    "alpha" => "\\p{L}",
                    "digit" => "0-9",
                    "alnum" => "\\p{L}0-9",
                    "space" => "\\s",
                    "upper" => "\\p{Lu}",
                    "lower" => "\\p{Ll}",
                    "punct" => "!-/:-@\\[-`{-~",
                    "xdigit" => "0-9A-Fa-f",
                    "blank" => " \\t",
                    "cntrl" => "\\x00-\\x1f\\x7f",
                    "print" => "\\x20-\\x7e",
                    "graph" => "\\x21-\\x7e",
                    "word" => "\\w",
                    _ => throw new SqlException("2201B", "invalid regular expression: invalid character class"),
                });
                i = end + 1;
            }
            else if (set)
            {
                set = c != ']';
                text.Append(c == '[' ? "\\[" : c.ToString());
            }
            else if (c == '[')
            {
                set = true;
                text.Append(c);
                if (i + 1 < pattern.Length && pattern[i + 1] == '^')
                {
                    text.Append('^');
                    i++;
                }

                if (i + 1 < pattern.Length && pattern[i + 1] == ']')
                {
                    text.Append("\\]");
                    i++;
                }
            }
            else if (c == '$' && !multiline)
            {
                text.Append("\\z");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    private static string Similar(string pattern, char escape)
    {
        var text = new StringBuilder("^(?:");
        bool set = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == escape && i + 1 < pattern.Length)
            {
                text.Append('\\').Append(pattern[++i]);
            }
            else if (set)
            {
                set = c != ']';
                text.Append(c == '\\' ? "\\\\" : c.ToString());
            }
            else
            {
                set = c == '[';
                text.Append(c switch
                {
                    '%' => ".*",
                    '_' => ".",
                    '\\' or '.' or '^' or '$' => "\\" + c,
                    '(' => "(?:",
                    _ => c.ToString(),
                });
            }
        }

        return text.Append(")$").ToString();
    }

    private static ByteSlice Replace(ByteSlice s, ByteSlice pattern, ByteSlice to, ByteSlice flags, EvalContext context)
    {
        Regex regex = context.Regex(pattern, Flags(flags, out bool global)).Regex;
        string text = s.ToString();
        string replacement = to.ToString();
        string result = regex.Replace(text, m => Expand(replacement, m), global ? -1 : 1);
        return ReferenceEquals(result, text) ? s : context.Scratch.Copy(result);
    }

    internal static string Expand(string replacement, Match match)
    {
        if (!replacement.Contains('\\'))
        {
            return replacement;
        }

        var text = new StringBuilder();
        for (int i = 0; i < replacement.Length; i++)
        {
            char c = replacement[i];
            if (c != '\\' || i + 1 == replacement.Length)
            {
                text.Append(c);
                continue;
            }

            char next = replacement[++i];
            text.Append(char.IsAsciiDigit(next) ? match.Groups[next - '0'].Value : next == '&' ? match.Value : next == '\\' ? "\\" : "\\" + next);
        }

        return text.ToString();
    }

    private static ListSlice? First(ByteSlice s, SqlPattern pattern, EvalContext context)
    {
        ReadOnlySpan<int> groups = pattern.Groups(s.Span);
        if (groups.IsEmpty)
        {
            return null;
        }

        var builder = (BytesBuilder)context.NewBuilder(SqlType.Text);
        for (int i = groups.Length > 2 ? 2 : 0; i < groups.Length; i += 2)
        {
            if (groups[i] < 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(s.Span[groups[i]..groups[i + 1]]);
            }
        }

        return new ListSlice(builder.View(), 0, builder.Count);
    }

    private static ListSlice Split(ByteSlice s, ByteSlice pattern, ByteSlice flags, EvalContext context)
    {
        var builder = (BytesBuilder)context.NewBuilder(SqlType.Text);
        string text = s.ToString();
        int start = 0;
        foreach (Match match in context.Regex(pattern, Flags(flags, out _)).Regex.Matches(text))
        {
            if (match.Length > 0 || (match.Index > start && match.Index < text.Length))
            {
                builder.Append(Encoding.UTF8.GetBytes(text[start..match.Index]));
                start = match.Index + match.Length;
            }
        }

        builder.Append(Encoding.UTF8.GetBytes(text[start..]));
        return new ListSlice(builder.View(), 0, builder.Count);
    }

    private static ByteSlice? Substr(ByteSlice s, ByteSlice pattern, EvalContext context)
    {
        ReadOnlySpan<int> groups = context.Regex(pattern, RegexOptions.None).Groups(s.Span);
        return groups.IsEmpty ? null : s.Part(groups[0], groups[1] - groups[0]);
    }

    private static ByteSlice? SubstringMatch(ByteSlice s, ByteSlice pattern, EvalContext context)
    {
        ReadOnlySpan<int> groups = context.Regex(pattern, RegexOptions.None).Groups(s.Span);
        int group = groups.Length > 2 ? 2 : 0;
        return groups.IsEmpty || groups[group] < 0 ? null : s.Part(groups[group], groups[group + 1] - groups[group]);
    }
}
