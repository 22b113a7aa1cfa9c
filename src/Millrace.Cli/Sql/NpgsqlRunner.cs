// SQL against a running server, over the PostgreSQL door like any client.
using Npgsql;

namespace Millrace.Cli.Sql;

/// <summary>One connection to a server.</summary>
internal sealed class NpgsqlRunner(NpgsqlConnection connection) : ISqlRunner
{
    /// <summary>
    /// Connects to <c>[USER@]HOST:PORT</c>. The user may come from MILLRACE_USER or PGUSER; the password from MILLRACE_PASSWORD or PGPASSWORD, or it is asked for
    /// at the terminal. Never from the command line, which everybody on the machine can read.
    /// </summary>
    public static async Task<NpgsqlRunner> ConnectAsync(string address)
    {
        int at = address.LastIndexOf('@');
        string user = at > 0 ? address[..at] : Variable("MILLRACE_USER", "PGUSER") ?? "millrace";
        address = address[(at + 1)..];
        int colon = address.LastIndexOf(':');
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = colon > 0 ? address[..colon].Trim('[', ']') : address,
            Port = colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), out ushort port) ? port : KnownDoors.Postgres.Port,
            Username = user,
            Password = Variable("MILLRACE_PASSWORD", "PGPASSWORD"),
            Database = "millrace",
            SslMode = SslMode.Prefer,
            Pooling = false,
            ApplicationName = "millrace sql",
            CommandTimeout = 0,
            Timeout = 5,
            IncludeErrorDetail = true,
            IncludeFailedBatchedCommand = true,
        };
        NpgsqlConnection connection;
        try
        {
            connection = await OpenAsync(settings);
        }
        catch (PostgresException e) when (e.SqlState is "28P01" or "28000")
        {
            throw new IOException($"{e.MessageText} (USER@HOST:PORT names the user, MILLRACE_PASSWORD is the password)", e);
        }
        catch (NpgsqlException e) when (e is not PostgresException && settings.Password is null && e.InnerException is null)
        {
            throw new IOException($"the server asks for a password for user {user} (MILLRACE_PASSWORD is the password, USER@HOST:PORT names the user)", e);
        }
        catch (NpgsqlException e) when (e.InnerException is System.Net.Sockets.SocketException)
        {
            throw new IOException($"no server answers at {settings.Host}:{settings.Port} (start one with `millrace serve`, or use a folder directly with --data DIR)", e);
        }

        return new NpgsqlRunner(connection);
    }

    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlConnectionStringBuilder settings)
    {
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        try
        {
            return await builder.Build().OpenConnectionAsync();
        }
        catch (NpgsqlException e) when (settings.Password is null && e is not PostgresException && e.InnerException is null && !Console.IsInputRedirected)
        {
            // The server asks for a password, and there is none to send.
            Console.Error.Write($"Password for user {settings.Username}: ");
            settings.Password = ReadSecret();
            return await OpenAsync(settings);
        }
    }

    private static string ReadSecret()
    {
        var text = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else
            {
                text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }

    private static string? Variable(params string[] names) => names.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => v is { Length: > 0 });

    public async Task RunAsync(string sql, IResultSink sink, CancellationToken cancellation)
    {
        void OnNotice(object _, NpgsqlNoticeEventArgs e) => sink.Notice(e.Notice.MessageText);
        connection.Notice += OnNotice;
        List<ScriptStatement> statements = ScriptText.Statements(sql);
        await using NpgsqlCommand command = connection.CreateCommand();
        try
        {
            // Several go as one text, cut where we cut it, so that it is known which of them the server complains of.
            command.CommandText = statements.Count > 1 ? string.Join(";\n", statements.Select(s => s.Text)) : sql;
            command.AllResultTypesAreUnknown = true;
            bool endless = sql.AsSpan().TrimStart().StartsWith("SUBSCRIBE", StringComparison.OrdinalIgnoreCase);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
            do
            {
                if (reader.FieldCount > 0)
                {
                    await Rows(reader, sink, endless, cancellation);
                }
                else
                {
                    sink.End(Tag(reader));
                }
            }
            while (await reader.NextResultAsync(cancellation));
        }
        catch (PostgresException e)
        {
            throw new SqlShellException(e.MessageText, PlaceOf(e, command, statements), e.Hint, e.SqlState);
        }
        finally
        {
            connection.Notice -= OnNotice;
        }
    }

    public async Task<long> CopyInAsync(string sql, string name, Stream from, CancellationToken cancellation)
    {
        var count = new RecordCount(sql);
        try
        {
            if (count.IsBinary)
            {
                await using NpgsqlRawCopyStream raw = await connection.BeginRawBinaryCopyAsync(sql, cancellation);
                return await SendAsync(from, raw, raw.CancelAsync, count, cancellation);
            }

            // Bytes go as they are: the driver's writer of text is a stream below.
            await using NpgsqlCopyTextWriter text = await connection.BeginTextImportAsync(sql, cancellation);
            return await SendAsync(from, text.BaseStream, text.CancelAsync, count, cancellation);
        }
        catch (PostgresException e)
        {
            // Where the row is, as the server says it: COPY t, line 3, column a.
            throw new SqlShellException(e.Where is { Length: > 0 } where ? $"{name}: {e.MessageText} ({where})" : e.MessageText, -1, e.Hint, e.SqlState);
        }
    }

    private static async Task<long> SendAsync(Stream from, Stream to, Func<Task> cancel, RecordCount count, CancellationToken cancellation)
    {
        try
        {
            byte[] chunk = new byte[1 << 16];
            while (await from.ReadAsync(chunk, cancellation) is > 0 and var length)
            {
                count.Take(chunk.AsSpan(0, length));
                await to.WriteAsync(chunk.AsMemory(0, length), cancellation);
            }

            return count.Rows;
        }
        catch (Exception e) when (e is not PostgresException)
        {
            await cancel();
            throw;
        }
    }

    public async Task<long> CopyOutAsync(string sql, Stream to, CancellationToken cancellation)
    {
        var count = new RecordCount(sql);
        try
        {
            if (count.IsBinary)
            {
                await using NpgsqlRawCopyStream raw = await connection.BeginRawBinaryCopyAsync(sql, cancellation);
                return await TakeAsync(raw, to, count, cancellation);
            }

            using var text = (StreamReader)await connection.BeginTextExportAsync(sql, cancellation);
            return await TakeAsync(text.BaseStream, to, count, cancellation);
        }
        catch (PostgresException e)
        {
            throw new SqlShellException(e.MessageText, -1, e.Hint, e.SqlState);
        }
    }

    private static async Task<long> TakeAsync(Stream from, Stream to, RecordCount count, CancellationToken cancellation)
    {
        byte[] chunk = new byte[1 << 16];
        while (await from.ReadAsync(chunk, cancellation) is > 0 and var length)
        {
            count.Take(chunk.AsSpan(0, length));
            await to.WriteAsync(chunk.AsMemory(0, length), cancellation);
        }

        return count.Rows;
    }

    // The server sees one statement at a time; its places are within that.
    private static int PlaceOf(PostgresException e, NpgsqlCommand command, List<ScriptStatement> statements)
    {
        if (statements.Count <= 1 || e.Position == 0)
        {
            return e.Position - 1;
        }

        // Obsolete in favour of batches built by hand; a shell takes scripts as they are.
#pragma warning disable CS0618
        int failed = e.BatchCommand is NpgsqlBatchCommand one ? command.Statements.ToList().IndexOf(one) : -1;
        return failed >= 0 && command.Statements.Count == statements.Count ? statements[failed].Start + e.Position - 1 : -1;
#pragma warning restore CS0618
    }

    private static async Task Rows(NpgsqlDataReader reader, IResultSink sink, bool endless, CancellationToken cancellation)
    {
        int columns = reader.FieldCount;
        sink.Begin(
            new ResultColumns(
                Enumerable.Range(0, columns).Select(reader.GetName).ToArray(),
                Enumerable.Range(0, columns).Select(reader.GetDataTypeName).ToArray()),
            endless);
        while (await reader.ReadAsync(cancellation))
        {
            string?[] row = new string?[columns];
            for (int i = 0; i < columns; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : reader.GetString(i);
            }

            sink.Row(row);
        }

        sink.End(null);
    }

    private static string Tag(NpgsqlDataReader reader)
    {
        // Obsolete in favour of batches built by hand; a shell takes scripts as they are.
#pragma warning disable CS0618
        NpgsqlBatchCommand? statement = reader.Statements.Count > 0 ? reader.Statements[^1] : null;
#pragma warning restore CS0618
        return statement is null ? "OK" : statement.StatementType switch
        {
            StatementType.Insert => $"INSERT 0 {statement.Rows}",
            StatementType.Update => $"UPDATE {statement.Rows}",
            StatementType.Delete => $"DELETE {statement.Rows}",
            _ => "OK",
        };
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
