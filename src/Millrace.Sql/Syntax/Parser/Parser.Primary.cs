// The leaves of expressions: literals, names, CASE, CAST, ARRAY, ROW, parentheses, subqueries.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    /// <summary>What a pair of parentheses held: a query, or one or more expressions.</summary>
    private readonly record struct Parens(Query? Query, NodeList<Expr> Items);

    private Expr ParsePrimary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return new NumberLiteral(token.Text) { Position = token.Start };
            case TokenKind.String:
                Take();
                return new StringLiteral(token.Text) { Position = token.Start };
            case TokenKind.BitString:
                Take();
                return new BitStringLiteral(token.Text) { Position = token.Start };
            case TokenKind.Parameter:
                Take();
                return char.IsAsciiDigit(token.Text[0])
                    ? new ParameterExpr(int.Parse(token.Text, System.Globalization.CultureInfo.InvariantCulture)) { Position = token.Start }
                    : new ParameterExpr(0) { Name = token.Text, Position = token.Start };
            case TokenKind.LeftParen:
                return ParseParensValue();
            case TokenKind.QuotedName:
                return ParseNameOrCall();
            case TokenKind.Word:
                return ParseWord(token);
            default:
                throw Unexpected("an expression");
        }
    }

    private Expr ParseWord(Token token)
    {
        switch (token.Text)
        {
            case "null": return Keyword(new NullLiteral { Position = token.Start });
            case "true": return Keyword(new BooleanLiteral(true) { Position = token.Start });
            case "false": return Keyword(new BooleanLiteral(false) { Position = token.Start });
            case "default":
                throw new SqlException(
                "42601", "DEFAULT is not allowed here", token.Start,
                "DEFAULT stands alone, in VALUES of an INSERT or in SET of an UPDATE.");
            case "case": return ParseCase();
            case "cast": return ParseCast();
            case "array": return ParseArray();
            case "row" when Ahead(1).Kind == TokenKind.LeftParen: return ParseRow();
            case "exists" when Ahead(1).Kind == TokenKind.LeftParen: return ParseExists();
            case "interval" when StartsIntervalLiteral(): return ParseIntervalLiteral();
            case "any" or "some" or "all" when Previous.Kind == TokenKind.Operator && Ahead(1).Kind != TokenKind.LeftParen:
                Take();
                throw Unexpected("\"(\"");
            case "any" or "some" or "all" when Ahead(1).Kind == TokenKind.LeftParen:
                throw new SqlException(
                "42601", $"{token.Text.ToUpperInvariant()} is not allowed here", token.Start,
                "Write it behind an operator: a = ANY (array).");
        }
        if (ParseSpecialFunction(token) is { } call)
        {
            return call;
        }
        if (StartsTypedLiteral(token))
        {
            TypeName type = ParseTypeName(allowArray: false);
            return new TypedLiteral(type, ParseString()) { Position = token.Start };
        }
        if (token.Class == WordClass.Reserved || (token.Class == WordClass.TypeOrFunction && !StartsCall(1)))
        {
            throw Unexpected("an expression", isName: token.Class != WordClass.Reserved || !EndsList(token));
        }
        if (token.Class == WordClass.ColumnName && Ahead(1).Kind == TokenKind.LeftParen)
        {
            throw new SqlException("42601", $"syntax error at or near \"(\": \"{token.Text}\" is a keyword and no function", Ahead(1).Start,
                BuiltInType(token.Text) is null ? null : $"To convert a value write CAST(value AS {token.Text}) or value::{token.Text}.");
        }
        return ParseNameOrCall();
    }

    private Expr Keyword(Expr expr)
    {
        Take();
        return expr;
    }

    private bool StartsCall(int ahead) => Ahead(ahead).Kind is TokenKind.LeftParen or TokenKind.String;

    private Expr ParseNameOrCall()
    {
        Token first = Take();
        Name name = new(first.Text) { Position = first.Start };
        if (At(TokenKind.LeftParen))
        {
            return ParseCall(new ObjectName([name]) { Position = first.Start });
        }
        if (At(TokenKind.String))
        {
            return NamedTypeLiteral([name], first.Start);
        }
        if (!At(TokenKind.Dot))
        {
            return new ColumnRef([name]) { Position = first.Start };
        }
        var parts = new List<Name> { name };
        while (At(TokenKind.Dot))
        {
            Take();
            if (AtOperator("*"))
            {
                Take();
                return new StarExpr(new ObjectName(ToList(parts)) { Position = first.Start }, []) { Position = first.Start };
            }
            parts.Add(ParseLabel("a column's name or *"));
            if (parts.Count > 32)
            {
                throw new SqlException("42601", "a name with more than 32 parts", first.Start);
            }
        }
        if (At(TokenKind.LeftParen))
        {
            return ParseCall(new ObjectName(ToList(parts)) { Position = first.Start });
        }
        return At(TokenKind.String) ? NamedTypeLiteral(ToList(parts), first.Start)
            : new ColumnRef(ToList(parts)) { Position = first.Start };
    }

    private Expr NamedTypeLiteral(NodeList<Name> parts, int position)
    {
        TypeName type = CanonicalType(new TypeName(new ObjectName(parts) { Position = position }, [], 0, []) { Position = position });
        string value = Take().Text;
        return type.Name is { Parts.Count: 1, Last: "interval" }
            ? new IntervalLiteral(value, null, null) { Position = position }
            : new TypedLiteral(type, value) { Position = position };
    }

    // ---- parentheses ----

    private bool StartsQuery() => Current.Kind == TokenKind.Word && StartsQuery(Current, Ahead(1));

    private static bool StartsQuery(Token token, Token next) => token.Kind == TokenKind.Word
        && (token.Text is "select" or "with" or "table" || (token.Text == "values" && next.Kind == TokenKind.LeftParen)
            || (token.Text == "changelog" && next.Is("from")));

    /// <summary>One or more opening parentheses and then a query: perhaps a query in parentheses, perhaps an expression that starts
    /// with one.</summary>
    private bool StartsQueryInParens()
    {
        int ahead = 0;
        while (ahead <= NestingMax && Ahead(ahead).Kind == TokenKind.LeftParen)
        {
            ahead++;
        }
        return ahead > 0 && StartsQuery(Ahead(ahead), Ahead(ahead + 1));
    }

    private bool ContinuesQuery() => Current.Kind == TokenKind.RightParen || (Current.Kind == TokenKind.Word
        && Current.Text is "union" or "except" or "intersect" or "order" or "limit" or "offset" or "fetch" or "for");

    private Parens ParseParens()
    {
        int saved = Enter();
        bool restricted = _restricted;
        _restricted = false;
        ExpectLeft();
        Parens result;
        if (StartsQuery())
        {
            result = new Parens(ParseQuery(), []);
            ExpectRight();
        }
        else if (At(TokenKind.LeftParen) && StartsQueryInParens())
        {
            int position = Here;
            Parens inner = ParseParens();
            if (inner.Query is { } query && ContinuesQuery())
            {
                result = new Parens(ParseQueryFrom(query, position), []);
                ExpectRight();
            }
            else
            {
                // It was the first operand of an expression.
                Expr first = ParseInfix(ParsePostfix(ToValue(inner, position)), OrLevel);
                result = new Parens(null, Accept(TokenKind.Comma) ? [first, .. ParseExprList()] : [first]);
                ExpectListEnd();
            }
        }
        else
        {
            if (At(TokenKind.RightParen))
            {
                throw Unexpected("an expression");
            }
            result = new Parens(null, ParseExprList());
            ExpectListEnd();
        }
        _restricted = restricted;
        Leave(saved);
        return result;
    }

    private Expr ParseParensValue()
    {
        int position = Here;
        return ToValue(ParseParens(), position);
    }

    private static Expr ToValue(Parens parens, int position) => parens switch
    {
        { Query: { } query } => new ScalarSubqueryExpr(query) { Position = position },
        { Items.Count: 1 } => parens.Items[0],
        _ => new RowExpr(parens.Items) { Position = position },
    };

    /// <summary>A query that must stand in parentheses.</summary>
    private Query ParseSubquery()
    {
        int position = Here;
        if (!At(TokenKind.LeftParen) || !StartsQueryInParens())
        {
            throw Unexpected("a query in parentheses");
        }
        return ParseParens().Query ?? throw new SqlException("42601", "expected a query in parentheses, found an expression", position);
    }

    private ExistsExpr ParseExists()
    {
        int position = Take().Start;
        return new ExistsExpr(ParseSubquery()) { Position = position };
    }

    // ---- constructors ----

    private Expr ParseArray()
    {
        int position = Take().Start;
        if (At(TokenKind.LeftParen))
        {
            return new ArraySubqueryExpr(ParseSubquery()) { Position = position };
        }
        return At(TokenKind.LeftBracket) ? ParseArrayItems(position) : throw Unexpected("\"[\" or a query in parentheses");
    }

    private ArrayExpr ParseArrayItems(int position)
    {
        int saved = Enter();
        Take();
        var items = new List<Expr>();
        if (!At(TokenKind.RightBracket))
        {
            do
            {
                items.Add(At(TokenKind.LeftBracket) ? ParseArrayItems(Here) : ParseExpr());
            }
            while (Accept(TokenKind.Comma));
        }
        Expect(TokenKind.RightBracket, "\",\" or \"]\"");
        Leave(saved);
        return new ArrayExpr(ToList(items)) { Position = position };
    }

    private RowExpr ParseRow()
    {
        int position = Take().Start;
        Take();
        NodeList<Expr> items = At(TokenKind.RightParen) ? [] : ParseExprList();
        ExpectListEnd();
        return new RowExpr(items) { Position = position };
    }

    private CaseExpr ParseCase()
    {
        int position = Take().Start;
        Expr? operand = At("when") ? null : ParseExpr();
        var whens = new List<WhenClause>();
        while (At("when"))
        {
            int start = Take().Start;
            Expr condition = ParseExpr();
            Expect("then");
            whens.Add(new WhenClause(condition, ParseExpr()) { Position = start });
        }
        if (whens.Count == 0)
        {
            throw Unexpected("WHEN");
        }
        Expr? otherwise = Accept("else") ? ParseExpr() : null;
        if (!Accept("end"))
        {
            throw Unexpected(otherwise is null ? "WHEN, ELSE or END" : "END");
        }
        return new CaseExpr(operand, ToList(whens), otherwise) { Position = position };
    }

    private CastExpr ParseCast()
    {
        int position = Take().Start;
        ExpectLeft();
        Expr operand = ParseExpr();
        Expect("as");
        TypeName type = ParseTypeName();
        ExpectRight();
        return new CastExpr(operand, type) { Position = position };
    }

    /// <summary>DEFAULT or an expression, as a cell of INSERT's VALUES or the value of SET.</summary>
    private Expr ParseExprOrDefault()
    {
        if (!At("default"))
        {
            return ParseExpr();
        }
        int position = Take().Start;
        return new DefaultExpr { Position = position };
    }
}
