// CREATE FUNCTION of SQL, and what stands in the place of a call of one.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Binds functions written in SQL. A call becomes the function's body with the arguments in the parameters' place, so that a view with such a call is kept up to
/// date like any other, and goes on meaning what it meant when it was made.
/// </summary>
internal sealed class FunctionBinder(BindContext context)
{
    /// <summary>The option that says a null argument makes the value null.</summary>
    public const string Strict = "strict";

    private const int DepthMax = 32;

    private static readonly HashSet<string> Special =
        ["coalesce", "nullif", "greatest", "least", "locf", "interpolate", "pg_typeof", "grouping", "array_transform", "jsonb_to_record", "jsonb_to_recordset", "jsonb_each"];

    /// <summary>CREATE FUNCTION.</summary>
    public BoundCreateFunction Create(Syntax.CreateFunctionStatement s)
    {
        string name = s.Name.Last;
        if (s.Name.Schema is { } schema && (!context.Catalog.HasSchema(schema) || CatalogSnapshot.IsSystemSchema(schema)))
        {
            throw new SqlException("3F000", $"schema \"{schema}\" does not exist", s.Name.Position, "functions are found whatever the schema: leave it out");
        }

        FunctionCatalog own = context.Functions;
        if (own.FindScalars(name).Count + own.FindAggregates(name).Count + own.FindWindowFunctions(name).Count > 0 || Special.Contains(name) || ExprBinder.SetReturning.ContainsKey(name))
        {
            throw new SqlException("42723", $"function \"{name}\" already exists", s.Name.Position, "it is one of the database's own: choose another name");
        }

        CatalogObject? there = context.Catalog.Find(ObjectKind.Function, name);
        if (there is not null && !s.OrReplace && !s.IfNotExists)
        {
            throw new SqlException("42723", $"function \"{name}\" already exists", s.Name.Position, "write CREATE OR REPLACE FUNCTION; there is one function of a name");
        }

        if (there is not null && s.OrReplace && context.Catalog.All.Concat(context.Catalog.Beside).FirstOrDefault(o => o.DependsOn.Contains(there.Id)) is { } user)
        {
            throw new SqlException("2BP01", $"function \"{name}\" cannot be replaced because \"{user.Name}\" uses it", s.Name.Position, $"drop \"{user.Name}\" first");
        }

        EndpointParameter[] parameters = [.. s.Parameters.Select(p => new EndpointParameter(p.Name?.Text ?? "", TypeNames.Resolve(p.Type), null))];
        foreach ((int i, EndpointParameter p) in parameters.Index())
        {
            if (p.Name.Length > 0 && parameters.Take(i).Any(x => x.Name == p.Name))
            {
                throw new SqlException("42P13", $"parameter name \"{p.Name}\" used more than once", s.Parameters[i].Position);
            }
        }

        SqlType returns = TypeNames.Resolve(s.Returns);
        var function = new CatalogObject
        {
            Id = 0,
            Name = name,
            Kind = ObjectKind.Function,
            Columns = new Schema([new Field(name, returns)]),
            Parameters = parameters,
            Query = s.Body,
            Options = s.Strict ? new Dictionary<string, string> { [Strict] = "true" } : new Dictionary<string, string>(),
            Definition = Syntax.SqlFormatter.Format(s),
        };

        // What is wrong with its body is said now and not when it is called.
        _ = Value(function, [.. parameters.Select((p, i) => new ColumnExpr(i, p.Type))], s.Position, new QueryBinder(context));
        if (there is not null && context.FunctionsUsed.Contains(there.Id))
        {
            throw new SqlException("54001", $"function {name} calls itself", s.Name.Position, "a function of SQL has no recursion");
        }

        return new BoundCreateFunction(function with { DependsOn = [.. context.DependsOn.Where(id => id > 0).Union(context.FunctionsUsed)] }, there, s.OrReplace);
    }

