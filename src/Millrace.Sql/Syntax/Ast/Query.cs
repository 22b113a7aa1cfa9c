// Queries: WITH, SELECT, set operations, VALUES, ORDER BY and LIMIT.
namespace Millrace.Sql.Syntax;

/// <summary>A whole query: a body with what stands before it (WITH) and after it (ORDER BY, LIMIT, …).</summary>
/// <param name="With">The common table expressions, or null.</param>
/// <param name="Body">SELECT, VALUES, a set operation or a query in parentheses.</param>
public sealed record Query(WithClause? With, QueryBody Body) : Node
{
    /// <summary>ORDER BY, or empty.</summary>
    public NodeList<OrderItem> OrderBy { get; init; } = [];

    /// <summary>LIMIT or FETCH FIRST; null for no limit (LIMIT ALL too).</summary>
    public Expr? Limit { get; init; }

    /// <summary>OFFSET, or null.</summary>
    public Expr? Offset { get; init; }

    /// <summary>FETCH FIRST … WITH TIES.</summary>
    public bool WithTies { get; init; }

    /// <summary>FOR UPDATE and its kin.</summary>
    public NodeList<LockingClause> Locking { get; init; } = [];

    /// <summary>EMIT ON WINDOW CLOSE: each window once, when the watermark passes it.</summary>
    public bool EmitOnWindowClose { get; init; }

    /// <summary>ALLOW LATENESS: how long after its end a window takes rows; null where nothing is said.</summary>
    public Expr? AllowLateness { get; init; }

    /// <summary>LATE DATA INTO: the name under which rows are kept that come too late; null where nothing is said.</summary>
    public ObjectName? LateDataInto { get; init; }
}

/// <summary><c>WITH [RECURSIVE] …</c>.</summary>
/// <param name="Recursive">WITH RECURSIVE.</param>
/// <param name="Tables">The common tables, in order.</param>
public sealed record WithClause(bool Recursive, NodeList<CommonTable> Tables) : Node;

/// <summary>One common table expression.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">Its column names, or empty.</param>
/// <param name="Query">Its query.</param>
/// <param name="Materialized">MATERIALIZED (true), NOT MATERIALIZED (false) or neither.</param>
public sealed record CommonTable(Name Name, NodeList<Name> Columns, Query Query, bool? Materialized) : Node;

/// <summary>The middle of a query.</summary>
public abstract record QueryBody : Node;

/// <summary>A SELECT. <c>TABLE t</c> arrives as <c>SELECT * FROM t</c>.</summary>
/// <param name="Items">The select list; PostgreSQL allows it to be empty.</param>
/// <param name="From">The comma-separated items of FROM, or empty.</param>
public sealed record SelectBody(NodeList<SelectItem> Items, NodeList<TableRef> From) : QueryBody
{
    /// <summary>SELECT DISTINCT (without ON).</summary>
    public bool Distinct { get; init; }

    /// <summary>SELECT DISTINCT ON (…), or empty.</summary>
    public NodeList<Expr> DistinctOn { get; init; } = [];

    /// <summary>WHERE, or null.</summary>
    public Expr? Where { get; init; }

    /// <summary>GROUP BY, or null (an empty grouping set is not null).</summary>
    public GroupByClause? GroupBy { get; init; }

    /// <summary>HAVING, or null.</summary>
    public Expr? Having { get; init; }

    /// <summary>The WINDOW clause, or empty.</summary>
    public NodeList<NamedWindow> Windows { get; init; } = [];
}

/// <summary>An entry of the select list or of RETURNING.</summary>
/// <param name="Value">The expression; <see cref="StarExpr"/> for * and t.*.</param>
/// <param name="Alias">The output name given, or null.</param>
public sealed record SelectItem(Expr Value, Name? Alias) : Node;

/// <summary><c>GROUP BY [DISTINCT] …</c>.</summary>
/// <param name="Items">The grouping elements.</param>
/// <param name="Distinct">GROUP BY DISTINCT: equal grouping sets count once.</param>
public sealed record GroupByClause(NodeList<GroupingElement> Items, bool Distinct) : Node;

/// <summary>The shape of a grouping element.</summary>
public enum GroupingKind
{
    /// <summary>One expression (an integer literal is an ordinal).</summary>
    Simple,

    /// <summary>The empty set <c>()</c>.</summary>
    Empty,

    /// <summary>ROLLUP (…).</summary>
    Rollup,

    /// <summary>CUBE (…).</summary>
    Cube,

    /// <summary>GROUPING SETS (…).</summary>
    Sets,
}

/// <summary>An element of GROUP BY.</summary>
/// <param name="Kind">Its shape.</param>
/// <param name="Exprs">The expression of a simple element; those of ROLLUP and CUBE (a <see cref="RowExpr"/> groups several as
/// one).</param>
/// <param name="Sets">The members of GROUPING SETS.</param>
public sealed record GroupingElement(GroupingKind Kind, NodeList<Expr> Exprs, NodeList<GroupingElement> Sets) : Node;

/// <summary><c>WINDOW name AS (…)</c>.</summary>
/// <param name="Name">The window's name.</param>
/// <param name="Spec">The window.</param>
public sealed record NamedWindow(Name Name, WindowSpec Spec) : Node;

/// <summary><c>VALUES (…), (…)</c>.</summary>
/// <param name="Rows">The rows; cells may be <see cref="DefaultExpr"/> inside INSERT.</param>
public sealed record ValuesBody(NodeList<NodeList<Expr>> Rows) : QueryBody;

/// <summary>The three set operations.</summary>
public enum SetOperator
{
    /// <summary>UNION.</summary>
    Union,

    /// <summary>INTERSECT (binds tighter).</summary>
    Intersect,

    /// <summary>EXCEPT.</summary>
    Except,
}

/// <summary><c>left UNION [ALL] right</c>.</summary>
/// <param name="Operator">Which.</param>
/// <param name="All">Duplicates are kept.</param>
/// <param name="Left">The left side.</param>
/// <param name="Right">The right side.</param>
public sealed record SetOperationBody(SetOperator Operator, bool All, QueryBody Left, QueryBody Right) : QueryBody;

/// <summary>A query in parentheses that has its own WITH, ORDER BY or LIMIT.</summary>
/// <param name="Query">The inner query.</param>
public sealed record NestedQueryBody(Query Query) : QueryBody;

/// <summary>An entry of ORDER BY.</summary>
/// <param name="Value">The key; an integer literal is an ordinal.</param>
/// <param name="Descending">DESC.</param>
/// <param name="NullsFirst">NULLS FIRST (true), NULLS LAST (false), or the default of the direction (null).</param>
public sealed record OrderItem(Expr Value, bool Descending, bool? NullsFirst) : Node
{
    /// <summary>Where nulls go when the default (last for ascending, first for descending) is applied.</summary>
    public bool EffectiveNullsFirst => NullsFirst ?? Descending;
}

/// <summary><c>FOR UPDATE | NO KEY UPDATE | SHARE | KEY SHARE [OF …] [NOWAIT | SKIP LOCKED]</c>.</summary>
/// <param name="Strength">The words after FOR, lower case.</param>
/// <param name="Tables">The tables named, or empty.</param>
/// <param name="Wait">"nowait", "skip locked" or null.</param>
public sealed record LockingClause(string Strength, NodeList<ObjectName> Tables, string? Wait) : Node;
