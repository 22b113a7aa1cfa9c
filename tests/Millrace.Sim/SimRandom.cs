// The only randomness in the simulator: one seed, the same numbers on every machine.
namespace Millrace.Sim;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014).</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong state = seed;

    internal ulong NextULong()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below <paramref name="limit"/>.</summary>
    internal int Next(int limit) => (int)(((NextULong() >> 32) * (ulong)limit) >> 32);

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    internal int Between(int low, int high) => low + Next(high - low + 1);

    /// <summary>True once in <paramref name="n"/> times.</summary>
    internal bool OneIn(int n) => Next(n) == 0;

    internal void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(NextULong() >> 56);
        }
    }
}
