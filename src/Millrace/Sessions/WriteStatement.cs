// Works out what a write statement changes, against a transaction's private copies.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Sessions;

/// <summary>What a write statement did.</summary>
/// <param name="Rows">Rows inserted, updated or deleted.</param>
/// <param name="Returned">The rows of RETURNING, or null.</param>
internal sealed record WriteOutcome(long Rows, Batch? Returned);

/// <summary>INSERT, UPDATE, DELETE and TRUNCATE as weighted changes of tables, and appends to streams.</summary>
internal static class WriteStatement
{
    public static WriteRule RuleOf(CatalogObject target) => target.Kind == ObjectKind.Stream ? WriteRule.Append : target.OnConflict switch
    {
        ConflictRule.Overwrite => WriteRule.Overwrite,
        ConflictRule.Ignore => WriteRule.Ignore,
        ConflictRule.UpdateIfNotNull => WriteRule.Merge,
        _ => WriteRule.Insert,
    };

    /// <summary>Runs the statement; its changes are noted in <paramref name="transaction"/>.</summary>
    /// <param name="bound">The statement.</param>
    /// <param name="transaction">Where reads come from and writes go.</param>
    /// <param name="rows">Runs a plan.</param>
    /// <param name="context">What expressions of ON CONFLICT and RETURNING know.</param>
    public static WriteOutcome Run(BoundStatement bound, Transaction transaction, Func<BoundQuery, List<Batch>> rows, EvalContext context) => bound switch
    {
        BoundInsert insert => Insert(insert, transaction, Join(insert.Target.Columns, RowsOf(insert, rows)), context),
        BoundUpdate update => Update(update, transaction, Join(update.Source.Columns, rows(Of(update.Source))), context),
        BoundDelete delete => Delete(delete, transaction, Join(delete.Source.Columns, rows(Of(delete.Source))), context),
        BoundTruncate truncate => Truncate(truncate, transaction),
        _ => throw new BugException($"BUG: {bound.Tag} is not a write"),
    };

    /// <summary>What an INSERT writes, in its order: batches of the target's columns.</summary>
    public static List<Batch> RowsOf(BoundInsert insert, Func<BoundQuery, List<Batch>> rows)
    {
        List<Batch> given = rows(Of(insert.Source) with { Order = insert.Order });
        int width = insert.Target.Columns.Count;
        return insert.Order.Count == 0 ? given : [.. given.Select(b => new Batch(b.Columns[..width], b.Count, b.Weights))];
    }

    private static BoundQuery Of(PlanNode plan) => new(plan, plan.Columns);

    /// <summary>Inserts rows with all columns of the target.</summary>
    public static WriteOutcome Insert(BoundInsert insert, Transaction transaction, Batch source, EvalContext context)
    {
        CatalogObject target = insert.Target;
        if (source.Count == 0)
        {
            return new WriteOutcome(0, Returned(insert.Returning, null, context));
        }

        if (target.Kind == ObjectKind.Stream)
        {
            TableState.CheckNotNull(target, source);
            CheckRules.Verify(target, source);
            transaction.Add(target.Id, source);
            return new WriteOutcome(source.Count, Returned(insert.Returning, source, context));
        }

        TableState table = transaction.Table(target);
        source = table.Numbered(source);
        if (insert.OnConflict is { } conflict && (conflict.Action == ConflictAction.DoUpdate || conflict.Arbiter >= 0 || conflict.ByKey))
        {
            return Upsert(insert, conflict, transaction, table, source, context);
        }

        WriteRule rule = insert.OnConflict is { Action: ConflictAction.DoNothing } ? WriteRule.Ignore : RuleOf(target);
        Batch? change = table.Write(source, rule);
        long taken = source.Count - table.Ignored;
        if (change is null)
        {
            return new WriteOutcome(taken, Returned(insert.Returning, null, context));
        }

        transaction.Add(target.Id, change);
        return new WriteOutcome(taken, Returned(insert.Returning, change.PickAdded(), context));
    }

    // ON CONFLICT DO UPDATE, and DO NOTHING where a unique constraint is named: row by row, since one row may meet what an earlier one of the same statement put there.
    private static WriteOutcome Upsert(BoundInsert insert, BoundConflict conflict, Transaction transaction, TableState table, Batch source, EvalContext context)
    {
        CatalogObject target = insert.Target;
        int width = target.Columns.Count;
        var both = new Schema([.. target.Columns.Fields, .. target.Columns.Fields]);
        CompiledExpressions set = CompiledExpressions.Compile(conflict.Set, both, EvalErrors.Throw);
        CompiledFilter? where = conflict.Where is null ? null : CompiledFilter.Compile(conflict.Where, both, EvalErrors.Throw);
        var done = new BatchBuilder(target.Columns);
        var touched = new HashSet<ByteSlice>();
        long rows = 0;
        for (int i = 0; i < source.Count; i++)
        {
            Batch row = One(target.Columns, source, i);
            TableState.CheckNotNull(target, row, before: i); // of the row that is offered, even where another comes of it
            CheckRules.Verify(target, row);
            (byte[]? key, Batch? existing) = conflict.Arbiter >= 0 ? table.Lookup(row, conflict.Arbiter) : table.Lookup(row);
            Batch change;
            if (existing is null)
            {
                change = table.Write(row, WriteRule.Insert)!;
            }
            else
            {
                if (conflict.Action == ConflictAction.DoNothing)
                {
                    continue;
                }

                if (touched.Contains(ByteSlice.From(key!)))
                {
                    throw new SqlException(
                        "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time",
                        hint: "give each key once in the same command");
                }

                var pair = new Batch([.. existing.Columns, .. row.Columns], 1);
                if (where is not null && where.Run(pair, new int[1], context) == 0)
                {
                    continue;
                }

                var updated = new BatchBuilder(target.Columns);
                set.Run(pair, updated.Columns, context);
                updated.EndRows(1);
                if (table.IsStale(updated.View(), existing))
                {
                    continue;
                }

                change = table.Write(Change(target.Columns, existing, updated.View()), WriteRule.Change) ?? Batch.Empty(target.Columns);
                Check.That(width == updated.Columns.Length);
                done.AppendRow(updated.View(), 0, 1);
            }

            if (key is not null)
            {
                touched.Add(ByteSlice.From(key));
            }

            rows++;
            if (change.Count > 0)
            {
                transaction.Add(target.Id, change);
                if (existing is null)
                {
                    done.Append(change);
                }
            }
        }

        return new WriteOutcome(rows, Returned(insert.Returning, done.Share(), context));
    }

