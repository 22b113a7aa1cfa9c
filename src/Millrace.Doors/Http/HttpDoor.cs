// The HTTP door: every route in plain sight.
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Doors.Access;
using Millrace.Doors.Dashboard;
using Millrace.Doors.Http.Access;
using Millrace.Doors.Http.Clients;
using Millrace.Doors.Http.Endpoints;
using Millrace.Doors.Http.Feeds;

namespace Millrace.Doors.Http;

/// <summary>HTTP in front of a database: JSON, NDJSON, CSV and line protocol in; JSON and server-sent events out; health and metrics.</summary>
public static class HttpDoor
{
    // Here, not where the first body is read: the runtime looks at its switch once, when the first stream of the process is unpacked.
    static HttpDoor() => AppContext.SetSwitch(RequestBody.StrictSwitch, true);

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    /// <summary>Adds the routes to a host. The host must not add anything in front that answers requests.</summary>
    /// <param name="app">The host.</param>
    /// <param name="database">The database behind the door.</param>
    /// <param name="options">Settings.</param>
    /// <param name="connections">Tells how many connections are open, over all doors.</param>
    /// <param name="security">Who has to log in; null for the defaults.</param>
    public static void Map(
        WebApplication app, Database database, HttpDoorOptions? options = null, Func<long>? connections = null, DoorSecurity? security = null)
    {
        options ??= new HttpDoorOptions();
        Map(app, HttpBackend.Of(database), options, connections, new LoginRules(() => database.Catalog, security ?? new DoorSecurity(), options.Time), null);
    }

    internal static void Map(WebApplication app, HttpBackend database, HttpDoorOptions options, Func<long>? connections, LoginRules rules, IPEndPoint? address)
    {
        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Millrace.Http");
        var streams = new EventStreams(options, app.Lifetime.ApplicationStopping);
        var budget = new IngestBudget(options.IngestBytesMax);
        var ingest = new IngestEndpoint(database, options, budget);
        var write = new WriteEndpoint(database, options, budget);
        var influx = new InfluxEndpoint(database);
        var sql = new SqlEndpoint(database, options);
        var feeds = new FeedEndpoint(database, options, streams);
        var catalog = new CatalogEndpoint(database);
        var stats = new StatsEndpoint(database, streams, connections ?? (() => 0), options.Time);
        var graph = new GraphEndpoint(database);
        var endpoints = new EndpointRoutes(database, new EndpointReads(options), feeds);
        var sockets = new SocketEndpoint(database, options, streams, feeds, endpoints);
        var tickets = new Tickets(options.Time);
        var openApi = new OpenApi(database);
        var clients = new ClientEndpoint(database);
        var metrics = new MetricsEndpoint(database, connections ?? (() => 0), () => rules.Failures.Count);
        var health = new HealthEndpoint(database, app.Lifetime);

        // Where it listens is not always known here; then the address that a connection came in on tells.
        bool Asks(HttpContext context) => rules.AsksHttp(address ?? new IPEndPoint(context.Connection.LocalIpAddress ?? IPAddress.Loopback, 0));
        ILogger strangers = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LoginRules.LogName);
        rules.Failures.Log ??= strangers;
        rules.Refusals.Log ??= strangers;
        app.Services.GetService<DiagnosticListener>()?.Subscribe(new BadRequests(rules.Refusals), name => name == BadRequests.EventName);
        app.Use(next => new Safety(options, next).Invoke);
        app.Use(next => new Gate(rules, tickets, Asks, options, next).Invoke);
        app.UseWebSockets();
        app.UseRouting();
        var allowed = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        Post("/v1/streams/{name}", ingest.Handle);
        Post("/write", context => write.HandleV1(context, log));
        Post("/api/v2/write", context => write.HandleV2(context, log));
        Post("/v1/sql", sql.Handle);
        Post(TicketEndpoint.Path, new TicketEndpoint(tickets).Handle);
        Get("/v1/subscribe", feeds.Subscribe);
        Get("/v1/ws", sockets.Handle);
        Get("/v1/endpoints", endpoints.List);
        Add("/v1/endpoints/{name}", ["GET", "HEAD"], endpoints.Handle);
        Get("/openapi.json", openApi.Handle);
        Get("/v1/client.ts", clients.TypeScript);
        Get("/v1/client.cs", clients.CSharp);
        Get("/v1/catalog", catalog.Handle);
        Get("/v1/stats", stats.Handle);
        Get("/v1/stats/stream", stats.HandleStream);
        Get("/v1/graph", graph.Handle);
        Get("/metrics", metrics.Handle);
        Get("/health", health.Ready);
        Get("/readyz", health.Ready);
        Get("/ready", health.Ready);
        Get("/livez", HealthEndpoint.Live);
        Get("/ping", InfluxEndpoint.Ping);
        Get("/query", influx.Query);
        Post("/query", influx.Query);
        foreach ((string pattern, List<string> methods) in allowed)
        {
            app.MapMethods(pattern, Methods.Except(methods), context => NotAllowed(context, methods));
        }

        app.MapDashboard();
        app.MapFallback("/v1/{**rest}", context => Problem.Write(context, 404, "Not found", "there is no such address", hint:
            "POST /v1/streams/{name}, POST /v1/sql, POST /v1/tickets, "
            + "GET /v1/subscribe?query=, /v1/endpoints/{name}, /v1/client.ts, /v1/client.cs, /v1/catalog, /v1/stats, /v1/stats/stream, /v1/graph"));

        void Get(string pattern, RequestDelegate handler) => Add(pattern, ["GET", "HEAD"], handler);
        void Post(string pattern, RequestDelegate handler) => Add(pattern, ["POST"], handler);
        void Add(string pattern, string[] methods, RequestDelegate handler)
        {
            app.MapMethods(pattern, methods, Guarded(handler));
            (allowed.TryGetValue(pattern, out List<string>? all) ? all : allowed[pattern] = []).AddRange(methods);
        }

        RequestDelegate Guarded(RequestDelegate handler) => async context =>
        {
            try
            {
                await handler(context);
            }
            catch (Exception e)
            {
                await Problem.Write(context, e, log);
            }
        };
    }

    private static Task NotAllowed(HttpContext context, IReadOnlyList<string> methods)
    {
        context.Response.Headers.Allow = string.Join(", ", methods);
        return Problem.Write(context, 405, "Method not allowed", $"{context.Request.Method} is not for this address", hint: $"use {string.Join(" or ", methods)}");
    }
}
