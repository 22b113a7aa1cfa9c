// How many connections the HTTP door takes at once: one too many is told so and closed, before anything is read from it or kept for it.
using System.Text;
using Microsoft.AspNetCore.Connections;
using Millrace.Doors.Access;

namespace Millrace.Doors.Http;

/// <summary>Counts the connections of one door.</summary>
/// <param name="max">The most at once.</param>
/// <param name="isPlain">False when the door speaks TLS: then nothing can be said before a handshake, which would cost more than it tells.</param>
/// <param name="refusals">Where those beyond are counted and told.</param>
/// <param name="next">What serves the others.</param>
internal sealed class ConnectionLimit(int max, bool isPlain, Refusals refusals, ConnectionDelegate next)
{
    private readonly byte[] _answer = Answer(max);
    private int _open;

    public async Task RunAsync(ConnectionContext connection)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= max)
            {
                await next(connection);
                return;
            }

            refusals.Add("HTTP", connection.RemoteEndPoint, Refusals.TooMany);
            if (isPlain)
            {
                await connection.Transport.Output.WriteAsync(_answer);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static byte[] Answer(int max)
    {
        string body = $"{{\"title\":\"Too many connections\",\"detail\":\"this door takes {max} connections at once\",\"status\":503,"
            + "\"hint\":\"keep connections open and use them again, or come back in a second\"}";
        return Encoding.ASCII.GetBytes(
            $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
