// Expressions by precedence climbing, with PostgreSQL's levels: its table in "Lexical Structure", and gram.y where the table is silent.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private const int OrLevel = 1;
    private const int AndLevel = 2;
    private const int NotLevel = 3;
    private const int IsLevel = 4;
    private const int ComparisonLevel = 5;
    private const int BetweenLevel = 6;
    private const int OtherLevel = 7;
    private const int AddLevel = 8;
    private const int MultiplyLevel = 9;
    private const int PowerLevel = 10;
    private const int AtLevel = 11;
    private const int CollateLevel = 12;

    // Inside the low bound of BETWEEN, POSITION's operands and DEFAULT, words such as AND, IN and IS NULL belong to what is around
    // (gram.y's b_expr).
    private bool _restricted;

    public Expr ParseExpression()
    {
        Expr expr = ParseExpr();
        if (!At(TokenKind.EndOfText))
        {
            throw Unexpected("an operator or the end of the expression");
        }
        return expr;
    }

    private Expr ParseExpr()
    {
        int saved = Enter();
        bool restricted = _restricted;
        _restricted = false;
        Expr expr = ParseInfix(ParsePrefix(), OrLevel);
        _restricted = restricted;
        Leave(saved);
        return expr;
    }

    /// <summary>gram.y's b_expr: comparison and arithmetic only.</summary>
    private Expr ParseRestrictedExpr()
    {
        int saved = Enter();
        bool restricted = _restricted;
        _restricted = true;
        Expr expr = ParseInfix(ParsePrefix(), IsLevel);
        _restricted = restricted;
        Leave(saved);
        return expr;
    }

    private NodeList<Expr> ParseExprList()
    {
        Expr first = ParseExpr();
        if (!At(TokenKind.Comma))
        {
            return [first];
        }
        var items = new List<Expr> { first };
        while (Accept(TokenKind.Comma))
        {
            items.Add(ParseExpr());
        }
        return ToList(items);
    }

    /// <summary>An operand of an infix operator: everything that binds at least as tight as the level.</summary>
    private Expr ParseOperand(int level)
    {
        int saved = Enter();
        Expr expr = ParseInfix(ParsePrefix(), level);
        Leave(saved);
        return expr;
    }

    private Expr ParsePrefix()
    {
        Token token = Current;
        if (token.Kind == TokenKind.Operator)
        {
            // A sign binds tightest, any other prefix operator looser than + and -, as gram.y has it.
            int level = token.Text is "-" or "+" ? CollateLevel + 1 : OtherLevel + 1;
            if (token.Text is "*" or "=" or "<" or ">" or "<=" or ">=" or "<>" or "/" or "%" or "^" or "==" or "||")
            {
                throw Unexpected("an expression");
            }
            Take();
            return new UnaryExpr(token.Text, ParseOperand(level)) { Position = token.Start };
        }
        if (token.Is("not") && !_restricted)
        {
            Take();
            return new NotExpr(ParseOperand(NotLevel)) { Position = token.Start };
        }
        return ParsePostfix(ParsePrimary());
    }

    private Expr ParseInfix(Expr left, int minLevel)
    {
        // The level of the last operator that does not associate; another of its kind right behind it is an error.
        int last = 0;
        while (true)
        {
            Token token = Current;
            if (token.Kind == TokenKind.Operator)
            {
                int level = OperatorLevel(token.Text);
                if (level < minLevel)
                {
                    return left;
                }
                if (level == ComparisonLevel && last == ComparisonLevel)
                {
                    throw ChainedComparison(left, token);
                }
                if (token.Text == "==")
                {
                    throw Unexpected("an operator");
                }
                left = ParseBinary(left, level);
                last = level;
            }
            else if (token.Kind == TokenKind.Word)
            {
                Expr? next = ParseWordOperator(left, minLevel, ref last);
                if (next is null)
                {
                    return left;
                }
                left = next;
            }
            else
            {
                return left;
            }
            Grow();
        }
    }

    private static SqlException ChainedComparison(Expr left, Token token) => new(
        "42601",
        $"syntax error at or near \"{token.Text}\": comparisons cannot be chained",
        token.Start,
        left switch
        {
            BinaryExpr { Right: BinaryExpr { Operator: "&&" } } => "Conditions are joined with AND; && is an operator on arrays.",
            BinaryExpr { Right: BinaryExpr { Operator: "||" } } => "Alternatives are joined with OR; || joins strings.",
            _ => "Write a < b AND b < c, or use parentheses.",
        });

    private static int OperatorLevel(string op) => op switch
    {
        "=" or "<" or ">" or "<=" or ">=" or "<>" or "==" => ComparisonLevel,
        "+" or "-" => AddLevel,
        "*" or "/" or "%" => MultiplyLevel,
        "^" => PowerLevel,
        _ => OtherLevel,
    };

    private Expr ParseBinary(Expr left, int level)
    {
        Token op = Take();
        if (Current.Kind == TokenKind.Word && Current.Text is "any" or "some" or "all" && Ahead(1).Kind == TokenKind.LeftParen)
        {
            return ParseQuantified(left, op.Text, op.Start);
        }
        return new BinaryExpr(op.Text, left, ParseOperand(level + 1)) { Position = op.Start };
    }

    /// <summary>One operator that is a word; null when the word is none, or binds too loosely here.</summary>
    private Expr? ParseWordOperator(Expr left, int minLevel, ref int last)
    {
        Token token = Current;
        switch (token.Text)
        {
            case "or" when minLevel <= OrLevel:
                last = OrLevel;
                return ParseLogical(left, LogicalOperator.Or, "or", AndLevel);
            case "and" when minLevel <= AndLevel:
                last = AndLevel;
                return ParseLogical(left, LogicalOperator.And, "and", NotLevel);
            case "is" when minLevel <= IsLevel:
                return ParseIs(left, ref last);
            case "isnull" or "notnull" when minLevel <= IsLevel && !_restricted:
                Take();
                last = 0;
                return new IsExpr(left, IsTest.Null, token.Text == "notnull") { Position = token.Start };
            case "not" when minLevel <= BetweenLevel && !_restricted
                && Ahead(1) is { Kind: TokenKind.Word, Text: "between" or "in" or "like" or "ilike" or "similar" }:
                Take();
                return ParsePredicate(left, token.Start, negated: true, ref last);
            case "similar" when !Ahead(1).Is("to"):
                return null; // SUBSTRING(a SIMILAR b ESCAPE c)
            case "between" or "in" or "like" or "ilike" or "similar" when minLevel <= BetweenLevel && !_restricted:
                return ParsePredicate(left, token.Start, negated: false, ref last);
            case "operator" when minLevel <= OtherLevel && Ahead(1).Kind == TokenKind.LeftParen:
                last = OtherLevel;
                return ParseNamedOperator(left);
            case "at" when minLevel <= AtLevel && Ahead(1).Is("time") && Ahead(2).Is("zone"):
                _at += 3;
                last = AtLevel;
                return new AtTimeZoneExpr(left, ParseOperand(AtLevel + 1)) { Position = token.Start };
            case "collate" when minLevel <= CollateLevel && !_restricted:
                Take();
                last = CollateLevel;
                return new CollateExpr(left, ParseObjectName("a collation's name")) { Position = token.Start };
            case "overlaps" when minLevel <= OtherLevel && left is RowExpr { Items.Count: 2 } start:
                Take();
                last = OtherLevel;
                return ParsePrefix() is RowExpr { Items.Count: 2 } end
                    ? new FunctionCall(FunctionName("overlaps", token.Start), [.. start.Items, .. end.Items]) { Position = token.Start }
                    : throw new SqlException("42601", "OVERLAPS compares two pairs", token.Start,
                        "Write (start, end) OVERLAPS (start, end).");
            default:
                return null;
        }
    }

    /// <summary>The whole chain of one operator as one node.</summary>
    private LogicalExpr ParseLogical(Expr left, LogicalOperator op, string word, int operandLevel)
    {
        int position = Here;
        var operands = new List<Expr> { left };
        while (Accept(word))
        {
            operands.Add(ParseOperand(operandLevel));
        }
        return new LogicalExpr(op, ToList(operands)) { Position = position };
    }

    private Expr ParseIs(Expr left, ref int last)
    {
        if (last == IsLevel)
        {
            throw new SqlException("42601", "syntax error at or near \"is\": IS DISTINCT FROM cannot be chained", Here, "Use parentheses.");
        }
        Token token = Current;
        int start = _at;
        Take();
        bool negated = Accept("not");
        if (Accept("distinct", "from"))
        {
            last = IsLevel;
            return new IsDistinctExpr(left, ParseOperand(ComparisonLevel), negated) { Position = token.Start };
        }
        if (_restricted)
        {
            _at = start;
            throw Unexpected("an operator");
        }
        last = 0;
        IsTest test;
        switch (Current.Kind == TokenKind.Word ? Current.Text : "")
        {
            case "null": test = IsTest.Null; break;
            case "true": test = IsTest.True; break;
            case "false": test = IsTest.False; break;
            case "unknown": test = IsTest.Unknown; break;
            case "json" or "document" or "normalized" or "nfc" or "nfd" or "nfkc" or "nfkd":
                throw NotSupported($"IS {Current.Text.ToUpperInvariant()}", Here);
            default:
                throw Unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
        }
        Take();
        return new IsExpr(left, test, negated) { Position = token.Start };
    }

    /// <summary>BETWEEN, IN, LIKE, ILIKE and SIMILAR TO, behind an optional NOT.</summary>
    private Expr ParsePredicate(Expr left, int position, bool negated, ref int last)
    {
        Token word = Take();
        if (last == BetweenLevel)
        {
            throw new SqlException("42601", $"syntax error at or near \"{word.Text}\": such conditions cannot be chained", word.Start,
                "Use parentheses.");
        }
        switch (word.Text)
        {
            case "between":
                bool symmetric = Accept("symmetric");
                if (!symmetric)
                {
                    Accept("asymmetric");
                }
                Expr low = ParseRestrictedExpr();
                Expect("and");
                last = BetweenLevel;
                return new BetweenExpr(left, low, ParseOperand(BetweenLevel + 1), negated, symmetric) { Position = position };
            case "in":
                last = 0;
                return ParseIn(left, position, negated);
            default:
                last = BetweenLevel;
                return ParseLike(word.Text, left, position, negated);
        }
    }

    private Expr ParseIn(Expr left, int position, bool negated)
    {
        if (!At(TokenKind.LeftParen))
        {
            throw new SqlException("42601", $"syntax error at or near \"{Shown(Current)}\": expected \"(\"", Here,
                "IN takes a list or a query in parentheses; for an array write = ANY (array).");
        }
        if (StartsQueryInParens())
        {
            // A subquery may still turn out to be the first of several values: ((SELECT 1), 2).
            Parens parens = ParseParens();
            return parens.Query is { } query
                ? new InSubqueryExpr(left, query, negated) { Position = position }
                : new InListExpr(left, parens.Items, negated) { Position = position };
        }
        Take();
        NodeList<Expr> items = ParseExprList();
        ExpectListEnd();
        return new InListExpr(left, items, negated) { Position = position };
    }

    private Expr ParseLike(string word, Expr left, int position, bool negated)
    {
        LikeKind kind = word switch
        {
            "like" => LikeKind.Like,
            "ilike" => LikeKind.ILike,
            _ => LikeKind.SimilarTo,
        };
        if (kind == LikeKind.SimilarTo)
        {
            Expect("to");
        }
        else if (Current.Kind == TokenKind.Word && Current.Text is "any" or "some" or "all" && Ahead(1).Kind == TokenKind.LeftParen)
        {
            string op = (negated ? "NOT " : "") + word.ToUpperInvariant();
            return ParseQuantified(left, op, position);
        }
        Expr pattern = ParseOperand(BetweenLevel + 1);
        Expr? escape = Accept("escape") ? ParseOperand(BetweenLevel + 1) : null;
        return new LikeExpr(kind, left, pattern, escape, negated) { Position = position };
    }

    private Expr ParseQuantified(Expr left, string op, int position)
    {
        Quantifier quantifier = Take().Text == "all" ? Quantifier.All : Quantifier.Any;
        int start = Here;
        Parens parens = ParseParens();
        if (parens.Query is { } query)
        {
            return new QuantifiedSubqueryExpr(left, op, quantifier, query) { Position = position };
        }
        return parens.Items.Count == 1
            ? new QuantifiedArrayExpr(left, op, quantifier, parens.Items[0]) { Position = position }
            : throw new SqlException("42601", "ANY and ALL take one array or subquery", start, "Write = ANY (ARRAY[1, 2]), or IN (1, 2).");
    }

    /// <summary><c>a OPERATOR(pg_catalog.+) b</c>: binds like any other operator, whatever it is.</summary>
    private BinaryExpr ParseNamedOperator(Expr left)
    {
        int position = Here;
        _at += 2;
        while (Current.IsLabel && Ahead(1).Kind == TokenKind.Dot)
        {
            _at += 2;
        }
        string op = At(TokenKind.Operator) ? Take().Text : throw Unexpected("an operator");
        ExpectRight();
        return new BinaryExpr(op, left, ParseOperand(OtherLevel + 1)) { Position = position };
    }

    /// <summary>Subscripts, fields and casts behind a value.</summary>
    private Expr ParsePostfix(Expr operand)
    {
        while (true)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.ColonColon:
                    Take();
                    operand = new CastExpr(operand, ParseTypeName()) { Position = token.Start };
                    break;
                case TokenKind.LeftBracket:
                    operand = ParseSubscript(operand);
                    break;
                case TokenKind.Dot when operand is StringLiteral or NumberLiteral && Previous.Kind != TokenKind.RightParen:
                    throw Unexpected("an operator");
                case TokenKind.Dot:
                    Take();
                    if (AcceptOperator("*"))
                    {
                        operand = new FieldExpr(operand, new Name("*") { Position = Previous.Start }) { Position = token.Start };
                    }
                    else
                    {
                        operand = new FieldExpr(operand, ParseLabel("a field's name")) { Position = token.Start };
                    }
                    break;
                default:
                    return operand;
            }
            Grow();
        }
    }

    private Expr ParseSubscript(Expr operand)
    {
        int position = Take().Start;
        Expr? lower = At(TokenKind.Colon) ? null : ParseExpr();
        if (Accept(TokenKind.Colon))
        {
            Expr? upper = At(TokenKind.RightBracket) ? null : ParseExpr();
            Expect(TokenKind.RightBracket, "\"]\"");
            return new SliceExpr(operand, lower, upper) { Position = position };
        }
        Expect(TokenKind.RightBracket, "\"]\"");
        return new IndexExpr(operand, lower!) { Position = position };
    }
}
