// The user's kind of failure: a SQLSTATE, a place in the statement, and what would have worked.
namespace Millrace.Core;

/// <summary>An error that the user can cause and mend. Every door maps it to its protocol's own form.</summary>
/// <param name="sqlState">Five-character SQLSTATE, as in PostgreSQL's appendix A.</param>
/// <param name="message">What is wrong, in one sentence without a final full stop.</param>
/// <param name="position">0-based character offset in the statement's text; −1 when it has no place.</param>
/// <param name="hint">What would have worked.</param>
/// <param name="detail">More about the cause.</param>
public sealed class SqlException(string sqlState, string message, int position = -1, string? hint = null, string? detail = null)
    : Exception(message)
{
    /// <summary>Five-character SQLSTATE.</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>0-based character offset in the statement's text, or −1.</summary>
    public int Position { get; } = position;

    /// <summary>What would have worked, or null.</summary>
    public string? Hint { get; } = hint;

    /// <summary>More about the cause, or null.</summary>
    public string? Detail { get; } = detail;

    /// <summary>The table whose rows are not as they must be, or null.</summary>
    public string? Table { get; init; }

    /// <summary>The column whose value is not as it must be, or null.</summary>
    public string? Column { get; init; }

    /// <summary>The constraint that does not hold, or null.</summary>
    public string? Constraint { get; init; }

    /// <summary>The 1-based line and column of a 0-based offset in a text.</summary>
    public static (int Line, int Column) LineAndColumn(string text, int position)
    {
        position = Math.Clamp(position, 0, text.Length);
        int line = 1;
        int start = 0;
        for (int i = 0; i < position; i++)
        {
            if (text[i] == '\n')
            {
                line++;
                start = i + 1;
            }
        }

        return (line, position - start + 1);
    }
}
