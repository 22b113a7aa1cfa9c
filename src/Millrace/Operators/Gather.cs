// Copies chosen rows of a batch, column by column.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Row selection on builders.</summary>
internal static class Gather
{
    [ThreadStatic]
    private static long[]? s_weights;

    /// <summary>Appends the given rows of <paramref name="batch"/> with their weights.</summary>
    public static void AppendRows(this BatchBuilder builder, Batch batch, ReadOnlySpan<int> rows)
    {
        for (int c = 0; c < batch.Columns.Length; c++)
        {
            builder.Columns[c].AppendRows(batch.Columns[c], rows);
        }

        builder.EndRows(rows.Length, Weights(batch, rows));
    }

    /// <summary>The weights of the given rows; empty when each is 1. Valid until the next call.</summary>
    public static ReadOnlySpan<long> Weights(Batch batch, ReadOnlySpan<int> rows)
    {
        if (batch.Weights is not { } weights)
        {
            return default;
        }

        if (s_weights is null || s_weights.Length < rows.Length)
        {
            s_weights = new long[Math.Max(rows.Length, 256)];
        }

        for (int i = 0; i < rows.Length; i++)
        {
            s_weights[i] = weights[rows[i]];
        }

        return s_weights.AsSpan(0, rows.Length);
    }
}
