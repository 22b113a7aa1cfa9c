// The verbs for row types with generated code.
using Millrace.Core;

namespace Millrace;

public sealed partial class Database
{
    /// <summary>Makes the stream or table of a row type, unless it is there.</summary>
    /// <typeparam name="T">A type with <see cref="MillraceRowAttribute"/>.</typeparam>
    /// <exception cref="SqlException">A type or an option of it is not understood.</exception>
    public async Task CreateAsync<T>()
        where T : IMillraceRow<T> => await ExecuteAsync(T.RowAccessor.CreateStatement).ConfigureAwait(false);

    /// <summary>
    /// Appends rows to the stream of their type, or upserts them into its table by primary key, as one commit. Returns when they are durable and every view
    /// reflects them.
    /// </summary>
    /// <typeparam name="T">A type with <see cref="MillraceRowAttribute"/>.</typeparam>
    /// <returns>The offset of the first row (streams), or 0.</returns>
    /// <exception cref="SqlException">42P01 there is no such stream or table: <see cref="CreateAsync{T}"/> makes it; a value does not fit.</exception>
    public ValueTask<long> AppendAsync<T>(IEnumerable<T> rows, CancellationToken cancellation = default)
        where T : IMillraceRow<T> => AppendAsync(T.RowAccessor.Relation, rows, cancellation);
}
