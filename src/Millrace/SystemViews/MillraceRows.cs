// millrace.*: what PostgreSQL has no name for.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Rows of the schema millrace.</summary>
internal static class MillraceRows
{
    /// <summary>millrace.objects: every stream, table, view and index with its counters.</summary>
    public static void Objects(SystemContext context, RelationRows rows)
    {
        Dictionary<int, ObjectStatistics> counters = context.Database.Statistics().Objects.ToDictionary(s => s.Id);
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.Kind != ObjectKind.System).OrderBy(o => o.Id))
        {
            ObjectStatistics? s = counters.GetValueOrDefault(o.Id);
            rows.Add(
                ("id", o.Id),
                ("schema_name", o.Namespace),
                ("name", o.Name),
                ("kind", KindName(o)),
                ("append_only", o.AppendOnly),
                ("rows_total", s?.RowsTotal),
                ("rows", s?.Rows),
                ("bytes", s?.Bytes),
                ("changes_total", s?.ChangesTotal),
                ("watermark", s?.WatermarkMicros),
                ("late_rows", s?.LateRows),
                ("error", s?.Error),
                ("definition", o.Definition),
                ("state_bytes", s?.StateBytes),
                ("paused", o.Paused));
        }
    }

    /// <summary>millrace.operators: what each operator of each materialized view has done, and how far the view has come in event time.</summary>
    public static void Operators(SystemContext context, RelationRows rows)
    {
        DataflowGraph graph = context.Database.Graph();
        Dictionary<int, ObjectStatistics> counters = context.Database.Statistics().Objects.ToDictionary(s => s.Id);
        ILookup<string, string> inputs = graph.Edges.ToLookup(e => e.To, e => e.From);
        foreach (Millrace.OperatorStatistics o in graph.Operators)
        {
            if (context.Catalog.Find(o.Object) is not { } view)
            {
                continue;
            }

            long? watermark = counters.GetValueOrDefault(o.Object)?.WatermarkMicros;
            rows.Add(
                ("object_id", o.Object),
                ("object", view.FullName),
                ("operator", o.Id),
                ("name", o.Name),
                ("detail", o.Detail),
                ("inputs", inputs[o.Id].Select(i => NameOf(context, i)).ToArray()),
                ("rows_in", o.RowsIn),
                ("rows_out", o.RowsOut),
                ("ns_per_row", o.Nanos / (double)Math.Max(1, o.RowsIn)),
                ("state_rows", o.StateRows),
                ("state_bytes", o.StateBytes),
                ("watermark", watermark),
                ("lag_ms", watermark is { } w ? Math.Max(0, context.Database.NowMicros - w) / 1000.0 : (double?)null));
        }
    }

    /// <summary>millrace.empty_views: materialized views without rows, and why they have none.</summary>
    public static void EmptyViews(SystemContext context, RelationRows rows)
    {
        DatabaseStatistics statistics = context.Database.Statistics();
        Dictionary<int, ObjectStatistics> counters = statistics.Objects.ToDictionary(s => s.Id);
        foreach (EmptyView empty in new EmptyViews(new ViewFlow(context.Catalog, statistics, context.Database.Graph())).All())
        {
            ObjectStatistics? s = counters.GetValueOrDefault(empty.View.Id);
            rows.Add(
                ("object_id", empty.View.Id),
                ("object", empty.View.FullName),
                ("reason", empty.Reason),
                ("hint", empty.Hint),
                ("watermark", s?.WatermarkMicros),
                ("late_rows", s?.LateRows ?? 0));
        }
    }

    /// <summary>millrace.missing_rows: rows that came to materialized views and are not in their answers, and why.</summary>
    public static void MissingRows(SystemContext context, RelationRows rows)
    {
        foreach (MissingRow missing in new MissingRows(new ViewFlow(context.Catalog, context.Database.Statistics(), context.Database.Graph())).All())
        {
            rows.Add(
                ("object_id", missing.View.Id),
                ("object", missing.View.Name),
                ("operator", missing.Operator),
                ("rows", missing.Rows),
                ("of_rows", missing.Of),
                ("reason", missing.Reason),
                ("hint", missing.Hint));
        }
    }

    // Objects that are read are called by name, operators by number.
    private static string NameOf(SystemContext context, string node) => node.StartsWith("object:", StringComparison.Ordinal)
        && context.Catalog.Find(int.Parse(node.AsSpan("object:".Length), System.Globalization.CultureInfo.InvariantCulture)) is { } o ? o.FullName : node;

    /// <summary>millrace.generators: streams whose rows the database makes, and how that goes.</summary>
    public static void Generators(SystemContext context, RelationRows rows)
    {
        IReadOnlyDictionary<int, Millrace.Generators.GeneratorReport> reports = context.Database.Generators.Reports();
        foreach (CatalogObject o in context.Catalog.All.Where(o => o.Kind == ObjectKind.Stream).OrderBy(o => o.Id))
        {
            if (GeneratorOption.Of(o) is { } generator)
            {
                Millrace.Generators.GeneratorReport? report = reports.GetValueOrDefault(o.Id);
                rows.Add(
                    ("object_id", o.Id),
                    ("object", o.FullName),
                    ("generator", generator.Name),
                    ("rate", generator.Rate),
                    ("rows", report?.Rows ?? 0),
                    ("skipped", report?.Skipped ?? 0),
                    ("error", report?.Error));
            }
        }
    }

    /// <summary>millrace.segments: every segment file, and what is wrong with it.</summary>
    public static void Segments(SystemContext context, RelationRows rows)
    {
        foreach (SegmentReport s in context.Database.Segments())
        {
            rows.Add(
                ("object_id", s.ObjectId),
                ("object", s.Object),
                ("path", s.Path),
                ("rows", s.Rows),
                ("first_offset", s.FirstOffset),
                ("last_offset", s.LastOffset),
                ("min_time", s.MinTimeMicros),
                ("max_time", s.MaxTimeMicros),
                ("bytes", s.Bytes),
                ("damage", s.Damage));
        }
    }

    /// <summary>millrace.subscriptions: all who follow a query, and how far behind they are. What they ask, and from where, is for superusers.</summary>
    public static void Subscriptions(SystemContext context, RelationRows rows)
    {
        bool all = AccessRows.IsSuperuser(context);
        foreach (Follower f in context.Database.Followers())
        {
            rows.Add(
                ("id", f.Id),
                ("query", all ? f.Query : null),
                ("via", f.Via),
                ("client", all ? f.Client : null),
                ("started", f.StartedMicros),
                ("epoch", f.Epoch),
                ("behind", f.Behind),
                ("lag_ms", f.LagMicros / 1000.0),
                ("rows", f.Rows),
                ("merged", f.Merged),
                ("lost", f.Lost),
                ("shared_with", f.SharedWith),
                ("bytes", f.Bytes));
        }
    }

    /// <summary>millrace.backup: the backup under way, or the last one since the start.</summary>
    public static void Backup(SystemContext context, RelationRows rows)
    {
        if (context.Database.LastBackup is { } b)
        {
            rows.Add(("folder", b.Folder), ("epoch", b.Epoch), ("state", b.State), ("bytes_done", b.BytesDone), ("bytes_total", b.BytesTotal), ("error", b.Error));
        }
    }

    /// <summary>millrace.endpoints: every published query.</summary>
    public static void Endpoints(SystemContext context, RelationRows rows)
    {
        foreach (CatalogObject o in context.Catalog.Beside.Where(o => o.Kind == ObjectKind.Endpoint).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            rows.Add(
                ("id", o.Id),
                ("name", o.Name),
                ("parameters", o.Parameters.Select(p => $"{p.Name} {p.Type}{(p.Default is null ? "" : " DEFAULT " + DefaultText(p))}").ToArray()),
                ("columns", o.Columns.Fields.Select(f => $"{f.Name} {f.Type}").ToArray()),
                ("path", "/v1/endpoints/" + Uri.EscapeDataString(o.Name)),
                ("definition", o.Definition));
        }
    }

    private static string DefaultText(EndpointParameter p) => p.Default!.Value is null ? "NULL"
        : TextFormat.ToText(BoxedValue.ToColumn(p.Default.Value, p.Type), 0)!;

    /// <summary>The kind in words.</summary>
    public static string KindName(CatalogObject o) => o.Kind switch
    {
        _ when o.CalledSubscription => "subscription",
        _ when o.SinkInto > 0 => "sink",
        ObjectKind.Stream => "stream",
        ObjectKind.Table => "table",
        ObjectKind.MaterializedView => "materialized view",
        ObjectKind.View => "view",
        ObjectKind.Index => "index",
        _ => "system",
    };
}
