// Numbers of which many repeat the one before, or share most of its bits: what has changed, bit by bit.
// After Pelkonen et al., "Gorilla: a fast, scalable, in-memory time series database" (2015), section 4.1.2.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>
/// Layout: a length and bits. The first pattern as it is; then for each number, XORed with the one before it: 0 when nothing changed; 10 and the changed
/// bits when these lie where they lay last time; 11, 6 bits leading zeros, 6 bits number of changed bits − 1, and these.
/// </summary>
internal sealed class XorFloatCodec(byte id, string name) : FloatCodec(id, name)
{
    // Read bit by bit, ten times slower than whatever is packed: it has to be much smaller.
    private const double Bias = 1.15;
    private const int FieldBits = 6;

    public override double Estimate(FloatProfile profile)
    {
        ReadOnlySpan<long> bits = profile.Bits;
        var window = default(Window);
        long sum = 64;
        for (int i = 1; i < bits.Length; i++)
        {
            sum += window.CostOf((ulong)(bits[i] ^ bits[i - 1]));
        }

        return sum * Bias;
    }

    public override void Encode(FloatProfile profile, ByteWriter writer)
    {
        ReadOnlySpan<long> bits = profile.Bits;
        var inner = new ByteWriter(bits.Length * 4);
        var stream = new BitWriter(inner);
        stream.Write((ulong)bits[0], 64);
        var window = default(Window);
        for (int i = 1; i < bits.Length; i++)
        {
            ulong changed = (ulong)(bits[i] ^ bits[i - 1]);
            Window before = window;
            window.CostOf(changed);
            if (changed == 0)
            {
                stream.Write(0, 1);
                continue;
            }

            if (window == before)
            {
                stream.Write(0b01, 2);
            }
            else
            {
                stream.Write(0b11, 2);
                stream.Write((ulong)window.Leading, FieldBits);
                stream.Write((ulong)window.Length - 1, FieldBits);
            }

            stream.Write(changed >> window.Trailing, window.Length);
        }

        stream.Flush();
        writer.WriteBytes(inner.Written);
    }

    public override void Decode(ref ByteReader reader, bool single, Span<long> into)
    {
        var stream = new BitReader(reader.ReadBytes());
        ulong value = stream.Read(32) | (stream.Read(32) << 32);
        var window = default(Window);
        into[0] = (long)value;
        for (int i = 1; i < into.Length; i++)
        {
            if (stream.Read(1) != 0)
            {
                if (stream.Read(1) != 0)
                {
                    window = new Window((int)stream.Read(FieldBits), (int)stream.Read(FieldBits) + 1);
                }

                if (window.Trailing < 0 || window.Length == 0)
                {
                    throw new FormatException("changed bits outside a number");
                }

                ulong low = stream.Read(Math.Min(window.Length, 32));
                ulong high = window.Length > 32 ? stream.Read(window.Length - 32) << 32 : 0;
                value ^= (low | high) << window.Trailing;
            }

            into[i] = (long)value;
        }

        if (!stream.IsAtEnd)
        {
            throw new FormatException("changed bits do not end where the numbers do");
        }
    }

    // Where the changed bits lay last.
    private record struct Window(int Leading, int Length)
    {
        public readonly int Trailing => 64 - Leading - Length;

        // What the next change costs; the window moves when it lies outside, or when a new one is cheaper than the bits the old one wastes.
        public int CostOf(ulong changed)
        {
            if (changed == 0)
            {
                return 1;
            }

            int leading = BitOperations.LeadingZeroCount(changed);
            int trailing = BitOperations.TrailingZeroCount(changed);
            int length = 64 - leading - trailing;
            if (Length > 0 && leading >= Leading && trailing >= Trailing && Length <= length + (2 * FieldBits))
            {
                return 2 + Length;
            }

            (Leading, Length) = (leading, length);
            return 2 + (2 * FieldBits) + length;
        }
    }
}
