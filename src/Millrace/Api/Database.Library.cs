// The typed verbs for programs that embed the database.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace;

/// <summary>A change of a subscribed query's answer, as objects.</summary>
/// <typeparam name="T">The row's type.</typeparam>
/// <param name="Row">The row.</param>
/// <param name="Weight">+n: the row appears n times; −n: it disappears n times.</param>
/// <param name="Epoch">The epoch whose state is reached when all changes of it are taken in.</param>
/// <param name="Snapshot">True for rows of the answer as it stood when the subscription began.</param>
public readonly record struct Change<T>(T Row, long Weight, long Epoch, bool Snapshot);

public sealed partial class Database
{
    /// <summary>Runs one or more statements and returns the outcome of the last.</summary>
    /// <param name="sql">The text; $1, $2 … stand for <paramref name="parameters"/> (one statement only then).</param>
    /// <param name="parameters">Values of CLR types that fit the parameters' types.</param>
    /// <exception cref="SqlException">What the caller can mend.</exception>
    public async Task<StatementResult> ExecuteAsync(string sql, params object?[] parameters)
    {
        using MillraceDiagnostics.Operation operation = MillraceDiagnostics.Begin(MillraceDiagnostics.VerbOf(sql), null);
        try
        {
            return await ExecuteTracedAsync(sql, parameters).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            operation.Failed(e);
            throw;
        }
    }

    private async Task<StatementResult> ExecuteTracedAsync(string sql, object?[] parameters)
    {
        await using Session session = NewSession();
        session.Files = FileRule.Any;
        if (parameters.Length == 0)
        {
            IReadOnlyList<StatementResult> results = await session.ExecuteAsync(sql).ConfigureAwait(false);
            return results.Count > 0 ? results[^1] : new StatementResult { CommandTag = "" };
        }

        IReadOnlyList<Statement> statements = session.Parse(sql);
        if (statements.Count != 1)
        {
            throw new SqlException("42601", "cannot insert multiple commands into a prepared statement", hint: "give parameters to one statement at a time");
        }

        PreparedStatement prepared = session.Prepare(statements[0], sql);
        if (prepared.Parameters.Count != parameters.Length)
        {
            throw new SqlException("08P01", $"the statement needs {prepared.Parameters.Count} parameters, {parameters.Length} were given");
        }

        var values = new LiteralExpr[parameters.Length];
        for (int i = 0; i < values.Length; i++)
        {
            ColumnBuilder builder = ColumnBuilder.For(prepared.Parameters[i]);
            ClrValues.Append(builder, parameters[i], "$" + (i + 1));
            values[i] = new LiteralExpr(BoxedValue.Get(builder.ToColumn(), 0), prepared.Parameters[i]);
        }

        return await session.ExecuteAsync(prepared, values).ConfigureAwait(false);
    }

    /// <summary>Runs a query and reads its rows as <typeparamref name="T"/>: a scalar, or a record or class whose members are named as the columns.</summary>
    /// <exception cref="SqlException">What the caller can mend; 42804 when the columns do not fit the type.</exception>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, params object?[] parameters)
    {
        StatementResult result = await ExecuteAsync(sql, parameters).ConfigureAwait(false);
        if (result.Columns is null)
        {
            throw new SqlException("42601", $"{result.CommandTag} returns no rows", hint: "use ExecuteAsync");
        }

        var mapper = new RowMapper<T>(result.Columns);
        var rows = new List<T>();
        foreach (Batch batch in result.Batches)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                rows.Add(mapper.Read(batch, i));
            }
        }

        return rows;
    }

    /// <summary>
    /// Appends objects to a stream, or upserts them into a table by primary key. Properties are matched to columns by name; columns without a
    /// property become null. Returns when the rows are durable and every view reflects them.
    /// </summary>
    /// <returns>The offset of the first row (streams), or 0.</returns>
    /// <exception cref="SqlException">42703 a property has no column; 42804 a value does not fit its column.</exception>
    public async ValueTask<long> AppendAsync<T>(string name, IEnumerable<T> rows, CancellationToken cancellation = default)
    {
        CatalogObject target = Catalog.FindNamed(name) ?? throw new SqlException("42P01", $"relation \"{name}\" does not exist");
        var visible = new Schema([.. target.Columns.Fields.Take(target.Columns.Count - target.HiddenColumns)]);
        return await AppendAsync(name, new RowWriter<T>(visible, name).Write(rows), cancellation).ConfigureAwait(false);
    }

    /// <summary>Follows a query: its answer now, row by row, then every change, until the enumeration is cancelled or disposed.</summary>
    /// <exception cref="SqlException">The query is wrong, or the subscription ended (53400 when this reader was too slow).</exception>
    public async IAsyncEnumerable<Change<T>> SubscribeAsync<T>(string sql, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using Session session = NewSession();
        string text = sql.TrimStart().StartsWith("subscribe", StringComparison.OrdinalIgnoreCase) ? sql : $"SUBSCRIBE ({sql.TrimEnd().TrimEnd(';')})";
        StatementResult result = (await session.ExecuteAsync(text, cancellation).ConfigureAwait(false))[0];
        await using Subscription subscription = result.Subscription!;
        var mapper = new RowMapper<T>(subscription.Columns);
        await foreach (SubscriptionEvent e in subscription.Events.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            if (e.Error is not null)
            {
                throw e.Error;
            }

            for (int i = 0; i < (e.Batch?.Count ?? 0); i++)
            {
                yield return new Change<T>(mapper.Read(e.Batch!, i), e.Batch!.Weight(i), e.Epoch, e.Kind == SubscriptionEventKind.Snapshot);
            }
        }
    }
}
