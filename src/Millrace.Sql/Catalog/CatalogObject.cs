// What the binder knows of the objects a statement can name.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What kind of object a name stands for. The numbers are persisted: never renumber.</summary>
public enum ObjectKind : byte
{
    /// <summary>An append-only, replayable log with offsets.</summary>
    Stream = 1,
    /// <summary>Rows by primary key.</summary>
    Table = 2,
    /// <summary>A query kept up to date.</summary>
    MaterializedView = 3,
    /// <summary>A query by name, expanded where it is used.</summary>
    View = 4,
    /// <summary>A second order of a table's or view's rows.</summary>
    Index = 5,
    /// <summary>A read-only relation that the system computes when asked (pg_catalog, information_schema, millrace).</summary>
    System = 6,
    /// <summary>A query with parameters that the HTTP door publishes under its name.</summary>
    Endpoint = 7,
    /// <summary>Somebody who may log in.</summary>
    User = 8,
    /// <summary>A secret that stands for a user on the HTTP door.</summary>
    Token = 9,
    /// <summary>A query whose rows are told to an address, as they come and go.</summary>
    Alert = 10,
    /// <summary>A function written in SQL, whose body takes the place of its calls.</summary>
    Function = 11,
    /// <summary>What relations live in, by its name.</summary>
    Schema = 12,
}

/// <summary>A parameter of an endpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Default">Its value when the caller leaves it out; null when the caller must give it.</param>
public sealed record EndpointParameter(string Name, SqlType Type, LiteralExpr? Default);

/// <summary>What an insert does when the primary key is taken, where the statement does not say.</summary>
public enum ConflictRule : byte
{
    /// <summary>Error 23505.</summary>
    Error = 0,
    /// <summary>The new row replaces the old.</summary>
    Overwrite = 1,
    /// <summary>The old row stays.</summary>
    Ignore = 2,
    /// <summary>Non-null fields of the new row replace those of the old.</summary>
    UpdateIfNotNull = 3,
}

/// <summary>Where the rows of a file that a query names are.</summary>
/// <param name="Name">The path as it was written, for what is said of it.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Delimiter">Between the fields of CSV; null for NDJSON.</param>
/// <param name="Position">Where the statement names it.</param>
public sealed record FileLocation(string Name, string Path, char? Delimiter, int Position);

/// <summary>CHECK of a table or stream.</summary>
/// <param name="Name">The constraint's name.</param>
/// <param name="Condition">Over the columns of the row: a row for which it is false is refused.</param>
/// <param name="Columns">The columns that it reads.</param>
public sealed record CheckRule(string Name, ScalarExpr Condition, IReadOnlyList<int> Columns);

/// <summary>UNIQUE of a table.</summary>
/// <param name="Name">The constraint's name.</param>
/// <param name="Columns">The columns; a row with NULL in one of them agrees with none.</param>
public sealed record UniqueRule(string Name, IReadOnlyList<int> Columns);

/// <summary>A column of a table that the engine numbers where no value is given: GENERATED … AS IDENTITY, serial.</summary>
/// <param name="Column">The column.</param>
/// <param name="Always">GENERATED ALWAYS: a statement may give no value of its own.</param>
/// <param name="Start">The first number.</param>
public sealed record IdentityRule(int Column, bool Always, long Start);

/// <summary>An object of the catalog, immutable; a DDL statement makes a new one.</summary>
public sealed record CatalogObject
{
    /// <summary>Identity, never reused within a data folder. System relations have negative ones.</summary>
    public required int Id { get; init; }

    /// <summary>The schema it lives in, such as public.</summary>
    public string Namespace { get; init; } = "public";

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its name as programs are told it: with its schema, unless that is public.</summary>
    public string FullName => Namespace == "public" || Kind == ObjectKind.System ? Name : Namespace + "." + Name;

    /// <summary>Its kind.</summary>
    public required ObjectKind Kind { get; init; }

    /// <summary>Its columns. A table without a declared primary key has a hidden last column <c>_rowid</c> (bigint).</summary>
    public required Schema Columns { get; init; }

    /// <summary>How many trailing columns are hidden from <c>SELECT *</c>.</summary>
    public int HiddenColumns { get; init; }

    /// <summary>Column indexes of the primary key, or of a key the view's plan guarantees; empty when rows may repeat.</summary>
    public IReadOnlyList<int> PrimaryKey { get; init; } = [];

    /// <summary>Column index of the event time, or −1.</summary>
    public int EventTime { get; init; } = -1;

    /// <summary>How far behind the latest event time the watermark trails, in µs; −1 when none is declared.</summary>
    public long WatermarkDelay { get; init; } = -1;

    /// <summary>True when rows are only ever added.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>What an insert with a taken key does by default.</summary>
    public ConflictRule OnConflict { get; init; }

    /// <summary>For a table: the column whose value orders the versions of a row, so that an older one never overwrites a newer; −1 for none.</summary>
    public int VersionColumn { get; init; } = -1;

    /// <summary>Default expressions by column as SQL text; null where there is none.</summary>
    public IReadOnlyList<string?> Defaults { get; init; } = [];

