// One connection from its first byte: encryption refused, who are you, then the session, and a word of goodbye.
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Millrace.Core;

namespace Millrace.Doors.Postgres;

/// <summary>Serves the connections of one door.</summary>
internal sealed class PostgresConnection(Func<Session> newSession, ConnectionTable table, PostgresDoorOptions options)
{
    /// <summary>What clients are told the server is: PostgreSQL's version whose dialect and catalog we speak, and ours.</summary>
    public static readonly string ServerVersion =
        $"15.0 (Millrace {typeof(PostgresConnection).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"})";

    /// <summary>Serves one connection; returns when it is over.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        if (!table.TryAccept())
        {
            return;
        }

        var input = new MessageInput(connection.Transport.Input, options.MessageBytesMax);
        var output = new MessageOutput(connection.Transport.Output, options.WriteTimeout);
        try
        {
            await ServeAsync(connection, input, output).ConfigureAwait(false);
        }
        catch (ProtocolException e)
        {
            await FatalAsync(output, e.SqlState, e.Message).ConfigureAwait(false);
        }
        catch (SqlException e)
        {
            await FatalAsync(output, e.SqlState, e.Message, e.Hint).ConfigureAwait(false);
        }
        catch (ConnectionLostException)
        {
            connection.Abort(new ConnectionAbortedException("the client does not read"));
        }
        catch (Exception e) when (e is ClientGoneException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // The client has gone: nobody to tell.
        }
        finally
        {
            table.Release();
        }
    }

    private async Task ServeAsync(ConnectionContext connection, MessageInput input, MessageOutput output)
    {
        StartupMessage? startup = await StartupAsync(input, output, connection.ConnectionClosed).ConfigureAwait(false);
        if (startup is null)
        {
            return;
        }

        if (startup.Kind == StartupKind.Cancel)
        {
            table.Cancel(startup.ProcessId, startup.Key);
            return;
        }

        if (!table.TryEnter())
        {
            throw new SqlException("53300", "sorry, too many clients already", hint: $"this door takes {options.ConnectionsMax} connections");
        }

        try
        {
            await SessionAsync(connection, input, output, startup).ConfigureAwait(false);
        }
        finally
        {
            table.Leave();
        }
    }

    private async Task SessionAsync(ConnectionContext connection, MessageInput input, MessageOutput output, StartupMessage startup)
    {
        Authenticate(connection, startup);
        Session session = newSession();
        await using (session.ConfigureAwait(false))
        {
            using var context = new SessionContext(session, input, output, connection.ConnectionClosed);
            (int process, int key) = table.Add(context.Cancel);
            bool stopping = false;
            using CancellationTokenRegistration stop =
                (connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default).Register(() =>
                {
                    stopping = true;
                    context.Cancel();
                    input.Interrupt();
                });
            try
            {
                ApplySettings(session, startup);
                Greet(context, startup, process, key);
                await output.FlushAsync().ConfigureAwait(false);
                await new PostgresSession(context).RunAsync().ConfigureAwait(false);
                if (stopping)
                {
                    await FatalAsync(output, "57P01", "terminating connection due to administrator command").ConfigureAwait(false);
                }
            }
            finally
            {
                table.Remove(process);
            }
        }
    }

    private async ValueTask<StartupMessage?> StartupAsync(MessageInput input, MessageOutput output, CancellationToken closed)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(closed);
        deadline.CancelAfter(options.StartupTimeout);

        // A client may ask for SSL and then for GSSAPI, and no more than that.
        for (int asked = 0; asked < 3; asked++)
        {
            StartupMessage? startup;
            try
            {
                startup = await input.StartupAsync(deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!closed.IsCancellationRequested)
            {
                throw new ProtocolException("canceling authentication due to timeout", "57014");
            }

            if (startup is not { Kind: StartupKind.Encryption })
            {
                return startup;
            }

            output.Byte((byte)'N');
            await output.FlushAsync().ConfigureAwait(false);
        }

        throw new ProtocolException("too many requests for encryption");
    }

    // Until roles are set up, whoever can open a connection from this machine is let in as whoever they say.
    private static void Authenticate(ConnectionContext connection, StartupMessage startup)
    {
        if (connection.RemoteEndPoint is IPEndPoint remote && !IPAddress.IsLoopback(
                remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address))
        {
            throw new SqlException("28000", "no authentication is set up, so only connections from this machine are accepted");
        }

        if (!startup.Parameters.TryGetValue("user", out string? user) || user.Length == 0)
        {
            throw new SqlException("28000", "no PostgreSQL user name specified in startup packet");
        }

        if (startup.Parameters.TryGetValue("replication", out string? replication) && replication is not ("false" or "off" or "no" or "0"))
        {
            throw new SqlException("0A000", "replication connections are not supported", hint: "follow changes with SUBSCRIBE");
        }
    }

    private static void ApplySettings(Session session, StartupMessage startup)
    {
        foreach ((string name, string value) in startup.Parameters)
        {
            if (name == "options")
            {
                foreach ((string option, string setting) in StartupOptions.Read(value))
                {
                    session.Set(option.ToLowerInvariant(), setting);
                }
            }
            else if (name is not ("user" or "database" or "replication") && !name.StartsWith("_pq_.", StringComparison.Ordinal))
            {
                session.Set(name.ToLowerInvariant(), value);
            }
        }
    }

    private static void Greet(SessionContext context, StartupMessage startup, int process, int key)
    {
        MessageOutput output = context.Output;
        string[] unknown = [.. startup.Parameters.Keys.Where(p => p.StartsWith("_pq_.", StringComparison.Ordinal))];
        if (startup.Minor > 0 || unknown.Length > 0)
        {
            output.Begin('v').Int32(0).Int32(unknown.Length);
            foreach (string name in unknown)
            {
                output.String(name);
            }

            output.End();
        }

        output.Begin('R').Int32(0).End();
        output.Parameter("server_version", ServerVersion);
        output.Parameter("server_encoding", "UTF8");
        output.Parameter("integer_datetimes", "on");
        output.Parameter("is_superuser", "on");
        output.Parameter("session_authorization", startup.Parameters["user"]);
        output.Parameter("default_transaction_read_only", "off");
        output.Parameter("in_hot_standby", "off");
        context.ReportSettings();
        output.Begin('K').Int32(process).Int32(key).End();
        output.Ready(context.Session.Status);
    }

    private static async ValueTask FatalAsync(MessageOutput output, string sqlState, string message, string? hint = null)
    {
        try
        {
            output.AbandonUnfinished();
            output.Error("FATAL", sqlState, message, hint: hint);
            await output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is ConnectionLostException or IOException or ConnectionAbortedException or InvalidOperationException)
        {
            // It had gone already.
        }
    }
}
