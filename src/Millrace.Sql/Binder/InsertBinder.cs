// INSERT: the rows as the target's columns, defaults filled in, and ON CONFLICT.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds INSERT.</summary>
internal sealed class InsertBinder(BindContext context)
{
    private readonly QueryBinder _queries = new(context);
    private readonly Coercion _coercion = new(context);
    private readonly DmlBinder _dml = new(context);

    /// <summary>Binds an INSERT.</summary>
    public BoundInsert Bind(Syntax.InsertStatement s)
    {
        CatalogObject target = _dml.Target(s.Table, "insert into");
        int visible = target.Columns.Count - target.HiddenColumns;
        int[] columns = s.Columns.Count == 0 ? Unnamed(target, s.Source, visible) : [.. s.Columns.Select(c => DmlBinder.ColumnOf(target, c))];
        if (columns.Distinct().Count() < columns.Length)
        {
            int twice = columns.Index().First(c => columns.Take(c.Index).Contains(c.Item)).Index;
            throw new SqlException("42701", $"column \"{s.Columns[twice].Text}\" specified more than once", s.Columns[twice].Position);
        }

        CteScope? ctes = _queries.With(s.With, null, null, null);
        IReadOnlyList<SortKey> order = [];
        PlanNode source = s.Source switch
        {
            null => Plans.Unit,
            { Body: Syntax.ValuesBody values, OrderBy.Count: 0, Limit: null, Offset: null } =>
                Values(values, target, columns, s.Columns.Count > 0, s.Overriding is not null, _queries.With(s.Source.With, null, null, ctes)),
            _ => Query(s.Source, target, columns, s.Columns.Count > 0, s.Overriding is not null, ctes, out order),
        };
        if (s.Source is null)
        {
            columns = [];
        }

        if (s.Overriding == "user")
        {
            columns = [.. columns.Select(c => target.IdentityAt(c) is null ? c : -1)];
        }

        source = _dml.Finished(Complete(source, target, columns, order.Count));
        return new BoundInsert(target, source)
        {
            Order = [.. order.Select((k, i) => k with { Column = target.Columns.Count + i })],
            OnConflict = s.OnConflict is null ? null : Conflict(s.OnConflict, target, s.Alias?.Text),
            Returning = _dml.Returning(s.Returning, target, s.Alias?.Text),
        };
    }

    /// <summary>All columns of a target from what a query gives, converted as INSERT converts; not optimized.</summary>
    /// <param name="query">The query.</param>
    /// <param name="target">Whose columns are wanted.</param>
    /// <param name="names">The columns that the query's are for; empty for all in their order.</param>
    /// <param name="given">Those that it gives.</param>
    public PlanNode Into(Syntax.Query query, CatalogObject target, Syntax.NodeList<Syntax.Name> names, out int[] given)
    {
        int[] columns = names.Count == 0 ? Unnamed(target, null, target.Columns.Count) : [.. names.Select(c => DmlBinder.ColumnOf(target, c))];
        PlanNode source = Query(query, target, columns, names.Count > 0, true, null, out IReadOnlyList<SortKey> order);
        if (order.Count > 0)
        {
            // The changes of what goes on for ever have no order.
            source = Plans.Pick(source, Enumerable.Range(0, source.Columns.Count - order.Count));
        }

        given = columns[..source.Columns.Count];
        return Complete(source, target, given);
    }

    // Without names the values are for the columns that are written; a VALUES that is as wide as the table says DEFAULT for the others.
    private static int[] Unnamed(CatalogObject target, Syntax.Query? source, int visible)
    {
        int[] written = [.. Enumerable.Range(0, visible).Where(i => target.GeneratedAt(i) is null)];
        return source?.Body is Syntax.ValuesBody values && values.Rows[0].Count > written.Length ? [.. Enumerable.Range(0, visible)] : written;
    }

