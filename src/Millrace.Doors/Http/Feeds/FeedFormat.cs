// How a feed's events look: rows as arrays with weights, or as objects that are put in and taken out.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Doors.Http.Endpoints;

namespace Millrace.Doors.Http.Feeds;

/// <summary>What a delta event holds.</summary>
internal enum FeedMode
{
    /// <summary><c>"upserts":[{…}],"deletes":[{key}]</c>.</summary>
    Delta,
    /// <summary><c>"changes":[[weight,row], …]</c>.</summary>
    Changes,
    /// <summary>The whole answer each time it has changed.</summary>
    Latest,
}

/// <summary>Writes batches as JSON. One change goes to every reader of a feed: its bytes are made once.</summary>
/// <param name="mode">What a delta holds.</param>
/// <param name="objects">Rows as objects, else as arrays.</param>
internal sealed class FeedFormat(FeedMode mode, bool objects)
{
    private readonly ConditionalWeakTable<Batch, byte[]> _made = [];

    public FeedMode Mode => mode;

    /// <summary>The members of a delta event that tell what has changed.</summary>
    public byte[] Members(Batch batch, FeedReader reader, bool shared) =>
        shared ? _made.GetValue(batch, b => Make(b, reader)) : Make(batch, reader);

    /// <summary>Writes one row.</summary>
    public void Row(Utf8JsonWriter to, Batch batch, int row, RowObjects names, int columns)
    {
        if (objects)
        {
            names.Write(to, batch, row);
        }
        else
        {
            JsonWrite.Row(to, batch, row, columns);
        }
    }

    private byte[] Make(Batch batch, FeedReader reader)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        var names = new RowObjects(reader.Columns);
        to.WriteStartObject();
        if (mode == FeedMode.Changes)
        {
            to.WriteStartArray("changes"u8);
            for (int row = 0; row < batch.Count; row++)
            {
                to.WriteStartArray();
                to.WriteNumberValue(batch.Weight(row));
                Row(to, batch, row, names, reader.Columns.Count);
                to.WriteEndArray();
            }

            to.WriteEndArray();
        }
        else
        {
            Split(to, batch, names, reader);
        }

        to.WriteEndObject();
        to.Flush();
        return buffer.WrittenSpan[1..^1].ToArray();
    }

    // Rows come in the order of their keys: an old and a new row of one key are neighbours, and the new one says it all.
    private void Split(Utf8JsonWriter to, Batch batch, RowObjects names, FeedReader reader)
    {
        IReadOnlyList<int>? key = reader.Key;
        var deletes = new List<int>();
        var upserted = key is null ? null : new HashSet<string>(StringComparer.Ordinal);
        to.WriteStartArray("upserts"u8);
        for (int row = 0; row < batch.Count; row++)
        {
            if (batch.Weight(row) < 0)
            {
                deletes.Add(row);
                continue;
            }

            upserted?.Add(KeyText(batch, row, key!, names));
            for (long copies = key is null ? batch.Weight(row) : 1; copies > 0; copies--)
            {
                Row(to, batch, row, names, reader.Columns.Count);
            }
        }

        to.WriteEndArray();
        to.WriteStartArray("deletes"u8);
        foreach (int row in deletes)
        {
            if (key is null)
            {
                for (long copies = -batch.Weight(row); copies > 0; copies--)
                {
                    Row(to, batch, row, names, reader.Columns.Count);
                }
            }
            else if (!upserted!.Contains(KeyText(batch, row, key, names)))
            {
                names.Write(to, batch, row, key);
            }
        }

        to.WriteEndArray();
    }

    private static string KeyText(Batch batch, int row, IReadOnlyList<int> key, RowObjects names)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        names.Write(to, batch, row, key);
        to.Flush();
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
