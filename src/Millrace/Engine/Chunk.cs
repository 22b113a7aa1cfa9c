// The rows of an append-only object in arrival order: segments, then chunks, then a tail that still grows.
using Millrace.Core;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>A stretch of consecutive rows. Its batch may be dropped from memory when the log can give it back.</summary>
internal sealed class Chunk
{
    private volatile Batch? _batch;
    private volatile StoredSegment[]? _movedTo;
    private volatile bool _outlived;
    private FrozenBatch? _frozen;
    private volatile Tuple<long, long>? _times;
    private volatile LastOfChunk? _last;

    public Chunk(long firstOffset, int count, Batch? batch, long[] positions, long maxTime, long bytes, int skip = 0)
    {
        Skip = skip;
        FirstOffset = firstOffset;
        Count = count;
        _batch = batch;
        Positions = positions;
        MaxTime = maxTime;
        Bytes = bytes;
    }

    /// <summary>Offset of the first row in its stream.</summary>
    public long FirstOffset { get; }

    public int Count { get; }

    /// <summary>Log positions of the records that hold the rows; empty for derived rows, which the log does not hold.</summary>
    public long[] Positions { get; }

    /// <summary>Largest event time (µs), or the commit time where there is no event time: what retention looks at.</summary>
    public long MaxTime { get; }

    /// <summary>Smallest and largest event time (µs); null when it is not known, or some row has none.</summary>
    public (long Min, long Max)? Times
    {
        get => _times is { } times ? (times.Item1, times.Item2) : null;
        set => _times = value is var (min, max) ? new Tuple<long, long>(min, max) : null;
    }

    /// <summary>What the last question about the newest rows of each series found; null before the first.</summary>
    public LastOfChunk? Last
    {
        get => _last;
        set => _last = value;
    }

    /// <summary>Memory of the batch while it is resident.</summary>
    public long Bytes { get; }

    /// <summary>Rows of its log records that come before its first: they are in segments.</summary>
    public int Skip { get; }

    /// <summary>The rows while they are in memory.</summary>
    public Batch? Resident => _batch;

    /// <summary>The rows as checkpoints know them, where the log does not hold them.</summary>
    public FrozenBatch Frozen => _frozen ??= new FrozenBatch(_batch!);

    /// <summary>Where the rows are as well since they were sealed: a reader of an older epoch finds them there when log and memory have let them go.</summary>
    public StoredSegment[]? MovedTo
    {
        get => _movedTo;
        set => _movedTo = value;
    }

    /// <summary>True when retention has let it go: only readers of older epochs still ask for it, and the log need not have it any longer.</summary>
    public bool Outlived
    {
        get => _outlived;
        set => _outlived = value;
    }

    /// <summary>The chunk without its first <paramref name="rows"/> rows.</summary>
    public Chunk Behind(int rows) =>
        new(FirstOffset + rows, Count - rows, _batch is { } batch ? Slice(batch, rows, Count - rows) : null, Positions, MaxTime, Bytes, Skip + rows) { Times = Times };

    /// <summary>Some consecutive rows of a batch as one of its own.</summary>
    public static Batch Slice(Batch batch, int from, int count)
    {
        var columns = new Column[batch.Columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            ColumnBuilder builder = batch.Columns[c].NewBuilder();
            builder.AppendRange(batch.Columns[c], from, count);
            columns[c] = builder.ToColumn();
        }

        return new Batch(columns, count);
    }

    /// <summary>Drops the batch from memory if the log, up to <paramref name="readableEnd"/>, can give it back.</summary>
    public bool Evict(long readableEnd)
    {
        if (Positions.Length == 0 || Positions[^1] >= readableEnd || _batch is null)
        {
            return false;
        }

        _batch = null;
        return true;
    }
}

/// <summary>Reads a chunk's rows back from where they are durable. Called from any thread.</summary>
internal delegate Batch ChunkLoader(int objectId, Chunk chunk);

