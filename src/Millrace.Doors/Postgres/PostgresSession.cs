// The loop of one PostgreSQL connection after login: a message in, messages out, and what an error skips.
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql.Syntax;

namespace Millrace.Doors.Postgres;

/// <summary>One session's message loop.</summary>
internal sealed class PostgresSession(SessionContext context)
{
    private readonly ExtendedQuery _extended = new(context);
    private bool _skipToSync;
    private bool _pipelined;

    /// <summary>Serves messages until the client says goodbye, goes away, or breaks the protocol.</summary>
    public async ValueTask RunAsync()
    {
        context.Session.Portals = _extended.Cursors;
        context.Session.MovePortal = _extended.MoveAsync;
        await using (_extended.ConfigureAwait(false))
        {
            while (await context.Input.NextAsync(context.Closed).ConfigureAwait(false) && context.Input.Type != 'X')
            {
                await DispatchAsync(context.Input.Type).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask DispatchAsync(byte type)
    {
        switch ((char)type)
        {
            case 'Q':
                await EndPipelineAsync().ConfigureAwait(false);
                await _extended.ForgetUnnamedAsync().ConfigureAwait(false);
                await SimpleAsync(Text(context.Input.Body)).ConfigureAwait(false);
                await ReadyAsync().ConfigureAwait(false);
                break;
            case 'S':
                await EndPipelineAsync().ConfigureAwait(false);
                await ReadyAsync().ConfigureAwait(false);
                break;
            case 'H':
                await context.Output.FlushAsync().ConfigureAwait(false);
                break;
            case 'd' or 'c' or 'f':
                // The rest of a COPY that has failed.
                break;
            case 'P' or 'B' or 'D' or 'E' or 'C':
                if (!_skipToSync)
                {
                    await ExtendedAsync(type).ConfigureAwait(false);
                }

                break;
            case 'F':
                context.Output.Error("ERROR", "0A000", "the fastpath function call is not supported", hint: "use SELECT function(…)");
                await ReadyAsync().ConfigureAwait(false);
                break;
            default:
                throw new ProtocolException($"invalid frontend message type {type}");
        }
    }

    private async ValueTask ReadyAsync()
    {
        if (context.Session.Status == TransactionStatus.Idle)
        {
            await _extended.EndTransactionAsync().ConfigureAwait(false);
        }

        context.Output.Ready(context.Session.Status);
        await context.Output.FlushAsync().ConfigureAwait(false);
    }

    private async ValueTask SimpleAsync(string text)
    {
        try
        {
            CancellationToken cancellation = context.StartStatement(text);
            IReadOnlyList<Statement> statements = context.Session.Parse(text);
            if (statements.Count == 0)
            {
                context.Output.Empty('I');
            }
            else
            {
                await RunAllAsync(statements, text, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsStatementFailure(e))
        {
            Report(e, text);
        }
        finally
        {
            context.EndStatement();
        }
    }

    // Several statements are one transaction. It ends before the last answer goes out, so that the answer is true.
    private async ValueTask RunAllAsync(IReadOnlyList<Statement> statements, string text, CancellationToken cancellation)
    {
        Session session = context.Session;
        if (statements.Count > 1)
        {
            session.BeginImplicit();
        }

        bool ended = statements.Count == 1;
        try
        {
            for (int i = 0; i < statements.Count; i++)
            {
                PreparedStatement prepared = session.Prepare(statements[i], text);
                if (!prepared.IsLookup)
                {
                    await Hop.Away();
                }

                StatementResult result = await session.ExecuteAsync(prepared, null, cancellation).ConfigureAwait(false);
                if (i == statements.Count - 1 && !ended)
                {
                    ended = true;
                    await session.EndImplicitAsync(true, cancellation).ConfigureAwait(false);
                }

                await ResultSender.SendAsync(context, statements[i], prepared, result, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!ended)
            {
                await session.EndImplicitAsync(false, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    // What was pipelined since the last Sync without a BEGIN is one transaction.
    private async ValueTask EndPipelineAsync()
    {
        bool commit = !_skipToSync;
        _skipToSync = false;
        if (!_pipelined)
        {
            return;
        }

        _pipelined = false;
        try
        {
            await context.Session.EndImplicitAsync(commit, context.Closed).ConfigureAwait(false);
        }
        catch (Exception e) when (IsStatementFailure(e))
        {
            Report(e, null);
        }
    }

    private async ValueTask ExtendedAsync(byte type)
    {
        try
        {
            switch ((char)type)
            {
                case 'P':
                    _extended.Parse(ParseMessage.Read(context.Input.Body));
                    break;
                case 'B':
                    await _extended.BindAsync(BindMessage.Read(context.Input.Body)).ConfigureAwait(false);
                    break;
                case 'D':
                    _extended.Describe(TargetMessage.Read(context.Input.Body));
                    break;
                case 'E':
                    var execute = ExecuteMessage.Read(context.Input.Body);

                    // Only a Sync that is already here says that this is all of it. What has not arrived yet may belong to the same transaction:
                    // where packets are cut must not decide what is committed.
                    if (!_pipelined && context.Input.Peek() != (byte)'S' && context.Session.Status == TransactionStatus.Idle)
                    {
                        _pipelined = true;
                        context.Session.BeginImplicit();
                    }

                    await _extended.ExecuteAsync(execute, context.StartStatement(_extended.TextOf(execute.Portal))).ConfigureAwait(false);
                    break;
                default:
                    await _extended.CloseAsync(TargetMessage.Read(context.Input.Body)).ConfigureAwait(false);
                    break;
            }

            if (context.Output.Full)
            {
                await context.Output.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsStatementFailure(e))
        {
            _skipToSync = true;
            Report(e, _extended.Text);
        }
        finally
        {
            context.EndStatement();
        }
    }

    // What ends a statement; everything else ends the connection.
    private bool IsStatementFailure(Exception e) => e switch
    {
        ProtocolException or ConnectionLostException or ClientGoneException => false,
        OperationCanceledException => !context.Closed.IsCancellationRequested,
        IOException or Microsoft.AspNetCore.Connections.ConnectionAbortedException => false,
        _ => true,
    };

    private void Report(Exception e, string? text)
    {
        context.Output.AbandonUnfinished();
        if (e is CopyException copy)
        {
            ErrorReport.Write(context.Output, copy.Row, text, copy.Table);
        }
        else if (context.IsLate && e is (OperationCanceledException or SqlException { SqlState: "57014" }))
        {
            context.Output.Error("ERROR", "57014", "canceling statement due to statement timeout");
        }
        else
        {
            ErrorReport.Write(context.Output, e, text);
        }
    }

    private static string Text(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        string text = reader.String();
        reader.End();
        return text;
    }
}
