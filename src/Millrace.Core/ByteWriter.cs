// Growable byte buffer and its reader: how records, checkpoints and encoded rows are laid out (little-endian).
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Core;

/// <summary>What goes with bytes but lies elsewhere. Who writes and reads the bytes knows what it is; everybody else writes all of himself into them.</summary>
public abstract class Beside
{
}

/// <summary>A growable byte buffer. Integers are little-endian; strings are UTF-8 behind a varint length.</summary>
public sealed class ByteWriter
{
    private byte[] _buffer;

    /// <summary>Makes a writer with room for <paramref name="capacity"/> bytes.</summary>
    public ByteWriter(int capacity = 256) => _buffer = GC.AllocateUninitializedArray<byte>(capacity);

    /// <summary>Where large parts may be put instead; null when everything has to be in these bytes.</summary>
    public Beside? Beside { get; init; }

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, Length);

    /// <summary>The buffer itself, valid until the next write.</summary>
    public byte[] Buffer => _buffer;

    /// <summary>Empties the writer and keeps its memory.</summary>
    public void Reset() => Length = 0;

    /// <summary>Takes back what was written after <paramref name="length"/>.</summary>
    public void TruncateTo(int length) => Length = Math.Min(Length, length);

    /// <summary>Lends <paramref name="bytes"/> bytes at the end, already counted; what is in them is anything until it is written.</summary>
    public Span<byte> Take(int bytes)
    {
        if (_buffer.Length - Length < bytes)
        {
            Grow(bytes);
        }

        Span<byte> span = _buffer.AsSpan(Length, bytes);
        Length += bytes;
        return span;
    }

    private void Grow(int bytes)
    {
        long needed = (long)Length + bytes;
        if (needed > Array.MaxLength)
        {
            throw new SqlException("54000", "a single record may hold at most 2 GiB", hint: "write in smaller transactions");
        }

        byte[] grown = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, _buffer.Length * 2L)));
        Written.CopyTo(grown);
        _buffer = grown;
    }

    /// <summary>Appends one byte.</summary>
    public void WriteByte(byte value) => Take(1)[0] = value;

    /// <summary>Appends bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Appends a 4-byte integer.</summary>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    /// <summary>Appends an 8-byte integer.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>Appends an unsigned integer in 1 to 10 bytes (LEB128).</summary>
    public void WriteVarint(ulong value)
    {
        Span<byte> span = Take((BitOperations.Log2(value | 1) / 7) + 1);
        for (int i = 0; i < span.Length - 1; i++)
        {
            span[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[^1] = (byte)value;
    }

    /// <summary>Appends a length and the bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((ulong)bytes.Length);
        Write(bytes);
    }

    /// <summary>Appends a length and the text in UTF-8.</summary>
    public void WriteString(string text)
    {
        WriteVarint((ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, Take(Encoding.UTF8.GetByteCount(text)));
    }

    /// <summary>Appends the memory of an array's first <paramref name="count"/> values.</summary>
    public void WriteArray<T>(T[] values, int count)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(values.AsSpan(0, count)));
}

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Reading past the end throws <see cref="FormatException"/>, never reads outside.</summary>
public ref struct ByteReader
{
    private readonly ReadOnlySpan<byte> _data;

    /// <summary>Reads from the start of <paramref name="data"/>.</summary>
    public ByteReader(ReadOnlySpan<byte> data) => _data = data;

    /// <summary>The version of the file that the bytes are of, for layouts that have changed: the newest, unless whoever opens it says otherwise.</summary>
    public int Version { get; init; } = int.MaxValue;

    /// <summary>Where the parts are that are not in these bytes.</summary>
    public Beside? Beside { get; init; }

    /// <summary>Offset of the next byte.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _data.Length - Position;

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    /// <exception cref="FormatException">Fewer are left.</exception>
    public ReadOnlySpan<byte> Read(int count)
    {
        if ((uint)count > (uint)Remaining)
        {
            throw new FormatException($"{count} bytes expected at {Position}, {Remaining} found");
        }

        ReadOnlySpan<byte> span = _data.Slice(Position, count);
        Position += count;
        return span;
    }

    /// <summary>The next byte.</summary>
    public byte ReadByte() => Read(1)[0];

    /// <summary>A 4-byte integer.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Read(4));

    /// <summary>An 8-byte integer.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Read(8));

    /// <summary>A LEB128 unsigned integer.</summary>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte b = ReadByte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw new FormatException($"varint longer than 10 bytes at {Position}");
    }

    /// <summary>A varint that must fit a count of things still to be read.</summary>
    public int ReadCount()
    {
        ulong value = ReadVarint();
        if (value > int.MaxValue)
        {
            throw new FormatException($"count {value} out of range at {Position}");
        }

        return (int)value;
    }

    /// <summary>Bytes behind a length.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Read(ReadCount());

    /// <summary>Text behind a length.</summary>
    public string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>The memory of <paramref name="count"/> values, copied into a new array.</summary>
    public T[] ReadArray<T>(int count)
        where T : unmanaged
    {
        long bytes = (long)count * Unsafe.SizeOf<T>();
        if (count < 0 || bytes > Remaining)
        {
            throw new FormatException($"{count} values of {Unsafe.SizeOf<T>()} bytes expected at {Position}, {Remaining} bytes found");
        }

        return MemoryMarshal.Cast<byte, T>(Read((int)bytes)).ToArray();
    }
}
