// What stands on what: pg_depend and pg_rewrite, from which tools learn which views a table takes with it; and the rows that each table holds.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows about what objects need and hold.</summary>
internal static class DependencyRows
{
    private const int Classes = 1259;
    private const int Rewrites = 2618;

    /// <summary>
    /// pg_depend. A view needs its inputs by way of its rule, which belongs to it ('i'); PostgreSQL names the columns too, here a row stands for all of them.
    /// An index belongs to its table ('a').
    /// </summary>
    public static void Depends(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.SinkInto == 0).OrderBy(o => o.Id))
        {
            int[] inputs = [.. o.DependsOn.Where(id => id != o.Id && context.Catalog.Find(id) is { IsRelation: true }).Distinct().Select(Oids.Of)];
            if (o.Kind == ObjectKind.Index)
            {
                foreach (int input in inputs)
                {
                    Add(rows, Classes, Oids.Of(o), input, "a");
                }
            }
            else if (o.Kind is ObjectKind.View or ObjectKind.MaterializedView)
            {
                Add(rows, Rewrites, Oids.FirstRule + o.Id, Oids.Of(o), "i");
                Add(rows, Rewrites, Oids.FirstRule + o.Id, Oids.Of(o), "n");
                foreach (int input in inputs)
                {
                    Add(rows, Rewrites, Oids.FirstRule + o.Id, input, "n");
                }
            }
        }
    }

    /// <summary>pg_rewrite: the rule _RETURN of each view.</summary>
    public static void Rules(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.SinkInto == 0 && o.Kind is (ObjectKind.View or ObjectKind.MaterializedView)).OrderBy(o => o.Id))
        {
            rows.Add(
                ("oid", Oids.FirstRule + o.Id), ("rulename", "_RETURN"), ("ev_class", Oids.Of(o)), ("ev_type", "1"), ("ev_enabled", "O"), ("is_instead", true),
                ("ev_qual", "<>"), ("ev_action", "<>"));
        }
    }

    /// <summary>pg_stat_user_tables: the rows of tables, streams and materialized views, as far as they are counted.</summary>
    public static void UserTables(SystemContext context, RelationRows rows)
    {
        Dictionary<int, ObjectStatistics> known = context.Database.Statistics().Objects.ToDictionary(o => o.Id);
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.SinkInto == 0 && ClassRows.RelKind(o) is ("r" or "m")).OrderBy(o => o.Id))
        {
            ObjectStatistics? counted = known.GetValueOrDefault(o.Id);
            rows.Add(
                ("relid", Oids.Of(o)), ("schemaname", o.Namespace), ("relname", o.Name), ("n_tup_ins", counted?.RowsTotal ?? 0L), ("n_live_tup", counted?.Rows ?? 0L),
                ("n_dead_tup", 0L), ("vacuum_count", 0L), ("autovacuum_count", 0L), ("analyze_count", 0L), ("autoanalyze_count", 0L));
        }
    }

    private static void Add(RelationRows rows, int catalog, int oid, int needs, string type) => rows.Add(
        ("classid", catalog), ("objid", oid), ("objsubid", 0), ("refclassid", Classes), ("refobjid", needs), ("refobjsubid", 0), ("deptype", type));
}
