// GET /v1/subscribe?query=SELECT …: the answer now, then every change to it, as server-sent events.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Sql.Syntax;

namespace Millrace.Doors.Http;

/// <summary>
/// Events: schema, snapshot (one or more, the last says so), then delta and progress, error at the end if there is one. A client that comes back gets a new
/// schema and snapshot. A reader that falls behind by more than the database's limit gets an error event and is closed.
/// </summary>
internal sealed class SubscribeEndpoint(HttpBackend database, EventStreams streams)
{
    private const int SnapshotRows = 2_000;
    private const int FlushBytes = 64 << 10;

    // One batch goes to every subscriber of the same query: its JSON is made once.
    private readonly ConditionalWeakTable<Batch, byte[]> _changes = [];

    public async Task Handle(HttpContext context)
    {
        string query = context.Request.Query["query"].ToString();
        if (query.Length == 0)
        {
            throw new HttpException(400, "Bad request", "the address has no query", "GET /v1/subscribe?query=SELECT …");
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await using Session session = database.NewSession();
        Subscription subscription;
        StatementResult result;
        try
        {
            PreparedStatement prepared = session.Prepare(Follow(session.Parse(query)), query);
            result = await session.ExecuteAsync(prepared, null, context.RequestAborted);
            subscription = result.Subscription ?? throw new BugException("BUG: SUBSCRIBE gave no subscription");
        }
        catch (SqlException e)
        {
            await Problem.Write(context, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e, query);
            return;
        }

        await using (subscription)
        {
            using EventStream stream = streams.Start(context);
            try
            {
                SendSchema(stream, subscription, result.Epoch);
                await Pump(stream, subscription);
            }
            catch (OperationCanceledException) when (stream.Ended.IsCancellationRequested)
            {
                // The client has gone, or the server stops: nothing to say to anybody.
            }
        }
    }

    private static SubscribeStatement Follow(IReadOnlyList<Statement> statements)
    {
        if (statements.Count != 1)
        {
            throw new SqlException("42601", "exactly one statement can be followed", statements.Count > 1 ? statements[1].Position : 0);
        }

        return statements[0] switch
        {
            QueryStatement q => new SubscribeStatement(null, q.Query, []) { Position = q.Position, End = q.End },
            SubscribeStatement s => s,
            Statement other => throw new SqlException("25006", "only a query can be followed: GET changes nothing", other.Position, "POST it to /v1/sql"),
        };
    }

    private async Task Pump(EventStream stream, Subscription subscription)
    {
        long epoch = -1;
        int number = 0;
        while (true)
        {
            while (subscription.Events.TryRead(out SubscriptionEvent? next))
            {
                number = next.Epoch == epoch ? number + 1 : 0;
                epoch = next.Epoch;
                await Send(stream, subscription.Columns.Count, next, EventStream.Id(epoch, number));
                if (stream.Pending > FlushBytes && !await stream.FlushAsync())
                {
                    return;
                }
            }

            if (!await stream.FlushAsync() || await stream.Wait(subscription.Events.WaitToReadAsync) is not true)
            {
                return;
            }
        }
    }

    private async ValueTask Send(EventStream stream, int columns, SubscriptionEvent next, string id)
    {
        switch (next.Kind)
        {
            case SubscriptionEventKind.Snapshot:
                await SendSnapshot(stream, columns, next, id);
                break;
            case SubscriptionEventKind.Delta when next.Batch is { } batch:
                byte[] changes = _changes.GetValue(batch, b => Changes(b, columns));
                stream.Send("delta"u8, id, Encoding.ASCII.GetBytes($"{{\"epoch\":{next.Epoch},\"changes\":"), changes, "}"u8);
                break;
            case SubscriptionEventKind.Error:
                SqlException e = next.Error ?? new SqlException("XX000", "the feed has ended");
                stream.Send("error"u8, id, to =>
                {
                    to.WriteStartObject();
                    Problem.WriteMembers(to, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e);
                    to.WriteEndObject();
                });
                break;
            default:
                stream.Send("progress"u8, id, Encoding.ASCII.GetBytes($"{{\"epoch\":{next.Epoch}}}"));
                break;
        }
    }

    private static void SendSchema(EventStream stream, Subscription subscription, long epoch) => stream.Send("schema"u8, null, to =>
    {
        to.WriteStartObject();
        JsonWrite.Columns(to, subscription.Columns);
        if (subscription.Key is { } key)
        {
            to.WriteStartArray("key"u8);
            foreach (int column in key)
            {
                to.WriteNumberValue(column);
            }

            to.WriteEndArray();
        }
        else
        {
            to.WriteNull("key"u8);
        }

        to.WriteNumber("epoch"u8, epoch);
        to.WriteEndObject();
    });

    private static async ValueTask SendSnapshot(EventStream stream, int columns, SubscriptionEvent next, string id)
    {
        Batch batch = next.Batch ?? new Batch([], 0);
        int start = 0;
        do
        {
            int end = Math.Min(start + SnapshotRows, batch.Count);
            int from = start;
            stream.Send("snapshot"u8, id, to =>
            {
                to.WriteStartObject();
                to.WriteNumber("epoch"u8, next.Epoch);
                to.WriteStartArray("rows"u8);
                for (int row = from; row < end; row++)
                {
                    // A row that counts twice is there twice.
                    for (long copies = batch.Weight(row); copies > 0; copies--)
                    {
                        JsonWrite.Row(to, batch, row, columns);
                    }
                }

                to.WriteEndArray();
                to.WriteBoolean("last"u8, next.Last && end == batch.Count);
                to.WriteEndObject();
            });
            start = end;
            if (stream.Pending > FlushBytes && !await stream.FlushAsync())
            {
                return;
            }
        }
        while (start < batch.Count);
    }

    private static byte[] Changes(Batch batch, int columns)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        to.WriteStartArray();
        for (int row = 0; row < batch.Count; row++)
        {
            to.WriteStartArray();
            to.WriteNumberValue(batch.Weight(row));
            JsonWrite.Row(to, batch, row, columns);
            to.WriteEndArray();
        }

        to.WriteEndArray();
        to.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
