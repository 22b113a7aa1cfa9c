// A bump arena for the texts that functions make: reset once a row, so nothing is allocated in steady state.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Memory for the texts made while one row is evaluated. Slices stay valid until <see cref="Reset"/>.</summary>
internal sealed class Scratch
{
    private readonly ByteWriter _text = new(256);
    private byte[] _buffer = new byte[4096];
    private int _used;

    /// <summary>Gives all slices back.</summary>
    public void Reset() => _used = 0;

    /// <summary>Lends <paramref name="length"/> bytes to write into.</summary>
    public ByteSlice Take(int length)
    {
        if (_buffer.Length - _used < length)
        {
            // Slices lent before keep the old buffer alive.
            _buffer = new byte[Math.Max(length, _buffer.Length * 2)];
            _used = 0;
        }

        var slice = new ByteSlice(_buffer, _used, length);
        _used += length;
        return slice;
    }

    /// <summary>Lends memory to be filled, and the slice that stands for it.</summary>
    public Span<byte> Take(int bytes, out ByteSlice slice)
    {
        slice = Take(bytes);
        return slice.Buffer.AsSpan(slice.Offset, bytes);
    }

    /// <summary>A copy of <paramref name="bytes"/>.</summary>
    public ByteSlice Copy(ReadOnlySpan<byte> bytes)
    {
        ByteSlice slice = Take(bytes.Length);
        bytes.CopyTo(slice.Buffer.AsSpan(slice.Offset));
        return slice;
    }

    /// <summary>The UTF-8 form of <paramref name="text"/>.</summary>
    public ByteSlice Copy(string text)
    {
        ByteSlice slice = Take(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, slice.Buffer.AsSpan(slice.Offset, slice.Length));
        return slice;
    }

    /// <summary>An empty writer for a text of unknown length; close with <see cref="End"/> before the next one begins.</summary>
    public ByteWriter Begin()
    {
        _text.Reset();
        return _text;
    }

    /// <summary>What was written since <see cref="Begin"/>.</summary>
    public ByteSlice End() => Copy(_text.Written);
}

/// <summary>Slices of slices.</summary>
internal static class ByteSliceExtensions
{
    /// <summary>The slice's bytes, writable: only for slices just taken from a <see cref="Scratch"/>.</summary>
    public static Span<byte> Room(this ByteSlice slice) => slice.Buffer.AsSpan(slice.Offset, slice.Length);

    /// <summary>A part of a slice.</summary>
    public static ByteSlice Part(this ByteSlice slice, int start, int length) => new(slice.Buffer, slice.Offset + start, length);
}
