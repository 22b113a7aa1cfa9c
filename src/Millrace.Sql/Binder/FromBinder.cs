// FROM: tables, views, common tables, subqueries, table functions and joins, with the names they bring.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>An item of FROM bound: its rows and names.</summary>
/// <param name="Plan">The rows.</param>
/// <param name="Tables">The names that may qualify a column.</param>
/// <param name="Columns">What unqualified names and * stand for.</param>
internal sealed record FromItem(PlanNode Plan, IReadOnlyList<ScopeTable> Tables, IReadOnlyList<ScopeColumn> Columns)
{
    /// <summary>No FROM.</summary>
    public static readonly FromItem None = new(Plans.Unit, [], []);

    /// <summary>The same with every column moved to the right.</summary>
    public FromItem Shifted(int by)
    {
        var moved = new Dictionary<ScopeColumn, ScopeColumn>(ReferenceEqualityComparer.Instance);
        ScopeColumn Move(ScopeColumn c)
        {
            if (!moved.TryGetValue(c, out ScopeColumn? m))
            {
                m = c with { Value = ExprMap.MapColumns(c.Value, i => i + by) };
                moved.Add(c, m);
            }

            return m;
        }

        return new FromItem(Plan, [.. Tables.Select(t => t with { Columns = [.. t.Columns.Select(Move)] })], [.. Columns.Select(Move)]);
    }
}

/// <summary>Binds FROM.</summary>
internal sealed partial class FromBinder(BindContext context, QueryBinder queries, CteScope? ctes)
{
    /// <summary>Binds the comma-separated items.</summary>
    public FromItem Bind(IReadOnlyList<Syntax.TableRef> items, Scope? parent, Frame? frame)
    {
        FromItem? result = null;
        foreach (Syntax.TableRef item in items)
        {
            CheckNotAsOf(item);
            result = result is null ? Item(item, parent, frame) : Beside(result, item, parent, frame);
        }

        return result!;
    }

    /// <summary>Binds an item that may use the columns of those before it.</summary>
    private FromItem Beside(FromItem left, Syntax.TableRef item, Scope? parent, Frame? frame)
    {
        var lateral = new Frame { NoAggregates = "FROM" };
        FromItem right = Item(item, new Scope(left.Tables, left.Columns, parent, frame), lateral, parent, frame);
        CheckNames(left, right, item);
        PlanNode plan = new Unnesting(context, lateral).Lateral(left.Plan, right.Plan, JoinKind.Inner, null);
        right = right.Shifted(left.Plan.Columns.Count);
        return new FromItem(plan, [.. left.Tables, .. right.Tables], [.. left.Columns, .. right.Columns]);
    }

    private static void CheckNames(FromItem left, FromItem right, Syntax.TableRef item)
    {
        foreach (ScopeTable t in right.Tables)
        {
            if (t.Name is not null && left.Tables.Any(l => l.Name == t.Name && l.Schema == t.Schema))
            {
                throw new SqlException("42712", $"table name \"{t.Name}\" specified more than once", item.Position, "give one of them an alias");
            }
        }
    }

    private static void CheckNotAsOf(Syntax.TableRef item)
    {
        if (item is Syntax.NamedTable { AsOf: { } asOf })
        {
            throw new SqlException("0A000", "AS OF belongs to the right side of a join", asOf.Position, "write FROM stream JOIN table FOR SYSTEM_TIME AS OF PROCTIME() ON …");
        }
    }

    private FromItem Item(Syntax.TableRef item, Scope? parent, Frame? frame) => Item(item, parent, frame, parent, frame);

    /// <summary>Binds an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="lateral">The names a lateral item may use.</param>
    /// <param name="lateralFrame">Through which it sees them.</param>
    /// <param name="parent">The names any other subquery may use.</param>
    /// <param name="frame">Through which it sees them.</param>
    private FromItem Item(Syntax.TableRef item, Scope? lateral, Frame? lateralFrame, Scope? parent, Frame? frame)
    {
        BindContext.CheckDepth(item.Position);
        switch (item)
        {
            case Syntax.NamedTable named:
                return Named(named);
            case Syntax.FileTable file:
                return File(file);
            case Syntax.SubqueryTable sub:
                QueryResult result = sub.Lateral ? queries.Bind(sub.Query, lateral, lateralFrame, ctes) : queries.Bind(sub.Query, parent, frame, ctes);
                return Of(result.Visible(), sub.Alias, null, null, null, sub.Position);
            case Syntax.FunctionTable function:
                return Function(function, lateral, lateralFrame);
            case Syntax.WindowTable window:
                return Window(window, Item(window.Input, lateral, lateralFrame, parent, frame), lateral, lateralFrame);
            case Syntax.ChangelogTable changelog:
                return Changelog(changelog, Item(changelog.Input, lateral, lateralFrame, parent, frame));
            case Syntax.JoinTable join:
                return Join(join, lateral, lateralFrame, parent, frame);
            default:
                throw new SqlException("0A000", $"{item.GetType().Name} is not supported", item.Position);
        }
    }

