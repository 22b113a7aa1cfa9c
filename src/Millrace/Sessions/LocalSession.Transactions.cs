// BEGIN, COMMIT, ROLLBACK, savepoints, and the implicit transaction of a text with several statements.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    public override void BeginImplicit() => _transaction ??= new Transaction(_database.Engine.Current, isImplicit: true);

    public override async ValueTask EndImplicitAsync(bool commit, CancellationToken cancellation = default)
    {
        if (_transaction is { Implicit: true })
        {
            try
            {
                if (commit)
                {
                    await CommitAsync(cancellation).ConfigureAwait(false);
                }
            }
            finally
            {
                // Also when the commit is refused: the next text must not begin with this one's writes.
                await EndTransactionAsync(commit).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<StatementResult> TransactAsync(BoundTransaction bound, CancellationToken cancellation)
    {
        switch (bound.Verb)
        {
            case TransactionVerb.Begin:
                if (Status == TransactionStatus.InTransaction)
                {
                    return Warned(bound, "25001", "there is already a transaction in progress");
                }

                await CommitPendingAsync(cancellation).ConfigureAwait(false);
                _transaction = new Transaction(_database.Engine.Current, isImplicit: false) { ReadOnly = bound.ReadOnly ?? false };
                return Done(bound);
            case TransactionVerb.Commit:
                if (Status == TransactionStatus.Idle)
                {
                    return Warned(bound, "25P01", "there is no transaction in progress");
                }

                bool failed = _transaction!.Failed;
                bool committed = false;
                try
                {
                    if (!failed)
                    {
                        await CommitAsync(cancellation).ConfigureAwait(false);
                        committed = true;
                    }
                }
                finally
                {
                    await EndTransactionAsync(committed).ConfigureAwait(false);
                }

                return Done(bound, failed ? "ROLLBACK" : "COMMIT");
            case TransactionVerb.Rollback:
                StatementResult result = Status == TransactionStatus.Idle ? Warned(bound, "25P01", "there is no transaction in progress") : Done(bound);
                await EndTransactionAsync(committed: false).ConfigureAwait(false);
                return result;
            case TransactionVerb.Savepoint:
                Explicit(bound).SetSavepoint(bound.Savepoint!);
                return Done(bound);
            case TransactionVerb.Release:
                Explicit(bound).Release(bound.Savepoint!);
                return Done(bound);
            case TransactionVerb.RollbackTo:
                Explicit(bound).RollbackTo(bound.Savepoint!);
                return Done(bound);
            default:
                if (bound.ReadOnly is { } readOnly && _transaction is not null)
                {
                    _transaction.ReadOnly = readOnly;
                }

                return Done(bound);
        }
    }

    private Transaction Explicit(BoundTransaction bound) => _transaction is { Implicit: false } transaction
        ? transaction
        : throw new SqlException("25P01", $"{bound.Tag} can only be used in transaction blocks");

    private static StatementResult Warned(BoundTransaction bound, string state, string message) =>
        new() { CommandTag = bound.Tag, Notices = [new Notice(state, message)] };

    private async ValueTask EndTransactionAsync(bool committed)
    {
        _transaction = null;
        await CloseCursorsAsync(c => !c.Value.IsHeld || (c.Value.IsNew && !committed)).ConfigureAwait(false);
        foreach (Cursor cursor in _cursors.Values)
        {
            cursor.IsNew = false;
        }
    }

    private async ValueTask CommitAsync(CancellationToken cancellation)
    {
        if (_transaction is { HasWrites: true } transaction)
        {
            await _database.SubmitAsync(new WriteRequest(transaction.Entries()), cancellation).ConfigureAwait(false);
        }
    }

    // In an implicit transaction a read shows what earlier statements of the text wrote, in views as well: commit them first.
    private ValueTask CommitBeforeReadAsync(BoundQuery query, CancellationToken cancellation) =>
        query.DependsOn.Count > 0 ? CommitPendingAsync(cancellation) : ValueTask.CompletedTask;

    private async ValueTask CommitPendingAsync(CancellationToken cancellation)
    {
        if (_transaction is { Implicit: true })
        {
            try
            {
                await CommitAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                _transaction = new Transaction(_database.Engine.Current, isImplicit: true);
            }
        }
    }
}
