// row_number() OVER (…) <= n needs the first n rows of each partition only, not the number of every row.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Turns a filter on a rank into a top-N.</summary>
internal static class RankToTopN
{
    /// <summary>The plan with such filters turned.</summary>
    public static PlanNode Apply(PlanNode plan) => PlanMap.Rewrite(plan, n => n is FilterPlan { Input: WindowPlan { Calls.Count: 1 } window } filter
        ? Turned(filter, window) ?? filter
        : n);

    private static PlanNode? Turned(FilterPlan filter, WindowPlan window)
    {
        RankKind? rank = window.Calls[0].Function?.Name switch
        {
            "row_number" => RankKind.RowNumber,
            "rank" => RankKind.Rank,
            "dense_rank" => RankKind.DenseRank,
            _ => null,
        };
        if (rank is null)
        {
            return null;
        }

        int column = window.Input.Columns.Count;
        long limit = long.MaxValue;
        long exact = -1;
        foreach (ScalarExpr term in ExprMap.Conjuncts(filter.Predicate))
        {
            if (Bound(term, column) is (var op, var n))
            {
                limit = Math.Min(limit, op == "<" ? n - 1 : n);
                exact = op == "=" ? n : exact;
            }
        }

        if (limit == long.MaxValue)
        {
            return null;
        }

        limit = Math.Max(0, limit);
        bool single = exact > 1 && exact == limit && rank == RankKind.RowNumber;
        var top = new TopNPlan(window.Input, window.PartitionBy, window.OrderBy, rank.Value, single ? exact - 1 : 0, single ? 1 : limit, true, window.Columns);
        ScalarExpr[] rest = [.. ExprMap.Conjuncts(filter.Predicate).Where(t => Bound(t, column) is not (var op, var n)
            || !(op == "=" ? single || n <= 1 : true))];
        return Plans.Filter(top, ExprMap.And(rest));
    }

    /// <summary>rank &lt;, &lt;= or = n, in either writing; null for any other condition.</summary>
    private static (string Op, long N)? Bound(ScalarExpr term, int column)
    {
        if (term is not CallExpr { Arguments: [var a, var b] } call)
        {
            return null;
        }

        string op = call.Function.Name;
        if (b is ColumnExpr)
        {
            (a, b) = (b, a);
            op = op switch { ">" => "<", ">=" => "<=", "<" or "<=" => "", _ => op };
        }

        return a is ColumnExpr c && c.Index == column && op is "<" or "<=" or "=" && b is LiteralExpr { Value: long or int or short } l
            && a is ColumnExpr { Index: var at } && at == column
            ? (op, Convert.ToInt64(l.Value, System.Globalization.CultureInfo.InvariantCulture))
            : null;
    }
}
