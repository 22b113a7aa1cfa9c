// Bound statements about the session and the server: transactions, settings, SHOW, cursors, prepared statements.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their kin.</summary>
/// <param name="Verb">Which.</param>
/// <param name="Savepoint">The savepoint's name, or null.</param>
/// <param name="Chain">AND CHAIN.</param>
public sealed record BoundTransaction(Syntax.TransactionVerb Verb, string? Savepoint, bool Chain) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Verb switch
    {
        Syntax.TransactionVerb.Begin => "BEGIN",
        Syntax.TransactionVerb.Commit => "COMMIT",
        Syntax.TransactionVerb.Rollback or Syntax.TransactionVerb.RollbackTo => "ROLLBACK",
        Syntax.TransactionVerb.Savepoint => "SAVEPOINT",
        Syntax.TransactionVerb.Release => "RELEASE",
        _ => "SET",
    };

    /// <summary>READ ONLY (true), READ WRITE (false) or neither.</summary>
    public bool? ReadOnly { get; init; }
}

/// <summary>SET name = value.</summary>
/// <param name="Name">The setting, lower case.</param>
/// <param name="Value">Its value as text; null for DEFAULT.</param>
/// <param name="Local">SET LOCAL.</param>
public sealed record BoundSet(string Name, string? Value, bool Local) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "SET";
}

/// <summary>RESET.</summary>
/// <param name="Name">The setting; null for all.</param>
public sealed record BoundReset(string? Name) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "RESET";
}

/// <summary>SHOW name, SHOW ALL.</summary>
/// <param name="Name">The setting; null for all.</param>
public sealed record BoundShow(string? Name) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "SHOW";
}

/// <summary>SHOW TABLES and its kin.</summary>
/// <param name="Kind">What is listed.</param>
/// <param name="Object">The object behind FROM or of SHOW CREATE, or null.</param>
/// <param name="Schema">The schema behind FROM, or null.</param>
/// <param name="Like">A LIKE pattern over the names, or null.</param>
public sealed record BoundShowObjects(Syntax.ShowKind Kind, CatalogObject? Object, string? Schema, string? Like) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "SHOW";
}

/// <summary>DESCRIBE.</summary>
/// <param name="Object">What is described.</param>
public sealed record BoundDescribe(CatalogObject Object) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "DESCRIBE";
}

/// <summary>FLUSH: returns when every view reflects all that was committed before.</summary>
public sealed record BoundFlush : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "FLUSH";
}

/// <summary>CHECKPOINT.</summary>
public sealed record BoundCheckpoint : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CHECKPOINT";
}

/// <summary>VACUUM: seals all rows of streams and append-only views, and merges small segments.</summary>
public sealed record BoundVacuum : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "VACUUM";
}

/// <summary>BACKUP TO.</summary>
/// <param name="Folder">A folder on the server's machine.</param>
public sealed record BoundBackup(string Folder) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "BACKUP";
}

/// <summary>DECLARE CURSOR.</summary>
/// <param name="Name">The cursor.</param>
/// <param name="Query">Its query.</param>
/// <param name="Hold">WITH HOLD.</param>
public sealed record BoundDeclareCursor(string Name, BoundQuery Query, bool Hold) : BoundStatement
{
    /// <summary>For a cursor over changes: how its query is followed. Else null.</summary>
    public BoundSubscribe? Subscribe { get; init; }

    /// <summary>True for a cursor over a subscription: its rows are the changes themselves.</summary>
    public bool OverSubscription { get; init; }

    /// <summary>For such a cursor: the rows that come first, of the moment at which it is declared; or null.</summary>
    public BoundQuery? First { get; init; }

    /// <inheritdoc/>
    public override string Tag => "DECLARE CURSOR";

    /// <summary>BINARY.</summary>
    public bool Binary { get; init; }

    /// <summary>SCROLL (true), NO SCROLL (false) or neither.</summary>
    public bool? Scroll { get; init; }
}

/// <summary>FETCH and MOVE.</summary>
/// <param name="Cursor">The cursor.</param>
/// <param name="Direction">Where to.</param>
/// <param name="Count">How many rows; null is ALL.</param>
/// <param name="Move">Without returning rows.</param>
public sealed record BoundFetch(string Cursor, Syntax.FetchDirection Direction, long? Count, bool Move) : BoundStatement
{
    /// <summary>How long to wait for the first change, µs; null for as long as it takes.</summary>
    public long? TimeoutMicros { get; init; }

    /// <inheritdoc/>
    public override string Tag => Move ? "MOVE" : "FETCH";
}

/// <summary>CLOSE.</summary>
/// <param name="Cursor">The cursor; null is ALL.</param>
public sealed record BoundCloseCursor(string? Cursor) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Cursor is null ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
}

/// <summary>PREPARE. The statement is bound when it is executed, against the catalog of that moment.</summary>
/// <param name="Name">The prepared statement's name.</param>
/// <param name="ParameterTypes">The types given; may be fewer than the parameters.</param>
/// <param name="Target">The statement's syntax.</param>
/// <param name="Bound">The statement bound now: its parameters and columns.</param>
public sealed record BoundPrepare(
    string Name, IReadOnlyList<SqlType> ParameterTypes, Syntax.Statement Target, BoundStatement Bound) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "PREPARE";
}

/// <summary>EXECUTE. The engine coerces the arguments to the prepared statement's parameter types by assignment.</summary>
/// <param name="Name">The prepared statement's name.</param>
/// <param name="Arguments">Without column references; of type unknown where a bare literal was given.</param>
public sealed record BoundExecute(string Name, IReadOnlyList<ScalarExpr> Arguments) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "EXECUTE";
}

/// <summary>DEALLOCATE.</summary>
/// <param name="Name">The prepared statement's name; null is ALL.</param>
public sealed record BoundDeallocate(string? Name) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Name is null ? "DEALLOCATE ALL" : "DEALLOCATE";
}

/// <summary>DISCARD.</summary>
/// <param name="What">"all", "plans", "sequences" or "temp".</param>
public sealed record BoundDiscard(string What) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "DISCARD " + What.ToUpperInvariant();
}

/// <summary>A statement that is accepted and has nothing to do, such as ANALYZE.</summary>
/// <param name="CommandTag">Its command tag.</param>
public sealed record BoundNoOp(string CommandTag) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => CommandTag;
}