    private FromItem Named(Syntax.NamedTable named)
    {
        string name = named.Name.Last;
        if (named.Name.Schema is null && ctes?.Find(name) is { } cte)
        {
            if (cte.Plan is null)
            {
                throw new SqlException("42P19", $"recursive reference to query \"{name}\" must not appear within its non-recursive term", named.Position,
                    "a common table names itself in the second part of a UNION, and reads nothing of the query around it");
            }

            return Of(cte.Plan, named.Alias, name, null, null, named.Position, cte.Names);
        }

        CatalogObject found = Relation(named.Name);
        if (found.SinkInto > 0)
        {
            throw new SqlException("42809", $"\"{named.Name.Display}\" is a sink", named.Position, $"read \"{context.Catalog.Find(found.SinkInto)?.FullName}\", which it writes into");
        }

        context.DependsOn.Add(found.Id);
        if (!context.IsInView)
        {
            context.Named.Add(found.Id);
        }

        if (found.Kind == ObjectKind.View)
        {
            PlanNode plan = context.InsideView(found, () => ViewPlan(found));
            context.Origins[plan] = new OriginFact(found, plan.Columns.Count);
            return Of(plan, named.Alias, name, found.Namespace, null, named.Position, [.. found.Columns.Fields.Select(f => f.Name)]);
        }

        CatalogObject seen = context.AsSeenByView(found);
        return Of(new ScanPlan(seen) { Narrowed = !ReferenceEquals(seen, found) }, named.Alias, name, found.Namespace, seen, named.Position);
    }

    private FromItem File(Syntax.FileTable file)
    {
        if (context.Options.Files is not { } files || context.FollowsChanges || context.IsInView)
        {
            throw new SqlException("0A000", $"'{file.Path}' is a file: only a query that runs once can read it", file.Position,
                "what is kept up to date reads streams and tables: millrace import makes one of a file, and so does CREATE TABLE … AS SELECT * FROM 'file'");
        }

        CatalogObject found = files(file.Path, file.Position);
        context.FilesRead++;
        return Of(new ScanPlan(found), file.Alias, found.Name, null, null, file.Position);
    }

    private PlanNode ViewPlan(CatalogObject view)
    {
        Syntax.Statement statement = context.Parse(view.Query!);
        Syntax.Query query = statement switch
        {
            Syntax.QueryStatement q => q.Query,
            Syntax.CreateViewStatement c => c.Query,
            _ => throw new BugException($"BUG: view {view.Name} has no query"),
        };
        return new QueryBinder(context).Bind(query, null, null, null).Visible();
    }

    /// <summary>The stream, table or view of a name.</summary>
    /// <exception cref="SqlException">42P01: there is none; 42809: it is an index.</exception>
    public CatalogObject Relation(Syntax.ObjectName name) => Relations.Find(context, name);

