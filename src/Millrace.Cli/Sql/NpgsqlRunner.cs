// SQL against a running server, over the PostgreSQL door like any client.
using Npgsql;

namespace Millrace.Cli.Sql;

/// <summary>One connection to a server.</summary>
internal sealed class NpgsqlRunner(NpgsqlConnection connection) : ISqlRunner
{
    /// <summary>Connects to <c>HOST:PORT</c>.</summary>
    public static async Task<NpgsqlRunner> ConnectAsync(string address)
    {
        int colon = address.LastIndexOf(':');
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = colon > 0 ? address[..colon].Trim('[', ']') : address,
            Port = colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), out ushort port) ? port : KnownDoors.Postgres.Port,
            Username = "millrace",
            Database = "millrace",
            SslMode = SslMode.Disable,
            Pooling = false,
            ApplicationName = "millrace sql",
            CommandTimeout = 0,
            Timeout = 5,
            IncludeErrorDetail = true,
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        NpgsqlConnection connection;
        try
        {
            connection = await builder.Build().OpenConnectionAsync();
        }
        catch (NpgsqlException e) when (e.InnerException is System.Net.Sockets.SocketException)
        {
            throw new IOException($"no server answers at {settings.Host}:{settings.Port} (start one with `millrace serve`, or use a folder directly with --data DIR)", e);
        }

        return new NpgsqlRunner(connection);
    }

    public async Task RunAsync(string sql, IResultSink sink, CancellationToken cancellation)
    {
        void OnNotice(object _, NpgsqlNoticeEventArgs e) => sink.Notice(e.Notice.MessageText);
        connection.Notice += OnNotice;
        try
        {
            await using NpgsqlCommand command = connection.CreateCommand();
            command.CommandText = sql;
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
            throw new SqlShellException(e.MessageText, e.Position - 1, e.Hint, e.SqlState);
        }
        finally
        {
            connection.Notice -= OnNotice;
        }
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
