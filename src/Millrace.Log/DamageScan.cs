// Looks behind a bad place for anything that proves that the place was once durable.
using System.Buffers.Binary;

namespace Millrace.Log;

/// <summary>
/// Searches bytes for fragment headers, wherever they stand: after a bad length nothing else tells where the next one is. A header counts only
/// with the right position, salt and CRC, so that nothing in a payload can pass for one.
/// </summary>
internal sealed class DamageScan
{
    private const int WindowBytes = 1 << 20;

    /// <summary>The highest durable mark found.</summary>
    internal long DurableMax { get; private set; }

    /// <summary>The position of the first record found that starts behind the bad place; null when there is none.</summary>
    internal long? NextRecord { get; private set; }

    /// <summary>How many records start behind the bad place.</summary>
    internal long Records { get; private set; }

    internal void Note(long durable) => DurableMax = Math.Max(DurableMax, durable);

    internal void Search(LogFile file, long from)
    {
        Note(file.Header.Durable);
        Span<byte> magic = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, FragmentHeader.Magic);
        byte[] window = new byte[WindowBytes];
        long length = file.Handle.Length;
        for (long start = Math.Max(from, FileHeader.Bytes); start < length; start += WindowBytes - (FragmentHeader.Bytes - 1))
        {
            int got = file.Handle.Read(start, window);
            int at = 0;
            while (at + FragmentHeader.Bytes <= got)
            {
                int next = window.AsSpan(at, got - at).IndexOf(magic);
                if (next < 0 || at + next + FragmentHeader.Bytes > got)
                {
                    break;
                }
                at += next;
                long offset = start + at;
                long blockLeft = LogFormat.BlockBytes - (offset % LogFormat.BlockBytes);
                if (FragmentHeader.TryParse(window.AsSpan(at), file.Base + offset, blockLeft, file.Salt, file.Identity, out FragmentHeader header, out _))
                {
                    Found(header);
                }
                at++;
            }
        }
    }

    private void Found(in FragmentHeader header)
    {
        Note(header.Durable);
        if (header.Kind is FragmentKind.Full or FragmentKind.First)
        {
            NextRecord ??= header.Position;
            Records++;
        }
    }
}
