// Where a one-time query gets its rows from.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>What a session lends to a query.</summary>
/// <param name="Rows">An object's rows, or at least those in a range.</param>
/// <param name="Appended">A scan of an object that only ever grows; null when its rows must come from <paramref name="Rows"/>.</param>
/// <param name="NewContext">Surroundings for expressions on another thread.</param>
internal sealed record RowSource(
    Func<CatalogObject, RowRange?, IEnumerable<Batch>> Rows, Func<CatalogObject, ScanNeed, EvalContext, AppendedScan?> Appended, Func<EvalContext> NewContext)
{
    /// <summary>The rows of a snapshot as they are.</summary>
    public static RowSource Of(DatabaseSnapshot snapshot, Func<EvalContext> newContext) => new(
        (o, range) => snapshot.Find(range?.SourceId ?? o.Id).Scan(snapshot.Load, range?.Prefix),
        (o, need, context) => AppendedScan.Of(snapshot.Find(o.Id), need, context, EvalErrors.Throw), newContext);
}
