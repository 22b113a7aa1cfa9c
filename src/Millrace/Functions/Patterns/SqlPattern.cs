// A regular expression ready to run: over bytes where pattern and text allow it, by .NET's engine otherwise.
using System.Text;
using System.Text.RegularExpressions;

namespace Millrace.Engine;

/// <summary>Both forms find the same match and the same groups.</summary>
internal sealed class SqlPattern(Regex regex, PatternProgram? program)
{
    [ThreadStatic]
    private static char[]? s_chars;

    [ThreadStatic]
    private static int[]? s_groups;

    /// <summary>The form that takes any text.</summary>
    public Regex Regex => regex;

    /// <summary>Compiles a pattern in .NET's syntax.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="NotSupportedException">It needs backtracking.</exception>
    public static SqlPattern Make(string pattern, RegexOptions options) => new(new Regex(pattern, options), PatternCompiler.TryCompile(pattern, options));

    /// <summary>True when the pattern occurs.</summary>
    public bool IsMatch(ReadOnlySpan<byte> text) =>
        program is not null && program.Takes(text) ? program.Match(text, null) : regex.IsMatch(Chars(text));

    /// <summary>
    /// The first match and its groups as pairs of first byte and end, −1 for a group without part in it; empty when there is none. Lent until the next call on
    /// this thread.
    /// </summary>
    public ReadOnlySpan<int> Groups(ReadOnlySpan<byte> text)
    {
        int groups = program?.Groups ?? regex.GetGroupNumbers().Length;
        if (s_groups is null || s_groups.Length < groups * 2)
        {
            s_groups = new int[Math.Max(16, groups * 2)];
        }

        if (program is not null && program.Takes(text))
        {
            return program.Match(text, s_groups) ? s_groups.AsSpan(0, groups * 2) : default;
        }

        Match match = regex.Match(Encoding.UTF8.GetString(text));
        if (!match.Success)
        {
            return default;
        }

        ReadOnlySpan<char> chars = Chars(text);
        for (int g = 0; g < groups; g++)
        {
            Group group = match.Groups[g];
            s_groups[g * 2] = group.Success ? Encoding.UTF8.GetByteCount(chars[..group.Index]) : -1;
            s_groups[(g * 2) + 1] = group.Success ? s_groups[g * 2] + Encoding.UTF8.GetByteCount(chars.Slice(group.Index, group.Length)) : -1;
        }

        return s_groups.AsSpan(0, groups * 2);
    }

    /// <summary>How often the pattern occurs.</summary>
    public int Count(ReadOnlySpan<byte> text) => regex.Count(Chars(text));

    private static ReadOnlySpan<char> Chars(ReadOnlySpan<byte> utf8)
    {
        if (s_chars is null || s_chars.Length < utf8.Length)
        {
            s_chars = new char[Math.Max(utf8.Length, 1024)];
        }

        return s_chars.AsSpan(0, Encoding.UTF8.GetChars(utf8, s_chars));
    }
}
