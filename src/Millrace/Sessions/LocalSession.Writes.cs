// INSERT, UPDATE, DELETE: worked out against a snapshot, committed by the engine if nobody interfered.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    // Somebody else's commit may come between reading and committing: the statement is then worked out anew.
    private const int RetriesMax = 20;

    private void RefuseReadOnly(BoundStatement bound)
    {
        if (_transaction is { ReadOnly: true })
        {
            throw new SqlException("25006", $"cannot execute {bound.Tag} in a read-only transaction");
        }
    }

    // Without a prepared statement the one that is bound is final.
    private async ValueTask<StatementResult> WriteAsync(
        BoundStatement bound, LocalPrepared? prepared, IReadOnlyList<LiteralExpr>? parameters, CancellationToken cancellation)
    {
        RefuseReadOnly(bound);
        if (_transaction is { } transaction)
        {
            DatabaseSnapshot read = transaction.Snapshot;
            return Outcome(bound, WriteStatement.Run(bound, transaction, Rows(read, cancellation), ContextOf(read, read.TimeMicros)), read.Epoch);
        }

        if (bound is BoundInsert { OnConflict: null, Returning: null } insert)
        {
            try
            {
                return await InsertDirectlyAsync(insert, cancellation).ConfigureAwait(false);
            }
            catch (SqlException e) when (e.SqlState == "40001" && prepared is not null)
            {
                // The table's columns have changed meanwhile: bound anew, below.
            }
        }

        for (int attempt = 1; ; attempt++)
        {
            DatabaseSnapshot snapshot = _database.Engine.Current;
            while (prepared is not null && prepared.Version != snapshot.Catalog.Version)
            {
                // What it is bound to and what it reads must be of one catalog: a column may have come.
                bound = BoundNow(prepared, parameters);
                snapshot = _database.Engine.Current;
            }

            var own = new Transaction(snapshot, isImplicit: true);
            WriteOutcome outcome = WriteStatement.Run(bound, own, Rows(snapshot, cancellation), ContextOf(snapshot, snapshot.TimeMicros));
            if (!own.HasWrites)
            {
                return Outcome(bound, outcome, snapshot.Epoch);
            }

            try
            {
                WriteResult result = await _database.SubmitAsync(new WriteRequest(own.Entries()), cancellation).ConfigureAwait(false);
                return Outcome(bound, outcome, result.Epoch);
            }
            catch (SqlException e) when (e.SqlState is "40001" or "23505" && attempt < RetriesMax)
            {
                // 23505: a row that was absent in the snapshot has appeared; the next attempt sees it and follows ON CONFLICT or reports it.
            }
        }
    }

    // The common case needs no snapshot: the engine itself looks for taken keys.
    private async ValueTask<StatementResult> InsertDirectlyAsync(BoundInsert insert, CancellationToken cancellation)
    {
        var entries = new List<WriteEntry>();
        foreach (Batch batch in WriteStatement.RowsOf(insert, Rows(_database.Engine.Current, cancellation)))
        {
            entries.Add(new WriteEntry(insert.Target.Id, batch, WriteStatement.RuleOf(insert.Target)) { Shape = insert.Target.Shape });
        }

        if (entries.Count == 0)
        {
            return Outcome(insert, new WriteOutcome(0, null), _database.Engine.Current.Epoch);
        }

        WriteResult result = await _database.SubmitAsync(new WriteRequest(entries), cancellation).ConfigureAwait(false);
        return Outcome(insert, new WriteOutcome(result.Changed.Sum(), null), result.Epoch);
    }

    /// <summary>Writes rows with all columns of the target, as one commit, or into the open transaction.</summary>
    internal async ValueTask WriteRowsAsync(CatalogObject target, List<Batch> batches, CancellationToken cancellation)
    {
        if (_transaction is { } transaction)
        {
            foreach (Batch batch in batches)
            {
                WriteStatement.Insert(new BoundInsert(target, new ValuesPlan([], target.Columns)), transaction, batch, new EvalContext());
            }
        }
        else if (batches.Count > 0)
        {
            WriteEntry[] entries = [.. batches.Select(b => new WriteEntry(target.Id, b, WriteStatement.RuleOf(target)) { Shape = target.Shape })];
            await _database.SubmitAsync(new WriteRequest(entries), cancellation).ConfigureAwait(false);
        }
    }

    // What is written is made of rows: what a rollup says of rows that are gone is for those to see who ask.
    private Func<BoundQuery, List<Batch>> Rows(DatabaseSnapshot snapshot, CancellationToken cancellation) => query =>
    {
        long now = _database.NowMicros;
        EvalContext context = ContextOf(snapshot, now);
        return Run(Folded(query, context), snapshot, context, now, cancellation);
    };

    private static StatementResult Outcome(BoundStatement bound, WriteOutcome outcome, long epoch)
    {
        string tag = bound is BoundInsert ? $"INSERT 0 {outcome.Rows}" : bound is BoundTruncate ? bound.Tag : $"{bound.Tag} {outcome.Rows}";
        return new StatementResult
        {
            CommandTag = tag,
            RowCount = outcome.Rows,
            Epoch = epoch,
            Columns = ReturningOf(bound)?.Columns,
            Batches = outcome.Returned is { Count: > 0 } returned ? [returned] : [],
            Notices = ToNotices(bound.Notices),
        };
    }

    private static BoundReturning? ReturningOf(BoundStatement bound) => bound switch
    {
        BoundInsert b => b.Returning,
        BoundUpdate b => b.Returning,
        BoundDelete b => b.Returning,
        _ => null,
    };
}
