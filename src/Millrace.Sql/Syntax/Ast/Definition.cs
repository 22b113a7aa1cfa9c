// Statements that define, change and remove objects.
namespace Millrace.Sql.Syntax;

/// <summary>The kinds of object that SQL names.</summary>
public enum ObjectKind
{
    /// <summary>A stream.</summary>
    Stream,

    /// <summary>A table.</summary>
    Table,

    /// <summary>A view that is only its text.</summary>
    View,

    /// <summary>A view that is kept up to date.</summary>
    MaterializedView,

    /// <summary>An index.</summary>
    Index,

    /// <summary>A schema.</summary>
    Schema,

    /// <summary>A source: a connector that fills a stream.</summary>
    Source,

    /// <summary>A sink: a connector that drains one.</summary>
    Sink,

    /// <summary>A column (COMMENT ON only; the last part of the name is the column).</summary>
    Column,

    /// <summary>A database (COMMENT ON only).</summary>
    Database,

    /// <summary>A published query.</summary>
    Endpoint,

    /// <summary>A user.</summary>
    User,

    /// <summary>A bearer token.</summary>
    Token,

    /// <summary>A query whose rows are told to an address.</summary>
    Alert,

    /// <summary>The changes of a table or view, kept for a while.</summary>
    Subscription,

    /// <summary>A function written in SQL.</summary>
    Function,
}

/// <summary>What a table does with a row whose key is there already, as its definition says.</summary>
public enum ConflictBehavior
{
    /// <summary>Nothing was said.</summary>
    None,

    /// <summary>ON CONFLICT OVERWRITE.</summary>
    Overwrite,

    /// <summary>ON CONFLICT IGNORE.</summary>
    Ignore,

    /// <summary>ON CONFLICT DO UPDATE IF NOT NULL: the new row's nulls keep the old values.</summary>
    UpdateIfNotNull,
}

/// <summary>CREATE STREAM, CREATE TABLE or CREATE SOURCE.</summary>
/// <param name="Kind">Stream, Table or Source.</param>
/// <param name="Name">The new object.</param>
/// <param name="Columns">The columns; with AS they may lack types.</param>
/// <param name="Constraints">PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY at table level.</param>
public sealed record CreateTableStatement(
    ObjectKind Kind, ObjectName Name, NodeList<ColumnDef> Columns, NodeList<TableConstraint> Constraints) : Statement
{
    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>TEMPORARY.</summary>
    public bool Temporary { get; init; }

    /// <summary>WATERMARK FOR …; at most one has a meaning, the binder says so.</summary>
    public NodeList<WatermarkDef> Watermarks { get; init; } = [];

    /// <summary>APPEND ONLY.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>ON CONFLICT ….</summary>
    public ConflictBehavior OnConflict { get; init; }

    /// <summary>WITH VERSION COLUMN (…), or null.</summary>
    public Name? VersionColumn { get; init; }

    /// <summary>WITH (…).</summary>
    public NodeList<Option> Options { get; init; } = [];

    /// <summary>AS query, or null.</summary>
    public Query? AsQuery { get; init; }

    /// <summary>AS … WITH NO DATA.</summary>
    public bool WithNoData { get; init; }

    /// <summary>FORMAT x of a source, lower case, or null.</summary>
    public string? Format { get; init; }

    /// <summary>ENCODE y of a source, lower case, or null.</summary>
    public string? Encode { get; init; }

    /// <summary>The options behind ENCODE.</summary>
    public NodeList<Option> EncodeOptions { get; init; } = [];
}

/// <summary>A column of a definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type; null only where a query gives the types.</param>
public sealed record ColumnDef(Name Name, TypeName? Type) : Node
{
    /// <summary>NOT NULL (true), NULL (false) or neither.</summary>
    public bool? NotNull { get; init; }

    /// <summary>PRIMARY KEY on the column.</summary>
    public bool PrimaryKey { get; init; }

    /// <summary>UNIQUE on the column.</summary>
    public bool Unique { get; init; }

    /// <summary>CONSTRAINT name in front of UNIQUE, or null.</summary>
    public Name? UniqueName { get; init; }

    /// <summary>DEFAULT, or null.</summary>
    public Expr? Default { get; init; }

    /// <summary>CHECK conditions on the column.</summary>
    public NodeList<TableConstraint> Checks { get; init; } = [];

    /// <summary>GENERATED ALWAYS AS (expr) STORED, or RisingWave's <c>AS expr</c>; null for an ordinary column.</summary>
    public Expr? Generated { get; init; }

    /// <summary>GENERATED … AS IDENTITY.</summary>
    public bool Identity { get; init; }

    /// <summary>COLLATE, or null.</summary>
    public ObjectName? Collation { get; init; }

    /// <summary>REFERENCES table, or null (the binder refuses it).</summary>
    public ObjectName? References { get; init; }
}

/// <summary>The kinds of table constraint.</summary>
public enum ConstraintKind
{
    /// <summary>PRIMARY KEY (…).</summary>
    PrimaryKey,

