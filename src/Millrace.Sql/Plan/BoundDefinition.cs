// Bound definitions: CREATE, DROP, ALTER, with templates of the catalog objects they make.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>CREATE TABLE, CREATE STREAM (and CREATE TABLE … APPEND ONLY).</summary>
/// <param name="Template">The new object; its Id is 0 for the engine to give.</param>
/// <param name="IfNotExists">True when an object of that name is no error.</param>
public sealed record BoundCreateRelation(CatalogObject Template, bool IfNotExists) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Template.Kind == ObjectKind.Stream ? "CREATE STREAM" : "CREATE TABLE";

    /// <summary>CREATE … AS: the first rows, all columns of the template (a hidden <c>_rowid</c> NULL); or null.</summary>
    public PlanNode? AsSelect { get; init; }

    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>True when an object of that name is there already (and IF NOT EXISTS makes that no error).</summary>
    public bool Exists { get; init; }
}

/// <summary>CREATE [MATERIALIZED] VIEW.</summary>
/// <param name="Template">The new object, with columns, key, event time and dependencies derived from the query; its Id is 0.</param>
/// <param name="Query">Its query; the plan has exactly the template's columns.</param>
/// <param name="Materialized">Kept up to date, against merely named.</param>
public sealed record BoundCreateView(CatalogObject Template, BoundQuery Query, bool Materialized) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Template.CalledSubscription ? "CREATE SUBSCRIPTION" : Template.SinkInto > 0 ? "CREATE SINK"
        : Template.CalledStream ? "CREATE STREAM" : Materialized ? "CREATE MATERIALIZED VIEW" : "CREATE VIEW";

    /// <summary>The query's text, to be bound again at a restart.</summary>
    public required string QueryText { get; init; }

    /// <summary>OR REPLACE.</summary>
    public bool OrReplace { get; init; }

    /// <summary>IF NOT EXISTS.</summary>
    public bool IfNotExists { get; init; }

    /// <summary>True when an object of that name is there already.</summary>
    public bool Exists { get; init; }

    /// <summary>LATE DATA INTO: what is made beside the view; null where nothing is said.</summary>
    public LateData? Late { get; init; }
}

/// <summary>The stream of rows that come too late for a view.</summary>
/// <param name="Template">The object, Id 0.</param>
/// <param name="Query">Its rows.</param>
public sealed record LateData(CatalogObject Template, BoundQuery Query);

/// <summary>CREATE INDEX.</summary>
/// <param name="Template">The index, Id 0; DependsOn names the relation, IndexColumns the columns.</param>
/// <param name="Table">The relation indexed.</param>
/// <param name="IfNotExists">IF NOT EXISTS.</param>
public sealed record BoundCreateIndex(CatalogObject Template, CatalogObject Table, bool IfNotExists) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE INDEX";

    /// <summary>True when an object of that name is there already.</summary>
    public bool Exists { get; init; }
}

/// <summary>CREATE ENDPOINT.</summary>
/// <param name="Template">The new endpoint, Id 0: its query's text, parameters and columns.</param>
/// <param name="Replaced">The endpoint of that name that goes (OR REPLACE) or stays (IF NOT EXISTS); null when there is none.</param>
/// <param name="OrReplace">OR REPLACE.</param>
public sealed record BoundCreateEndpoint(CatalogObject Template, CatalogObject? Replaced, bool OrReplace) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE ENDPOINT";
}

/// <summary>CREATE FUNCTION.</summary>
/// <param name="Template">The new function, Id 0: its body's text, parameters, and one column for its value.</param>
/// <param name="Replaced">The function of that name that goes (OR REPLACE) or stays (IF NOT EXISTS); null when there is none.</param>
/// <param name="OrReplace">OR REPLACE.</param>
public sealed record BoundCreateFunction(CatalogObject Template, CatalogObject? Replaced, bool OrReplace) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE FUNCTION";
}

