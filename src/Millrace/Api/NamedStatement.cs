// What a session calls by name: prepared statements and cursors, whether SQL or a protocol has made them.
using Millrace.Core;
using Millrace.Sql.Syntax;

namespace Millrace;

/// <summary>A statement prepared under a name. Those of PREPARE and those of the PostgreSQL protocol share one space of names, as in PostgreSQL.</summary>
/// <param name="Text">What pg_prepared_statements shows.</param>
/// <param name="Statement">The statement to run; null for an empty text.</param>
/// <param name="Plan">It bound; null for an empty text.</param>
public sealed record NamedStatement(string Text, Statement? Statement, PreparedStatement? Plan)
{
    /// <summary>The wire's numbers of the parameter types that the client has declared.</summary>
    public IReadOnlyList<int> Declared { get; init; } = [];

    /// <summary>True when PREPARE has made it.</summary>
    public bool FromSql { get; init; }

    /// <summary>When it was prepared.</summary>
    public long PreparedMicros { get; init; }
}

/// <summary>A cursor or portal, as pg_cursors shows it.</summary>
/// <param name="Name">Its name; empty for the unnamed portal.</param>
/// <param name="Text">The statement that made it.</param>
/// <param name="CreatedMicros">When.</param>
public sealed record NamedCursor(string Name, string Text, long CreatedMicros)
{
    /// <summary>True when it goes on after its transaction.</summary>
    public bool IsHeld { get; init; }

    /// <summary>True when it can go back.</summary>
    public bool MayGoBack { get; init; }

    /// <summary>True when its rows come in binary form.</summary>
    public bool IsBinary { get; init; }
}
