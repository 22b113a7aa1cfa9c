// CREATE TABLE and CREATE STREAM to the template of a catalog object.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds CREATE TABLE and CREATE STREAM.</summary>
internal sealed class CreateTableBinder(BindContext context)
{
    /// <summary>As many columns as PostgreSQL allows.</summary>
    public const int ColumnsMax = 1600;

    private readonly DmlBinder _dml = new(context);

    /// <summary>Binds the definition.</summary>
    public BoundCreateRelation Bind(Syntax.CreateTableStatement s)
    {
        if (s.Temporary && s.Name.Schema is not null)
        {
            throw new SqlException("42P16", "cannot create temporary relation in non-temporary schema", s.Name.Position, "leave the schema out");
        }

        s = IdentityColumns.Spelled(GeneratorOption.Completed(s));
        // Temporary tables are found before all others, whatever the path.
        string schema = "public";
        bool exists = s.Temporary ? Relations.CheckNew(context, schema, s.Name, s.IfNotExists || s.OrReplace)
            : Relations.CheckNew(context, s.Name, s.IfNotExists || s.OrReplace, out schema);
        Dictionary<string, string> options = RelationOptions.OfTable(s.Options);
        bool stream = s.Kind != Syntax.ObjectKind.Table || s.AppendOnly || options.GetValueOrDefault("appendonly") == "true" || options.GetValueOrDefault("append_only") == "true";
        BoundQuery? query = s.AsQuery is null ? null : _dml.Query(s.AsQuery);
        List<Field> fields = [];
        List<string?> defaults = [];
        List<int> key = [];
        Columns(s, query, fields, defaults, key);
        IReadOnlyList<ScalarExpr?> generated = query is null ? new GeneratedColumns(context).Bind(s, fields, key) : [];
        Constraints(s, fields, key);
        if (stream && s.Temporary)
        {
            throw new SqlException("0A000", "temporary streams are not supported", s.Position, "create a temporary table, or a stream and drop it when it has served");
        }

        if (stream && key.Count > 0)
        {
            throw new SqlException("42P16", "a stream has no primary key", s.Position, "its rows are identified by their offsets; use a table for rows by key");
        }

        foreach (int k in key)
        {
            fields[k] = fields[k] with { Nullable = false };
        }

        IReadOnlyList<IdentityRule> identities = IdentityColumns.Of(s, fields, generated, stream);
        foreach (IdentityRule identity in identities)
        {
            fields[identity.Column] = fields[identity.Column] with { Nullable = false };
        }

        IReadOnlyList<CheckRule> checks = new TableRules(context).Checks(s, fields);
        IReadOnlyList<UniqueRule> uniques = TableRules.Uniques(s, fields, key, stream);
        IReadOnlyList<int> digits = query is null ? TableRules.TimeDigits(s.Columns, fields) : [];
        bool hidden = !stream && key.Count == 0;
        if (hidden)
        {
            fields.Add(new Field("_rowid", SqlType.BigInt, false));
            defaults.Add(null);
            key.Add(fields.Count - 1);
        }

        var columns = new Schema(fields);
        (int eventTime, long delay) = EventTime(s, columns, options);
        var template = new CatalogObject
        {
            Id = 0,
            Namespace = schema,
            Name = s.Name.Last,
            Kind = stream ? ObjectKind.Stream : ObjectKind.Table,
            Columns = columns,
            HiddenColumns = hidden ? 1 : 0,
            PrimaryKey = key,
            EventTime = eventTime,
            WatermarkDelay = delay,
            AppendOnly = stream,
            Temporary = s.Temporary,
            VersionColumn = VersionColumn.Of(s, columns, hidden || stream ? [] : key),
            OnConflict = s.OnConflict switch
            {
                Syntax.ConflictBehavior.Overwrite => ConflictRule.Overwrite,
                Syntax.ConflictBehavior.Ignore => ConflictRule.Ignore,
                Syntax.ConflictBehavior.UpdateIfNotNull => ConflictRule.UpdateIfNotNull,
                // Versions are for rows that come again.
                _ => VersionColumn.Given(s) is null ? ConflictRule.Error : ConflictRule.Overwrite,
            },
            Generated = generated,
            Identities = identities,
            Checks = checks,
            Uniques = uniques,
            TimeDigits = digits,
            Defaults = defaults.Any(d => d is not null) ? defaults : [],
            Definition = Syntax.SqlFormatter.Format(s),
            Options = options,
        };
        RelationOptions.Check(template, s.Options);
        PlanNode? rows = null;
        if (query is not null && !s.WithNoData)
        {
            int[] given = [.. Enumerable.Range(0, query.Columns.Count)];
            rows = new InsertBinder(context).Complete(Plans.Pick(query.Plan, given), template, given);
            rows = _dml.Finished(rows);
        }

        return new BoundCreateRelation(template, s.IfNotExists) { AsSelect = rows, OrReplace = s.OrReplace, Exists = exists };
    }

