// Files of state beside the checkpoints: blocks that are written once and named by every checkpoint for as long as they hold.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Engine;

/// <summary>Takes a block, lent for the call.</summary>
internal delegate void BlockSink(ReadOnlySpan<byte> block);

/// <summary>Where a block is: <paramref name="Crc"/> covers its place too, so that one file is not taken for another.</summary>
internal readonly record struct StateExtent(long File, long Offset, int Bytes, uint Crc);

/// <summary>A part of the state that lies apart from its section, as blocks in order. Nothing is added to it once a checkpoint names it.</summary>
internal sealed class StatePiece
{
    public List<StateExtent> Extents { get; } = [];
}

/// <summary>Layout (little-endian): magic "MRST", int32 version, int64 number; then blocks, of which the checkpoints say where they are.</summary>
internal static class StateFile
{
    public const string Extension = ".state";

    /// <summary>The largest block: what memory one needs to read it.</summary>
    public const int BlockBytes = 4 << 20;

    public const int HeadBytes = 16;

    private const uint Magic = 0x54_53_52_4D;
    private const int Version = 1;

    public static string Path(string folder, long number) => $"{folder}/{number:D12}{Extension}";

    /// <summary>The number in a file's name; −1 when it is no file of state.</summary>
    public static long NumberOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), out long number) ? number : -1;

    /// <summary>Gives bytes of any number on in blocks.</summary>
    public static void Cut(ReadOnlySpan<byte> bytes, BlockSink sink)
    {
        for (int at = 0; at < bytes.Length; at += BlockBytes)
        {
            sink(bytes.Slice(at, Math.Min(BlockBytes, bytes.Length - at)));
        }
    }

    public static uint Checksum(long file, long offset, ReadOnlySpan<byte> block)
    {
        Span<byte> place = stackalloc byte[20];
        BinaryPrimitives.WriteInt64LittleEndian(place, file);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(place[16..], block.Length);
        return Crc32C.Of(block, Crc32C.Of(place));
    }

    /// <summary>Writes one file, block by block, on one thread at a time.</summary>
    public sealed class Writer(IDisk disk, string folder, long number) : IDisposable
    {
        private IDiskFile? _file;
        private long _unsynced;

        /// <summary>Bytes written.</summary>
        public long Length { get; private set; }

        public StateExtent Append(ReadOnlySpan<byte> block)
        {
            if (_file is null)
            {
                _file = disk.Open(Path(folder, number), DiskOpenMode.CreateNew);
                Span<byte> head = stackalloc byte[HeadBytes];
                BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
                BinaryPrimitives.WriteInt32LittleEndian(head[4..], Version);
                BinaryPrimitives.WriteInt64LittleEndian(head[8..], number);
                _file.Write(0, head);
                Length = HeadBytes;
            }

            _file.Write(Length, block);
            var extent = new StateExtent(number, Length, block.Length, Checksum(number, Length, block));
            Length += block.Length;
            _unsynced += block.Length;
            if (_unsynced >= IDisk.UnsyncedBytesMax)
            {
                Sync();
            }

            return extent;
        }

        /// <summary>Makes what was written durable.</summary>
        public void Sync()
        {
            _file?.Sync();
            _unsynced = 0;
        }

        public void Dispose() => _file?.Dispose();
    }

    /// <summary>Reads blocks of any of the files, and checks each.</summary>
    public sealed class Reader(IDisk disk, string folder) : IDisposable
    {
        private readonly Dictionary<long, IDiskFile> _files = [];

        /// <exception cref="CorruptionException">The file or the block is damaged, or not there.</exception>
        public byte[] Read(StateExtent extent)
        {
            IDiskFile file = Open(extent.File);
            if (extent.Bytes is < 0 or > BlockBytes || extent.Offset < HeadBytes || extent.Offset > file.Length - extent.Bytes)
            {
                throw new CorruptionException(file.Path, extent.Offset, $"a block of {extent.Bytes} bytes", $"a file of {file.Length}");
            }

            byte[] block = new byte[extent.Bytes];
            file.Read(extent.Offset, block);
            uint found = Checksum(extent.File, extent.Offset, block);
            return found == extent.Crc ? block : throw new CorruptionException(file.Path, extent.Offset, $"checksum {extent.Crc:x8}", $"{found:x8}");
        }

        /// <summary>The length of a file.</summary>
        public long LengthOf(long number) => Open(number).Length;

        public void Dispose()
        {
            foreach (IDiskFile file in _files.Values)
            {
                file.Dispose();
            }

            _files.Clear();
        }

        private IDiskFile Open(long number)
        {
            if (_files.TryGetValue(number, out IDiskFile? open))
            {
                return open;
            }

            string path = Path(folder, number);
            if (!disk.Exists(path))
            {
                throw new CorruptionException(path, 0, "a file that checkpoints name", "no such file");
            }

            IDiskFile file = disk.Open(path, DiskOpenMode.Read);
            _files.Add(number, file);
            Span<byte> head = stackalloc byte[HeadBytes];
            if (file.Read(0, head) != HeadBytes || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic
                || BinaryPrimitives.ReadInt32LittleEndian(head[4..]) != Version || BinaryPrimitives.ReadInt64LittleEndian(head[8..]) != number)
            {
                // A newer version would be one of the checkpoint first.
                throw new CorruptionException(path, 0, $"the head of file of state {number}, version {Version}", "something else");
            }

            return file;
        }
    }
}
