// How a feed's events look: rows as arrays with weights, or as objects that are put in and taken out.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
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
    // By change, then by place: feeds of the same rows under other names are given one batch, and the place says which feed it is.
    private readonly ConditionalWeakTable<Batch, Dictionary<string, SharedEvent>> _made = [];

    public FeedMode Mode => mode;

    /// <summary>What tells of one epoch's change.</summary>
    /// <param name="batch">The change; one object for all readers of a feed.</param>
    /// <param name="reader">A reader that has just taken it.</param>
    public SharedEvent Delta(Batch batch, FeedReader reader)
    {
        string place = reader.Place;
        Dictionary<string, SharedEvent> made = _made.GetValue(batch, static _ => new Dictionary<string, SharedEvent>(1, StringComparer.Ordinal));
        lock (made)
        {
            // Readers wake up together: whoever is second waits for the first instead of making the same again.
            if (!made.TryGetValue(place, out SharedEvent? shared))
            {
                shared = new SharedEvent("delta"u8, place, Delta(batch, reader, versions: 1));
                made.Add(place, shared);
            }

            return shared;
        }
    }

    /// <summary>The JSON of a change.</summary>
    /// <param name="batch">The change.</param>
    /// <param name="reader">A reader that has just taken it.</param>
    /// <param name="versions">How many epochs' changes are in it.</param>
    public byte[] Delta(Batch batch, FeedReader reader, long versions)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        to.WriteStartObject();
        to.WriteNumber("epoch"u8, reader.Epoch);
        if (versions > 1)
        {
            to.WriteNumber("merged"u8, versions);
        }

        WriteMembers(to, batch, reader);
        to.WriteEndObject();
        to.Flush();
        return buffer.WrittenSpan.ToArray();
    }

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

    private void WriteMembers(Utf8JsonWriter to, Batch batch, FeedReader reader)
    {
        var names = new RowObjects(reader.Columns);
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
