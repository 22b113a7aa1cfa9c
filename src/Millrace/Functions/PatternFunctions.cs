// LIKE, ILIKE and SIMILAR's plain cases: a pattern that is a constant is taken apart once.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>LIKE and its relatives, as the operators ~~, !~~, ~~* and !~~*.</summary>
internal static class PatternFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Pattern");
        r.Prepared("~~(text, text) bool", (ByteSlice s, ByteSlice p) => new LikePattern(p.Span).Matches(s.Span), 1, p => new LikePattern(((ByteSlice)p).Span),
            (ByteSlice s, LikePattern p) => p.Matches(s.Span), "LIKE: % stands for any text, _ for one character", "'abc' ~~ 'a%' → true");
        r.Prepared("!~~(text, text) bool", (ByteSlice s, ByteSlice p) => !new LikePattern(p.Span).Matches(s.Span), 1, p => new LikePattern(((ByteSlice)p).Span),
            (ByteSlice s, LikePattern p) => !p.Matches(s.Span), "NOT LIKE", "'abc' !~~ 'b%' → true");
        r.Prepared("~~*(text, text) bool", (ByteSlice s, ByteSlice p, EvalContext c) => Insensitive(s, Lower(p), c), 1, Lower,
            Insensitive, "ILIKE: LIKE without regard to case", "'ABC' ~~* 'a%' → true");
        r.Prepared("!~~*(text, text) bool", (ByteSlice s, ByteSlice p, EvalContext c) => !Insensitive(s, Lower(p), c), 1, Lower,
            (ByteSlice s, LikePattern p, EvalContext c) => !Insensitive(s, p, c), "NOT ILIKE", "'ABC' !~~* 'b%' → true");
        r.F("like_escape(text, text) text", LikeEscape, "A LIKE pattern whose escape character is made the backslash",
            "'a%' ~~ like_escape('a#%', '#') → true");
    }

    private static LikePattern Lower(object pattern) => new(Utf8Text.ChangeCase((ByteSlice)pattern, false, new EvalContext()).Span);

    private static bool Insensitive(ByteSlice s, LikePattern pattern, EvalContext context) => pattern.Matches(Utf8Text.ChangeCase(s, false, context).Span);

    private static ByteSlice LikeEscape(ByteSlice pattern, ByteSlice escape, EvalContext context)
    {
        if (Utf8Text.Count(escape.Span) > 1)
        {
            throw new SqlException("22025", "invalid escape string", hint: "Escape string must be empty or one character.");
        }

        ByteWriter writer = context.Scratch.Begin();
        ReadOnlySpan<byte> p = pattern.Span;
        for (int i = 0; i < p.Length; i++)
        {
            if (escape.Length > 0 && p[i..].StartsWith(escape.Span))
            {
                i += escape.Length;
                writer.WriteByte((byte)'\\');
                writer.Write(i < p.Length ? p.Slice(i, 1) : default);
            }
            else if (p[i] == '\\')
            {
                writer.Write("\\\\"u8);
            }
            else
            {
                writer.WriteByte(p[i]);
            }
        }

        return context.Scratch.End();
    }
}

/// <summary>A LIKE pattern: runs of literal bytes and single-character marks between the % signs.</summary>
internal sealed class LikePattern
{
    private const int AnyCharacter = -1;

    private readonly int[][] _parts;
    private readonly byte[]?[] _literals;
    private readonly bool _openStart;
    private readonly bool _openEnd;

    public LikePattern(ReadOnlySpan<byte> pattern)
    {
        var parts = new List<int[]>();
        var part = new List<int>();
        bool started = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            byte b = pattern[i];
            if (b == '%')
            {
                if (part.Count > 0)
                {
                    parts.Add([.. part]);
                    part.Clear();
                }

                _openStart |= !started;
                _openEnd = true;
            }
            else
            {
                if (b == '\\')
                {
                    if (++i == pattern.Length)
                    {
                        throw new SqlException("22025", "LIKE pattern must not end with escape character");
                    }

                    b = pattern[i];
                    part.Add(b);
                }
                else
                {
                    part.Add(b == '_' ? AnyCharacter : b);
                }

                _openEnd = false;
            }

            started = true;
        }

        if (part.Count > 0)
        {
            parts.Add([.. part]);
        }

        _parts = [.. parts];
        _literals = Array.ConvertAll(_parts, p => Array.IndexOf(p, AnyCharacter) < 0 ? Array.ConvertAll(p, v => (byte)v) : null);
    }

    /// <summary>True when the whole text is of the pattern's form.</summary>
    public bool Matches(ReadOnlySpan<byte> s)
    {
        if (_parts.Length == 0)
        {
            return _openStart || s.IsEmpty;
        }

        int first = 0;
        int last = _parts.Length;
        int at = 0;
        if (!_openStart)
        {
            int length = MatchAt(0, s, 0);
            if (length < 0)
            {
                return false;
            }

            at = length;
            first = 1;
            if (last == 1 && !_openEnd)
            {
                return at == s.Length;
            }
        }

        if (!_openEnd && first < last)
        {
            last--;
        }

        for (int p = first; p < last; p++)
        {
            at = Find(p, s, at);
            if (at < 0)
            {
                return false;
            }
        }

        return _openEnd || last < first || MatchEnd(last, s, at);
    }

    /// <summary>Matches the last part at the end of the text, not before <paramref name="from"/>.</summary>
    private bool MatchEnd(int part, ReadOnlySpan<byte> s, int from)
    {
        if (part >= _parts.Length)
        {
            return from == s.Length;
        }

        if (_literals[part] is { } literal)
        {
            return s.Length - from >= literal.Length && s.EndsWith(literal);
        }

        // As many characters from the end as the part has.
        int start = s.Length;
        int characters = 0;
        foreach (int v in _parts[part])
        {
            characters += v < 0 || (v & 0xC0) != 0x80 ? 1 : 0;
        }

        while (characters > 0 && start > from)
        {
            start--;
            characters -= (s[start] & 0xC0) != 0x80 ? 1 : 0;
        }

        return characters == 0 && MatchAt(part, s, start) == s.Length - start;
    }

    /// <summary>The offset behind the part's first match from <paramref name="from"/> on, or −1.</summary>
    private int Find(int part, ReadOnlySpan<byte> s, int from)
    {
        if (_literals[part] is { } literal)
        {
            int found = s[from..].IndexOf(literal);
            return found < 0 ? -1 : from + found + literal.Length;
        }

        for (int at = from; at <= s.Length; at++)
        {
            if (at < s.Length && (s[at] & 0xC0) == 0x80)
            {
                continue;
            }

            int length = MatchAt(part, s, at);
            if (length >= 0)
            {
                return at + length;
            }
        }

        return -1;
    }

    /// <summary>How many bytes the part takes at an offset; −1 when it does not match there.</summary>
    private int MatchAt(int part, ReadOnlySpan<byte> s, int at)
    {
        if (_literals[part] is { } literal)
        {
            return s[at..].StartsWith(literal) ? literal.Length : -1;
        }

        int start = at;
        foreach (int v in _parts[part])
        {
            if (at >= s.Length || (v >= 0 && s[at] != v))
            {
                return -1;
            }

            at += v < 0 ? Utf8Text.Width(s[at]) : 1;
        }

        return at > s.Length ? -1 : at - start;
    }
}
