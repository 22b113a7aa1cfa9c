// Constant folding: calls of immutable functions on literals, and connectives that a literal decides.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Folds constants in every expression of a plan.</summary>
internal static class FoldConstants
{
    private static readonly LiteralExpr True = new(true, SqlType.Boolean);
    private static readonly LiteralExpr False = new(false, SqlType.Boolean);

    /// <summary>The plan with constants folded.</summary>
    public static PlanNode Apply(PlanNode plan, FunctionCatalog functions) =>
        PlanMap.RewriteExpressions(plan, e => Apply(e, functions));

    /// <summary>The expression with constants folded. What fails when evaluated is left to fail when it runs, if it ever does.</summary>
    public static ScalarExpr Apply(ScalarExpr expr, FunctionCatalog functions) => ExprMap.Rewrite(expr, e => Fold(e, functions));

    private static ScalarExpr Fold(ScalarExpr expr, FunctionCatalog functions)
    {
        switch (expr)
        {
            case CallExpr call when functions.Fold is { } fold && call.Function.Volatility == Volatility.Immutable && call.Arguments.Count > 0
                && call.Arguments.All(a => a is LiteralExpr):
                try
                {
                    return fold(call) with { Type = call.Type };
                }
                catch (SqlException)
                {
                    return call;
                }

            case CallExpr { Function.Strict: true } call when call.Arguments.Any(a => a is LiteralExpr { Value: null }):
                // As in PostgreSQL the other arguments are not looked at, so what would fail in them does not.
                return new LiteralExpr(null, call.Type);
            case AndExpr and:
                return Connective(and.Arguments, True, False, list => new AndExpr(list)) ?? and;
            case OrExpr or:
                return Connective(or.Arguments, False, True, list => new OrExpr(list)) ?? or;
            case NotExpr { Argument: LiteralExpr { Value: var v } }:
                return v is bool b ? b ? False : True : new LiteralExpr(null, SqlType.Boolean);
            case NotExpr { Argument: NotExpr inner }:
                return inner.Argument;
            case NotExpr { Argument: IsNullExpr test }:
                return test with { Negated = !test.Negated };
            case NotExpr { Argument: InListExpr test }:
                return test with { Negated = !test.Negated };
            case IsNullExpr { Argument: LiteralExpr { Value: var v } } test:
                return v is null != test.Negated ? True : False;
            case CoalesceExpr coalesce:
                return Coalesce(coalesce);
            case CaseExpr choice:
                return Case(choice);
            default:
                return expr;
        }
    }

    private static ScalarExpr? Connective(IReadOnlyList<ScalarExpr> terms, LiteralExpr neutral, LiteralExpr absorbing, Func<List<ScalarExpr>, ScalarExpr> make)
    {
        if (terms.Any(t => t is LiteralExpr { Value: bool b } && b == (bool)absorbing.Value!))
        {
            return absorbing;
        }

        List<ScalarExpr> kept = [.. terms.Where(t => t is not LiteralExpr { Value: bool })];
        return kept.Count == terms.Count ? null : kept.Count == 0 ? neutral : kept.Count == 1 ? kept[0] : make(kept);
    }

    private static ScalarExpr Coalesce(CoalesceExpr coalesce)
    {
        List<ScalarExpr> kept = [];
        foreach (ScalarExpr a in coalesce.Arguments)
        {
            if (a is LiteralExpr { Value: null })
            {
                continue;
            }

            kept.Add(a);
            if (a is LiteralExpr)
            {
                break;
            }
        }

        return kept.Count == 0 ? new LiteralExpr(null, coalesce.Type) : kept.Count == 1 ? kept[0] : coalesce with { Arguments = kept };
    }

    private static ScalarExpr Case(CaseExpr choice)
    {
        if (!choice.Branches.Any(b => b.When is LiteralExpr))
        {
            return choice;
        }

        List<(ScalarExpr, ScalarExpr)> kept = [];
        foreach ((ScalarExpr when, ScalarExpr then) in choice.Branches)
        {
            if (when is LiteralExpr { Value: true })
            {
                return kept.Count == 0 ? then : choice with { Branches = kept, Else = then };
            }

            if (when is not LiteralExpr)
            {
                kept.Add((when, then));
            }
        }

        return kept.Count == 0 ? choice.Else : choice with { Branches = kept };
    }
}
