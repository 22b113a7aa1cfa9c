// Queries: WITH, SELECT and its clauses, set operations, VALUES, ORDER BY, LIMIT, EMIT.
using Millrace.Core;

namespace Millrace.Sql.Syntax;

internal sealed partial class Parser
{
    private const string QueryStart = "SELECT, VALUES, WITH or TABLE";

    private Query ParseQuery()
    {
        int saved = Enter();
        bool restricted = _restricted;
        _restricted = false;
        int position = Here;
        WithClause? with = At("with") ? ParseWith() : null;
        Query query = ParseQueryTail(with, ParseSetOperations(ParseQueryTerm(), 1), position);
        _restricted = restricted;
        Leave(saved);
        return query;
    }

    /// <summary>Goes on behind a query in parentheses that turned out to be the first operand of a larger query.</summary>
    private Query ParseQueryFrom(Query first, int position) =>
        ParseQueryTail(null, ParseSetOperations(ToBody(first, position), 1), position);

    private Query ParseQueryTail(WithClause? with, QueryBody body, int position)
    {
        NodeList<OrderItem> order = [];
        Expr? limit = null;
        Expr? offset = null;
        bool ties = false;
        bool emit = false;
        Expr? lateness = null;
        ObjectName? late = null;
        bool limited = false;
        var locking = new List<LockingClause>();
        int start = _at;
        while (Current.Kind == TokenKind.Word)
        {
            if (At("order") && order.Count == 0)
            {
                order = ParseOrderBy();
            }
            else if (At("limit") && !limited)
            {
                limited = true;
                limit = ParseLimit();
            }
            else if (At("offset") && offset is null)
            {
                Take();
                offset = ParseExpr();
                _ = Accept("row") || Accept("rows");
            }
            else if (At("fetch") && !limited)
            {
                limited = true;
                (limit, ties) = ParseFetchFirst();
            }
            else if (At("for") && Ahead(1) is { Kind: TokenKind.Word, Text: "update" or "no" or "share" or "key" })
            {
                locking.Add(ParseLocking());
            }
            else if (At("emit") && !emit && Ahead(1).Is("on"))
            {
                _at += 2;
                Expect("window", "close");
                emit = true;
            }
            else if (At("allow", "lateness") && lateness is null)
            {
                _at += 2;
                lateness = ParseExpr();
            }
            else if (AtLateData() && late is null)
            {
                _at += 3;
                late = ParseObjectName("a name for the late rows");
            }
            else
            {
                break;
            }
        }
        if (ties && order.Count == 0)
        {
            throw new SqlException("42601", "WITH TIES needs an ORDER BY", position);
        }
        if (_at == start && with is null && body is NestedQueryBody nested)
        {
            return nested.Query;
        }
        return new Query(with, body)
        {
            Position = position,
            OrderBy = order,
            Limit = limit,
            Offset = offset,
            WithTies = ties,
            Locking = ToList(locking),
            EmitOnWindowClose = emit,
            AllowLateness = lateness,
            LateDataInto = late,
        };
    }

    // What may follow a query without being a name for its last item.
    private bool AtClosing() => At("emit", "on") || At("allow", "lateness") || AtLateData();

    private bool AtLateData() => At("late", "data") && Ahead(2).Is("into");

    private WithClause ParseWith()
    {
        int position = Take().Start;
        bool recursive = Accept("recursive");
        var tables = new List<CommonTable>();
        do
        {
            Name name = ParseName("a name for the common table");
            NodeList<Name> columns = ParseOptionalNameList();
            Expect("as");
            bool? materialized = null;
            if (Accept("materialized"))
            {
                materialized = true;
            }
            else if (Accept("not", "materialized"))
            {
                materialized = false;
            }
            if (At(TokenKind.LeftParen) && Ahead(1) is { Kind: TokenKind.Word, Text: "insert" or "update" or "delete" or "merge" })
            {
                throw NotSupported($"{Ahead(1).Text.ToUpperInvariant()} inside WITH", Ahead(1).Start, "Run it as a statement of its own.");
            }
            Query query = At("changelog", "from") && materialized is null
                ? new Query(null, ParseChangelogCommand(numbered: true)) { Position = Here }
                : ParseSubquery();
            tables.Add(new CommonTable(name, columns, query, materialized) { Position = name.Position });
            if (At("search") || At("cycle"))
            {
                throw NotSupported(Current.Text.ToUpperInvariant(), Here);
            }
        }
        while (Accept(TokenKind.Comma));
        return new WithClause(recursive, ToList(tables)) { Position = position };
    }

