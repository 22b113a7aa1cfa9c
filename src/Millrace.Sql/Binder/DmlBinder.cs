// Queries as statements, UPDATE, DELETE, TRUNCATE, SUBSCRIBE.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds queries as statements, UPDATE, DELETE, TRUNCATE and SUBSCRIBE.</summary>
internal sealed class DmlBinder(BindContext context)
{
    private readonly QueryBinder _queries = new(context);
    private readonly Coercion _coercion = new(context);

    /// <summary>A query, optimized.</summary>
    public BoundQuery Query(Syntax.Query query) => Query(query, out _);

    /// <summary>A query, optimized, and its plan as it was written.</summary>
    public BoundQuery Query(Syntax.Query query, out PlanNode written)
    {
        QueryResult result = _queries.Bind(query, null, null, null);
        written = result.Plan;
        return Query(result, written, null);
    }

    /// <summary>A query whose answer goes to whoever asked: regclass and its kin are shown by name.</summary>
    public BoundQuery Answer(Syntax.Query query)
    {
        QueryResult result = _queries.Bind(query, null, null, null);
        (QueryResult named, Schema columns) = RegNames.Apply(result, context.Functions);
        return Query(named, result.Plan, ReferenceEquals(named, result) ? null : columns);
    }

    private BoundQuery Query(QueryResult result, PlanNode written, Schema? columns)
    {
        PlanNode plan = Finished(result.Plan);
        return new BoundQuery(plan, columns ?? new Schema([.. plan.Columns.Fields.Take(result.Columns.Count)]))
        {
            Order = result.Order,
            EmitOnClose = result.EmitOnClose,
            Origins = [.. new Origins(context.Origins).Of(written).Take(result.Columns.Count)],
        };
    }

    /// <summary>A plan ready to leave the binder.</summary>
    public PlanNode Finished(PlanNode plan)
    {
        plan = PlanMap.RewriteExpressions(plan, e => ExprMap.Rewrite(e, Parameter));
        Check.That(!PlanMap.AnyExpression(plan, e => e is PlaceholderExpr));
        return Optimizer.Run(plan, context.Functions);
    }

    /// <summary>An expression ready to leave the binder.</summary>
    public ScalarExpr Finished(ScalarExpr expr)
    {
        if (ExprMap.Any(expr, e => e is PlaceholderExpr))
        {
            throw new SqlException("0A000", "subqueries are not supported here");
        }

        return FoldConstants.Apply(ExprMap.Rewrite(expr, Parameter), context.Functions);
    }

    /// <summary>An expression without columns for a column's default.</summary>
    public ScalarExpr Default(Syntax.Expr expr, SqlType type, string column)
    {
        var binder = new ExprBinder(context, _queries, Scope.Empty(null, null), null) { Clause = "DEFAULT expressions" };
        return Finished(_coercion.Coerce(binder.Bind(expr), type, CastContext.Assignment, expr.Position, $"column \"{column}\""));
    }

    /// <summary>The default of a target's column; a null literal when it has none.</summary>
    public ScalarExpr DefaultOf(CatalogObject target, int column) => target.Defaults.Count > column && target.Defaults[column] is { } text
        ? Default(Syntax.SqlParser.ParseExpression(text), target.Columns[column].Type, target.Columns[column].Name)
        : new LiteralExpr(null, target.Columns[column].Type);

