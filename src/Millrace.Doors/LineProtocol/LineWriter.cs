// What was read of line protocol into the database: streams and columns that are missing are made, then all rows are one commit.
using System.Text;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.LineProtocol;

/// <summary>Writes what a <see cref="LineReader"/> has read. Lines that turn out not to fit are dropped there, with their reason.</summary>
/// <param name="catalog">The newest catalog.</param>
/// <param name="newSession">Sessions for definitions and defaults.</param>
/// <param name="append">Appends to several streams as one commit.</param>
internal sealed class LineWriter(
    Func<CatalogSnapshot> catalog, Func<Session> newSession, Func<IReadOnlyList<(string Name, Batch Batch)>, CancellationToken, ValueTask> append)
{
    /// <summary>The namespace of all measurements.</summary>
    public const string Namespace = "public";

    /// <summary>How far the watermark stays behind in streams that are made: senders gather for some seconds before they send.</summary>
    public const string WatermarkDelay = "1 minute";

    // Somebody else may add columns between a look at the catalog and the statement; each round begins with a new look.
    private const int RoundsMax = 5;

    /// <summary>Writes all rows; gives how many.</summary>
    /// <param name="read">The rows.</param>
    /// <param name="partial">False to write nothing when a line is bad.</param>
    /// <param name="allow">Throws when a stream may not be written to, or, given null in its place, not be made or widened.</param>
    /// <param name="cancellation">Ends the wait, not a commit that was begun.</param>
    /// <exception cref="SqlException">The commit is refused; nothing was written.</exception>
    public async ValueTask<long> WriteAsync(LineReader read, bool partial, Action<string, CatalogObject?> allow, CancellationToken cancellation)
    {
        if (!partial && read.Dropped > 0)
        {
            return 0;
        }

        var writes = new List<(string Name, Batch Batch)>();
        foreach (Measurement measurement in read.Measurements.Where(m => m.Count > 0))
        {
            try
            {
                CatalogObject target = await DefineAsync(measurement, allow, cancellation);
                if (await BatchAsync(measurement, target, read, cancellation) is { } batch)
                {
                    writes.Add((measurement.Name, batch));
                }
            }
            catch (SqlException e) when (e.SqlState[..2] is "42" or "0A" or "22" or "54" && e.SqlState != "42501")
            {
                // This stream cannot be made or widened as its lines ask: they are refused, the others go on.
                foreach (long line in measurement.Lines)
                {
                    read.Drop(line, $"measurement \"{measurement.Name}\": {e.Message}");
                }
            }
        }

        if (!partial && read.Dropped > 0)
        {
            return 0;
        }

        await append(writes, cancellation);
        return writes.Sum(w => (long)w.Batch.Count);
    }

    private async ValueTask<CatalogObject> DefineAsync(Measurement measurement, Action<string, CatalogObject?> allow, CancellationToken cancellation)
    {
        TagColumn[] tags = [.. measurement.Tags.Where(t => t.Index >= 0 || measurement.Uses(t))];
        for (int round = 0; ; round++)
        {
            CatalogObject? target = catalog().Find(Namespace, measurement.Name);
            string? statement = target is null ? Create(measurement, tags) : target.Kind == ObjectKind.Stream ? Widen(measurement, target, tags) : null;
            if (target is not null)
            {
                allow(measurement.Name, target);
            }

            if (statement is null && target is not null)
            {
                return target;
            }

            allow(measurement.Name, null);
            Check.That(round < RoundsMax);
            await using Session session = newSession();
            await session.ExecuteAsync(statement!, cancellation);
        }
    }

    private static string Create(Measurement measurement, TagColumn[] tags)
    {
        var sql = new StringBuilder("CREATE STREAM IF NOT EXISTS ").Append(KeyOption.Quoted(Namespace)).Append('.').Append(KeyOption.Quoted(measurement.Name));
        sql.Append(" (").Append(Measurement.TimeName).Append(" timestamptz NOT NULL DEFAULT now()");
        foreach (TagColumn tag in tags)
        {
            sql.Append(", ").Append(KeyOption.Quoted(tag.Name)).Append(" text");
        }

        foreach (FieldColumn field in measurement.Fields)
        {
            sql.Append(", ").Append(KeyOption.Quoted(field.Name)).Append(' ').Append(field.Type);
        }

        sql.Append(") WITH (event_time = '").Append(Measurement.TimeName).Append("', watermark_delay = '").Append(WatermarkDelay).Append('\'');
        if (tags.Length > 0)
        {
            sql.Append(", key = ").Append(Literal(string.Join(", ", tags.Select(t => KeyOption.Name(t.Name)))));
        }

        return sql.Append(')').ToString();
    }

    // The columns that the stream has not; new tags are part of its key.
    private static string? Widen(Measurement measurement, CatalogObject target, TagColumn[] tags)
    {
        var actions = new List<string>();
        var key = new List<string>();
        foreach (TagColumn tag in tags.Where(t => target.Columns.IndexOf(t.Name) < 0))
        {
            actions.Add($"ADD COLUMN IF NOT EXISTS {KeyOption.Quoted(tag.Name)} text");
            key.Add(KeyOption.Name(tag.Name));
        }

        actions.AddRange(measurement.Fields.Where(f => target.Columns.IndexOf(f.Name) < 0)
            .Select(f => $"ADD COLUMN IF NOT EXISTS {KeyOption.Quoted(f.Name)} {f.Type}"));
        if (key.Count > 0)
        {
            actions.Add($"SET (key = {Literal(string.Join(", ", target.SeriesKey.Select(k => KeyOption.Name(target.Columns[k].Name)).Concat(key)))})");
        }

        return actions.Count == 0 ? null : $"ALTER STREAM {KeyOption.Quoted(Namespace)}.{KeyOption.Quoted(measurement.Name)} {string.Join(", ", actions)}";
    }

    private async ValueTask<Batch?> BatchAsync(Measurement measurement, CatalogObject target, LineReader read, CancellationToken cancellation)
    {
        int time = target.EventTime >= 0 ? target.EventTime : target.Columns.IndexOf(Measurement.TimeName);
        if (target.Kind != ObjectKind.Stream || time < 0 || !target.Columns[time].Type.IsTimestamp)
        {
            throw new SqlException("42809", $"\"{target.Name}\" is not a stream with an event time");
        }

        var columns = new Column?[target.Columns.Count];
        columns[time] = new FixedColumn<long>(target.Columns[time].Type, measurement.Times.ToArray(), measurement.Count);
        bool[]? bad = null;
        foreach (TagColumn tag in measurement.Tags)
        {
            int at = target.Columns.IndexOf(tag.Name);
            if (at >= 0)
            {
                Put(at, tag.Type, tag.ToColumn(measurement.Series), "tag");
            }
        }

        foreach (FieldColumn field in measurement.Fields)
        {
            Put(target.Columns.IndexOf(field.Name), field.Type, field.ToColumn(measurement.Count), FieldColumn.TypeName(field.Type));
        }

        Column?[]? defaults = await ColumnDefaults.EvaluateAsync(newSession, target, c => c != time && (columns[c] is not { } given || given.Validity is not null), cancellation);
        for (int c = 0; c < columns.Length; c++)
        {
            Column given = columns[c] ?? NullColumns.Of(target.Columns[c].Type, measurement.Count);
            columns[c] = defaults?[c] is { } value ? Filled(given, value) : given;
            if (!target.Columns[c].Nullable && columns[c]!.Validity is not null)
            {
                Refuse(columns[c]!, nulls: true, $"null value in column \"{target.Columns[c].Name}\" of stream \"{target.Name}\", which is NOT NULL");
            }
        }

        var all = new Batch(columns!, measurement.Count);
        return bad is null ? all : Without(all, bad);

        // Somebody else may have been first with the name, and with another type.
        void Put(int at, SqlType type, Column values, string given)
        {
            if (target.Columns[at].Type.SameAs(type) && at != time && columns[at] is null)
            {
                columns[at] = values;
                return;
            }

            string name = target.Columns[at].Name;
            Refuse(values, nulls: false, LineFault.Conflict(name, target.Name, given, columns[at] is null ? FieldColumn.TypeName(target.Columns[at].Type) : "tag").Text);
        }

        void Refuse(Column column, bool nulls, string reason)
        {
            for (int row = 0; row < measurement.Count; row++)
            {
                if (column.IsNull(row) == nulls && bad?[row] != true)
                {
                    (bad ??= new bool[measurement.Count])[row] = true;
                    read.Drop(measurement.Lines[row], reason);
                }
            }
        }
    }

    private static Column Filled(Column column, Column value)
    {
        ColumnBuilder filled = column.NewBuilder();
        for (int row = 0; row < column.Length; row++)
        {
            bool missing = column.IsNull(row);
            filled.AppendFrom(missing ? value : column, missing ? 0 : row);
        }

        return filled.ToColumn();
    }

    private static Batch? Without(Batch all, bool[] bad)
    {
        int[] rows = [.. Enumerable.Range(0, all.Count).Where(r => !bad[r])];
        return rows.Length == 0 ? null : new Batch(
            Array.ConvertAll(all.Columns, c =>
            {
                ColumnBuilder kept = c.NewBuilder();
                kept.AppendRows(c, rows);
                return kept.ToColumn();
            }),
            rows.Length);
    }

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