/// <summary>The rows of an append-only object at one epoch; immutable.</summary>
internal sealed class ChunkSnapshot(StoredSegment[] segments, Chunk[] chunks, int start, int end, Batch? tail, int timeColumn, long nextOffset)
{
    /// <summary>The offset that the next row gets: as many rows have come, whatever of them retention has left.</summary>
    public long NextOffset => nextOffset;

    /// <summary>The segments, in no order.</summary>
    public StoredSegment[] Segments => segments;

    public IEnumerable<Batch> Scan(int objectId, ChunkLoader load)
    {
        foreach (Batch batch in SegmentReader.InArrivalOrder(segments, SegmentScan.All))
        {
            yield return batch;
        }

        foreach (Batch batch in Unsealed(objectId, load))
        {
            yield return batch;
        }
    }

    /// <summary>The rows that are in no segment, in order.</summary>
    /// <param name="objectId">Whose rows they are.</param>
    /// <param name="load">Gives those that are not in memory.</param>
    /// <param name="times">Conditions on the event time; rows that break one may be left out.</param>
    public IEnumerable<Batch> Unsealed(int objectId, ChunkLoader load, params ColumnRange[] times) => Pieces(objectId, load, times).Select(p => p.Rows);

    /// <summary>As <see cref="Unsealed"/>, without rows that cannot be the last of their series. A batch is lent until the next.</summary>
    /// <param name="objectId">Whose rows they are.</param>
    /// <param name="load">Gives those that are not in memory.</param>
    /// <param name="times">Conditions on the event time.</param>
    /// <param name="last">Which rows are wanted.</param>
    /// <param name="schema">The object's columns.</param>
    public IEnumerable<Batch> UnsealedLast(int objectId, ChunkLoader load, ColumnRange[] times, LastRows last, Schema schema)
    {
        BatchBuilder? some = null;
        foreach ((Chunk? chunk, Batch batch) in Pieces(objectId, load, times))
        {
            if (chunk is null)
            {
                yield return batch;
                continue;
            }

            if (chunk.Last is not { } known || !known.Answers(last))
            {
                chunk.Last = known = LastOfChunk.Of(batch, last, schema);
            }

            if (known.Rows is not { } rows)
            {
                yield return batch;
                continue;
            }

            if (some?.Columns.Length != batch.Columns.Length)
            {
                some = new BatchBuilder(schema.First(batch.Columns.Length));
            }

            some.Reset();
            some.AppendRows(batch, rows);
            yield return some.View();
        }
    }

    // Stretches that may fulfil the conditions; those that still grow come without a chunk.
    private IEnumerable<(Chunk? Chunk, Batch Rows)> Pieces(int objectId, ChunkLoader load, ColumnRange[] times)
    {
        for (int i = start; i < end; i++)
        {
            if (chunks[i].Times is var (min, max) && !Array.TrueForAll(times, t => t.MayMatch(new ZoneMap(ZoneKind.Integer, min, max), hasNulls: false, allNull: false)))
            {
                continue;
            }

            yield return (chunks[i], chunks[i].Resident is { } batch ? batch.Unread() : Load(objectId, chunks[i], load));
        }

        if (tail is { Count: > 0 })
        {
            yield return (null, tail);
        }
    }

    // A checkpoint does not say what times a chunk holds; whoever reads it first tells those who come after.
    private Batch Load(int objectId, Chunk chunk, ChunkLoader load)
    {
        Batch batch = load(objectId, chunk);
        chunk.Times ??= ChunkList.Times(batch, timeColumn);
        return batch;
    }

    public long Rows
    {
        get
        {
            long rows = (tail?.Count ?? 0) + segments.Sum(g => g.Info.Rows);
            for (int i = start; i < end; i++)
            {
                rows += chunks[i].Count;
            }

            return rows;
        }
    }
}

/// <summary>Grows an append-only object's rows. Single writer; readers hold <see cref="ChunkSnapshot"/>s.</summary>
internal sealed partial class ChunkList(Schema schema, int timeColumn)
{
    // A batch of at least this many rows becomes a chunk as it is; smaller ones are gathered until a chunk has SealRows.
    private const int DirectRows = 4096;
    private const int SealRows = 8192;

