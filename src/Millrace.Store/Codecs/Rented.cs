// Scratch memory of a codec: an array from the pool that goes back when the scope ends.
using System.Buffers;

namespace Millrace.Store.Codecs;

/// <summary>A span over a pooled array; use with <c>using</c>. The content is undefined at first.</summary>
internal readonly ref struct Rented<T> : IDisposable
    where T : unmanaged
{
    private readonly T[] _array;

    public Rented(int length)
    {
        _array = ArrayPool<T>.Shared.Rent(Math.Max(length, 1));
        Span = _array.AsSpan(0, length);
    }

    public Span<T> Span { get; }

    public void Dispose() => ArrayPool<T>.Shared.Return(_array);
}