    /// <summary>A call; null when there is no such function.</summary>
    public ScalarExpr? Call(Syntax.FunctionCall e, Func<Syntax.Expr, ScalarExpr> bind, QueryBinder queries)
    {
        bool elsewhere = e.Name.Schema is { } schema && (CatalogSnapshot.IsSystemSchema(schema) || !context.Catalog.HasSchema(schema));
        if (elsewhere || context.Catalog.Find(ObjectKind.Function, e.Name.Last) is not { } function)
        {
            return null;
        }

        if (e.Star || e.Distinct || e.Over is not null || e.Filter is not null || e.OrderBy.Count > 0 || e.WithinGroup.Count > 0)
        {
            throw new SqlException("42809", $"{function.Name} is neither an aggregate nor a window function", e.Position);
        }

        var given = new Syntax.Expr?[function.Parameters.Count];
        for (int i = 0; i < e.Args.Count; i++)
        {
            var named = e.Args[i] as Syntax.NamedArgExpr;
            int at = named is null ? i : function.Parameters.ToList().FindIndex(p => p.Name == named.Name.Text);
            if (at < 0 || at >= given.Length || given[at] is not null)
            {
                throw Wrong(function, e);
            }

            given[at] = named is null ? e.Args[i] : named.Value;
        }

        if (given.Contains(null))
        {
            throw Wrong(function, e);
        }

        context.FunctionsUsed.Add(function.Id);
        var coercion = new Coercion(context);
        ScalarExpr[] arguments =
        [
            .. given.Select((g, i) => coercion.Coerce(bind(g!), function.Parameters[i].Type, CastContext.Implicit, g!.Position, $"argument {i + 1} of {function.Name}")),
        ];
        return Value(function, arguments, e.Position, queries);
    }

    private ScalarExpr Value(CatalogObject function, IReadOnlyList<ScalarExpr> arguments, int position, QueryBinder queries)
    {
        if (++context.FunctionDepth > DepthMax)
        {
            throw new SqlException("54001", $"function {function.Name} calls itself, or calls are nested more than {DepthMax} deep", position, "a function of SQL has no recursion");
        }

        try
        {
            ScopeColumn[] columns =
            [
                .. arguments.Select((a, i) => new ScopeColumn(function.Parameters[i].Name, a, false)).Where(c => c.Name.Length > 0),
                .. arguments.Select((a, i) => new ScopeColumn(Numbered(i + 1), a, true)),
            ];
            var scope = new Scope([new ScopeTable(function.Name, null, columns, null)], columns, null, null);
            var binder = new ExprBinder(context, queries, scope, null) { Clause = "functions" };
            SqlType type = function.Columns[0].Type;
            ScalarExpr value = new Coercion(context).Coerce(context.InPublic(() => binder.Bind(Body(function))), type, CastContext.Assignment, -1, $"the value of {function.Name}");
            if (function.Options.ContainsKey(Strict) && arguments.Count > 0)
            {
                ScalarExpr any = arguments.Count == 1 ? new IsNullExpr(arguments[0], false) : new OrExpr([.. arguments.Select(a => new IsNullExpr(a, false))]);
                value = new CaseExpr([(any, new LiteralExpr(null, type))], value, type);
            }

            return value;
        }
        catch (SqlException e) when (e.Detail is null)
        {
            // Its place is in another text.
            throw new SqlException(e.SqlState, e.Message, position, e.Hint, $"in the body of function {function.Name}");
        }
        finally
        {
            context.FunctionDepth--;
        }
    }

    /// <summary>The name under which a function's body finds its n-th argument.</summary>
    public static string Numbered(int n) => "$" + n.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Syntax.Expr Body(CatalogObject function)
    {
        if (Syntax.SqlParser.Parse(function.Query!) is not [Syntax.QueryStatement statement])
        {
            throw new SqlException("42P13", $"the body of function {function.Name} is not one query", -1, "write SELECT and an expression");
        }

        return statement.Query is
        {
            With: null, Limit: null, Offset: null, OrderBy.Count: 0, EmitOnWindowClose: false, Body: Syntax.SelectBody
            {
                Items: [{ Value: not Syntax.StarExpr and var value }], From.Count: 0, Where: null, GroupBy: null, Having: null, Distinct: false, DistinctOn.Count: 0,
            },
        }
            ? value : new Syntax.ScalarSubqueryExpr(statement.Query);
    }

    private static SqlException Wrong(CatalogObject function, Syntax.FunctionCall e) => new(
        "42883", $"function {function.Name} takes {function.Parameters.Count} arguments: ({string.Join(", ", function.Parameters.Select(p => (p.Name + " " + p.Type).Trim()))})", e.Position);
}
