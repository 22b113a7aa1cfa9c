// Hangs the PostgreSQL protocol on an address of a Kestrel host.
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Doors.Access;

namespace Millrace.Doors.Postgres;

/// <summary>
/// The PostgreSQL door: protocol 3.0, simple and extended queries, COPY, SUBSCRIBE. A host adds it to its Kestrel server:
/// <code>
/// builder.WebHost.ConfigureKestrel(kestrel =>
///     PostgresDoor.Configure(kestrel, new IPEndPoint(IPAddress.Loopback, 5433), database));
/// </code>
/// Kestrel needs its server and a (possibly empty) HTTP application to run; no other service of the host is used. When the host stops,
/// sessions are told so (SQLSTATE 57P01) and closed. Port 0 takes a free port; the host's <c>IServerAddressesFeature</c> tells which.
/// </summary>
public static class PostgresDoor
{
    /// <summary>Serves <paramref name="database"/> on <paramref name="endpoint"/>.</summary>
    /// <param name="kestrel">The host's server, before it starts.</param>
    /// <param name="endpoint">An address and a port; beyond loopback only when the database has users.</param>
    /// <param name="database">What is served; it must outlive the host.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    /// <param name="security">Who has to log in, and TLS; null for the defaults.</param>
    /// <exception cref="ArgumentException">The address is beyond loopback and there is nobody who could log in.</exception>
    public static void Configure(
        KestrelServerOptions kestrel, IPEndPoint endpoint, Database database, PostgresDoorOptions? options = null, DoorSecurity? security = null) =>
        Configure(kestrel, endpoint, database.NewSession, options ?? new PostgresDoorOptions(),
            new LoginRules(() => database.Catalog, security ?? new DoorSecurity(), TimeProvider.System));

    internal static void Configure(KestrelServerOptions kestrel, IPEndPoint endpoint, Func<Session> newSession, PostgresDoorOptions options, LoginRules rules)
    {
        if (rules.Refusal(endpoint, http: false) is { } refusal)
        {
            throw new ArgumentException(refusal);
        }

        ILoggerFactory? logs = kestrel.ApplicationServices?.GetService<ILoggerFactory>();
        rules.Failures.Log ??= logs?.CreateLogger(LoginRules.LogName);
        rules.Refusals.Log ??= logs?.CreateLogger(LoginRules.LogName);
        var connections = new PostgresConnection(
            newSession, new ConnectionTable(options.ConnectionsMax), new Login(rules, endpoint), rules.Security.Certificate, options);
        kestrel.Listen(endpoint, listen => listen.Run(connections.RunAsync));
    }
}
