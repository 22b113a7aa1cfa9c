// What a binder is told beside the statement: parameter types, the statement's text.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What a binder is told beside the statement.</summary>
public sealed record BindOptions
{
    /// <summary>Nothing special.</summary>
    public static readonly BindOptions Default = new();

    /// <summary>Types of the first parameters as the client gave them; null or unknown for those to be inferred.</summary>
    public IReadOnlyList<SqlType?> ParameterTypes { get; init; } = [];

    /// <summary>Names of the first parameters, for an endpoint's query; empty when parameters have numbers only.</summary>
    public IReadOnlyList<string> ParameterNames { get; init; } = [];

    /// <summary>The text that the statement was parsed from: views and defaults keep their part of it. Needed for CREATE only.</summary>
    public string? Text { get; init; }

    /// <summary>True for a statement of the catalog's history: it was good when it was given, whatever is checked of new ones since.</summary>
    public bool Replayed { get; init; }

    /// <summary>
    /// Gives the columns of a file that the statement reads, by its path and place in the text; null where no file can be read: in whatever is kept up to date.
    /// </summary>
    public Func<string, int, CatalogObject>? Files { get; init; }

    /// <summary>Parses the text of views, one statement; null for <see cref="Syntax.SqlParser"/>.</summary>
    public Func<string, Syntax.Statement>? Parse { get; init; }
}