    private readonly List<long> _tailPositions = [];
    private bool _tailDerived;
    private StoredSegment[] _segments = [];
    private Chunk[] _chunks = [];
    private int _start;
    private int _end;
    private BatchBuilder _tail = new(schema);
    private long _tailMaxTime = long.MinValue;
    private (long Min, long Max)? _tailTimes;

    /// <summary>The column whose value is a row's time; −1 when that is the time of its commit.</summary>
    public int TimeColumn => timeColumn;

    /// <summary>Offset the next row gets: also the number of rows ever appended.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Bytes of sealed chunks in memory.</summary>
    public long ResidentBytes { get; private set; }

    /// <summary>Rows held (in segments, in memory or readable from the log).</summary>
    public long Rows => NextOffset - UnsealedOffset + SegmentRows;

    /// <summary>Rows in segments.</summary>
    public long SegmentRows { get; private set; }

    /// <summary>Bytes of the segments' files.</summary>
    public long SegmentBytes { get; private set; }

    /// <summary>Bytes of the rows of chunks, in memory or not.</summary>
    public long ClosedBytes { get; private set; }

    /// <summary>Offset of the oldest row that is not in a segment.</summary>
    public long UnsealedOffset => _start < _end ? _chunks[_start].FirstOffset : NextOffset - _tail.Count;

    /// <summary>The segments; replaced, never changed.</summary>
    public StoredSegment[] Segments => _segments;

    /// <summary>Appends rows; takes ownership of the batch.</summary>
    /// <param name="batch">Rows without weights.</param>
    /// <param name="position">The log record that holds them, or −1 for derived rows.</param>
    /// <param name="now">The commit's time, µs.</param>
    public void Append(Batch batch, long position, long now)
    {
        (long Min, long Max)? times = Times(batch, timeColumn);
        long maxTime = times?.Max ?? Latest(batch, now);
        if (batch.Count >= DirectRows)
        {
            Seal();
            NextOffset += batch.Count;
            Batch kept = batch.Unread();
            Add(new Chunk(NextOffset - batch.Count, batch.Count, kept, position < 0 ? [] : [position], maxTime, kept.Bytes) { Times = times });
            return;
        }

        _tailTimes = _tail.Count == 0 ? times : times is { } more && _tailTimes is { } held ? (Math.Min(held.Min, more.Min), Math.Max(held.Max, more.Max)) : null;
        _tail.Append(batch);
        NextOffset += batch.Count;
        _tailMaxTime = Math.Max(_tailMaxTime, maxTime);
        if (position >= 0)
        {
            _tailPositions.Add(position);
        }
        else
        {
            // The log does not hold all rows of the chunk that this becomes: it is kept like one of derived rows alone.
            _tailDerived = true;
        }

        if (_tail.Count >= SealRows)
        {
            Seal();
        }
    }

    public ChunkSnapshot Snapshot() => new(_segments, _chunks, _start, _end, _tail.Count == 0 ? null : _tail.Share(), timeColumn, NextOffset);

    /// <summary>Drops resident batches, oldest first, until <paramref name="bytes"/> are freed or nothing is left that the log can give back.</summary>
    /// <param name="bytes">How much to free.</param>
    /// <param name="readableEnd">The log can be read up to here without writing to it.</param>
    public long Evict(long bytes, long readableEnd)
    {
        long freed = 0;
        for (int i = _start; i < _end && freed < bytes; i++)
        {
            if (_chunks[i].Evict(readableEnd))
            {
                freed += _chunks[i].Bytes;
            }
        }

        ResidentBytes -= freed;
        return freed;
    }

    /// <summary>
    /// The oldest chunks, up to <paramref name="rowsMax"/> rows (at least one chunk): what the next segment is made of. The tail is closed first.
    /// </summary>
    public List<Chunk> Oldest(long rowsMax)
    {
        Seal();
        var chunks = new List<Chunk>();
        long rows = 0;
        for (int i = _start; i < _end && (rows == 0 || rows + _chunks[i].Count <= rowsMax); i++)
        {
            chunks.Add(_chunks[i]);
            rows += _chunks[i].Count;
        }

        return chunks;
    }

