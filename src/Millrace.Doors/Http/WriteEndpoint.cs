// POST /write and POST /api/v2/write: InfluxDB's line protocol.
using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Doors.Http.Access;
using Millrace.Doors.LineProtocol;

namespace Millrace.Doors.Http;

/// <summary>
/// Takes lines from any client that speaks to InfluxDB 1 or 2. Good lines are written, as one commit; bad ones are told, in the error shape of the API that
/// was asked; <c>accept_partial=false</c> refuses all when one is bad. db, rp, bucket and org are accepted and mean nothing: measurements are streams in
/// namespace public. User, password and token are asked for as everywhere.
/// </summary>
internal sealed class WriteEndpoint
{
    private readonly HttpBackend _database;
    private readonly HttpDoorOptions _options;
    private readonly IngestBudget _budget;
    private readonly LineWriter _writer;
    private readonly LineLimits _limits;

    public WriteEndpoint(HttpBackend database, HttpDoorOptions options, IngestBudget budget)
    {
        _database = database;
        _options = options;
        _budget = budget;
        _writer = new LineWriter(database.Catalog, database.NewSession, database.AppendAllAsync);
        _limits = new LineLimits { ErrorsTold = options.ErrorsTold };
    }

    /// <summary>The API of InfluxDB 1.</summary>
    public Task HandleV1(HttpContext context, ILogger log) => Answer(context, log, isV2: false);

    /// <summary>The API of InfluxDB 2.</summary>
    public Task HandleV2(HttpContext context, ILogger log) => Answer(context, log, isV2: true);

    private async Task Answer(HttpContext context, ILogger log, bool isV2)
    {
        InfluxEndpoint.Introduce(context);
        try
        {
            (LineReader read, bool partial) = await Handle(context);
            if (read.Dropped == 0)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            LineError[] errors = [.. read.Errors.OrderBy(e => e.Line)];
            await WriteError(context, isV2, StatusCodes.Status400BadRequest, Message(read, partial, errors), errors[0].Line);
        }
        catch (LineLimitException e)
        {
            await WriteError(context, isV2, StatusCodes.Status413PayloadTooLarge, e.Message + "; nothing was written");
        }
        catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            if (Problem.IsGone(context, e))
            {
                return;
            }

            (int status, string title, string detail, string? hint) = Problem.Describe(context, e, log);
            await WriteError(context, isV2, status, $"{title.ToLowerInvariant()}: {detail}{(hint is null ? "" : $" ({hint})")}");
        }
    }

    private async Task<(LineReader Read, bool Partial)> Handle(HttpContext context)
    {
        string precision = context.Request.Query["precision"].ToString();
        if (!LineTime.TryParse(precision, out LineTime unit))
        {
            throw new HttpException(400, "Invalid precision", $"\"{precision}\" is none of ns, us, ms, s, m, h");
        }

        bool partial = context.Request.Query["accept_partial"].ToString() != "false";
        Sql.CatalogSnapshot catalog = _database.Catalog();
        var read = new LineReader(name => catalog.Find(LineWriter.Namespace, name), unit, NowMicros(), _limits) { ExpectedBytes = context.Request.ContentLength ?? 0 };
        using var lease = new IngestLease(_budget);
        await RequestBody.ReadAsync(context, _options.BodyBytesMax, lease, read.Write);
        read.Complete();

        // From here on the rows are whole: a client that goes away does not undo the commit.
        Caller caller = Caller.Of(context);
        long rows = await _writer.WriteAsync(read, partial, (name, target) =>
        {
            if (target is null)
            {
                caller.RequireMake(_database.Catalog(), name);
            }
            else
            {
                caller.RequireWrite(_database.Catalog(), target);
            }
        }, CancellationToken.None);
        context.Response.Headers["X-Millrace-Rows"] = rows.ToString(CultureInfo.InvariantCulture);
        return (read, partial);
    }

    private long NowMicros() => (_options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static string Message(LineReader read, bool partial, LineError[] errors)
    {
        string lines = string.Join('\n', errors.Select(e => string.Create(CultureInfo.InvariantCulture, $"line {e.Line}: {e.Message}")));
        string more = read.Dropped > errors.Length ? string.Create(CultureInfo.InvariantCulture, $"\nand {read.Dropped - errors.Length} more") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{(partial ? "partial write" : "nothing was written")}: {lines}{more} dropped={read.Dropped}");
    }

    /// <summary>Answers a failure in the shape of the API that was asked.</summary>
    public static async Task WriteError(HttpContext context, bool isV2, int status, string message, long line = 0)
    {
        string code = status switch
        {
            400 => "invalid",
            401 => "unauthorized",
            403 => "forbidden",
            413 => "request too large",
            415 => "unsupported media type",
            429 => "too many requests",
            503 => "unavailable",
            _ => "internal error",
        };
        var buffer = new ArrayBufferWriter<byte>(256);
        await using (var to = new Utf8JsonWriter(buffer, JsonWrite.Options))
        {
            to.WriteStartObject();
            if (isV2)
            {
                to.WriteString("code"u8, code);
                to.WriteString("message"u8, message);
                if (line > 0)
                {
                    to.WriteNumber("line"u8, line);
                }
            }
            else
            {
                to.WriteString("error"u8, message);
            }

            to.WriteEndObject();
        }

        Problem.Begin(context, status);
        if (isV2)
        {
            context.Response.Headers["X-Platform-Error-Code"] = code;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
