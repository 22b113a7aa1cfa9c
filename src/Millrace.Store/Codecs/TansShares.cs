// How many states of an entropy coder's table each symbol gets, and how that is written down.
using System.Numerics;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: 4 bits log, 8 bits symbols − 1, 3 bits order; then each share's difference to the one before, zigzagged, as an exponential Golomb code of that
/// order: neighbours of a smooth distribution have shares of like size.
/// </summary>
internal static class TansShares
{
    private const int LogMin = 5;
    private const int LogMax = 11;
    private const int OrderMax = 7;

    /// <summary>The size of the table: larger ones are more exact, and take longer to build than a short block is worth.</summary>
    public static int LogFor(int length, ReadOnlySpan<int> counts)
    {
        int used = counts.Length - counts.Count(0);
        int log = Math.Clamp(BitOperations.Log2((uint)length) - 3, LogMin, LogMax);
        return Math.Max(log, Math.Min(LogMax, BitOperations.Log2((uint)used) + 2));
    }

    /// <summary>Scales <paramref name="counts"/> to shares that sum up to 2^log, at least 1 for each count that is not 0.</summary>
    public static void Normalize(ReadOnlySpan<int> counts, int log, Span<ushort> shares)
    {
        int size = 1 << log;
        long total = 0;
        foreach (int count in counts)
        {
            total += count;
        }

        int given = 0;
        int largest = 0;
        for (int s = 0; s < counts.Length; s++)
        {
            long share = counts[s] == 0 ? 0 : Math.Max(1, (((long)counts[s] * size) + (total / 2)) / total);
            shares[s] = (ushort)share;
            given += (int)share;
            largest = counts[s] > counts[largest] ? s : largest;
        }

        // What rounding gave too little goes to the commonest symbol, which feels it least; too much is taken where it costs the fewest bits.
        if (given <= size)
        {
            shares[largest] += (ushort)(size - given);
            return;
        }

        for (; given > size; given--)
        {
            int cheapest = -1;
            double least = double.PositiveInfinity;
            for (int s = 0; s < counts.Length; s++)
            {
                double cost = shares[s] > 1 ? counts[s] * Math.Log2((double)shares[s] / (shares[s] - 1)) : double.PositiveInfinity;
                if (cost < least)
                {
                    (cheapest, least) = (s, cost);
                }
            }

            shares[cheapest]--;
        }
    }

    /// <summary>Appends the shares, of which the last is not 0.</summary>
    public static void Write(scoped ReadOnlySpan<ushort> shares, int log, ref BitWriter writer)
    {
        int order = 0;
        int least = int.MaxValue;
        for (int o = 0; o <= OrderMax; o++)
        {
            int bits = 0;
            int before = 0;
            foreach (ushort share in shares)
            {
                bits += (2 * BitOperations.Log2((ZigZag(share - before) >> o) + 1)) + 1 + o;
                before = share;
            }

            if (bits < least)
            {
                (order, least) = (o, bits);
            }
        }

        writer.Write((ulong)log, 4);
        writer.Write((ulong)shares.Length - 1, 8);
        writer.Write((ulong)order, 3);
        int last = 0;
        foreach (ushort share in shares)
        {
            uint difference = ZigZag(share - last);
            writer.WriteGamma((difference >> order) + 1);
            writer.Write(difference & ((1u << order) - 1), order);
            last = share;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote into the front of <paramref name="shares"/>; gives the table's log, and how many symbols there are.</summary>
    /// <exception cref="FormatException">The shares do not sum up to the table's size.</exception>
    public static (int Log, int Symbols) Read(ref BitReader reader, scoped Span<ushort> shares)
    {
        int log = (int)reader.Read(4);
        int symbols = (int)reader.Read(8) + 1;
        int order = (int)reader.Read(3);
        if (log is < LogMin or > LogMax)
        {
            throw new FormatException($"entropy code of 2^{log} states");
        }

        int last = 0;
        int left = 1 << log;
        for (int s = 0; s < symbols; s++)
        {
            uint upper = reader.ReadGamma() - 1;
            uint difference = (upper << order) | (uint)reader.Read(order);
            last += (int)(difference >> 1) ^ -(int)(difference & 1);
            if (last < 0 || last > left)
            {
                throw new FormatException("shares of an entropy code do not fit its states");
            }

            shares[s] = (ushort)last;
            left -= last;
        }

        return left == 0 && !reader.IsPastEnd ? (log, symbols) : throw new FormatException("shares of an entropy code do not fill its states");
    }

    private static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));
}
