// Statements about the session and the server: transactions, settings, SHOW, EXPLAIN, cursors, prepared statements.
namespace Millrace.Sql.Syntax;

/// <summary>The verbs of transactions.</summary>
public enum TransactionVerb
{
    /// <summary>BEGIN, START TRANSACTION.</summary>
    Begin,

    /// <summary>COMMIT, END.</summary>
    Commit,

    /// <summary>ROLLBACK, ABORT.</summary>
    Rollback,

    /// <summary>SAVEPOINT name.</summary>
    Savepoint,

    /// <summary>RELEASE [SAVEPOINT] name.</summary>
    Release,

    /// <summary>ROLLBACK TO [SAVEPOINT] name.</summary>
    RollbackTo,

    /// <summary>SET TRANSACTION ….</summary>
    SetTransaction,

    /// <summary>SET SESSION CHARACTERISTICS AS TRANSACTION ….</summary>
    SetSessionCharacteristics,
}

/// <summary>BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their kin.</summary>
/// <param name="Verb">Which.</param>
/// <param name="Savepoint">The savepoint, or null.</param>
/// <param name="Isolation">"read committed", "serializable", …, or null.</param>
/// <param name="ReadOnly">READ ONLY (true), READ WRITE (false) or neither.</param>
/// <param name="Deferrable">DEFERRABLE (true), NOT DEFERRABLE (false) or neither.</param>
/// <param name="Chain">AND CHAIN.</param>
public sealed record TransactionStatement(
    TransactionVerb Verb, Name? Savepoint, string? Isolation, bool? ReadOnly, bool? Deferrable, bool Chain) : Statement;

/// <summary>SET name = value.</summary>
/// <param name="Name">The setting, lower case, possibly dotted; "timezone" for TIME ZONE, "client_encoding" for NAMES, "role",
/// "session_authorization".</param>
/// <param name="Values">Literals (bare words are <see cref="StringLiteral"/>); empty for DEFAULT.</param>
/// <param name="Local">SET LOCAL.</param>
public sealed record SetStatement(string Name, NodeList<Expr> Values, bool Local) : Statement
{
    /// <summary>The values as PostgreSQL would store them, joined by ", "; null for DEFAULT.</summary>
    public string? Text => Values.Count == 0 ? null : string.Join(", ", Values.Select(v => new Option("", v).Text));
}

/// <summary>RESET name or RESET ALL.</summary>
/// <param name="Name">The setting; null for ALL.</param>
public sealed record ResetStatement(string? Name) : Statement;

/// <summary>What SHOW shows.</summary>
public enum ShowKind
{
    /// <summary>One setting.</summary>
    Setting,

    /// <summary>SHOW ALL.</summary>
    All,

    /// <summary>SHOW TABLES.</summary>
    Tables,

    /// <summary>SHOW STREAMS.</summary>
    Streams,

    /// <summary>SHOW VIEWS.</summary>
    Views,

    /// <summary>SHOW MATERIALIZED VIEWS.</summary>
    MaterializedViews,

    /// <summary>SHOW SOURCES.</summary>
    Sources,

    /// <summary>SHOW SINKS.</summary>
    Sinks,

    /// <summary>SHOW INDEXES [FROM t].</summary>
    Indexes,

    /// <summary>SHOW ALERTS.</summary>
    Alerts,

    /// <summary>SHOW SCHEMAS.</summary>
    Schemas,

    /// <summary>SHOW DATABASES.</summary>
    Databases,

    /// <summary>SHOW FUNCTIONS.</summary>
    Functions,

    /// <summary>SHOW JOBS.</summary>
    Jobs,

    /// <summary>SHOW CONNECTIONS: RisingWave's to other systems.</summary>
    Connections,

    /// <summary>SHOW SECRETS.</summary>
    Secrets,

    /// <summary>SHOW SUBSCRIPTIONS.</summary>
    Subscriptions,

    /// <summary>SHOW COLUMNS FROM t.</summary>
    Columns,

    /// <summary>SHOW CREATE kind name.</summary>
    Create,
}

/// <summary>SHOW.</summary>
/// <param name="Kind">What is shown.</param>
/// <param name="Setting">The setting's name (Setting only), else null.</param>
/// <param name="ObjectKind">The kind behind SHOW CREATE, or null.</param>
/// <param name="Object">The object of SHOW CREATE and SHOW COLUMNS, the schema or table behind FROM, or null.</param>
/// <param name="Like">A LIKE pattern over the names, or null.</param>
public sealed record ShowStatement(ShowKind Kind, string? Setting, ObjectKind? ObjectKind, ObjectName? Object, string? Like) : Statement;

/// <summary>DESCRIBE.</summary>
/// <param name="Name">The object.</param>
public sealed record DescribeStatement(ObjectName Name) : Statement;

