// Statements that are not definitions: queries, changes, COPY, SUBSCRIBE.
namespace Millrace.Sql.Syntax;

/// <summary>A statement. <see cref="Node.Position"/> is its first character in the script.</summary>
public abstract record Statement : Node
{
    /// <summary>The offset just behind the statement's last token (before the semicolon), or -1 when made by hand.</summary>
    public int End { get; init; } = -1;

    /// <summary>Equality without the place in the text.</summary>
    /// <param name="other">The statement to compare with.</param>
    public virtual bool Equals(Statement? other) => base.Equals(other);

    /// <summary>A hash that agrees with <see cref="Equals(Statement?)"/>.</summary>
    public override int GetHashCode() => base.GetHashCode();

    /// <summary>The statement's own text, cut out of the script it was parsed from.</summary>
    /// <param name="script">The text given to the parser.</param>
    public string SourceText(string script) => script[Position..End];
}

/// <summary>A query as a statement: SELECT, VALUES, TABLE, WITH.</summary>
/// <param name="Query">The query.</param>
public sealed record QueryStatement(Query Query) : Statement;

/// <summary>INSERT.</summary>
/// <param name="Table">The target.</param>
/// <param name="Columns">The columns named, or empty for all.</param>
/// <param name="Source">VALUES or a query; null for DEFAULT VALUES.</param>
public sealed record InsertStatement(ObjectName Table, NodeList<Name> Columns, Query? Source) : Statement
{
    /// <summary>WITH in front, or null.</summary>
    public WithClause? With { get; init; }

    /// <summary>The target's alias, or null.</summary>
    public Name? Alias { get; init; }

    /// <summary>OVERRIDING: "system" (values are taken for identity columns that are always generated), "user" (values for identity columns are passed over), or null.</summary>
    public string? Overriding { get; init; }

    /// <summary>ON CONFLICT, or null.</summary>
    public OnConflictClause? OnConflict { get; init; }

    /// <summary>RETURNING, or empty.</summary>
    public NodeList<SelectItem> Returning { get; init; } = [];
}

/// <summary><c>ON CONFLICT [(cols)] DO NOTHING | DO UPDATE SET …</c>.</summary>
/// <param name="Columns">The key named, or empty.</param>
/// <param name="Constraint">ON CONSTRAINT name, or null.</param>
/// <param name="Assignments">DO UPDATE's assignments; empty means DO NOTHING.</param>
/// <param name="Where">DO UPDATE's WHERE, or null.</param>
public sealed record OnConflictClause(NodeList<Name> Columns, Name? Constraint, NodeList<Assignment> Assignments, Expr? Where) : Node
{
    /// <summary>True for DO NOTHING.</summary>
    public bool DoNothing => Assignments.Count == 0;
}

/// <summary><c>col = value</c>, or <c>(a, b) = row</c>.</summary>
/// <param name="Columns">One column, or several set from one row.</param>
/// <param name="Value">An expression (may be <see cref="DefaultExpr"/>); for several columns a <see cref="RowExpr"/> or a <see
/// cref="ScalarSubqueryExpr"/>.</param>
public sealed record Assignment(NodeList<Name> Columns, Expr Value) : Node;

/// <summary>UPDATE.</summary>
/// <param name="Table">The target.</param>
/// <param name="Assignments">SET.</param>
/// <param name="Where">WHERE, or null.</param>
public sealed record UpdateStatement(ObjectName Table, NodeList<Assignment> Assignments, Expr? Where) : Statement
{
    /// <summary>WITH in front, or null.</summary>
    public WithClause? With { get; init; }

    /// <summary>The target's alias, or null.</summary>
    public Name? Alias { get; init; }

    /// <summary>FROM, or empty.</summary>
    public NodeList<TableRef> From { get; init; } = [];

    /// <summary>RETURNING, or empty.</summary>
    public NodeList<SelectItem> Returning { get; init; } = [];
}

/// <summary>DELETE.</summary>
/// <param name="Table">The target.</param>
/// <param name="Where">WHERE, or null.</param>
public sealed record DeleteStatement(ObjectName Table, Expr? Where) : Statement
{
    /// <summary>WITH in front, or null.</summary>
    public WithClause? With { get; init; }

    /// <summary>The target's alias, or null.</summary>
    public Name? Alias { get; init; }

    /// <summary>USING, or empty.</summary>
    public NodeList<TableRef> Using { get; init; } = [];

    /// <summary>RETURNING, or empty.</summary>
    public NodeList<SelectItem> Returning { get; init; } = [];
}

/// <summary>TRUNCATE.</summary>
/// <param name="Tables">The tables.</param>
/// <param name="RestartIdentity">RESTART IDENTITY.</param>
/// <param name="Cascade">CASCADE.</param>
public sealed record TruncateStatement(NodeList<ObjectName> Tables, bool RestartIdentity, bool Cascade) : Statement;

/// <summary>COPY. Options are as in the new syntax (format, header, delimiter, null, quote, escape, …), whichever was written.</summary>
/// <param name="Table">The table, or null when a query is copied out.</param>
/// <param name="Columns">The columns named, or empty for all.</param>
/// <param name="Query">The query copied out, or null.</param>
/// <param name="IsFrom">COPY … FROM (in) against COPY … TO (out).</param>
/// <param name="File">A server file's name; null for STDIN and STDOUT.</param>
/// <param name="Options">The options.</param>
public sealed record CopyStatement(
    ObjectName? Table, NodeList<Name> Columns, Query? Query, bool IsFrom, string? File, NodeList<Option> Options) : Statement
{
    /// <summary>COPY FROM's WHERE, or null.</summary>
    public Expr? Where { get; init; }
}

/// <summary>SUBSCRIBE: the changes of a stream, table, view or query, as they happen.</summary>
/// <param name="Name">The object followed, or null.</param>
/// <param name="Query">The query followed, or null. Exactly one of the two is given.</param>
/// <param name="Options">WITH (snapshot = true, …).</param>
public sealed record SubscribeStatement(ObjectName? Name, Query? Query, NodeList<Option> Options) : Statement;
