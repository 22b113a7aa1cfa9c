// Files that may be packed: what their first two bytes say.
using System.IO.Compression;

namespace Millrace.Formats;

/// <summary>Reads gzip where it is.</summary>
internal static class Gzip
{
    /// <summary>The stream unpacked where it begins as gzip does; as it is where it does not, or where one cannot go back to the beginning.</summary>
    public static Stream Unpacked(Stream from)
    {
        if (!from.CanSeek)
        {
            return from;
        }

        Span<byte> start = stackalloc byte[2];
        bool isPacked = from.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1F, 0x8B];
        from.Position = 0;
        return isPacked ? new GZipStream(from, CompressionMode.Decompress) : from;
    }
}
