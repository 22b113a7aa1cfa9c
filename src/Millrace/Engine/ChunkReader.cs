// Rows that memory has let go: read back from the log, or from the segments they have become.
using Millrace.Core;
using Millrace.Log;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>
/// Gives the rows of chunks that are not in memory, and keeps those it gave last, so that questions about rows that wait to be sealed do not
/// read the log again and again. Called from readers' threads: touches only the log's random access, schemas, and what it keeps.
/// </summary>
/// <param name="log">Holds the rows.</param>
/// <param name="bytesMax">Bytes of rows that are kept at most.</param>
internal sealed class ChunkReader(WriteAheadLog log, long bytesMax)
{
    private readonly Dictionary<int, Schema> _schemas = [];
    private readonly Dictionary<Chunk, LinkedListNode<(Chunk Chunk, Batch Rows)>> _kept = [];
    private readonly LinkedList<(Chunk Chunk, Batch Rows)> _byUse = [];
    private readonly Lock _lock = new();

    /// <summary>Bytes of the rows kept.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>The columns that an object's rows have from now on.</summary>
    public void SetSchema(int objectId, Schema columns)
    {
        lock (_schemas)
        {
            _schemas[objectId] = columns;
        }
    }

    /// <summary>The columns of an object's rows; null for one that was never there.</summary>
    public Schema? SchemaOf(int objectId)
    {
        lock (_schemas)
        {
            return _schemas.GetValueOrDefault(objectId);
        }
    }

    /// <summary>A chunk's rows.</summary>
    public Batch Load(int objectId, Chunk chunk)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(chunk, out LinkedListNode<(Chunk Chunk, Batch Rows)>? node))
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return node.Value.Rows.Unread();
            }
        }

        Batch rows = Read(objectId, chunk).Unread();
        Keep(chunk, rows);
        return rows.Unread();
    }

    private void Keep(Chunk chunk, Batch rows)
    {
        if (chunk.MovedTo is not null || chunk.Bytes > bytesMax)
        {
            return;
        }

        lock (_lock)
        {
            if (!_kept.TryAdd(chunk, new LinkedListNode<(Chunk, Batch)>((chunk, rows))))
            {
                return;
            }

            _byUse.AddLast(_kept[chunk]);
            KeptBytes += chunk.Bytes;
            while (KeptBytes > bytesMax)
            {
                Chunk last = _byUse.First!.Value.Chunk;
                _byUse.RemoveFirst();
                _kept.Remove(last);
                KeptBytes -= last.Bytes;
            }
        }
    }

    private Batch Read(int objectId, Chunk chunk)
    {
        if (chunk.MovedTo is null)
        {
            try
            {
                Batch rows = ReadLog(objectId, chunk);
                return rows.Count == chunk.Count ? rows : Chunk.Slice(rows, chunk.Skip, chunk.Count);
            }
            catch (CorruptionException) when (chunk.MovedTo is not null)
            {
                // Sealed, and freed from the log, just now.
            }
            catch (CorruptionException) when (chunk.Outlived && chunk.Positions[0] < log.First.Value)
            {
                throw new SqlException(
                    "72000", "snapshot too old: retention has let rows go that it shows, and the log has been freed of them", hint: "read again, as of now");
            }
        }

        BatchBuilder? found = null;
        var scan = new SegmentScan { FromOffset = chunk.FirstOffset, ToOffset = chunk.FirstOffset + chunk.Count };
        foreach (Batch batch in SegmentReader.InArrivalOrder(chunk.MovedTo!, scan))
        {
            found ??= new BatchBuilder(SchemaOf(objectId)!.First(batch.Columns.Length));
            found.Append(batch);
        }

        Check.That(found is not null && found.Count == chunk.Count);
        return found.Share();
    }

    private Batch ReadLog(int objectId, Chunk chunk)
    {
        Schema schema = SchemaOf(objectId)!;
        BatchBuilder? builder = null;
        foreach (long position in chunk.Positions)
        {
            byte[] payload = log.ReadAt(new LogPosition(position));
            (_, _, List<CommitEntry> entries) = CommitRecord.Read(payload, id => id == objectId ? schema : null);
            foreach (CommitEntry entry in entries.Where(e => e.Kind == EntryKind.Append))
            {
                if (chunk.Positions.Length == 1)
                {
                    return entry.Batch!;
                }

                // Rows from before a column was added come without it; all rows of a chunk have the same columns.
                builder ??= new BatchBuilder(schema.First(entry.Batch!.Columns.Length));
                builder.Append(entry.Batch!);
            }
        }

        Check.That(builder is not null && builder.Count >= chunk.Skip + chunk.Count);
        return builder.Share();
    }
}
