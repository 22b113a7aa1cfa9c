// One ringing of an alert: a row of its query that has appeared, and what has been told of it.
using System.Buffers.Binary;
using System.Text;
using Millrace.Core;

namespace Millrace.Alerts;

/// <summary>What has been told of an incident's beginning. The words are persisted.</summary>
internal enum Told
{
    /// <summary>Nothing yet.</summary>
    Pending,
    /// <summary>The receiver has taken the message.</summary>
    Delivered,
    /// <summary>Nobody has taken it, and it is not tried any more.</summary>
    Failed,
}

/// <summary>An incident as its row in the alert's table has it.</summary>
/// <param name="Key">The key of the row that has appeared, as JSON.</param>
/// <param name="Id">Names the incident in its messages.</param>
/// <param name="Since">When the row appeared, µs.</param>
/// <param name="Until">When it left; null while it is there.</param>
/// <param name="Told">What has been told of its beginning.</param>
/// <param name="Data">The row when it appeared, as JSON; null when it is too long for a message.</param>
internal sealed record IncidentRow(string Key, Guid Id, long Since, long? Until, Told Told, string? Data)
{
    /// <summary>Appends it to a batch of the table.</summary>
    public void AppendTo(BatchBuilder rows, long weight)
    {
        ((BytesBuilder)rows.Columns[0]).Append(Encoding.UTF8.GetBytes(Key));
        Span<byte> id = stackalloc byte[16];
        Id.TryWriteBytes(id, bigEndian: true, out _);
        ((FixedBuilder<Uuid>)rows.Columns[1]).Append(new Uuid(BinaryPrimitives.ReadUInt64BigEndian(id), BinaryPrimitives.ReadUInt64BigEndian(id[8..])));
        ((FixedBuilder<long>)rows.Columns[2]).Append(Since);
        if (Until is { } until)
        {
            ((FixedBuilder<long>)rows.Columns[3]).Append(until);
        }
        else
        {
            rows.Columns[3].AppendNull();
        }

        ((BytesBuilder)rows.Columns[4]).Append(Encoding.UTF8.GetBytes(Told.ToString().ToLowerInvariant()));
        if (Data is { } data)
        {
            ((BytesBuilder)rows.Columns[5]).Append(Encoding.UTF8.GetBytes(data));
        }
        else
        {
            rows.Columns[5].AppendNull();
        }

        rows.EndRow(weight);
    }

    /// <summary>Reads a row of the table.</summary>
    public static IncidentRow Of(Batch batch, int row)
    {
        Uuid uuid = ((FixedColumn<Uuid>)batch.Columns[1]).Values[row];
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(id, uuid.Hi);
        BinaryPrimitives.WriteUInt64BigEndian(id[8..], uuid.Lo);
        return new IncidentRow(
            Text(0)!, new Guid(id, bigEndian: true), ((FixedColumn<long>)batch.Columns[2]).Values[row],
            batch.Columns[3].IsNull(row) ? null : ((FixedColumn<long>)batch.Columns[3]).Values[row], Enum.Parse<Told>(Text(4)!, ignoreCase: true), Text(5));

        string? Text(int column) => batch.Columns[column].IsNull(row) ? null : Encoding.UTF8.GetString(((BytesColumn)batch.Columns[column]).Span(row));
    }
}

/// <summary>An incident: how it is in the table, how it shall be, and how often its next message was tried.</summary>
internal sealed class Incident(IncidentRow? stored, IncidentRow now)
{
    /// <summary>Its row in the table; null when there is none yet.</summary>
    public IncidentRow? Stored { get; set; } = stored;

    /// <summary>Its row as it shall be.</summary>
    public IncidentRow Now { get; set; } = now;

    /// <summary>True when nothing is left to be told and the row has left.</summary>
    public bool IsOver { get; set; }

    /// <summary>How often the row is in the answer.</summary>
    public long Copies { get; set; }

    /// <summary>Attempts at the next message so far.</summary>
    public int Attempts { get; set; }

    /// <summary>What is to be told next: true that it began, false that it ended, null for nothing.</summary>
    public bool? Message => IsOver ? null : Now.Told == Told.Pending ? true : Now is { Told: Told.Delivered, Until: not null } ? false : null;

    /// <summary>Since when the next message waits, µs.</summary>
    public long WaitsSince => Message == false ? Now.Until!.Value : Now.Since;
}
