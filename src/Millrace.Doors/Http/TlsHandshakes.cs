// Hears of connections to the HTTP door that ended within their TLS handshake: the server closes them and tells nobody.
using Microsoft.AspNetCore.Connections;
using Millrace.Doors.Access;

namespace Millrace.Doors.Http;

/// <summary>Stands before TLS and behind it: who has not come through when the connection is over has failed.</summary>
/// <param name="refusals">Where they are counted and told.</param>
internal sealed class TlsHandshakes(Refusals refusals)
{
    private static readonly object s_done = new();

    /// <summary>What stands before TLS.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => async connection =>
    {
        await next(connection);
        if (!connection.Items.ContainsKey(s_done))
        {
            refusals.Add("HTTP", connection.RemoteEndPoint, "there was no TLS handshake, or it failed");
        }
    };

    /// <summary>What stands behind it.</summary>
    public ConnectionDelegate After(ConnectionDelegate next) => connection =>
    {
        connection.Items[s_done] = null;
        return next(connection);
    };
}
