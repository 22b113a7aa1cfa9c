// The bytes of one file of a MemoryDisk, in blocks, so that growing copies nothing.
namespace Millrace.Core.Io;

/// <summary>Bytes by offset; what was never written between is zero. One writer, any readers.</summary>
internal sealed class MemoryFile
{
    private const int BlockBytes = 64 << 10;

    private readonly Lock _gate = new();
    private readonly List<byte[]> _blocks = [];
    private long _length;

    public long Length => Interlocked.Read(ref _length);

    public int Read(long offset, Span<byte> into)
    {
        lock (_gate)
        {
            int count = (int)Math.Max(0, Math.Min(into.Length, _length - offset));
            for (int done = 0; done < count;)
            {
                (int block, int at) = PlaceOf(offset + done);
                int take = Math.Min(count - done, BlockBytes - at);
                _blocks[block].AsSpan(at, take).CopyTo(into[done..]);
                done += take;
            }

            return count;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            Grow(offset + data.Length);
            for (int done = 0; done < data.Length;)
            {
                (int block, int at) = PlaceOf(offset + done);
                int take = Math.Min(data.Length - done, BlockBytes - at);
                data.Slice(done, take).CopyTo(_blocks[block].AsSpan(at));
                done += take;
            }

            _length = Math.Max(_length, offset + data.Length);
        }
    }

    public void Truncate(long length)
    {
        lock (_gate)
        {
            int kept = (int)((length + BlockBytes - 1) / BlockBytes);
            if (kept < _blocks.Count)
            {
                _blocks.RemoveRange(kept, _blocks.Count - kept);
            }

            // What is cut must read as zero if the file grows over it again.
            if (length < _length && length % BlockBytes != 0)
            {
                _blocks[^1].AsSpan((int)(length % BlockBytes)).Clear();
            }

            Grow(length);
            _length = length;
        }
    }

    private void Grow(long length)
    {
        while ((long)_blocks.Count * BlockBytes < length)
        {
            _blocks.Add(new byte[BlockBytes]);
        }
    }

    private static (int Block, int At) PlaceOf(long offset) => ((int)(offset / BlockBytes), (int)(offset % BlockBytes));
}
