// One connection from its first byte: encryption, who are you, then the session, and a word of goodbye.
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Millrace.Core;
using Millrace.Doors.Access;

namespace Millrace.Doors.Postgres;

/// <summary>Serves the connections of one door.</summary>
internal sealed class PostgresConnection(Func<Session> newSession, ConnectionTable table, Login login, TlsCertificate? certificate, PostgresDoorOptions options)
{
    private const byte TlsHandshake = 0x16;
    private const string Door = "PostgreSQL";

    /// <summary>What clients are told the server is: PostgreSQL's version whose dialect and catalog we speak, and ours.</summary>
    public static readonly string ServerVersion =
        $"15.0 (Millrace {typeof(PostgresConnection).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"})";

    /// <summary>Serves one connection; returns when it is over.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        if (!table.TryAccept())
        {
            // Before it says a word, as PostgreSQL does when it cannot serve another one.
            login.Refusals.Add(Door, connection.RemoteEndPoint, Refusals.TooMany);
            await FatalAsync(new MessageOutput(connection.Transport.Output, options.WriteTimeout, options.Time), "53300", "sorry, too many clients already").ConfigureAwait(false);
            return;
        }

        var wire = new Wire(connection, options);
        await using ConfiguredAsyncDisposable ended = wire.ConfigureAwait(false);
        try
        {
            await ServeAsync(connection, wire).ConfigureAwait(false);
        }
        catch (ProtocolException e) when (e.IsHttp)
        {
            login.Refusals.Add(Door, connection.RemoteEndPoint, e.Message);
            await AnswerHttpAsync(wire.Output).ConfigureAwait(false);
        }
        catch (ProtocolException e)
        {
            // What follows a start-up's -c is the client's own words.
            login.Refusals.Add(Door, connection.RemoteEndPoint, e.SqlState == "42601" ? "the options of its start-up cannot be read" : e.Message);
            await FatalAsync(wire.Output, e.SqlState, e.Message).ConfigureAwait(false);
        }
        catch (SqlException e)
        {
            await FatalAsync(wire.Output, e.SqlState, e.Message, e.Hint).ConfigureAwait(false);
        }
        catch (HandshakeException e)
        {
            login.Refusals.Add(Door, connection.RemoteEndPoint, e.Message);
        }
        catch (ConnectionLostException e)
        {
            if (e.IsSlow)
            {
                login.Refusals.Add(Door, connection.RemoteEndPoint, e.Message);
            }

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

    private async Task ServeAsync(ConnectionContext connection, Wire wire)
    {
        (StartupMessage Startup, string? User)? admitted;
        CancellationToken stop = StopOf(connection);
        using (var late = new CancellationTokenSource(options.StartupTimeout, options.Time))
        using (var deadline = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, late.Token, stop))
        {
            // One deadline for everything a stranger may do, and no waiting for him when the server stops.
            try
            {
                admitted = await AdmitAsync(connection, wire, deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested && !connection.ConnectionClosed.IsCancellationRequested)
            {
                throw new SqlException("57P03", "the database system is shutting down");
            }
            catch (OperationCanceledException) when (!connection.ConnectionClosed.IsCancellationRequested)
            {
                throw new ProtocolException("canceling authentication due to timeout", "57014");
            }
        }

        if (admitted is not { } known)
        {
            return;
        }

        if (!table.TryEnter())
        {
            throw new SqlException("53300", "sorry, too many clients already", hint: $"this door takes {options.ConnectionsMax} connections");
        }

        try
        {
            await SessionAsync(connection, wire, known.Startup, known.User).ConfigureAwait(false);
        }
        finally
        {
            table.Leave();
        }
    }

    private async Task SessionAsync(ConnectionContext connection, Wire wire, StartupMessage startup, string? user)
    {
        (MessageInput input, MessageOutput output) = (wire.Input, wire.Output);
        input.Trust();
        Session session = newSession();
        session.User = user;
        await using (session.ConfigureAwait(false))
        {
            using var context = new SessionContext(session, input, output, connection.ConnectionClosed, options.Time);
            bool stopping = false;
            void End()
            {
                stopping = true;
                context.Cancel();
                input.Interrupt();
            }

            (int process, int key) = table.Add(user, end => (end ? End : (Action)context.Cancel)());
            session.BackendId = process;
            session.ShowAs(() => context.Look(process, connection.RemoteEndPoint, wire.Tls));
            session.CancelBackend = (other, end) => table.Stop(other, end, user, login.IsSuperuser(user));
            using CancellationTokenRegistration stop = StopOf(connection).Register(End);
            try
            {
                ApplySettings(session, startup);
                Greet(context, startup, login.IsSuperuser(user), process, key);
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

    // Cancelled when the server asks connections to end.
    private static CancellationToken StopOf(ConnectionContext connection) =>
        connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;

    // Who it is, and whose permissions it gets; null when it has nothing more to say.
    private async ValueTask<(StartupMessage Startup, string? User)?> AdmitAsync(ConnectionContext connection, Wire wire, CancellationToken deadline)
    {
        if (certificate is not null && await wire.Input.FirstByteAsync(deadline).ConfigureAwait(false) == TlsHandshake)
        {
            await wire.EncryptAsync(certificate, direct: true, deadline).ConfigureAwait(false);
        }

        // A client may ask for SSL and then for GSSAPI, and no more than that.
        for (int asked = 0; asked < 3; asked++)
        {
            StartupMessage? startup = await wire.Input.StartupAsync(deadline).ConfigureAwait(false);
            switch (startup?.Kind)
            {
                case null:
                    return null;
                case StartupKind.Cancel:
                    table.Cancel(startup.ProcessId, startup.Key);
                    return null;
                case StartupKind.Session:
                    return (startup, await login.AdmitAsync(connection, wire, startup, deadline).ConfigureAwait(false));
            }

            bool tls = startup.Kind == StartupKind.Tls && certificate is not null && !wire.IsEncrypted;
            wire.Output.Byte((byte)(tls ? 'S' : 'N'));
            await wire.Output.FlushAsync().ConfigureAwait(false);
            if (tls)
            {
                await wire.EncryptAsync(certificate!, direct: false, deadline).ConfigureAwait(false);
            }
        }

        throw new ProtocolException("too many requests for encryption");
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

    private static void Greet(SessionContext context, StartupMessage startup, bool isSuperuser, int process, int key)
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
        output.Parameter("is_superuser", isSuperuser ? "on" : "off");
        output.Parameter("session_authorization", startup.Parameters["user"]);
        output.Parameter("default_transaction_read_only", "off");
        output.Parameter("in_hot_standby", "off");
        context.ReportSettings();
        output.Begin('K').Int32(process).Int32(key).End();
        output.Ready(context.Session.Status);
    }

    private static ValueTask AnswerHttpAsync(MessageOutput output)
    {
        const string Text = "This port speaks PostgreSQL's protocol. HTTP is answered on another port of this server, 8086 unless it was told otherwise.\n";
        output.Buffer.Write(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Text.Length}\r\nConnection: close\r\n\r\n{Text}"));
        return FlushLastAsync(output);
    }

    private static ValueTask FatalAsync(MessageOutput output, string sqlState, string message, string? hint = null)
    {
        output.AbandonUnfinished();
        output.Error("FATAL", sqlState, message, hint: hint);
        return FlushLastAsync(output);
    }

    private static async ValueTask FlushLastAsync(MessageOutput output)
    {
        try
        {
            await output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is ConnectionLostException or IOException or ConnectionAbortedException or InvalidOperationException)
        {
            // It had gone already.
        }
    }
}
