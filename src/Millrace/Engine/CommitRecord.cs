// The payload of one log record: everything that one group commit changed.
using System.Buffers.Binary;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>What an entry of a commit holds. Persisted: never renumber.</summary>
internal enum EntryKind : byte
{
    /// <summary>Rows appended to a stream.</summary>
    Append = 1,
    /// <summary>Weighted rows of a table: what changed, already resolved.</summary>
    Change = 2,
    /// <summary>A DDL statement.</summary>
    Definition = 3,
    /// <summary>A change of an object's segments.</summary>
    Segments = 4,
    /// <summary>The database was opened since the record before. Nothing follows.</summary>
    Opened = 5,
}

/// <summary>One entry: rows of one object, a statement, or a change of segments.</summary>
internal readonly record struct CommitEntry(EntryKind Kind, int ObjectId, Batch? Batch, string? Statement, SegmentChange? Segments = null);

/// <summary>
/// Layout: byte version (5, or 6 when views defined in it are split by keys); varint epoch; int64 time (µs since 1970); varint entries; per entry:
/// byte kind, varint object; for rows: int32 bytes, and in them varint columns and the batch (<see cref="BatchCodec"/>); for a statement: its text; for segments: see
/// <see cref="SegmentChange"/>. An epoch that time alone made has no entries. The object may have more columns by now: they were added
/// later. Version 1 had no count of columns: there the batch goes on to the end of its bytes. Before version 3 columns had one form only. Before version 4
/// what retention let go was not logged: it followed from the time of the epoch; before version 5 not up to which
/// time.
/// </summary>
internal static class CommitRecord
{
    private const byte Version = 6;
    private const byte VersionWithoutCounts = 1;
    private const byte VersionWithRetention = 4;
    private const byte VersionWithTimeGone = 5;
    private const byte VersionWithShards = 6;

    public static void Write(ByteWriter writer, long epoch, long timeMicros, IReadOnlyList<CommitEntry> entries, bool withShards = false)
    {
        writer.WriteByte(withShards ? VersionWithShards : VersionWithTimeGone);
        writer.WriteVarint((ulong)epoch);
        writer.WriteInt64(timeMicros);
        writer.WriteVarint((ulong)entries.Count);
        foreach (CommitEntry entry in entries)
        {
            writer.WriteByte((byte)entry.Kind);
            writer.WriteVarint((ulong)entry.ObjectId);
            if (entry.Kind == EntryKind.Definition)
            {
                writer.WriteString(entry.Statement!);
            }
            else if (entry.Kind == EntryKind.Segments)
            {
                entry.Segments!.Write(writer);
            }
            else if (entry.Kind != EntryKind.Opened)
            {
                int at = writer.Length;
                writer.WriteInt32(0);
                writer.WriteVarint((ulong)entry.Batch!.Columns.Length);
                BatchCodec.Write(writer, entry.Batch);
                BinaryPrimitives.WriteInt32LittleEndian(writer.Buffer.AsSpan(at), writer.Length - at - 4);
            }
        }
    }

    /// <summary>True when what retention lets go in an epoch is found in records; false when it is to be worked out from the time.</summary>
    public static bool HasRetention(ReadOnlySpan<byte> payload) => payload[0] >= VersionWithRetention;

    /// <summary>True when views that are defined in it are split by keys.</summary>
    public static bool HasShards(ReadOnlySpan<byte> payload) => payload[0] >= VersionWithShards;

    /// <summary>
    /// Reads a record. <paramref name="schemaOf"/> gives the columns of an object; entries for which it gives null are passed over. A batch has the columns
    /// that were written, which may be fewer.
    /// </summary>
    /// <exception cref="FormatException">The payload is not such a record.</exception>
    public static (long Epoch, long TimeMicros, List<CommitEntry> Entries) Read(ReadOnlySpan<byte> payload, Func<int, Schema?> schemaOf)
    {
        var reader = new ByteReader(payload);
        byte version = reader.ReadByte();
        if (version is < VersionWithoutCounts or > Version)
        {
            throw new FormatException($"commit record of version {version}; this build reads {VersionWithoutCounts} to {Version}");
        }

        long epoch = (long)reader.ReadVarint();
        long time = reader.ReadInt64();
        int count = reader.ReadCount();
        var entries = new List<CommitEntry>();
        for (int i = 0; i < count; i++)
        {
            var kind = (EntryKind)reader.ReadByte();
            int id = reader.ReadCount();
            if (kind == EntryKind.Definition)
            {
                entries.Add(new CommitEntry(kind, id, null, reader.ReadString()));
                continue;
            }

            if (kind == EntryKind.Segments)
            {
                entries.Add(new CommitEntry(kind, id, null, null, SegmentChange.Read(ref reader, version >= VersionWithTimeGone)));
                continue;
            }

            if (kind == EntryKind.Opened)
            {
                entries.Add(new CommitEntry(kind, id, null, null));
                continue;
            }

            if (kind is not (EntryKind.Append or EntryKind.Change))
            {
                throw new FormatException($"commit entry of unknown kind {(byte)kind}");
            }

            var rows = new ByteReader(reader.Read(reader.ReadInt32()));
            if (schemaOf(id) is { } schema)
            {
                entries.Add(new CommitEntry(kind, id, ReadRows(ref rows, schema, version), null));
            }
        }

        return (epoch, time, entries);
    }

    private static Batch ReadRows(ref ByteReader rows, Schema schema, byte version)
    {
        if (version == VersionWithoutCounts)
        {
            return BatchCodec.ReadToEnd(ref rows, schema);
        }

        int columns = rows.ReadCount();
        if (columns > schema.Count)
        {
            throw new FormatException($"rows of {columns} columns where there are {schema.Count}");
        }

        Batch batch = BatchCodec.Read(ref rows, schema.First(columns));
        return rows.Remaining == 0 ? batch : throw new FormatException($"{rows.Remaining} bytes behind the rows");
    }
}
