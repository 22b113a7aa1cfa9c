// One connection's view of the database: statements, parameters, a transaction, settings.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace;

/// <summary>Where a session stands, as the PostgreSQL protocol's ReadyForQuery tells it.</summary>
public enum TransactionStatus
{
    /// <summary>No transaction.</summary>
    Idle,
    /// <summary>In a transaction.</summary>
    InTransaction,
    /// <summary>In a transaction that has failed: only ROLLBACK is accepted.</summary>
    Failed,
}

/// <summary>A parsed and bound statement, reusable; it is bound again by itself when the catalog has changed.</summary>
public abstract class PreparedStatement
{
    /// <summary>The statement's text.</summary>
    public abstract string Text { get; }

    /// <summary>The types of $1, $2 …, given or inferred.</summary>
    public abstract IReadOnlyList<SqlType> Parameters { get; }

    /// <summary>The columns it returns; null when it returns no rows (or is a COPY).</summary>
    public abstract Schema? Columns { get; }

    /// <summary>
    /// For each column the relation and the attribute that it is, as pg_attribute numbers them; two zeros for what is computed. Empty when nothing is known.
    /// </summary>
    public virtual IReadOnlyList<(int Relation, int Attribute)> Origins => [];

    /// <summary>True for a query that looks up the rows of one key and is over in microseconds: whoever serves many need not give it a thread of its own.</summary>
    public virtual bool IsLookup => false;
}

/// <summary>
/// One connection's view of the database. Not for concurrent use: one statement at a time. A read sees one epoch, never older than the session's
/// own last write.
/// </summary>
public abstract class Session : IAsyncDisposable
{
    /// <summary>Where the session stands.</summary>
    public abstract TransactionStatus Status { get; }

    /// <summary>Whose permissions the session has; null for whoever is trusted with everything.</summary>
    public virtual string? User { get; set; }

    /// <summary>Session settings by lower-case name (application_name, timezone, …).</summary>
    public abstract IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>The session's time zone: times without offset are read in it, and the PostgreSQL door shows instants in it. UTC until it is set.</summary>
    public TimeZoneInfo TimeZone => TimeZones.Find(Settings.GetValueOrDefault("timezone", "UTC")) ?? TimeZoneInfo.Utc;

    /// <summary>The longest time that whoever drives the session should let a statement take (SET statement_timeout), in milliseconds; 0 for no limit.</summary>
    public int StatementTimeoutMs => Sessions.SessionSettings.MillisecondsOf(Settings.GetValueOrDefault("statement_timeout", "0")) ?? 0;

    /// <summary>Statements prepared under a name, by PREPARE or by whoever drives the session.</summary>
    public IDictionary<string, NamedStatement> Statements { get; } = new Dictionary<string, NamedStatement>(StringComparer.Ordinal);

    /// <summary>The portals of whoever drives the session: pg_cursors shows them beside the cursors of DECLARE.</summary>
    public Func<IEnumerable<NamedCursor>> Portals { get; set; } = () => [];

    /// <summary>
    /// How whoever drives the session moves one of its portals on, for MOVE: by its name and a number of rows; the rows passed over, null where there is no such portal.
    /// </summary>
    public Func<string, long, CancellationToken, ValueTask<long?>> MovePortal { get; set; } = (_, _, _) => ValueTask.FromResult<long?>(null);

    /// <summary>The number of the session's connection, as pg_backend_pid tells it.</summary>
    public int BackendId { get; set; } = 1;

    /// <summary>
    /// How whoever drives the session stops what another connection runs, or (true) ends it: by its number. False where there is none.
    /// Throws 42501 where the session's user may not.
    /// </summary>
    public Func<int, bool, bool> CancelBackend { get; set; } = (_, _) => false;

    /// <summary>Makes the session's connection known to the others: pg_stat_activity shows it until the session is over.</summary>
    /// <param name="look">Asked from other threads, whenever somebody looks.</param>
    public virtual void ShowAs(Func<Backend> look)
    {
    }

    /// <summary>Which files its queries may read, as in <c>SELECT * FROM 'orders.csv'</c>; none unless somebody who may decides so.</summary>
    public FileRule Files { get; set; } = FileRule.None;

    /// <summary>What time it is for the session.</summary>
    public virtual long NowMicros => 0;

    /// <summary>The number behind a name of an answer's column of regclass or its kin, as the binary form of such a value has it.</summary>
    /// <exception cref="SqlException">There is no such name any more.</exception>
    public virtual int NumberOf(SqlType type, string name) => throw new SqlException("0A000", $"{type} has no binary form here", hint: "ask for the column in text form");

    /// <summary>Sets a setting, as SET does.</summary>
    /// <exception cref="SqlException">42704 for a name nobody knows, 22023 for a bad value.</exception>
    public abstract void Set(string name, string value);

    /// <summary>Splits a text into statements, parsed but not yet bound (a later one may use what an earlier one creates).</summary>
    /// <exception cref="SqlException">42601 with its place in the text.</exception>
    public abstract IReadOnlyList<Statement> Parse(string text);

    /// <summary>Binds one statement.</summary>
    /// <param name="statement">From <see cref="Parse"/>.</param>
    /// <param name="text">The text it came from, for error positions.</param>
    /// <param name="parameterTypes">Declared parameter types; null where they are to be inferred.</param>
    public abstract PreparedStatement Prepare(Statement statement, string text, IReadOnlyList<SqlType?>? parameterTypes = null);

    /// <summary>Runs a statement with parameter values (typed as <see cref="PreparedStatement.Parameters"/>).</summary>
    /// <exception cref="SqlException">What the user can mend. Inside a transaction it makes the transaction fail.</exception>
    public abstract ValueTask<StatementResult> ExecuteAsync(
        PreparedStatement statement, IReadOnlyList<LiteralExpr>? parameters = null, CancellationToken cancellation = default);

    /// <summary>
    /// Runs every statement of a text. When there are several, the writes between two reads are one transaction, as in
    /// PostgreSQL's simple query; a read in between commits them first, so that views show them.
    /// </summary>
    public ValueTask<IReadOnlyList<StatementResult>> ExecuteAsync(string text, CancellationToken cancellation = default) =>
        ExecuteAsync(Parse(text), text, cancellation);

    /// <summary>Runs every statement of a text that is parsed already.</summary>
    /// <param name="statements">From <see cref="Parse"/>, all of them.</param>
    /// <param name="text">The text they came from.</param>
    /// <param name="cancellation">Ends the statement that runs.</param>
    public abstract ValueTask<IReadOnlyList<StatementResult>> ExecuteAsync(
        IReadOnlyList<Statement> statements, string text, CancellationToken cancellation = default);

    /// <summary>Begins the implicit transaction of a text with several statements, unless one is open.</summary>
    public abstract void BeginImplicit();

    /// <summary>Ends the implicit transaction, if it is still open.</summary>
    /// <param name="commit">False to drop its writes.</param>
    /// <param name="cancellation">Cancels the wait, not the commit.</param>
    public abstract ValueTask EndImplicitAsync(bool commit, CancellationToken cancellation = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
