// Queries: WITH, set operations, VALUES, ORDER BY and LIMIT around the SELECTs.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A bound query.</summary>
/// <param name="Plan">The visible columns, then hidden ones that only the order needs.</param>
/// <param name="Columns">The visible columns.</param>
/// <param name="Order">The order asked for, over the plan's columns.</param>
internal sealed record QueryResult(PlanNode Plan, Schema Columns, IReadOnlyList<SortKey> Order)
{
    /// <summary>True when it gives each window once.</summary>
    public bool EmitOnClose { get; init; }

    /// <summary>The plan without hidden columns.</summary>
    public PlanNode Visible() => Plan.Columns.Count == Columns.Count ? Plan : Plans.Pick(Plan, Enumerable.Range(0, Columns.Count));
}

/// <summary>A common table, and those defined before it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plan">Its rows; null inside its own definition, where naming it would be recursion.</param>
/// <param name="Names">Its column names.</param>
/// <param name="Before">Those defined before, or null.</param>
internal sealed record CteScope(string Name, PlanNode? Plan, IReadOnlyList<string> Names, CteScope? Before)
{
    /// <summary>Finds by name; null when there is none.</summary>
    public CteScope? Find(string name)
    {
        CteScope? at = this;
        while (at is not null && at.Name != name)
        {
            at = at.Before;
        }

        return at;
    }
}

/// <summary>Binds queries.</summary>
internal sealed class QueryBinder(BindContext context)
{
    private readonly Coercion _coercion = new(context);

    /// <summary>Binds a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="parent">The names around, or null.</param>
    /// <param name="frame">Through which those are seen; null without parent.</param>
    /// <param name="ctes">Common tables that may be named.</param>
    /// <param name="resolve">False to leave columns of untyped literals unknown, for the caller to give them a type.</param>
    public QueryResult Bind(Syntax.Query query, Scope? parent, Frame? frame, CteScope? ctes, bool resolve = true)
    {
        BindContext.CheckDepth(query.Position);
        ctes = With(query.With, parent, frame, ctes);
        QueryResult result = query.Body is Syntax.SelectBody select
            ? new SelectBinder(context, this, ctes).Bind(select, query.OrderBy, parent, frame, resolve)
            : Ordered(Body(query.Body, parent, frame, ctes, resolve), query);
        if (query.LateDataInto is { } late)
        {
            throw new SqlException("0A000", "LATE DATA INTO is for CREATE MATERIALIZED VIEW", late.Position, "behind the view's query, not in a part of it");
        }

        if (query.EmitOnWindowClose || query.AllowLateness is not null)
        {
            result = EmitOnWindowClose.Apply(context, result, query, Lateness(query.AllowLateness));
        }

        return Limited(result, query, parent, frame, ctes);
    }

    private long Lateness(Syntax.Expr? expr)
    {
        if (expr is null)
        {
            return 0;
        }

        LiteralExpr value = new ExprBinder(context, this, Scope.Empty(null, null), null) { Clause = "ALLOW LATENESS" }.Constant(expr, SqlType.Interval, "the lateness");
        return value.Value is Interval { Months: 0 } i && (i.Days * 86_400_000_000L) + i.Micros is >= 0 and var micros ? micros
            : throw new SqlException("22023", "the lateness must be a fixed time of zero or more", expr.Position, "write ALLOW LATENESS INTERVAL '10 minutes'");
    }

    /// <summary>The common tables of a WITH clause, added to those before.</summary>
    public CteScope? With(Syntax.WithClause? with, Scope? parent, Frame? frame, CteScope? ctes)
    {
        if (with is null)
        {
            return ctes;
        }

        var seen = new HashSet<string>();
        foreach (Syntax.CommonTable table in with.Tables)
        {
            if (!seen.Add(table.Name.Text))
            {
                throw new SqlException("42712", $"WITH query name \"{table.Name.Text}\" specified more than once", table.Name.Position);
            }

            if (with.Recursive && table.Query is { With: null, Body: Syntax.SetOperationBody { Operator: Syntax.SetOperator.Union } union }
                && Recursive(table, union, parent, frame, ctes) is { } recursive)
            {
                ctes = recursive;
                continue;
            }

            CteScope? visible = with.Recursive ? new CteScope(table.Name.Text, null, [], ctes) : ctes;
            QueryResult result = Bind(table.Query, parent, frame, visible);
            string[] names = [.. result.Columns.Fields.Select(f => f.Name)];
            if (table.Columns.Count > names.Length)
            {
                throw new SqlException("42P10", $"WITH query \"{table.Name.Text}\" has {names.Length} columns available but {table.Columns.Count} columns specified", table.Position);
            }

            for (int i = 0; i < table.Columns.Count; i++)
            {
                names[i] = table.Columns[i].Text;
            }

            ctes = new CteScope(table.Name.Text, result.Visible(), names, ctes);
        }

        return ctes;
    }

