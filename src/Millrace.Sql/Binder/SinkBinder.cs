// CREATE SINK … INTO: a query whose changes are kept applied to a table, or whose rows go to a stream.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds sinks. A sink is a materialized view over the columns of its target, whose changes the engine writes there in the epochs in which they come.</summary>
internal sealed class SinkBinder(BindContext context)
{
    private readonly DmlBinder _dml = new(context);

    /// <summary>CREATE SINK.</summary>
    public BoundCreateView Create(Syntax.CreateSinkStatement s)
    {
        string? type = Type(s);
        bool exists = Relations.CheckNew(context, s.Name, s.IfNotExists, out string schema);
        CatalogObject target = Target(s.Into!);
        Syntax.Query written = s.Query ?? All(s.From!);
        if (written.LateDataInto is { } late)
        {
            throw new SqlException("0A000", "LATE DATA INTO is for CREATE MATERIALIZED VIEW", late.Position, "make a view of the query, and a sink from it");
        }

        context.FollowsChanges = true;
        PlanNode plan = _dml.Finished(new InsertBinder(context).Into(written, target, s.Columns, out int[] given));
        if (context.Parameters.Count > 0)
        {
            throw new SqlException("42P02", "a sink's query may have no parameters", written.Position);
        }

        DdlBinder.CheckMaterialized(plan, written.Position);
        plan = TemporalFilters.Apply(context, plan, written.Position);
        context.Notices.AddRange(UnboundedState.Of(plan));
        int[] inputs = [.. context.DependsOn];
        Check(s, target, plan, given, type, inputs);
        context.DependsOn.Add(target.Id);
        var template = new CatalogObject
        {
            Id = 0,
            Namespace = schema,
            Name = s.Name.Last,
            Kind = ObjectKind.MaterializedView,
            Columns = target.Columns,
            PrimaryKey = plan.Key ?? [],
            AppendOnly = plan.AppendOnly,
            Definition = Syntax.SqlFormatter.Format(s),
            Query = Syntax.SqlFormatter.Format(written),
            DependsOn = [.. inputs, target.Id],
            InputWidths = [.. inputs.Append(target.Id).Select(id => context.Catalog.Find(id)!.Columns.Count)],
            SinkInto = target.Id,
        };
        return new BoundCreateView(template, new BoundQuery(plan, target.Columns), true) { QueryText = template.Query!, IfNotExists = s.IfNotExists, Exists = exists };
    }

    private static string? Type(Syntax.CreateSinkStatement s)
    {
        if (s.Into is null || s.Format is not null)
        {
            throw new SqlException("0A000", "sinks with a connector are not supported", s.Position,
                "CREATE SINK name INTO table writes to a table here; outside, follow a view with SUBSCRIBE, over HTTP as server-sent events, or by CREATE ALERT");
        }

        string? type = null;
        foreach (Syntax.Option option in s.Options)
        {
            type = option.Key == "type" && option.Text is "append-only" or "upsert" ? option.Text
                : throw new SqlException("22023", $"option \"{option.Key}\" of a sink is not understood", option.Position, "there is type = 'upsert' or 'append-only'");
        }

        return type;
    }

    private CatalogObject Target(Syntax.ObjectName name)
    {
        CatalogObject target = Relations.Find(context, name);
        if (target.Kind is not (ObjectKind.Table or ObjectKind.Stream) || target.PartOf > 0 || target.Temporary)
        {
            throw new SqlException("42809", $"a sink cannot write into \"{name.Display}\"", name.Position, "name a table that stays, or a stream");
        }

        if (target.HiddenColumns > 0)
        {
            throw new SqlException("0A000", $"a sink cannot write into \"{name.Display}\", which has no primary key", name.Position,
                "give the table a primary key, or make it a stream (CREATE TABLE … APPEND ONLY)");
        }

        return target.Uniques.Count == 0 ? target
            : throw new SqlException("0A000", $"a sink cannot write into \"{name.Display}\", which has UNIQUE constraints", name.Position, "nobody could be told of a row that breaks one");
    }

    private static Syntax.Query All(Syntax.ObjectName from) => new(null, new Syntax.SelectBody(
        [new Syntax.SelectItem(new Syntax.StarExpr(null, []) { Position = from.Position }, null)], [new Syntax.NamedTable(from) { Position = from.Position }]))
    { Position = from.Position };

    private void Check(Syntax.CreateSinkStatement s, CatalogObject target, PlanNode plan, int[] given, string? type, int[] inputs)
    {
        if (!plan.AppendOnly && (target.Kind == ObjectKind.Stream || type == "append-only"))
        {
            throw new SqlException("0A000", target.Kind == ObjectKind.Stream ? $"\"{target.Name}\" only grows, and rows of the query change" : "the sink's query is not append-only", s.Position,
                "write into a table with a primary key, or only what closed windows give (EMIT ON WINDOW CLOSE)");
        }

        if (target.Kind == ObjectKind.Table && target.PrimaryKey.FirstOrDefault(k => !given.Contains(k), -1) is >= 0 and var missing)
        {
            throw new SqlException("42601", $"the query does not give \"{target.Columns[missing].Name}\", which is part of the primary key of \"{target.Name}\"", s.Position);
        }

        if (!plan.AppendOnly && !(plan.Key is { } key && key.All(target.PrimaryKey.Contains)))
        {
            context.Notices.Add($"rows of the query may agree in the primary key of \"{target.Name}\": the one that comes last is kept, and when one of them goes the row goes");
        }

        if (target.Identities.FirstOrDefault(i => !given.Contains(i.Column)) is { } numbered)
        {
            throw new SqlException("0A000", $"the query does not give \"{target.Columns[numbered.Column].Name}\", which is numbered", s.Position,
                "give it a value: numbers are for statements that insert");
        }

        if (Reads(inputs, target.Id))
        {
            throw new SqlException("42P17", $"the sink would feed itself: its query reads \"{target.Name}\"", s.Into!.Position, "write into another table");
        }
    }

    // Whether one of the objects reads another, through views and through other sinks.
    private bool Reads(IEnumerable<int> objects, int wanted)
    {
        var seen = new HashSet<int>();
        var pending = new Queue<int>(objects);
        while (pending.TryDequeue(out int id))
        {
            if (id == wanted)
            {
                return true;
            }

            if (!seen.Add(id) || context.Catalog.Find(id) is not { } o)
            {
                continue;
            }

            foreach (int input in o.DependsOn.Where(i => i != o.SinkInto))
            {
                pending.Enqueue(input);
            }

            foreach (CatalogObject sink in context.Catalog.All.Where(x => x.SinkInto == id))
            {
                pending.Enqueue(sink.Id);
            }
        }

        return false;
    }
}
