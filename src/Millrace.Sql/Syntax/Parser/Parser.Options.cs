// Option lists: WITH (k = v, …), and COPY with its two syntaxes.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    /// <summary>WITH (…), when it is there.</summary>
    private NodeList<Option> ParseOptionalWith()
    {
        if (!At("with") || Ahead(1).Kind != TokenKind.LeftParen)
        {
            return [];
        }
        Take();
        return ParseOptions();
    }

    /// <summary><c>(key = value, dotted.key = value, 'key' = value, flag, key value)</c>.</summary>
    private NodeList<Option> ParseOptions()
    {
        ExpectLeft();
        var options = new List<Option>();
        if (Accept(TokenKind.RightParen))
        {
            return [];
        }
        do
        {
            if (At(TokenKind.RightParen))
            {
                throw Unexpected("an option's name");
            }
            options.Add(ParseOption());
        }
        while (Accept(TokenKind.Comma));
        Expect(TokenKind.RightParen, "\",\" or \")\"");
        return ToList(options);
    }

    private Option ParseOption()
    {
        int position = Here;
        string key = ParseOptionKey();
        bool equals = AcceptOperator("=");
        Expr? value = equals || !(At(TokenKind.Comma) || At(TokenKind.RightParen)) ? ParseOptionValue() : null;
        return new Option(key, value) { Position = position };
    }

    private string ParseOptionKey()
    {
        if (At(TokenKind.String) && Current.Text.Length > 0)
        {
            return Take().Text.ToLowerInvariant();
        }
        if (!Current.IsLabel)
        {
            throw Unexpected("an option's name");
        }
        string key = Take().Text;
        while (Accept(TokenKind.Dot))
        {
            key += "." + (Current.IsLabel ? Take().Text : throw Unexpected("an option's name"));
        }
        return key;
    }

    private Expr ParseOptionValue()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.String:
                Take();
                return new StringLiteral(token.Text) { Position = token.Start };
            case TokenKind.Number:
                Take();
                return new NumberLiteral(token.Text) { Position = token.Start };
            case TokenKind.Operator when token.Text is "-" or "+" && Ahead(1).Kind == TokenKind.Number:
                Take();
                string digits = Take().Text;
                return new StringLiteral(token.Text == "-" ? "-" + digits : digits) { Position = token.Start };
            case TokenKind.Operator when token.Text == "*":
                Take();
                return new StringLiteral("*") { Position = token.Start };
            case TokenKind.LeftParen:
                return ParseOptionNames();
            case TokenKind.Word when token.Text is "true" or "false":
                Take();
                return new BooleanLiteral(token.Text == "true") { Position = token.Start };
            case TokenKind.Word when token.Text == "interval" && Ahead(1).Kind == TokenKind.String:
                return ParseIntervalLiteral();
            case TokenKind.Word or TokenKind.QuotedName:
                Take();
                return new StringLiteral(token.Text) { Position = token.Start };
            default:
                throw Unexpected("a string, a number, TRUE, FALSE or a word");
        }
    }

    /// <summary><c>FORCE_QUOTE (a, b)</c>: the names, as a row of strings.</summary>
    private RowExpr ParseOptionNames()
    {
        int position = Here;
        NodeList<Name> names = ParseNameList();
        var items = new List<Expr>();
        foreach (Name name in names)
        {
            items.Add(new StringLiteral(name.Text) { Position = name.Position });
        }
        return new RowExpr(ToList(items)) { Position = position };
    }

    // ---- COPY ----

    private CopyStatement ParseCopy()
    {
        Take();
        var options = new List<Option>();
        ObjectName? table = null;
        Query? query = null;
        NodeList<Name> columns = [];
        if (At(TokenKind.LeftParen))
        {
            if (!StartsQueryInParens())
            {
                throw NotSupported("COPY of anything but a table or a query", Here);
            }
            query = ParseSubquery();
        }
        else
        {
            if (At("binary") && Ahead(1).IsColumnName)
            {
                options.Add(Flag("format", "binary", Take().Start));
            }
            table = ParseObjectName("a table's name or a query in parentheses");
            columns = ParseOptionalNameList();
        }
        bool isFrom = Accept("from");
        if (!isFrom && !Accept("to"))
        {
            throw Unexpected("FROM or TO");
        }
        if (isFrom && query is not null)
        {
            throw new SqlException("42601", "a query cannot be copied into", Previous.Start, "Write COPY table FROM ….");
        }
        string? file = ParseCopyFile(isFrom);
        ParseCopyOptions(options);
        Expr? where = isFrom && Accept("where") ? ParseExpr() : null;
        return new CopyStatement(table, columns, query, isFrom, file, ToList(options)) { Where = where };
    }

    private static Option Flag(string key, string value, int position) =>
        new(key, new StringLiteral(value) { Position = position }) { Position = position };

    private string? ParseCopyFile(bool isFrom)
    {
        if (At("program"))
        {
            throw NotSupported("COPY with a PROGRAM", Here, "Pipe it through psql: \\copy t from program '…'.");
        }
        if (At(TokenKind.String) && Current.Text.Length > 0)
        {
            return Take().Text;
        }
        return Accept("stdin") || Accept("stdout") ? null : throw Unexpected(isFrom ? "STDIN or a file's name" : "STDOUT or a file's name");
    }

    private void ParseCopyOptions(List<Option> options)
    {
        bool with = Accept("with");
        if (At(TokenKind.LeftParen))
        {
            options.AddRange(ParseOptions());
            return;
        }
        int first = _at;
        while (Current.Kind == TokenKind.Word && ParseOldCopyOption() is { } option)
        {
            options.Add(option);
        }
        if (with && _at == first)
        {
            throw Unexpected("\"(\" or an option");
        }
    }

    /// <summary>An option of the syntax before PostgreSQL 9: <c>CSV HEADER DELIMITER AS ','</c>; null at the end of them.</summary>
    private Option? ParseOldCopyOption()
    {
        Token token = Current;
        switch (token.Text)
        {
            case "csv" or "binary" or "text":
                Take();
                return Flag("format", token.Text, token.Start);
            case "header" or "freeze":
                Take();
                return new Option(token.Text, null) { Position = token.Start };
            case "delimiter" or "delimiters" or "null" or "quote" or "escape" or "encoding":
                Take();
                Accept("as");
                return Flag(token.Text == "delimiters" ? "delimiter" : token.Text, ParseString(), token.Start);
            case "force":
                Take();
                string key = Accept("quote") ? "force_quote"
                    : Accept("not", "null") ? "force_not_null"
                    : Accept("null") ? "force_null" : throw Unexpected("QUOTE, NOT NULL or NULL");
                if (AcceptOperator("*"))
                {
                    return Flag(key, "*", token.Start);
                }
                var names = new List<Expr>();
                do
                {
                    Name name = ParseName("a column's name");
                    names.Add(new StringLiteral(name.Text) { Position = name.Position });
                }
                while (Accept(TokenKind.Comma));
                return new Option(key, new RowExpr(ToList(names)) { Position = token.Start }) { Position = token.Start };
            default:
                return null;
        }
    }
}