    // A common table that names itself in the second part of a UNION; null when it does not.
    private CteScope? Recursive(Syntax.CommonTable table, Syntax.SetOperationBody union, Scope? parent, Frame? frame, CteScope? ctes)
    {
        string name = table.Name.Text;

        // The columns are those of the part that does not name it.
        QueryResult first = Body(union.Left, parent, frame, new CteScope(name, null, [], ctes), true);
        if (table.Columns.Count > first.Columns.Count)
        {
            throw new SqlException("42P10", $"WITH query \"{name}\" has {first.Columns.Count} columns available but {table.Columns.Count} columns specified", table.Position);
        }

        Field[] fields = [.. first.Columns.Fields.Select((f, i) => new Field(i < table.Columns.Count ? table.Columns[i].Text : f.Name, f.Type))];
        var working = new WorkingPlan(name, new Schema(fields));
        string[] names = [.. fields.Select(f => f.Name)];
        QueryResult step = Body(union.Right, parent, frame, new CteScope(name, working, names, ctes), false);
        if (!PlanMap.All(step.Plan).Any(n => ReferenceEquals(n, working)))
        {
            return null;
        }

        if (context.FollowsChanges)
        {
            throw new SqlException("0A000", "recursive queries are for SELECTs that run once", table.Position,
                "a change would have to be followed through all of its steps: ask the query when its answer is wanted, or store what it gives with CREATE TABLE … AS");
        }

        if (table.Query.OrderBy.Count > 0 || table.Query.Limit is not null || table.Query.Offset is not null)
        {
            throw new SqlException("0A000", "ORDER BY and LIMIT in a recursive query are not implemented", table.Position, "write them behind the query that reads it");
        }

        if (step.Columns.Count != fields.Length)
        {
            throw new SqlException("42601", "each UNION query must have the same number of columns", union.Right.Position);
        }

        for (int i = 0; i < fields.Length; i++)
        {
            SqlType given = step.Columns[i].Type;
            SqlType? common = TypeRules.Common([fields[i].Type, given], context.Functions);
            if (common is null || !common.SameAs(fields[i].Type))
            {
                throw new SqlException("42804",
                    $"recursive query \"{name}\" column {i + 1} has type {fields[i].Type} in non-recursive term but type {common?.ToString() ?? given.ToString()} overall", union.Left.Position,
                    "Cast the output of the non-recursive term to the correct type.");
            }
        }

        SqlType[] types = [.. fields.Select(f => f.Type)];
        PlanNode next = Convert(step.Visible(), types, CastContext.Implicit, _ => ("UNION", union.Position));
        return new CteScope(name, new RecursivePlan(first.Visible(), next, working, !union.All), names, ctes);
    }

    /// <summary>The plan with its columns converted; literals and VALUES are converted where they stand.</summary>
    public PlanNode Convert(PlanNode plan, IReadOnlyList<SqlType> types, CastContext how, Func<int, (string What, int Position)> describe)
    {
        if (plan.Columns.Fields.Select((f, i) => (f, i)).All(p => p.f.Type.Equals(types[p.i])))
        {
            return plan;
        }

        ScalarExpr To(ScalarExpr e, int i) => _coercion.Coerce(e, types[i], how, describe(i).Position, describe(i).What);
        Schema columns = new([.. plan.Columns.Fields.Select((f, i) => f with { Type = types[i] })]);
        return plan switch
        {
            ProjectPlan p => p with { Expressions = [.. p.Expressions.Select(To)], Columns = columns },
            ValuesPlan v => new ValuesPlan([.. v.Rows.Select(r => (IReadOnlyList<ScalarExpr>)[.. r.Select(To)])], columns),
            _ => new ProjectPlan(plan, [.. Plans.Columns(plan).Select(To)], columns),
        };
    }