    /// <summary>UNIQUE (…).</summary>
    Unique,

    /// <summary>CHECK (…).</summary>
    Check,

    /// <summary>FOREIGN KEY (…) REFERENCES ….</summary>
    ForeignKey,
}

/// <summary>A constraint at table level.</summary>
/// <param name="Kind">Which.</param>
/// <param name="ConstraintName">CONSTRAINT name, or null.</param>
/// <param name="Columns">The columns of a key, else empty.</param>
/// <param name="Check">CHECK's condition, else null.</param>
/// <param name="References">FOREIGN KEY's target, else null.</param>
/// <param name="ReferencedColumns">FOREIGN KEY's target columns, else empty.</param>
public sealed record TableConstraint(
    ConstraintKind Kind,
    Name? ConstraintName,
    NodeList<Name> Columns,
    Expr? Check,
    ObjectName? References,
    NodeList<Name> ReferencedColumns) : Node;

/// <summary><c>WATERMARK FOR col AS expr</c>.</summary>
/// <param name="Column">The event-time column.</param>
/// <param name="Value">The watermark as a function of a row, usually <c>col - INTERVAL '…'</c>.</param>
public sealed record WatermarkDef(Name Column, Expr Value) : Node;

/// <summary>CREATE [MATERIALIZED] VIEW.</summary>
/// <param name="Name">The view.</param>
/// <param name="Materialized">Kept up to date, against merely named.</param>
/// <param name="Query">Its query; EMIT ON WINDOW CLOSE is on the query.</param>
public sealed record CreateViewStatement(ObjectName Name, bool Materialized, Query Query) : Statement
{
    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>TEMPORARY.</summary>
    public bool Temporary { get; init; }

    /// <summary>The column names given, or empty.</summary>
    public NodeList<Name> Columns { get; init; } = [];

    /// <summary>WITH (…) in front of AS.</summary>
    public NodeList<Option> Options { get; init; } = [];

    /// <summary>WITH NO DATA.</summary>
    public bool WithNoData { get; init; }
}

/// <summary>CREATE INDEX.</summary>
/// <param name="Name">The index; null to have it named.</param>
/// <param name="Table">The table, stream or view indexed.</param>
/// <param name="Columns">The keys.</param>
public sealed record CreateIndexStatement(Name? Name, ObjectName Table, NodeList<OrderItem> Columns) : Statement
{
    /// <summary>UNIQUE.</summary>
    public bool Unique { get; init; }

    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>USING method, or null.</summary>
    public string? Method { get; init; }

    /// <summary>INCLUDE (…), or empty.</summary>
    public NodeList<Name> Include { get; init; } = [];

    /// <summary>DISTRIBUTED BY (…) of RisingWave, or empty.</summary>
    public NodeList<Expr> DistributedBy { get; init; } = [];

    /// <summary>WITH (…).</summary>
    public NodeList<Option> Options { get; init; } = [];

    /// <summary>WHERE of a partial index, or null.</summary>
    public Expr? Where { get; init; }
}

/// <summary>CREATE SCHEMA.</summary>
/// <param name="Name">The schema.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
public sealed record CreateSchemaStatement(ObjectName Name, bool IfNotExists) : Statement;

/// <summary>CREATE SUBSCRIPTION: the changes of a table or view are kept for a while, for cursors to read.</summary>
/// <param name="Name">The subscription.</param>
/// <param name="From">The table or view.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
/// <param name="Options">WITH (retention = …).</param>
public sealed record CreateSubscriptionStatement(ObjectName Name, ObjectName From, bool IfNotExists, NodeList<Option> Options) : Statement;

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name; null where it is known by its number only.</param>
/// <param name="Type">Its type.</param>
public sealed record FunctionParameterDef(Name? Name, TypeName Type) : Node;

/// <summary>CREATE FUNCTION of one SQL expression or query that gives a value.</summary>
/// <param name="Name">The function.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Returns">The type of its value.</param>
/// <param name="Body">The text of its one statement; an expression behind RETURN is kept as SELECT of it.</param>
public sealed record CreateFunctionStatement(ObjectName Name, NodeList<FunctionParameterDef> Parameters, TypeName Returns, string Body) : Statement
{
    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>STRICT, RETURNS NULL ON NULL INPUT.</summary>
    public bool Strict { get; init; }
}

/// <summary>CREATE SINK.</summary>
/// <param name="Name">The sink.</param>
/// <param name="From">FROM object, or null.</param>
/// <param name="Query">AS query, or null.</param>
/// <param name="Into">INTO table, or null.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
/// <param name="Options">WITH (…).</param>
public sealed record CreateSinkStatement(
    ObjectName Name, ObjectName? From, Query? Query, ObjectName? Into, bool IfNotExists, NodeList<Option> Options) : Statement
{
    /// <summary>The columns of the table that the query's are for; empty for all of them.</summary>
    public NodeList<Name> Columns { get; init; } = [];

    /// <summary>FORMAT x, lower case, or null.</summary>
    public string? Format { get; init; }

    /// <summary>ENCODE y, lower case, or null.</summary>
    public string? Encode { get; init; }

    /// <summary>The options behind ENCODE.</summary>
    public NodeList<Option> EncodeOptions { get; init; } = [];
}