    /// <summary>What generated columns are computed from, by column, over the columns of the row; null for the others. Columns beyond the end are not generated.</summary>
    public IReadOnlyList<ScalarExpr?> Generated { get; init; } = [];

    /// <summary>What a column is computed from; null when it is written.</summary>
    public ScalarExpr? GeneratedAt(int column) => column < Generated.Count ? Generated[column] : null;

    /// <summary>The columns that the engine numbers.</summary>
    public IReadOnlyList<IdentityRule> Identities { get; init; } = [];

    /// <summary>How a column is numbered; null when it is not.</summary>
    public IdentityRule? IdentityAt(int column) => Identities.FirstOrDefault(i => i.Column == column);

    /// <summary>The columns that rows are written in, all but the hidden ones: one that the engine numbers may be left out.</summary>
    public Schema WrittenColumns => new([.. Columns.Fields.Take(Columns.Count - HiddenColumns).Select((f, i) => IdentityAt(i) is null ? f : f with { Nullable = true })]);

    /// <summary>Conditions that no row may make false.</summary>
    public IReadOnlyList<CheckRule> Checks { get; init; } = [];

    /// <summary>Columns that no two rows may agree in, besides the primary key.</summary>
    public IReadOnlyList<UniqueRule> Uniques { get; init; } = [];

    /// <summary>By column, how many digits of a second it keeps, as in <c>timestamp(3)</c>; −1 for all. Columns beyond the end keep all.</summary>
    public IReadOnlyList<int> TimeDigits { get; init; } = [];

    /// <summary>How many digits of a second a column keeps; −1 for all.</summary>
    public int TimeDigitsAt(int column) => column < TimeDigits.Count ? TimeDigits[column] : -1;

    /// <summary>
    /// The columns whose values together name a series, in order (<c>WITH (key = …)</c>). Nothing is enforced: it says how history is grouped on disk, and
    /// which columns are the tags of line protocol.
    /// </summary>
    public IReadOnlyList<int> SeriesKey => Options.TryGetValue("key", out string? text) ? KeyOption.Columns(text, Columns, EventTime) : [];

    /// <summary>
    /// By column, what rows have in it that were written before it was added: null for NULL, else the representation <see cref="LiteralExpr"/> names.
    /// Columns beyond the end have been there from the start.
    /// </summary>
    public IReadOnlyList<object?> ValuesBefore { get; init; } = [];

    /// <summary>True for a table that goes with the session that made it, and when the database is opened again.</summary>
    public bool Temporary { get; init; }

    /// <summary>How many of its columns, the last ones, were added after it was made.</summary>
    public int ColumnsAdded { get; init; }

    /// <summary>How often its rows have been laid out anew: rows made for another layout are none of it.</summary>
    public int Shape { get; init; }

    /// <summary>The statement that made it, as SQL.</summary>
    public string Definition { get; init; } = "";

    /// <summary>The query text of a view.</summary>
    public string? Query { get; init; }

    /// <summary>Options given WITH (…).</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Objects it reads: a view's inputs, an index's table.</summary>
    public IReadOnlyList<int> DependsOn { get; init; } = [];

    /// <summary>What it was made with and goes with: a view, for its late rows (LATE DATA INTO); an alert, for the table of what it has told; 0 for none.</summary>
    public int PartOf { get; init; }

    /// <summary>
    /// For a plain view: how many columns each object of <see cref="DependsOn"/> had when it was made. Its text goes on meaning these, as * would else take
    /// in columns added since.
    /// </summary>
    public IReadOnlyList<int> InputWidths { get; init; } = [];

    /// <summary>For an endpoint or a function: its parameters in order. Those of a function may have empty names.</summary>
    public IReadOnlyList<EndpointParameter> Parameters { get; init; } = [];

    /// <summary>For a materialized view: why it is paused; null when it is not.</summary>
    public string? Paused { get; init; }

    /// <summary>For a materialized view: made by CREATE STREAM … AS CHANGELOG FROM, and called a stream wherever somebody names its kind.</summary>
    public bool CalledStream { get; init; }

    /// <summary>For a materialized view: made by CREATE SUBSCRIPTION, which keeps the changes of what it is from.</summary>
    public bool CalledSubscription { get; init; }

    /// <summary>For a materialized view: made by CREATE SINK, which keeps its changes applied to the table or stream of this identity; 0 for all others.</summary>
    public int SinkInto { get; init; }

    /// <summary>Comments, by the number of the column they are on, from 1; 0 for the object's own.</summary>
    public IReadOnlyDictionary<int, string> Comments { get; init; } = new Dictionary<int, string>();

    /// <summary>True for what its maker called a stream.</summary>
    public bool IsStream => Kind == ObjectKind.Stream || CalledStream;

    /// <summary>True for what can be named in a query; false for what lives beside: endpoints, users, tokens, alerts, functions, schemas.</summary>
    public bool IsRelation => Kind < ObjectKind.Endpoint;

    /// <summary>For a file that a query names, which is in no catalog: where its rows are.</summary>
    public FileLocation? File { get; init; }

    /// <summary>For an index: the column indexes in order.</summary>
    public IReadOnlyList<int> IndexColumns { get; init; } = [];
}