    private static WriteOutcome Update(BoundUpdate update, Transaction transaction, Batch source, EvalContext context)
    {
        CatalogObject target = update.Target;
        int width = target.Columns.Count;
        source = FirstOfEachOldRow(target, source);
        if (source.Count == 0)
        {
            return new WriteOutcome(0, Returned(update.Returning, null, context));
        }

        var old = new Batch(source.Columns[..width], source.Count);
        var next = new Batch(source.Columns[width..(2 * width)], source.Count);
        TableState.CheckNotNull(target, next);
        if (transaction.Table(target).Write(Change(target.Columns, old, next), WriteRule.Change) is { } change)
        {
            transaction.Add(target.Id, change);
        }

        return new WriteOutcome(source.Count, Returned(update.Returning, new Batch(source.Columns[width..], source.Count), context));
    }

    private static WriteOutcome Delete(BoundDelete delete, Transaction transaction, Batch source, EvalContext context)
    {
        CatalogObject target = delete.Target;
        source = FirstOfEachOldRow(target, source);
        if (source.Count == 0)
        {
            return new WriteOutcome(0, Returned(delete.Returning, null, context));
        }

        if (transaction.Table(target).Write(Change(target.Columns, source, null), WriteRule.Change) is { } change)
        {
            transaction.Add(target.Id, change);
        }

        return new WriteOutcome(source.Count, Returned(delete.Returning, source, context));
    }

    private static WriteOutcome Truncate(BoundTruncate truncate, Transaction transaction)
    {
        foreach (CatalogObject target in truncate.Targets)
        {
            TableState table = transaction.Table(target);
            Batch all = Join(target.Columns, [.. table.Snapshot().Scan(transaction.Snapshot.Load)]);
            if (all.Count > 0 && table.Write(Change(target.Columns, all, null), WriteRule.Change) is { } change)
            {
                transaction.Add(target.Id, change);
            }
        }

        return new WriteOutcome(0, null);
    }

    // A row that a join matches several times is changed once, as in PostgreSQL.
    private static Batch FirstOfEachOldRow(CatalogObject target, Batch source)
    {
        var layout = new RowLayout(target.Columns, target.PrimaryKey);
        var keys = new EncodedRows();
        layout.EncodeKeys(source, keys);
        var seen = new HashSet<ByteSlice>();
        var builder = new List<int>();
        for (int i = 0; i < source.Count; i++)
        {
            if (seen.Add(new ByteSlice(keys.Data, keys.Offsets[i], keys.KeyEnds[i] - keys.Offsets[i])))
            {
                builder.Add(i);
            }
        }

        return builder.Count == source.Count ? source : source.Pick([.. builder]);
    }

    private static Batch Change(Schema schema, Batch remove, Batch? add)
    {
        var builder = new BatchBuilder(schema);
        AppendWeighted(builder, remove, -1);
        if (add is not null)
        {
            AppendWeighted(builder, add, 1);
        }

        return builder.Share();
    }

    private static void AppendWeighted(BatchBuilder builder, Batch batch, long weight)
    {
        for (int c = 0; c < builder.Columns.Length; c++)
        {
            builder.Columns[c].AppendRange(batch.Columns[c], 0, batch.Count);
        }

        long[] weights = new long[batch.Count];
        Array.Fill(weights, weight);
        builder.EndRows(batch.Count, weights);
    }

    private static Batch One(Schema schema, Batch batch, int row)
    {
        var builder = new BatchBuilder(schema);
        builder.AppendRow(batch, row, 1);
        return builder.Share();
    }

    private static Batch Join(Schema schema, List<Batch> batches)
    {
        if (batches.Count == 1 && batches[0].Columns.Length == schema.Count)
        {
            return batches[0];
        }

        var builder = new BatchBuilder(schema);
        foreach (Batch batch in batches)
        {
            builder.Append(batch);
        }

        return builder.Share();
    }

    private static Batch? Returned(BoundReturning? returning, Batch? rows, EvalContext context)
    {
        if (returning is null || rows is null)
        {
            return null;
        }

        var builder = new BatchBuilder(returning.Columns);
        CompiledExpressions.Compile(returning.Expressions, returning.Columns, EvalErrors.Throw).Run(rows, builder.Columns, context);
        builder.EndRows(rows.Count);
        return builder.Share();
    }
}
