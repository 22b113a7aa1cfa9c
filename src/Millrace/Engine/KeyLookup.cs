// Finds out that a query needs only the rows of one key, so that a scan becomes a lookup.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows that lie together in an object or one of its indexes.</summary>
/// <param name="SourceId">The object or index.</param>
/// <param name="Prefix">What the encoded rows begin with.</param>
internal sealed record RowRange(int SourceId, byte[] Prefix);

/// <summary>Turns <c>WHERE key = constant</c> directly above a scan into the prefix of the rows to read.</summary>
internal static class KeyLookup
{
    /// <summary>Where the rows of <paramref name="input"/> that the plan can need are found together; null when all rows must be read.</summary>
    public static RowRange? Find(PlanNode plan, CatalogObject input, DatabaseSnapshot snapshot)
    {
        if (input.Id <= 0 || snapshot.Objects.ElementAtOrDefault(input.Id)?.Layout is null)
        {
            return null;
        }

        var filters = new List<ScalarExpr?>();
        CollectFilters(plan, input.Id, null, filters);
        if (filters is not [{ } predicate])
        {
            // Scanned without a filter, or more than once: all rows are needed.
            return null;
        }

        Dictionary<int, LiteralExpr> constants = Constants(predicate);
        RowRange? best = null;
        int covered = 0;
        foreach ((int id, RowLayout layout) in Places(input, snapshot))
        {
            List<Column> values = [.. layout.Key.TakeWhile(constants.ContainsKey).Select(k => BoxedValue.ToColumn(constants[k].Value, constants[k].Type))];
            if (values.Count > covered)
            {
                covered = values.Count;
                best = new RowRange(id, layout.EncodePrefix(values));
            }
        }

        return best;
    }

    /// <summary>Where an object's rows lie by key: the object itself, then its indexes, each with the columns that its rows are ordered by.</summary>
    public static IEnumerable<(int Id, RowLayout Layout)> Places(CatalogObject rows, DatabaseSnapshot snapshot)
    {
        foreach (CatalogObject candidate in snapshot.Catalog.All.Where(o => o.Id == rows.Id || (o.Kind == ObjectKind.Index && o.DependsOn.Contains(rows.Id))))
        {
            if (snapshot.Objects.ElementAtOrDefault(candidate.Id)?.Layout is { } layout)
            {
                yield return (candidate.Id, layout);
            }
        }
    }

    private static Dictionary<int, LiteralExpr> Constants(ScalarExpr predicate)
    {
        var constants = new Dictionary<int, LiteralExpr>();
        foreach (ScalarExpr term in predicate is AndExpr and ? and.Arguments : [predicate])
        {
            if (term is CallExpr { Function.Name: "=", Arguments: [var a, var b] })
            {
                (ColumnExpr? column, LiteralExpr? literal) = (a as ColumnExpr ?? b as ColumnExpr, a as LiteralExpr ?? b as LiteralExpr);
                if (column is not null && literal?.Value is not null && literal.Type.SameAs(column.Type))
                {
                    constants.TryAdd(column.Index, literal);
                }
            }
        }

        return constants;
    }

    private static void CollectFilters(PlanNode plan, int id, ScalarExpr? above, List<ScalarExpr?> found)
    {
        if (plan is ScanPlan scan && scan.Object.Id == id)
        {
            found.Add(above);
        }

        foreach (PlanNode input in plan.Inputs)
        {
            CollectFilters(input, id, plan is FilterPlan filter ? filter.Predicate : null, found);
        }
    }
}
