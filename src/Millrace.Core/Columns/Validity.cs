// The bitmap that says which rows of a column are not null, where somebody makes one by hand.
namespace Millrace.Core;

/// <summary>Words as in <see cref="Column.Validity"/>; null as long as no row is null.</summary>
public static class Validity
{
    /// <summary>Marks a row as null; the first one makes the words.</summary>
    /// <param name="words">The bitmap, or null.</param>
    /// <param name="rows">Rows of the column.</param>
    /// <param name="row">Which of them.</param>
    public static void SetNull(ref ulong[]? words, int rows, int row)
    {
        if (words is null)
        {
            words = new ulong[(rows + 63) >> 6];
            Array.Fill(words, ulong.MaxValue);
        }

        words[row >> 6] &= ~(1UL << row);
    }
}
