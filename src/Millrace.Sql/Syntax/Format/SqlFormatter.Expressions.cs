// Expressions to text, with as few parentheses as PostgreSQL's precedence allows.
using System.Globalization;

namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    // The parser's levels (Parser.Expressions.cs), and the level of what needs no parentheses anywhere.
    private const int Or = 1;
    private const int And = 2;
    private const int Not = 3;
    private const int Is = 4;
    private const int Comparison = 5;
    private const int Between = 6;
    private const int Other = 7;
    private const int AtZone = 11;
    private const int Collate = 12;
    private const int Sign = 13;
    private const int Primary = 20;

    private static int Level(Expr expr) => expr switch
    {
        LogicalExpr { Operator: LogicalOperator.Or } => Or,
        LogicalExpr => And,
        NotExpr => Not,
        IsExpr or IsDistinctExpr => Is,
        BinaryExpr binary => OperatorLevel(binary.Operator),
        QuantifiedArrayExpr quantified => OperatorLevel(quantified.Operator),
        QuantifiedSubqueryExpr quantified => OperatorLevel(quantified.Operator),
        BetweenExpr or InListExpr or InSubqueryExpr or LikeExpr => Between,
        UnaryExpr { Operator: "-" or "+" } => Sign,
        UnaryExpr => Other,
        AtTimeZoneExpr => AtZone,
        CollateExpr => Collate,
        _ => Primary,
    };

    private static int OperatorLevel(string op) => op switch
    {
        "=" or "<" or ">" or "<=" or ">=" or "<>" => Comparison,
        "LIKE" or "NOT LIKE" or "ILIKE" or "NOT ILIKE" => Between,
        "+" or "-" => 8,
        "*" or "/" or "%" => 9,
        "^" => 10,
        _ => Other,
    };

    /// <summary>An expression where anything may stand: inside parentheses, between commas.</summary>
    private void WriteExpr(Expr expr)
    {
        bool restricted = _restricted;
        _restricted = false;
        Write(expr, 0);
        _restricted = restricted;
    }

    private void WriteRestricted(Expr expr)
    {
        bool restricted = _restricted;
        _restricted = true;
        Write(expr, Other);
        _restricted = restricted;
    }

    private void Write(Expr expr, int minLevel)
    {
        if (Level(expr) < minLevel || (_restricted && expr is CollateExpr or AtTimeZoneExpr))
        {
            Add("(");
            WriteExpr(expr);
            Add(")");
            return;
        }
        switch (expr)
        {
            case NullLiteral: Add("NULL"); break;
            case BooleanLiteral literal: Add(literal.Value ? "TRUE" : "FALSE"); break;
            case NumberLiteral literal: Add(literal.Text); break;
            case StringLiteral literal: Add(QuoteString(literal.Value)); break;
            case BitStringLiteral literal: Add($"B'{literal.Bits}'"); break;
            case TypedLiteral literal:
                WriteType(literal.Type);
                Add(" " + QuoteString(literal.Value));
                break;
            case IntervalLiteral literal: WriteInterval(literal); break;
            case ParameterExpr parameter: Add("$" + (parameter.Name ?? parameter.Index.ToString(CultureInfo.InvariantCulture))); break;
            case DefaultExpr: Add("DEFAULT"); break;
            case ColumnRef column: WriteList(column.Parts, WriteName, "."); break;
            case StarExpr star: WriteStar(star); break;
            case FieldExpr field: WriteField(field); break;
            case IndexExpr index:
                WriteContainer(index.Operand);
                Add("[");
                WriteExpr(index.Index);
                Add("]");
                break;
            case SliceExpr slice: WriteSlice(slice); break;
            case UnaryExpr unary: WriteUnary(unary); break;
            case BinaryExpr binary: WriteBinary(binary); break;
            case LogicalExpr logical:
                int operandLevel = logical.Operator == LogicalOperator.Or ? And : Not;
                string word = logical.Operator == LogicalOperator.Or ? " OR " : " AND ";
                WriteList(logical.Operands, operand => Write(operand, operandLevel), word);
                break;
            case NotExpr not:
                Add("NOT ");
                Write(not.Operand, Not);
                break;
            default: WritePredicate(expr); break;
        }
    }

    private void WritePredicate(Expr expr)
    {
        switch (expr)
        {
            case IsExpr test:
                Write(test.Operand, test.Operand is IsDistinctExpr ? Comparison : Is);
                Add(test.Negated ? " IS NOT " : " IS ");
                Add(test.Test.ToString().ToUpperInvariant());
                break;
            case IsDistinctExpr distinct:
                Write(distinct.Left, distinct.Left is IsDistinctExpr ? Comparison : Is);
                Add(distinct.Negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
                Write(distinct.Right, Comparison);
                break;
            case BetweenExpr between:
                Write(between.Operand, Other);
                Add(between.Negated ? " NOT BETWEEN " : " BETWEEN ");
                AddIf(between.Symmetric, "SYMMETRIC ");
                WriteRestricted(between.Low);
                Add(" AND ");
                Write(between.High, Other);
                break;
            case LikeExpr like: WriteLike(like); break;
            case InListExpr list:
                Write(list.Operand, Other);
                Add(list.Negated ? " NOT IN (" : " IN (");
                WriteList(list.Items, WriteExpr);
                Add(")");
                break;
            case InSubqueryExpr subquery:
                Write(subquery.Operand, Other);
                Add(subquery.Negated ? " NOT IN " : " IN ");
                WriteSubquery(subquery.Query);
                break;
            case QuantifiedArrayExpr quantified:
                WriteQuantifier(quantified.Left, quantified.Operator, quantified.Quantifier);
                Add("(");
                WriteExpr(quantified.Array);
                Add(")");
                break;
            case QuantifiedSubqueryExpr quantified:
                WriteQuantifier(quantified.Left, quantified.Operator, quantified.Quantifier);
                WriteSubquery(quantified.Query);
                break;
            case AtTimeZoneExpr zone:
                Write(zone.Operand, AtZone);
                Add(" AT TIME ZONE ");
                Write(zone.Zone, Collate);
                break;
            case CollateExpr collate:
                Write(collate.Operand, Collate);
                Add(" COLLATE ");
                WriteName(collate.Collation);
                break;
            default: WritePrimary(expr); break;
        }
    }

    private void WritePrimary(Expr expr)
    {
        switch (expr)
        {
            case CastExpr cast:
                Write(cast.Operand, Primary);
                Add("::");
                WriteType(cast.Type);
                break;
            case CaseExpr choice: WriteCase(choice); break;
            case ArrayExpr array:
                Add("ARRAY[");
                WriteList(array.Elements, WriteExpr);
                Add("]");
                break;
            case ArraySubqueryExpr array:
                Add("ARRAY");
                WriteSubquery(array.Query);
                break;
            case RowExpr row:
                AddIf(row.Items.Count < 2, "ROW");
                Add("(");
                WriteList(row.Items, WriteExpr);
                Add(")");
                break;
            case ExistsExpr exists:
                Add("EXISTS ");
                WriteSubquery(exists.Query);
                break;
            case ScalarSubqueryExpr subquery: WriteSubquery(subquery.Query); break;
            case FunctionCall call: WriteCall(call); break;
            case LambdaExpr lambda: WriteLambda(lambda); break;
            case NamedArgExpr named:
                WriteName(named.Name);
                Add(" => ");
                WriteExpr(named.Value);
                break;
            default: throw new InvalidOperationException($"BUG: no text for {expr.GetType().Name}");
        }
    }

    private void WriteInterval(IntervalLiteral literal)
    {
        string precision = literal.Precision is { } digits ? $"({digits.ToString(CultureInfo.InvariantCulture)})" : "";
        Add("INTERVAL");
        AddIf(literal.Fields is null, precision);
        Add(" " + QuoteString(literal.Value));
        AddIf(literal.Fields is not null, " " + literal.Fields?.ToUpperInvariant() + precision);
    }

    private void WriteStar(StarExpr star)
    {
        if (star.Qualifier is not null)
        {
            WriteName(star.Qualifier);
            Add(".");
        }
        Add("*");
        if (star.Except.Count > 0)
        {
            Add(" EXCEPT ");
            WriteNames(star.Except);
        }
    }

    /// <summary>What a subscript or a field hangs on; PostgreSQL wants parentheses around all but columns, parameters and parts.</summary>
    private void WriteContainer(Expr expr)
    {
        if (expr is ColumnRef or ParameterExpr or IndexExpr or SliceExpr or FieldExpr or ScalarSubqueryExpr)
        {
            Write(expr, 0);
        }
        else
        {
            Add("(");
            WriteExpr(expr);
            Add(")");
        }
    }

    private void WriteField(FieldExpr field)
    {
        if (field.Operand is ColumnRef)
        {
            Add("(");
            WriteExpr(field.Operand);
            Add(")");
        }
        else
        {
            WriteContainer(field.Operand);
        }
        Add(".");
        Add(field.Field.Text == "*" ? "*" : QuoteName(field.Field.Text));
    }

    private void WriteSlice(SliceExpr slice)
    {
        WriteContainer(slice.Operand);
        Add("[");
        if (slice.Lower is not null)
        {
            WriteExpr(slice.Lower);
        }
        Add(":");
        if (slice.Upper is not null)
        {
            WriteExpr(slice.Upper);
        }
        Add("]");
    }

    private void WriteUnary(UnaryExpr unary)
    {
        Add(unary.Operator);
        int start = _to.Length;
        Write(unary.Operand, unary.Operator is "-" or "+" ? Sign : Other + 1);
        if (!(char.IsAsciiLetterOrDigit(_to[start]) || _to[start] is '(' or '\'' or '"' or '_' or '.' or '$'))
        {
            _to.Insert(start, ' ');
        }
    }

    private void WriteBinary(BinaryExpr binary)
    {
        int level = OperatorLevel(binary.Operator);
        Write(binary.Left, level == Comparison ? level + 1 : level);
        Add($" {binary.Operator} ");
        Write(binary.Right, level + 1);
    }

    private void WriteLike(LikeExpr like)
    {
        Write(like.Operand, Other);
        AddIf(like.Negated, " NOT");
        Add(like.Kind switch
        {
            LikeKind.Like => " LIKE ",
            LikeKind.ILike => " ILIKE ",
            _ => " SIMILAR TO ",
        });
        Write(like.Pattern, Other);
        if (like.Escape is not null)
        {
            Add(" ESCAPE ");
            Write(like.Escape, Other);
        }
    }

    private void WriteQuantifier(Expr left, string op, Quantifier quantifier)
    {
        Write(left, OperatorLevel(op) + 1);
        Add($" {op} {(quantifier == Quantifier.Any ? "ANY" : "ALL")} ");
    }

    private void WriteCase(CaseExpr choice)
    {
        Add("CASE");
        if (choice.Operand is not null)
        {
            Add(" ");
            WriteExpr(choice.Operand);
        }
        foreach (WhenClause when in choice.Whens)
        {
            Add(" WHEN ");
            WriteExpr(when.Condition);
            Add(" THEN ");
            WriteExpr(when.Result);
        }
        if (choice.Else is not null)
        {
            Add(" ELSE ");
            WriteExpr(choice.Else);
        }
        Add(" END");
    }

    // ---- calls ----

    private void WriteCall(FunctionCall call)
    {
        bool plain = call is { Star: false, Distinct: false, Variadic: false, Filter: null, Over: null, IgnoreNulls: null }
            && call.OrderBy.Count == 0 && call.WithinGroup.Count == 0;
        string name = call.Name.Parts.Count == 1 ? call.Name.Last : "";
        if (plain && IsNiladic(name, call.Args))
        {
            Add(name);
            if (call.Args.Count > 0)
            {
                Add("(");
                WriteList(call.Args, WriteExpr);
                Add(")");
            }
            return;
        }
        if (plain && name == "extract" && call.Args is [StringLiteral field, var source])
        {
            string text = field.Value;
            bool folded = text == text.ToLowerInvariant();
            Add("extract(" + (folded && IsPlain(text) ? text : QuoteString(text)) + (folded ? " FROM " : ", "));
            WriteExpr(source);
            Add(")");
            return;
        }
        WriteFunctionName(call, plain, name);
        WriteArguments(call);
        WriteCallTail(call);
    }

    private static bool IsNiladic(string name, NodeList<Expr> args) => name switch
    {
        "current_date" or "current_user" or "current_role" or "session_user" or "user" or "current_catalog" or "system_user"
            or "current_schema" => args.Count == 0,
        "current_time" or "current_timestamp" or "localtime" or "localtimestamp" =>
            args is [] || args is [NumberLiteral { IsInteger: true, Text.Length: < 9 }],
        _ => false,
    };

    private void WriteFunctionName(FunctionCall call, bool plain, string name)
    {
        bool bare = name switch
        {
            "coalesce" or "nullif" or "greatest" or "least" or "grouping" or "normalize" or "left" or "right" => true,
            "substring" or "overlay" => plain && call.Args.Count > 0 && !call.Args.Any(a => a is NamedArgExpr),
            _ => false,
        };
        if (bare)
        {
            Add(name);
        }
        else if (DelicateFunctions.Contains(name))
        {
            Add(InQuotes(name));
        }
        else
        {
            WriteName(call.Name);
        }
    }

    private void WriteArguments(FunctionCall call)
    {
        Add("(");
        AddIf(call.Star, "*");
        AddIf(call.Distinct, "DISTINCT ");
        for (int i = 0; i < call.Args.Count; i++)
        {
            AddIf(i > 0, ", ");
            AddIf(call.Variadic && i == call.Args.Count - 1, "VARIADIC ");
            WriteExpr(call.Args[i]);
        }
        WriteOrderBy(call.OrderBy);
        Add(")");
    }

    private void WriteCallTail(FunctionCall call)
    {
        if (call.WithinGroup.Count > 0)
        {
            Add(" WITHIN GROUP (");
            WriteOrderBy(call.WithinGroup, lead: "");
            Add(")");
        }
        if (call.Filter is not null)
        {
            Add(" FILTER (WHERE ");
            WriteExpr(call.Filter);
            Add(")");
        }
        if (call.IgnoreNulls is { } ignore)
        {
            Add(ignore ? " IGNORE NULLS" : " RESPECT NULLS");
        }
        if (call.Over is not null)
        {
            Add(" OVER ");
            WriteWindow(call.Over);
        }
    }

    private void WriteWindow(WindowSpec window)
    {
        if (window.IsReference)
        {
            WriteName(window.BaseName!);
            return;
        }
        Add("(");
        string space = "";
        if (window.BaseName is not null)
        {
            string name = window.BaseName.Text;
            Add(name is "rows" or "range" or "groups" or "session" ? InQuotes(name) : QuoteName(name));
            space = " ";
        }
        if (window.PartitionBy.Count > 0)
        {
            Add(space + "PARTITION BY ");
            WriteList(window.PartitionBy, WriteExpr);
            space = " ";
        }
        if (window.OrderBy.Count > 0)
        {
            WriteOrderBy(window.OrderBy, space);
            space = " ";
        }
        if (window.Frame is not null)
        {
            Add(space);
            WriteFrame(window.Frame);
        }
        Add(")");
    }

    private void WriteFrame(WindowFrame frame)
    {
        if (frame.Unit == FrameUnit.Session)
        {
            Add("SESSION WITH GAP ");
            WriteExpr(frame.Start.Offset!);
            return;
        }
        Add(frame.Unit.ToString().ToUpperInvariant() + " BETWEEN ");
        WriteBound(frame.Start);
        Add(" AND ");
        WriteBound(frame.End);
        Add(frame.Exclusion switch
        {
            FrameExclusion.CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion.Group => " EXCLUDE GROUP",
            FrameExclusion.Ties => " EXCLUDE TIES",
            _ => "",
        });
    }

    private void WriteBound(FrameBound bound)
    {
        if (bound.Offset is not null)
        {
            // Columns named unbounded or current, and the AND of BETWEEN, would be misread.
            bool bare = bound.Offset is NumberLiteral or IntervalLiteral or ParameterExpr or StringLiteral;
            AddIf(!bare, "(");
            WriteExpr(bound.Offset);
            AddIf(!bare, ")");
        }
        Add(bound.Kind switch
        {
            FrameBoundKind.UnboundedPreceding => "UNBOUNDED PRECEDING",
            FrameBoundKind.Preceding => " PRECEDING",
            FrameBoundKind.CurrentRow => "CURRENT ROW",
            FrameBoundKind.Following => " FOLLOWING",
            _ => "UNBOUNDED FOLLOWING",
        });
    }
}
