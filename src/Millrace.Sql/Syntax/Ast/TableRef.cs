// What may stand in FROM: tables, subqueries, functions, window table functions, joins.
namespace Millrace.Sql.Syntax;

/// <summary>An item of FROM.</summary>
public abstract record TableRef : Node
{
    /// <summary>The alias, or null.</summary>
    public TableAlias? Alias { get; init; }
}

/// <summary><c>AS name (c1, c2, …)</c>.</summary>
/// <param name="Name">The alias.</param>
/// <param name="Columns">The column names, or empty.</param>
public sealed record TableAlias(Name Name, NodeList<Name> Columns) : Node;

/// <summary>A stream, table, view or common table by name.</summary>
/// <param name="Name">Its name.</param>
public sealed record NamedTable(ObjectName Name) : TableRef
{
    /// <summary><c>FOR SYSTEM_TIME AS OF expr</c> (PROCTIME() or a time), or null.</summary>
    public Expr? AsOf { get; init; }
}

/// <summary>A file by its path, <c>'orders.csv'</c>: its rows, for a query that runs once.</summary>
/// <param name="Path">The path as it was written.</param>
public sealed record FileTable(string Path) : TableRef;

/// <summary>A subquery.</summary>
/// <param name="Query">The query.</param>
/// <param name="Lateral">It may refer to the items before it.</param>
public sealed record SubqueryTable(Query Query, bool Lateral) : TableRef;

/// <summary>A function in FROM: generate_series, unnest, …</summary>
/// <param name="Call">The call.</param>
/// <param name="Lateral">The word LATERAL was written; functions may refer to the items before them anyway.</param>
/// <param name="WithOrdinality">A last column counts the rows from 1.</param>
/// <param name="ColumnDefs">The column definition list <c>AS (a int, b text)</c>, or empty.</param>
public sealed record FunctionTable(FunctionCall Call, bool Lateral, bool WithOrdinality, NodeList<StructField> ColumnDefs) : TableRef;

/// <summary>The window table functions.</summary>
public enum WindowTableKind
{
    /// <summary>TUMBLE(t, col, size [, offset]).</summary>
    Tumble,

    /// <summary>HOP(t, col, slide, size [, offset]).</summary>
    Hop,

    /// <summary>SESSION(t [PARTITION BY …] [ORDER BY …], [col,] gap).</summary>
    Session,

    /// <summary>CUMULATE(t, col, step, size [, offset]).</summary>
    Cumulate,
}

/// <summary>A window table function: each row of the input with window_start and window_end (and as often as it falls into windows).
/// Both notations, <c>TUMBLE(bid, date_time, INTERVAL '10' SECOND)</c> and <c>TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), …))</c>,
/// arrive the same.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Input">A named table or a subquery.</param>
/// <param name="TimeColumn">The event-time column, or PROCTIME() or NOW() for the time at which a row comes; null for SESSION with ORDER BY, where the order's column is it.</param>
/// <param name="Args">Slide or step first, then size, then offset; for SESSION the gap; in the order of the kinds above.</param>
/// <param name="PartitionBy">SESSION's keys, or empty.</param>
/// <param name="OrderBy">SESSION's order, or empty.</param>
public sealed record WindowTable(
    WindowTableKind Kind,
    TableRef Input,
    Expr? TimeColumn,
    NodeList<Expr> Args,
    NodeList<Expr> PartitionBy,
    NodeList<OrderItem> OrderBy) : TableRef;

/// <summary>The changes of a relation as rows: <c>CHANGELOG(orders)</c>. The query <c>CHANGELOG FROM orders</c> arrives as <c>SELECT * FROM CHANGELOG(orders)</c>.</summary>
/// <param name="Input">A named table or a subquery.</param>
/// <param name="Numbered">True for RisingWave's <c>WITH name AS CHANGELOG FROM orders</c>, whose kind of change is a number.</param>
public sealed record ChangelogTable(TableRef Input, bool Numbered) : TableRef
{
    /// <summary>True to begin with the first change: without a row for each row there is.</summary>
    public bool OnlyChanges { get; init; }
}

/// <summary>The kinds of join.</summary>
public enum JoinKind
{
    /// <summary>[INNER] JOIN.</summary>
    Inner,

    /// <summary>LEFT [OUTER] JOIN.</summary>
    Left,

    /// <summary>RIGHT [OUTER] JOIN.</summary>
    Right,

    /// <summary>FULL [OUTER] JOIN.</summary>
    Full,

    /// <summary>CROSS JOIN.</summary>
    Cross,
}

/// <summary>A join. With none of ON, USING and NATURAL it is a CROSS join.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Left">The left side.</param>
/// <param name="Right">The right side.</param>
public sealed record JoinTable(JoinKind Kind, TableRef Left, TableRef Right) : TableRef
{
    /// <summary>ON, or null.</summary>
    public Expr? On { get; init; }

    /// <summary>USING's columns, or empty.</summary>
    public NodeList<Name> Using { get; init; } = [];

    /// <summary>NATURAL.</summary>
    public bool Natural { get; init; }

    /// <summary>ASOF: of the rows that match, only the closest one.</summary>
    public bool AsOf { get; init; }
}