    /// <summary>UPDATE: the old row's columns, then the new row's, then, where they may be returned, those of the rows joined.</summary>
    public BoundUpdate Update(Syntax.UpdateStatement s)
    {
        CatalogObject target = Target(s.Table, "update");
        CteScope? ctes = _queries.With(s.With, null, null, null);
        (PlanBuilder builder, Scope scope, FromItem item, int width) = Rows(s.Table, s.Alias, s.From, target, ctes);
        if (s.Where is not null)
        {
            builder.Filter(new ExprBinder(context, _queries, scope, ctes) { Clause = "WHERE" }.Boolean(s.Where, "WHERE"));
        }

        var values = new ScalarExpr?[target.Columns.Count];
        var binder = new ExprBinder(context, _queries, scope, ctes) { Clause = "UPDATE" };
        foreach (Syntax.Assignment a in s.Assignments)
        {
            Assign(a, target, binder, values);
        }

        ScalarExpr[] old = [.. Plans.Columns(item.Plan)];
        ScalarExpr[] next = GeneratedColumns.Filled(target, TableRules.Rounded(target, [.. values.Select((v, i) => v is null ? old[i] : builder.Place(v))], context.Functions));
        int[] others = [.. Others(s.Returning, item, width)];
        ScalarExpr[] all = [.. old, .. next, .. others.Select(c => new ColumnExpr(c, builder.Plan.Columns[c].Type))];
        string[] names = [.. target.Columns.Fields.Select(f => f.Name), .. target.Columns.Fields.Select(f => f.Name), .. others.Select(c => builder.Plan.Columns[c].Name)];
        PlanNode plan = Finished(Plans.Project(builder.Plan, all, names));
        return new BoundUpdate(target, plan) { Returning = Returning(s.Returning, target, scope) };
    }

    /// <summary>DELETE: the rows to go, and, where they may be returned, those joined.</summary>
    public BoundDelete Delete(Syntax.DeleteStatement s)
    {
        CatalogObject target = Target(s.Table, "delete from");
        CteScope? ctes = _queries.With(s.With, null, null, null);
        (PlanBuilder builder, Scope scope, FromItem item, int width) = Rows(s.Table, s.Alias, s.Using, target, ctes);
        if (s.Where is not null)
        {
            builder.Filter(new ExprBinder(context, _queries, scope, ctes) { Clause = "WHERE" }.Boolean(s.Where, "WHERE"));
        }

        PlanNode plan = Finished(Plans.Pick(builder.Plan, [.. Enumerable.Range(0, item.Plan.Columns.Count), .. Others(s.Returning, item, width)]));
        return new BoundDelete(target, plan) { Returning = Returning(s.Returning, target, scope) };
    }

    // The columns of FROM or USING, which lie behind the target's: RETURNING may name them.
    private static IEnumerable<int> Others(IReadOnlyList<Syntax.SelectItem> returning, FromItem item, int width) =>
        returning.Count == 0 ? [] : Enumerable.Range(item.Plan.Columns.Count, width - item.Plan.Columns.Count);

    /// <summary>TRUNCATE.</summary>
    public BoundTruncate Truncate(Syntax.TruncateStatement s) => new([.. s.Tables.Select(t => Target(t, "truncate"))]);

    /// <summary>SUBSCRIBE.</summary>
    public BoundSubscribe Subscribe(Syntax.SubscribeStatement s)
    {
        Syntax.Query query = s.Query ?? new Syntax.Query(null, new Syntax.SelectBody(
            [new Syntax.SelectItem(new Syntax.StarExpr(null, []), null)], [new Syntax.NamedTable(s.Name!) { Position = s.Name!.Position }]));
        bool snapshot = true;
        bool progress = false;
        foreach (Syntax.Option option in s.Options)
        {
            bool value = option.Text is null or "true" or "on" or "1";
            switch (option.Key)
            {
                case "snapshot":
                    snapshot = value;
                    break;
                case "progress":
                    progress = value;
                    break;
                default:
                    throw new SqlException("22023", $"unrecognized SUBSCRIBE option \"{option.Key}\"", option.Position, Suggest.Hint(option.Key, ["snapshot", "progress"])
                        ?? "the options are snapshot and progress");
            }
        }

        context.FollowsChanges = true;
        return new BoundSubscribe(Followed(context, Query(query), query.Position), snapshot) { Progress = progress };
    }

