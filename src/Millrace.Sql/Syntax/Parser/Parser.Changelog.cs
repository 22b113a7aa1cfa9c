// CHANGELOG: the changes of a relation as rows, in FROM, as a query of its own, and in RisingWave's WITH.
namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private bool AtChangelogTable() => At("changelog") && Ahead(1).Kind == TokenKind.LeftParen;

    /// <summary><c>CHANGELOG(orders)</c> or <c>CHANGELOG((SELECT …))</c>, without its alias.</summary>
    private ChangelogTable ParseChangelogTable()
    {
        int saved = Enter();
        int position = Take().Start;
        ExpectLeft();
        TableRef input = ParseWindowInput();
        ExpectRight();
        Leave(saved);
        return new ChangelogTable(input, false) { Position = position };
    }

    /// <summary><c>CHANGELOG FROM orders</c>: as <c>TABLE orders</c> is short for SELECT * FROM orders.</summary>
    private SelectBody ParseChangelogCommand(bool numbered)
    {
        int position = Here;
        _at += 2;
        TableRef input;
        if (At(TokenKind.LeftParen))
        {
            int start = Here;
            input = new SubqueryTable(ParseSubquery(), false) { Position = start };
        }
        else
        {
            ObjectName name = ParseObjectName("a table's or view's name");
            input = new NamedTable(name) { Position = name.Position };
        }
        var star = new SelectItem(new StarExpr(null, []) { Position = position }, null) { Position = position };
        return new SelectBody([star], [new ChangelogTable(input, numbered) { Position = position }]) { Position = position };
    }
}
