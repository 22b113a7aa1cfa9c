// Things a session gives names to: prepared statements and cursors.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    private const int CursorsMax = 1_000;

    private async ValueTask<StatementResult> ExecuteNamedAsync(BoundStatement bound, LocalPrepared prepared, CancellationToken cancellation)
    {
        switch (bound)
        {
            case BoundPrepare prepare:
                if (Statements.ContainsKey(prepare.Name))
                {
                    throw new SqlException("42P05", $"prepared statement \"{prepare.Name}\" already exists", hint: "DEALLOCATE it first");
                }

                var target = new LocalPrepared(this, prepare.Target, prepared.Script, [.. prepare.ParameterTypes]);
                target.Rebind();
                Statements.Add(prepare.Name, new NamedStatement(prepared.Text, prepare.Target, target) { FromSql = true, PreparedMicros = NowMicros });
                return Done(bound);
            case BoundExecute execute:
                if (!Statements.TryGetValue(execute.Name, out NamedStatement? known))
                {
                    throw new SqlException("26000", $"prepared statement \"{execute.Name}\" does not exist", hint: "PREPARE it first");
                }

                if (known.Plan is not { } plan)
                {
                    throw new SqlException("0A000", $"prepared statement \"{execute.Name}\" is empty");
                }

                EvalContext context = ContextOf(Snapshot, Snapshot.TimeMicros);
                LiteralExpr[] values = [.. execute.Arguments.Select(a => ConstantFolder.Evaluate(a, context))];
                for (int i = 0; i < Math.Min(values.Length, plan.Parameters.Count); i++)
                {
                    values[i] = ConvertTo(values[i], plan.Parameters[i], context.TimeZone);
                }

                return await ExecuteAsync(plan, values, cancellation).ConfigureAwait(false);
            case BoundDeallocate { Name: null }:
                Statements.Clear();
                return Done(bound);
            case BoundDeallocate deallocate:
                return Statements.Remove(deallocate.Name!)
                    ? Done(bound)
                    : throw new SqlException("26000", $"prepared statement \"{deallocate.Name}\" does not exist");
            case BoundDeclareCursor declare:
                IEnumerable<Notice> notices = await DeclareAsync(declare, prepared.Text, cancellation).ConfigureAwait(false);
                return new StatementResult { CommandTag = bound.Tag, Notices = [.. ToNotices(bound.Notices), .. notices] };
            case BoundFetch fetch:
                return await FetchAsync(fetch, cancellation).ConfigureAwait(false);
            case BoundCloseCursor { Cursor: null }:
                await CloseCursorsAsync(_ => true).ConfigureAwait(false);
                return Done(bound);
            case BoundCloseCursor close:
                if (!_cursors.ContainsKey(close.Cursor!))
                {
                    throw NoCursor(close.Cursor!);
                }

                await CloseCursorsAsync(c => c.Key == close.Cursor).ConfigureAwait(false);
                return Done(bound);
            case BoundDiscard { What: "temp" or "temporary" }:
                await DropTemporaryAsync().ConfigureAwait(false);
                return Done(bound);
            case BoundDiscard { What: not "all" }:
                // No plan is kept that could be wrong, and there are no sequences.
                return Done(bound);
            default:
                Statements.Clear();
                await EndAsync().ConfigureAwait(false);
                _settings.ResetAll();
                return Done(bound);
        }
    }

    /// <summary>Every cursor and portal.</summary>
    internal IEnumerable<NamedCursor> CursorList => _cursors.Values.Select(c => c.Told!).Concat(Portals());

    // Gives what is to be said of where its rows come from.
    private async ValueTask<IEnumerable<Notice>> DeclareAsync(BoundDeclareCursor declare, string text, CancellationToken cancellation)
    {
        if (_cursors.ContainsKey(declare.Name))
        {
            throw new SqlException("42P03", $"cursor \"{declare.Name}\" already exists");
        }

        if (_cursors.Count >= CursorsMax)
        {
            throw new SqlException("53400", $"the session has {CursorsMax} cursors already", hint: "CLOSE those that are done with");
        }

        Cursor cursor;
        IReadOnlyList<RollupReport> reports = [];
        if (declare.Subscribe is { } subscribe)
        {
            // Changes go on when a transaction does not: outside of one such a cursor stays until it is closed.
            StatementResult followed = await SubscribeAsync(subscribe, text, cancellation).ConfigureAwait(false);
            bool stays = declare.Hold || _transaction is null or { Implicit: true };
            cursor = declare.OverSubscription ? await OverSubscriptionAsync(declare, followed.Subscription!, stays, cancellation).ConfigureAwait(false)
                : new ChangesCursor(followed.Subscription!, stays)
                {
                    Origins = [ColumnOrigin.None, ColumnOrigin.None, .. subscribe.Query.Origins],
                };
        }
        else if (_transaction is null && !declare.Hold)
        {
            throw new SqlException("25P01", "DECLARE CURSOR can only be used in transaction blocks", hint: "BEGIN first, or declare it WITH HOLD");
        }
        else
        {
            cursor = new RowsCursor(declare.Query.Columns, Run(declare.Query, Snapshot, cancellation, out reports), declare.Hold, declare.Scroll != false)
            {
                Origins = declare.Query.Origins,
            };
        }

        cursor.IsNew = _transaction is { Implicit: false };
        cursor.Told = new NamedCursor(declare.Name, text, NowMicros) { IsHeld = cursor.IsHeld, MayGoBack = cursor is RowsCursor && declare.Scroll != false };
        _cursors.Add(declare.Name, cursor);
        return NoticesOf(reports);
    }

    // What comes first is read after the subscription has begun, as of a moment at or after its own: changes up to that moment are in it already.
    private async ValueTask<Cursor> OverSubscriptionAsync(BoundDeclareCursor declare, Subscription subscription, bool stays, CancellationToken cancellation)
    {
        if (declare.First is not { } first)
        {
            return new SubscriptionCursor(subscription, [], -1, stays);
        }

        await FlushAsync(cancellation).ConfigureAwait(false);
        DatabaseSnapshot snapshot = _database.Engine.Current;
        return new SubscriptionCursor(subscription, Run(first, snapshot, cancellation, out _), snapshot.Epoch, stays);
    }

    private async ValueTask<StatementResult> FetchAsync(BoundFetch fetch, CancellationToken cancellation)
    {
        if (!_cursors.TryGetValue(fetch.Cursor, out Cursor? cursor))
        {
            bool onwards = fetch is { Move: true, Direction: FetchDirection.Forward, Count: null or >= 0 };
            long? passed = onwards ? await MovePortal(fetch.Cursor, fetch.Count ?? long.MaxValue, cancellation).ConfigureAwait(false) : null;
            return new StatementResult { CommandTag = $"{fetch.Tag} {passed ?? throw NoCursor(fetch.Cursor)}", RowCount = passed.Value };
        }

        Batch rows = await cursor.FetchAsync(fetch, cancellation).ConfigureAwait(false);
        return new StatementResult
        {
            CommandTag = $"{fetch.Tag} {rows.Count}",
            Columns = fetch.Move ? null : cursor.Columns,
            Batches = fetch.Move || rows.Count == 0 ? [] : [rows],
            RowCount = rows.Count,
        };
    }

    private async ValueTask CloseCursorsAsync(Func<KeyValuePair<string, Cursor>, bool> which)
    {
        foreach ((string name, Cursor cursor) in _cursors.Where(which).ToList())
        {
            _cursors.Remove(name);
            await cursor.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static LiteralExpr ConvertTo(LiteralExpr value, SqlType type, TimeZoneInfo zone)
    {
        if (value.Type.SameAs(type) || value.Value is null)
        {
            return new LiteralExpr(value.Value, type);
        }

        // EXECUTE's arguments are literals: through their text form any of them becomes the type asked for.
        byte[] text = System.Text.Encoding.UTF8.GetBytes(TextFormat.ToText(BoxedValue.ToColumn(value.Value, value.Type), 0)!);
        return new LiteralExpr(type.Id == TypeId.TimestampTz ? TextParse.TimestampTz(text, zone) : TextParse.Value(type, text), type);
    }

    private static SqlException NoCursor(string name) => new("34000", $"cursor \"{name}\" does not exist");
}
