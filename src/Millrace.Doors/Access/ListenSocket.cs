// The sockets that doors listen on: whoever comes in by one and then vanishes without a word is noticed.
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Millrace.Doors.Access;

/// <summary>
/// A machine that lost its power or its network closes nothing: a session or a feed of it that waits for changes would wait for ever, and keep its place.
/// So the system asks a silent other side after a minute whether it is still there, and closes the connection when nothing answers within another.
/// </summary>
internal static class ListenSocket
{
    /// <summary>Silence until the other side is asked.</summary>
    public const int SilenceSeconds = 60;

    private const int BetweenSeconds = 15;
    private const int Tries = 4;

    /// <summary>Makes and binds one; connections get its settings from it.</summary>
    public static Socket Bind(EndPoint endpoint)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SilenceSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, BetweenSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Tries);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
