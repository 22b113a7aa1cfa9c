// Stretches of rows of one group, as sorted storage gives them: what is added to one slot again and again waits for itself, what is added up beside it does not.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Engine;

/// <summary>Finds long runs of one slot, and adds up the values of such a run in several independent sums.</summary>
internal static class SlotRuns
{
    // How many rows of one slot make a run, and how many rows are passed before it is looked for again.
    private const int Long = 32;

    /// <summary>All of the rows, one stretch after the other.</summary>
    /// <param name="slots">The slot of each row.</param>
    public static Stretches Over(ReadOnlySpan<int> slots) => new(slots);

    /// <summary>The exact sum of fewer than 2³¹ numbers.</summary>
    public static Int128 Sum(ReadOnlySpan<long> values)
    {
        // The halves of a number are added apart: neither sum can overflow.
        var mask = new Vector<long>(uint.MaxValue);
        Vector<long> lows = Vector<long>.Zero;
        Vector<long> highs = Vector<long>.Zero;
        ReadOnlySpan<Vector<long>> vectors = MemoryMarshal.Cast<long, Vector<long>>(values);
        foreach (Vector<long> vector in vectors)
        {
            lows += vector & mask;
            highs += vector >> 32;
        }

        Int128 sum = ((Int128)Vector.Sum(highs) << 32) + Vector.Sum(lows);
        foreach (long value in values[(vectors.Length * Vector<long>.Count)..])
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>
    /// Adds up doubles without rounding, in lanes: each is a pair of doubles by Knuth's two-sum (The Art of Computer Programming 2, 4.2.2). False when a pair does not
    /// hold its sum exactly, or a value is not finite; then nothing is worth reading.
    /// </summary>
    /// <param name="values">As many whole vectors as there are; the caller adds the rest.</param>
    /// <param name="high">The lanes' sums.</param>
    /// <param name="low">What they have lost.</param>
    public static bool TrySum(ReadOnlySpan<Vector<double>> values, out Vector<double> high, out Vector<double> low)
    {
        Vector<double> lowsLost = Vector<double>.Zero;
        high = Vector<double>.Zero;
        low = Vector<double>.Zero;
        foreach (Vector<double> value in values)
        {
            (high, Vector<double> lost) = TwoSum(high, value);
            (low, lost) = TwoSum(low, lost);
            lowsLost += Vector.Abs(lost);
        }

        // A NaN that came in, or an infinity, has made the lost part NaN, which equals nothing.
        return Vector.EqualsAll(lowsLost, Vector<double>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector<double> Sum, Vector<double> Lost) TwoSum(Vector<double> a, Vector<double> b)
    {
        Vector<double> sum = a + b;
        Vector<double> part = sum - a;
        return (sum, (a - (sum - part)) + (b - part));
    }

    /// <summary>Rows that follow one another.</summary>
    /// <param name="Start">The first.</param>
    /// <param name="End">Behind the last.</param>
    /// <param name="IsRun">Whether they are all of one slot; otherwise they may be of any.</param>
    public readonly record struct Stretch(int Start, int End, bool IsRun);

    /// <summary>Walks over rows, on the stack.</summary>
    public ref struct Stretches(ReadOnlySpan<int> slots)
    {
        private readonly ReadOnlySpan<int> _slots = slots;

        /// <summary>What was moved to.</summary>
        public Stretch Current { get; private set; }

        /// <summary>Itself, for <c>foreach</c>.</summary>
        public readonly Stretches GetEnumerator() => this;

        /// <summary>Goes to the next stretch; false behind the last row.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            int start = Current.End;
            if (start >= _slots.Length)
            {
                return false;
            }

            int run = start + Long <= _slots.Length && _slots[start + Long - 1] == _slots[start] ? LengthOf(_slots[start..]) : 0;
            Current = run > 0 ? new Stretch(start, start + run, true) : new Stretch(start, Math.Min(start + Long, _slots.Length), false);
            return true;
        }

        private static int LengthOf(ReadOnlySpan<int> slots)
        {
            int length = slots.IndexOfAnyExcept(slots[0]);
            length = length < 0 ? slots.Length : length;
            return length < Long ? 0 : length;
        }
    }
}
