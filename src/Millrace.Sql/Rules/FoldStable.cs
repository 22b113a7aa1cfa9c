// Calls that cannot change within one statement, such as now() and '2026-01-01'::timestamptz, become constants before a one-time query runs.
namespace Millrace.Sql;

/// <summary>Folds stable calls on constants. Not for views: what is stable within an epoch changes in the next.</summary>
public static class FoldStable
{
    /// <summary>The plan with stable calls on constants evaluated. What fails is left to fail when it runs, if it ever does.</summary>
    /// <param name="plan">Parameters already replaced by literals.</param>
    /// <param name="evaluate">Evaluates a call whose arguments are literals.</param>
    public static PlanNode Apply(PlanNode plan, Func<ScalarExpr, LiteralExpr> evaluate) =>
        PlanMap.RewriteExpressions(plan, e => ExprMap.Rewrite(e, part => Fold(part, evaluate)));

    private static ScalarExpr Fold(ScalarExpr expr, Func<ScalarExpr, LiteralExpr> evaluate)
    {
        if (expr is not CallExpr call || call.Function.Volatility == Volatility.Volatile || !call.Arguments.All(a => a is LiteralExpr))
        {
            return expr;
        }

        try
        {
            return evaluate(call) with { Type = call.Type };
        }
        catch (Core.SqlException)
        {
            return call;
        }
    }
}
