// Rows as byte strings, one after the other: what the row codec writes and operator state is keyed by.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>
/// Encoded rows; reused from batch to batch. Row i is Data[Offsets[i] .. Offsets[i + 1]]; its order part, which decides order and equality,
/// ends at KeyEnds[i], and what follows (only in exact mode) is how the values are written, such as numeric scale.
/// </summary>
internal sealed class EncodedRows
{
    /// <summary>The bytes of all rows.</summary>
    public byte[] Data { get; private set; } = [];

    /// <summary>Count + 1 ascending offsets.</summary>
    public int[] Offsets { get; private set; } = new int[1];

    /// <summary>Per row where its order part ends.</summary>
    public int[] KeyEnds { get; private set; } = [];

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>All bytes of row <paramref name="i"/>.</summary>
    public ReadOnlySpan<byte> Row(int i) => Data.AsSpan(Offsets[i], Offsets[i + 1] - Offsets[i]);

    /// <summary>The order part of row <paramref name="i"/>.</summary>
    public ReadOnlySpan<byte> Key(int i) => Data.AsSpan(Offsets[i], KeyEnds[i] - Offsets[i]);

    // Working memory of the codec: where the tail of each row begins while it is written backwards.
    internal int[] Tails { get; private set; } = [];

    // Sizes are summed into Offsets[1..]; Begin clears them.
    internal Span<int> Begin(int count)
    {
        if (Offsets.Length <= count)
        {
            int capacity = Math.Max(count + 1, Math.Min(Offsets.Length * 2, 1 << 20));
            Offsets = new int[capacity];
            KeyEnds = new int[capacity];
            Tails = new int[capacity];
        }

        Count = count;
        Offsets.AsSpan(0, count + 1).Clear();
        return Offsets.AsSpan(1, count);
    }

    internal void Place()
    {
        long total = 0;
        int[] offsets = Offsets;
        for (int i = 0; i < Count; i++)
        {
            KeyEnds[i] = (int)total;
            total += offsets[i + 1];
            if (total > Array.MaxLength)
            {
                throw new SqlException("54000", "one batch holds at most 2 GiB of rows", hint: "send smaller batches");
            }

            offsets[i + 1] = (int)total;
            Tails[i] = (int)total;
        }

        if (Data.Length < total)
        {
            Data = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(total, Data.Length * 2L)));
        }
    }
}
