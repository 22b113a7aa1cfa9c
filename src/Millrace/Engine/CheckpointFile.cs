// The file of a checkpoint: sections by object, each with its checksum, published whole.
using System.Buffers.Binary;
using Millrace.Core;
using Millrace.Core.Io;

namespace Millrace.Engine;

/// <summary>
/// Layout (little-endian): magic "MRCP", int32 version; per section: int32 object (0 is the head), int64 bytes, uint32 CRC32C of the 12 bytes before it
/// and of the content, content; a section of object −2 that says where the pieces are that lie in files of state (<see cref="StateFile"/>), and which of them are sections; last a section of
/// object −1 whose content is the number of sections before it.
/// </summary>
internal static class CheckpointFile
{
    public const string Extension = ".checkpoint";

    /// <summary>From this version on it says what retention has dropped and which windows missed rows, so that views can be used as rollups.</summary>
    public const int WithReach = 3;

    /// <summary>From this version on definitions say whether their view is split by keys.</summary>
    public const int WithShards = 4;

    /// <summary>From this version on large parts may lie beside it.</summary>
    public const int WithPieces = 5;

    /// <summary>From this version on large sections lie beside it too, and keys and rows are written as the arrays that they are.</summary>
    public const int WithBlocks = 6;

    /// <summary>From this version on what is encoded lies in the pages that it has in memory.</summary>
    public const int WithPages = 7;

    /// <summary>From this version on first rows by rank lie as they are in memory, with rows that are not ranked any more.</summary>
    public const int WithRanks = 8;

    private const uint Magic = 0x50_43_52_4D;
    private const int Version = 8;
    private const int OldestVersion = 2;
    private const int EndSection = -1;
    private const int PiecesSection = -2;

    /// <param name="pieces">Takes large parts; null when everything has to be in the one file.</param>
    /// <param name="bytesMin">Smaller sections are written into the one file.</param>
    /// <param name="bytes">How large each section was last time, so that its buffer need not grow; brought up to date.</param>
    public sealed class Writer(PieceWriter? pieces, long bytesMin, Dictionary<int, int> bytes)
    {
        private readonly List<(int Id, ByteWriter Content)> _sections = [];
        private readonly List<(int Id, int Piece)> _beside = [];

        /// <param name="id">Of the object; 0 is the head.</param>
        /// <param name="about">About how many bytes it will have, where nobody knows how many it had last.</param>
        public ByteWriter Section(int id, long about = 0)
        {
            long last = bytes.TryGetValue(id, out int known) ? known : Math.Max(0, about);
            var content = new ByteWriter((int)Math.Min(1024 + last + (last >> 4), Array.MaxLength)) { Beside = pieces };
            _sections.Add((id, content));
            return content;
        }

        /// <summary>Writes the pieces and the large sections, as far as they are new.</summary>
        public void SaveBeside(StateFile.Writer file)
        {
            // Before anything can fail: operators keep what they change until this is done.
            pieces!.Frozen.ForEach(f => f.CopyAll());
            List<(int Id, ByteWriter Content)> large = _sections.FindAll(s => s.Id != 0 && s.Content.Length >= bytesMin);
            for (int i = 0; i < large.Count; i++)
            {
                bytes[large[i].Id] = large[i].Content.Length;
                _beside.Add((large[i].Id, pieces.Count + i));
            }

            pieces.Write(file, [.. large.Select(s => (s.Content.WrittenMemory, SectionBlocks.Cut(s.Content.Written)))]);
            _sections.RemoveAll(large.Contains);
        }

        public List<ReadOnlyMemory<byte>> Finish()
        {
            var table = new ByteWriter(64);
            pieces?.WriteTable(table);
            if (pieces is null)
            {
                table.WriteVarint(0);
            }

            table.WriteVarint((ulong)_beside.Count);
            foreach ((int id, int piece) in _beside)
            {
                table.WriteInt32(id);
                table.WriteVarint((ulong)piece);
            }

            _sections.Add((PiecesSection, table));
            var end = new ByteWriter(8);
            end.WriteInt64(_sections.Count);
            _sections.Add((EndSection, end));
            byte[] head = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), Version);
            var chunks = new List<ReadOnlyMemory<byte>> { head };
            foreach ((int id, ByteWriter content) in _sections)
            {
                bytes[id] = content.Length;
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
        private readonly (List<StatePiece> Pieces, Dictionary<int, int> Sections) _beside = ReadTable(version, sections);

        /// <summary>The numbers of the files of state that it needs.</summary>
        public IEnumerable<long> Files => _beside.Pieces.SelectMany(p => p.Extents.Select(e => e.File)).Distinct();

        /// <summary>Bytes that it names in them.</summary>
        public long PieceBytes => _beside.Pieces.Sum(p => p.Extents.Sum(e => (long)e.Bytes));

        /// <summary>Where the sections' pieces are read.</summary>
        public PieceReader? Pieces { get; private set; }

        /// <summary>Says where its files of state are.</summary>
        public void Attach(StateFile.Reader files) => Pieces = new PieceReader(_beside.Pieces, files);

        /// <summary>Reads every piece and compares the checksums.</summary>
        /// <exception cref="CorruptionException">One is damaged, or its file is missing.</exception>
        public void Verify(StateFile.Reader files)
        {
            foreach (StateExtent extent in _beside.Pieces.SelectMany(p => p.Extents))
            {
                files.Read(extent);
            }
        }

        /// <summary>Reads a section.</summary>
        public ByteReader Section(int id)
        {
            byte[] content = sections.TryGetValue(id, out byte[]? own) ? own
                : _beside.Sections.TryGetValue(id, out int piece) && Pieces is not null ? Pieces.Section(piece)
                : throw new CorruptionException(path, 0, $"a section for object {id}", "none");
            return new ByteReader(content) { Version = version, Beside = Pieces };
        }

        /// <summary>How many sections there are, those beside the file included.</summary>
        public int Count => sections.Count + _beside.Sections.Count;

        private static (List<StatePiece> Pieces, Dictionary<int, int> Sections) ReadTable(int version, Dictionary<int, byte[]> sections)
        {
            var beside = new Dictionary<int, int>();
            if (version < WithPieces || !sections.TryGetValue(PiecesSection, out byte[]? table))
            {
                return ([], beside);
            }

            var reader = new ByteReader(table);
            List<StatePiece> pieces = PieceWriter.ReadTable(ref reader);
            for (int i = version < WithBlocks ? 0 : reader.ReadCount(); i > 0; i--)
            {
                beside[reader.ReadInt32()] = reader.ReadCount();
            }

            return (pieces, beside);
        }
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