    private QueryResult Body(Syntax.QueryBody body, Scope? parent, Frame? frame, CteScope? ctes, bool resolve)
    {
        BindContext.CheckDepth(body.Position);
        switch (body)
        {
            case Syntax.SelectBody select:
                return new SelectBinder(context, this, ctes).Bind(select, [], parent, frame, resolve);
            case Syntax.NestedQueryBody nested:
                return Bind(nested.Query, parent, frame, ctes, resolve);
            case Syntax.ValuesBody values:
                return Values(values, parent, frame, ctes, resolve);
            case Syntax.SetOperationBody set:
                return SetOperation(set, parent, frame, ctes);
            default:
                throw new SqlException("0A000", $"{body.GetType().Name} is not supported", body.Position);
        }
    }

    private QueryResult Values(Syntax.ValuesBody values, Scope? parent, Frame? frame, CteScope? ctes, bool resolve)
    {
        var binder = new ExprBinder(context, this, Scope.Empty(parent, frame), ctes) { Clause = "VALUES" };
        int width = values.Rows[0].Count;
        List<ScalarExpr[]> rows = [];
        foreach (NodeListRow row in values.Rows.Select(r => new NodeListRow(r)))
        {
            if (row.Cells.Count != width)
            {
                throw new SqlException("42601", "VALUES lists must all be the same length", row.Cells.Count > 0 ? row.Cells[0].Position : values.Position);
            }

            rows.Add([.. row.Cells.Select(binder.Bind)]);
        }

        var fields = new Field[width];
        for (int i = 0; i < width; i++)
        {
            SqlType type = binder.CommonType([.. rows.Select(r => r[i])], "VALUES", values.Position);
            bool open = !resolve && rows.All(r => r[i].Type.Id == TypeId.Unknown);
            type = open ? SqlType.Unknown : type;
            foreach (ScalarExpr[] row in rows)
            {
                row[i] = open ? row[i] : _coercion.Coerce(row[i], type, CastContext.Implicit, values.Position);
            }

            fields[i] = new Field("column" + (i + 1), type);
        }

        PlanNode plan = MakeValues(context, rows, new Schema(fields));
        return new QueryResult(plan, plan.Columns, []);
    }

    /// <summary>Constant rows; a row with subqueries becomes a projection of its own.</summary>
    public static PlanNode MakeValues(BindContext context, IReadOnlyList<ScalarExpr[]> rows, Schema columns)
    {
        if (!rows.Any(r => r.Any(e => ExprMap.Any(e, x => x is SubqueryExpr))))
        {
            return new ValuesPlan([.. rows], columns);
        }

        PlanNode[] sources = [.. rows.Select(r =>
        {
            var builder = new PlanBuilder(context, Plans.Unit);
            ScalarExpr[] placed = [.. r.Select(builder.Place)];
            return Plans.Project(builder.Plan, placed, [.. columns.Fields.Select(f => f.Name)]);
        })];
        return sources.Length == 1 ? sources[0] : new UnionPlan(sources, columns);
    }

    private QueryResult SetOperation(Syntax.SetOperationBody set, Scope? parent, Frame? frame, CteScope? ctes)
    {
        QueryResult left = Body(set.Left, parent, frame, ctes, false);
        QueryResult right = Body(set.Right, parent, frame, ctes, false);
        string name = set.Operator.ToString().ToUpperInvariant();
        if (left.Columns.Count != right.Columns.Count)
        {
            throw new SqlException("42601", $"each {name} query must have the same number of columns", set.Right.Position);
        }

        var types = new SqlType[left.Columns.Count];
        for (int i = 0; i < types.Length; i++)
        {
            (SqlType l, SqlType r) = (left.Columns[i].Type, right.Columns[i].Type);
            SqlType? common = TypeRules.Common([l, r], context.Functions);
            if (common is null || !TypeRules.IsImplicit(l, common, context.Functions) || !TypeRules.IsImplicit(r, common, context.Functions))
            {
                throw new SqlException("42804", $"{name} types {l} and {r} cannot be matched", set.Right.Position,
                    $"column {i + 1} (\"{left.Columns[i].Name}\"): cast one side");
            }

            types[i] = common;
        }

        PlanNode a = Convert(left.Visible(), types, CastContext.Implicit, _ => (name, set.Position));
        PlanNode b = Convert(right.Visible(), types, CastContext.Implicit, _ => (name, set.Position));
        Schema columns = new([.. left.Columns.Fields.Select((f, i) => new Field(f.Name, types[i]))]);
        PlanNode plan = set.Operator switch
        {
            Syntax.SetOperator.Union when set.All && a is UnionPlan u => new UnionPlan([.. u.Sources, b], columns),
            Syntax.SetOperator.Union when set.All => new UnionPlan([a, b], columns),
            Syntax.SetOperator.Union => new DistinctPlan(new UnionPlan([a, b], columns)),
            _ => new SetOpPlan(set.Operator == Syntax.SetOperator.Except, set.All, a, b, columns),
        };
        return new QueryResult(plan, columns, []);
    }