/// <summary>EXPLAIN.</summary>
/// <param name="Target">The statement explained.</param>
/// <param name="Options">The options; ANALYZE and VERBOSE without parentheses are options too.</param>
public sealed record ExplainStatement(Statement Target, NodeList<Option> Options) : Statement
{
    /// <summary>True when ANALYZE is asked for.</summary>
    public bool Analyze
    {
        get
        {
            foreach (Option option in Options)
            {
                if (option.Key == "analyze" && option.Text is null or "true" or "on" or "1")
                {
                    return true;
                }
            }
            return false;
        }
    }
}

/// <summary>FLUSH: returns when every view reflects all that was committed before.</summary>
public sealed record FlushStatement : Statement;

/// <summary>CHECKPOINT.</summary>
public sealed record CheckpointStatement : Statement;

/// <summary>BACKUP TO 'folder'.</summary>
/// <param name="Folder">A folder on the server's machine.</param>
public sealed record BackupStatement(string Folder) : Statement;

/// <summary>REFRESH MATERIALIZED VIEW, which finds it fresh.</summary>
/// <param name="View">The view.</param>
/// <param name="Concurrently">True when the word was said: it means nothing here.</param>
public sealed record RefreshStatement(ObjectName View, bool Concurrently) : Statement;

/// <summary>VACUUM, which compacts, and ANALYZE, which has nothing to do.</summary>
/// <param name="Verb">"VACUUM" or "ANALYZE", for the command tag.</param>
/// <param name="Tables">The tables named, or empty.</param>
public sealed record MaintenanceStatement(string Verb, NodeList<ObjectName> Tables) : Statement;

/// <summary>DECLARE name CURSOR FOR query, or FOR SUBSCRIBE …, which RisingWave writes DECLARE name SUBSCRIPTION CURSOR FOR object or query.</summary>
/// <param name="Name">The cursor.</param>
/// <param name="Query">The query; null for a cursor over changes.</param>
/// <param name="Binary">BINARY.</param>
/// <param name="Scroll">SCROLL (true), NO SCROLL (false) or neither.</param>
/// <param name="Hold">WITH HOLD.</param>
public sealed record DeclareCursorStatement(Name Name, Query? Query, bool Binary, bool? Scroll, bool Hold) : Statement
{
    /// <summary>What a cursor over changes follows, or null.</summary>
    public SubscribeStatement? Subscribe { get; init; }

    /// <summary>For a cursor over a subscription: SINCE, where it begins; null where nothing is said, which is now.</summary>
    public Expr? Since { get; init; }

    /// <summary>FULL: the rows there are come first.</summary>
    public bool Full { get; init; }
}

/// <summary>Where FETCH goes.</summary>
public enum FetchDirection
{
    /// <summary>NEXT, FORWARD [n], n: forward by the count.</summary>
    Forward,

    /// <summary>PRIOR, BACKWARD [n].</summary>
    Backward,

    /// <summary>FIRST (1), LAST (-1), ABSOLUTE n.</summary>
    Absolute,

    /// <summary>RELATIVE n.</summary>
    Relative,
}

/// <summary>FETCH or MOVE.</summary>
/// <param name="Cursor">The cursor.</param>
/// <param name="Direction">Where to.</param>
/// <param name="Count">How many rows; null is ALL.</param>
/// <param name="Move">MOVE: without returning rows.</param>
public sealed record FetchStatement(Name Cursor, FetchDirection Direction, long? Count, bool Move) : Statement
{
    /// <summary>WITH (timeout = '1s'): how long to wait for changes.</summary>
    public NodeList<Option> Options { get; init; } = [];
}

/// <summary>CLOSE.</summary>
/// <param name="Cursor">The cursor; null is ALL.</param>
public sealed record CloseStatement(Name? Cursor) : Statement;

/// <summary>PREPARE name [(types)] AS statement.</summary>
/// <param name="Name">The prepared statement's name.</param>
/// <param name="Types">The parameters' types, or empty.</param>
/// <param name="Target">The statement prepared.</param>
public sealed record PrepareStatement(Name Name, NodeList<TypeName> Types, Statement Target) : Statement;

/// <summary>EXECUTE name (args).</summary>
/// <param name="Name">The prepared statement's name.</param>
/// <param name="Args">The arguments.</param>
public sealed record ExecuteStatement(Name Name, NodeList<Expr> Args) : Statement;

/// <summary>DEALLOCATE.</summary>
/// <param name="Name">The prepared statement's name; null is ALL.</param>
public sealed record DeallocateStatement(Name? Name) : Statement;

/// <summary>DISCARD.</summary>
/// <param name="What">"all", "plans", "sequences" or "temp".</param>
public sealed record DiscardStatement(string What) : Statement;

/// <summary>LISTEN channel.</summary>
/// <param name="Channel">The channel.</param>
public sealed record ListenStatement(Name Channel) : Statement;

/// <summary>UNLISTEN.</summary>
/// <param name="Channel">The channel; null is *.</param>
public sealed record UnlistenStatement(Name? Channel) : Statement;

/// <summary>NOTIFY channel [, payload].</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Payload">The payload, or null.</param>
public sealed record NotifyStatement(Name Channel, string? Payload) : Statement;
