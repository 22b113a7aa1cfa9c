// CREATE ENDPOINT, and the query of an endpoint that is there.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Binds endpoints. Parameters become values of a bound plan, never text, so nothing that a caller sends can change what the query means.
/// </summary>
internal sealed class EndpointBinder(BindContext context)
{
    private const int ParametersMax = 64;

    // What an address may say besides the endpoint's own parameters.
    private static readonly HashSet<string> Taken = ["format", "mode", "since", "slow", "min_interval", "snapshot", "ticket"];

    private readonly DmlBinder _dml = new(context);

    /// <summary>CREATE ENDPOINT.</summary>
    public BoundCreateEndpoint Create(Syntax.CreateEndpointStatement s)
    {
        if (s.Name.Schema is not (null or "public"))
        {
            throw new SqlException("3F000", $"schema \"{s.Name.Schema}\" does not exist", s.Name.Position, "endpoints have no schemas");
        }

        if (s.Options.Count > 0)
        {
            throw new SqlException("22023", $"an endpoint has no option \"{s.Options[0].Key}\"", s.Options[0].Position);
        }

        CatalogObject? there = context.Catalog.Find(ObjectKind.Endpoint, s.Name.Last);
        if (there is not null && !s.OrReplace && !s.IfNotExists)
        {
            throw new SqlException("42710", $"endpoint \"{s.Name.Last}\" already exists", s.Name.Position, "write CREATE OR REPLACE ENDPOINT, or IF NOT EXISTS");
        }

        if (context.Parameters.Count > 0)
        {
            throw new SqlException("42P02", "an endpoint's parameters are those in its head", s.Position);
        }

        EndpointParameter[] parameters = Parameters(s.Parameters);
        BoundQuery query = Query(s.Query, parameters);
        foreach ((int i, EndpointParameter p) in parameters.Index())
        {
            if (!context.UsedParameters.Contains(i))
            {
                throw new SqlException("42P02", $"parameter \"{p.Name}\" is never used", s.Parameters[i].Position,
                    $"write ${p.Name} where it is meant: a bare {p.Name} is the column when there is one of that name");
            }
        }

        Field[] fields = [.. query.Columns.Fields];
        if (fields.Index().FirstOrDefault(f => fields.Take(f.Index).Any(x => x.Name == f.Item.Name)).Item is { } twice)
        {
            throw new SqlException("42701", $"column \"{twice.Name}\" specified more than once", s.Query.Position, "give one of them another name with AS");
        }

        var template = new CatalogObject
        {
            Id = 0,
            Name = s.Name.Last,
            Kind = ObjectKind.Endpoint,
            Columns = query.Columns,
            PrimaryKey = query.Plan.Key is { } key && key.All(c => c < fields.Length) ? key : [],
            AppendOnly = query.Plan.AppendOnly,
            Definition = Syntax.SqlFormatter.Format(s),
            Query = Syntax.SqlFormatter.Format(s.Query),
            Parameters = parameters,
            DependsOn = [.. context.DependsOn.Where(id => id > 0), .. context.FunctionsUsed],
            InputWidths = [.. context.DependsOn.Where(id => id > 0).Concat(context.FunctionsUsed).Select(id => context.Catalog.Find(id)!.Columns.Count)],
        };
        // They are the endpoint's and not the statement's: nobody gives them values now.
        context.Parameters.Clear();
        return new BoundCreateEndpoint(template, there, s.OrReplace);
    }

    /// <summary>The query of an endpoint, with parameters in its order.</summary>
    public BoundQuery Query(CatalogObject endpoint) => context.Parse(endpoint.Query!) is Syntax.QueryStatement query
        ? context.InsideView(endpoint, () => Query(query.Query, endpoint.Parameters))
        : throw new BugException($"BUG: endpoint {endpoint.Name} has no query");

    private BoundQuery Query(Syntax.Query query, IReadOnlyList<EndpointParameter> parameters)
    {
        context.ParameterNames = [.. parameters.Select(p => p.Name)];
        context.ParametersMax = parameters.Count;
        context.Parameters.AddRange(parameters.Select(p => p.Type));
        BoundQuery bound = _dml.Query(query);
        Check.That(context.Parameters.Count == parameters.Count);
        return bound;
    }

    private EndpointParameter[] Parameters(Syntax.NodeList<Syntax.EndpointParameterDef> given)
    {
        if (given.Count > ParametersMax)
        {
            throw new SqlException("54000", $"an endpoint has {ParametersMax} parameters at most", given[ParametersMax].Position);
        }

        var parameters = new List<EndpointParameter>();
        foreach (Syntax.EndpointParameterDef p in given)
        {
            string name = p.Name.Text;
            if (Taken.Contains(name))
            {
                throw new SqlException("42939", $"\"{name}\" has a meaning of its own in the address", p.Position, "give the parameter another name");
            }

            if (parameters.Exists(x => x.Name == name))
            {
                throw new SqlException("42701", $"parameter \"{name}\" specified more than once", p.Position);
            }

            SqlType type = TypeNames.Resolve(p.Type);
            parameters.Add(new EndpointParameter(name, type, p.Default is null ? null : Default(p.Default, type, name)));
        }

        return [.. parameters];
    }

    private LiteralExpr Default(Syntax.Expr value, SqlType type, string name)
    {
        ScalarExpr bound = _dml.Default(value, type, name);
        if (bound is not LiteralExpr && context.Functions.Fold is { } fold && ExprMap.IsImmutable(bound))
        {
            bound = fold(bound);
        }

        return bound as LiteralExpr ?? throw new SqlException("0A000", $"the default of \"{name}\" is not a constant", value.Position);
    }
}
