// The lexer's currency: kinds of token and the token itself.
namespace Millrace.Sql.Syntax;

/// <summary>What a token is.</summary>
internal enum TokenKind : byte
{
    EndOfText,
    Word,
    QuotedName,
    String,
    BitString,
    Number,
    Parameter,
    Operator,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    Comma,
    Semicolon,
    Dot,
    Colon,
    ColonColon,
    ColonEquals,
    Arrow,
}

/// <summary>How far a word may be used as a name: PostgreSQL's four classes of keyword, and no keyword at all.</summary>
internal enum WordClass : byte
{
    /// <summary>Not a keyword, or one that is a name everywhere.</summary>
    Free,

    /// <summary>A column or table, but not a function or type (unless built in).</summary>
    ColumnName,

    /// <summary>A function or type, but not a column or table.</summary>
    TypeOrFunction,

    /// <summary>Only a label behind AS.</summary>
    Reserved,
}

/// <summary>A token. Text is the folded word, the unquoted name, the string's value, the number's or operator's characters.</summary>
internal readonly record struct Token(TokenKind Kind, WordClass Class, bool NeedsAs, int Start, int End, string Text)
{
    /// <summary>True for the unquoted word given (in lower case).</summary>
    public bool Is(string word) => Kind == TokenKind.Word && Text == word;

    public bool IsOperator(string op) => Kind == TokenKind.Operator && Text == op;

    /// <summary>PostgreSQL's ColId: may name a column, table or alias.</summary>
    public bool IsColumnName => Kind == TokenKind.QuotedName || (Kind == TokenKind.Word && Class <= WordClass.ColumnName);

    /// <summary>PostgreSQL's type_function_name.</summary>
    public bool IsFunctionName =>
        Kind == TokenKind.QuotedName || (Kind == TokenKind.Word && Class is WordClass.Free or WordClass.TypeOrFunction);

    /// <summary>PostgreSQL's ColLabel: any word.</summary>
    public bool IsLabel => Kind is TokenKind.QuotedName or TokenKind.Word;

    /// <summary>PostgreSQL's BareColLabel: a label that may stand without AS.</summary>
    public bool IsBareLabel => Kind == TokenKind.QuotedName || (Kind == TokenKind.Word && !NeedsAs);
}
