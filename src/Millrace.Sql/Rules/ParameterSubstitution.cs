// Puts literals in place of a bound statement's parameters, as the extended protocol does at execution.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Puts literals in place of parameters.</summary>
public static class ParameterSubstitution
{
    /// <summary>The plan with every parameter replaced by the expression of its number, a literal as a rule, which has the parameter's type.</summary>
    /// <exception cref="SqlException">2201W and 2201X: a LIMIT or OFFSET is negative.</exception>
    public static PlanNode Apply(PlanNode plan, IReadOnlyList<ScalarExpr> values) => PlanMap.RewriteExpressions(plan, e => Apply(e, values));

    /// <summary>The expression with every parameter replaced.</summary>
    public static ScalarExpr Apply(ScalarExpr expr, IReadOnlyList<ScalarExpr> values) =>
        ExprMap.Rewrite(expr, e => e is ParameterExpr p ? values[p.Index] : e);

    /// <summary>The statement with every parameter replaced.</summary>
    /// <exception cref="SqlException">2201W and 2201X: a LIMIT or OFFSET is negative.</exception>
    public static BoundStatement Apply(BoundStatement statement, IReadOnlyList<ScalarExpr> values)
    {
        if (statement.Parameters.Count == 0)
        {
            return statement;
        }

        Check.That(values.Count >= statement.Parameters.Count);
        return statement switch
        {
            BoundQuery s => s with { Plan = Apply(s.Plan, values) },
            BoundInsert s => s with
            {
                Source = Apply(s.Source, values),
                OnConflict = s.OnConflict is not { } c ? null : c with
                {
                    Set = [.. c.Set.Select(e => Apply(e, values))],
                    Where = c.Where is { } w ? Apply(w, values) : null,
                },
                Returning = Apply(s.Returning, values),
            },
            BoundUpdate s => s with { Source = Apply(s.Source, values), Returning = Apply(s.Returning, values) },
            BoundDelete s => s with { Source = Apply(s.Source, values), Returning = Apply(s.Returning, values) },
            BoundCreateRelation { AsSelect: { } plan } s => s with { AsSelect = Apply(plan, values) },
            BoundCopyTo s => s with { Query = Inner(s.Query, values) },
            BoundSubscribe s => s with { Query = Inner(s.Query, values) },
            BoundDeclareCursor s => s with
            {
                Query = Inner(s.Query, values),
                Subscribe = s.Subscribe is { } subscribe ? subscribe with { Query = Inner(subscribe.Query, values) } : null,
            },
            BoundExplain s => s with { Inner = Apply(s.Inner, values) },
            BoundExecute s => s with { Arguments = [.. s.Arguments.Select(e => Apply(e, values))] },
            _ => statement,
        };
    }

    // A statement's own query: the parameters are told with the statement, not with it.
    private static BoundQuery Inner(BoundQuery query, IReadOnlyList<ScalarExpr> values) => query with { Plan = Apply(query.Plan, values) };

    private static BoundReturning? Apply(BoundReturning? returning, IReadOnlyList<ScalarExpr> values) =>
        returning is { } r ? r with { Expressions = [.. r.Expressions.Select(e => Apply(e, values))] } : null;
}
