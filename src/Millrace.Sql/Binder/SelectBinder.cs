// One SELECT: from FROM to the select list, in the order in which SQL evaluates them.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds one SELECT.</summary>
internal sealed class SelectBinder(BindContext context, QueryBinder queries, CteScope? ctes)
{
    private readonly Coercion _coercion = new(context);

    /// <summary>A column of the result before it is computed.</summary>
    private sealed record Item(ScalarExpr Value, string Name, Syntax.Expr? Ast);

    /// <summary>A key of ORDER BY or DISTINCT ON: an item of the select list, or an expression of its own.</summary>
    private sealed record Key(int Item, ScalarExpr? Value, Syntax.OrderItem? Order);

    /// <summary>Binds a SELECT with the ORDER BY that follows it.</summary>
    public QueryResult Bind(Syntax.SelectBody body, IReadOnlyList<Syntax.OrderItem> orderBy, Scope? parent, Frame? frame, bool resolve)
    {
        FromItem from = body.From.Count == 0 ? FromItem.None : new FromBinder(context, queries, ctes).Bind(body.From, parent, frame);
        var scope = new Scope(from.Tables, from.Columns, parent, frame);
        var builder = new PlanBuilder(context, from.Plan);
        ScalarExpr? where = body.Where is null ? null : Binder(scope, "WHERE", body).Boolean(body.Where, "WHERE");
        if (where is not null)
        {
            builder.Filter(where);
        }

        ExprBinder lists = Binder(scope, "SELECT", body);
        (lists.AllowAggregates, lists.AllowWindows, lists.AllowSetReturning) = (true, true, true);
        List<Item> items = Items(body, scope, lists, from);
        ExprBinder havings = Binder(scope, "HAVING", body);
        havings.AllowAggregates = true;
        ScalarExpr? having = body.Having is null ? null : havings.Boolean(body.Having, "HAVING");
        var orders = orderBy.Select(o => OutputKey(o.Value, o, items, scope, body, "ORDER BY")).ToList();
        List<Key> distinctOn = [.. body.DistinctOn.Select(e => OutputKey(e, null, items, scope, body, "DISTINCT ON"))];
        if (resolve || body.Distinct || body.DistinctOn.Count > 0 || body.GroupBy is not null)
        {
            items = [.. items.Select(i => i with { Value = _coercion.ResolveUnknown(i.Value) })];
        }

        ExprBinder groups = Binder(scope, "GROUP BY", body);
        groups.AllowSetReturning = true;
        List<IReadOnlyList<ScalarExpr>>? sets = body.GroupBy is null ? null
            : new GroupBySets(groups, scope, [.. items.Select(i => (i.Name, i.Value, i.Ast is not null))]).Bind(body.GroupBy);
        if (Spread(builder, sets?.SelectMany(s => s) ?? [], body) is { } spread)
        {
            // What is grouped by is unnested first; the select list means the same rows by the same call.
            sets = [.. sets!.Select(s => (IReadOnlyList<ScalarExpr>)[.. s.Select(spread)])];
            items = [.. items.Select(i => i with { Value = spread(i.Value) })];
            orders = [.. orders.Select(o => o.Value is null ? o : o with { Value = spread(o.Value) })];
            distinctOn = [.. distinctOn.Select(o => o.Value is null ? o : o with { Value = spread(o.Value) })];
            having = having is null ? null : spread(having);
        }

        IReadOnlyList<ScalarExpr> keys = [];
        IEnumerable<ScalarExpr> all = [.. items.Select(i => i.Value), .. Values(orders), .. Values(distinctOn)];
        if (sets is not null || having is not null || all.Any(e => ExprMap.Any(e, x => x is AggregateExpr or GroupingExpr)))
        {
            var stage = new AggregateStage(context, scope, builder, sets ?? [[]]);
            stage.Collect(having is null ? all : all.Append(having));
            builder = stage.Build();
            items = [.. items.Select(i => i with { Value = stage.Rewrite(i.Value) })];
            orders = [.. orders.Select(o => o.Value is null ? o : o with { Value = stage.Rewrite(o.Value) })];
            distinctOn = [.. distinctOn.Select(o => o.Value is null ? o : o with { Value = stage.Rewrite(o.Value) })];
            if (having is not null)
            {
                builder.Filter(stage.Rewrite(having));
            }

            keys = sets is [_] ? stage.Keys : [];
        }

        var gaps = new GapFillStage(context, builder, keys, where);
        gaps.Add([.. items.Select(i => i.Value), .. Values(orders), .. Values(distinctOn)]);
        items = [.. items.Select(i => i with { Value = gaps.Rewrite(i.Value) })];
        orders = [.. orders.Select(o => o.Value is null ? o : o with { Value = gaps.Rewrite(o.Value) })];
        distinctOn = [.. distinctOn.Select(o => o.Value is null ? o : o with { Value = gaps.Rewrite(o.Value) })];

        var windows = new WindowStage(builder);
        windows.Add([.. items.Select(i => i.Value), .. Values(orders), .. Values(distinctOn)]);
        items = [.. items.Select(i => i with { Value = windows.Rewrite(i.Value) })];
        orders = [.. orders.Select(o => o.Value is null ? o : o with { Value = windows.Rewrite(o.Value) })];
        distinctOn = [.. distinctOn.Select(o => o.Value is null ? o : o with { Value = windows.Rewrite(o.Value) })];
        items = SetReturning(builder, items, body);
        return Finish(body, builder, items, orders, distinctOn);
    }

