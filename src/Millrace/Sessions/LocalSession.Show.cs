// Statements about the session and the catalog: SET, SHOW, DESCRIBE, EXPLAIN.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using ObjectKind = Millrace.Sql.ObjectKind;

namespace Millrace.Sessions;

internal sealed partial class LocalSession
{
    /// <summary>The columns that a statement returns; null when it returns no rows.</summary>
    internal Schema? ColumnsOf(BoundStatement bound) => bound switch
    {
        BoundQuery b => b.Columns,
        BoundSubscribe b => b.Query.Columns,
        BoundInsert or BoundUpdate or BoundDelete => ReturningOf(bound)?.Columns,
        BoundCreateToken => TokenColumns,
        BoundExplain => TextRows.Schema("QUERY PLAN"),
        BoundShow { Name: { } name } => TextRows.Schema(SessionSettings.Shown(name)),
        BoundShow => TextRows.Schema("name", "setting", "description"),
        BoundShowObjects { Kind: ShowKind.Columns } or BoundDescribe => TextRows.Schema("name", "type", "nullable", "key"),
        BoundShowObjects { Kind: ShowKind.Create } => TextRows.Schema("name", "create_sql"),
        BoundShowObjects => TextRows.Schema("name", "kind"),
        BoundExecute b when Statements.TryGetValue(b.Name, out NamedStatement? known) => known.Plan?.Columns,
        BoundFetch { Move: false } b when _cursors.TryGetValue(b.Cursor, out Cursor? cursor) => cursor.Columns,
        _ => null,
    };

    /// <summary>Where those columns come from.</summary>
    internal IReadOnlyList<ColumnOrigin> OriginsOf(BoundStatement bound) => bound switch
    {
        BoundQuery b => b.Origins,
        BoundSubscribe b => b.Query.Origins,
        BoundInsert or BoundUpdate or BoundDelete => ReturningOf(bound)?.Origins ?? [],
        BoundExecute b when Statements.TryGetValue(b.Name, out NamedStatement? known) && known.Plan is LocalPrepared plan => OriginsOf(plan.Bound),
        BoundFetch { Move: false } b when _cursors.TryGetValue(b.Cursor, out Cursor? cursor) => cursor.Origins,
        _ => [],
    };

    /// <summary>The catalog, with names looked up along the session's search_path.</summary>
    internal CatalogSnapshot Catalog => OnPath(Snapshot.Catalog);

    private (CatalogSnapshot Of, string Path, string? User, CatalogSnapshot Catalog)? _onPath;

    // The last one is kept: it serves until the catalog or the path changes.
    private CatalogSnapshot OnPath(CatalogSnapshot catalog)
    {
        string path = _settings.SearchPath;
        if (!catalog.HasSchemas && path == SessionSettings.DefaultPath)
        {
            return catalog;
        }

        if (_onPath is not { } known || !ReferenceEquals(known.Of, catalog) || known.Path != path || known.User != _user)
        {
            _onPath = known = (catalog, path, _user, catalog.WithPath([.. SessionSettings.Schemas(path, _user, catalog)]));
        }

        return known.Catalog;
    }


    internal KnownQueries KnownQueries => _database.KnownQueries;

    private StatementResult Show(BoundStatement bound)
    {
        switch (bound)
        {
            case BoundSet set:
                _settings.Set(set.Name, set.Value);
                return Done(SessionSettings.IsForeign(set.Name)
                    ? bound with { Notices = [.. bound.Notices, $"\"{set.Name}\" is a setting of RisingWave's and has no effect here"] } : bound);
            case BoundReset { Name: null }:
                _settings.ResetAll();
                return Done(bound);
            case BoundReset reset:
                _settings.Set(reset.Name!, null);
                return Done(bound);
            case BoundShow { Name: SystemSettings.StateBytes }:
                return Table(bound, [[SystemSettings.Text(_database.Engine.StateBytesMax)]]);
            case BoundShow { Name: { } name }:
                return Table(bound, [[_settings.Get(name)]]);
            case BoundShow:
                return Table(bound, SessionSettings.All.Select(s => new[] { s.Key, _settings.Get(s.Key), s.Value.Doc })
                    .Append([
                        SystemSettings.StateBytes, SystemSettings.Text(_database.Engine.StateBytesMax),
                        "Bytes of state that all views and subscriptions may hold together; set by ALTER SYSTEM."]));
            case BoundDescribe describe:
                return Table(bound, Describe(describe.Object));
            case BoundShowObjects { Kind: ShowKind.Columns, Object: { } o }:
                return Table(bound, Describe(o));
            case BoundShowObjects { Kind: ShowKind.Create, Object: { } o }:
                return Table(bound, [[o.Name, o.Definition]]);
            case BoundShowObjects show:
                return Table(bound, ListOf(show));
            case BoundNoOp:
                return Done(bound);
            default:
                throw new SqlException("0A000", $"{bound.Tag} is not supported");
        }
    }

    private static IEnumerable<string?[]> Describe(CatalogObject o) => Enumerable.Range(0, o.Columns.Count - o.HiddenColumns).Select(i => new[]
    {
        o.Columns[i].Name,
        o.TimeDigitsAt(i) is >= 0 and var digits ? TypeRows.Format(PgType.Of(o.Columns[i].Type).Oid, digits) : o.Columns[i].Type.ToString(),
        o.Columns[i].Nullable ? "yes" : "no",
        o.PrimaryKey.Contains(i) ? "primary key" : o.EventTime == i ? "event time" : "",
    });

