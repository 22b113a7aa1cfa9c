// What a checkpoint keeps beside its sections: pieces of state by number, new ones and those that an earlier checkpoint has written.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>State that never changes any more: it is written once, beside the engine, and named from then on.</summary>
internal interface IFrozen
{
    /// <summary>Memory held, in bytes.</summary>
    long Bytes { get; }

    /// <summary>Where the newest checkpoint has it. Set and read by the engine's thread.</summary>
    StatePiece? Stored { get; set; }

    /// <summary>Writes it in blocks of bounded size; on any thread.</summary>
    void SaveBlocks(BlockSink sink);
}

/// <summary>A batch that stays as it is.</summary>
internal sealed class FrozenBatch(Batch batch) : IFrozen
{
    // Its own view of the columns: what the engine's thread notes when it reads text is not for another thread to see.
    private readonly Batch _batch = batch.Unread();

    public long Bytes { get; } = batch.Bytes;

    public StatePiece? Stored { get; set; }

    public void SaveBlocks(BlockSink sink)
    {
        var writer = new ByteWriter((int)Math.Min(Bytes + 1024, 1 << 30));
        BatchCodec.Write(writer, _batch);
        StateFile.Cut(writer.Written, sink);
    }

    /// <summary>Reads what <see cref="SaveBlocks"/> wrote.</summary>
    public static Batch Load(BlockSource source, Schema columns)
    {
        byte[] bytes = new byte[source.Bytes];
        source.Fill(bytes);
        source.End();
        var reader = new ByteReader(bytes);
        return BatchCodec.Read(ref reader, columns);
    }
}

/// <summary>The blocks of a piece as one stretch of bytes.</summary>
internal sealed class BlockSource(IReadOnlyList<StateExtent> extents, StateFile.Reader files)
{
    private byte[] _block = [];
    private int _at;
    private int _next;

    /// <summary>Bytes in all blocks.</summary>
    public long Bytes => extents.Sum(e => (long)e.Bytes);

    /// <summary>Reads as many bytes as there is room for.</summary>
    /// <exception cref="FormatException">Fewer are left.</exception>
    public void Fill(Span<byte> into)
    {
        while (into.Length > 0)
        {
            if (_at == _block.Length)
            {
                _block = _next < extents.Count ? files.Read(extents[_next++]) : throw new FormatException($"{into.Length} bytes more expected of a piece of state");
                _at = 0;
                continue;
            }

            int part = Math.Min(into.Length, _block.Length - _at);
            _block.AsSpan(_at, part).CopyTo(into);
            into = into[part..];
            _at += part;
        }
    }

    /// <summary>Checks that everything was read.</summary>
    public void End()
    {
        if (_at != _block.Length || _next != extents.Count)
        {
            throw new FormatException("a piece of state goes on behind its end");
        }
    }
}

/// <summary>The pieces that a checkpoint names, for whoever loads a section.</summary>
internal sealed class PieceReader(IReadOnlyList<StatePiece> pieces, StateFile.Reader files) : Beside
{
    /// <summary>The blocks of the sections read so far.</summary>
    public SectionBlocks Blocks { get; } = new();

    /// <summary>All of a piece that is a section.</summary>
    /// <exception cref="CorruptionException">One of its blocks is damaged.</exception>
    public byte[] Section(int number)
    {
        List<StateExtent> extents = Piece(number).Extents;
        long bytes = extents.Sum(e => (long)e.Bytes);
        byte[] content = bytes <= Array.MaxLength ? GC.AllocateUninitializedArray<byte>((int)bytes) : throw new FormatException($"a section of {bytes} bytes");
        int at = 0;
        foreach (StateExtent extent in extents)
        {
            byte[] block = files.Read(extent);
            block.CopyTo(content, at);
            at += block.Length;
            Blocks.Note(SectionBlocks.HashOf(block), extent);
        }

        return content;
    }

    public StatePiece Piece(int number) => number < pieces.Count ? pieces[number] : throw new FormatException($"piece {number} of {pieces.Count}");

    public BlockSource Open(int number) => new(Piece(number).Extents, files);
}

/// <summary>
/// Collects the pieces of a checkpoint. What is added is immutable: saying so is all that the engine's thread does, <see cref="Write"/> goes on beside it.
/// A piece, or a block of a section, that lies in a file of an earlier checkpoint is named again, unless more than half of that file is garbage by now: then it moves.
/// </summary>
/// <param name="bytesMin">Smaller parts are written with their section.</param>
/// <param name="files">The files that the newest checkpoint names, with their lengths.</param>
/// <param name="known">The blocks of the newest checkpoint's sections.</param>
internal sealed class PieceWriter(long bytesMin, IReadOnlyDictionary<long, long> files, SectionBlocks known) : Beside
{
    private readonly long _bytesMin = bytesMin;
    private readonly List<(IFrozen? Part, StatePiece Piece)> _pieces = [];
    private readonly Dictionary<long, long> _live = [];

    /// <summary>The blocks of this checkpoint's sections.</summary>
    public SectionBlocks Blocks { get; } = new();

    /// <summary>What is copied into the sections beside the engine.</summary>
    public List<ICopiedLater> Frozen { get; } = [];

