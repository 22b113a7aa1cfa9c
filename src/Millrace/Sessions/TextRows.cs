// Small results made of text: what SHOW, DESCRIBE and EXPLAIN return.
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Core;

namespace Millrace.Sessions;

/// <summary>Rows of text.</summary>
internal static class TextRows
{
    public static Schema Schema(params string[] names) => new([.. names.Select(n => new Field(n, SqlType.Text))]);

    public static Batch ToBatch(Schema schema, IEnumerable<string?[]> rows)
    {
        var builder = new BatchBuilder(schema);
        foreach (string?[] row in rows)
        {
            for (int c = 0; c < row.Length; c++)
            {
                if (row[c] is { } text)
                {
                    ((BytesBuilder)builder.Columns[c]).Append(Encoding.UTF8.GetBytes(text));
                }
                else
                {
                    builder.Columns[c].AppendNull();
                }
            }

            builder.EndRow();
        }

        return builder.ToBatch();
    }
}

/// <summary>LIKE over names, for SHOW … LIKE.</summary>
internal static class LikeMatch
{
    public static bool IsMatch(string name, string pattern) => Regex.IsMatch(
        name, "^" + Regex.Escape(pattern).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal) + "$", RegexOptions.NonBacktracking);
}
