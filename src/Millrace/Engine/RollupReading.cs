// A one-time query, answered from rollups where they stand well enough in the snapshot it reads.
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Brings the rule about rollups and the rollups of a snapshot together.</summary>
internal static class RollupReading
{
    /// <summary>The query with aggregates answered from rollups, and what came from where.</summary>
    /// <param name="query">With parameters and stable calls replaced by literals.</param>
    /// <param name="snapshot">What is read.</param>
    /// <param name="mode">What the session allows.</param>
    /// <param name="context">Knows the session's zone.</param>
    /// <param name="isChanged">True for what a transaction has written into itself: that is in no rollup yet.</param>
    public static (BoundQuery Query, IReadOnlyList<RollupReport> Reports) Of(
        BoundQuery query, DatabaseSnapshot snapshot, RollupMode mode, EvalContext context, Func<CatalogObject, bool> isChanged)
    {
        List<RollupCandidate>? rollups = null;
        foreach (ObjectSnapshot? o in mode == RollupMode.Off ? [] : snapshot.Objects)
        {
            if (o?.Rollup is { } rollup && snapshot.Find(rollup.Shape.StreamId) is { Error: null } stream && !isChanged(stream.Definition))
            {
                (rollups ??= []).Add(rollup);
            }
        }

        if (rollups is null)
        {
            return (query, []);
        }

        (PlanNode plan, IReadOnlyList<RollupReport> reports) = UseRollups.Apply(
            query.Plan, FunctionLibrary.Catalog, rollups, id => snapshot.Find(id).GoneUpto, mode, context.TimeZone.Equals(TimeZoneInfo.Utc));
        return (reports.Any(r => r.Uses.Count > 0) ? query with { Plan = plan } : query, reports);
    }
}