    /// <summary>UNION and EXCEPT (level 1) and INTERSECT (level 2), all left-associative.</summary>
    private QueryBody ParseSetOperations(QueryBody left, int minLevel)
    {
        while (true)
        {
            Token token = Current;
            SetOperator op;
            if (At("union") && minLevel <= 1)
            {
                op = SetOperator.Union;
            }
            else if (At("except") && minLevel <= 1)
            {
                op = SetOperator.Except;
            }
            else if (At("intersect"))
            {
                op = SetOperator.Intersect;
            }
            else
            {
                return left;
            }
            Take();
            bool all = Accept("all");
            if (!all)
            {
                Accept("distinct");
            }
            if (At("corresponding"))
            {
                throw NotSupported("CORRESPONDING", Here, "Name the columns in the same order on both sides.");
            }
            QueryBody right = ParseQueryTerm();
            if (op != SetOperator.Intersect)
            {
                right = ParseSetOperations(right, 2);
            }
            left = new SetOperationBody(op, all, left, right) { Position = token.Start };
            Grow();
        }
    }

    private QueryBody ParseQueryTerm()
    {
        switch (Current.Kind)
        {
            case TokenKind.LeftParen when StartsQueryInParens():
                int position = Here;
                Query query = ParseParens().Query ?? throw new SqlException("42601", "expected a query, found an expression", position);
                return ToBody(query, position);
            case TokenKind.Word:
                switch (Current.Text)
                {
                    case "select": return ParseSelect();
                    case "values": return ParseValues();
                    case "table": return ParseTableCommand();
                    case "changelog" when Ahead(1).Is("from"): return ParseChangelogCommand(numbered: false);
                }
                break;
        }
        throw Unexpected(QueryStart);
    }

    private static QueryBody ToBody(Query query, int position) => query is
    {
        With: null, OrderBy.Count: 0, Limit: null, Offset: null, Locking.Count: 0, EmitOnWindowClose: false, AllowLateness: null, LateDataInto: null,
    }
        ? query.Body
        : new NestedQueryBody(query) { Position = position };

    private SelectBody ParseTableCommand()
    {
        int position = Take().Start;
        ObjectName name = ParseObjectName("a table's name");
        var star = new SelectItem(new StarExpr(null, []) { Position = position }, null) { Position = position };
        return new SelectBody([star], [new NamedTable(name) { Position = name.Position }]) { Position = position };
    }

    private ValuesBody ParseValues()
    {
        int position = Take().Start;
        var rows = new List<NodeList<Expr>>();
        var cells = new List<Expr>();
        do
        {
            ExpectLeft();
            cells.Clear();
            do
            {
                cells.Add(ParseExprOrDefault());
            }
            while (Accept(TokenKind.Comma));
            ExpectListEnd();
            rows.Add(ToList(cells));
        }
        while (Accept(TokenKind.Comma));
        return new ValuesBody(ToList(rows)) { Position = position };
    }

