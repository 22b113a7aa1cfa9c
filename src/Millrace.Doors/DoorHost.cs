// The host of all doors: one Kestrel server with a port for each protocol, in front of one database.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Doors.Access;
using Millrace.Doors.Http;
using Millrace.Doors.Postgres;

namespace Millrace.Doors;

/// <summary>Which doors open where. Port 0 takes any free one; <see cref="DoorHost"/> tells which.</summary>
public sealed record DoorHostOptions
{
    /// <summary>The PostgreSQL door's address, or null to leave it closed. Default 127.0.0.1:5433.</summary>
    public IPEndPoint? Postgres { get; init; } = new(IPAddress.Loopback, 5433);

    /// <summary>The HTTP door's address, or null to leave it closed. Default 127.0.0.1:8086.</summary>
    public IPEndPoint? Http { get; init; } = new(IPAddress.Loopback, 8086);

    /// <summary>Settings of the HTTP door.</summary>
    public HttpDoorOptions HttpOptions { get; init; } = new();

    /// <summary>Settings of the PostgreSQL door.</summary>
    public PostgresDoorOptions PostgresOptions { get; init; } = new();

    /// <summary>Who has to log in, and TLS. Default: everybody once there are users; none.</summary>
    public DoorSecurity Security { get; init; } = new();

    /// <summary>Connections of the HTTP door at once. Default 1,000.</summary>
    public int HttpConnectionsMax { get; init; } = 1_000;

    /// <summary>How long stopping waits for requests in progress. Default 5 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where logs go; null for nowhere.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>A door could not be opened; the message is one line that names its address.</summary>
public sealed class DoorException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>True when the door could be opened there and must not: nobody has decided who may come in.</summary>
    public bool IsRefusal { get; init; }
}

/// <summary>The doors of one database, open from <see cref="StartAsync(Database, DoorHostOptions, CancellationToken)"/> until disposed.</summary>
public sealed class DoorHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _connections;
    private bool _stopped;

    private DoorHost(Func<DoorHost, WebApplication> build) => _app = build(this);

    /// <summary>Where the PostgreSQL door listens; null when it is closed.</summary>
    public IPEndPoint? Postgres { get; private set; }

    /// <summary>Where the HTTP door listens; null when it is closed.</summary>
    public IPEndPoint? Http { get; private set; }

    /// <summary>Connections open now over all doors.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Opens the doors of <paramref name="database"/>, which must outlive the host.</summary>
    /// <exception cref="DoorException">An address is in use or cannot be listened on.</exception>
    public static Task<DoorHost> StartAsync(Database database, DoorHostOptions options, CancellationToken cancellation = default) =>
        StartAsync(HttpBackend.Of(database), database.NewSession, options, cancellation);

    internal static async Task<DoorHost> StartAsync(
        HttpBackend database, Func<Session> newSession, DoorHostOptions options, CancellationToken cancellation = default)
    {
        var rules = new LoginRules(database.Catalog, options.Security, options.HttpOptions.Time);
        string? refusal = (options.Postgres is { } postgres ? rules.Refusal(postgres, http: false) : null) ?? (options.Http is { } http ? rules.Refusal(http, http: true) : null);
        if (refusal is not null)
        {
            throw new DoorException(refusal) { IsRefusal = true };
        }

        var host = new DoorHost(self => Build(self, database, newSession, options, rules));
        try
        {
            await host._app.StartAsync(cancellation);
        }
        catch (IOException e)
        {
            await host._app.DisposeAsync();
            throw new DoorException(Reason(e), e);
        }

        host.ReadAddresses(options);
        return host;
    }

    /// <summary>Closes the doors: no new connections, requests in progress end or are cut after <see cref="DoorHostOptions.DrainTimeout"/>.</summary>
    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
    }

    private static WebApplication Build(DoorHost host, HttpBackend database, Func<Session> newSession, DoorHostOptions options, LoginRules rules)
    {
        // Nothing by default: no configuration files, no environment, no console log. The process's settings come through options alone.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.DrainTimeout);
        options.Logging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore();
        IPEndPoint? postgres = options.Postgres is { } at ? new IPEndPoint(at.Address, at.Port) : null;
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new DoorTransport(
            postgres, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<IOptionsFactory<SocketTransportOptions>>()));
        if (options.Security.Certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Limit(kestrel.Limits, options);
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => host.Counted(next, connection)));
            if (postgres is not null)
            {
                PostgresDoor.Configure(kestrel, postgres, newSession, options.PostgresOptions, rules);
            }

            if (options.Http is { } http)
            {
                kestrel.Listen(http, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(next => new ConnectionLimit(options.HttpConnectionsMax, isPlain: options.Security.Certificate is null, rules.Refusals, next).RunAsync);
                    if (options.Security.Certificate is { } certificate)
                    {
                        var handshakes = new TlsHandshakes(rules.Refusals);
                        listen.Use(handshakes.Before);
                        listen.UseHttps(https =>
                        {
                            https.ServerCertificate = certificate.Certificate;
                            https.ServerCertificateChain = certificate.Chain;
                        });
                        listen.Use(handshakes.After);
                    }
                });
            }
        });
        WebApplication app = builder.Build();
        HttpDoor.Map(app, database, options.HttpOptions, () => host.Connections, rules, options.Http);
        return app;
    }

    private static void Limit(KestrelServerLimits limits, DoorHostOptions options)
    {
        // Each door counts its own connections. The server's limit would be for both, and write a line of log for each connection beyond it.
        limits.MaxConcurrentConnections = null;
        limits.MaxConcurrentUpgradedConnections = options.HttpConnectionsMax;
        limits.MaxRequestBodySize = options.HttpOptions.BodyBytesMax;
        limits.MaxRequestHeadersTotalSize = 32 << 10;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 32 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
        limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(10));
    }

    private async Task Counted(ConnectionDelegate next, ConnectionContext connection)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    // Kestrel tells the addresses it took in the order they were asked for.
    private void ReadAddresses(DoorHostOptions options)
    {
        ICollection<string> taken = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var ports = new Queue<int>(taken.Select(a => new Uri(a).Port));
        Postgres = options.Postgres is { } postgres ? new IPEndPoint(postgres.Address, ports.Dequeue()) : null;
        Http = options.Http is { } http ? new IPEndPoint(http.Address, ports.Dequeue()) : null;
    }

    private static string Reason(IOException e)
    {
        string message = e.Message.TrimEnd('.');
        return e.InnerException is AddressInUseException
            ? message.Replace("Failed to bind to address http://", "", StringComparison.Ordinal)
                .Replace("Failed to bind to address https://", "", StringComparison.Ordinal)
                .Replace("Failed to bind to address tcp://", "", StringComparison.Ordinal)
                .Replace(": address already in use", " is in use by another process", StringComparison.Ordinal)
            : message;
    }
}
