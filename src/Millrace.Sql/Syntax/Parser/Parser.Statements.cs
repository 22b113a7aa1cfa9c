// Scripts and the first word of each statement.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private const string StatementStart = "a statement such as SELECT, INSERT or CREATE";

    public List<Statement> ParseScript()
    {
        var statements = new List<Statement>();
        while (true)
        {
            while (Accept(TokenKind.Semicolon))
            {
                // Empty statements are none.
            }
            if (At(TokenKind.EndOfText))
            {
                return statements;
            }
            statements.Add(ParseStatement());
            _height = 0;
            if (!At(TokenKind.Semicolon) && !At(TokenKind.EndOfText))
            {
                throw UnexpectedAfter(statements[^1]);
            }
        }
    }

    public TypeName ParseType()
    {
        TypeName type = ParseTypeName();
        return At(TokenKind.EndOfText) ? type : throw Unexpected("the end of the type");
    }

    private SqlException UnexpectedAfter(Statement statement)
    {
        bool open = statement is QueryStatement or CreateViewStatement or CreateEndpointStatement or ExplainStatement
            or UpdateStatement or DeleteStatement or InsertStatement;
        return open && EndsValue(Previous) && StartsValue(Current)
            ? Unexpected("\",\", an operator, a clause or \";\"")
            : Unexpected("\";\" or the end of the statement");
    }

    private Statement ParseStatement()
    {
        int saved = Enter();
        int start = Here;
        Statement statement = ParseStatementBody();
        Leave(saved);
        return statement with { Position = start, End = Previous.End };
    }

    private Statement ParseStatementBody()
    {
        Token token = Current;
        if (token.Kind == TokenKind.LeftParen && StartsQueryInParens())
        {
            return new QueryStatement(ParseQuery());
        }
        if (token.Kind != TokenKind.Word)
        {
            throw Unexpected(StatementStart);
        }
        switch (token.Text)
        {
            case "select" or "values" or "table": return new QueryStatement(ParseQuery());
            case "changelog" when Ahead(1).Is("from"): return new QueryStatement(ParseQuery());
            case "with": return ParseWithStatement();
            case "insert": return ParseInsert(null);
            case "update": return ParseUpdate(null);
            case "delete": return ParseDelete(null);
            case "truncate": return ParseTruncate();
            case "copy": return ParseCopy();
            case "subscribe": return ParseSubscribe();
            case "create": return ParseCreate();
            case "drop": return ParseDrop();
            case "alter": return ParseAlter();
            case "comment": return ParseComment();
            case "begin" or "start" or "commit" or "end" or "rollback" or "abort" or "savepoint" or "release": return ParseTransaction();
            case "set": return ParseSet();
            case "reset": return ParseReset();
            case "show": return ParseShow();
            case "describe" or "desc": return ParseDescribe();
            case "explain": return ParseExplain();
            case "flush": return Word(new FlushStatement());
            case "wait": return Word(new FlushStatement());
            case "recover": return Word(new MaintenanceStatement("RECOVER", []));
            case "checkpoint": return Word(new CheckpointStatement());
            case "backup": return ParseBackup();
            case "vacuum" or "analyze" or "analyse": return ParseMaintenance();
            case "refresh": return ParseRefresh();
            case "declare": return ParseDeclare();
            case "fetch" or "move": return ParseFetch();
            case "close": return ParseClose();
            case "prepare": return ParsePrepare();
            case "execute": return ParseExecute();
            case "deallocate": return ParseDeallocate();
            case "discard": return ParseDiscard();
            case "listen" or "unlisten" or "notify": return ParseNotification();
            case "grant" or "revoke": return ParseGrant(token.Text == "revoke");
            case "reassign" or "call" or "do" or "merge" or "lock" or "cluster" or "reindex" or "import"
                or "load" or "security" or "kill" or "cancel" or "use":
                throw NotSupported($"the statement {token.Text.ToUpperInvariant()}", token.Start, HintForRefused(token.Text));
            default: throw Unexpected(StatementStart);
        }
    }

    private static string? HintForRefused(string verb) => verb switch
    {
        "merge" => "Use INSERT … ON CONFLICT DO UPDATE.",
        "use" => "There is one database; put schemas before names or SET search_path.",
        "reindex" or "cluster" => "Indexes need no care here.",
        _ => null,
    };

    private T Word<T>(T statement)
        where T : Statement
    {
        Take();
        return statement;
    }

    private Statement ParseWithStatement()
    {
        // The WITH clause of INSERT, UPDATE and DELETE is theirs; that of a query is the query's. One parse decides, then the query
        // starts over
        // with its clause read, so that the clause's depth is counted where it stands.
        int position = Here;
        WithClause with = ParseWith();
        return Current.Kind == TokenKind.Word && Current.Text is "insert" or "update" or "delete"
            ? Current.Text switch
            {
                "insert" => ParseInsert(with),
                "update" => ParseUpdate(with),
                _ => ParseDelete(with),
            }
            : At("merge")
                ? throw NotSupported("the statement MERGE", Here, HintForRefused("merge"))
                : new QueryStatement(ParseQueryTail(with, ParseSetOperations(ParseQueryTerm(), 1), position));
    }

    /// <summary>SUBSCRIBE [TO] name | (query) | query [WITH (…)].</summary>
    private SubscribeStatement ParseSubscribe(bool word = true)
    {
        if (word)
        {
            Take();
            Accept("to");
        }
        Query? query = null;
        ObjectName? name = null;
        if (StartsQuery() || (At(TokenKind.LeftParen) && StartsQueryInParens()))
        {
            query = ParseQuery();
        }
        else
        {
            name = ParseObjectName("a stream, table or view, or a query");
        }
        return new SubscribeStatement(name, query, ParseOptionalWith());
    }
}