    private SelectBody ParseSelect()
    {
        int position = Take().Start;
        bool distinct = false;
        NodeList<Expr> distinctOn = [];
        if (Accept("distinct"))
        {
            if (Accept("on"))
            {
                ExpectLeft();
                distinctOn = ParseExprList();
                ExpectListEnd();
            }
            else
            {
                distinct = true;
            }
        }
        else
        {
            Accept("all");
        }
        NodeList<SelectItem> items = StartsSelectList() ? ParseSelectList() : [];
        if (At("into"))
        {
            throw NotSupported("SELECT INTO", Here, "Use CREATE TABLE name AS SELECT ….");
        }
        NodeList<TableRef> from = Accept("from") ? ParseFromList() : [];
        Expr? where = Accept("where") ? ParseExpr() : null;
        GroupByClause? groupBy = At("group") ? ParseGroupBy() : null;
        Expr? having = Accept("having") ? ParseExpr() : null;
        NodeList<NamedWindow> windows = At("window") ? ParseWindows() : [];
        if (At("qualify"))
        {
            throw NotSupported("QUALIFY", Here, "Put the window function into a subquery and filter outside.");
        }
        return new SelectBody(items, from)
        {
            Position = position,
            Distinct = distinct,
            DistinctOn = distinctOn,
            Where = where,
            GroupBy = groupBy,
            Having = having,
            Windows = windows,
        };
    }

    /// <summary>PostgreSQL allows an empty select list: SELECT FROM t.</summary>
    private bool StartsSelectList() => Current.Kind is not (TokenKind.EndOfText or TokenKind.Semicolon or TokenKind.RightParen)
        && !(Current.Kind == TokenKind.Word && (Current.Text is "from" or "where" or "having" or "window" or "union" or "except"
            or "intersect" or "limit" or "offset" or "fetch" or "for" or "into" || At("order", "by") || At("group", "by")));

    private NodeList<SelectItem> ParseSelectList()
    {
        var items = new List<SelectItem>();
        do
        {
            items.Add(ParseSelectItem());
        }
        while (Accept(TokenKind.Comma));
        return ToList(items);
    }

    private SelectItem ParseSelectItem()
    {
        int position = Here;
        if (AcceptOperator("*"))
        {
            var star = new StarExpr(null, ParseExcept()) { Position = position };
            return new SelectItem(star, null) { Position = position };
        }
        Expr value = ParseExpr();
        if (value is StarExpr qualified)
        {
            return new SelectItem(qualified with { Except = ParseExcept() }, null) { Position = position };
        }
        Name? alias = null;
        if (Accept("as"))
        {
            alias = ParseLabel("a name for the column");
        }
        else if (Current.IsBareLabel && !AtClosing())
        {
            alias = TakeName();
        }
        return new SelectItem(value, alias) { Position = position };
    }

    /// <summary>RisingWave's <c>* EXCEPT (a, b)</c>; a set operation's EXCEPT is followed by a query.</summary>
    private NodeList<Name> ParseExcept()
    {
        if (!At("except") || Ahead(1).Kind != TokenKind.LeftParen || !Ahead(2).IsColumnName || StartsQuery(Ahead(2), Ahead(3)))
        {
            return [];
        }
        Take();
        return ParseNameList();
    }

    private GroupByClause ParseGroupBy()
    {
        int position = Take().Start;
        Expect("by");
        bool distinct = Accept("distinct");
        if (!distinct)
        {
            Accept("all");
        }
        var items = new List<GroupingElement>();
        do
        {
            items.Add(ParseGroupingElement());
        }
        while (Accept(TokenKind.Comma));
        return new GroupByClause(ToList(items), distinct) { Position = position };
    }

