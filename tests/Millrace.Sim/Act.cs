// What the simulator asks of the database, with the effect it must have on the model.
using System.Collections.Immutable;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql.Syntax;

namespace Millrace.Sim;

/// <summary>A transaction or a statement: what is submitted, and what it does to a model.</summary>
internal abstract class Act
{
    internal abstract string Story { get; }

    /// <summary>The model after the act, or the SQLSTATE with which it must be refused (the model is then as before).</summary>
    internal abstract (Model After, string? Refusal) Apply(Model before);

    internal abstract Task Submit(DatabaseEngine engine);

    /// <summary>The epoch of an act that was acknowledged.</summary>
    internal abstract long EpochOf(Task task);
}

/// <summary>One object's share of a transaction.</summary>
internal sealed record ActEntry(SimObject Target, WriteRule Rule, List<(object?[] Row, int Weight)> Rows);

internal sealed class WriteAct(List<ActEntry> entries) : Act
{
    /// <summary>A time that is not after that of its commit.</summary>
    internal long NotBefore { get; init; }

    internal override string Story => string.Join("; ", entries.Select(e =>
        $"{e.Rule} {e.Target.Name}: {string.Join(", ", e.Rows.Select(r => $"{(r.Weight == 1 ? "" : $"{r.Weight}×")}{SimText.Row(r.Row, e.Target.Columns)}"))}"));

    internal override Task Submit(DatabaseEngine engine)
    {
        var request = new WriteRequest([.. entries.Select(e => new WriteEntry(e.Target.Id, ToBatch(e), e.Rule))]);
        engine.Submit(request);
        return request.Task;
    }

    internal override long EpochOf(Task task) => ((Task<WriteResult>)task).Result.Epoch;

    internal override (Model After, string? Refusal) Apply(Model before)
    {
        Model model = before;
        foreach (ActEntry written in entries)
        {
            if (!model.Objects.TryGetValue(written.Target.Id, out SimObject? target))
            {
                return (before, "42P01");
            }

            // Columns may have been added between drawing the rows and this act's turn.
            ActEntry entry = written with { Target = target, Rows = [.. written.Rows.Select(r => (Padded(r.Row, target), r.Weight))] };

            (Model after, string? refusal) = entry.Target.Kind == SimKind.Stream ? AppendRows(model, entry) : ChangeRows(model, entry);
            if (refusal is not null)
            {
                return (before, refusal);
            }

            model = after;
        }

        return (model, null);
    }

    private static object?[] Padded(object?[] row, SimObject target) => [.. row, .. target.Columns.Skip(row.Length).Select(c => c.Before)];

    private static Batch ToBatch(ActEntry entry)
    {
        var builder = new BatchBuilder(new Schema([.. entry.Target.Columns.Select(c => new Field(c.Name, TypeOf(c.Type), c.Nullable))]));
        foreach ((object?[] row, int weight) in entry.Rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                switch (builder.Columns[i], row[i])
                {
                    case (var column, null): column.AppendNull(); break;
                    case (FixedBuilder<int> column, long value): column.Append((int)value); break;
                    case (FixedBuilder<long> column, long value): column.Append(value); break;
                    case (FixedBuilder<bool> column, bool value): column.Append(value); break;
                    case (FixedBuilder<double> column, double value): column.Append(value); break;
                    case (BytesBuilder column, string value): column.Append(System.Text.Encoding.UTF8.GetBytes(value)); break;
                    default: throw new InvalidOperationException($"BUG: {row[i]} in {builder.Columns[i].Type}");
                }
            }

            builder.EndRow(weight);
        }