    /// <summary>Those that are being said, the innermost on top; null where arrays are written at once.</summary>
    public Stack<FrozenSlots?> Freezing { get; } = new();

    /// <summary>True for what is not written at once.</summary>
    public bool IsLarge(long bytes) => bytes >= _bytesMin;

    /// <summary>Pieces added so far.</summary>
    public int Count => _pieces.Count;

    /// <summary>Bytes named, in this file and in earlier ones.</summary>
    public long Bytes => _pieces.Sum(p => p.Piece.Extents.Sum(e => (long)e.Bytes));

    /// <summary>Adds a part, and writes into its section by what number it is found; false when it is small enough to lie in the section itself.</summary>
    public static bool TryAdd(ByteWriter section, IFrozen part)
    {
        if (section.Beside is not PieceWriter pieces || part.Bytes < pieces._bytesMin)
        {
            section.WriteByte(0);
            return false;
        }

        section.WriteByte(1);
        section.WriteVarint((ulong)pieces._pieces.Count);
        pieces._pieces.Add((part, part.Stored ?? new StatePiece()));
        return true;
    }

    /// <summary>Reads what <see cref="TryAdd"/> wrote: the piece, or null when the part follows in the section.</summary>
    public static StatePiece? TryFind(ref ByteReader section, out BlockSource? source)
    {
        source = null;
        if (section.Version < CheckpointFile.WithPieces || section.ReadByte() == 0)
        {
            return null;
        }

        PieceReader pieces = section.Beside as PieceReader ?? throw new FormatException("a part of the state that lies in another file, and no such file");
        int number = section.ReadCount();
        source = pieces.Open(number);
        return pieces.Piece(number);
    }

    /// <summary>Writes what is new, and names the rest again; on any thread.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="sections">What was said of each object, as blocks; each becomes a piece behind those added before, in this order.</param>
    public void Write(StateFile.Writer file, IReadOnlyList<(ReadOnlyMemory<byte> Content, List<SectionBlock> Blocks)> sections)
    {
        IEnumerable<StateExtent> blocks = sections.SelectMany(s => s.Blocks).Select(b => known.Find(b.Hash)).OfType<StateExtent>().Distinct();
        foreach (StateExtent extent in _pieces.SelectMany(p => p.Piece.Extents).Concat(blocks))
        {
            _live[extent.File] = _live.GetValueOrDefault(extent.File) + extent.Bytes;
        }

        for (int i = 0; i < _pieces.Count; i++)
        {
            (IFrozen? part, StatePiece piece) = _pieces[i];
            if (piece.Extents.Count == 0 || !piece.Extents.TrueForAll(Stays))
            {
                piece = new StatePiece();
                _pieces[i] = (part, piece);
                part!.SaveBlocks(block => piece.Extents.Add(file.Append(block)));
            }
        }

        foreach ((ReadOnlyMemory<byte> content, List<SectionBlock> cut) in sections)
        {
            var piece = new StatePiece();
            _pieces.Add((null, piece));
            foreach (SectionBlock block in cut)
            {
                StateExtent extent = Blocks.Find(block.Hash)
                    ?? (known.Find(block.Hash) is { } there && Stays(there) ? there : file.Append(content.Span.Slice(block.Start, block.Length)));
                Blocks.Note(block.Hash, extent);
                piece.Extents.Add(extent);
            }
        }
    }

    private bool Stays(StateExtent extent) => files.TryGetValue(extent.File, out long bytes) && _live[extent.File] >= bytes / 2;

    /// <summary>Writes where each piece is.</summary>
    public void WriteTable(ByteWriter writer)
    {
        writer.WriteVarint((ulong)_pieces.Count);
        foreach ((_, StatePiece piece) in _pieces)
        {
            writer.WriteVarint((ulong)piece.Extents.Count);
            foreach (StateExtent extent in piece.Extents)
            {
                writer.WriteVarint((ulong)extent.File);
                writer.WriteVarint((ulong)extent.Offset);
                writer.WriteVarint((ulong)extent.Bytes);
                writer.WriteInt32((int)extent.Crc);
            }
        }
    }

    /// <summary>Reads what <see cref="WriteTable"/> wrote.</summary>
    public static List<StatePiece> ReadTable(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        var pieces = new List<StatePiece>();
        for (int i = 0; i < count; i++)
        {
            var piece = new StatePiece();
            int extents = reader.ReadCount();
            for (int e = 0; e < extents; e++)
            {
                piece.Extents.Add(new StateExtent((long)reader.ReadVarint(), (long)reader.ReadVarint(), reader.ReadCount(), (uint)reader.ReadInt32()));
            }

            pieces.Add(piece);
        }

        return pieces;
    }

    /// <summary>The files that are named.</summary>
    public IEnumerable<long> Files => _pieces.SelectMany(p => p.Piece.Extents.Select(e => e.File)).Distinct();

    /// <summary>The checkpoint is durable: the next one may name its pieces.</summary>
    public void Published()
    {
        foreach ((IFrozen? part, StatePiece piece) in _pieces)
        {
            if (part is not null)
            {
                part.Stored = piece;
            }
        }
    }
}
