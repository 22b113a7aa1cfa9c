// Where an import goes: a database in this process, or a server.
namespace Millrace.Cli.Import;

/// <summary>What became of a block: rows that were taken, and reasons for those that were not.</summary>
/// <param name="Rows">Rows taken.</param>
/// <param name="Dropped">Rows left out.</param>
/// <param name="Errors">The first of them.</param>
internal sealed record BlockResult(long Rows, long Dropped, IReadOnlyList<BlockError> Errors);

/// <summary>A bad row.</summary>
/// <param name="Line">Its line in the block, from 1.</param>
/// <param name="Column">Its column, or null.</param>
/// <param name="Reason">What is wrong.</param>
internal readonly record struct BlockError(long Line, string? Column, string Reason);

/// <summary>A row is bad and none may be left out: nothing of its block was taken.</summary>
internal sealed class BadBlockException(BlockError error) : Exception(error.Reason)
{
    public BlockError Error { get; } = error;
}

/// <summary>Takes blocks of whole records.</summary>
internal interface IImportTarget : IAsyncDisposable
{
    /// <summary>Finds what the rows of a file go to; makes it when it is not there. Gives the statement that made it, or null.</summary>
    ValueTask<string?> BeginAsync(ImportSource source, Func<string> create, CancellationToken cancellation);

    /// <summary>
    /// Starts work on a block that needs no order: several may be under way. What is given finishes it, which is done in order, and says what became of it.
    /// </summary>
    Func<CancellationToken, Task<BlockResult>> Start(ImportSource source, IReadOnlyList<string> columns, Block block);
}
