// Of rows that are in no segment yet: those that can be the last of a series.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Which rows of a chunk matter where of each partition only the last ones do. A chunk does not change: it is asked once.</summary>
/// <param name="Last">What was asked.</param>
/// <param name="Rows">The rows' numbers, ascending; null when any of them may matter, or so many that choosing them gains nothing.</param>
internal sealed record LastOfChunk(LastRows Last, int[]? Rows)
{
    // With more rows kept than one in so many, reading all of them costs about the same and remembering them does not pay.
    private const int Thinned = 4;

    /// <summary>True when it answers this question.</summary>
    public bool Answers(LastRows last) => Last.Time == last.Time && Last.Partition.SequenceEqual(last.Partition);

    /// <summary>Looks through a chunk's rows, which may lack columns that were added later.</summary>
    public static LastOfChunk Of(Batch batch, LastRows last, Schema schema)
    {
        // A column that the rows do not have is the same in all of them.
        int[] partition = [.. last.Partition.Where(c => c < batch.Columns.Length)];
        if (partition.Length == 0 || last.Time >= batch.Columns.Length || !schema[last.Time].Type.IsTimestamp || batch.Columns[last.Time].Validity is not null)
        {
            return new LastOfChunk(last, null);
        }

        var keys = KeyIndex.For([.. partition.Select(c => schema[c].Type)]);
        int[] slots = new int[batch.Count];
        keys.FindOrAdd(batch, partition, slots);
        ReadOnlySpan<long> times = ((FixedColumn<long>)batch.Columns[last.Time]).Values.AsSpan(0, batch.Count);
        long[] largest = new long[keys.SlotEnd];
        Array.Fill(largest, long.MinValue);
        for (int i = 0; i < times.Length; i++)
        {
            largest[slots[i]] = Math.Max(largest[slots[i]], times[i]);
        }

        var rows = new List<int>();
        for (int i = 0; i < times.Length; i++)
        {
            if (times[i] == largest[slots[i]])
            {
                rows.Add(i);
                if (rows.Count > times.Length / Thinned)
                {
                    return new LastOfChunk(last, null);
                }
            }
        }

        return new LastOfChunk(last, [.. rows]);
    }
}
