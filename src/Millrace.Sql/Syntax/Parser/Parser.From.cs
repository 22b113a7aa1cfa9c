// FROM: tables, subqueries, functions, window table functions and joins.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private NodeList<TableRef> ParseFromList()
    {
        var items = new List<TableRef>();
        do
        {
            items.Add(ParseTableRef());
        }
        while (Accept(TokenKind.Comma));
        return ToList(items);
    }

    /// <summary>One item of FROM with all its joins.</summary>
    private TableRef ParseTableRef()
    {
        int saved = Enter();
        TableRef table = ParseJoins(ParseTablePrimary());
        Leave(saved);
        return table;
    }

    private TableRef ParseJoins(TableRef left)
    {
        while (AtJoin())
        {
            left = ParseJoin(left);
            Grow();
        }
        return left;
    }

    private bool AtJoin() => Current.Kind == TokenKind.Word && Current.Text switch
    {
        "join" or "natural" => true,
        "inner" or "left" or "right" or "full" or "cross" => true,
        "asof" => AtAsOfJoin(0),
        _ => false,
    };

    private bool AtAsOfJoin(int ahead) => Ahead(ahead).Is("asof")
        && Ahead(ahead + 1) is { Kind: TokenKind.Word, Text: "join" or "left" or "inner" };

    private JoinTable ParseJoin(TableRef left)
    {
        int position = Here;
        bool natural = Accept("natural");
        bool asOf = Accept("asof");
        JoinKind kind = ParseJoinKind(natural);
        asOf |= Accept("asof");
        Expect("join");
        TableRef right = ParseTablePrimary();
        Expr? match = asOf && At("match_condition") ? ParseMatchCondition() : null;
        var join = new JoinTable(kind, left, right) { Position = position, Natural = natural, AsOf = asOf };
        if (kind == JoinKind.Cross || natural)
        {
            return join;
        }
        // a JOIN b JOIN c ON … ON …: the inner join is the right side.
        int saved = Enter();
        while (AtJoin())
        {
            join = join with { Right = ParseJoin(join.Right) };
            Grow();
        }
        Leave(saved);
        if (Accept("on"))
        {
            Expr on = ParseExpr();
            return join with { On = match is null ? on : new LogicalExpr(LogicalOperator.And, [on, match]) { Position = match.Position } };
        }
        if (match is not null)
        {
            return At("using") ? throw NotSupported("MATCH_CONDITION with USING", Here, "Write the equalities in ON.") : join with { On = match };
        }
        if (Accept("using"))
        {
            join = join with { Using = ParseNameList() };
            if (At("as"))
            {
                throw NotSupported("an alias for USING's columns", Here);
            }
            return join;
        }
        SqlException error = Unexpected("ON or USING");
        throw error.Hint is not null ? error : new SqlException(error.SqlState, error.Message, error.Position,
            "A join without a condition is written CROSS JOIN.");
    }

    /// <summary><c>MATCH_CONDITION (a.ts &gt;= b.ts)</c>: another way to write the comparison of an ASOF join.</summary>
    private Expr ParseMatchCondition()
    {
        Take();
        int saved = Enter();
        ExpectLeft();
        Expr match = ParseExpr();
        ExpectRight();
        Leave(saved);
        return match;
    }

    private JoinKind ParseJoinKind(bool natural)
    {
        if (!natural && Accept("cross"))
        {
            return JoinKind.Cross;
        }
        if (Accept("inner"))
        {
            return JoinKind.Inner;
        }
        JoinKind kind = Accept("left") ? JoinKind.Left : Accept("right") ? JoinKind.Right : Accept("full") ? JoinKind.Full : JoinKind.Inner;
        if (kind != JoinKind.Inner)
        {
            Accept("outer");
        }
        return kind;
    }

    private TableRef ParseTablePrimary()
    {
        int position = Here;
        bool lateral = Accept("lateral");
        if (At(TokenKind.LeftParen))
        {
            return ParseTableInParens(lateral, position);
        }
        if (At("table") && Ahead(1).Kind == TokenKind.LeftParen)
        {
            _at += 2;
            TableRef inner = AtWindowTable() ? ParseWindowTable() : ParseFunctionTable(lateral);
            ExpectRight();
            return inner with { Alias = ParseAlias() };
        }
        if (AtWindowTable())
        {
            return ParseWindowTable() is var window ? window with { Alias = ParseAlias() } : window;
        }
        if (AtChangelogTable())
        {
            return ParseChangelogTable() with { Alias = ParseAlias() };
        }
        if (At("rows", "from"))
        {
            throw NotSupported("ROWS FROM", Here, "Join the functions with ordinality.");
        }
        if (At("only"))
        {
            Take();
        }
        if (StartsTableFunction())
        {
            return ParseFunctionTable(lateral);
        }
        if (lateral)
        {
            throw Unexpected("a subquery or a function behind LATERAL");
        }
        // What has no ending is no file that could be read: rather a name in the wrong quotes.
        if (At(TokenKind.String) && Current.Text.Contains('.', StringComparison.Ordinal))
        {
            return new FileTable(Take().Text) { Position = position, Alias = ParseAlias() };
        }
        return ParseNamedTable();
    }

    private bool StartsTableFunction()
    {
        if (Current.Class is WordClass.Reserved && !(Current.Text is "current_user" or "session_user" or "user" or "current_date"
            or "current_timestamp" or "current_time" or "localtime" or "localtimestamp" or "current_role" or "current_catalog"))
        {
            return false;
        }
        int ahead = 0;
        while (Ahead(ahead).IsLabel && Ahead(ahead + 1).Kind == TokenKind.Dot && ahead < 8)
        {
            ahead += 2;
        }
        return Ahead(ahead).IsLabel && (Ahead(ahead + 1).Kind == TokenKind.LeftParen || (ahead == 0
            && Current.Class == WordClass.Reserved));
    }

    private TableRef ParseNamedTable()
    {
        ObjectName name = ParseObjectName("a table's name, a subquery or a function");
        AcceptOperator("*");
        Expr? asOf = ParseAsOf();
        TableAlias? alias = ParseAlias();
        asOf ??= ParseAsOf();
        if (At("tablesample"))
        {
            throw NotSupported("TABLESAMPLE", Here);
        }
        if (At("match_recognize"))
        {
            throw NotSupported("MATCH_RECOGNIZE", Here);
        }
        return new NamedTable(name) { Position = name.Position, AsOf = asOf, Alias = alias };
    }

    /// <summary><c>FOR SYSTEM_TIME AS OF expr</c>, or the short <c>AS OF expr</c>.</summary>
    private Expr? ParseAsOf()
    {
        if (At("for", "system_time"))
        {
            _at += 2;
            Expect("as", "of");
            return ParseOperand(OtherLevel);
        }
        // AS of could name an alias: it is a time only when an expression follows.
        Token next = Ahead(2);
        if (At("as", "of") && (next.Kind is TokenKind.String or TokenKind.Parameter or TokenKind.QuotedName
            || (next.Kind == TokenKind.Word && next.Class is WordClass.Free or WordClass.ColumnName
                && Ahead(3).Kind is TokenKind.LeftParen or TokenKind.String or TokenKind.Dot)))
        {
            _at += 2;
            return ParseOperand(OtherLevel);
        }
        return null;
    }

    /// <summary><c>[AS] name [(columns)]</c>, or null.</summary>
    private TableAlias? ParseAlias()
    {
        if (At("as", "of") && Ahead(2).IsFunctionName && Ahead(3).Kind == TokenKind.LeftParen)
        {
            return null;
        }
        Name name;
        if (Accept("as"))
        {
            name = ParseName("an alias");
        }
        else if (Current.IsColumnName && !AtClosing() && !AtAsOfJoin(0) && !At("match_recognize") && !At("match_condition") && !At("qualify"))
        {
            name = TakeName();
        }
        else
        {
            return null;
        }
        return new TableAlias(name, ParseOptionalNameList()) { Position = name.Position };
    }

    // ---- parentheses ----

    private TableRef ParseTableInParens(bool lateral, int position)
    {
        if (!StartsQueryInParens())
        {
            if (lateral)
            {
                throw Unexpected("a subquery or a function behind LATERAL");
            }
            int saved = Enter();
            Take();
            TableRef inner = ParseTableRef();
            ExpectRight();
            Leave(saved);
            return FinishParenthesizedJoin(inner);
        }
        // ((SELECT …) UNION …) is a subquery; ((SELECT …) AS a JOIN b …) is a join.
        int depth = Enter();
        TableRef table;
        if (StartsQuery(Ahead(1), Ahead(2)))
        {
            Query query = ParseParens().Query!;
            table = FinishSubquery(query, lateral, position);
        }
        else
        {
            Take();
            int start = Here;
            Query? query = TryParseInnerQuery(out TableRef? inner);
            if (query is not null)
            {
                query = ParseQueryFrom(query, start);
                ExpectRight();
                table = FinishSubquery(query, lateral, position);
            }
            else
            {
                ExpectRight();
                table = FinishParenthesizedJoin(inner!);
            }
        }
        Leave(depth);
        return table;
    }

    /// <summary>At an inner opening parenthesis before a query: the query when it goes on as one, else the join it starts.</summary>
    private Query? TryParseInnerQuery(out TableRef? table)
    {
        table = null;
        int position = Here;
        int saved = Enter();
        Query? query;
        if (StartsQuery(Ahead(1), Ahead(2)))
        {
            query = ParseParens().Query;
        }
        else
        {
            Take();
            int start = Here;
            query = TryParseInnerQuery(out TableRef? inner);
            query = query is null ? null : ParseQueryFrom(query, start);
            ExpectRight();
            if (query is null)
            {
                table = ParseJoins(FinishParenthesizedJoin(inner!));
            }
        }
        if (query is not null && !ContinuesQuery())
        {
            table = ParseJoins(FinishSubquery(query, lateral: false, position));
            query = null;
        }
        Leave(saved);
        return query;
    }

    private TableRef FinishParenthesizedJoin(TableRef inner)
    {
        TableAlias? alias = ParseAlias();
        if (alias is null)
        {
            return inner;
        }
        return inner is JoinTable
            ? inner with { Alias = alias }
            : throw new SqlException("42601", "only a join or a subquery in parentheses can have an alias here", alias.Position,
                "Put the alias inside the parentheses.");
    }

    private SubqueryTable FinishSubquery(Query query, bool lateral, int position) =>
        new(query, lateral) { Position = position, Alias = ParseAlias() };

    // ---- functions ----

    private FunctionTable ParseFunctionTable(bool lateral)
    {
        int position = Here;
        int saved = Enter();
        if (ParsePrimary() is not FunctionCall call)
        {
            throw new SqlException("42601", "FROM takes a table, a subquery or a function", position);
        }
        Leave(saved);
        bool ordinality = Accept("with", "ordinality");
        var table = new FunctionTable(call, lateral, ordinality, []) { Position = position };
        if (At("as") && Ahead(1).Kind == TokenKind.LeftParen)
        {
            Take();
            return table with { ColumnDefs = ParseColumnDefinitionList() };
        }
        int start = _at;
        Accept("as");
        if (Current.IsColumnName && Ahead(1).Kind == TokenKind.LeftParen && Ahead(2).IsLabel && Ahead(3).IsLabel)
        {
            Name name = TakeName();
            return table with
            {
                Alias = new TableAlias(name, []) { Position = name.Position },
                ColumnDefs = ParseColumnDefinitionList(),
            };
        }
        _at = start;
        return table with { Alias = ParseAlias() };
    }

    private NodeList<StructField> ParseColumnDefinitionList()
    {
        ExpectLeft();
        var fields = new List<StructField>();
        do
        {
            Name name = ParseName("a column's name");
            fields.Add(new StructField(name, ParseTypeName()) { Position = name.Position });
        }
        while (Accept(TokenKind.Comma));
        ExpectListEnd();
        return ToList(fields);
    }

    // ---- window table functions ----

    private bool AtWindowTable() => Current.Kind == TokenKind.Word && Current.Text is "tumble" or "hop" or "session" or "cumulate"
        && Ahead(1).Kind == TokenKind.LeftParen;

    /// <summary>The function without its alias, in RisingWave's notation or Flink's, with arguments by place or by name.</summary>
    private WindowTable ParseWindowTable()
    {
        int saved = Enter();
        Token word = Take();
        WindowTableKind kind = word.Text switch
        {
            "tumble" => WindowTableKind.Tumble,
            "hop" => WindowTableKind.Hop,
            "session" => WindowTableKind.Session,
            _ => WindowTableKind.Cumulate,
        };
        ExpectLeft();
        AcceptArgumentName("data");
        TableRef input = ParseWindowInput();
        Expr? column = null;
        var args = new SortedDictionary<int, Expr>();
        NodeList<Expr> partition = kind == WindowTableKind.Session ? ParseSessionPartition(ref column, args) : [];
        // One key only: the comma behind it leads to the gap.
        NodeList<OrderItem> order = kind == WindowTableKind.Session && Accept("order", "by") ? [ParseOrderItem()] : [];
        while (Accept(TokenKind.Comma))
        {
            if (column is null && args.Count == 0 && (order.Count == 0 || At("descriptor")))
            {
                AcceptArgumentName("timecol");
                column = ParseTimeColumn();
                continue;
            }
            int slot = ParseArgumentSlot(kind, args.Count);
            int position = Here;
            _inWindowTable = true;
            Expr value = ParseExpr();
            _inWindowTable = false;
            if (!args.TryAdd(slot, value))
            {
                throw new SqlException("42601", "this argument is given twice", position);
            }
        }
        ExpectListEnd();
        Leave(saved);
        CheckWindowArguments(kind, word, column, args, order);
        return new WindowTable(kind, input, column, [.. args.Values], partition, order) { Position = word.Start };
    }

    private bool AcceptArgumentName(string name)
    {
        if (!At(name) || Ahead(1).Kind != TokenKind.Arrow)
        {
            return false;
        }
        _at += 2;
        return true;
    }

    private TableRef ParseWindowInput()
    {
        if (At(TokenKind.LeftParen))
        {
            int position = Here;
            return new SubqueryTable(ParseSubquery(), false) { Position = position };
        }
        if (AtWindowTable())
        {
            return ParseWindowTable();
        }
        if (AtChangelogTable())
        {
            return ParseChangelogTable();
        }
        if (At("table") && Ahead(1).Kind == TokenKind.LeftParen)
        {
            Take();
            int position = Here;
            return new SubqueryTable(ParseSubquery(), false) { Position = position };
        }
        Accept("table");
        ObjectName name = ParseObjectName("a stream's or table's name");
        return new NamedTable(name) { Position = name.Position };
    }

    /// <summary>PARTITION BY's keys. In <c>SESSION(t PARTITION BY a, b, time, gap)</c> only the end tells keys from arguments.</summary>
    private NodeList<Expr> ParseSessionPartition(ref Expr? column, SortedDictionary<int, Expr> args)
    {
        if (!Accept("partition", "by"))
        {
            return [];
        }
        var keys = new List<Expr> { ParseExpr() };
        while (At(TokenKind.Comma) && !(Ahead(1).Is("descriptor") && Ahead(2).Kind == TokenKind.LeftParen)
            && Ahead(2).Kind != TokenKind.Arrow)
        {
            Take();
            keys.Add(ParseExpr());
        }
        if (At(TokenKind.RightParen) && keys.Count >= 3 && keys[^2] is ColumnRef time)
        {
            column = time;
            args.Add(0, keys[^1]);
            keys.RemoveRange(keys.Count - 2, 2);
        }
        // Flink puts the keys in parentheses.
        return keys is [RowExpr row] ? row.Items : ToList(keys);
    }

    private Expr ParseTimeColumn()
    {
        bool descriptor = At("descriptor") && Ahead(1).Kind == TokenKind.LeftParen;
        if (descriptor)
        {
            _at += 2;
        }
        int position = Here;
        Expr column = ParseNameOrCallChecked();
        if (column is not (ColumnRef or FunctionCall { Args.Count: 0, Name.Last: "proctime" or "now" }))
        {
            throw new SqlException("42601", "expected the event-time column", position,
                "Write TUMBLE(stream, time_column, INTERVAL '10 seconds'), or PROCTIME() in its place.");
        }
        if (descriptor)
        {
            ExpectRight();
        }
        return column;
    }

    private Expr ParseNameOrCallChecked() => Current.IsColumnName && !StartsIntervalLiteral()
        ? ParseNameOrCall()
        : throw new SqlException("42601", $"syntax error at or near \"{Shown(Current)}\": expected the event-time column", Here,
            "Write TUMBLE(stream, time_column, INTERVAL '10 seconds').");

    /// <summary>Where an argument belongs: its place among step, size and offset, by its name or else by its turn.</summary>
    private int ParseArgumentSlot(WindowTableKind kind, int turn)
    {
        if (!Current.IsLabel || Ahead(1).Kind != TokenKind.Arrow)
        {
            return turn;
        }
        Token name = Current;
        bool stepped = kind is WindowTableKind.Hop or WindowTableKind.Cumulate;
        int? slot = name.Text switch
        {
            "slide" or "step" when stepped => 0,
            "size" or "gap" => stepped ? 1 : 0,
            "offset" => stepped ? 2 : 1,
            _ => null,
        };
        _at += 2;
        return slot ?? throw new SqlException("42601", $"\"{name.Text}\" is no argument of this function", name.Start,
            "The arguments are DATA, TIMECOL, then SLIDE (HOP) or STEP (CUMULATE), SIZE (or GAP), and OFFSET.");
    }

    private static void CheckWindowArguments(
        WindowTableKind kind, Token word, Expr? column, SortedDictionary<int, Expr> args, NodeList<OrderItem> order)
    {
        (int min, int max, string form) = kind switch
        {
            WindowTableKind.Tumble => (1, 2, "TUMBLE(stream, time_column, size [, offset])"),
            WindowTableKind.Hop => (2, 3, "HOP(stream, time_column, slide, size [, offset])"),
            WindowTableKind.Cumulate => (2, 3, "CUMULATE(stream, time_column, step, size [, offset])"),
            _ => (1, 1, "SESSION(stream [PARTITION BY keys], time_column, gap)"),
        };
        bool timed = column is not null || (kind == WindowTableKind.Session && order.Count > 0);
        bool gapless = args.Count > 0 && args.Keys.Last() == args.Count - 1;
        if (!timed || args.Count < min || args.Count > max || !gapless)
        {
            throw new SqlException("42601", $"wrong arguments for {word.Text.ToUpperInvariant()}", word.Start, $"Write {form}.");
        }
    }
}
