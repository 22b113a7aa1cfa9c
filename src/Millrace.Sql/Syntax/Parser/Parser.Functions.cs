// Function calls: the ordinary form with everything that may follow it, and the notations SQL has for some functions.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private static ObjectName FunctionName(string name, int position) =>
        new([new Name(name) { Position = position }]) { Position = position };

    /// <summary>A function with a grammar of its own; null when the word is none of these.</summary>
    private FunctionCall? ParseSpecialFunction(Token token)
    {
        switch (token.Text)
        {
            case "current_date" or "current_user" or "current_role" or "session_user" or "user" or "current_catalog" or "system_user":
                Take();
                return Call(token.Text, token.Start);
            case "current_schema" when Ahead(1).Kind is not (TokenKind.LeftParen or TokenKind.Dot):
                Take();
                return Call(token.Text, token.Start);
            case "current_time" or "current_timestamp" or "localtime" or "localtimestamp":
                Take();
                return ParseTimeFunction(token);
        }
        if (Ahead(1).Kind != TokenKind.LeftParen)
        {
            return null;
        }
        switch (token.Text)
        {
            case "extract":
                return ParseExtract();
            case "substring":
                return ParseSubstring();
            case "position":
                return ParsePosition();
            case "overlay":
                return ParseOverlay();
            case "trim":
                return ParseTrim();
            case "coalesce" or "nullif" or "greatest" or "least" or "grouping" or "normalize":
                Take();
                return ParseCall(FunctionName(token.Text, token.Start));
            case "treat" or "xmlelement" or "xmlforest" or "match_recognize" or "json_table":
                throw NotSupported($"{token.Text.ToUpperInvariant()}()", token.Start);
            default:
                return null;
        }
    }

    private static FunctionCall Call(string name, int position, params ReadOnlySpan<Expr> args) =>
        new(FunctionName(name, position), NodeList.Create(args)) { Position = position };

    private FunctionCall ParseTimeFunction(Token token)
    {
        if (!At(TokenKind.LeftParen))
        {
            return Call(token.Text, token.Start);
        }
        // The standard has no parentheses without a precision; many dialects do.
        if (Ahead(1).Kind == TokenKind.RightParen)
        {
            _at += 2;
            return Call(token.Text, token.Start);
        }
        int position = Ahead(1).Start;
        int precision = ParseModifiers(1)[0];
        string digits = precision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Call(token.Text, token.Start, new NumberLiteral(digits) { Position = position });
    }

    private FunctionCall ParseExtract()
    {
        int position = Take().Start;
        Take();
        if (At(TokenKind.String) && Ahead(1).Kind == TokenKind.Comma)
        {
            return FinishPlain("extract", position);
        }
        if (!Current.IsLabel && !At(TokenKind.String))
        {
            throw Unexpected("a field such as YEAR or EPOCH");
        }
        Token field = Take();
        Expect("from");
        Expr source = ParseExpr();
        ExpectRight();
        // A quoted name is used as written; PostgreSQL folds it when it looks the field up.
        return Call("extract", position, new StringLiteral(field.Text.ToLowerInvariant()) { Position = field.Start }, source);
    }

    private FunctionCall FinishPlain(string name, int position)
    {
        NodeList<Expr> args = At(TokenKind.RightParen) ? [] : ParseExprList();
        ExpectListEnd();
        return new FunctionCall(FunctionName(name, position), args) { Position = position };
    }

    private FunctionCall ParseSubstring()
    {
        int position = Take().Start;
        Take();
        Expr source = ParseExpr();
        var args = new List<Expr> { source };
        if (Accept("similar"))
        {
            args.Add(ParseExpr());
            Expect("escape");
            args.Add(ParseExpr());
            ExpectRight();
            return Call("substring", position, [.. args]);
        }
        if (At("from") || At("for"))
        {
            Expr? length = null;
            if (Accept("for"))
            {
                length = ParseExpr();
            }
            args.Add(Accept("from") ? ParseExpr() : new NumberLiteral("1") { Position = source.Position });
            if (length is null && Accept("for"))
            {
                length = ParseExpr();
            }
            if (length is not null)
            {
                args.Add(length);
            }
            ExpectRight();
            return Call("substring", position, [.. args]);
        }
        while (Accept(TokenKind.Comma))
        {
            args.Add(ParseExpr());
        }
        ExpectListEnd();
        return Call("substring", position, [.. args]);
    }

    private FunctionCall ParsePosition()
    {
        int position = Take().Start;
        Take();
        Expr part = ParseRestrictedExpr();
        if (!Accept("in"))
        {
            throw new SqlException("42601", $"syntax error at or near \"{Shown(Current)}\": expected IN", Here,
                "Write position(part IN whole), or strpos(whole, part).");
        }
        Expr whole = ParseRestrictedExpr();
        ExpectRight();
        return Call("strpos", position, whole, part);
    }

    private FunctionCall ParseOverlay()
    {
        int position = Take().Start;
        Take();
        Expr source = ParseExpr();
        var args = new List<Expr> { source };
        if (!Accept("placing"))
        {
            while (Accept(TokenKind.Comma))
            {
                args.Add(ParseExpr());
            }
            ExpectListEnd();
            return Call("overlay", position, [.. args]);
        }
        args.Add(ParseExpr());
        Expect("from");
        args.Add(ParseExpr());
        if (Accept("for"))
        {
            args.Add(ParseExpr());
        }
        ExpectRight();
        return Call("overlay", position, [.. args]);
    }

    private FunctionCall ParseTrim()
    {
        int position = Take().Start;
        Take();
        string name = "btrim";
        if (Accept("leading"))
        {
            name = "ltrim";
        }
        else if (Accept("trailing"))
        {
            name = "rtrim";
        }
        else
        {
            Accept("both");
        }
        Expr? characters = At("from") ? null : ParseExpr();
        var args = new List<Expr>();
        if (Accept("from"))
        {
            args.Add(ParseExpr());
            if (characters is not null)
            {
                args.Add(characters);
            }
        }
        else
        {
            args.Add(characters!);
        }
        while (Accept(TokenKind.Comma))
        {
            args.Add(ParseExpr());
        }
        ExpectListEnd();
        return Call(name, position, [.. args]);
    }

    /// <summary>The arguments and the tail of a call whose name is read.</summary>
    private FunctionCall ParseCall(ObjectName name)
    {
        ExpectLeft();
        var call = new FunctionCall(name, []) { Position = name.Position };
        if (AtOperator("*") && Ahead(1).Kind == TokenKind.RightParen)
        {
            _at += 2;
            call = call with { Star = true };
        }
        else if (Accept(TokenKind.RightParen))
        {
            // No arguments.
        }
        else
        {
            call = ParseArguments(call);
        }
        return ParseCallTail(call);
    }

    private FunctionCall ParseArguments(FunctionCall call)
    {
        bool distinct = Accept("distinct");
        if (!distinct)
        {
            Accept("all");
        }
        bool variadic = false;
        var args = new List<Expr>();
        do
        {
            variadic = Accept("variadic");
            args.Add(ParseArgument());
        }
        while (!variadic && Accept(TokenKind.Comma));
        NodeList<OrderItem> order = At("order") ? ParseOrderBy() : [];
        bool? ignoreNulls = ParseNullTreatment();
        ExpectListEnd();
        return call with { Args = ToList(args), Distinct = distinct, Variadic = variadic, OrderBy = order, IgnoreNulls = ignoreNulls };
    }

    private Expr ParseArgument()
    {
        if (AtLambda())
        {
            return ParseLambda();
        }
        if (Current.IsFunctionName || Current.IsColumnName)
        {
            TokenKind next = Ahead(1).Kind;
            if (next is TokenKind.Arrow or TokenKind.ColonEquals)
            {
                Name name = TakeName();
                Take();
                return new NamedArgExpr(name, ParseExpr()) { Position = name.Position };
            }
        }
        return ParseExpr();
    }

    private bool? ParseNullTreatment()
    {
        if (Accept("ignore", "nulls"))
        {
            return true;
        }
        return Accept("respect", "nulls") ? false : null;
    }

    private FunctionCall ParseCallTail(FunctionCall call)
    {
        if (At("within", "group"))
        {
            _at += 2;
            ExpectLeft();
            call = call with { WithinGroup = ParseOrderBy() };
            ExpectRight();
        }
        if (At("filter") && Ahead(1).Kind == TokenKind.LeftParen)
        {
            _at += 2;
            Expect("where");
            call = call with { Filter = ParseExpr() };
            ExpectRight();
        }
        if (call.IgnoreNulls is null && ParseNullTreatment() is { } ignoreNulls)
        {
            call = call with { IgnoreNulls = ignoreNulls };
        }
        if (At("over"))
        {
            int position = Take().Start;
            WindowSpec over = At(TokenKind.LeftParen)
                ? ParseWindowSpec()
                : new WindowSpec(ParseName("a window's name or \"(\""), [], [], null, IsReference: true) { Position = position };
            call = call with { Over = over };
        }
        return call;
    }

    /// <summary><c>([base] [PARTITION BY …] [ORDER BY …] [frame])</c>.</summary>
    private WindowSpec ParseWindowSpec()
    {
        int saved = Enter();
        int position = Here;
        ExpectLeft();
        bool clause = At("partition", "by") || (Current.Kind == TokenKind.Word && Current.Text is "rows" or "range" or "groups"
            or "session");
        Name? name = !clause && Current.IsColumnName ? TakeName() : null;
        NodeList<Expr> partition = Accept("partition", "by") ? ParseExprList() : [];
        NodeList<OrderItem> order = At("order") ? ParseOrderBy() : [];
        WindowFrame? frame = ParseFrame();
        Expect(TokenKind.RightParen, "PARTITION BY, ORDER BY, a frame or \")\"");
        Leave(saved);
        return new WindowSpec(name, partition, order, frame) { Position = position };
    }

    private WindowFrame? ParseFrame()
    {
        FrameUnit unit;
        switch (Current.Kind == TokenKind.Word ? Current.Text : "")
        {
            case "rows": unit = FrameUnit.Rows; break;
            case "range": unit = FrameUnit.Range; break;
            case "groups": unit = FrameUnit.Groups; break;
            case "session": return ParseSessionFrame();
            default: return null;
        }
        int position = Take().Start;
        FrameBound start;
        FrameBound end;
        if (Accept("between"))
        {
            start = ParseFrameBound();
            Expect("and");
            end = ParseFrameBound();
        }
        else
        {
            start = ParseFrameBound();
            end = new FrameBound(FrameBoundKind.CurrentRow, null) { Position = start.Position };
        }
        CheckFrame(start, end);
        return new WindowFrame(unit, start, end, ParseExclusion()) { Position = position };
    }

    private static void CheckFrame(FrameBound start, FrameBound end)
    {
        string? wrong = (start.Kind, end.Kind) switch
        {
            (FrameBoundKind.UnboundedFollowing, _) => "a frame cannot start at UNBOUNDED FOLLOWING",
            (_, FrameBoundKind.UnboundedPreceding) => "a frame cannot end at UNBOUNDED PRECEDING",
            (FrameBoundKind.CurrentRow, FrameBoundKind.Preceding) => "a frame from the current row cannot end before it",
            (FrameBoundKind.Following, FrameBoundKind.Preceding or FrameBoundKind.CurrentRow) =>
                "a frame that starts after the current row cannot end before or at it",
            _ => null,
        };
        if (wrong is not null)
        {
            throw new SqlException("42P20", wrong, start.Position);
        }
    }

    private FrameBound ParseFrameBound()
    {
        int position = Here;
        if (Accept("current", "row"))
        {
            return new FrameBound(FrameBoundKind.CurrentRow, null) { Position = position };
        }
        if (Accept("unbounded"))
        {
            if (Accept("preceding"))
            {
                return new FrameBound(FrameBoundKind.UnboundedPreceding, null) { Position = position };
            }
            return Accept("following")
                ? new FrameBound(FrameBoundKind.UnboundedFollowing, null) { Position = position }
                : throw Unexpected("PRECEDING or FOLLOWING");
        }
        Expr offset = ParseExpr();
        if (Accept("preceding"))
        {
            return new FrameBound(FrameBoundKind.Preceding, offset) { Position = position };
        }
        return Accept("following")
            ? new FrameBound(FrameBoundKind.Following, offset) { Position = position }
            : throw Unexpected("PRECEDING or FOLLOWING");
    }

    private FrameExclusion ParseExclusion()
    {
        if (!Accept("exclude"))
        {
            return FrameExclusion.NoOthers;
        }
        if (Accept("current", "row"))
        {
            return FrameExclusion.CurrentRow;
        }
        if (Accept("group"))
        {
            return FrameExclusion.Group;
        }
        if (Accept("ties"))
        {
            return FrameExclusion.Ties;
        }
        return Accept("no", "others") ? FrameExclusion.NoOthers : throw Unexpected("CURRENT ROW, GROUP, TIES or NO OTHERS");
    }

    /// <summary>RisingWave's <c>SESSION WITH GAP interval</c>.</summary>
    private WindowFrame ParseSessionFrame()
    {
        int position = Take().Start;
        Expect("with", "gap");
        int start = Here;
        var gap = new FrameBound(FrameBoundKind.Preceding, ParseExpr()) { Position = start };
        var end = new FrameBound(FrameBoundKind.CurrentRow, null) { Position = start };
        return new WindowFrame(FrameUnit.Session, gap, end, FrameExclusion.NoOthers) { Position = position };
    }
}
