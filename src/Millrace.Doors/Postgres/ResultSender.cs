// A statement's outcome as the simple protocol sends it: whole, in text form, with its description in front.
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql.Syntax;

namespace Millrace.Doors.Postgres;

/// <summary>The connection is to end without another word: the client has gone in the middle of something.</summary>
internal sealed class ClientGoneException() : Exception("the client has gone");

/// <summary>An error inside COPY data, with the table it is about.</summary>
internal sealed class CopyException(string table, RowException row) : Exception(row.Message, row)
{
    /// <summary>The table copied into.</summary>
    public string Table { get; } = table;

    /// <summary>The row and what is wrong with it.</summary>
    public RowException Row { get; } = row;
}

/// <summary>Sends results.</summary>
internal static class ResultSender
{
    /// <summary>The columns a client sees for a statement; null when it returns no rows.</summary>
    public static Schema? ColumnsOf(PreparedStatement prepared, Statement statement) => statement switch
    {
        CopyStatement => null,
        SubscribeStatement when prepared.Columns is { } columns => ChangeStream.Columns(columns),
        _ => prepared.Columns,
    };

    /// <summary>Sends a whole result, text form, description in front.</summary>
    public static async ValueTask SendAsync(
        SessionContext context, Statement statement, PreparedStatement prepared, StatementResult result, CancellationToken cancellation)
    {
        MessageOutput output = context.Output;
        IReadOnlyList<(int Relation, int Attribute)> origins = prepared.Origins;
        context.Notices(result.Notices);
        if (result.Subscription is { } subscription)
        {
            await using (subscription.ConfigureAwait(false))
            {
                // psql shows a result when it has all of it, which for a subscription is never; what is copied out it prints line by line.
                bool asCopy = context.Session.Settings.GetValueOrDefault("application_name") == "psql";
                var changes = new ChangeStream(subscription, [], asCopy);
                changes.Begin(output, origins);
                (long sent, _) = await changes.SendAsync(output, 0, null, cancellation).ConfigureAwait(false);
                changes.End(output, sent);
            }
        }
        else if (!await TryCopyAsync(context, statement, result, cancellation).ConfigureAwait(false))
        {
            if (result.Columns is { } columns)
            {
                output.RowDescription(columns, [], origins);
                await new RowCursor(columns, result.Batches, [], context.Session).SendAsync(output, 0, cancellation).ConfigureAwait(false);
            }

            output.Complete(result.CommandTag);
        }

        context.ReportSettings();
    }

    /// <summary>When the result is a COPY, does it, its CommandComplete included.</summary>
    public static async ValueTask<bool> TryCopyAsync(
        SessionContext context, Statement statement, StatementResult result, CancellationToken cancellation)
    {
        if (result.CopyOut is { } format)
        {
            await CopyOutSender.RunAsync(context, result, format, cancellation).ConfigureAwait(false);
            context.Output.Complete($"COPY {result.RowCount}");
            return true;
        }

        if (result.CopyIn is not { } copy)
        {
            return false;
        }

        await using (copy.ConfigureAwait(false))
        {
            try
            {
                long rows = await CopyInReceiver.RunAsync(context, copy, cancellation).ConfigureAwait(false) ?? throw new ClientGoneException();
                context.Output.Complete($"COPY {rows}");
            }
            catch (RowException e)
            {
                string table = (statement as CopyStatement)?.Table?.Parts[^1].Text ?? "";
                throw new CopyException(table, e);
            }
        }

        return true;
    }
}
