// How far two words are from one another. Compilers load it too, with the generator: it takes no newer types.
namespace Millrace.Formats;

/// <summary>Levenshtein's distance.</summary>
internal static class EditDistance
{
    /// <summary>How many letters have to be put in, left out or exchanged to make one word of the other.</summary>
    public static int Of(string a, string b)
    {
        int[] row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = System.Math.Min(System.Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