/// <summary>CREATE ALERT.</summary>
/// <param name="Alert">The alert, Id 0. Its <see cref="CatalogObject.Definition"/> is the statement without what is secret in it.</param>
/// <param name="Told">The table of what it has told, Id 0.</param>
public sealed record BoundCreateAlert(CatalogObject Alert, CatalogObject Told) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE ALERT";
}

/// <summary>CREATE USER, ALTER USER, GRANT, REVOKE.</summary>
/// <param name="Verb">The command's tag.</param>
/// <param name="User">The user as it shall be; Id 0 when it is new.</param>
/// <param name="Creates">True when it is new.</param>
public sealed record BoundAccess(string Verb, CatalogObject User, bool Creates) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => Verb;
}

/// <summary>CREATE TOKEN.</summary>
/// <param name="Template">The token, Id 0; it depends on its user.</param>
public sealed record BoundCreateToken(CatalogObject Template) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE TOKEN";
}

/// <summary>CREATE SCHEMA.</summary>
/// <param name="Template">The schema, Id 0.</param>
public sealed record BoundCreateSchema(CatalogObject Template) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "CREATE SCHEMA";
}

/// <summary>DROP.</summary>
/// <param name="Kind">What was asked to be dropped.</param>
/// <param name="Objects">The objects found (with IF EXISTS some may be missing).</param>
/// <param name="Cascade">True to drop what depends on them too; else dependents are an error (2BP01).</param>
public sealed record BoundDrop(ObjectKind Kind, IReadOnlyList<CatalogObject> Objects, bool Cascade) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "DROP " + Kind switch
    {
        _ when Subscriptions => "SUBSCRIPTION",
        _ when Sinks => "SINK",
        ObjectKind.Function => "FUNCTION",
        ObjectKind.MaterializedView => "MATERIALIZED VIEW",
        ObjectKind.View => "VIEW",
        ObjectKind.Index => "INDEX",
        ObjectKind.Stream => "STREAM",
        ObjectKind.Endpoint => "ENDPOINT",
        ObjectKind.User => "ROLE",
        ObjectKind.Token => "TOKEN",
        ObjectKind.Alert => "ALERT",
        ObjectKind.Schema => "SCHEMA",
        _ => "TABLE",
    };

    /// <summary>True for DROP SINK.</summary>
    public bool Sinks { get; init; }

    /// <summary>True for DROP SUBSCRIPTION.</summary>
    public bool Subscriptions { get; init; }
}

/// <summary>An ALTER statement: what is altered and the object as it shall be.</summary>
/// <param name="Object">The object as it is.</param>
public abstract record BoundAlter(CatalogObject Object) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "ALTER " + Object.Kind switch
    {
        _ when Object.SinkInto > 0 => "SINK",
        ObjectKind.MaterializedView => "MATERIALIZED VIEW",
        ObjectKind.View => "VIEW",
        ObjectKind.Index => "INDEX",
        ObjectKind.Stream => "STREAM",
        _ => "TABLE",
    };
}

/// <summary>RENAME TO.</summary>
/// <param name="Object">The object.</param>
/// <param name="NewName">Its new name, not taken.</param>
public sealed record BoundAlterRename(CatalogObject Object, string NewName) : BoundAlter(Object);

/// <summary>SET SCHEMA.</summary>
/// <param name="Object">The object.</param>
/// <param name="Schema">Where it goes; its name is free there.</param>
public sealed record BoundAlterSetSchema(CatalogObject Object, string Schema) : BoundAlter(Object);

/// <summary>RENAME COLUMN.</summary>
/// <param name="Object">The object.</param>
/// <param name="Column">The column.</param>
/// <param name="NewName">Its new name, not taken.</param>
public sealed record BoundAlterRenameColumn(CatalogObject Object, int Column, string NewName) : BoundAlter(Object);

/// <summary>SET (…) and RESET (…).</summary>
/// <param name="Object">The object.</param>
/// <param name="Options">The new values; null resets one.</param>
public sealed record BoundAlterSetOptions(CatalogObject Object, IReadOnlyDictionary<string, string?> Options) : BoundAlter(Object);

