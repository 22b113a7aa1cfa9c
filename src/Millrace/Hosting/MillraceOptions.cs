// What AddMillrace is told.
namespace Millrace.Hosting;

/// <summary>How a program's database is opened.</summary>
public sealed class MillraceOptions
{
    /// <summary>The data folder, made if it does not exist. Needed unless <see cref="InMemory"/>.</summary>
    public string? Folder { get; set; }

    /// <summary>Keeps everything in memory, for tests. Default false.</summary>
    public bool InMemory { get; set; }

    /// <summary>Settings of the engine.</summary>
    public DatabaseOptions Database { get; set; } = new();

    /// <summary>Statements that run, in order, before the program's own services start. Written so that they can run again: CREATE … IF NOT EXISTS.</summary>
    public IList<string> Statements { get; } = [];

    /// <summary>Adds the statement that makes the stream or table of a row type, unless it is there.</summary>
    /// <typeparam name="T">A type with <see cref="MillraceRowAttribute"/>.</typeparam>
    public void Create<T>()
        where T : IMillraceRow<T> => Statements.Add(T.RowAccessor.CreateStatement);

    /// <summary>Whether the host is stopped when the database has failed for good, its disk mostly. Default true: a process that lost its data serves nobody.</summary>
    public bool StopHostOnFailure { get; set; } = true;
}