    /// <summary>Puts a change of segments into effect: rows below its offset are in segments from now on, or nowhere when there are none.</summary>
    public void Apply(SegmentChange change, Func<SegmentInfo, StoredSegment> open)
    {
        StoredSegment[] added = [.. change.Added.Select(open)];
        if (change.Upto > NextOffset - _tail.Count)
        {
            Seal();
        }

        if (change.Added.Count == 0)
        {
            NoteGone(change);
        }

        while (_start < _end && _chunks[_start].FirstOffset < change.Upto)
        {
            Chunk first = _chunks[_start];
            first.MovedTo = added.Length > 0 ? added : null;
            first.Outlived = added.Length == 0;
            long rows = change.Upto - first.FirstOffset;
            if (rows >= first.Count)
            {
                DropFirst();
                continue;
            }

            // Chunks were cut elsewhere when this was decided: the log is replayed from an older checkpoint.
            Chunk rest = first.Behind((int)rows);
            DropFirst();
            _chunks = _chunks[.._end];
            _chunks[--_start] = rest;
            ClosedBytes += rest.Bytes;
            ResidentBytes += rest.Resident is null ? 0 : rest.Bytes;
        }

        SetSegments([.. _segments.Where(s => !change.Removed.Contains(s.Info.Path)), .. added]);
        Compact();
    }

    private void SetSegments(StoredSegment[] segments)
    {
        _segments = segments;
        SegmentRows = segments.Sum(s => s.Info.Rows);
        SegmentBytes = segments.Sum(s => s.Info.FileBytes);
    }

    private void DropFirst()
    {
        Chunk chunk = _chunks[_start++];
        ClosedBytes -= chunk.Bytes;
        ResidentBytes -= chunk.Resident is null ? 0 : chunk.Bytes;
    }

    // Snapshots keep the old array and all that hangs on it; the new one begins where the rows do.
    private void Compact()
    {
        if (_start > 0)
        {
            _chunks = _chunks[_start.._end];
            _end -= _start;
            _start = 0;
        }
    }

    /// <summary>Takes on a schema with more columns. Chunks that are there stay as they are; none holds rows of two widths.</summary>
    public void Widen(Schema wider)
    {
        Seal();
        schema = wider;
        _tail = new BatchBuilder(wider);
    }

    /// <summary>Forgets everything held; offsets go on.</summary>
    public void Clear()
    {
        Seal();
        _chunks = [];
        _start = 0;
        _end = 0;
        ResidentBytes = 0;
        ClosedBytes = 0;
        SetSegments([]);
    }

    /// <summary>The oldest log position still needed to read a row; <see cref="long.MaxValue"/> when none is.</summary>
    public long FirstPosition()
    {
        for (int i = _start; i < _end; i++)
        {
            if (_chunks[i].Positions.Length > 0)
            {
                return _chunks[i].Positions[0];
            }
        }

        return _tailPositions.Count > 0 ? _tailPositions[0] : long.MaxValue;
    }

    /// <summary>Writes where the rows are; the rows themselves only when the log does not hold them.</summary>
    public void Save(ByteWriter writer)
    {
        Seal();
        writer.WriteVarint((ulong)NextOffset);
        writer.WriteInt64(GoneUpto);
        writer.WriteVarint((ulong)(_end - _start));
        for (int i = _start; i < _end; i++)
        {
            Chunk chunk = _chunks[i];
            writer.WriteVarint((ulong)chunk.FirstOffset);
            writer.WriteVarint((ulong)chunk.Count);
            writer.WriteInt64(chunk.MaxTime);
            writer.WriteVarint((ulong)chunk.Bytes);
            writer.WriteVarint((ulong)chunk.Positions.Length);
            foreach (long position in chunk.Positions)
            {
                writer.WriteVarint((ulong)position);
            }

            writer.WriteVarint((ulong)chunk.Skip);
            if (chunk.Positions.Length == 0 && !PieceWriter.TryAdd(writer, chunk.Frozen))
            {
                BatchCodec.Write(writer, chunk.Resident!);
            }
        }

        writer.WriteVarint((ulong)_segments.Length);
        foreach (StoredSegment segment in _segments)
        {
            segment.Info.Write(writer);
        }
    }

