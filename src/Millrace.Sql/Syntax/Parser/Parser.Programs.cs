// CREATE FUNCTION of SQL, CREATE SUBSCRIPTION, and functions of one parameter as arguments: |x| x + 1.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private CreateSubscriptionStatement ParseCreateSubscription()
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName("a name for the subscription");
        Expect("from");
        ObjectName from = ParseObjectName("a table or materialized view");
        return new CreateSubscriptionStatement(name, from, ifNotExists, ParseOptionalWith());
    }

    private CreateFunctionStatement ParseCreateFunction(bool replace)
    {
        Take();
        bool ifNotExists = AcceptIfNotExists();
        ObjectName name = ParseObjectName("a name for the function");
        NodeList<FunctionParameterDef> parameters = ParseFunctionParameters();
        Expect("returns");
        if (At("table") || At("setof") || At("trigger"))
        {
            throw NotSupported($"a function that returns {Current.Text.ToUpperInvariant()}", Here, "Make a view of the rows.");
        }
        TypeName returns = ParseTypeName();
        var function = new CreateFunctionStatement(name, parameters, returns, "") { OrReplace = replace, IfNotExists = ifNotExists };
        string? language = null;
        int at = Here;
        while (!At(TokenKind.Semicolon) && !At(TokenKind.EndOfText))
        {
            at = Here;
            if (Accept("language"))
            {
                language = At(TokenKind.String) ? Take().Text : ParseLabel("a language").Text;
                if (!language.Equals("sql", StringComparison.OrdinalIgnoreCase))
                {
                    throw NotSupported($"a function in {language}", at, "Write it in SQL: LANGUAGE sql AS $$ SELECT … $$.");
                }
            }
            else if (Accept("as"))
            {
                function = function with { Body = ParseString("the function's body as a string, such as $$ SELECT $1 + 1 $$") };
            }
            else if (Accept("return"))
            {
                function = function with { Body = "SELECT " + SqlFormatter.Format(ParseExpr()) };
            }
            else if (Accept("strict") || Accept("returns", "null", "on") || Accept("called", "on"))
            {
                bool strict = Previous.Is("strict") || _tokens[_at - 2].Is("null");
                if (!Previous.Is("strict"))
                {
                    Expect("null");
                    Expect("input");
                }
                function = function with { Strict = strict };
            }
            else if (Accept("parallel"))
            {
                ParseLabel("SAFE, RESTRICTED or UNSAFE");
            }
            else if (Accept("cost") || Accept("rows"))
            {
                ParseInteger("a number");
            }
            else if (!Accept("immutable") && !Accept("stable") && !Accept("volatile") && !Accept("leakproof") && !Accept("not", "leakproof"))
            {
                // What is said of volatility is not needed: the body says it itself.
                throw Unexpected("LANGUAGE sql, AS, RETURN, STRICT or IMMUTABLE");
            }
        }
        return function.Body.Length > 0 ? function : throw new SqlException("42P13", "no function body specified", at, "Write AS $$ SELECT … $$, or RETURN and an expression.");
    }

    private NodeList<FunctionParameterDef> ParseFunctionParameters()
    {
        ExpectLeft();
        var parameters = new List<FunctionParameterDef>();
        if (Accept(TokenKind.RightParen))
        {
            return [];
        }
        do
        {
            int position = Here;
            if (At("out") || At("inout") || At("variadic"))
            {
                throw NotSupported($"{Current.Text.ToUpperInvariant()} parameters", position);
            }
            if (At("in") && Ahead(1).Kind == TokenKind.Word)
            {
                Take();
            }
            Name? name = StartsNamedParameter() ? TakeName() : null;
            TypeName type = ParseTypeName();
            if (At("default") || AtOperator("="))
            {
                throw NotSupported("a function's parameter with a default", Here);
            }
            parameters.Add(new FunctionParameterDef(name, type) { Position = position });
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
        return ToList(parameters);
    }

    // A name and a type, and not a type of two words.
    private bool StartsNamedParameter() => Current.IsColumnName && Ahead(1).Kind is TokenKind.Word or TokenKind.QuotedName && Current.Text switch
    {
        "double" => !Ahead(1).Is("precision"),
        "timestamp" or "time" => !Ahead(1).Is("with") && !Ahead(1).Is("without"),
        "character" or "char" or "bit" => !Ahead(1).Is("varying"),
        "interval" or "national" => false,
        _ => true,
    };

    /// <summary>DROP FUNCTION's names; the types behind them choose nothing, as each name is there once.</summary>
    private NodeList<ObjectName> ParseFunctionNames()
    {
        var names = new List<ObjectName>();
        do
        {
            names.Add(ParseObjectName("a function's name"));
            if (At(TokenKind.LeftParen))
            {
                ParseFunctionParameters();
            }
        }
        while (Accept(TokenKind.Comma));
        return ToList(names);
    }

    private bool AtLambda() => AtOperator("|") && Ahead(1).IsColumnName && Ahead(2).IsOperator("|");

    private LambdaExpr ParseLambda()
    {
        int saved = Enter();
        int position = Take().Start;
        Name parameter = TakeName();
        Take();
        var lambda = new LambdaExpr(parameter, ParseExpr()) { Position = position };
        Leave(saved);
        return lambda;
    }
}