    private FromItem Function(Syntax.FunctionTable function, Scope? scope, Frame? frame)
    {
        Syntax.FunctionCall call = function.Call;
        string name = call.Name.Last;
        var binder = new ExprBinder(context, queries, Scope.Empty(scope, frame), ctes) { Clause = "functions in FROM" };
        var builder = new PlanBuilder(context, Plans.Unit);
        Schema columns;
        if (name is "jsonb_each" or "jsonb_each_text" or "json_each" or "json_each_text")
        {
            return Each(function, binder, builder);
        }

        if (name is "jsonb_to_record" or "jsonb_to_recordset" or "json_to_record" or "json_to_recordset")
        {
            return Records(function, binder, builder);
        }

        if (name == "unnest" && call.Args.Count > 1)
        {
            return Together(function, binder, builder);
        }

        if (!function.WithOrdinality && context.Functions.Relations.TryGetValue(name, out CatalogObject? relation) && call.Args.Count == (name is "pg_partition_tree" or "pg_options_to_table" ? 1 : 0))
        {
            // What it is asked about is bound for its faults alone: there are neither partitions nor foreign servers.
            _ = call.Args.Select(a => binder.BindTyped(a)).ToList();
            context.DependsOn.Add(relation.Id);
            return OfFunction(new ScanPlan(relation), function, name, single: false);
        }

        if (ExprBinder.SetReturning.TryGetValue(name, out string? array))
        {
            (string planned, IReadOnlyList<ScalarExpr> arguments, SqlType type) = binder.TableFunction(call, name, array);
            arguments = [.. arguments.Select(builder.Place)];

            // PostgreSQL names the column of these, and an alias of the table does not rename it.
            bool named = name is "jsonb_array_elements" or "jsonb_array_elements_text" or "json_array_elements" or "json_array_elements_text";
            name = named ? "value" : name;
            List<Field> fields = [.. type.Id == TypeId.Row ? [new Field(name, type)] : new[] { new Field(name, type) }];
            if (function.WithOrdinality)
            {
                fields.Add(new Field("ordinality", SqlType.BigInt, false));
            }

            columns = new Schema(fields);
            var plan = new TableFunctionPlan(builder.Plan, planned, arguments, function.WithOrdinality,
                new Schema([.. builder.Plan.Columns.Fields, .. fields]));
            PlanNode rows = Plans.Pick(plan, Enumerable.Range(builder.Plan.Columns.Count, fields.Count));
            if (type.Id == TypeId.Row && rows.Columns[0].Type.Fields is { } parts)
            {
                rows = Plans.Project(rows, [.. parts.Select((f, i) => new FieldExpr(Plans.Column(rows, 0), i, f.Type)), .. Plans.Columns(rows, 1)],
                    [.. parts.Select(f => f.Name), .. rows.Columns.Fields.Skip(1).Select(f => f.Name)]);
            }

            return OfFunction(rows, function, function.Call.Name.Last, type.Id != TypeId.Row && !named);
        }

        ScalarExpr value = builder.Place(binder.BindTyped(call));
        PlanNode one = Plans.Project(builder.Plan, [value], [name]);
        if (function.WithOrdinality)
        {
            one = Plans.Project(one, [.. Plans.Columns(one), new LiteralExpr(1L, SqlType.BigInt)], [name, "ordinality"]);
        }

        return OfFunction(one, function, name, true);
    }

    /// <summary>A function's only column takes the table's alias, where the alias names no columns.</summary>
    private static FromItem OfFunction(PlanNode plan, Syntax.FunctionTable function, string name, bool single)
    {
        string[] names = [.. plan.Columns.Fields.Select(f => f.Name)];
        if (single && function.Alias is { Columns.Count: 0 } alias)
        {
            names[0] = alias.Name.Text;
        }

        for (int i = 0; i < function.ColumnDefs.Count && i < names.Length; i++)
        {
            names[i] = function.ColumnDefs[i].Name.Text;
        }

        return Of(plan, function.Alias, name, null, null, function.Position, names);
    }

    /// <summary>A table of its own, under its alias or name.</summary>
    private static FromItem Of(
        PlanNode plan, Syntax.TableAlias? alias, string? name, string? schema, CatalogObject? source, int position, IReadOnlyList<string>? names = null)
    {
        int hidden = source?.HiddenColumns ?? 0;
        string[] columnNames = [.. names ?? [.. plan.Columns.Fields.Select(f => f.Name)]];
        if (alias is not null)
        {
            if (alias.Columns.Count > columnNames.Length - hidden)
            {
                throw new SqlException("42P10",
                    $"table \"{alias.Name.Text}\" has {columnNames.Length - hidden} columns available but {alias.Columns.Count} columns specified", position);
            }

            for (int i = 0; i < alias.Columns.Count; i++)
            {
                columnNames[i] = alias.Columns[i].Text;
            }
        }

        ScopeColumn[] columns = [.. columnNames.Select((n, i) => new ScopeColumn(n, Plans.Column(plan, i), i >= columnNames.Length - hidden))];
        return new FromItem(plan, [new ScopeTable(alias?.Name.Text ?? name, alias is null ? schema : null, columns, source)], columns);
    }
}
