// The parser's cursor: tokens, words, names, lists, and the two limits that keep every tree walkable by recursion.
using System.Runtime.CompilerServices;
using Millrace.Core;

namespace Millrace.Sql.Syntax;

/// <summary>A recursive-descent parser for PostgreSQL's SQL with streaming extensions; one file per subject.</summary>
internal sealed partial class Parser
{
    /// <summary>How deep parentheses, subqueries and prefix operators may nest: what the parser's own recursion needs fits any
    /// thread's stack.</summary>
    public const int NestingMax = 500;

    /// <summary>How high the tree may be: left-associative chains do not recurse here, but those who walk the tree do.</summary>
    public const int HeightMax = 1000;

    private readonly string _text;
    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;
    private bool _inWindowTable;

    // The height of the tallest tree completed in the current frame (see Enter): an upper bound, reset per frame.
    private int _height;

    public Parser(string text)
    {
        _text = text;
        _tokens = Lexer.Tokenize(text);
    }

    private Token Current => _tokens[_at];

    /// <summary>The token before the current one, or an end-of-text token at the start.</summary>
    private Token Previous => _at > 0 ? _tokens[_at - 1] : default;

    private int Here => _tokens[_at].Start;

    private Token Ahead(int count) => _tokens[Math.Min(_at + count, _tokens.Count - 1)];

    private Token Take()
    {
        Token token = _tokens[_at];
        if (token.Kind != TokenKind.EndOfText)
        {
            _at++;
        }
        return token;
    }

    // ---- limits ----

    /// <summary>Goes one level down; the result is for <see cref="Leave"/>.</summary>
    private int Enter()
    {
        if (++_depth > NestingMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TooComplex($"it nests more than {NestingMax} levels");
        }
        int saved = _height;
        _height = 0;
        return saved;
    }

    private void Leave(int saved)
    {
        _depth--;
        _height = Math.Max(saved, _height + 1);
        CheckHeight();
    }

    /// <summary>Counts one more link of a left-associative chain, which makes the tree one higher.</summary>
    private void Grow()
    {
        _height++;
        CheckHeight();
    }

    private void CheckHeight()
    {
        if (_height > HeightMax)
        {
            throw TooComplex($"its tree is more than {HeightMax} levels high");
        }
    }

    private SqlException TooComplex(string why) => new(
        "54001", $"statement too complex: {why}", Here, "Split the statement, or use IN lists, arrays or VALUES in place of long chains.");

    // ---- words ----

    private bool At(string word) => Current.Is(word);

    private bool At(string first, string second) => Current.Is(first) && Ahead(1).Is(second);

    private bool At(TokenKind kind) => Current.Kind == kind;

    private bool AtOperator(string op) => Current.IsOperator(op);

    private bool Accept(string word)
    {
        if (!At(word))
        {
            return false;
        }
        _at++;
        return true;
    }

    private bool Accept(string first, string second)
    {
        if (!At(first, second))
        {
            return false;
        }
        _at += 2;
        return true;
    }

    private bool Accept(string first, string second, string third)
    {
        if (!At(first, second) || !Ahead(2).Is(third))
        {
            return false;
        }
        _at += 3;
        return true;
    }

    private bool Accept(TokenKind kind)
    {
        if (!At(kind))
        {
            return false;
        }
        _at++;
        return true;
    }

    private bool AcceptOperator(string op)
    {
        if (!AtOperator(op))
        {
            return false;
        }
        _at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Accept(word))
        {
            throw Unexpected(word.ToUpperInvariant());
        }
    }

    private void Expect(string first, string second)
    {
        Expect(first);
        Expect(second);
    }

    private void Expect(TokenKind kind, string shown)
    {
        if (!Accept(kind))
        {
            throw Unexpected(shown);
        }
    }

    private void ExpectLeft() => Expect(TokenKind.LeftParen, "\"(\"");

    private void ExpectRight() => Expect(TokenKind.RightParen, "\")\"");

    /// <summary>The closing parenthesis of a list, where a comma might have gone on.</summary>
    private void ExpectListEnd() => Expect(TokenKind.RightParen, "\",\" or \")\"");

    private void ExpectEquals()
    {
        if (!AcceptOperator("="))
        {
            throw Unexpected("\"=\"");
        }
    }

    // ---- names ----

    private Name TakeName()
    {
        Token token = Take();
        return new Name(token.Text) { Position = token.Start };
    }

    /// <summary>A name of a column, table, view, …</summary>
    private Name ParseName(string what = "a name") => Current.IsColumnName ? TakeName() : throw Unexpected(what, isName: true);

    /// <summary>A name where every word will do.</summary>
    private Name ParseLabel(string what = "a name") => Current.IsLabel ? TakeName() : throw Unexpected(what, isName: true);

    private ObjectName ParseObjectName(string what = "a name")
    {
        Name first = ParseName(what);
        if (!At(TokenKind.Dot))
        {
            return new ObjectName([first]) { Position = first.Position };
        }
        var parts = new List<Name> { first };
        while (Accept(TokenKind.Dot))
        {
            parts.Add(ParseLabel(what));
        }
        if (parts.Count > 3)
        {
            throw new SqlException("42601", "a name has at most three parts", first.Position,
                "Write name, schema.name or database.schema.name.");
        }
        return new ObjectName(ToList(parts)) { Position = first.Position };
    }

    /// <summary><c>(a, b, c)</c>.</summary>
    private NodeList<Name> ParseNameList(string what = "a column name")
    {
        ExpectLeft();
        var names = new List<Name>();
        do
        {
            names.Add(ParseName(what));
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
        return ToList(names);
    }

    private NodeList<Name> ParseOptionalNameList() => At(TokenKind.LeftParen) ? ParseNameList() : [];

    private NodeList<ObjectName> ParseObjectNames(string what)
    {
        var names = new List<ObjectName>();
        do
        {
            names.Add(ParseObjectName(what));
        }
        while (Accept(TokenKind.Comma));
        return ToList(names);
    }

    private string ParseString(string what = "a string in single quotes") => At(TokenKind.String) ? Take().Text : throw Unexpected(what);

    /// <summary>An integer without sign.</summary>
    private int ParseInteger(string what)
    {
        if (!At(TokenKind.Number) || !int.TryParse(Current.Text, System.Globalization.CultureInfo.InvariantCulture, out int value))
        {
            throw Unexpected(what);
        }
        _at++;
        return value;
    }

    private bool AcceptIfNotExists() => Accept("if", "not", "exists");

    private static NodeList<T> ToList<T>(List<T> items) =>
        NodeList.Create<T>(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items));
}