    private void Columns(Syntax.CreateTableStatement s, BoundQuery? query, List<Field> fields, List<string?> defaults, List<int> key)
    {
        if (query is not null)
        {
            if (s.Columns.Count > query.Columns.Count)
            {
                throw new SqlException("42601", "too many column names were specified", s.Columns[query.Columns.Count].Position);
            }

            fields.AddRange(query.Columns.Fields.Select((f, i) => new Field(i < s.Columns.Count ? s.Columns[i].Name.Text : f.Name, f.Type)));
            defaults.AddRange(fields.Select(_ => (string?)null));
            key.AddRange(s.Columns.Index().Where(c => c.Item.PrimaryKey).Select(c => c.Index));
        }
        else if (s.Columns.Count == 0)
        {
            throw new SqlException("0A000", "a table needs at least one column", s.Position);
        }

        foreach (Syntax.ColumnDef c in query is null ? s.Columns : [])
        {
            fields.Add(c.Generated is null ? Column(c) : GeneratedColumns.Field(c));
            defaults.Add(c.Default is null ? null : DefaultText(c, fields[^1].Type));
            if (c.PrimaryKey)
            {
                key.Add(fields.Count - 1);
            }
        }

        if (fields.Count > ColumnsMax)
        {
            throw new SqlException("54011", $"a table has at most {ColumnsMax} columns", s.Position);
        }

        foreach ((int i, Field f) in fields.Index())
        {
            if (fields.Take(i).Any(x => x.Name == f.Name))
            {
                throw new SqlException("42701", $"column \"{f.Name}\" specified more than once", i < s.Columns.Count ? s.Columns[i].Position : s.Position);
            }
        }

        if (key.Count > 1)
        {
            throw new SqlException("42P16", $"multiple primary keys for table \"{s.Name.Last}\" are not allowed", s.Position, "write PRIMARY KEY (a, b) behind the columns");
        }
    }

    /// <summary>A column's name and type; constraints that are not kept are refused.</summary>
    public static Field Column(Syntax.ColumnDef c)
    {
        if (c.Type is null)
        {
            throw new SqlException("42601", $"column \"{c.Name.Text}\" needs a type", c.Position);
        }

        (string? what, string? hint) = c switch
        {
            { Generated: not null } => ("generated columns are", "compute the column in a view"),
            { References: not null } => ("foreign keys are", "join in a view"),
            _ => ((string?)null, (string?)null),
        };
        if (what is not null)
        {
            throw new SqlException("0A000", $"{what} not supported", c.Position, hint);
        }

        return new Field(c.Name.Text, TypeNames.Resolve(c.Type), c.NotNull != true);
    }

    private string DefaultText(Syntax.ColumnDef c, SqlType type)
    {
        _dml.Default(c.Default!, type, c.Name.Text);
        if (context.FunctionsUsed.Count > 0)
        {
            throw new SqlException("0A000", $"the default of \"{c.Name.Text}\" calls a function written in SQL", c.Position, "write the expression itself");
        }

        return Syntax.SqlFormatter.Format(c.Default!);
    }

