// How PostgreSQL names a result column that was given no name.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>How PostgreSQL names a result column that was given no name.</summary>
internal static class ColumnNames
{
    /// <summary>The name of an expression's column.</summary>
    public static string Of(Syntax.Expr expr) => Find(expr, out _) ?? "?column?";

    private static string? Find(Syntax.Expr expr, out bool weak)
    {
        weak = false;
        switch (expr)
        {
            case Syntax.ColumnRef e:
                return e.Last;
            case Syntax.FieldExpr e:
                return e.Field.Text;
            case Syntax.IndexExpr e:
                return Find(e.Operand, out weak);
            case Syntax.SliceExpr e:
                return Find(e.Operand, out weak);
            case Syntax.FunctionCall e:
                return e.Name.Last;
            case Syntax.CollateExpr e:
                return Find(e.Operand, out weak);
            case Syntax.AtTimeZoneExpr:
                return "timezone";
            case Syntax.CastExpr e:
                string? inner = Find(e.Operand, out bool innerWeak);
                weak = inner is null || innerWeak;
                return inner is null || innerWeak ? e.Type.Name.Last : inner;
            case Syntax.TypedLiteral e:
                weak = true;
                return e.Type.Name.Last;
            case Syntax.IntervalLiteral:
                weak = true;
                return "interval";
            case Syntax.CaseExpr e:
                string? otherwise = e.Else is null ? null : Find(e.Else, out weak);
                if (otherwise is not null && !weak)
                {
                    return otherwise;
                }

                weak = true;
                return "case";
            case Syntax.ArrayExpr or Syntax.ArraySubqueryExpr:
                return "array";
            case Syntax.RowExpr:
                return "row";
            case Syntax.ExistsExpr:
                return "exists";
            case Syntax.ScalarSubqueryExpr e:
                return e.Query.Body is Syntax.SelectBody { Items.Count: 1 } select
                    ? select.Items[0].Alias?.Text ?? Find(select.Items[0].Value, out weak)
                    : null;
            default:
                return null;
        }
    }
}
