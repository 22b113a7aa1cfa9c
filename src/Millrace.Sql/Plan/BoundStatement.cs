// Bound statements: what the binder gives and the engine executes. Immutable values; every name resolved, every type known.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A statement with every name resolved and every type known.</summary>
public abstract record BoundStatement
{
    /// <summary>The command tag for statements whose tag carries no count, such as <c>CREATE TABLE</c>; the verb for the others.</summary>
    public abstract string Tag { get; }

    /// <summary>Types of the parameters $1…, as inferred.</summary>
    public IReadOnlyList<SqlType> Parameters { get; init; } = [];

    /// <summary>Identities of the objects that it reads or writes.</summary>
    public IReadOnlyList<int> DependsOn { get; init; } = [];

    /// <summary>Identities of the relations that the statement itself names, without those that views it names read.</summary>
    public IReadOnlyList<int> Named { get; init; } = [];

    /// <summary>True when it reads files by path.</summary>
    public bool ReadsFiles { get; init; }

    /// <summary>The statement with its schema before every name, where names are not looked up in public alone; null elsewhere.</summary>
    public string? Qualified { get; init; }

    /// <summary>What the user should be told although nothing is wrong.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];
}

/// <summary>A query.</summary>
/// <param name="Plan">Gives the visible columns, then any hidden columns that only <see cref="Order"/> needs.</param>
/// <param name="Columns">The visible columns.</param>
public sealed record BoundQuery(PlanNode Plan, Schema Columns) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "SELECT";

    /// <summary>The order of presentation, over the plan's columns; empty for any order.</summary>
    public IReadOnlyList<SortKey> Order { get; init; } = [];

    /// <summary>Where the visible columns come from.</summary>
    public IReadOnlyList<ColumnOrigin> Origins { get; init; } = [];

    /// <summary>True when the query gives each window once, when the watermark passes it.</summary>
    public bool EmitOnClose { get; init; }
}

/// <summary>RETURNING of INSERT, UPDATE or DELETE.</summary>
/// <param name="Expressions">Over the target's columns (INSERT, UPDATE: the new row; DELETE: the old one).</param>
/// <param name="Columns">The result's columns.</param>
public sealed record BoundReturning(IReadOnlyList<ScalarExpr> Expressions, Schema Columns)
{
    /// <summary>Where the columns come from.</summary>
    public IReadOnlyList<ColumnOrigin> Origins { get; init; } = [];
}

/// <summary>What an INSERT does with a row whose key is there already.</summary>
public enum ConflictAction
{
    /// <summary>The old row stays.</summary>
    DoNothing,
    /// <summary>The old row is changed.</summary>
    DoUpdate,
}

/// <summary>ON CONFLICT of an INSERT.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Set">DO UPDATE: the new row, one expression a target column, over the existing row's columns followed by those of the excluded row.</param>
/// <param name="Where">DO UPDATE: the row changes only where this is true; over the same columns; or null.</param>
public sealed record BoundConflict(ConflictAction Action, IReadOnlyList<ScalarExpr> Set, ScalarExpr? Where)
{
    /// <summary>Which of the target's unique constraints decides what a conflict is; −1 for the primary key, or whatever there is where no columns are named.</summary>
    public int Arbiter { get; init; } = -1;

    /// <summary>DO NOTHING where the primary key alone is meant: what breaks another unique constraint is an error.</summary>
    public bool ByKey { get; init; }
}

/// <summary>INSERT.</summary>
/// <param name="Target">A stream or table.</param>
/// <param name="Source">
/// All columns of the target in order, defaults filled in; a hidden <c>_rowid</c> is NULL for the engine to fill. Behind them stand those that only <see cref="Order"/> needs.
/// </param>
public sealed record BoundInsert(CatalogObject Target, PlanNode Source) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "INSERT";

    /// <summary>The order in which the rows are written, over the source's columns; empty for any order.</summary>
    public IReadOnlyList<SortKey> Order { get; init; } = [];

    /// <summary>ON CONFLICT, or null for the table's own rule.</summary>
    public BoundConflict? OnConflict { get; init; }

    /// <summary>RETURNING, or null.</summary>
    public BoundReturning? Returning { get; init; }
}

