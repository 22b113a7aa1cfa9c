// SQL inside this process, on a data folder that no server has open.
using System.Text;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Cli.Sql;

/// <summary>One session of a database in this process.</summary>
internal sealed class EmbeddedRunner(Session session, Database? owned = null) : ISqlRunner
{
    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="inPassing">True where it is closed again at once: streams with a generator make no rows meanwhile.</param>
    public static async Task<EmbeddedRunner> OpenAsync(string folder, bool inPassing = false)
    {
        Database database = await Database.OpenAsync(folder, new DatabaseOptions { DeliverAlerts = false, RunGenerators = !inPassing });
        Session session = database.NewSession();
        session.Files = FileRule.Any;
        return new EmbeddedRunner(session, database);
    }

    public async Task RunAsync(string sql, IResultSink sink, CancellationToken cancellation)
    {
        try
        {
            foreach (StatementResult result in await session.ExecuteAsync(sql, cancellation))
            {
                foreach (Notice notice in result.Notices)
                {
                    sink.Notice(notice.Message);
                }

                if (result.Subscription is { } subscription)
                {
                    await Follow(subscription, sink, cancellation);
                }
                else if (result.Columns is { } columns)
                {
                    Rows(result, columns, sink);
                }
                else
                {
                    sink.End(result.CommandTag);
                }
            }
        }
        catch (SqlException e)
        {
            throw new SqlShellException(e.Message, e.Position, e.Hint, e.SqlState);
        }
    }

    public async Task<long> CopyInAsync(string sql, string name, Stream from, CancellationToken cancellation)
    {
        try
        {
            await using CopyIn copy = (await session.ExecuteAsync(sql, cancellation))[0].CopyIn ?? throw NoCopy();
            if (copy.Format.Kind == CopyKind.Binary)
            {
                throw new SqlShellException("the binary layout needs a server", -1, "text and csv do not", "0A000");
            }

            var rows = new RowReader(copy.Columns, copy.Format, copy.Format.Header ? HeaderUse.Skip : HeaderUse.None);
            byte[] chunk = new byte[1 << 16];
            for (int length = 1; length > 0;)
            {
                length = await from.ReadAtLeastAsync(chunk, chunk.Length, throwOnEndOfStream: false, cancellation);
                if (length > 0)
                {
                    rows.Write(chunk.AsSpan(0, length));
                }
                else
                {
                    rows.Complete();
                }

                if (rows.Rows.Count > 0)
                {
                    await copy.WriteAsync(rows.TakeBatch(), cancellation);
                }
            }

            return await copy.CompleteAsync(cancellation);
        }
        catch (RowException e)
        {
            string column = e.Column is null ? "" : $"column \"{e.Column}\": ";
            throw new SqlShellException($"{name}:{e.Line}: {column}{e.Error.Message}", -1, e.Error.Hint, e.Error.SqlState);
        }
        catch (SqlException e)
        {
            throw new SqlShellException(e.Message, -1, e.Hint, e.SqlState);
        }
    }

    public async Task<long> CopyOutAsync(string sql, Stream to, CancellationToken cancellation)
    {
        try
        {
            StatementResult result = (await session.ExecuteAsync(sql, cancellation))[0];
            CopyFormat format = result.CopyOut ?? throw NoCopy();
            if (format.Kind == CopyKind.Binary)
            {
                throw new SqlShellException("the binary layout needs a server", -1, "text and csv do not", "0A000");
            }

            var rows = new Doors.Formats.RowWriter(result.Columns!, format);
            var line = new ByteWriter(1 << 16);
            if (format.Header)
            {
                rows.WriteHeader(line);
            }

            foreach (Batch batch in result.Batches)
            {
                for (int row = 0; row < batch.Count; row++)
                {
                    rows.WriteRow(line, batch.Columns, row);
                    if (line.Length >= 1 << 16)
                    {
                        await to.WriteAsync(line.Written.ToArray(), cancellation);
                        line.Reset();
                    }
                }
            }

            await to.WriteAsync(line.Written.ToArray(), cancellation);
            return result.RowCount;
        }
        catch (SqlException e)
        {
            throw new SqlShellException(e.Message, -1, e.Hint, e.SqlState);
        }
    }

    private static SqlShellException NoCopy() => new("that is no COPY", -1, null, "42601");

    private static void Rows(StatementResult result, Schema columns, IResultSink sink)
    {
        sink.Begin(Describe(columns), endless: false);
        var text = new ByteWriter(256);
        foreach (Batch batch in result.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                sink.Row(Texts(batch, row, columns.Count, text));
            }
        }

        sink.End(null);
    }

    private static async Task Follow(Subscription subscription, IResultSink sink, CancellationToken cancellation)
    {
        await using (subscription)
        {
            ResultColumns columns = Describe(subscription.Columns);
            sink.Begin(new ResultColumns(["epoch", "weight", .. columns.Names], ["bigint", "bigint", .. columns.Types]), endless: true);
            var text = new ByteWriter(256);
            await foreach (SubscriptionEvent next in subscription.Events.ReadAllAsync(cancellation))
            {
                if (next.Error is { } error)
                {
                    throw error;
                }

                for (int row = 0; row < (next.Batch?.Count ?? 0); row++)
                {
                    sink.Row([$"{next.Epoch}", $"{next.Batch!.Weight(row)}", .. Texts(next.Batch, row, subscription.Columns.Count, text)]);
                }
            }

            sink.End(null);
        }
    }

    private static ResultColumns Describe(Schema columns) =>
        new(columns.Fields.Select(f => f.Name).ToArray(), columns.Fields.Select(f => f.Type.ToString()).ToArray());

    private static string?[] Texts(Batch batch, int row, int columns, ByteWriter text)
    {
        string?[] values = new string?[columns];
        for (int i = 0; i < columns; i++)
        {
            Column column = batch.Columns[i];
            if (!column.IsNull(row))
            {
                text.Reset();
                TextWrite.For(column.Type)(text, column, row);
                values[i] = Encoding.UTF8.GetString(text.Written);
            }
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        await session.DisposeAsync();
        if (owned is not null)
        {
            await owned.DisposeAsync();
        }
    }
}