    /// <summary>The index an ordinal stands for.</summary>
    public static int Ordinal(Syntax.NumberLiteral n, int count, string clause) => int.TryParse(n.Text, out int at) && at >= 1 && at <= count
        ? at - 1
        : throw new SqlException("42P10", $"{clause} position {n.Text} is not in select list", n.Position);

    private ExprBinder Binder(Scope scope, string clause, Syntax.SelectBody body) =>
        new(context, queries, scope, ctes) { Clause = clause, Windows = body.Windows };

    private static IEnumerable<ScalarExpr> Values(IEnumerable<Key> keys) => keys.Select(k => k.Value).OfType<ScalarExpr>();

    private List<Item> Items(Syntax.SelectBody body, Scope scope, ExprBinder binder, FromItem from)
    {
        List<Item> items = [];
        foreach (Syntax.SelectItem item in body.Items)
        {
            switch (item.Value)
            {
                case Syntax.StarExpr star:
                    items.AddRange(Star(star, scope, from).Select(c => new Item(Located(c.Value, star.Position), c.Name, null)));
                    break;
                case Syntax.FieldExpr { Field.Text: "*" } all:
                    ScalarExpr row = binder.Bind(all.Operand);
                    if (row.Type.Id != TypeId.Row)
                    {
                        throw new SqlException("42809", $"type {row.Type} is not composite", all.Position);
                    }

                    items.AddRange(row.Type.Fields!.Select((f, i) => new Item(
                        row is RowExpr r ? r.Fields[i] : new FieldExpr(row, i, f.Type), f.Name, null)));
                    break;
                default:
                    items.Add(new Item(binder.Bind(item.Value), item.Alias?.Text ?? ColumnNames.Of(item.Value), item.Value));
                    break;
            }
        }

        return items;
    }

    private static IEnumerable<ScopeColumn> Star(Syntax.StarExpr star, Scope scope, FromItem from) => star.Qualifier is null && ReferenceEquals(from, FromItem.None)
        ? throw new SqlException("42601", "SELECT * with no tables specified is not valid", star.Position) : Star(star, scope);

    /// <summary>The columns that * or name.* stands for.</summary>
    internal static IEnumerable<ScopeColumn> Star(Syntax.StarExpr star, Scope scope)
    {
        IEnumerable<ScopeColumn> columns = scope.Columns;
        if (star.Qualifier is { } table)
        {
            columns = scope.FindTable(table.Schema, table.Last)?.Columns
                ?? throw new SqlException("42P01", $"missing FROM-clause entry for table \"{table.Display}\"", star.Position, Suggest.Hint(table.Last, scope.TableNames()));
        }

        ScopeColumn[] visible = [.. columns.Where(c => !c.Hidden)];
        foreach (Syntax.Name except in star.Except)
        {
            if (!visible.Any(c => c.Name == except.Text))
            {
                throw new SqlException("42703", $"column \"{except.Text}\" does not exist", except.Position, Suggest.Hint(except.Text, visible.Select(c => c.Name)));
            }
        }

        return visible.Where(c => !star.Except.Any(x => x.Text == c.Name));
    }

    private ScalarExpr Located(ScalarExpr expr, int position)
    {
        if (expr is ColumnExpr c)
        {
            expr = c with { };
            context.Positions[expr] = position;
        }

        return expr;
    }

