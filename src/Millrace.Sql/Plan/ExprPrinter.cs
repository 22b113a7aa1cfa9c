// Bound expressions as text, for EXPLAIN and for messages.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Prints bound expressions.</summary>
internal static class ExprPrinter
{
    /// <summary>An expression over columns as text.</summary>
    public static string Print(ScalarExpr expr, Schema columns)
    {
        string P(ScalarExpr e) => Print(e, columns);
        string Inner(ScalarExpr e) => e is AndExpr or OrExpr or CaseExpr || (e is CallExpr c && IsOperator(c)) ? $"({P(e)})" : P(e);
        switch (expr)
        {
            case ColumnExpr e:
                return e.Index >= 0 && e.Index < columns.Count ? columns[e.Index].Name : "#" + e.Index.ToString(CultureInfo.InvariantCulture);
            case LiteralExpr e:
                return Literal(e);
            case ParameterExpr e:
                return "$" + (e.Index + 1).ToString(CultureInfo.InvariantCulture);
            case CallExpr { Arguments: [var a, var b] } e when IsOperator(e):
                return $"{Inner(a)} {e.Function.Name} {Inner(b)}";
            case CallExpr { Arguments: [var a] } e when IsOperator(e):
                return e.Function.Name + Inner(a);
            case CallExpr { Arguments: [var a] } e when e.Function.Name == e.Type.ToString():
                return $"{Inner(a)}::{e.Type}";
            case CallExpr e:
                return $"{e.Function.Name}({string.Join(", ", e.Arguments.Select(P))})";
            case AndExpr e:
                return string.Join(" and ", e.Arguments.Select(Inner));
            case OrExpr e:
                return string.Join(" or ", e.Arguments.Select(Inner));
            case NotExpr e:
                return "not " + Inner(e.Argument);
            case IsNullExpr e:
                return Inner(e.Argument) + (e.Negated ? " is not null" : " is null");
            case IsDistinctExpr e:
                return $"{Inner(e.Left)} is {(e.Negated ? "not " : "")}distinct from {Inner(e.Right)}";
            case CaseExpr e:
                return $"case {string.Join(" ", e.Branches.Select(b => $"when {P(b.When)} then {P(b.Then)}"))} else {P(e.Else)} end";
            case CoalesceExpr e:
                return $"coalesce({string.Join(", ", e.Arguments.Select(P))})";
            case InListExpr e:
                return $"{Inner(e.Argument)} {(e.Negated ? "not " : "")}in ({string.Join(", ", e.Values.Take(20).Select(P))}{(e.Values.Count > 20 ? ", …" : "")})";
            case ArrayExpr e:
                return $"array[{string.Join(", ", e.Elements.Select(P))}]";
            case RowExpr e:
                return $"row({string.Join(", ", e.Fields.Select(P))})";
            case FieldExpr e:
                return $"({P(e.Row)}).{e.Row.Type.Fields![e.Index].Name}";
            case CastArrayExpr e:
                return $"{Inner(e.Argument)}::{e.Type}";
            default:
                return expr.GetType().Name;
        }
    }

    private static bool IsOperator(CallExpr e) => e.Function.Name.Length > 0 && !char.IsLetter(e.Function.Name[0]) && e.Function.Name[0] != '_';

    private static string Literal(LiteralExpr e) => e.Value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        ByteSlice s when e.Type.Id != TypeId.Bytea => "'" + s.ToString().Replace("'", "''") + "'",
        Interval i => $"'{TextFormat.ToText(i, SqlType.Interval)}'",
        Numeric n => NumberText(n),
        IFormattable f when e.Type.IsNumber => f.ToString(null, CultureInfo.InvariantCulture),
        var v when e.Type.IsTimestamp || e.Type.Id is TypeId.Date or TypeId.Time => $"'{TextFormat.ToText(v, e.Type)}'",
        ListSlice or RowSlice => $"'{TextFormat.ToText(e.Value, e.Type)}'::{e.Type}",
        var v => $"{v}::{e.Type}",
    };

    private static string NumberText(Numeric n)
    {
        if (n.IsNaN)
        {
            return "NaN";
        }

        string digits = Int128.Abs(n.Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(n.Scale + 1, '0');
        return (n.Unscaled < 0 ? "-" : "") + (n.Scale == 0 ? digits : digits[..^n.Scale] + "." + digits[^n.Scale..]);
    }
}