    /// <summary>ORDER BY of a query that is no SELECT: by the result's columns only.</summary>
    private static QueryResult Ordered(QueryResult result, Syntax.Query query)
    {
        if (query.OrderBy.Count == 0)
        {
            return result;
        }

        var keys = new List<SortKey>();
        foreach (Syntax.OrderItem item in query.OrderBy)
        {
            int at = item.Value switch
            {
                Syntax.NumberLiteral { IsInteger: true } n => SelectBinder.Ordinal(n, result.Columns.Count, "ORDER BY"),
                Syntax.ColumnRef { Parts.Count: 1 } c => result.Columns.IndexOf(c.Last) is var i && i >= 0 ? i
                    : throw new SqlException("42703", $"column \"{c.Last}\" does not exist", c.Position,
                        Suggest.Hint(c.Last, result.Columns.Fields.Select(f => f.Name))),
                _ => throw new SqlException("0A000", "invalid UNION/INTERSECT/EXCEPT ORDER BY clause", item.Value.Position,
                    "Only result column names can be used, not expressions or functions: put the query into a subquery in FROM."),
            };
            keys.Add(new SortKey(at, item.Descending, item.EffectiveNullsFirst));
        }

        return result with { Plan = result.Visible(), Order = keys };
    }

    private QueryResult Limited(QueryResult result, Syntax.Query query, Scope? parent, Frame? frame, CteScope? ctes)
    {
        if (query.Limit is null && query.Offset is null)
        {
            return result;
        }

        (long? limit, ScalarExpr? limitParameter) = Count(query.Limit, "LIMIT", "2201W", parent, frame, ctes);
        (long? offset, ScalarExpr? offsetParameter) = Count(query.Offset, "OFFSET", "2201X", parent, frame, ctes);
        if (limit is null && limitParameter is null && offset is null or 0 && offsetParameter is null)
        {
            return result;
        }

        if (query.WithTies && (query.Offset is not null || query.OrderBy.Count == 0))
        {
            throw query.OrderBy.Count == 0
                ? new SqlException("42601", "WITH TIES cannot be specified without ORDER BY clause", query.Position)
                : new SqlException("0A000", "WITH TIES together with OFFSET is not supported", query.Position);
        }

        var top = new TopNPlan(result.Plan, [], result.Order, query.WithTies ? RankKind.Rank : RankKind.RowNumber, offset ?? 0, limit, false, result.Plan.Columns)
        {
            LimitParameter = limitParameter,
            OffsetParameter = offsetParameter,
        };
        return result with { Plan = top };
    }

    private (long? Value, ScalarExpr? Parameter) Count(Syntax.Expr? expr, string clause, string state, Scope? parent, Frame? frame, CteScope? ctes)
    {
        if (expr is null)
        {
            return (null, null);
        }

        var binder = new ExprBinder(context, this, Scope.Empty(parent, frame), ctes) { Clause = clause };
        ScalarExpr given = binder.Bind(expr);
        if (given is ParameterExpr { Type.IsInteger: true })
        {
            return (null, given);
        }

        ScalarExpr bound = binder.Coercion.TryCoerce(given, SqlType.BigInt, CastContext.Assignment, expr.Position)
            ?? throw new SqlException("42804", $"argument of {clause} must be type bigint, not type {given.Type}", expr.Position);
        if (ExprMap.Any(bound, e => e is ParameterExpr))
        {
            return bound is ParameterExpr ? (null, bound)
                : throw new SqlException("0A000", $"{clause} must be a constant or a bigint parameter", expr.Position);
        }

        if (bound is not LiteralExpr && !ExprMap.Any(bound, e => e is ColumnExpr or PlaceholderExpr) && context.Functions.Fold is { } fold)
        {
            bound = fold(bound);
        }

        return bound switch
        {
            LiteralExpr { Value: null } => (null, null),
            LiteralExpr { Value: long n } when n >= 0 => (n, null),
            LiteralExpr => throw new SqlException(state, $"{clause} must not be negative", expr.Position),
            _ => throw new SqlException("0A000", $"{clause} must be a constant or a parameter", expr.Position),
        };
    }

    private readonly record struct NodeListRow(Syntax.NodeList<Syntax.Expr> Cells);
}