    private static void Constraints(Syntax.CreateTableStatement s, List<Field> fields, List<int> key)
    {
        foreach (Syntax.TableConstraint constraint in s.Constraints)
        {
            if (constraint.Kind == Syntax.ConstraintKind.ForeignKey)
            {
                throw new SqlException("0A000", "foreign keys are not supported", constraint.Position, "join in a view");
            }

            if (constraint.Kind != Syntax.ConstraintKind.PrimaryKey)
            {
                continue;
            }

            if (key.Count > 0)
            {
                throw new SqlException("42P16", $"multiple primary keys for table \"{s.Name.Last}\" are not allowed", constraint.Position);
            }

            foreach (Syntax.Name name in constraint.Columns)
            {
                int at = fields.FindIndex(f => f.Name == name.Text);
                if (at < 0)
                {
                    throw new SqlException("42703", $"column \"{name.Text}\" named in key does not exist", name.Position, Suggest.Hint(name.Text, fields.Select(f => f.Name)));
                }

                if (key.Contains(at))
                {
                    throw new SqlException("42701", $"column \"{name.Text}\" appears twice in primary key constraint", name.Position);
                }

                key.Add(at);
            }
        }
    }

    private (int Column, long DelayUs) EventTime(Syntax.CreateTableStatement s, Schema schema, Dictionary<string, string> options)
    {
        int column = -1;
        long delay = -1;
        if (options.TryGetValue("event_time", out string? name))
        {
            column = TimeColumn(schema, name, s.Options.First(o => o.Key == "event_time").Position);
        }

        if (s.Watermarks.Count > 1)
        {
            throw new SqlException("0A000", "only one WATERMARK is supported", s.Watermarks[1].Position);
        }

        if (s.Watermarks.Count == 1)
        {
            Syntax.WatermarkDef mark = s.Watermarks[0];
            column = TimeColumn(schema, mark.Column.Text, mark.Column.Position);
            delay = Delay(mark);
        }

        if (options.TryGetValue("watermark_delay", out string? text))
        {
            int position = s.Options.First(o => o.Key == "watermark_delay").Position;
            if (column < 0)
            {
                throw new SqlException("22023", "watermark_delay needs event_time", position);
            }

            delay = Micros(new Syntax.IntervalLiteral(text, null, null) { Position = position });
        }

        return (column, delay);
    }

    private static int TimeColumn(Schema schema, string name, int position)
    {
        int at = schema.IndexOf(name);
        if (at < 0)
        {
            throw new SqlException("42703", $"column \"{name}\" does not exist", position, Suggest.Hint(name, schema.Fields.Select(f => f.Name)));
        }

        return schema[at].Type.IsTimestamp ? at
            : throw new SqlException("42804", $"the event time must be a timestamp, but column \"{name}\" is {schema[at].Type}", position);
    }

    /// <summary>The delay of <c>col</c> or <c>col - INTERVAL '…'</c>.</summary>
    private long Delay(Syntax.WatermarkDef mark)
    {
        switch (mark.Value)
        {
            case Syntax.ColumnRef c when c.Last == mark.Column.Text:
                return 0;
            case Syntax.BinaryExpr { Operator: "-", Left: Syntax.ColumnRef c } minus when c.Last == mark.Column.Text:
                return Micros(minus.Right);
            default:
                throw new SqlException("0A000", "this watermark expression is not supported", mark.Value.Position,
                    $"write WATERMARK FOR {mark.Column.Text} AS {mark.Column.Text} - INTERVAL '5 seconds'");
        }
    }

    private long Micros(Syntax.Expr expr)
    {
        var binder = new ExprBinder(context, new QueryBinder(context), Scope.Empty(null, null), null) { Clause = "WATERMARK" };
        LiteralExpr value = binder.Constant(expr, SqlType.Interval, "the watermark's delay");
        return value.Value is Interval { Months: 0 } i && (i.Days * 86_400_000_000L) + i.Micros is >= 0 and var micros ? micros
            : throw new SqlException("22023", "the watermark's delay must be a fixed time of zero or more", expr.Position);
    }
}
