// What a scalar subquery becomes: the value of its only row, and an error when there are several.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>The value of the only row; null when there is none.</summary>
/// <param name="first">Gives the value.</param>
/// <param name="rows">Counts the rows, those with a null value too.</param>
internal sealed class SingleValueResult(AggregateResult first, CountState rows) : AggregateResult
{
    /// <inheritdoc/>
    public override void Emit(ReadOnlySpan<int> slots, ColumnBuilder into)
    {
        long[] counts = rows.Counts;
        foreach (int slot in slots)
        {
            if (counts[slot] > 1)
            {
                throw new SqlException("21000", "more than one row returned by a subquery used as an expression", hint: "aggregate it, or add LIMIT 1");
            }
        }

        first.Emit(slots, into);
    }
}
