// Hangs the PostgreSQL protocol on an address of a Kestrel host.
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
    /// <param name="endpoint">A loopback address and a port.</param>
    /// <param name="database">What is served; it must outlive the host.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    /// <exception cref="ArgumentException">The address is not loopback: there is no authentication yet.</exception>
    public static void Configure(KestrelServerOptions kestrel, IPEndPoint endpoint, Database database, PostgresDoorOptions? options = null) =>
        Configure(kestrel, endpoint, database.NewSession, options ?? new PostgresDoorOptions());

    internal static void Configure(KestrelServerOptions kestrel, IPEndPoint endpoint, Func<Session> newSession, PostgresDoorOptions options)
    {
        if (!IPAddress.IsLoopback(endpoint.Address))
        {
            throw new ArgumentException($"the PostgreSQL door listens on loopback only until authentication is set up, not on {endpoint.Address}");
        }

        var connections = new PostgresConnection(newSession, new ConnectionTable(options.ConnectionsMax), options);
        kestrel.Listen(endpoint, listen => listen.Run(connections.RunAsync));
    }
}
