// Runs SQL for the shell, against a server or inside this process.
namespace Millrace.Cli.Sql;

/// <summary>The columns of a result: names, and type names for those who format by type.</summary>
internal sealed record ResultColumns(IReadOnlyList<string> Names, IReadOnlyList<string> Types);

/// <summary>Gets results as they come.</summary>
internal interface IResultSink
{
    /// <summary>A result with rows begins.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="endless">True when rows come until somebody stops it.</param>
    void Begin(ResultColumns columns, bool endless);

    /// <summary>A row, as text; null is NULL.</summary>
    void Row(string?[] values);

    /// <summary>A statement is done.</summary>
    /// <param name="tag">Such as <c>INSERT 0 3</c>; null after rows.</param>
    void End(string? tag);

    /// <summary>A message that is not an error.</summary>
    void Notice(string text);
}

/// <summary>Runs SQL and gives its results to a sink.</summary>
internal interface ISqlRunner : IAsyncDisposable
{
    /// <summary>Runs all statements of a text.</summary>
    /// <exception cref="SqlShellException">A statement failed.</exception>
    Task RunAsync(string sql, IResultSink sink, CancellationToken cancellation);

    /// <summary>Runs a COPY … FROM STDIN with the bytes of a stream.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="name">What the stream is called where a row is bad.</param>
    /// <param name="from">The bytes.</param>
    /// <param name="cancellation">Ends it; nothing is copied then.</param>
    /// <returns>Rows copied.</returns>
    /// <exception cref="SqlShellException">It failed.</exception>
    Task<long> CopyInAsync(string sql, string name, Stream from, CancellationToken cancellation);

    /// <summary>Runs a COPY … TO STDOUT.</summary>
    /// <returns>Rows copied.</returns>
    /// <exception cref="SqlShellException">It failed.</exception>
    Task<long> CopyOutAsync(string sql, Stream to, CancellationToken cancellation);
}

/// <summary>A failed statement, ready to be shown: message, place, hint.</summary>
internal sealed class SqlShellException(string message, int position, string? hint, string sqlState) : Exception(message)
{
    /// <summary>0-based offset in the text, or −1.</summary>
    public int Position { get; } = position;

    public string? Hint { get; } = hint;

    public string SqlState { get; } = sqlState;

    /// <summary>The message, the line it is about with a caret below, and the hint.</summary>
    public string Show(string sql)
    {
        string text = $"ERROR:  {Message}";
        if (Position >= 0 && Position <= sql.Length)
        {
            (int line, int column) = Millrace.Core.SqlException.LineAndColumn(sql, Position);
            string source = sql.Split('\n')[line - 1].TrimEnd('\r');
            string prefix = $"LINE {line}: ";
            text += $"\n{prefix}{source}\n{new string(' ', prefix.Length + column - 1)}^";
        }

        return Hint is null ? text : $"{text}\nHINT:  {Hint}";
    }
}