/// <summary>DROP.</summary>
/// <param name="Kind">What is dropped.</param>
/// <param name="Names">One or more objects.</param>
/// <param name="IfExists">IF EXISTS.</param>
/// <param name="Cascade">CASCADE: what depends on them too.</param>
public sealed record DropStatement(ObjectKind Kind, NodeList<ObjectName> Names, bool IfExists, bool Cascade) : Statement;

/// <summary>ALTER.</summary>
/// <param name="Kind">What is altered.</param>
/// <param name="Name">Its name.</param>
/// <param name="IfExists">IF EXISTS.</param>
/// <param name="Actions">One or more actions.</param>
public sealed record AlterStatement(ObjectKind Kind, ObjectName Name, bool IfExists, NodeList<AlterAction> Actions) : Statement;

/// <summary>ALTER SYSTEM SET name = value, ALTER SYSTEM RESET name.</summary>
/// <param name="Name">The setting.</param>
/// <param name="Value">Its value; null for RESET.</param>
public sealed record AlterSystemStatement(string Name, Expr? Value) : Statement;

/// <summary>One thing that ALTER does.</summary>
public abstract record AlterAction : Node;

/// <summary>PAUSE: the view gives its state back and stands still.</summary>
/// <param name="Options">WITH (reason = '…'), or empty.</param>
public sealed record PauseAction(NodeList<Option> Options) : AlterAction;

/// <summary>RESUME: the view is computed anew from what it reads, and goes on.</summary>
public sealed record ResumeAction : AlterAction;

/// <summary>RENAME TO.</summary>
/// <param name="NewName">The new name.</param>
public sealed record RenameToAction(Name NewName) : AlterAction;

/// <summary>RENAME [COLUMN] a TO b.</summary>
/// <param name="Column">The old name.</param>
/// <param name="NewName">The new name.</param>
public sealed record RenameColumnAction(Name Column, Name NewName) : AlterAction;

/// <summary>SET (k = v, …), or SET k = v.</summary>
/// <param name="Options">The options.</param>
public sealed record SetOptionsAction(NodeList<Option> Options) : AlterAction;

/// <summary>RESET (k, …).</summary>
/// <param name="Keys">The options' names.</param>
public sealed record ResetOptionsAction(NodeList<string> Keys) : AlterAction;

/// <summary>ADD [COLUMN] [IF NOT EXISTS].</summary>
/// <param name="Column">The new column.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
public sealed record AddColumnAction(ColumnDef Column, bool IfNotExists) : AlterAction;

/// <summary>DROP [COLUMN] [IF EXISTS].</summary>
/// <param name="Column">The column.</param>
/// <param name="IfExists">IF EXISTS.</param>
/// <param name="Cascade">CASCADE.</param>
public sealed record DropColumnAction(Name Column, bool IfExists, bool Cascade) : AlterAction;

/// <summary>ALTER [COLUMN] c SET DEFAULT … | DROP DEFAULT | SET NOT NULL | DROP NOT NULL | TYPE ….</summary>
/// <param name="Column">The column.</param>
/// <param name="Change">What changes.</param>
/// <param name="Default">The new default of SET DEFAULT, else null.</param>
/// <param name="Type">The new type of TYPE, else null.</param>
public sealed record AlterColumnAction(Name Column, ColumnChange Change, Expr? Default, TypeName? Type) : AlterAction;

/// <summary>What ALTER COLUMN changes.</summary>
public enum ColumnChange
{
    /// <summary>SET DEFAULT.</summary>
    SetDefault,

    /// <summary>DROP DEFAULT.</summary>
    DropDefault,

    /// <summary>SET NOT NULL.</summary>
    SetNotNull,

    /// <summary>DROP NOT NULL.</summary>
    DropNotNull,

    /// <summary>TYPE.</summary>
    Type,
}

/// <summary>ADD constraint.</summary>
/// <param name="Constraint">The constraint.</param>
public sealed record AddConstraintAction(TableConstraint Constraint) : AlterAction;

/// <summary>SET SCHEMA.</summary>
/// <param name="Schema">The new schema.</param>
public sealed record SetSchemaAction(Name Schema) : AlterAction;

/// <summary>OWNER TO.</summary>
/// <param name="Owner">The new owner.</param>
public sealed record OwnerToAction(Name Owner) : AlterAction;

/// <summary>COMMENT ON.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Name">Its name; for a column the last part is the column.</param>
/// <param name="Text">The comment; null removes it.</param>
public sealed record CommentStatement(ObjectKind Kind, ObjectName Name, string? Text) : Statement;
