// What rows of every format have to obey, whichever door brings them.
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>How rows that come by name treat names that are missing or unknown.</summary>
/// <param name="IgnoreUnknown">True to pass over fields that no column is called after; otherwise they are an error.</param>
/// <param name="Defaults">For each column a column of one row to take when the field is missing; null where that means NULL.</param>
internal sealed record ByName(bool IgnoreUnknown = false, Column?[]? Defaults = null);

/// <summary>Rules for rows that come by name.</summary>
internal static class RowRules
{
    /// <summary>Checks the row behind the last ended one of <paramref name="rows"/>.</summary>
    /// <exception cref="SqlException">23502; <paramref name="column"/> is then the column at fault.</exception>
    public static void CheckNotNull(BatchBuilder rows, ref int column)
    {
        Schema schema = rows.Schema;
        for (int i = 0; i < schema.Count; i++)
        {
            if (!schema[i].Nullable && rows.Columns[i].HasNulls && rows.Columns[i].View().IsNull(rows.Count))
            {
                column = i;
                throw new SqlException("23502", $"null value in column \"{schema[i].Name}\" violates not-null constraint");
            }
        }
    }

    /// <summary>The error for a field that no column is called after; names the nearest column.</summary>
    public static SqlException UnknownField(string name, Schema columns)
    {
        string? nearest = Nearest(name, columns.Fields.Select(f => f.Name));
        string hint = nearest is null ? $"the columns are: {string.Join(", ", columns.Fields.Select(f => f.Name))}" : $"did you mean \"{nearest}\"?";
        return new SqlException("42703", $"there is no column \"{Short(name)}\"", hint: hint + " (?unknown=ignore passes over such fields)");
    }

    /// <summary>The name at the smallest edit distance, when that is small; null otherwise.</summary>
    public static string? Nearest(string name, IEnumerable<string> names)
    {
        string? best = null;
        int least = Math.Max(2, Math.Min(name.Length, 30) / 3) + 1;
        foreach (string candidate in names)
        {
            int distance = EditDistance.Of(Short(name).ToLowerInvariant(), Short(candidate).ToLowerInvariant());
            if (distance < least)
            {
                least = distance;
                best = candidate;
            }
        }

        return best;
    }

    private static string Short(string name) => name.Length <= 64 ? name : name[..64];
}
