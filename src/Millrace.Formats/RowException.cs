// A bad row of a bulk load: where it is and what is wrong with it.
using Millrace.Core;

namespace Millrace.Formats;

/// <summary>A row that could not be read. <see cref="Exception.InnerException"/> is the user's error.</summary>
internal sealed class RowException(long line, string? column, string raw, SqlException error) : Exception(error.Message, error)
{
    /// <summary>1-based line of the input on which the row starts.</summary>
    public long Line { get; } = line;

    /// <summary>The column at fault, or null when it is the row as a whole.</summary>
    public string? Column { get; } = column;

    /// <summary>The field's (or the row's) text, cut to 100 characters.</summary>
    public string Raw { get; } = raw;

    /// <summary>What is wrong.</summary>
    public SqlException Error { get; } = error;

    /// <summary>The context line as PostgreSQL words it.</summary>
    /// <param name="table">The table loaded.</param>
    public string Where(string table) => Column is null
        ? $"COPY {table}, line {Line}: \"{Raw}\""
        : $"COPY {table}, line {Line}, column {Column}: \"{Raw}\"";
}