        return builder.ToBatch();
    }

    private static SqlType TypeOf(SimType type) => type switch
    {
        SimType.Integer => SqlType.Integer,
        SimType.BigInt => SqlType.BigInt,
        SimType.Text => SqlType.Text,
        SimType.Timestamp => SqlType.Timestamp,
        SimType.Boolean => SqlType.Boolean,
        _ => SqlType.Double,
    };

    private static bool HasForbiddenNull(ActEntry entry) =>
        entry.Rows.Exists(r => entry.Target.Columns.Select((c, i) => !c.Nullable && r.Row[i] is null).Any(bad => bad));

    private (Model, string?) AppendRows(Model model, ActEntry entry)
    {
        if (HasForbiddenNull(entry))
        {
            return (model, "23502");
        }

        int id = entry.Target.Id;
        int time = entry.Target.Watermarked ? entry.Target.Find(Role.Time) : -1;
        return (model with
        {
            Streams = model.Streams.SetItem(id, model.Streams[id].AddRange(entry.Rows.Select(r => r.Row))),
            Times = model.Times.SetItem(id, model.Times[id].AddRange(entry.Rows.Select(r => time >= 0 && r.Row[time] is long at ? at : NotBefore))),
        }, null);
    }

    private static (Model, string?) ChangeRows(Model model, ActEntry entry)
    {
        if (HasForbiddenNull(entry))
        {
            return (model, "23502");
        }

        ImmutableSortedDictionary<string, object?[]> table = model.Tables[entry.Target.Id];
        if (entry.Rule == WriteRule.Change)
        {
            // First all that is taken away, then what is added.
            foreach ((object?[] row, int weight) in entry.Rows.Where(r => r.Weight < 0))
            {
                string key = KeyOf(entry.Target, row);
                if (!table.TryGetValue(key, out object?[]? there) || SimText.Row(there, entry.Target.Columns) != SimText.Row(row, entry.Target.Columns))
                {
                    return (model, "40001");
                }

                table = table.Remove(key);
            }

            foreach ((object?[] row, int weight) in entry.Rows.Where(r => r.Weight > 0))
            {
                string key = KeyOf(entry.Target, row);
                if (table.ContainsKey(key))
                {
                    return (model, "23505");
                }

                table = table.Add(key, row);
            }

            return (model with { Tables = model.Tables.SetItem(entry.Target.Id, table) }, null);
        }

        foreach ((object?[] row, _) in entry.Rows)
        {
            if (entry.Target.IsBag)
            {
                table = table.Add($"{model.NextRow:D9}", row);
                model = model with { NextRow = model.NextRow + 1 };
                continue;
            }

            string key = KeyOf(entry.Target, row);
            bool taken = table.TryGetValue(key, out object?[]? old);
            switch (entry.Rule)
            {
                case WriteRule.Insert when taken:
                    return (model, "23505");
                case WriteRule.Ignore when taken:
                    break;
                case WriteRule.Merge when taken:
                    table = table.SetItem(key, [.. row.Select((v, i) => v ?? old![i])]);
                    break;
                default:
                    table = table.SetItem(key, row);
                    break;
            }
        }

        return (model with { Tables = model.Tables.SetItem(entry.Target.Id, table) }, null);
    }

    internal static string KeyOf(SimObject table, object?[] row) => string.Join('|', table.Key.Select(k => SimText.Value(row[k], table.Columns[k].Type)));
}

/// <summary>A DDL statement; what it does to a model is given with it.</summary>
internal sealed class DefinitionAct(string sql, Func<Model, (Model, string?)> effect) : Act
{
    internal override string Story => sql;

    /// <summary>What kind of query it makes a view of, for the count of what is not supported.</summary>
    internal string? Label { get; init; }

    /// <summary>Set when the engine says so (its SQLSTATE): it cannot do that (yet), and nothing happened.</summary>
    internal string? Unsupported { get; set; }

    internal override (Model After, string? Refusal) Apply(Model before) => Unsupported is { } state ? (before, state) : effect(before);

    internal override Task Submit(DatabaseEngine engine)
    {
        var request = new DefinitionRequest(SqlParser.Parse(sql)[0], sql);
        engine.Submit(request);
        return request.Task;
    }

    internal override long EpochOf(Task task) => ((Task<DefinitionResult>)task).Result.Epoch;
}

/// <summary>Deletes rows of a table without a primary key: one row for each given, whichever of equal ones.</summary>
internal sealed class BagDeleteAct(SimObject table, List<object?[]> rows, Batch change) : Act
{
    internal override string Story => $"delete from {table.Name}: {string.Join(", ", rows.Select(r => SimText.Row(r, table.Columns)))}";

    internal override (Model After, string? Refusal) Apply(Model before)
    {
        if (!before.Objects.ContainsKey(table.Id))
        {
            return (before, "42P01");
        }

        ImmutableSortedDictionary<string, object?[]> left = before.Tables[table.Id];
        foreach (object?[] row in rows)
        {
            string text = SimText.Row(row, table.Columns);
            if (left.FirstOrDefault(r => SimText.Row(r.Value, table.Columns) == text).Key is not { } key)
            {
                return (before, "40001");
            }

            left = left.Remove(key);
        }

        return (before with { Tables = before.Tables.SetItem(table.Id, left) }, null);
    }

    internal override Task Submit(DatabaseEngine engine)
    {
        var request = new WriteRequest([new WriteEntry(table.Id, change, WriteRule.Change)]);
        engine.Submit(request);
        return request.Task;
    }

    internal override long EpochOf(Task task) => ((Task<WriteResult>)task).Result.Epoch;
}
