// INSERT, UPDATE, DELETE and TRUNCATE.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private InsertStatement ParseInsert(WithClause? with)
    {
        Take();
        Expect("into");
        ObjectName table = ParseObjectName("a table's or stream's name");
        Name? alias = Accept("as") ? ParseName("an alias") : null;
        NodeList<Name> columns = At(TokenKind.LeftParen) && !StartsQueryInParens() ? ParseInsertColumns() : [];
        string? overriding = null;
        if (Accept("overriding"))
        {
            overriding = Accept("system") || Accept("user") ? Previous.Text : throw Unexpected("SYSTEM or USER");
            Expect("value");
        }
        Query? source = null;
        if (!Accept("default", "values"))
        {
            if (!StartsQuery() && !(At(TokenKind.LeftParen) && StartsQueryInParens()))
            {
                throw Accept("values")
                    ? Unexpected("\"(\" and a row of values")
                    : Unexpected((columns.Count == 0 ? "columns in parentheses, " : "") + "VALUES, a query or DEFAULT VALUES");
            }
            source = ParseQuery();
        }
        OnConflictClause? conflict = At("on", "conflict") ? ParseOnConflict() : null;
        return new InsertStatement(table, columns, source)
        {
            Overriding = overriding,
            With = with,
            Alias = alias,
            OnConflict = conflict,
            Returning = ParseReturning(),
        };
    }

    private NodeList<Name> ParseInsertColumns()
    {
        Take();
        var names = new List<Name>();
        do
        {
            names.Add(ParseName("a column's name"));
            if (At(TokenKind.Dot) || At(TokenKind.LeftBracket))
            {
                throw NotSupported("INSERT into a part of a column", Here);
            }
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
        return ToList(names);
    }

    private OnConflictClause ParseOnConflict()
    {
        int position = Here;
        _at += 2;
        NodeList<Name> columns = [];
        Name? constraint = null;
        if (At(TokenKind.LeftParen))
        {
            columns = ParseNameList();
            if (At("where"))
            {
                throw NotSupported("ON CONFLICT with a condition on the key", Here);
            }
        }
        else if (Accept("on", "constraint"))
        {
            constraint = ParseName("a constraint's name");
        }
        Expect("do");
        if (Accept("nothing"))
        {
            return new OnConflictClause(columns, constraint, [], null) { Position = position };
        }
        if (!Accept("update"))
        {
            throw Unexpected("NOTHING or UPDATE SET");
        }
        Expect("set");
        NodeList<Assignment> assignments = ParseAssignments();
        Expr? where = Accept("where") ? ParseExpr() : null;
        return new OnConflictClause(columns, constraint, assignments, where) { Position = position };
    }

    private NodeList<Assignment> ParseAssignments()
    {
        var assignments = new List<Assignment>();
        do
        {
            assignments.Add(ParseAssignment());
        }
        while (Accept(TokenKind.Comma));
        return ToList(assignments);
    }

    private Assignment ParseAssignment()
    {
        int position = Here;
        if (At(TokenKind.LeftParen))
        {
            NodeList<Name> columns = ParseNameList();
            ExpectEquals();
            return new Assignment(columns, ParseRowValue(columns)) { Position = position };
        }
        Name column = ParseName("a column's name");
        if (At(TokenKind.Dot) || At(TokenKind.LeftBracket))
        {
            throw NotSupported("setting a part of a column", Here, "Name the column alone, without its table, and set it as a whole.");
        }
        ExpectEquals();
        return new Assignment([column], ParseExprOrDefault()) { Position = position };
    }

    /// <summary>The right side of (a, b) = …: a row, whose fields may be DEFAULT, or a subquery.</summary>
    private Expr ParseRowValue(NodeList<Name> columns)
    {
        int position = Here;
        Expr value;
        if (At(TokenKind.LeftParen) && StartsQueryInParens())
        {
            value = ParseExpr();
        }
        else
        {
            bool row = Accept("row");
            if (!At(TokenKind.LeftParen))
            {
                throw Unexpected("a row in parentheses");
            }
            Take();
            var items = new List<Expr>();
            do
            {
                items.Add(ParseExprOrDefault());
            }
            while (Accept(TokenKind.Comma));
            ExpectListEnd();
            value = items.Count == 1 && !row && columns.Count == 1 ? items[0] : new RowExpr(ToList(items)) { Position = position };
        }
        if (value is RowExpr { Items.Count: var count } && count != columns.Count && columns.Count > 1)
        {
            throw new SqlException("42601", $"{columns.Count} columns are set from {count} values", position);
        }
        return value;
    }

    private NodeList<SelectItem> ParseReturning() => Accept("returning") ? ParseSelectList() : [];

    /// <summary><c>[ONLY] table [*] [[AS] alias]</c>; SET and USING are no aliases here.</summary>
    private ObjectName ParseTarget(out Name? alias)
    {
        bool only = At("only");
        if (only)
        {
            Take();
        }
        ObjectName table = ParseObjectName("a table's name");
        AcceptOperator("*");
        alias = null;
        if (Accept("as"))
        {
            alias = ParseName("an alias");
        }
        else if (Current.IsColumnName && !At("set"))
        {
            alias = TakeName();
        }
        return table;
    }

    private UpdateStatement ParseUpdate(WithClause? with)
    {
        Take();
        ObjectName table = ParseTarget(out Name? alias);
        Expect("set");
        NodeList<Assignment> assignments = ParseAssignments();
        NodeList<TableRef> from = Accept("from") ? ParseFromList() : [];
        Expr? where = ParseChangeWhere();
        return new UpdateStatement(table, assignments, where)
        {
            With = with,
            Alias = alias,
            From = from,
            Returning = ParseReturning(),
        };
    }

    private DeleteStatement ParseDelete(WithClause? with)
    {
        Take();
        Expect("from");
        ObjectName table = ParseTarget(out Name? alias);
        NodeList<TableRef> source = Accept("using") ? ParseFromList() : [];
        Expr? where = ParseChangeWhere();
        return new DeleteStatement(table, where)
        {
            With = with,
            Alias = alias,
            Using = source,
            Returning = ParseReturning(),
        };
    }

    private Expr? ParseChangeWhere()
    {
        if (!Accept("where"))
        {
            return null;
        }
        return At("current", "of") ? throw NotSupported("WHERE CURRENT OF", Here, "Name the row by its key.") : ParseExpr();
    }

    private TruncateStatement ParseTruncate()
    {
        Take();
        Accept("table");
        Accept("only");
        NodeList<ObjectName> tables = ParseObjectNames("a table's name");
        bool restart = Accept("restart", "identity");
        if (!restart)
        {
            Accept("continue", "identity");
        }
        return new TruncateStatement(tables, restart, ParseCascade());
    }

    private bool ParseCascade()
    {
        bool cascade = Accept("cascade");
        if (!cascade)
        {
            Accept("restrict");
        }
        return cascade;
    }
}
