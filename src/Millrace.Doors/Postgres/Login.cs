// Who is let in on the PostgreSQL door: everybody from this machine while there are no users, then users by SCRAM-SHA-256.
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Millrace.Core;
using Millrace.Doors.Access;

namespace Millrace.Doors.Postgres;

/// <summary>Checks the start of connections.</summary>
/// <param name="rules">Who has to log in.</param>
/// <param name="door">Where the door listens.</param>
internal sealed class Login(LoginRules rules, IPEndPoint door)
{
    /// <summary>Lets a client in.</summary>
    /// <returns>Whose permissions it gets; null where everybody is trusted.</returns>
    /// <exception cref="SqlException">28000, 28P01: it is not let in.</exception>
    public async ValueTask<string?> AdmitAsync(ConnectionContext connection, Wire wire, StartupMessage startup, CancellationToken deadline)
    {
        if (!startup.Parameters.TryGetValue("user", out string? user) || user.Length == 0)
        {
            throw new SqlException("28000", "no PostgreSQL user name specified in startup packet");
        }

        if (startup.Parameters.TryGetValue("replication", out string? replication) && replication is not ("false" or "off" or "no" or "0"))
        {
            throw new SqlException("0A000", "replication connections are not supported", hint: "follow changes with SUBSCRIBE");
        }

        IPAddress? from = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        bool isNear = from is null || IPAddress.IsLoopback(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from);
        if (!isNear && rules.Security.Certificate is not null && !wire.IsEncrypted)
        {
            throw new SqlException("28000", "this server takes encrypted connections only", hint: "connect with sslmode=require or stricter");
        }

        if (rules.Asks(door))
        {
            await ScramAsync(wire, user, from, deadline).ConfigureAwait(false);
            return user;
        }

        return isNear ? null : throw new SqlException("28000", "no authentication is set up, so only connections from this machine are accepted");
    }

    /// <summary>Connections that were closed for what came over them.</summary>
    public Refusals Refusals => rules.Refusals;

    /// <summary>True when a session's user may do everything.</summary>
    public bool IsSuperuser(string? user) => rules.IsSuperuser(user);

    private async ValueTask ScramAsync(Wire wire, string user, IPAddress? from, CancellationToken deadline)
    {
        (MessageInput input, MessageOutput output) = (wire.Input, wire.Output);
        var exchange = new ScramExchange(rules.VerifierOf(user), Convert.ToBase64String(RandomNumberGenerator.GetBytes(18)));
        output.Begin('R').Int32(10).String(ScramExchange.Mechanism).Byte(0).End();
        await output.FlushAsync().ConfigureAwait(false);
        await NextAsync(input, deadline).ConfigureAwait(false);
        byte[] first = exchange.First(Initial(input.Body));
        Send(output, 11, first);
        await output.FlushAsync().ConfigureAwait(false);
        await NextAsync(input, deadline).ConfigureAwait(false);
        if (exchange.Final(input.Body) is not { } signature)
        {
            rules.Failures.Add("PostgreSQL", from);
            throw new SqlException("28P01", $"password authentication failed for user \"{user}\"");
        }

        Send(output, 12, signature);
    }

    private static void Send(MessageOutput output, int kind, byte[] data)
    {
        output.Begin('R').Int32(kind);
        output.Buffer.Write(data);
        output.End();
    }

    private static async ValueTask NextAsync(MessageInput input, CancellationToken deadline)
    {
        if (!await input.NextAsync(deadline).ConfigureAwait(false))
        {
            throw new ClientGoneException();
        }

        if (input.Type != (byte)'p')
        {
            throw new ProtocolException($"expected SASL response, got message type {input.Type}");
        }
    }

    private static ReadOnlySpan<byte> Initial(ReadOnlySpan<byte> body)
    {
        int end = body.IndexOf((byte)0);
        if (end < 0 || !body[..end].SequenceEqual("SCRAM-SHA-256"u8))
        {
            throw new ProtocolException("client selected an invalid SASL authentication mechanism");
        }

        ReadOnlySpan<byte> rest = body[(end + 1)..];
        return rest.Length >= 4 && System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(rest) == rest.Length - 4 ? rest[4..]
            : throw new ProtocolException("malformed SASL response");
    }
}
