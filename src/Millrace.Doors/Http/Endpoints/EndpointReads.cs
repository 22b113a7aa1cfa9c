// GET /v1/endpoints/{name}?parameters: an endpoint's answer, cached for as long as nothing it reads has changed.
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Millrace.Core;
using Millrace.Doors.Http.Access;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>
/// Reads. The ETag is the version: the epoch at which anything the endpoint reads last changed. While it stands, the same address is answered from
/// memory, and a client that has it already gets 304.
/// </summary>
internal sealed class EndpointReads(HttpDoorOptions options)
{
    private const int FlushBytes = 64 << 10;

    // Versions are epochs, and with durability none an epoch's number may come again after a crash: tags of another lifetime are never ours.
    private readonly string _lifetime = Guid.NewGuid().ToString("N")[..8];
    private readonly AnswerCache _cache = new(options.AnswerCacheBytes);

    /// <summary>Answers a request for rows.</summary>
    public async Task Handle(HttpContext context, PublishedQuery query, AnswerKind kind)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = query.IsSteady ? "no-cache" : "no-store";
        headers.Vary = "Accept, Origin";
        var key = new AnswerCache.Key(query.Name, EndpointArguments.KeyOf(context), kind);
        CachedAnswer? answer = query.IsSteady ? _cache.Find(key) : null;
        if (answer is null || answer.Tag != Tag(query, query.Version, kind))
        {
            answer = await Compute(context, query, kind);
            if (answer is null)
            {
                return;
            }

            if (query.IsSteady)
            {
                _cache.Keep(key, answer);
            }
        }

        if (query.IsSteady)
        {
            headers.ETag = answer.Tag;
            if (Matches(context.Request.Headers.IfNoneMatch, answer.Tag))
            {
                context.Response.StatusCode = 304;
                return;
            }
        }

        context.Response.ContentType = answer.MediaType;
        context.Response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(answer.Body, context.RequestAborted);
        }
    }

    // The answer, or null when it was too large to be held and has been sent already.
    private async ValueTask<CachedAnswer?> Compute(HttpContext context, PublishedQuery query, AnswerKind kind)
    {
        PublishedAnswer rows = query.Read(EndpointArguments.Bind(query, context), context.RequestAborted);
        string tag = Tag(query, rows.Version, kind);
        bool head = HttpMethods.IsHead(context.Request.Method);
        bool sending = false;
        var buffer = new ArrayBufferWriter<byte>(4096);
        await AnswerFormat.Write(kind, query, rows, buffer, async () =>
        {
            if (buffer.WrittenCount < (sending ? FlushBytes : _cache.BodyBytesMax))
            {
                return;
            }

            if (!sending)
            {
                sending = true;
                context.Response.ContentType = AnswerFormat.MediaType(kind);
                if (query.IsSteady)
                {
                    context.Response.Headers.ETag = tag;
                }
            }

            if (!head)
            {
                await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
            }

            buffer.ResetWrittenCount();
        });
        if (!sending)
        {
            return new CachedAnswer(tag, AnswerFormat.MediaType(kind), buffer.WrittenSpan.ToArray());
        }

        if (!head)
        {
            await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }

        return null;
    }

    private string Tag(PublishedQuery query, long version, AnswerKind kind) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\"{_lifetime}-{query.CatalogVersion}-{version}{AnswerFormat.Letter(kind)}\"");

    private static bool Matches(StringValues given, string tag)
    {
        foreach (string? line in given)
        {
            foreach (Range part in line.AsSpan().Split(','))
            {
                ReadOnlySpan<char> one = line.AsSpan()[part].Trim();
                if (one is "*" || (one.StartsWith("W/") ? one[2..] : one).SequenceEqual(tag))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>Arguments out of an address.</summary>
internal static class EndpointArguments
{
    // What is said about the answer and not asked of the query; a parameter cannot have these names.
    private static readonly HashSet<string> Ours = new(["format", "mode", "since", "slow", "min_interval", "snapshot", "ticket"], StringComparer.Ordinal);

    /// <summary>The values of an endpoint's parameters.</summary>
    /// <exception cref="ArgumentRefusedException">One cannot be taken.</exception>
    /// <exception cref="SqlException">42501: the token decides what the endpoint does not know.</exception>
    public static IReadOnlyList<Sql.LiteralExpr> Bind(PublishedQuery query, HttpContext context) => query.Bind(Caller.Of(context).Decide(
        query, context.Request.Query.Where(p => !Ours.Contains(p.Key)).SelectMany(p => p.Value, (p, value) => KeyValuePair.Create(p.Key, value ?? ""))));

    /// <summary>What the answer depends on besides the endpoint: what was asked, and what a token has decided.</summary>
    public static string KeyOf(HttpContext context)
    {
        string asked = context.Request.QueryString.Value ?? "";
        // No address holds a line's end: what one asks for is not what another's token decides.
        return Caller.Of(context).Scope is { Parameters: { Count: > 0 } decided }
            ? asked + string.Concat(decided.Select(p => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\n{p.Key.Length}.{p.Key}{p.Value.Length}.{p.Value}"))) : asked;
    }

    /// <summary>Answers a refused argument: its name, the cause, the fix.</summary>
    public static Task Refuse(HttpContext context, ArgumentRefusedException e) =>
        Problem.Write(context, 400, "Bad parameter", e.Message, extra: to => Members(to, e), hint: e.Fix);

    /// <summary>Writes what a problem says of a refused argument besides its message.</summary>
    public static void Members(Utf8JsonWriter to, ArgumentRefusedException e)
    {
        to.WriteString("parameter"u8, e.Parameter);
        to.WriteString("cause"u8, e.Reason.Message);
        to.WriteString("fix"u8, e.Fix);
        to.WriteString("sqlstate"u8, e.Reason.SqlState);
    }
}
