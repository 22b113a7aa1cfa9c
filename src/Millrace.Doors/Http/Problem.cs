// Errors of the HTTP door: every exception becomes one application/problem+json (RFC 9457), here and nowhere else.
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Millrace.Core;
using Millrace.Core.Io;
using Millrace.Doors.Formats;
using Millrace.Formats;

namespace Millrace.Doors.Http;

/// <summary>A refusal that is HTTP's own business, such as 413 or 415.</summary>
internal sealed class HttpException(int status, string title, string detail, string? hint = null) : Exception(detail)
{
    public int Status { get; } = status;

    public string Title { get; } = title;

    public string? Hint { get; } = hint;
}

/// <summary>Maps failures to answers. An answer never carries a stack trace or an exception's type.</summary>
internal static partial class Problem
{
    /// <summary>The HTTP status of an SQLSTATE.</summary>
    public static int StatusOf(string sqlState) => sqlState switch
    {
        "23505" or "23503" or "40001" or "40P01" or "55006" or "2BP01" or "42P07" => 409,
        "53400" => 429,
        "54000" => 413,
        "57014" => 499,
        "42501" or "25006" => 403,
        _ => sqlState[..2] switch
        {
            "28" => 401,
            "53" or "57" or "58" => 503,
            "XX" => 500,
            _ => 400,
        },
    };

    /// <summary>True when there is nobody any more whom an answer could reach.</summary>
    public static bool IsGone(HttpContext context, Exception error) => error switch
    {
        // Kestrel tells whoever reads the body before it tells that the request is aborted.
        ConnectionAbortedException or ConnectionResetException or { InnerException: ConnectionAbortedException or ConnectionResetException } => true,
        OperationCanceledException => context.RequestAborted.IsCancellationRequested,
        IOException and not DiskException => context.RequestAborted.IsCancellationRequested,
        _ => false,
    };

    /// <summary>Answers a failure. When the answer has begun already the connection is cut instead: half an answer must not look whole.</summary>
    public static Task Write(HttpContext context, Exception error, ILogger log, string? sql = null)
    {
        switch (error)
        {
            case Exception when IsGone(context, error):
                return Task.CompletedTask;
            case RowException e:
                return Write(context, StatusOf(e.Error.SqlState), "Bad row", e.Error.Message, e.Error, extra: to =>
                {
                    to.WriteNumber("accepted"u8, 0);
                    to.WriteNumber("rejected"u8, 1);
                    to.WriteStartArray("errors"u8);
                    WriteRowError(to, e);
                    to.WriteEndArray();
                });
            default:
                (int status, string title, string detail, string? hint) = Describe(context, error, log);
                return Write(context, status, title, detail, error as SqlException, sql, hint);
        }
    }

    /// <summary>A failure in words; one that is nobody's fault but the server's is logged.</summary>
    public static (int Status, string Title, string Detail, string? Hint) Describe(HttpContext context, Exception error, ILogger log)
    {
        switch (error)
        {
            case HttpException e:
                return (e.Status, e.Title, e.Message, e.Hint);
            case SqlException e:
                return (StatusOf(e.SqlState), TitleOf(e.SqlState), e.Message, e.Hint);
            case BadHttpRequestException e:
                return (e.StatusCode, "Bad request", e.Message, null);
            case InvalidDataException:
                return (400, "Bad body", "the compressed body is damaged or cut short", "nothing was written; send it again whole");
            case DiskException { IsDiskFull: true }:
                return (503, "Disk full", "the disk is full: nothing is taken in until there is space", null);
            default:
                LogFailure(log, context.Request.Method, context.Request.Path, error);
                return (500, "Internal error", error is BugException ? error.Message : "the server failed to answer; its log says why", null);
        }
    }

    /// <summary>Sets the status and what goes with it.</summary>
    public static void Begin(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        if (status is 503 or 429)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        // What is left of a body that was refused is not worth reading.
        if (status is 413 or 503 or 415 && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true
            && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }
    }

    /// <summary>Answers with a status and a reason.</summary>
    public static async Task Write(
        HttpContext context, int status, string title, string detail, SqlException? error = null, string? sql = null, string? hint = null,
        Action<Utf8JsonWriter>? extra = null)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        Begin(context, status);
        context.Response.ContentType = "application/problem+json";
        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var to = new Utf8JsonWriter(buffer, JsonWrite.Options))
        {
            to.WriteStartObject();
            WriteMembers(to, status, title, detail, error, sql, hint);
            extra?.Invoke(to);
            to.WriteEndObject();
        }

        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Writes the members of a problem into an object that the caller has opened.</summary>
    public static void WriteMembers(
        Utf8JsonWriter to, int status, string title, string detail, SqlException? error = null, string? sql = null, string? hint = null)
    {
        to.WriteString("title"u8, title);
        to.WriteString("detail"u8, detail);
        to.WriteNumber("status"u8, status);
        if (error is not null)
        {
            to.WriteString("sqlstate"u8, error.SqlState);
            if (error.Position >= 0)
            {
                to.WriteNumber("position"u8, error.Position);
                if (sql is not null)
                {
                    (int line, int column) = SqlException.LineAndColumn(sql, error.Position);
                    to.WriteNumber("line"u8, line);
                    to.WriteNumber("column"u8, column);
                }
            }

            if (error.Detail is not null)
            {
                to.WriteString("cause"u8, error.Detail);
            }
        }

        if ((hint ?? error?.Hint) is { } advice)
        {
            to.WriteString("hint"u8, advice);
        }
    }

    /// <summary>Writes <c>{"line", "column", "reason", "hint"}</c>.</summary>
    public static void WriteRowError(Utf8JsonWriter to, RowException error)
    {
        to.WriteStartObject();
        to.WriteNumber("line"u8, error.Line);
        if (error.Column is not null)
        {
            to.WriteString("column"u8, error.Column);
        }

        to.WriteString("reason"u8, error.Error.Message);
        if (error.Error.Hint is not null)
        {
            to.WriteString("hint"u8, error.Error.Hint);
        }

        to.WriteEndObject();
    }

    /// <summary>A short name of an SQLSTATE's class.</summary>
    public static string TitleOf(string sqlState) => sqlState switch
    {
        "42601" => "Syntax error",
        "42P01" or "42703" or "42883" => "Unknown name",
        "0A000" => "Not supported",
        _ => sqlState[..2] switch
        {
            "22" => "Bad value",
            "23" => "Constraint violated",
            "42" => "Bad statement",
            "53" or "54" => "Limit reached",
            "57" => "Not available",
            "XX" => "Internal error",
            _ => "Statement failed",
        },
    };

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void LogFailure(ILogger log, string method, PathString path, Exception error);
}
