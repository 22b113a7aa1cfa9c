// java.util.Random, so that a value depends on its seed alone and equals what other implementations of the benchmark draw.
using System.Runtime.CompilerServices;

namespace Millrace.Generators.Nexmark;

/// <summary>The 48-bit linear congruential generator that the documentation of <c>java.util.Random</c> specifies.</summary>
internal struct JavaRandom
{
    private const long Multiplier = 0x5DEECE66DL;
    private const long Mask = (1L << 48) - 1;
    private long _state;

    public JavaRandom(long seed) => _state = (seed ^ Multiplier) & Mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Next(int bits)
    {
        _state = (_state * Multiplier + 0xB) & Mask;
        return (int)(_state >> (48 - bits));
    }

    /// <summary>Any int.</summary>
    public int NextInt() => Next(32);

    /// <summary>0 ≤ value &lt; bound; bound &gt; 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextInt(int bound)
    {
        int r = Next(31);
        if ((bound & (bound - 1)) == 0)
        {
            return (int)((bound * (long)r) >> 31);
        }

        int value = r % bound;
        while (r - value + (bound - 1) < 0)
        {
            r = Next(31);
            value = r % bound;
        }

        return value;
    }

    /// <summary>Any long.</summary>
    public long NextLong() => ((long)Next(32) << 32) + Next(32);

    /// <summary>0 ≤ value &lt; bound, as the benchmark draws it: from 31 bits where they are enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long NextLong(long bound) => bound < int.MaxValue ? NextInt((int)bound) : Math.Abs(NextLong() % bound);

    /// <summary>0 ≤ value &lt; 1.</summary>
    public double NextDouble() => (((long)Next(26) << 27) + Next(27)) * (1.0 / (1L << 53));
}
