// The file of a checkpoint: sections by object, each with its checksum, published whole.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Engine;

/// <summary>
/// Layout (little-endian): magic "MRCP", int32 version; per section: int32 object (0 is the head), int64 bytes, uint32 CRC32C of the 12 bytes before it
/// and of the content, content; last a section of object −1 whose content is the number of sections before it.
/// </summary>
internal static class CheckpointFile
{
    public const string Extension = ".checkpoint";

    /// <summary>From this version on it says what retention has dropped and which windows missed rows, so that views can be used as rollups.</summary>
    public const int WithReach = 3;

    /// <summary>From this version on definitions say whether their view is split by keys.</summary>
    public const int WithShards = 4;

    private const uint Magic = 0x50_43_52_4D;
    private const int Version = 4;
    private const int OldestVersion = 2;
    private const int EndSection = -1;

    public sealed class Writer
    {
        private readonly List<(int Id, ByteWriter Content)> _sections = [];

        public ByteWriter Section(int id)
        {
            var content = new ByteWriter(1024);
            _sections.Add((id, content));
            return content;
        }

        public List<ReadOnlyMemory<byte>> Finish()
        {
            var end = new ByteWriter(8);
            end.WriteInt64(_sections.Count);
            _sections.Add((EndSection, end));
            byte[] head = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), Version);
            var chunks = new List<ReadOnlyMemory<byte>> { head };
            foreach ((int id, ByteWriter content) in _sections)
            {
                byte[] section = new byte[16];
                BinaryPrimitives.WriteInt32LittleEndian(section, id);
                BinaryPrimitives.WriteInt64LittleEndian(section.AsSpan(4), content.Length);
                BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(12), Checksum(section.AsSpan(0, 12), content.Written));
                chunks.Add(section);
                chunks.Add(content.WrittenMemory);
            }

            return chunks;
        }
    }

    public sealed class Reader(string path, int version, Dictionary<int, byte[]> sections)
    {
        /// <summary>Reads a section.</summary>
        public ByteReader Section(int id) => sections.TryGetValue(id, out byte[]? content)
            ? new ByteReader(content) { Version = version }
            : throw new CorruptionException(path, 0, $"a section for object {id}", "none");

        public int Count => sections.Count;
    }

    /// <summary>Reads a whole checkpoint and checks all of it.</summary>
    /// <exception cref="CorruptionException">It is damaged.</exception>
    /// <exception cref="NewerFormatException">It is of a newer version.</exception>
    public static Reader Read(IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
        Span<byte> head = stackalloc byte[16];
        if (file.Read(0, head[..8]) != 8 || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
        {
            throw new CorruptionException(path, 0, "a checkpoint's magic number", "something else");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        if (version is < OldestVersion or > Version)
        {
            throw version > Version ? new NewerFormatException(path, version, Version) : new CorruptionException(path, 4, $"version {OldestVersion} to {Version}", $"{version}");
        }

        var sections = new Dictionary<int, byte[]>();
        long at = 8;
        while (true)
        {
            if (file.Read(at, head) != 16)
            {
                throw new CorruptionException(path, at, "a section's head", "the end of the file");
            }

            int id = BinaryPrimitives.ReadInt32LittleEndian(head);
            long length = BinaryPrimitives.ReadInt64LittleEndian(head[4..]);
            if (length < 0 || length > file.Length - at - 16)
            {
                throw new CorruptionException(path, at + 4, "a section that fits the file", $"{length} bytes");
            }

            byte[] content = new byte[length];
            file.Read(at + 16, content);
            uint expected = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
            uint found = Checksum(head[..12], content);
            if (expected != found)
            {
                throw new CorruptionException(path, at, $"checksum {expected:x8}", $"{found:x8}");
            }

            at += 16 + length;
            if (id == EndSection)
            {
                if (BinaryPrimitives.ReadInt64LittleEndian(content) != sections.Count || at != file.Length)
                {
                    throw new CorruptionException(path, at, "all sections and the end of the file", $"{sections.Count} sections and {file.Length - at} bytes more");
                }

                return new Reader(path, version, sections);
            }

            sections[id] = content;
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> content) => Crc32C.Of(content, Crc32C.Of(head));
}
