// The door to the parser: a text in, statements or one expression out.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

/// <summary>Parses PostgreSQL's SQL with Millrace's streaming extensions. Pure: it knows neither catalog nor types.</summary>
public static class SqlParser
{
    /// <summary>All statements of a script, separated by semicolons; empty statements are left out.</summary>
    /// <param name="text">The script. Positions in the tree and in errors are 0-based character offsets in it.</param>
    /// <exception cref="SqlException">42601 for a syntax error, 54001 for nesting too deep, 42622 for a name too long, 0A000 for SQL
    /// that is
    /// understood but not offered. Nothing else is thrown, whatever the text.</exception>
    public static IReadOnlyList<Statement> Parse(string text) => new Parser(text).ParseScript();

    /// <summary>Every word that the grammar knows, with the letter of PostgreSQL's class (R, T, C, U) and whether it is a label only behind AS.</summary>
    public static IEnumerable<(string Word, char Category, bool NeedsAs)> Words => Keywords.All;

    /// <summary>True for a word in lower case that is a name wherever it stands: PostgreSQL quotes the others when it writes a name.</summary>
    public static bool IsFree(string word) => Keywords.Find(word) is null or { Class: WordClass.Free };

    /// <summary>One expression and nothing else.</summary>
    /// <param name="text">The expression's text.</param>
    /// <exception cref="SqlException">As for <see cref="Parse"/>.</exception>
    public static Expr ParseExpression(string text) => new Parser(text).ParseExpression();

    /// <summary>One type and nothing else, such as <c>numeric(10,2)[]</c>.</summary>
    /// <param name="text">The type's text.</param>
    /// <exception cref="SqlException">As for <see cref="Parse"/>.</exception>
    public static TypeName ParseType(string text) => new Parser(text).ParseType();
}