    /// <summary>All columns of the target: those given, defaults for the others.</summary>
    /// <param name="source">What is given.</param>
    /// <param name="target">Whose columns are wanted.</param>
    /// <param name="columns">What the source's columns are for.</param>
    /// <param name="sorted">How many of the source's last columns are only to sort by; they stay the last.</param>
    public PlanNode Complete(PlanNode source, CatalogObject target, int[] columns, int sorted = 0)
    {
        int width = source.Columns.Count - sorted;
        ScalarExpr[] all = [.. Enumerable.Range(0, target.Columns.Count).Select(i =>
            Array.IndexOf(columns, i) is var at && at >= 0 && at < width ? Plans.Column(source, at) : _dml.DefaultOf(target, i))];
        string[] names = [.. target.Columns.Fields.Select(f => f.Name), .. source.Columns.Fields.Skip(width).Select(f => f.Name)];
        all = [.. TableRules.Rounded(target, all, context.Functions), .. Plans.Columns(source, width)];
        if (target.Generated.Count > 0)
        {
            // Defaults first, so that a generated column sees the value that its row gets.
            PlanNode written = Plans.Project(source, all, names);
            ScalarExpr[] filled = GeneratedColumns.Filled(target, [.. Plans.Columns(written).Take(target.Columns.Count)]);
            return Plans.Project(written, [.. filled, .. Plans.Columns(written, target.Columns.Count)], names);
        }

        if (sorted == 0 && source is ValuesPlan values)
        {
            return new ValuesPlan([.. values.Rows.Select(r => (IReadOnlyList<ScalarExpr>)[.. all.Select(e => e is ColumnExpr c ? r[c.Index] : ExprMap.Substitute(e, r))])], target.Columns);
        }

        return Plans.Project(source, all, names);
    }

    private PlanNode Values(Syntax.ValuesBody values, CatalogObject target, int[] columns, bool named, bool overriding, CteScope? ctes)
    {
        var binder = new ExprBinder(context, _queries, Scope.Empty(null, null), ctes) { Clause = "VALUES" };
        var defaults = new ScalarExpr?[target.Columns.Count];
        int width = values.Rows[0].Count;
        CheckCount(width, columns.Length, named, values.Rows[0].Count > columns.Length ? values.Rows[0][columns.Length].Position : values.Position);
        List<ScalarExpr[]> rows = new(values.Rows.Count);
        foreach (Syntax.NodeList<Syntax.Expr> row in values.Rows)
        {
            if (row.Count != width)
            {
                throw new SqlException("42601", "VALUES lists must all be the same length", row.Count > 0 ? row[0].Position : values.Position);
            }

            var bound = new ScalarExpr[width];
            for (int i = 0; i < width; i++)
            {
                int column = columns[i];
                Field field = target.Columns[column];
                if (row[i] is not Syntax.DefaultExpr)
                {
                    CheckMayBeGiven(target, column, overriding, row[i].Position);
                }

                bound[i] = row[i] is Syntax.DefaultExpr
                    ? defaults[column] ??= _dml.DefaultOf(target, column)
                    : _coercion.Coerce(binder.Bind(row[i]), field.Type, CastContext.Assignment, row[i].Position, $"column \"{field.Name}\"");
            }

            rows.Add(bound);
        }

        return QueryBinder.MakeValues(context, rows, new Schema([.. columns.Take(width).Select(c => target.Columns[c])]));
    }

    // What the query gives, as the target's types, and behind that, as they are, the columns that it is sorted by.
    private PlanNode Query(Syntax.Query query, CatalogObject target, int[] columns, bool named, bool overriding, CteScope? ctes, out IReadOnlyList<SortKey> order)
    {
        QueryResult result = _queries.Bind(query, null, null, ctes, false);
        CheckCount(result.Columns.Count, columns.Length, named, query.Position);
        foreach (int column in columns.Take(result.Columns.Count))
        {
            CheckMayBeGiven(target, column, overriding, query.Position);
        }

        order = result.Order;
        int width = result.Columns.Count;
        PlanNode rows = order.Count == 0 ? result.Visible() : Plans.Pick(result.Plan, [.. Enumerable.Range(0, width), .. order.Select(k => k.Column)]);
        SqlType[] types = [.. columns.Take(width).Select(c => target.Columns[c].Type), .. rows.Columns.Fields.Skip(width).Select(f => f.Type)];
        return _queries.Convert(rows, types, CastContext.Assignment, i => (i < width ? $"column \"{target.Columns[columns[i]].Name}\"" : "ORDER BY", query.Position));
    }

    private static void CheckMayBeGiven(CatalogObject target, int column, bool overriding, int position)
    {
        GeneratedColumns.CheckNotGiven(target, column, position);
        if (!overriding)
        {
            IdentityColumns.CheckNotGiven(target, column, position);
        }
    }

    private static void CheckCount(int given, int wanted, bool named, int position)
    {
        if (given > wanted)
        {
            throw new SqlException("42601", "INSERT has more expressions than target columns", position);
        }

        if (given < wanted && named)
        {
            throw new SqlException("42601", "INSERT has more target columns than expressions", position);
        }
    }