    /// <summary>A query as it is followed: conditions on the time of day become changes that time makes.</summary>
    public static BoundQuery Followed(BindContext context, BoundQuery bound, int position)
    {
        DdlBinder.CheckTemporalJoins(bound.Plan, position);
        if (PlanMap.All(bound.Plan).Any(n => n is RecursivePlan))
        {
            throw new SqlException("0A000", "recursive queries are for SELECTs that run once", position, "a change would have to be followed through all of its steps");
        }

        return bound with { Plan = TemporalFilters.Apply(context, bound.Plan, position) };
    }

    /// <summary>The target of a change.</summary>
    /// <exception cref="SqlException">42809 or 42501: it cannot be changed so.</exception>
    public CatalogObject Target(Syntax.ObjectName name, string verb)
    {
        CatalogObject target = Relations.Find(context, name);
        context.DependsOn.Add(target.Id);
        string display = name.Display;
        switch (target.Kind)
        {
            case ObjectKind.Table when target.PartOf > 0:
                throw new SqlException("42809", $"cannot {verb} table \"{display}\"", name.Position, "it is kept by the alert of its name");
            case ObjectKind.MaterializedView:
                throw new SqlException("42809", $"cannot {verb} materialized view \"{display}\"", name.Position, "it follows its query: change the tables and streams it reads");
            case ObjectKind.View:
                throw new SqlException("42809", $"cannot {verb} view \"{display}\"", name.Position, "change the tables it reads");
            case ObjectKind.System:
                throw new SqlException("42501", $"cannot {verb} system relation \"{display}\"", name.Position, "it is computed when it is read");
            case ObjectKind.Stream when verb is not ("insert into" or "copy to"):
                throw new SqlException("42809", $"cannot {verb} stream \"{display}\": streams are append-only", name.Position,
                    "use a table for rows that change, or a retention to let old rows go");
            default:
                return target;
        }
    }

    /// <summary>RETURNING over the target's columns.</summary>
    public BoundReturning? Returning(IReadOnlyList<Syntax.SelectItem> items, CatalogObject target, string? alias) => Returning(items, target, ScopeOf(target, alias));

    private BoundReturning? Returning(IReadOnlyList<Syntax.SelectItem> items, CatalogObject target, Scope scope)
    {
        if (items.Count == 0)
        {
            return null;
        }

        var binder = new ExprBinder(context, _queries, scope, null) { Clause = "RETURNING" };
        List<ScalarExpr> values = [];
        List<Field> fields = [];
        foreach (Syntax.SelectItem item in items)
        {
            if (item.Value is Syntax.StarExpr star)
            {
                foreach (ScopeColumn c in SelectBinder.Star(star, scope))
                {
                    values.Add(Finished(c.Value));
                    fields.Add(new Field(c.Name, c.Value.Type));
                }

                continue;
            }

            values.Add(Finished(binder.BindTyped(item.Value)));
            fields.Add(new Field(item.Alias?.Text ?? ColumnNames.Of(item.Value), values[^1].Type));
        }

        int visible = target.Columns.Count - target.HiddenColumns;
        return new BoundReturning(values, new Schema(fields))
        {
            Origins = [.. values.Select(v => v is ColumnExpr c && c.Index < visible ? new ColumnOrigin(target.Id, c.Index) : ColumnOrigin.None)],
        };
    }

    /// <summary>A target's columns by name, starting at an index.</summary>
    public static ScopeTable TableOf(CatalogObject target, string? alias, int first = 0) => new(alias ?? target.Name, alias is null ? target.Namespace : null,
        [.. target.Columns.Fields.Select((f, i) => new ScopeColumn(f.Name, new ColumnExpr(first + i, f.Type), i >= target.Columns.Count - target.HiddenColumns))], target);

    private static Scope ScopeOf(CatalogObject target, string? alias)
    {
        ScopeTable table = TableOf(target, alias);
        return new Scope([table], table.Columns, null, null);
    }