    private IEnumerable<string?[]> ListOf(BoundShowObjects show)
    {
        if (show.Kind is ShowKind.Schemas)
        {
            return Catalog.All.Select(o => o.Namespace).Append("public").Concat(Catalog.Beside.Where(o => o.Kind == ObjectKind.Schema).Select(o => o.Name)).Distinct()
               .Order(StringComparer.Ordinal).Select(n => new[] { n, "schema" });
        }

        if (show.Kind is ShowKind.Databases)
        {
            return [["millrace", "database"]];
        }

        ObjectKind? kind = show.Kind switch
        {
            ShowKind.Alerts => ObjectKind.Alert,
            ShowKind.Tables => ObjectKind.Table,
            ShowKind.Streams => ObjectKind.Stream,
            ShowKind.Views => ObjectKind.View,
            ShowKind.MaterializedViews => ObjectKind.MaterializedView,
            ShowKind.Indexes => ObjectKind.Index,
            ShowKind.Functions => ObjectKind.Function,
            ShowKind.Subscriptions or ShowKind.Sinks => ObjectKind.MaterializedView,
            ShowKind.Sources or ShowKind.Jobs or ShowKind.Connections or ShowKind.Secrets => null,
            _ => throw new SqlException("0A000", $"SHOW {show.Kind.ToString().ToUpperInvariant()} is not supported", hint: "query pg_catalog or information_schema"),
        };
        return (kind >= ObjectKind.Endpoint ? Catalog.Beside : Catalog.All)
            .Where(o => o.CalledSubscription == (show.Kind == ShowKind.Subscriptions) && o.SinkInto > 0 == (show.Kind == ShowKind.Sinks))
            .Where(o => (o.CalledStream ? ObjectKind.Stream : o.Kind) == kind)
            .Where(o => show.Schema is null ? !o.IsRelation || show.Object is not null || Catalog.Find(null, o.Name)?.Id == o.Id : o.Namespace == show.Schema)
            .Where(o => show.Object is null || o.DependsOn.Contains(show.Object.Id))
            .Where(o => show.Like is null || LikeMatch.IsMatch(o.Name, show.Like))
            .OrderBy(o => o.Name, StringComparer.Ordinal)
            .Select(o => new[] { o.Name, WordOf(o) });
    }

    private static string WordOf(CatalogObject o) => o.CalledSubscription ? "subscription" : o.SinkInto > 0 ? "sink" : o.CalledStream ? "stream"
        : o.Kind == ObjectKind.MaterializedView ? "materialized view" : o.Kind.ToString().ToLowerInvariant();

    private StatementResult Table(BoundStatement bound, IEnumerable<string?[]> rows)
    {
        Schema columns = ColumnsOf(bound)!;
        Batch batch = TextRows.ToBatch(columns, rows);
        return new StatementResult { CommandTag = bound.Tag, Columns = columns, Batches = [batch], RowCount = batch.Count, Notices = ToNotices(bound.Notices) };
    }

    private StatementResult Explain(BoundExplain explain, CancellationToken cancellation)
    {
        if (explain.Inner is BoundCreateIndex { Table: { } indexed } index)
        {
            // It has no query of its own.
            return Table(explain, [[$"Index on {indexed.Name} ({string.Join(", ", index.Template.IndexColumns.Select(c => indexed.Columns[c].Name))})"]]);
        }

        PlanNode plan = explain.Inner switch
        {
            BoundQuery b => b.Plan,
            BoundInsert b => b.Source,
            BoundUpdate b => b.Source,
            BoundDelete b => b.Source,
            BoundCreateView b => b.Query.Plan,
            BoundSubscribe b => b.Query.Plan,
            BoundCopyTo b => b.Query.Plan,
            _ => throw new SqlException("0A000", $"{explain.Inner.Tag} has no plan to explain"),
        };
        DatabaseSnapshot snapshot = Snapshot;
        long now = _database.NowMicros;
        PlanNode answered = plan;
        IReadOnlyList<RollupReport> reports = [];
        if ((explain.Inner as BoundQuery ?? (explain.Inner as BoundCopyTo)?.Query) is { } read)
        {
            EvalContext context = ContextOf(snapshot, now);
            (BoundQuery from, reports) = FromRollups(Folded(read, context), snapshot, context);
            answered = reports.Any(r => r.Uses.Count > 0) ? from.Plan : plan;
        }

        Dataflow dataflow = PlanCompiler.Compile(answered, EvalErrors.Throw);
        List<string> footer = [.. LinesOf(reports)];
        if (explain.Analyze && explain.Inner is BoundQuery query)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            long rows = QueryRunner.Run(dataflow, query with { Plan = answered }, snapshot, now, SourceOf(snapshot), cancellation).Sum(b => (long)b.Count);
            footer.Add(FormattableString.Invariant($"Rows: {rows}"));
            footer.Add(FormattableString.Invariant($"Execution time: {watch.Elapsed.TotalMilliseconds:0.###} ms"));
        }

        footer.Insert(0, plan.AppendOnly ? "Result: append-only" : plan.Key is { } key
            ? $"Result: rows change, key ({string.Join(", ", key.Select(k => plan.Columns[k].Name))})"
            : "Result: rows change");
        IEnumerable<string> lines = dataflow.Explain(explain.Analyze).Concat(footer);
        return Table(explain, lines.Select(l => new[] { l }));
    }
}