/// <summary>UPDATE.</summary>
/// <param name="Target">A table.</param>
/// <param name="Source">The old row's columns, then the new row's. A row that joins several times may come more than once: the first counts.</param>
public sealed record BoundUpdate(CatalogObject Target, PlanNode Source) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "UPDATE";

    /// <summary>RETURNING, or null.</summary>
    public BoundReturning? Returning { get; init; }
}

/// <summary>DELETE.</summary>
/// <param name="Target">A table.</param>
/// <param name="Source">The rows to delete, all columns of the target; a row may come more than once.</param>
public sealed record BoundDelete(CatalogObject Target, PlanNode Source) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "DELETE";

    /// <summary>RETURNING, or null.</summary>
    public BoundReturning? Returning { get; init; }
}

/// <summary>TRUNCATE.</summary>
/// <param name="Targets">Tables.</param>
public sealed record BoundTruncate(IReadOnlyList<CatalogObject> Targets) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "TRUNCATE TABLE";
}

/// <summary>COPY … FROM STDIN or a file of the server.</summary>
/// <param name="Target">A stream or table.</param>
/// <param name="Columns">The target columns that the data has, in its order.</param>
/// <param name="Defaults">One expression without columns for each target column, used where the data lacks it; NULL literals where there is no default.</param>
/// <param name="Format">How the data is written.</param>
/// <param name="File">A file of the server; null for STDIN.</param>
public sealed record BoundCopyFrom(
    CatalogObject Target, IReadOnlyList<int> Columns, IReadOnlyList<ScalarExpr> Defaults, CopyFormat Format, string? File) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "COPY";

    /// <summary>Only rows for which this is true are taken, over the target's columns; or null.</summary>
    public ScalarExpr? Where { get; init; }
}

/// <summary>COPY … TO STDOUT or a file of the server.</summary>
/// <param name="Query">What is copied out.</param>
/// <param name="Format">How it is written.</param>
/// <param name="File">A file of the server; null for STDOUT.</param>
public sealed record BoundCopyTo(BoundQuery Query, CopyFormat Format, string? File) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "COPY";
}

/// <summary>The formats of COPY.</summary>
public enum CopyKind
{
    /// <summary>PostgreSQL's tab-separated text.</summary>
    Text,
    /// <summary>CSV.</summary>
    Csv,
    /// <summary>PostgreSQL's binary format.</summary>
    Binary,
}

/// <summary>The options of COPY, defaults filled in.</summary>
/// <param name="Kind">Which format.</param>
/// <param name="Delimiter">Between columns.</param>
/// <param name="Null">What stands for NULL.</param>
/// <param name="Header">True when a first line names the columns.</param>
/// <param name="Quote">CSV's quote.</param>
/// <param name="Escape">CSV's escape.</param>
public sealed record CopyFormat(CopyKind Kind, char Delimiter, string Null, bool Header, char Quote, char Escape);

/// <summary>SUBSCRIBE: the changes of a query as they happen.</summary>
/// <param name="Query">What is followed.</param>
/// <param name="Snapshot">True when the present rows come first.</param>
public sealed record BoundSubscribe(BoundQuery Query, bool Snapshot) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "SUBSCRIBE";

    /// <summary>True when a progress message is wanted at the end of each epoch.</summary>
    public bool Progress { get; init; }
}

/// <summary>EXPLAIN.</summary>
/// <param name="Inner">The statement explained.</param>
/// <param name="Analyze">True to run it and show what it cost.</param>
public sealed record BoundExplain(BoundStatement Inner, bool Analyze) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "EXPLAIN";
}
