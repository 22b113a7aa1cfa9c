// "Did you mean": the nearest of the names that would have worked.
namespace Millrace.Sql;

/// <summary>Finds the nearest of the names that would have worked.</summary>
internal static class Suggest
{
    /// <summary>A hint that names the nearest candidate, or null when none is near.</summary>
    public static string? Hint(string name, IEnumerable<string> candidates, string what = "")
    {
        string? best = Nearest(name, candidates);
        return best is null ? null : $"did you mean {what}\"{best}\"?";
    }

    /// <summary>The nearest candidate by edit distance, or null when none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        if (name.Length > 200)
        {
            return null;
        }

        string? best = null;
        int bestDistance = Math.Max(1, (name.Length + 1) / 3) + 1;
        foreach (string candidate in candidates)
        {
            if (Math.Abs(candidate.Length - name.Length) >= bestDistance || candidate == name)
            {
                continue;
            }

            int distance = Distance(name, candidate);
            if (distance >= Math.Max(name.Length, candidate.Length))
            {
                continue;
            }

            if (distance < bestDistance || (distance == bestDistance && best is not null && string.CompareOrdinal(candidate, best) < 0))
            {
                bestDistance = distance;
                best = candidate;
            }
        }

        return best;
    }

    /// <summary>Edit distance where exchanging two neighbours counts once.</summary>
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }
}
