// GET /v1/ws: many feeds on one WebSocket, opened and closed by messages.
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Http.Access;
using Millrace.Doors.Http.Endpoints;

namespace Millrace.Doors.Http.Feeds;

/// <summary>
/// Messages in: <c>{"subscribe":"a","query":"SELECT …"}</c>, <c>{"subscribe":"b","endpoint":"name","params":{…}}</c>, <c>{"unsubscribe":"a"}</c>. Events come back as
/// <c>{"sub":"a","event":"…","id":"…","data":{…}}</c>; what is wrong with one subscription is an error event of its own and leaves the others alone.
/// </summary>
internal sealed class SocketEndpoint(HttpBackend database, HttpDoorOptions options, EventStreams streams, FeedEndpoint feeds, EndpointRoutes endpoints)
{
    private const int SubscriptionsMax = 64;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Serves one connection.</summary>
    public async Task Handle(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            throw new HttpException(426, "Upgrade required", "this address is a WebSocket", "open it with new WebSocket(…), or use GET /v1/subscribe");
        }

        using WebSocketConnection connection = await WebSocketConnection.AcceptAsync(context, streams, options);
        var subscriptions = new Dictionary<string, (WebSocketConnection.Sink Sink, Task Task)>(StringComparer.Ordinal);
        await connection.ListenAsync(text => Take(context, connection, text, subscriptions));
        foreach ((_, Task task) in subscriptions.Values)
        {
            await task;
        }

        foreach ((WebSocketConnection.Sink sink, _) in subscriptions.Values)
        {
            sink.Dispose();
        }
    }

    private async Task Take(
        HttpContext context, WebSocketConnection connection, string text, Dictionary<string, (WebSocketConnection.Sink Sink, Task Task)> subscriptions)
    {
        Message message = Message.Of(text);
        if (message.Unsubscribe is { } leaving)
        {
            if (subscriptions.Remove(leaving, out (WebSocketConnection.Sink Sink, Task Task) left))
            {
                await left.Sink.LeaveAsync();
                await left.Task;
                left.Sink.Dispose();
            }

            return;
        }

        string name = message.Subscribe!;
        foreach (string over in subscriptions.Where(s => s.Value.Task.IsCompleted).Select(s => s.Key).ToList())
        {
            subscriptions.Remove(over, out (WebSocketConnection.Sink Sink, Task Task) gone);
            gone.Sink.Dispose();
        }

        if (subscriptions.ContainsKey(name) || subscriptions.Count >= SubscriptionsMax)
        {
            throw new HttpException(400, "Bad message", subscriptions.ContainsKey(name) ? "this subscription is open already" : $"{SubscriptionsMax} subscriptions a connection at most");
        }

        WebSocketConnection.Sink sink = connection.Subscription(name);
        subscriptions.Add(name, (sink, Serve(context, message, sink)));
    }

    private async Task Serve(HttpContext context, Message message, WebSocketConnection.Sink sink)
    {
        await Task.Yield();
        try
        {
            FeedRequest request = FeedRequest.Of(message.Wish, message.Wish("since"), message.Endpoint is null ? FeedMode.Changes : FeedMode.Delta);
            (FeedReader opened, FeedAccess? access) = await Open(context, message, request, sink.Ended);
            await using FeedReader reader = opened;
            reader.Introduce(message.Query ?? message.Endpoint!, "websocket", FeedEndpoint.ClientOf(context));
            await feeds.Pump(reader, request, message.Endpoint is not null, sink, access).RunAsync();
        }
        catch (Exception e) when (e is SqlException or HttpException or ArgumentRefusedException)
        {
            await Tell(sink, e, message.Query);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // The client has gone, or has left this feed.
        }
    }

    private async ValueTask<(FeedReader Reader, FeedAccess? Access)> Open(HttpContext context, Message message, FeedRequest request, CancellationToken cancellation)
    {
        if (message.Endpoint is not { } name)
        {
            Caller.Of(context).RequireQueries();
            FeedAccess? access = feeds.AccessTo(context, message.Query!);
            RequireStill(access);
            return (await database.Follow(message.Query!, request.Since, Caller.Of(context).User, cancellation), access);
        }

        PublishedQuery query = endpoints.Find(context, name);
        FeedAccess? toEndpoint = feeds.AccessTo(context, query);
        RequireStill(toEndpoint);
        return (await database.FollowEndpoint(query, query.Bind(Caller.Of(context).Decide(query, message.Parameters)), request.Since, cancellation), toEndpoint);
    }

    // The connection may have been opened long ago, by a token that is gone since.
    private static void RequireStill(FeedAccess? access)
    {
        if (access?.Gone() is { } reason)
        {
            throw new SqlException("28000", reason, hint: "open a new connection, with a token that is good");
        }
    }

    private static async Task Tell(WebSocketConnection.Sink sink, Exception failure, string? sql)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var to = new Utf8JsonWriter(buffer, Formats.JsonWrite.Options))
        {
            to.WriteStartObject();
            switch (failure)
            {
                case SqlException e: Problem.WriteMembers(to, Problem.StatusOf(e.SqlState), Problem.TitleOf(e.SqlState), e.Message, e, sql); break;
                case HttpException e: Problem.WriteMembers(to, e.Status, e.Title, e.Message, hint: e.Hint); break;
                case ArgumentRefusedException e:
                    Problem.WriteMembers(to, 400, "Bad parameter", e.Message, hint: e.Fix);
                    EndpointArguments.Members(to, e);
                    break;
            }

            to.WriteEndObject();
        }

        sink.Send("error"u8, null, buffer.WrittenSpan);
        await FeedEndpoint.Guard(async () => await sink.FlushAsync(), sink.Ended);
    }

    /// <summary>What a client asks.</summary>
    private sealed record Message(string? Subscribe, string? Unsubscribe, string? Query, string? Endpoint, IReadOnlyList<KeyValuePair<string, string>> Parameters, Func<string, string?> Wish)
    {
        private const string Shape = "{\"subscribe\":\"name\",\"query\":\"SELECT …\"}, {\"subscribe\":\"name\",\"endpoint\":\"name\",\"params\":{}} or {\"unsubscribe\":\"name\"}";

        public static Message Of(string text)
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(text, Strict);
                var members = new Dictionary<string, string>(StringComparer.Ordinal);
                var parameters = new List<KeyValuePair<string, string>>();
                foreach (JsonProperty property in json.RootElement.EnumerateObject())
                {
                    if (property.Name == "params")
                    {
                        // A null is a parameter left out: its default, then.
                        parameters.AddRange(property.Value.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).Select(p => KeyValuePair.Create(p.Name, Text(p.Value))));
                    }
                    else
                    {
                        members.Add(property.Name, Text(property.Value));
                    }
                }

                string? subscribe = members.GetValueOrDefault("subscribe");
                string? unsubscribe = members.GetValueOrDefault("unsubscribe");
                string? query = members.GetValueOrDefault("query");
                string? endpoint = members.GetValueOrDefault("endpoint");
                bool well = subscribe is null ? unsubscribe is not null : unsubscribe is null && subscribe.Length <= 100 && query is null != endpoint is null;
                return well ? new Message(subscribe, unsubscribe, query, endpoint, parameters, members.GetValueOrDefault) : throw new HttpException(400, "Bad message", "a message is " + Shape);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                throw new HttpException(400, "Bad message", "a message is " + Shape);
            }
        }

        private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
    }
}