    public void Load(ref ByteReader reader, Func<SegmentInfo, StoredSegment> open)
    {
        NextOffset = (long)reader.ReadVarint();
        GoneUpto = reader.Version >= CheckpointFile.WithReach ? reader.ReadInt64() : long.MinValue;
        int count = reader.ReadCount();
        for (int i = 0; i < count; i++)
        {
            long first = (long)reader.ReadVarint();
            int rows = reader.ReadCount();
            long maxTime = reader.ReadInt64();
            long bytes = (long)reader.ReadVarint();
            long[] positions = new long[reader.ReadCount()];
            for (int p = 0; p < positions.Length; p++)
            {
                positions[p] = (long)reader.ReadVarint();
            }

            int skip = reader.ReadCount();
            Batch? batch = null;
            StatePiece? piece = null;
            if (positions.Length == 0)
            {
                piece = PieceWriter.TryFind(ref reader, out BlockSource? apart);
                batch = apart is null ? BatchCodec.Read(ref reader, schema) : FrozenBatch.Load(apart, schema);
            }

            var chunk = new Chunk(first, rows, batch, positions, maxTime, bytes, skip) { Times = batch is null ? null : Times(batch, timeColumn) };
            if (piece is not null)
            {
                chunk.Frozen.Stored = piece;
            }

            Add(chunk);
        }

        var segments = new StoredSegment[reader.ReadCount()];
        for (int i = 0; i < segments.Length; i++)
        {
            segments[i] = open(SegmentInfo.Read(ref reader));
        }

        SetSegments(segments);
    }

    private void Seal()
    {
        if (_tail.Count == 0)
        {
            return;
        }

        Batch batch = _tail.Share();
        Add(new Chunk(NextOffset - batch.Count, batch.Count, batch, _tailDerived ? [] : [.. _tailPositions], _tailMaxTime, batch.Bytes) { Times = _tailTimes });
        _tail = new BatchBuilder(schema);
        _tailPositions.Clear();
        _tailDerived = false;
        _tailMaxTime = long.MinValue;
    }

    private void Add(Chunk chunk)
    {
        if (_end == _chunks.Length)
        {
            Array.Resize(ref _chunks, Math.Max(16, _chunks.Length * 2));
        }

        _chunks[_end++] = chunk;
        ClosedBytes += chunk.Bytes;
        ResidentBytes += chunk.Resident is null ? 0 : chunk.Bytes;
    }

    /// <summary>Smallest and largest event time of a batch (µs); null when a row has none, or rows of its kind have none.</summary>
    internal static (long Min, long Max)? Times(Batch batch, int timeColumn)
    {
        if (timeColumn < 0 || batch.Count == 0 || batch.Columns[timeColumn].Validity is not null)
        {
            return null;
        }

        (long min, long max) = (long.MaxValue, long.MinValue);
        foreach (long time in ((FixedColumn<long>)batch.Columns[timeColumn]).Values.AsSpan(0, batch.Count))
        {
            min = Math.Min(min, time);
            max = Math.Max(max, time);
        }

        return (min, max);
    }

    // Rows without a time are kept as long as if they were of now; others among them may lie ahead of it.
    private long Latest(Batch batch, long now)
    {
        if (timeColumn >= 0)
        {
            var times = (FixedColumn<long>)batch.Columns[timeColumn];
            for (int i = 0; i < batch.Count; i++)
            {
                now = times.IsNull(i) ? now : Math.Max(now, times.Values[i]);
            }
        }

        return now;
    }
}