/// <summary>PAUSE.</summary>
/// <param name="Object">The materialized view.</param>
/// <param name="Reason">Why, for whoever finds it paused.</param>
public sealed record BoundAlterPause(CatalogObject Object, string Reason) : BoundAlter(Object);

/// <summary>RESUME.</summary>
/// <param name="Object">The materialized view.</param>
public sealed record BoundAlterResume(CatalogObject Object) : BoundAlter(Object);

/// <summary>ALTER SYSTEM: a setting of the whole database.</summary>
/// <param name="Name">Which: <see cref="SystemSettings"/> has them.</param>
/// <param name="Value">Its value; null for the one it was opened with.</param>
public sealed record BoundAlterSystem(string Name, string? Value) : BoundStatement
{
    /// <inheritdoc/>
    public override string Tag => "ALTER SYSTEM";
}

/// <summary>ADD COLUMN.</summary>
/// <param name="Object">The object.</param>
/// <param name="Column">The new column.</param>
/// <param name="Default">What the rows that are there get; without column references.</param>
/// <param name="DefaultText">The default as SQL text, or null.</param>
public sealed record BoundAlterAddColumn(CatalogObject Object, Field Column, ScalarExpr Default, string? DefaultText) : BoundAlter(Object)
{
    /// <summary>True when the default depends on when it is evaluated: what rows that are there get of it has to be written into the statement.</summary>
    public bool IsOfNow => !ExprMap.IsImmutable(Default);

    /// <summary>How many digits of a second it keeps; −1 for all.</summary>
    public int TimeDigits { get; init; } = -1;
}

/// <summary>ALTER COLUMN: SET and DROP DEFAULT, SET and DROP NOT NULL.</summary>
/// <param name="Object">The object.</param>
/// <param name="Column">The column.</param>
/// <param name="Field">The column as it shall be; its type stays.</param>
/// <param name="DefaultText">Its default as SQL text from then on, or null.</param>
public sealed record BoundAlterColumn(CatalogObject Object, int Column, Field Field, string? DefaultText) : BoundAlter(Object)
{
    /// <summary>An object with the column so.</summary>
    public CatalogObject Applied(CatalogObject o)
    {
        string?[] defaults = [.. Enumerable.Range(0, o.Columns.Count).Select(i => i == Column ? DefaultText : o.Defaults.ElementAtOrDefault(i))];
        return o with
        {
            Columns = new Schema([.. o.Columns.Fields.Select((f, i) => i == Column ? Field : f)]),
            Defaults = Array.TrueForAll(defaults, d => d is null) ? [] : defaults,
        };
    }
}

/// <summary>ALTER COLUMN TYPE.</summary>
/// <param name="Object">The table.</param>
/// <param name="Column">The column.</param>
/// <param name="Field">The column as it shall be.</param>
/// <param name="Value">What a row that is there has in it from then on, over the columns as they were.</param>
public sealed record BoundAlterType(CatalogObject Object, int Column, Field Field, ScalarExpr Value) : BoundAlter(Object);

/// <summary>DROP COLUMN of a table.</summary>
/// <param name="Object">The table.</param>
/// <param name="Column">The column.</param>
public sealed record BoundAlterDropColumn(CatalogObject Object, int Column) : BoundAlter(Object);

/// <summary>COMMENT ON.</summary>
/// <param name="Object">The object.</param>
/// <param name="Column">The number of the column that it is about, from 1; 0 for the object itself.</param>
/// <param name="Text">What is said; null for nothing any more.</param>
public sealed record BoundComment(CatalogObject Object, int Column, string? Text) : BoundAlter(Object)
{
    /// <inheritdoc/>
    public override string Tag => "COMMENT";
}

/// <summary>Several actions of one ALTER, taking effect at once.</summary>
/// <param name="Object">The object.</param>
/// <param name="Actions">Each bound as if those before it had been done.</param>
public sealed record BoundAlterSeveral(CatalogObject Object, IReadOnlyList<BoundAlter> Actions) : BoundAlter(Object);
