// An answer as rows of text, and when two of them are the same.
using System.Globalization;
using System.Text;

namespace Millrace.Tests.Differential;

/// <summary>What a database answered: rows, or an error.</summary>
/// <param name="SqlState">The error's code, null when it went well.</param>
/// <param name="Message">The error's message.</param>
/// <param name="Rows">The rows as text, null for NULL.</param>
/// <param name="Floats">Which columns are floating-point numbers.</param>
internal sealed record Answer(string? SqlState, string Message, List<string?[]> Rows, bool[] Floats)
{
    private const double Tolerance = 1e-9;

    public static Answer Error(string state, string message) => new(state, message, [], []);

    /// <summary>Null when both are the same; otherwise what differs. Floats may differ by 1e-9 of their size.</summary>
    public string? DifferenceTo(Answer expected, bool ordered)
    {
        if (SqlState is not null)
        {
            return $"Millrace: {SqlState} {Message}";
        }

        if (ordered)
        {
            if (Rows.Count == expected.Rows.Count && Rows.Zip(expected.Rows).All(p => SameRow(p.First, p.Second)))
            {
                return null;
            }

            return Describe("in this order", Rows, expected.Rows);
        }

        var open = new Dictionary<string, List<string?[]>>(StringComparer.Ordinal);
        foreach (string?[] row in expected.Rows)
        {
            string key = ExactPart(row);
            if (!open.TryGetValue(key, out List<string?[]>? list))
            {
                open.Add(key, list = []);
            }

            list.Add(row);
        }

        var extra = new List<string?[]>();
        foreach (string?[] row in Rows)
        {
            List<string?[]>? candidates = open.GetValueOrDefault(ExactPart(row));
            int match = candidates?.FindIndex(c => SameRow(row, c)) ?? -1;
            if (match >= 0)
            {
                candidates!.RemoveAt(match);
            }
            else
            {
                extra.Add(row);
            }
        }

        List<string?[]> missing = [.. open.Values.SelectMany(l => l)];
        return extra.Count == 0 && missing.Count == 0 ? null
            : Describe($"{Rows.Count} rows against {expected.Rows.Count}; only in one of them", extra, missing);
    }

    private static string Describe(string what, List<string?[]> ours, List<string?[]> theirs)
    {
        var text = new StringBuilder().Append(what).Append(":\n");
        foreach ((string name, List<string?[]> rows) in new[] { ("Millrace  ", ours), ("PostgreSQL", theirs) })
        {
            foreach (string?[] row in rows.Take(12))
            {
                text.Append("  ").Append(name).Append(" | ").AppendJoin(" | ", row.Select(v => v ?? "NULL")).Append('\n');
            }

            if (rows.Count > 12)
            {
                text.Append("  ").Append(name).Append(CultureInfo.InvariantCulture, $" … {rows.Count - 12} more\n");
            }
        }

        return text.ToString();
    }

    private string ExactPart(string?[] row)
    {
        var key = new StringBuilder();
        for (int c = 0; c < row.Length; c++)
        {
            key.Append(c < Floats.Length && Floats[c] && row[c] is not null ? "~" : row[c] is null ? "∅" : "=" + row[c]).Append('\u0001');
        }

        return key.ToString();
    }

    private bool SameRow(string?[] a, string?[] b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int c = 0; c < a.Length; c++)
        {
            if (a[c] == b[c])
            {
                continue;
            }

            if (!Floats[c] || a[c] is null || b[c] is null || !SameNumber(a[c]!, b[c]!))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SameNumber(string a, string b) =>
        double.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out double x)
        && double.TryParse(b, NumberStyles.Float, CultureInfo.InvariantCulture, out double y)
        && double.IsFinite(x) && double.IsFinite(y) // what is not finite is the same only as text: infinity is within any tolerance of anything
        && Math.Abs(x - y) <= Tolerance * Math.Max(1, Math.Max(Math.Abs(x), Math.Abs(y)));
}
