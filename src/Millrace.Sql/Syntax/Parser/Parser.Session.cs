// Statements about the session: transactions, settings, SHOW, DESCRIBE, EXPLAIN, cursors, prepared statements, LISTEN.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    // ---- transactions ----

    private TransactionStatement ParseTransaction()
    {
        Token verb = Take();
        switch (verb.Text)
        {
            case "begin":
                SkipTransactionWord();
                return ParseTransactionModes(TransactionVerb.Begin);
            case "start":
                Expect("transaction");
                return ParseTransactionModes(TransactionVerb.Begin);
            case "savepoint":
                return Transaction(TransactionVerb.Savepoint, ParseName("a savepoint's name"));
            case "release":
                Accept("savepoint");
                return Transaction(TransactionVerb.Release, ParseName("a savepoint's name"));
            case "commit" or "rollback" when At("prepared"):
                throw NotSupported($"{verb.Text.ToUpperInvariant()} PREPARED", verb.Start);
        }
        SkipTransactionWord();
        bool commit = verb.Text is "commit" or "end";
        if (!commit && Accept("to"))
        {
            Accept("savepoint");
            return Transaction(TransactionVerb.RollbackTo, ParseName("a savepoint's name"));
        }
        bool chain = Accept("and", "chain");
        if (!chain)
        {
            Accept("and", "no", "chain");
        }
        return Transaction(commit ? TransactionVerb.Commit : TransactionVerb.Rollback, null) with { Chain = chain };
    }

    private static TransactionStatement Transaction(TransactionVerb verb, Name? savepoint) => new(verb, savepoint, null, null, null, false);

    private void SkipTransactionWord()
    {
        if (!Accept("transaction"))
        {
            Accept("work");
        }
    }

    private TransactionStatement ParseTransactionModes(TransactionVerb verb)
    {
        TransactionStatement statement = Transaction(verb, null);
        bool comma = false;
        while (Current.Kind == TokenKind.Word)
        {
            if (Accept("isolation", "level"))
            {
                statement = statement with { Isolation = ParseIsolationLevel() };
            }
            else if (Accept("read", "only"))
            {
                statement = statement with { ReadOnly = true };
            }
            else if (Accept("read", "write"))
            {
                statement = statement with { ReadOnly = false };
            }
            else if (Accept("deferrable"))
            {
                statement = statement with { Deferrable = true };
            }
            else if (Accept("not", "deferrable"))
            {
                statement = statement with { Deferrable = false };
            }
            else
            {
                break;
            }
            comma = Accept(TokenKind.Comma);
        }
        if (comma || (statement == Transaction(verb, null) && verb != TransactionVerb.Begin))
        {
            throw Unexpected("ISOLATION LEVEL, READ ONLY or READ WRITE");
        }
        return statement;
    }

    private string ParseIsolationLevel()
    {
        if (Accept("read", "committed"))
        {
            return "read committed";
        }
        if (Accept("read", "uncommitted"))
        {
            return "read uncommitted";
        }
        if (Accept("repeatable", "read"))
        {
            return "repeatable read";
        }
        return Accept("serializable")
            ? "serializable"
            : throw Unexpected("READ COMMITTED, REPEATABLE READ or SERIALIZABLE");
    }

    // ---- settings ----

    private Statement ParseSet()
    {
        Take();
        if (Accept("session", "characteristics", "as"))
        {
            Expect("transaction");
            return ParseTransactionModes(TransactionVerb.SetSessionCharacteristics);
        }
        if (Accept("transaction"))
        {
            return At("snapshot") ? throw NotSupported("SET TRANSACTION SNAPSHOT", Here)
                : ParseTransactionModes(TransactionVerb.SetTransaction);
        }
        if (At("constraints"))
        {
            throw NotSupported("SET CONSTRAINTS", Here);
        }
        bool local = Accept("local");
        if (!local && At("session") && !Ahead(1).IsOperator("=") && !Ahead(1).Is("to") && Ahead(1).Kind != TokenKind.Dot)
        {
            Take();
        }
        if (Accept("time", "zone"))
        {
            return new SetStatement("timezone", ParseTimeZoneValue(), local);
        }
        if (Accept("names"))
        {
            return new SetStatement("client_encoding", At(TokenKind.String) ? [ParseOptionValue()] : ParseDefaultOrNothing(), local);
        }
        if (At("session") && Ahead(1).Is("authorization"))
        {
            _at += 2;
            return new SetStatement("session_authorization", Accept("default") ? [] : [ParseOptionValue()], local);
        }
        if (At("authorization"))
        {
            Take();
            return new SetStatement("session_authorization", Accept("default") ? [] : [ParseOptionValue()], local);
        }
        if (At("role") && !Ahead(1).IsOperator("=") && !Ahead(1).Is("to"))
        {
            Take();
            return new SetStatement("role", [ParseOptionValue()], local);
        }
        string name = ParseSettingName();
        if (!AcceptOperator("=") && !Accept("to"))
        {
            throw Unexpected("TO or \"=\"");
        }
        return new SetStatement(name, Accept("default") ? [] : ParseSettingValues(), local);
    }

    private NodeList<Expr> ParseDefaultOrNothing()
    {
        Accept("default");
        return [];
    }

    private string ParseSettingName()
    {
        string name = ParseName("a setting's name").Text;
        while (Accept(TokenKind.Dot))
        {
            name += "." + ParseLabel("a setting's name").Text;
        }
        return name.ToLowerInvariant();
    }

    private NodeList<Expr> ParseSettingValues()
    {
        var values = new List<Expr>();
        do
        {
            values.Add(ParseOptionValue());
        }
        while (Accept(TokenKind.Comma));
        return ToList(values);
    }

    private NodeList<Expr> ParseTimeZoneValue()
    {
        if (Accept("default") || Accept("local"))
        {
            return [];
        }
        return [ParseOptionValue()];
    }

    private ResetStatement ParseReset()
    {
        Take();
        if (Accept("all"))
        {
            return new ResetStatement((string?)null);
        }
        if (Accept("time", "zone"))
        {
            return new ResetStatement("timezone");
        }
        return Accept("session", "authorization") ? new ResetStatement("session_authorization") : new ResetStatement(ParseSettingName());
    }

    private ShowStatement ParseShow()
    {
        Take();
        if (Accept("all"))
        {
            return new ShowStatement(ShowKind.All, null, null, null, null);
        }
        if (Accept("time", "zone"))
        {
            return new ShowStatement(ShowKind.Setting, "timezone", null, null, null);
        }
        if (Accept("transaction", "isolation", "level"))
        {
            return new ShowStatement(ShowKind.Setting, "transaction_isolation", null, null, null);
        }
        if (Accept("session", "authorization"))
        {
            return new ShowStatement(ShowKind.Setting, "session_authorization", null, null, null);
        }
        if (Accept("create"))
        {
            ObjectKind kind = ParseObjectKind("SHOW CREATE");
            return new ShowStatement(ShowKind.Create, null, kind, ParseObjectName(), null);
        }
        ShowKind? list = AcceptShowList();
        if (list is null)
        {
            return new ShowStatement(ShowKind.Setting, ParseSettingName(), null, null, null);
        }
        ObjectName? from = Accept("from") || Accept("in") ? ParseObjectName() : null;
        if (list == ShowKind.Columns && from is null)
        {
            throw Unexpected("FROM and a table's name");
        }
        return new ShowStatement(list.Value, null, null, from, Accept("like") ? ParseString() : null);
    }

    private ShowKind? AcceptShowList()
    {
        if (Accept("materialized", "views") || Accept("materialized", "view"))
        {
            return ShowKind.MaterializedViews;
        }
        bool internalWord = At("internal", "tables");
        if (internalWord)
        {
            throw NotSupported("SHOW INTERNAL TABLES", Here);
        }
        ShowKind? kind = Current.Kind != TokenKind.Word || Ahead(1).Kind == TokenKind.Dot ? null : Current.Text switch
        {
            "tables" => ShowKind.Tables,
            "streams" => ShowKind.Streams,
            "views" => ShowKind.Views,
            "sources" => ShowKind.Sources,
            "sinks" => ShowKind.Sinks,
            "indexes" or "indices" => ShowKind.Indexes,
            "alerts" => ShowKind.Alerts,
            "schemas" => ShowKind.Schemas,
            "databases" => ShowKind.Databases,
            "functions" => ShowKind.Functions,
            "jobs" => ShowKind.Jobs,
            "connections" => ShowKind.Connections,
            "secrets" => ShowKind.Secrets,
            "subscriptions" => ShowKind.Subscriptions,
            "columns" => ShowKind.Columns,
            _ => null,
        };
        if (kind is not null)
        {
            Take();
        }
        return kind;
    }

    private DescribeStatement ParseDescribe()
    {
        Take();
        AcceptObjectKind();
        return new DescribeStatement(ParseObjectName("a stream, table or view"));
    }

    private ExplainStatement ParseExplain()
    {
        Take();
        NodeList<Option> options = [];
        if (At(TokenKind.LeftParen) && !StartsQueryInParens())
        {
            options = ParseOptions();
        }
        else
        {
            while (At("analyze") || At("verbose"))
            {
                Token token = Take();
                options = [.. options, new Option(token.Text, null) { Position = token.Start }];
            }
        }
        if (At("explain"))
        {
            throw Unexpected("a statement to explain");
        }
        if (At("materialized") && Ahead(1).Is("view"))
        {
            // A view that runs, not a statement: what its operators have done.
            Take();
            Take();
            return new ExplainStatement(new DescribeStatement(ParseObjectName("a materialized view")), options);
        }

        return new ExplainStatement(ParseStatement(), options);
    }

    private MaintenanceStatement ParseMaintenance()
    {
        string verb = Take().Text == "vacuum" ? "VACUUM" : "ANALYZE";
        if (At(TokenKind.LeftParen))
        {
            ParseOptions();
        }
        while (Accept("full") || Accept("freeze") || Accept("verbose") || Accept("analyze"))
        {
            // The words change nothing: there is nothing to do.
        }
        if (!Current.IsColumnName)
        {
            return new MaintenanceStatement(verb, []);
        }
        var tables = new List<ObjectName>();
        do
        {
            tables.Add(ParseObjectName("a table's name"));
            ParseOptionalNameList();
        }
        while (Accept(TokenKind.Comma));
        return new MaintenanceStatement(verb, ToList(tables));
    }

    /// <summary>REFRESH MATERIALIZED VIEW [CONCURRENTLY] name [WITH [NO] DATA].</summary>
    private RefreshStatement ParseRefresh()
    {
        Take();
        Expect("materialized");
        Expect("view");
        bool concurrently = Accept("concurrently");
        ObjectName view = ParseObjectName("a materialized view's name");
        if (At("with", "no"))
        {
            throw NotSupported("WITH NO DATA", Here, "A materialized view here always has its rows.");
        }
        if (Accept("with"))
        {
            Expect("data");
        }
        return new RefreshStatement(view, concurrently);
    }

    // ---- cursors ----

    private DeclareCursorStatement ParseDeclare()
    {
        Take();
        Name name = ParseName("a cursor's name");
        bool binary = false;
        bool? scroll = null;
        while (true)
        {
            if (Accept("binary"))
            {
                binary = true;
            }
            else if (Accept("scroll"))
            {
                scroll = true;
            }
            else if (Accept("no", "scroll"))
            {
                scroll = false;
            }
            else if (!Accept("insensitive") && !Accept("asensitive"))
            {
                break;
            }
        }
        bool subscription = Accept("subscription");
        Expect("cursor");
        bool hold = Accept("with", "hold");
        if (!hold)
        {
            Accept("without", "hold");
        }
        Expect("for");
        if (subscription || At("subscribe"))
        {
            int start = Here;
            SubscribeStatement followed = ParseSubscribe(word: At("subscribe")) with { Position = start, End = Previous.End };
            bool full = subscription && Accept("full");
            Expr? since = subscription && !full && Accept("since") ? ParseExpr() : null;
            return new DeclareCursorStatement(name, null, binary, scroll, hold) { Subscribe = followed, Since = since, Full = full };
        }
        return new DeclareCursorStatement(name, ParseQuery(), binary, scroll, hold);
    }

    private FetchStatement ParseFetch()
    {
        bool move = Take().Text == "move";
        (FetchDirection direction, long? count) = ParseFetchDirection();
        if (!Accept("from"))
        {
            Accept("in");
        }
        return new FetchStatement(ParseName("a cursor's name"), direction, count, move) { Options = ParseOptionalWith() };
    }

    private (FetchDirection Direction, long? Count) ParseFetchDirection()
    {
        // A cursor may bear any of these words as its name: then nothing follows it.
        if (Current.Kind == TokenKind.Word && Ahead(1).Kind is not (TokenKind.EndOfText or TokenKind.Semicolon))
        {
            switch (Current.Text)
            {
                case "next": Take(); return (FetchDirection.Forward, 1);
                case "prior": Take(); return (FetchDirection.Backward, 1);
                case "first": Take(); return (FetchDirection.Absolute, 1);
                case "last": Take(); return (FetchDirection.Absolute, -1);
                case "absolute": Take(); return (FetchDirection.Absolute, ParseSignedCount());
                case "relative": Take(); return (FetchDirection.Relative, ParseSignedCount());
                case "all": Take(); return (FetchDirection.Forward, null);
                case "forward" or "backward":
                    FetchDirection direction = Take().Text == "forward" ? FetchDirection.Forward : FetchDirection.Backward;
                    return (direction, Accept("all") ? null : At(TokenKind.Number) || At(TokenKind.Operator) ? ParseSignedCount() : 1);
            }
        }
        return At(TokenKind.Number) || At(TokenKind.Operator) ? (FetchDirection.Forward, ParseSignedCount()) : (FetchDirection.Forward, 1);
    }

    private long ParseSignedCount()
    {
        bool negative = AcceptOperator("-");
        if (!negative)
        {
            AcceptOperator("+");
        }
        if (!At(TokenKind.Number) || !long.TryParse(Current.Text, CultureInfo.InvariantCulture, out long count))
        {
            throw Unexpected("a number of rows");
        }
        Take();
        return negative ? -count : count;
    }

    private CloseStatement ParseClose()
    {
        Take();
        return new CloseStatement(Accept("all") ? null : ParseName("a cursor's name or ALL"));
    }

    // ---- prepared statements and notifications ----

    private PrepareStatement ParsePrepare()
    {
        Take();
        if (At("transaction"))
        {
            throw NotSupported("PREPARE TRANSACTION", Here);
        }
        Name name = ParseName("a name for the prepared statement");
        var types = new List<TypeName>();
        if (Accept(TokenKind.LeftParen))
        {
            do
            {
                types.Add(ParseTypeName());
            }
            while (Accept(TokenKind.Comma));
            ExpectListEnd();
        }
        Expect("as");
        return new PrepareStatement(name, ToList(types), ParseStatement());
    }

    private ExecuteStatement ParseExecute()
    {
        Take();
        Name name = ParseName("a prepared statement's name");
        NodeList<Expr> args = [];
        if (Accept(TokenKind.LeftParen))
        {
            args = At(TokenKind.RightParen) ? [] : ParseExprList();
            ExpectListEnd();
        }
        return new ExecuteStatement(name, args);
    }

    private DeallocateStatement ParseDeallocate()
    {
        Take();
        if (At("prepare") && Ahead(1).Kind is not (TokenKind.EndOfText or TokenKind.Semicolon))
        {
            Take();
        }
        return new DeallocateStatement(Accept("all") ? null : ParseName("a prepared statement's name or ALL"));
    }

    private DiscardStatement ParseDiscard()
    {
        Take();
        return Current.Kind == TokenKind.Word && Current.Text is "all" or "plans" or "sequences" or "temp" or "temporary"
            ? new DiscardStatement(Take().Text is var what && what == "temporary" ? "temp" : what)
            : throw Unexpected("ALL, PLANS, SEQUENCES or TEMP");
    }

    private BackupStatement ParseBackup()
    {
        Take();
        Expect("to");
        return At(TokenKind.String) ? new BackupStatement(Take().Text) : throw Unexpected("a folder in single quotes");
    }

    private Statement ParseNotification()
    {
        string verb = Take().Text;
        if (verb == "unlisten" && AcceptOperator("*"))
        {
            return new UnlistenStatement((Name?)null);
        }
        Name channel = ParseName("a channel's name");
        return verb switch
        {
            "listen" => new ListenStatement(channel),
            "unlisten" => new UnlistenStatement(channel),
            _ => new NotifyStatement(channel, Accept(TokenKind.Comma) ? ParseString() : null),
        };
    }
}
