// Plans of queries that came before, kept by shape: a dashboard asks the same again and again, with another host or hour.
using System.Collections.Concurrent;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>
/// Binds queries like <see cref="DatabaseEngine.Bind"/>, from a plan that is kept where there is one. Whatever is out of the ordinary, an error above
/// all, is left to the binder, which knows the places in the text. Safe for use from many threads.
/// </summary>
internal sealed class KnownQueries
{
    // So many shapes are rare; when they come, all are forgotten and those in use are planned again.
    private const int ShapesMax = 500;

    // Characters of the text: what is longer is seldom asked twice.
    private const int TextMax = 4_096;

    private static readonly SqlType[] PlainTypes =
        [SqlType.Text, SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Double, SqlType.Timestamp, SqlType.TimestampTz, SqlType.Date];

    private readonly ConcurrentDictionary<(Query Query, string Kinds), Known> _known = new();

    /// <summary>Queries that were bound from a plan kept.</summary>
    public long Hits => Volatile.Read(ref _hits);

    private long _hits;

    /// <summary>The query bound against <paramref name="catalog"/>; null when the binder must do it.</summary>
    /// <param name="statement">The query.</param>
    /// <param name="catalog">The names there are.</param>
    /// <param name="text">The text it stands in.</param>
    /// <param name="point">The lookup that it is, when it is no more. Then the plan is the template's, and the values that it is for stand beside it.</param>
    public BoundQuery? Bind(QueryStatement statement, CatalogSnapshot catalog, string text, out (PointRead Read, LiteralExpr[] Values)? point)
    {
        point = null;
        if (text.Length > TextMax || QueryShape.Of(statement.Query) is not { } shape)
        {
            return null;
        }

        (Query, string) key = (shape.Query, shape.Kinds + catalog.PathKey);
        bool isKnown = _known.TryGetValue(key, out Known? known) && known.Version == catalog.Version;
        if (!isKnown)
        {
            known = new Known(catalog.Version, Plan(statement, shape, catalog, text));
            if (_known.Count >= ShapesMax)
            {
                _known.Clear();
            }

            _known[key] = known;
        }

        if (known!.Query is not { } template)
        {
            return null;
        }

        try
        {
            // One binder for all: it binds constants only, of which nothing stays in it.
            var binder = new Binder(catalog, FunctionLibrary.Catalog, BindOptions.Default);
            var values = new ScalarExpr[shape.Constants.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = binder.BindConstant(shape.Constants[i], template.Parameters[i]);
            }

            Interlocked.Add(ref _hits, isKnown ? 1 : 0);
            if (known.Point is { } read && Array.TrueForAll(values, v => v is LiteralExpr))
            {
                point = (read, Array.ConvertAll(values, v => (LiteralExpr)v));
                return template with { Parameters = [] };
            }

            return template with { Plan = ParameterSubstitution.Apply(template.Plan, values), Parameters = [] };
        }
        catch (SqlException)
        {
            return null;
        }
    }

    // Null when constants could matter for more than the rows: then every query is planned by itself.
    private static BoundQuery? Plan(QueryStatement statement, QueryShape shape, CatalogSnapshot catalog, string text)
    {
        try
        {
            SqlType?[] types = [.. shape.Constants.Select(c => c is NumberLiteral ? SqlType.Integer : null)];
            return DatabaseEngine.Bind(statement with { Query = shape.Query }, catalog, text, types) is BoundQuery query && query.Parameters.Count == types.Length
                && query.Parameters.All(p => PlainTypes.Any(p.SameAs)) && IsPlain(query.Plan) ? query : null;
        }
        catch (SqlException)
        {
            return null;
        }
    }

    private static bool IsPlain(PlanNode plan) => (plan is ScanPlan or FilterPlan or ProjectPlan or AggregatePlan or DistinctPlan or TopNPlan) && plan.Inputs.All(IsPlain);

    /// <summary>The plan of a shape, with parameters; null when the shape must be planned each time.</summary>
    private sealed record Known(long Version, BoundQuery? Query)
    {
        /// <summary>The lookup that it is, when it is no more.</summary>
        public PointRead? Point { get; } = Query is null ? null : PointRead.Of(Query);
    }
}