    /// <summary>A key by ordinal, by output name, or as an expression over FROM.</summary>
    private Key OutputKey(Syntax.Expr expr, Syntax.OrderItem? order, List<Item> items, Scope scope, Syntax.SelectBody body, string clause)
    {
        if (expr is Syntax.NumberLiteral { IsInteger: true } n)
        {
            return new Key(Ordinal(n, items.Count, clause), null, order);
        }

        if (expr is Syntax.ColumnRef { Parts.Count: 1 } name)
        {
            int[] named = [.. items.Index().Where(i => i.Item.Name == name.Last).Select(i => i.Index)];
            if (named.Length > 0)
            {
                if (named.Any(i => !ExprEquality.Same(items[i].Value, items[named[0]].Value)))
                {
                    throw new SqlException("42702", $"{clause} \"{name.Last}\" is ambiguous", expr.Position, "use the position of the column, as in ORDER BY 1");
                }

                return new Key(named[0], null, order);
            }
        }

        ExprBinder binder = Binder(scope, clause, body);
        (binder.AllowAggregates, binder.AllowWindows, binder.AllowSetReturning) = (true, true, true);
        ScalarExpr value = binder.BindTyped(expr);
        int same = items.FindIndex(i => ExprEquality.Same(i.Value, value) && !ExprMap.IsVolatile(value));
        return same >= 0 ? new Key(same, null, order) : new Key(-1, value, order);
    }

    private static List<Item> SetReturning(PlanBuilder builder, List<Item> items, Syntax.SelectBody body) =>
        Spread(builder, items.Select(i => i.Value), body) is { } spread ? [.. items.Select(i => i with { Value = spread(i.Value) })] : items;

    /// <summary>Plans the set-returning calls of expressions; gives what puts their columns in the calls' place, or null where there are none.</summary>
    private static Func<ScalarExpr, ScalarExpr>? Spread(PlanBuilder builder, IEnumerable<ScalarExpr> values, Syntax.SelectBody body)
    {
        var calls = new List<SetReturningExpr>();
        foreach (ScalarExpr value in values)
        {
            ExprMap.Any(value, e =>
            {
                if (e is SetReturningExpr s && !calls.Any(c => ExprEquality.Same(c, s)))
                {
                    calls.Add(s);
                }

                return false;
            });
        }

        if (calls.Count == 0)
        {
            return null;
        }

        // Arrays are walked together, as far as the longest goes; a series cannot be one of several.
        if (calls.Count > 1 && calls.Exists(c => c.Function != "unnest" || c.Type.Id == TypeId.Row))
        {
            throw new SqlException("0A000", "several set-returning functions in one select list are supported for arrays only", body.Position, "put them into FROM");
        }

        ScalarExpr[] arguments = [.. calls.SelectMany(c => c.Arguments).Select(builder.Place)];
        builder.Wrap(p => new TableFunctionPlan(
            p, calls[0].Function, arguments, false, new Schema([.. p.Columns.Fields, .. calls.Select(c => new Field(c.Function, c.Type))])));
        int first = builder.Plan.Columns.Count - calls.Count;
        ScalarExpr[] columns = [.. calls.Select((_, i) => Plans.Column(builder.Plan, first + i))];
        return value => ExprMap.Replace(value, e => e is SetReturningExpr s && calls.FindIndex(c => ExprEquality.Same(c, s)) is >= 0 and var at ? columns[at] : null);
    }

    private static QueryResult Finish(Syntax.SelectBody body, PlanBuilder builder, List<Item> items, List<Key> orders, List<Key> distinctOn)
    {
        List<ScalarExpr> values = [.. items.Select(i => builder.Place(i.Value))];
        List<string> names = [.. items.Select(i => i.Name)];
        int At(Key key)
        {
            if (key.Value is null)
            {
                return key.Item;
            }

            ScalarExpr value = builder.Place(key.Value);
            int same = values.FindIndex(v => ExprEquality.Same(v, value) && !ExprMap.IsVolatile(v));
            if (same >= 0)
            {
                return same;
            }

            values.Add(value);
            names.Add("?order?");
            return values.Count - 1;
        }

        List<SortKey> sort = [.. orders.Select(o => new SortKey(At(o), o.Order!.Descending, o.Order.EffectiveNullsFirst))];
        if (body.Distinct && sort.FindIndex(s => s.Column >= items.Count) is var bad && bad >= 0)
        {
            throw new SqlException("42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list", orders[bad].Order!.Value.Position);
        }

        List<int> on = [.. distinctOn.Select(At)];
        PlanNode plan = Plans.Project(builder.Plan, values, names);
        if (body.Distinct)
        {
            plan = new DistinctPlan(plan);
        }

        if (on.Count > 0)
        {
            HashSet<int> first = [.. sort.Take(on.Distinct().Count()).Select(s => s.Column)];
            if (sort.Count > 0 && !(first.IsSubsetOf(on) && (first.Count == on.Distinct().Count() || sort.All(s => on.Contains(s.Column)))))
            {
                throw new SqlException("42P10", "SELECT DISTINCT ON expressions must match initial ORDER BY expressions", body.DistinctOn[0].Position);
            }

            plan = Plans.TopN(plan, [.. on.Distinct()], [.. sort.Where(s => !on.Contains(s.Column))], 0, 1);
        }

        return new QueryResult(plan, new Schema([.. plan.Columns.Fields.Take(items.Count)]), sort);
    }
}
