// Bits of varying number one after the other, first bit lowest: what the entropy and the XOR codec write.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>Appends bits to a byte writer.</summary>
internal ref struct BitWriter(ByteWriter writer)
{
    private ulong _bits;
    private int _count;

    /// <summary>Appends the low <paramref name="count"/> bits of <paramref name="bits"/>, at most 64; the others must be clear.</summary>
    public void Write(ulong bits, int count)
    {
        _bits |= bits << _count;
        if (_count + count >= 64)
        {
            writer.WriteInt64((long)_bits);
            int left = 64 - _count;
            _bits = left == 64 ? 0 : bits >> left;
            _count = count - left;
        }
        else
        {
            _count += count;
        }
    }

    /// <summary>A number from 1 up: as many zeros as it has bits behind its first, then its bits (Elias gamma code).</summary>
    public void WriteGamma(uint value)
    {
        int more = 31 - int.CreateTruncating(uint.LeadingZeroCount(value));
        Write(0, more);
        Write(1, 1);
        Write(value & ((1u << more) - 1), more);
    }

    /// <summary>Appends the bits that are still held, filled up to a byte.</summary>
    public void Flush()
    {
        for (; _count > 0; _count -= 8)
        {
            writer.WriteByte((byte)_bits);
            _bits >>= 8;
        }

        _count = 0;
    }
}

/// <summary>Reads bits; behind the end there are zeros, and <see cref="IsPastEnd"/> tells.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Bits read so far.</summary>
    public long Position { get; private set; }

    /// <summary>True when more bits were read than there are.</summary>
    public readonly bool IsPastEnd => Position > 8L * _data.Length;

    /// <summary>True when all bits were read but what fills up the last byte, and not more.</summary>
    public readonly bool IsAtEnd => !IsPastEnd && (8L * _data.Length) - Position < 8;

    /// <summary>The next <paramref name="count"/> bits, at most 57.</summary>
    public ulong Read(int count)
    {
        ulong bits = Peek() & ((1UL << count) - 1);
        Position += count;
        return bits;
    }

    /// <summary>What <see cref="BitWriter.WriteGamma"/> wrote.</summary>
    /// <exception cref="FormatException">It is longer than 32 bits, or the end came first.</exception>
    public uint ReadGamma()
    {
        int more = int.CreateTruncating(ulong.TrailingZeroCount(Peek()));
        if (more > 31)
        {
            throw new FormatException("number out of range");
        }

        Position += more + 1;
        return (1u << more) | (uint)Read(more);
    }

    private readonly ulong Peek()
    {
        int at = (int)Math.Min(Position >> 3, _data.Length);
        ReadOnlySpan<byte> rest = _data[at..];
        if (rest.Length >= 8)
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(rest) >> (int)(Position & 7);
        }

        ulong bits = 0;
        for (int i = 0; i < rest.Length; i++)
        {
            bits |= (ulong)rest[i] << (8 * i);
        }

        return bits >> (int)(Position & 7);
    }
}
