// Where the symbols of the entropy codec lie: a floor, a width of the buckets, and what that would cost, from an exact count of the values.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Values are told apart by bucket: (value − floor) &gt;&gt; shift, of which there are at most 256; the bits below the bucket follow as they are. Where a
/// distribution is smooth, buckets of an eighth of its spread cost nothing and keep the table small.
/// </summary>
/// <param name="Floor">The smallest value of bucket 0.</param>
/// <param name="Shift">Bits below a bucket.</param>
/// <param name="Symbols">How many buckets there are.</param>
/// <param name="Patches">How many values lie in none.</param>
/// <param name="Bits">What the block takes, about.</param>
internal readonly record struct EntropyFrame(long Floor, int Shift, int Symbols, int Patches, double Bits)
{
    public static readonly EntropyFrame None = new(0, 0, 0, 0, double.PositiveInfinity);

    private const int CountMin = 32;
    private const int FineBits = 12;
    private const double HeaderBits = 96;
    private const double TableBitsPerSymbol = 6;
    private const double PatchOverheadBits = 18;

    /// <summary>The frame that takes the fewest bits; <see cref="None"/> for few or equal values.</summary>
    public static EntropyFrame Of(IntegerProfile profile)
    {
        if (profile.Count < CountMin || profile.Min == profile.Max)
        {
            return None;
        }

        int whole = IntegerProfile.WidthOf((ulong)(profile.Max - profile.Min));
        ReadOnlySpan<long> sample = profile.Sample;
        int shift = 0;
        ulong start = 0;
        if (whole > FineBits)
        {
            // Buckets of about a sixteenth of the middle half, counted in a window around the densest part.
            ulong middle = (ulong)(sample[sample.Length * 3 / 4] - sample[sample.Length / 4]);
            shift = Math.Clamp(IntegerProfile.WidthOf(middle) - 4, 0, whole - FineBits);
            start = StartOf(sample, profile.Min, profile.Max, shift + FineBits);
        }

        // A narrow range has few buckets from the start.
        Span<int> counts = stackalloc int[1 << Math.Min(FineBits, whole)];
        counts.Clear();
        int covered = Count(profile.Values, profile.Min + (long)start, shift, counts);
        EntropyFrame best = None;
        for (int length = counts.Length; length >= 2; length /= 2, shift++)
        {
            (int first, int symbols, int inside) = Densest(counts[..length]);
            int patches = profile.Count - inside;
            double bits = Entropy(counts.Slice(first, symbols), patches) + ((double)profile.Count * shift) + (symbols * TableBitsPerSymbol) + HeaderBits
                + (patches * (whole + PatchOverheadBits)) + (patches > 0 ? HeaderBits : 0);
            if (bits < best.Bits)
            {
                best = new EntropyFrame(profile.Min + (long)(start + ((ulong)first << shift)), shift, symbols, patches, bits);
            }
            else if (inside == covered)
            {
                // Everything that was counted is in, and coarser buckets have begun to cost more.
                break;
            }

            for (int i = 0; i < length / 2; i++)
            {
                counts[i] = counts[2 * i] + counts[(2 * i) + 1];
            }
        }

        return best;
    }

    /// <summary>The bucket of <paramref name="value"/>; whatever is not below <see cref="Symbols"/> is to be patched.</summary>
    public ulong BucketOf(long value) => (ulong)(value - Floor) >> Shift;

    // A window of 2^width values that holds as much of the sample as one can, and stands around it evenly.
    private static ulong StartOf(ReadOnlySpan<long> sorted, long min, long max, int width)
    {
        if (width >= 64)
        {
            return 0;
        }

        ulong window = 1UL << width;
        (int best, int covered) = (0, 0);
        int first = 0;
        for (int last = 0; last < sorted.Length; last++)
        {
            while ((ulong)(sorted[last] - sorted[first]) >= window)
            {
                first++;
            }

            if (last - first + 1 > covered)
            {
                (best, covered) = (first, last - first + 1);
            }
        }

        ulong low = (ulong)(sorted[best] - min);
        ulong used = (ulong)(sorted[best + covered - 1] - sorted[best]);
        ulong start = low - Math.Min(low, (window - used) / 2);
        ulong range = (ulong)(max - min);
        return Math.Min(start, range - Math.Min(range, window - 1));
    }

    private static int Count(ReadOnlySpan<long> values, long floor, int shift, Span<int> counts)
    {
        int inside = 0;
        foreach (long value in values)
        {
            ulong bucket = (ulong)(value - floor) >> shift;
            if (bucket < (ulong)counts.Length)
            {
                counts[(int)bucket]++;
                inside++;
            }
        }

        return inside;
    }

    // The stretch of at most 256 buckets that holds the most values, without empty ones at its ends.
    private static (int First, int Symbols, int Inside) Densest(ReadOnlySpan<int> counts)
    {
        int inside = 0;
        int most = 0;
        int best = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            inside += counts[i] - (i >= TansTable.SymbolsMax ? counts[i - TansTable.SymbolsMax] : 0);
            if (inside > most)
            {
                most = inside;
                best = i;
            }
        }

        // best is the last bucket of the stretch, and not empty: the sum grew with it.
        int first = Math.Max(0, best - TansTable.SymbolsMax + 1);
        first += counts[first..].IndexOfAnyExcept(0);
        return (first, best - first + 1, most);
    }

    // A patched value stands for the commonest bucket, which costs next to nothing: it is counted as one bit.
    private static double Entropy(ReadOnlySpan<int> counts, int patches)
    {
        double sum = 0;
        int total = 0;
        foreach (int count in counts)
        {
            if (count > 0)
            {
                sum += count * Math.Log2(count);
                total += count;
            }
        }

        return total == 0 ? double.PositiveInfinity : (total * Math.Log2(total)) - sum + patches;
    }
}
