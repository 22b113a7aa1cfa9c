// POST /v1/sql: statements in, results as JSON out.
using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Sql.Syntax;

namespace Millrace.Doors.Http;

/// <summary>Runs <c>{"query": "…", "maxRows": 1000}</c>; several statements are one transaction unless they say otherwise.</summary>
internal sealed class SqlEndpoint(HttpBackend database, HttpDoorOptions options)
{
    private const int RowsDefault = 1_000;
    private const int RowsMax = 100_000;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    public async Task Handle(HttpContext context)
    {
        (string query, int maxRows) = await ReadRequest(context);
        await using Session session = Caller.NewSession(context, database);
        IReadOnlyList<StatementResult> results;
        long start = Stopwatch.GetTimestamp();
        try
        {
            IReadOnlyList<Statement> statements = session.Parse(query);
            RefuseFeeds(statements);
            results = await session.ExecuteAsync(statements, query, context.RequestAborted);
        }
        catch (SqlException e)
        {
            await Problem.Write(context, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e, query);
            return;
        }

        double elapsedMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        context.Response.ContentType = "application/json";

        // A buffer of our own: what a failing answer has begun must not be left in the response's pipe.
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var to = new Utf8JsonWriter(buffer, JsonWrite.Options);
        to.WriteStartObject();
        to.WriteStartArray("results"u8);
        foreach (StatementResult result in results)
        {
            await WriteResult(context, to, buffer, result, maxRows, elapsedMs);
        }

        to.WriteEndArray();
        to.WriteEndObject();
        await Send(context, to, buffer);
    }

    private static async ValueTask Send(HttpContext context, Utf8JsonWriter to, ArrayBufferWriter<byte> buffer)
    {
        await to.FlushAsync(context.RequestAborted);
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        buffer.ResetWrittenCount();
    }

    // What goes on for ever, or waits for rows, has its own address.
    private static void RefuseFeeds(IReadOnlyList<Statement> statements)
    {
        foreach (Statement statement in statements)
        {
            if (statement is SubscribeStatement)
            {
                throw new SqlException("0A000", "SUBSCRIBE does not end", statement.Position, "GET /v1/subscribe?query=SELECT … gives server-sent events");
            }

            if (statement is CopyStatement { File: null })
            {
                throw new SqlException(
                    "0A000", "COPY needs a connection of its own", statement.Position, "POST the rows to /v1/streams/{name}, or use the PostgreSQL door");
            }
        }
    }

    private async Task<(string Query, int MaxRows)> ReadRequest(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new HttpException(
                415, "Unsupported content type", "the body must be JSON", "Content-Type: application/json, body {\"query\": \"SELECT 1\"}");
        }

        var body = new ByteWriter(1024);
        await RequestBody.ReadAsync(context, options.SqlBytesMax, null, body.Write);
        try
        {
            using JsonDocument json = JsonDocument.Parse(body.WrittenMemory, Strict);
            string query = json.RootElement.GetProperty("query").GetString() ?? throw new KeyNotFoundException();
            int maxRows = json.RootElement.TryGetProperty("maxRows", out JsonElement max) && max.ValueKind != JsonValueKind.Null ? max.GetInt32() : RowsDefault;
            return (query, Math.Clamp(maxRows, 0, RowsMax));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HttpException(400, "Bad request", "the body is not {\"query\": \"…\", \"maxRows\": 1000}");
        }
    }

    private static async Task WriteResult(
        HttpContext context, Utf8JsonWriter to, ArrayBufferWriter<byte> buffer, StatementResult result, int maxRows, double elapsedMs)
    {
        to.WriteStartObject();
        to.WriteString("command"u8, result.CommandTag);
        Schema columns = result.Columns ?? Schema.Empty;
        JsonWrite.Columns(to, columns);
        to.WriteStartArray("rows"u8);
        int left = maxRows;
        long rows = 0;
        foreach (Batch batch in result.Batches)
        {
            rows += batch.Count;
            int take = Math.Min(left, batch.Count);
            left -= take;
            for (int row = 0; row < take; row++)
            {
                JsonWrite.Row(to, batch, row, columns.Count);
                if (to.BytesPending + buffer.WrittenCount > 1 << 16)
                {
                    await Send(context, to, buffer);
                }
            }
        }

        to.WriteEndArray();
        to.WriteBoolean("truncated"u8, rows > maxRows);
        to.WriteNumber("rowCount"u8, result.RowCount);
        to.WriteNumber("epoch"u8, result.Epoch);
        to.WriteNumber("elapsedMs"u8, Math.Round(elapsedMs, 3));
        to.WriteStartArray("notices"u8);
        foreach (Notice notice in result.Notices)
        {
            to.WriteStringValue(notice.Hint is null ? notice.Message : $"{notice.Message} ({notice.Hint})");
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }
}
