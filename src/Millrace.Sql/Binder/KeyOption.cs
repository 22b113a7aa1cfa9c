// WITH (key = 'host, region'): the columns whose values together name a series of a stream.
using System.Text;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Reads and writes the option <c>key</c>: names as in SQL, separated by commas; those that need quotes have them.</summary>
public static class KeyOption
{
    /// <summary>The columns that the text names.</summary>
    /// <param name="text">The option's value.</param>
    /// <param name="schema">The columns there are.</param>
    /// <param name="eventTime">The event time's column, or −1.</param>
    /// <param name="position">Where the value stands in the statement.</param>
    /// <exception cref="SqlException">22023 the text is not a list of names, or names the event time; 42703, 42701 a column is unknown or named twice.</exception>
    public static IReadOnlyList<int> Columns(string text, Schema schema, int eventTime, int position = -1)
    {
        var columns = new List<int>();
        foreach ((string name, bool quoted) in Names(text, position))
        {
            int at = schema.IndexOf(name);
            at = at < 0 && !quoted ? schema.IndexOf(name.ToLowerInvariant()) : at;
            if (at < 0)
            {
                throw new SqlException(
                    "42703", $"column \"{name}\" named in key does not exist", position,
                    Suggest.Hint(name, schema.Fields.Select(f => f.Name)) ?? "write names of columns with commas between, such as key = 'host, region'");
            }

            if (at == eventTime)
            {
                throw new SqlException(
                    "22023", $"the event time \"{name}\" cannot be part of key", position, "rows of a series are in the order of their event time anyway: leave it out");
            }

            if (columns.Contains(at))
            {
                throw new SqlException("42701", $"column \"{name}\" appears twice in key", position);
            }

            columns.Add(at);
        }

        return columns;
    }

    /// <summary>The option's text after a column got another name.</summary>
    public static string WithColumnRenamed(string text, string from, string to) =>
        string.Join(", ", Names(text, -1).Select(n => n.Name == from || (!n.IsQuoted && n.Name.ToLowerInvariant() == from) ? Name(to) : n.IsQuoted ? Quoted(n.Name) : n.Name));

    /// <summary>A name as SQL, in quotes when it needs them.</summary>
    public static string Name(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') ? name : Quoted(name);

    /// <summary>A name as SQL, in quotes.</summary>
    public static string Quoted(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private static IEnumerable<(string Name, bool IsQuoted)> Names(string text, int position)
    {
        int at = 0;
        while (true)
        {
            SkipSpace(text, ref at);
            yield return at < text.Length && text[at] == '"' ? (InQuotes(text, position, ref at), true) : (Plain(text, position, ref at), false);
            SkipSpace(text, ref at);
            if (at == text.Length)
            {
                yield break;
            }

            if (text[at++] != ',')
            {
                throw Bad(text, position);
            }
        }
    }

    private static string Plain(string text, int position, ref int at)
    {
        int start = at;
        while (at < text.Length && text[at] is not (',' or '"') && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Bad(text, position);
    }

    private static string InQuotes(string text, int position, ref int at)
    {
        var name = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                name.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                name.Append('"');
                at++;
            }
            else
            {
                at++;
                return name.ToString();
            }
        }

        throw Bad(text, position);
    }

    private static void SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
    }

    private static SqlException Bad(string text, int position) => new("22023", $"key '{text}' is not a list of column names", position, "write it like key = 'host, \"Data Center\"'");
}
