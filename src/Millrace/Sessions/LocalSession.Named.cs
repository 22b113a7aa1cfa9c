// Things a session gives names to: prepared statements and cursors.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>A cursor: a result, and where its reader stands (rows before it).</summary>
internal sealed class Cursor(Schema columns, Batch rows, bool hold)
{
    public Schema Columns { get; } = columns;

    public Batch Rows { get; } = rows;

    public bool Hold { get; } = hold;

    public int Position { get; set; }
}

internal sealed partial class LocalSession
{
    private async ValueTask<StatementResult> ExecuteNamedAsync(BoundStatement bound, LocalPrepared prepared, CancellationToken cancellation)
    {
        switch (bound)
        {
            case BoundPrepare prepare:
                if (_prepared.ContainsKey(prepare.Name))
                {
                    throw new SqlException("42P05", $"prepared statement \"{prepare.Name}\" already exists", hint: "DEALLOCATE it first");
                }

                var target = new LocalPrepared(this, prepare.Target, prepared.Script, [.. prepare.ParameterTypes]);
                target.Rebind();
                _prepared.Add(prepare.Name, (target, prepare.Target));
                return Done(bound);
            case BoundExecute execute:
                if (!_prepared.TryGetValue(execute.Name, out (LocalPrepared Prepared, Statement _) known))
                {
                    throw new SqlException("26000", $"prepared statement \"{execute.Name}\" does not exist", hint: "PREPARE it first");
                }

                var context = new EvalContext { NowMicros = Snapshot.TimeMicros };
                LiteralExpr[] values = [.. execute.Arguments.Select(a => ConstantFolder.Evaluate(a, context))];
                for (int i = 0; i < Math.Min(values.Length, known.Prepared.Parameters.Count); i++)
                {
                    values[i] = ConvertTo(values[i], known.Prepared.Parameters[i]);
                }

                return await ExecuteAsync(known.Prepared, values, cancellation).ConfigureAwait(false);
            case BoundDeallocate { Name: null }:
                _prepared.Clear();
                return Done(bound);
            case BoundDeallocate deallocate:
                return _prepared.Remove(deallocate.Name!)
                    ? Done(bound)
                    : throw new SqlException("26000", $"prepared statement \"{deallocate.Name}\" does not exist");
            case BoundDeclareCursor { Subscription: true }:
                throw new SqlException("0A000", "cursors over SUBSCRIBE are not supported yet", hint: "run SUBSCRIBE itself: it streams its changes");
            case BoundDeclareCursor declare:
                if (Status == TransactionStatus.Idle && !declare.Hold && _transaction is null)
                {
                    throw new SqlException("25P01", "DECLARE CURSOR can only be used in transaction blocks", hint: "BEGIN first, or declare it WITH HOLD");
                }

                List<Batch> batches = Run(declare.Query, Snapshot, cancellation);
                Batch rows = batches.Count == 0 ? Batch.Empty(declare.Query.Columns) : batches[0];
                if (!_cursors.TryAdd(declare.Name, new Cursor(declare.Query.Columns, rows, declare.Hold)))
                {
                    throw new SqlException("42P03", $"cursor \"{declare.Name}\" already exists");
                }

                return Done(bound);
            case BoundFetch fetch:
                return Fetch(fetch);
            case BoundCloseCursor { Cursor: null }:
                _cursors.Clear();
                return Done(bound);
            case BoundCloseCursor close:
                return _cursors.Remove(close.Cursor!) ? Done(bound) : throw NoCursor(close.Cursor!);
            default:
                _prepared.Clear();
                _cursors.Clear();
                _settings.ResetAll();
                return Done(bound);
        }
    }

    private StatementResult Fetch(BoundFetch fetch)
    {
        Cursor cursor = _cursors.GetValueOrDefault(fetch.Cursor) ?? throw NoCursor(fetch.Cursor);
        if (fetch.Direction != FetchDirection.Forward || fetch.Count is < 0)
        {
            throw new SqlException("55000", "cursor can only scan forward", hint: "FETCH [FORWARD] n | ALL");
        }

        int count = (int)Math.Min(fetch.Count ?? int.MaxValue, cursor.Rows.Count - cursor.Position);
        var builder = new BatchBuilder(cursor.Columns);
        for (int c = 0; c < cursor.Columns.Count; c++)
        {
            builder.Columns[c].AppendRange(cursor.Rows.Columns[c], cursor.Position, count);
        }

        builder.EndRows(count);
        cursor.Position += count;
        return new StatementResult
        {
            CommandTag = $"{fetch.Tag} {count}",
            Columns = fetch.Move ? null : cursor.Columns,
            Batches = fetch.Move || count == 0 ? [] : [builder.Share()],
            RowCount = count,
        };
    }

    private static LiteralExpr ConvertTo(LiteralExpr value, SqlType type)
    {
        if (value.Type.SameAs(type) || value.Value is null)
        {
            return new LiteralExpr(value.Value, type);
        }

        // EXECUTE's arguments are literals: through their text form any of them becomes the type asked for.
        ColumnBuilder builder = ColumnBuilder.For(type);
        TextParse.Append(builder, System.Text.Encoding.UTF8.GetBytes(TextFormat.ToText(BoxedValue.ToColumn(value.Value, value.Type), 0)!));
        return new LiteralExpr(BoxedValue.Get(builder.ToColumn(), 0), type);
    }

    private static SqlException NoCursor(string name) => new("34000", $"cursor \"{name}\" does not exist");
}