    private (PlanBuilder Builder, Scope Scope, FromItem Target, int Width) Rows(
        Syntax.ObjectName name, Syntax.Name? alias, IReadOnlyList<Syntax.TableRef> others, CatalogObject target, CteScope? ctes)
    {
        var table = new Syntax.NamedTable(name) { Position = name.Position, Alias = alias is null ? null : new Syntax.TableAlias(alias, []) };
        FromItem item = new FromBinder(context, _queries, null).Bind([table], null, null);
        FromItem all = others.Count == 0 ? item : new FromBinder(context, _queries, ctes).Bind([table, .. others], null, null);
        Check.That(item.Plan.Columns.Count == target.Columns.Count);
        return (new PlanBuilder(context, all.Plan), new Scope(all.Tables, all.Columns, null, null), item, all.Plan.Columns.Count);
    }

    private void Assign(Syntax.Assignment a, CatalogObject target, ExprBinder binder, ScalarExpr?[] values)
    {
        IReadOnlyList<Syntax.Expr> sources = a.Columns.Count == 1 ? [a.Value] : a.Value is Syntax.RowExpr row ? [.. row.Items]
            : throw new SqlException("0A000", "setting several columns from a subquery is not supported", a.Value.Position, "use UPDATE … FROM");
        if (sources.Count != a.Columns.Count)
        {
            throw new SqlException("42601", "number of columns does not match number of values", a.Position);
        }

        for (int i = 0; i < sources.Count; i++)
        {
            int column = ColumnOf(target, a.Columns[i]);
            if (values[column] is not null)
            {
                throw new SqlException("42601", $"multiple assignments to same column \"{a.Columns[i].Text}\"", a.Columns[i].Position);
            }

            if (target.IdentityAt(column) is { } identity && (identity.Always || sources[i] is Syntax.DefaultExpr))
            {
                throw sources[i] is Syntax.DefaultExpr
                    ? new SqlException("0A000", $"column \"{a.Columns[i].Text}\" is not numbered anew", a.Columns[i].Position, "give it a value, or insert the row again")
                    : new SqlException("428C9", $"column \"{a.Columns[i].Text}\" can only be updated to DEFAULT", a.Columns[i].Position, null,
                        $"Column \"{a.Columns[i].Text}\" is an identity column defined as GENERATED ALWAYS.");
            }

            if (target.GeneratedAt(column) is not null)
            {
                if (sources[i] is Syntax.DefaultExpr)
                {
                    continue;
                }

                throw new SqlException("428C9", $"column \"{a.Columns[i].Text}\" can only be updated to DEFAULT", a.Columns[i].Position, "change the columns that it is computed from",
                    $"Column \"{a.Columns[i].Text}\" is a generated column.");
            }

            values[column] = sources[i] is Syntax.DefaultExpr
                ? DefaultOf(target, column)
                : _coercion.Coerce(binder.Bind(sources[i]), target.Columns[column].Type, CastContext.Assignment, sources[i].Position, $"column \"{a.Columns[i].Text}\"");
        }
    }

    /// <summary>The index of a target's column that may be written.</summary>
    /// <exception cref="SqlException">42703: there is none.</exception>
    public static int ColumnOf(CatalogObject target, Syntax.Name name)
    {
        int at = target.Columns.IndexOf(name.Text);
        int visible = target.Columns.Count - target.HiddenColumns;
        return at >= 0 && at < visible ? at : throw new SqlException("42703", $"column \"{name.Text}\" of relation \"{target.Name}\" does not exist", name.Position,
            Suggest.Hint(name.Text, target.Columns.Fields.Take(visible).Select(f => f.Name)));
    }

    private ScalarExpr Parameter(ScalarExpr e) =>
        e is ParameterExpr { Type.Id: TypeId.Unknown } p ? new ParameterExpr(p.Index, context.SetParameter(p.Index, SqlType.Text)) : e;
}