    private BoundConflict? Conflict(Syntax.OnConflictClause clause, CatalogObject target, string? alias)
    {
        if (Arbiter(clause, target) is >= 0 and var arbiter)
        {
            return clause.DoNothing ? new BoundConflict(ConflictAction.DoNothing, [], null) { Arbiter = arbiter } : DoUpdate(clause, target, alias) with { Arbiter = arbiter };
        }

        if (clause.DoNothing && clause.Columns.Count == 0 && clause.Constraint is null && target.Uniques.Count > 0)
        {
            return new BoundConflict(ConflictAction.DoNothing, [], null);
        }

        if (clause.DoNothing && clause.Columns.Count == 0 && clause.Constraint is null && (target.PrimaryKey.Count == 0 || target.HiddenColumns > 0))
        {
            // Without a key nothing can conflict.
            return null;
        }

        if (target.Kind != ObjectKind.Table || target.PrimaryKey.Count == 0 || target.HiddenColumns > 0)
        {
            throw new SqlException("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification", clause.Position,
                $"\"{target.Name}\" has no primary key");
        }

        int[] named = [.. clause.Columns.Select(c => DmlBinder.ColumnOf(target, c))];
        bool matches = named.Length == 0 ? clause.DoNothing || clause.Constraint is not null : named.ToHashSet().SetEquals(target.PrimaryKey);
        if (!matches)
        {
            string key = string.Join(", ", target.PrimaryKey.Select(k => target.Columns[k].Name));
            throw named.Length == 0
                ? new SqlException("42601", "ON CONFLICT DO UPDATE requires inference specification or constraint name", clause.Position, $"write ON CONFLICT ({key})")
                : new SqlException("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification", clause.Position, $"the primary key is ({key})");
        }

        if (clause.DoNothing)
        {
            return new BoundConflict(ConflictAction.DoNothing, [], null) { ByKey = target.Uniques.Count > 0 && (named.Length > 0 || clause.Constraint is not null) };
        }

        return DoUpdate(clause, target, alias);
    }

    // Which unique constraint is named, by its columns or its name; −1 for none.
    private static int Arbiter(Syntax.OnConflictClause clause, CatalogObject target)
    {
        HashSet<string> names = [.. clause.Columns.Select(c => c.Text)];
        for (int i = 0; i < target.Uniques.Count; i++)
        {
            UniqueRule rule = target.Uniques[i];
            if (clause.Constraint is { } constraint ? rule.Name == constraint.Text : names.Count > 0 && names.SetEquals(rule.Columns.Select(c => target.Columns[c].Name)))
            {
                return i;
            }
        }

        return -1;
    }

    private BoundConflict DoUpdate(Syntax.OnConflictClause clause, CatalogObject target, string? alias)
    {
        int count = target.Columns.Count;
        ScopeTable existing = DmlBinder.TableOf(target, alias);
        ScopeTable excluded = DmlBinder.TableOf(target, "excluded", count);
        var scope = new Scope([existing, excluded], existing.Columns, null, null);
        var binder = new ExprBinder(context, _queries, scope, null) { Clause = "ON CONFLICT" };
        ScalarExpr[] set = [.. target.Columns.Fields.Select((f, i) => (ScalarExpr)new ColumnExpr(i, f.Type))];
        foreach (Syntax.Assignment a in clause.Assignments)
        {
            IReadOnlyList<Syntax.Expr> sources = a.Columns.Count == 1 ? [a.Value] : a.Value is Syntax.RowExpr row && row.Items.Count == a.Columns.Count ? [.. row.Items]
                : throw new SqlException("42601", "number of columns does not match number of values", a.Position);
            for (int i = 0; i < sources.Count; i++)
            {
                int column = DmlBinder.ColumnOf(target, a.Columns[i]);
                GeneratedColumns.CheckNotGiven(target, column, a.Columns[i].Position);
                set[column] = sources[i] is Syntax.DefaultExpr ? _dml.DefaultOf(target, column) : _dml.Finished(_coercion.Coerce(
                    binder.Bind(sources[i]), target.Columns[column].Type, CastContext.Assignment, sources[i].Position, $"column \"{a.Columns[i].Text}\""));
            }
        }

        set = GeneratedColumns.Filled(target, TableRules.Rounded(target, set, context.Functions));
        ScalarExpr? where = clause.Where is null ? null : _dml.Finished(binder.Boolean(clause.Where, "WHERE"));
        return new BoundConflict(ConflictAction.DoUpdate, set, where);
    }
}