    private GroupingElement ParseGroupingElement()
    {
        int saved = Enter();
        int position = Here;
        GroupingElement element;
        if (At(TokenKind.LeftParen) && Ahead(1).Kind == TokenKind.RightParen)
        {
            _at += 2;
            element = new GroupingElement(GroupingKind.Empty, [], []) { Position = position };
        }
        else if (At("grouping", "sets"))
        {
            _at += 2;
            ExpectLeft();
            var sets = new List<GroupingElement>();
            do
            {
                sets.Add(ParseGroupingElement());
            }
            while (Accept(TokenKind.Comma));
            ExpectListEnd();
            element = new GroupingElement(GroupingKind.Sets, [], ToList(sets)) { Position = position };
        }
        else if ((At("rollup") || At("cube")) && Ahead(1).Kind == TokenKind.LeftParen)
        {
            GroupingKind kind = Take().Text == "rollup" ? GroupingKind.Rollup : GroupingKind.Cube;
            Take();
            NodeList<Expr> exprs = ParseExprList();
            ExpectListEnd();
            element = new GroupingElement(kind, exprs, []) { Position = position };
        }
        else
        {
            element = new GroupingElement(GroupingKind.Simple, [ParseExpr()], []) { Position = position };
        }
        Leave(saved);
        return element;
    }

    private NodeList<NamedWindow> ParseWindows()
    {
        Take();
        var windows = new List<NamedWindow>();
        do
        {
            Name name = ParseName("a window's name");
            Expect("as");
            windows.Add(new NamedWindow(name, ParseWindowSpec()) { Position = name.Position });
        }
        while (Accept(TokenKind.Comma));
        return ToList(windows);
    }

    /// <summary><c>ORDER BY …</c>, from the word ORDER on.</summary>
    private NodeList<OrderItem> ParseOrderBy()
    {
        Expect("order", "by");
        var items = new List<OrderItem>();
        do
        {
            items.Add(ParseOrderItem());
        }
        while (Accept(TokenKind.Comma));
        return ToList(items);
    }

    private OrderItem ParseOrderItem()
    {
        int position = Here;
        Expr value = ParseExpr();
        bool descending = false;
        if (Accept("using"))
        {
            descending = AtOperator(">") || (AtOperator("<") ? false : throw NotSupported("ORDER BY USING with this operator", Here,
                "Use < or >."));
            Take();
        }
        else if (Accept("desc"))
        {
            descending = true;
        }
        else
        {
            Accept("asc");
        }
        bool? nullsFirst = null;
        if (Accept("nulls"))
        {
            nullsFirst = Accept("first") || (Accept("last") ? false : throw Unexpected("FIRST or LAST"));
        }
        return new OrderItem(value, descending, nullsFirst) { Position = position };
    }

    private Expr? ParseLimit()
    {
        Take();
        if (Accept("all"))
        {
            return null;
        }
        Expr limit = ParseExpr();
        if (At(TokenKind.Comma))
        {
            throw new SqlException("42601", "LIMIT offset, count is not supported", Here, "Write LIMIT count OFFSET offset.");
        }
        // LIMIT NULL is LIMIT ALL.
        return limit is NullLiteral ? null : limit;
    }

    private (Expr Limit, bool Ties) ParseFetchFirst()
    {
        int position = Take().Start;
        if (!Accept("first"))
        {
            Expect("next");
        }
        Expr limit = At("row") || At("rows") ? new NumberLiteral("1") { Position = position } : ParsePostfix(ParsePrimary());
        if (!Accept("row") && !Accept("rows"))
        {
            throw Unexpected("ROW or ROWS");
        }
        if (Accept("only"))
        {
            return (limit, false);
        }
        return Accept("with", "ties") ? (limit, true) : throw Unexpected("ONLY or WITH TIES");
    }

    private LockingClause ParseLocking()
    {
        int position = Take().Start;
        string strength;
        if (Accept("no", "key", "update"))
        {
            strength = "no key update";
        }
        else if (Accept("key", "share"))
        {
            strength = "key share";
        }
        else
        {
            strength = Accept("share") ? "share" : Accept("update") ? "update" : throw Unexpected("UPDATE or SHARE");
        }
        NodeList<ObjectName> tables = Accept("of") ? ParseObjectNames("a table's name") : [];
        string? wait = Accept("nowait") ? "nowait" : Accept("skip", "locked") ? "skip locked" : null;
        return new LockingClause(strength, tables, wait) { Position = position };
    }
}
