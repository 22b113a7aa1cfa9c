// A payload in one piece or in many, copied out in order.
namespace Millrace.Log;

internal ref struct ChunkSource
{
    private readonly IReadOnlyList<ReadOnlyMemory<byte>>? chunks;
    private ReadOnlySpan<byte> current;
    private int next;

    internal ChunkSource(ReadOnlySpan<byte> whole)
    {
        current = whole;
        Length = Checked(whole.Length);
    }

    internal ChunkSource(IReadOnlyList<ReadOnlyMemory<byte>> chunks)
    {
        this.chunks = chunks;
        long length = 0;
        for (int i = 0; i < chunks.Count; i++)
        {
            length += chunks[i].Length;
        }
        Length = Checked(length);
    }

    /// <summary>The bytes of the whole payload.</summary>
    internal int Length { get; }

    internal void CopyNext(Span<byte> to)
    {
        while (to.Length > 0)
        {
            if (current.IsEmpty)
            {
                current = chunks![next++].Span;
                continue;
            }
            int take = Math.Min(to.Length, current.Length);
            current[..take].CopyTo(to);
            current = current[take..];
            to = to[take..];
        }
    }

    private static int Checked(long length) => length <= LogFormat.RecordBytesMax
        ? (int)length
        : throw new ArgumentException($"a log record of {length} bytes is longer than {LogFormat.RecordBytesMax}: split the commit");
}
