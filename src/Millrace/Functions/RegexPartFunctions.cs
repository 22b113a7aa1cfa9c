// The regexp_ functions that look from a position on, for the n-th match, or for all matches.
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Positions count characters from 1.</summary>
internal static class RegexPartFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Pattern");
        r.F("regexp_groups(text, text) text[][]", (ByteSlice s, ByteSlice p, EvalContext c) => Matches(s, p, ByteSlice.Empty, c),
            "The groups of the first match, in an array; regexp_matches gives them as a row", "cardinality(regexp_groups('foobarbaz', 'b(.)(.)')) → 1");
        r.F("regexp_groups(text, text, text) text[][]", Matches, "The groups of each match with flag g; regexp_matches gives them as rows",
            "cardinality(regexp_groups('foobarbaz', 'b(.)(.)', 'g')) → 2");
        r.F("regexp_count(text, text, int4) int4", (ByteSlice s, ByteSlice p, int start, EvalContext c) => Count(s, p, start, ByteSlice.Empty, c),
            "How often the pattern occurs from a position on", "regexp_count('abcabc', 'b', 3) → 1");
        r.F("regexp_count(text, text, int4, text) int4", Count, "How often the pattern occurs from a position on", "regexp_count('ABCABC', 'b', 1, 'i') → 2");
        r.F("regexp_instr(text, text) int4", (ByteSlice s, ByteSlice p, EvalContext c) => Position(s, p, 1, 1, 0, ByteSlice.Empty, 0, c),
            "Where the first match begins; 0 for nowhere", "regexp_instr('foobar', 'o+') → 2");
        r.F("regexp_instr(text, text, int4) int4", (ByteSlice s, ByteSlice p, int start, EvalContext c) => Position(s, p, start, 1, 0, ByteSlice.Empty, 0, c),
            "Where the first match from a position on begins", "regexp_instr('foobar', 'o', 3) → 3");
        r.F("regexp_instr(text, text, int4, int4) int4", (ByteSlice s, ByteSlice p, int start, int n, EvalContext c) => Position(s, p, start, n, 0, ByteSlice.Empty, 0, c),
            "Where the n-th match begins", "regexp_instr('foobar', 'o', 1, 2) → 3");
        r.F("regexp_instr(text, text, int4, int4, int4) int4",
            (ByteSlice s, ByteSlice p, int start, int n, int behind, EvalContext c) => Position(s, p, start, n, behind, ByteSlice.Empty, 0, c),
            "Where the n-th match begins (0) or what is behind it does (1)", "regexp_instr('foobar', 'o', 1, 2, 1) → 4");
        r.F("regexp_instr(text, text, int4, int4, int4, text) int4",
            (ByteSlice s, ByteSlice p, int start, int n, int behind, ByteSlice f, EvalContext c) => Position(s, p, start, n, behind, f, 0, c),
            "With flags", "regexp_instr('FOObar', 'o', 1, 2, 0, 'i') → 3");
        r.F("regexp_instr(text, text, int4, int4, int4, text, int4) int4", Position, "Of a group of the match", "regexp_instr('foobar', 'b(a)(r)', 1, 1, 0, '', 2) → 6");
        r.F("regexp_substr(text, text, int4) text", (ByteSlice s, ByteSlice p, int start, EvalContext c) => Part(s, p, start, 1, ByteSlice.Empty, 0, c),
            "The first match from a position on", "regexp_substr('foobar foobaz', 'ba.', 7) → baz");
        r.F("regexp_substr(text, text, int4, int4) text", (ByteSlice s, ByteSlice p, int start, int n, EvalContext c) => Part(s, p, start, n, ByteSlice.Empty, 0, c),
            "The n-th match", "regexp_substr('foobar foobaz', 'ba.', 1, 2) → baz");
        r.F("regexp_substr(text, text, int4, int4, text) text", (ByteSlice s, ByteSlice p, int start, int n, ByteSlice f, EvalContext c) => Part(s, p, start, n, f, 0, c),
            "With flags", "regexp_substr('FOO', 'o', 1, 2, 'i') → O");
        r.F("regexp_substr(text, text, int4, int4, text, int4) text", Part, "A group of the match", "regexp_substr('foobar', 'f(o)(o)b', 1, 1, '', 2) → o");
        r.F("regexp_replace(text, text, text, int4) text", (ByteSlice s, ByteSlice p, ByteSlice to, int start, EvalContext c) => Replace(s, p, to, start, 1, ByteSlice.Empty, c),
            "The first match from a position on replaced", "regexp_replace('foobar', 'o', '0', 3) → fo0bar");
        r.F("regexp_replace(text, text, text, int4, int4) text", (ByteSlice s, ByteSlice p, ByteSlice to, int start, int n, EvalContext c) => Replace(s, p, to, start, n, ByteSlice.Empty, c),
            "The n-th match replaced; all of them where n is 0", "regexp_replace('foobar', 'o', '0', 1, 2) → fo0bar");
        r.F("regexp_replace(text, text, text, int4, int4, text) text", Replace, "With flags", "regexp_replace('FOO', 'o', '0', 1, 0, 'i') → F00");
    }

    private static ListSlice Matches(ByteSlice s, ByteSlice pattern, ByteSlice flags, EvalContext context)
    {
        Regex regex = context.Regex(pattern, RegexFunctions.Flags(flags, out bool global)).Regex;
        var rows = (ListBuilder)ColumnBuilder.For(SqlType.ArrayOf(SqlType.Text));
        for (Match match = regex.Match(s.ToString()); match.Success; match = match.NextMatch())
        {
            var groups = (BytesBuilder)rows.Elements;
            for (int g = match.Groups.Count > 1 ? 1 : 0; g < match.Groups.Count; g++)
            {
                if (match.Groups[g].Success)
                {
                    groups.Append(Encoding.UTF8.GetBytes(match.Groups[g].Value));
                }
                else
                {
                    groups.AppendNull();
                }
            }

            rows.EndList();
            if (!global)
            {
                break;
            }
        }

        return new ListSlice(rows.View(), 0, rows.Count);
    }

    private static int Count(ByteSlice s, ByteSlice pattern, int start, ByteSlice flags, EvalContext context)
    {
        string text = s.ToString();
        int count = 0;
        for (Match? match = Nth(text, pattern, start, 1, flags, context); match?.Success == true; match = match.NextMatch())
        {
            count++;
        }

        return count;
    }

    private static int Position(ByteSlice s, ByteSlice pattern, int start, int n, int behind, ByteSlice flags, int group, EvalContext context)
    {
        NotBelow(behind, 0, behind <= 1, "endoption");
        NotBelow(group, 0, true, "subexpr");
        string text = s.ToString();
        if (Nth(text, pattern, start, n, flags, context)?.Groups[group] is not { Success: true } found)
        {
            return 0;
        }

        int at = found.Index + (behind == 1 ? found.Length : 0);
        return Runes(text.AsSpan(0, at)) + 1;
    }

    private static ByteSlice? Part(ByteSlice s, ByteSlice pattern, int start, int n, ByteSlice flags, int group, EvalContext context)
    {
        NotBelow(group, 0, true, "subexpr");
        return Nth(s.ToString(), pattern, start, n, flags, context)?.Groups[group] is { Success: true } found ? context.Scratch.Copy(found.Value) : null;
    }

    private static ByteSlice Replace(ByteSlice s, ByteSlice pattern, ByteSlice to, int start, int n, ByteSlice flags, EvalContext context)
    {
        NotBelow(n, 0, true, "n");
        string text = s.ToString();
        string replacement = to.ToString();
        var result = new StringBuilder();
        int behind = 0;
        for (Match? match = Nth(text, pattern, start, Math.Max(n, 1), flags, context); match?.Success == true; match = match.NextMatch())
        {
            result.Append(text, behind, match.Index - behind).Append(RegexFunctions.Expand(replacement, match));
            behind = match.Index + match.Length;
            if (n > 0)
            {
                break;
            }
        }

        return context.Scratch.Copy(result.Append(text, behind, text.Length - behind).ToString());
    }

    private static Match? Nth(string text, ByteSlice pattern, int start, int n, ByteSlice flags, EvalContext context)
    {
        NotBelow(start, 1, true, "start");
        NotBelow(n, 1, true, "n");
        RegexOptions options = RegexFunctions.Flags(flags, out bool global);
        if (global)
        {
            throw new SqlException("22023", "this regexp function does not support the \"global\" option");
        }

        Regex regex = context.Regex(pattern, options).Regex;
        int at = Index(text, start - 1);
        Match? match = at < 0 ? null : regex.Match(text, at);
        for (int i = 1; i < n && match?.Success == true; i++)
        {
            match = match.NextMatch();
        }

        return match;
    }

    private static void NotBelow(int value, int least, bool fits, string name)
    {
        if (value < least || !fits)
        {
            throw new SqlException("22023", $"invalid value for parameter \"{name}\": {value}");
        }
    }

    private static int Runes(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (char c in text)
        {
            count += char.IsLowSurrogate(c) ? 0 : 1;
        }

        return count;
    }

    /// <summary>Where a character begins; −1 behind the end.</summary>
    private static int Index(string text, int runes)
    {
        int at = 0;
        for (; runes > 0 && at < text.Length; runes--)
        {
            at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
        }

        return runes > 0 ? -1 : at;
    }
}
