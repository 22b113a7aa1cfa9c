// Tabled asymmetric numeral systems: symbols take as many bits as their share of all symbols demands, fractions of a bit included.
// After Duda, "Asymmetric numeral systems" (2014), with the spread of symbols that Collet's FSE made customary (RFC 8878, section 4.1.1).
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Up to 256 symbols share 2^log states; a symbol with f of them costs log − log2(f) bits on average. Four states take turns (symbol i belongs to
/// state i mod 4), so that the processor works on four independent chains; all of them read one stream of bits, forwards. The writer goes
/// from the last symbol to the first, as it must, and turns the order of the pieces around.
/// <code>
///   shares (<see cref="TansShares"/>) | four first states, log bits each | bits of symbol 0, 1, 2, …
/// </code>
/// </summary>
internal static class TansTable
{
    public const int SymbolsMax = 256;
    private const int States = 4;

    /// <summary>Appends <paramref name="symbols"/>.</summary>
    /// <param name="symbols">What to write, each below the length of <paramref name="counts"/>.</param>
    /// <param name="counts">How often each symbol comes.</param>
    /// <param name="writer">Takes the bytes.</param>
    public static void Encode(ReadOnlySpan<byte> symbols, ReadOnlySpan<int> counts, ByteWriter writer)
    {
        int log = TansShares.LogFor(symbols.Length, counts);
        Span<ushort> shares = stackalloc ushort[SymbolsMax];
        shares = shares[..counts.Length];
        TansShares.Normalize(counts, log, shares);
        var stream = new BitWriter(writer);
        TansShares.Write(shares, log, ref stream);

        int size = 1 << log;
        using var spread = new Rented<byte>(size);
        using var next = new Rented<ushort>(size);
        Spread(shares, log, spread.Span);
        Span<int> start = stackalloc int[SymbolsMax];
        Span<uint> bitsOf = stackalloc uint[SymbolsMax];
        int sum = 0;
        for (int s = 0; s < shares.Length; s++)
        {
            start[s] = sum;
            sum += shares[s];
            if (shares[s] > 0)
            {
                // A state lies in size .. 2 · size; added to this, it carries into the upper half just when one bit more has to go out.
                int most = shares[s] == 1 ? log : log - BitOperations.Log2((uint)shares[s] - 1);
                bitsOf[s] = (uint)((most << 16) - (shares[s] << most));
            }
        }

        Span<int> at = stackalloc int[SymbolsMax];
        start.CopyTo(at);
        for (int u = 0; u < size; u++)
        {
            next.Span[at[spread.Span[u]]++] = (ushort)(size + u);
        }

        using var pieces = new Rented<uint>(symbols.Length);
        Span<uint> states = [(uint)size, (uint)size, (uint)size, (uint)size];
        for (int i = symbols.Length - 1; i >= 0; i--)
        {
            int s = symbols[i];
            ref uint state = ref states[i % States];
            int bits = (int)((state + bitsOf[s]) >> 16);
            pieces.Span[i] = (state & ((1u << bits) - 1)) | ((uint)bits << 16);
            state = next.Span[(int)(state >> bits) - shares[s] + start[s]];
        }

        foreach (uint state in states)
        {
            stream.Write(state - (uint)size, log);
        }

        foreach (uint piece in pieces.Span)
        {
            stream.Write(piece & 0xFFFF, (int)(piece >> 16));
        }

        stream.Flush();
    }

    /// <summary>Reads <paramref name="into"/>.Length symbols from <paramref name="data"/>, all of it.</summary>
    /// <exception cref="FormatException">It is not what <see cref="Encode"/> writes for so many symbols.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(ReadOnlySpan<byte> data, Span<byte> into)
    {
        var first = new BitReader(data);
        Span<ushort> shares = stackalloc ushort[SymbolsMax];
        (int log, int symbols) = TansShares.Read(ref first, shares);
        using var table = new Rented<uint>(1 << log);
        BuildDecoder(shares[..symbols], log, table.Span);

        // A copy with room behind it: eight bytes can be read wherever a bit begins.
        using var padded = new Rented<byte>(data.Length + 16);
        data.CopyTo(padded.Span);
        padded.Span[data.Length..].Clear();
        uint s0 = (uint)first.Read(log);
        uint s1 = (uint)first.Read(log);
        uint s2 = (uint)first.Read(log);
        uint s3 = (uint)first.Read(log);
        nuint bit = (nuint)first.Position;
        nuint end = (nuint)data.Length * 8;
        ref byte bytes = ref MemoryMarshal.GetReference(padded.Span);
        ref uint entries = ref MemoryMarshal.GetReference(table.Span);
        ref byte to = ref MemoryMarshal.GetReference(into);

        // A state is always below the table's size, by how the table was built; bit is checked before each load, and moves by at most 4 · 11.
        int i = 0;
        for (; i <= into.Length - States && bit <= end; i += States)
        {
            ulong bits = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref bytes, bit >> 3)) >> (int)(bit & 7);
            uint e0 = Unsafe.Add(ref entries, s0);
            uint e1 = Unsafe.Add(ref entries, s1);
            uint e2 = Unsafe.Add(ref entries, s2);
            uint e3 = Unsafe.Add(ref entries, s3);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, i), (e0 >> 8 & 0xFF) | (e1 & 0xFF00) | ((e2 & 0xFF00) << 8) | ((e3 & 0xFF00) << 16));
            s0 = (e0 >> 16) + Low(bits, e0);
            bits >>= (int)e0;
            s1 = (e1 >> 16) + Low(bits, e1);
            bits >>= (int)e1;
            s2 = (e2 >> 16) + Low(bits, e2);
            bits >>= (int)e2;
            s3 = (e3 >> 16) + Low(bits, e3);
            bit += (byte)(e0 + e1 + e2 + e3);
        }

        Span<uint> states = [s0, s1, s2, s3];
        for (; i < into.Length && bit <= end; i++)
        {
            ulong bits = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref bytes, bit >> 3)) >> (int)(bit & 7);
            ref uint state = ref states[i % States];
            uint entry = table.Span[(int)state];
            into[i] = (byte)(entry >> 8);
            state = (entry >> 16) + Low(bits, entry);
            bit += (byte)entry;
        }

        // The writer began with all states at 0, and filled up less than a byte: whatever is else is damage.
        if (i < into.Length || bit > end || end - bit >= 8 || (states[0] | states[1] | states[2] | states[3]) != 0)
        {
            throw new FormatException("entropy code does not end where its symbols do");
        }
    }

    // As many of the lowest bits as the lowest byte of the entry says: at most 11, so that shifts can take the entry itself for their count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Low(ulong bits, uint entry) =>
        Bmi2.X64.IsSupported ? (uint)Bmi2.X64.ZeroHighBits(bits, entry) : (uint)bits & ((1u << (int)entry) - 1);

    // Entry of a state: number of bits in the lowest byte, symbol in the next, what the bits are added to in the upper half.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BuildDecoder(ReadOnlySpan<ushort> shares, int log, Span<uint> table)
    {
        int size = 1 << log;
        using var spread = new Rented<byte>(size);
        Spread(shares, log, spread.Span);
        Span<ushort> next = stackalloc ushort[SymbolsMax];
        shares.CopyTo(next);
        for (int u = 0; u < size; u++)
        {
            byte symbol = spread.Span[u];
            uint x = next[symbol]++;
            int bits = log - BitOperations.Log2(x);
            table[u] = (uint)bits | ((uint)symbol << 8) | (((x << bits) - (uint)size) << 16);
        }
    }

    // Steps of an odd width visit every state once, and lay a symbol's states far from each other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread(ReadOnlySpan<ushort> shares, int log, Span<byte> spread)
    {
        int size = 1 << log;
        int step = (size >> 1) + (size >> 3) + 3;
        int at = 0;
        for (int s = 0; s < shares.Length; s++)
        {
            for (int i = 0; i < shares[s]; i++)
            {
                spread[at] = (byte)s;
                at = (at + step) & (size - 1);
            }
        }
    }
}
