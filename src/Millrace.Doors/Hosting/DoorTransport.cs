// Sockets for the doors: which threads read and write the connections of which.
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Doors.Access;

namespace Millrace.Doors;

/// <summary>
/// The PostgreSQL door answers lookups on the thread that has read the question, which saves a client that waits for each answer two changes of threads; what takes longer steps aside by itself
/// (<see cref="Hop"/>). Over HTTP, measured in turns, fewer requests were answered like that: 25 against 27 thousand a second of kept answers, 16 against 19 of computed ones
/// (<c>bench/RESULTS.md</c>). So its sockets are left to the pool.
/// </summary>
/// <param name="postgres">The very object that the PostgreSQL door is opened at: two doors may both ask for any free port.</param>
/// <param name="logs">Where the sockets tell what is wrong with them.</param>
/// <param name="make">Makes settings as the host would: they bring the pool of memory, without which buffers of no bytes are handed out.</param>
internal sealed class DoorTransport(IPEndPoint? postgres, ILoggerFactory logs, IOptionsFactory<SocketTransportOptions> make) : IConnectionListenerFactory
{
    private readonly SocketTransportFactory _atOnce = Make(true, logs, make);
    private readonly SocketTransportFactory _pooled = Make(false, logs, make);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        (ReferenceEquals(endpoint, postgres) ? _atOnce : _pooled).BindAsync(endpoint, cancellationToken);

    private static SocketTransportFactory Make(bool atOnce, ILoggerFactory logs, IOptionsFactory<SocketTransportOptions> make)
    {
        SocketTransportOptions options = make.Create(Options.DefaultName);
        options.CreateBoundListenSocket = ListenSocket.Bind;
        options.UnsafePreferInlineScheduling = atOnce;
        return new SocketTransportFactory(Options.Create(options), logs);
    }
}
