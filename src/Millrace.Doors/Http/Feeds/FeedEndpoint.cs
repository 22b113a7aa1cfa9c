// Live feeds over HTTP: GET /v1/subscribe?query=, an endpoint's own address, and /v1/ws for many on one connection.
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Http.Access;
using Millrace.Sql;

namespace Millrace.Doors.Http.Feeds;

/// <summary>Opens feeds for clients, as server-sent events or on a WebSocket.</summary>
internal sealed class FeedEndpoint(HttpBackend database, HttpDoorOptions options, EventStreams streams)
{
    // Bytes are made once a change and format, so each format there can be is one object.
    private static readonly Dictionary<(FeedMode, bool), FeedFormat> Formats =
        Enum.GetValues<FeedMode>().SelectMany(m => new[] { true, false }.Select(o => (m, o))).ToDictionary(k => k, k => new FeedFormat(k.m, k.o));

    /// <summary>GET /v1/subscribe?query=SELECT ….</summary>
    public async Task Subscribe(HttpContext context)
    {
        string query = context.Request.Query["query"].ToString();
        if (query.Length == 0)
        {
            throw new HttpException(400, "Bad request", "the address has no query", "GET /v1/subscribe?query=SELECT …");
        }

        FeedRequest request = FeedRequest.Of(context.Request, FeedMode.Changes);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        FeedReader reader;
        try
        {
            Caller.Of(context).RequireQueries();
            reader = await database.Follow(query, request.Since, Caller.Of(context).User, context.RequestAborted);
        }
        catch (SqlException e)
        {
            await Problem.Write(context, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e, query);
            return;
        }

        await Run(context, reader, request, query, objects: false, AccessTo(context, query));
    }

    /// <summary>An endpoint's address, asked for events.</summary>
    public async Task Follow(HttpContext context, PublishedQuery query)
    {
        FeedRequest request = FeedRequest.Of(context.Request, FeedMode.Delta);
        IReadOnlyList<LiteralExpr> arguments = Endpoints.EndpointArguments.Bind(query, context);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await Run(context, await database.FollowEndpoint(query, arguments, request.Since, context.RequestAborted), request, TextOf(query, arguments), objects: true, AccessTo(context, query));
    }

    /// <summary>The pump of a reader into a sink.</summary>
    public FeedPump Pump(FeedReader reader, FeedRequest request, bool objects, IEventSink sink, FeedAccess? access) =>
        new(reader, Formats[(request.Mode, objects)], request, sink, options.KeepAlive, access);

    /// <summary>The permission to follow a query; null where nobody has to log in.</summary>
    public FeedAccess? AccessTo(HttpContext context, string query) => AccessOf(context, (_, caller) => database.AuthorizeFollow(query, caller.User));

    /// <summary>The permission to follow an endpoint; null where nobody has to log in.</summary>
    public FeedAccess? AccessTo(HttpContext context, PublishedQuery query) => AccessOf(context, (catalog, caller) =>
    {
        if (catalog.Find(query.Definition.Id) is { } endpoint)
        {
            caller.RequireEndpoint(catalog, endpoint);
        }
    });

    private FeedAccess? AccessOf(HttpContext context, Action<CatalogSnapshot, Caller> check) =>
        context.Features.Get<Caller>() is { } caller ? new FeedAccess(database.Catalog, caller, options.Time, catalog => check(catalog, caller)) : null;

    /// <summary>An endpoint and its arguments, as the list of subscriptions shows them.</summary>
    public static string TextOf(PublishedQuery query, IReadOnlyList<LiteralExpr> arguments) =>
        $"{query.Name}({string.Join(", ", query.Parameters.Zip(arguments, (p, a) => $"{p.Name} => {(a.Value is null ? "NULL" : TextFormat.ToText(BoxedValue.ToColumn(a.Value, a.Type), 0))}"))})";

    /// <summary>Where a client is.</summary>
    public static string? ClientOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new System.Net.IPEndPoint(address, context.Connection.RemotePort).ToString() : null;

    private async Task Run(HttpContext context, FeedReader reader, FeedRequest request, string text, bool objects, FeedAccess? access)
    {
        await using FeedReader owned = reader;
        reader.Introduce(text, context.WebSockets.IsWebSocketRequest ? "websocket" : "events", ClientOf(context));
        if (request.Mode == FeedMode.Latest && reader.AppendOnly)
        {
            throw new HttpException(400, "Bad parameter", "parameter \"mode\": \"latest\" is for answers whose rows change; this one only grows", "use mode=delta");
        }

        if (context.WebSockets.IsWebSocketRequest)
        {
            using WebSocketConnection socket = await WebSocketConnection.AcceptAsync(context, streams, options);
            Task heard = socket.ListenAsync(message => throw new HttpException(400, "Bad message", "this connection sends and does not listen", "use /v1/ws"));
            FeedPump pump = Pump(reader, request, objects, socket.Subscription(null), access);
            await Guard(pump.RunAsync, socket.Ended);
            await socket.CloseAsync(
                heard, reader.Error is null && !pump.Expired ? WebSocketCloseStatus.EndpointUnavailable : WebSocketCloseStatus.PolicyViolation,
                pump.Expired ? "auth_expired" : reader.Error?.SqlState ?? "the feed has ended");
            return;
        }

        using EventStream stream = streams.Start(context);
        await Guard(() => Pump(reader, request, objects, stream, access).RunAsync(), stream.Ended);
    }

    /// <summary>Runs a pump; that the client goes, or the server stops, is nobody's failure.</summary>
    public static async Task Guard(Func<Task> run, CancellationToken ended)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException && ended.IsCancellationRequested)
        {
            // Nothing to say to anybody.
        }
    }
}
