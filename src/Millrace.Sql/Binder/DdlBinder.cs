// CREATE VIEW, CREATE INDEX, DROP, ALTER.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds definitions other than tables.</summary>
internal sealed class DdlBinder(BindContext context)
{
    private readonly DmlBinder _dml = new(context);

    /// <summary>CREATE [MATERIALIZED] VIEW.</summary>
    public BoundCreateView CreateView(Syntax.CreateViewStatement s)
    {
        if (s.Temporary)
        {
            throw new SqlException("0A000", "temporary views are not supported", s.Position);
        }

        bool exists = Relations.CheckNew(context, s.Name, s.IfNotExists || s.OrReplace, out string schema);
        context.FollowsChanges = true;
        BoundQuery query = _dml.Query(s.Query with { LateDataInto = null }, out PlanNode written);
        if (context.Parameters.Count > 0)
        {
            throw new SqlException("42P02", "a view's query may have no parameters", s.Query.Position);
        }

        if (context.DependsOn.Select(id => context.Catalog.Find(id)).FirstOrDefault(o => o is { Temporary: true }) is { } temporary)
        {
            throw new SqlException("0A000", $"a view cannot read the temporary table \"{temporary.Name}\"", s.Query.Position, "it would lose it when the session ends: read a table that stays");
        }

        if (query.Order.Count > 0 && query.Plan is not TopNPlan && s.Query.Limit is null)
        {
            context.Notices.Add("ORDER BY of a view has no effect: order the SELECT that reads it");
        }

        PlanNode plan = query.Plan.Columns.Count == query.Columns.Count ? query.Plan : Plans.Pick(query.Plan, Enumerable.Range(0, query.Columns.Count));
        if (s.Columns.Count > query.Columns.Count)
        {
            throw new SqlException("42601", "CREATE VIEW specifies more column names than columns", s.Columns[query.Columns.Count].Position);
        }

        Field[] fields = [.. plan.Columns.Fields.Select((f, i) => i < s.Columns.Count ? f with { Name = s.Columns[i].Text } : f)];
        foreach ((int i, Field f) in fields.Index())
        {
            if (fields.Take(i).Any(x => x.Name == f.Name))
            {
                throw new SqlException("42701", $"column \"{f.Name}\" specified more than once", s.Query.Position, "give one of them another name with AS");
            }
        }

        if (s.Materialized)
        {
            CheckMaterialized(plan, s.Query.Position);
            plan = TemporalFilters.Apply(context, plan, s.Query.Position);
            context.Notices.AddRange(UnboundedState.Of(plan));
        }

        // A plain view's text is bound again where it is read: it needs its functions then.
        int[] inputs = s.Materialized ? [.. context.DependsOn] : [.. context.DependsOn, .. context.FunctionsUsed];
        var columns = new Schema(fields);
        (int eventTime, long delay) = EventTime(plan, query.EmitOnClose);
        var template = new CatalogObject
        {
            Id = 0,
            Namespace = schema,
            Name = s.Name.Last,
            Kind = s.Materialized ? ObjectKind.MaterializedView : ObjectKind.View,
            Columns = columns,
            PrimaryKey = plan.Key ?? [],
            EventTime = eventTime,
            WatermarkDelay = delay,
            AppendOnly = plan.AppendOnly,
            Definition = Syntax.SqlFormatter.Format(s),
            Query = Syntax.SqlFormatter.Format(s.Query),
            Options = RelationOptions.OfView(s.Options),
            DependsOn = inputs,
            InputWidths = [.. inputs.Select(id => context.Catalog.Find(id)!.Columns.Count)],
        };
        RelationOptions.Check(template, s.Options);
        return new BoundCreateView(template, query with { Plan = plan, Columns = columns, Order = [] }, s.Materialized)
        {
            QueryText = template.Query!,
            OrReplace = s.OrReplace,
            IfNotExists = s.IfNotExists,
            Exists = exists,
            Late = s.Query.LateDataInto is null || exists ? null : new LateDataBinder(context, _dml).Bind(s, template, written),
        };
    }

    /// <summary>CREATE STREAM … AS CHANGELOG FROM: under the name of a stream what a materialized view keeps.</summary>
    public BoundCreateView CreateChangelog(Syntax.CreateTableStatement s)
    {
        if (s.Columns.FirstOrDefault(c => c.Type is not null) is { } typed)
        {
            throw new SqlException("42601", $"column \"{typed.Name.Text}\" has the type of the query's column", typed.Position, "write names only, or none");
        }

        if (s.Watermarks.Count > 0)
        {
            throw new SqlException("0A000", "a changelog has no watermark", s.Watermarks[0].Position, "its change_time is the time at which each change was committed");
        }

        BoundCreateView view = CreateView(new Syntax.CreateViewStatement(s.Name, true, s.AsQuery!)
        {
            Position = s.Position,
            OrReplace = s.OrReplace,
            IfNotExists = s.IfNotExists,
            Temporary = s.Temporary,
            Columns = [.. s.Columns.Select(c => c.Name)],
            Options = s.Options,
            WithNoData = s.WithNoData,
        });
        return view with { Template = view.Template with { CalledStream = true } };
    }

    /// <summary>CREATE INDEX.</summary>
    public BoundCreateIndex CreateIndex(Syntax.CreateIndexStatement s)
    {
        CatalogObject table = Relations.Find(context, s.Table);
        if (table.Kind is ObjectKind.View or ObjectKind.System)
        {
            throw new SqlException("42809", $"cannot create index on relation \"{table.Name}\"", s.Table.Position, "index a table, a stream or a materialized view");
        }

        if (s.Unique || s.Where is not null)
        {
            throw new SqlException("0A000", $"{(s.Unique ? "unique" : "partial")} indexes are not supported", s.Position,
                s.Unique ? "make the columns the primary key" : "index a materialized view that filters");
        }

        int[] columns = [.. s.Columns.Select(c => c.Value is Syntax.ColumnRef { Parts.Count: 1 } r ? DmlBinder.ColumnOf(table, r.Parts[0])
            : throw new SqlException("0A000", "indexes on expressions are not supported", c.Value.Position, "index a materialized view that computes it"))];
        string name = s.Name?.Text ?? $"{table.Name}_{string.Join('_', columns.Select(c => table.Columns[c].Name))}_idx";
        for (int n = 1; s.Name is null && context.Catalog.Find(table.Namespace, name) is not null; n++)
        {
            // Nobody chose the name: PostgreSQL takes the next that is free.
            name = string.Create(CultureInfo.InvariantCulture, $"{table.Name}_{string.Join('_', columns.Select(c => table.Columns[c].Name))}_idx{n}");
        }

        bool exists = context.Catalog.Find(table.Namespace, name) is not null;
        if (exists && !s.IfNotExists)
        {
            throw new SqlException("42P07", $"relation \"{name}\" already exists", s.Name?.Position ?? s.Position);
        }

        context.DependsOn.Add(table.Id);
        var template = new CatalogObject
        {
            Id = 0,
            Namespace = table.Namespace,
            Name = name,
            Kind = ObjectKind.Index,
            Columns = new Schema([.. columns.Select(c => table.Columns[c])]),
            IndexColumns = columns,
            DependsOn = [table.Id],
            Definition = Syntax.SqlFormatter.Format(s),
        };
        return new BoundCreateIndex(template, table, s.IfNotExists) { Exists = exists };
    }

    /// <summary>DROP.</summary>
    public BoundDrop Drop(Syntax.DropStatement s)
    {
        ObjectKind kind = KindOf(s.Kind, s.Position);
        List<CatalogObject> objects = [];
        foreach (Syntax.ObjectName name in s.Names)
        {
            CatalogObject? named = kind >= ObjectKind.Endpoint ? context.Catalog.Find(kind, name.Last) : Relations.TryFind(context, name);

            // A name without schema is the user's own: that there is a system relation of that name too is no reason to stop.
            bool isSystem = named is { Kind: ObjectKind.System } && name.Schema is null && s.IfExists;
            if (named is not { } found || isSystem)
            {
                if (!s.IfExists)
                {
                    throw new SqlException(kind >= ObjectKind.Endpoint ? "42704" : "42P01", $"{Word(kind)} \"{name.Display}\" does not exist", name.Position,
                        Suggest.Hint(name.Last, context.Catalog.All.Concat(context.Catalog.Beside).Where(o => o.Kind == kind).Select(o => o.Name)));
                }

                context.Notices.Add($"{Word(kind)} \"{name.Display}\" does not exist, skipping");
                continue;
            }

            CheckKind(found, kind, name, "DROP");
            CheckCalled(found, s.Kind, name, "DROP");
            if (!objects.Contains(found))
            {
                objects.Add(found);
            }
        }

        return new BoundDrop(kind, objects, s.Cascade) { Subscriptions = s.Kind == Syntax.ObjectKind.Subscription, Sinks = s.Kind == Syntax.ObjectKind.Sink };
    }

    /// <summary>ALTER.</summary>
    public BoundStatement Alter(Syntax.AlterStatement s)
    {
        ObjectKind kind = KindOf(s.Kind, s.Position);
        if (kind >= ObjectKind.Endpoint)
        {
            throw new SqlException("0A000", $"ALTER {Word(kind).ToUpperInvariant()} is not supported", s.Position,
                kind == ObjectKind.Endpoint ? "use CREATE OR REPLACE ENDPOINT" : "drop it and create it anew");
        }

        if (s.IfExists && (Relations.TryFind(context, s.Name) is not { } there || (there.Kind == ObjectKind.System && s.Name.Schema is null)))
        {
            return new BoundNoOp("ALTER " + Word(kind).ToUpperInvariant()) { Notices = [$"relation \"{s.Name.Display}\" does not exist, skipping"] };
        }

        CatalogObject found = kind == ObjectKind.Index ? Relations.TryFind(context, s.Name) ?? Relations.Find(context, s.Name)
            : Relations.Find(context, s.Name);
        CheckKind(found, kind, s.Name, "ALTER");
        CheckCalled(found, s.Kind, s.Name, "ALTER");
        if (found is { Kind: ObjectKind.Table, PartOf: > 0 })
        {
            throw new SqlException("42809", $"table \"{s.Name.Display}\" is kept by the alert of its name", s.Name.Position, "drop the alert and create it anew");
        }

        if (s.Actions.Count != 1 && !s.Actions.All(a => a is Syntax.AddColumnAction or Syntax.AlterColumnAction { Change: not Syntax.ColumnChange.Type }
            or Syntax.SetOptionsAction or Syntax.ResetOptionsAction))
        {
            throw new SqlException("0A000", "ALTER with several actions is supported for ADD COLUMN, ALTER COLUMN without TYPE, SET and RESET only", s.Position, "write one ALTER for each");
        }

        context.DependsOn.Add(found.Id);
        var actions = new List<BoundAlter>();
        var notices = new List<string>();
        CatalogObject sofar = found;
        foreach (Syntax.AlterAction action in s.Actions)
        {
            BoundStatement bound = Action(sofar, action);
            notices.AddRange(bound.Notices);
            if (bound is BoundAlter alter)
            {
                actions.Add(alter);
                sofar = alter switch
                {
                    BoundAlterAddColumn add => sofar with { Columns = new Schema([.. sofar.Columns.Fields, add.Column]) },
                    BoundAlterColumn changed => changed.Applied(sofar),
                    _ => sofar,
                };
            }
        }

        BoundStatement all = actions.Count switch
        {
            0 => new BoundNoOp("ALTER " + Word(kind).ToUpperInvariant()),
            1 => actions[0],
            _ => new BoundAlterSeveral(found, actions),
        };
        return all with { Notices = notices };
    }

    private BoundStatement Action(CatalogObject found, Syntax.AlterAction action)
    {
        switch (action)
        {
            case Syntax.RenameToAction a:
                Relations.CheckNew(context, found.Namespace, new Syntax.ObjectName([a.NewName]) { Position = a.NewName.Position }, false);
                return new BoundAlterRename(found, a.NewName.Text);
            case Syntax.RenameColumnAction a:
                int at = DmlBinder.ColumnOf(found, a.Column);
                return found.Columns.IndexOf(a.NewName.Text) < 0 ? new BoundAlterRenameColumn(found, at, a.NewName.Text)
                    : throw new SqlException("42701", $"column \"{a.NewName.Text}\" of relation \"{found.Name}\" already exists", a.NewName.Position);
            case Syntax.SetOptionsAction a:
                IReadOnlyList<string> told = RelationOptions.Notices(a.Options);
                Dictionary<string, string?> values = RelationOptions.Set(found, a.Options);
                return values.Count > 0 ? new BoundAlterSetOptions(found, values) { Notices = told } : new BoundNoOp("ALTER " + Word(found.Kind).ToUpperInvariant()) { Notices = told };
            case Syntax.ResetOptionsAction a:
                return new BoundAlterSetOptions(found, RelationOptions.Reset(found, a));
            case Syntax.AddColumnAction a:
                return AddColumn(found, a);
            case Syntax.DropColumnAction a:
                return DropColumn(found, a);
            case Syntax.AlterColumnAction { Change: Syntax.ColumnChange.Type } a:
                return new ColumnTypeBinder(context).Bind(found, DmlBinder.ColumnOf(found, a.Column), a);
            case Syntax.AlterColumnAction a:
                return AlterColumn(found, a);
            case Syntax.PauseAction or Syntax.ResumeAction when found.Kind != ObjectKind.MaterializedView:
                throw new SqlException("42809", $"{Word(found.Kind)} \"{found.Name}\" is not computed and cannot be paused", action.Position, "PAUSE and RESUME are for materialized views");
            case Syntax.PauseAction when found.Paused is not null:
                return new BoundNoOp("ALTER MATERIALIZED VIEW") { Notices = [$"\"{found.Name}\" is paused already"] };
            case Syntax.PauseAction a:
                if (a.Options.FirstOrDefault(o => o.Key != "reason") is { } other)
                {
                    throw new SqlException("22023", $"unrecognized option \"{other.Key}\"", other.Position, "the only one is reason");
                }

                return new BoundAlterPause(found, a.Options.LastOrDefault()?.Text ?? "somebody said ALTER … PAUSE");
            case Syntax.ResumeAction:
                return new BoundAlterResume(found);
            case Syntax.SetSchemaAction a when a.Schema.Text != found.Namespace:
                return SetSchema(found, a);
            case Syntax.OwnerToAction or Syntax.SetSchemaAction:
                return new BoundNoOp("ALTER " + Word(found.Kind).ToUpperInvariant());
            default:
                throw new SqlException("0A000", "this form of ALTER is not supported", action.Position, "create a new object and copy the rows with INSERT … SELECT");
        }
    }

    private BoundAlterSetSchema SetSchema(CatalogObject found, Syntax.SetSchemaAction a)
    {
        if (found.Kind == ObjectKind.Index || found.Temporary || found.PartOf > 0)
        {
            throw new SqlException("0A000", $"\"{found.Name}\" stays where it is", a.Position, found.Kind == ObjectKind.Index ? "an index goes with its table" : null);
        }

        var there = new Syntax.ObjectName([a.Schema, new Syntax.Name(found.Name)]) { Position = a.Schema.Position };
        Relations.CheckNew(context, there, false, out string schema);
        return new BoundAlterSetSchema(found, schema);
    }

    private BoundStatement AddColumn(CatalogObject found, Syntax.AddColumnAction a)
    {
        if (found.Kind is not (ObjectKind.Table or ObjectKind.Stream))
        {
            throw new SqlException("42809", $"cannot add a column to {Word(found.Kind)} \"{found.Name}\"", a.Position, "create it anew with another query");
        }

        if (found.Columns.IndexOf(a.Column.Name.Text) >= 0)
        {
            string message = $"column \"{a.Column.Name.Text}\" of relation \"{found.Name}\" already exists";
            return a.IfNotExists ? new BoundNoOp("ALTER " + Word(found.Kind).ToUpperInvariant()) { Notices = [message + ", skipping"] } : throw new SqlException("42701", message, a.Position);
        }

        if (found.Columns.Count - found.HiddenColumns >= CreateTableBinder.ColumnsMax)
        {
            throw new SqlException("54011", $"\"{found.Name}\" has {CreateTableBinder.ColumnsMax} columns, which is the most there can be", a.Position);
        }

        if (a.Column.Identity)
        {
            throw new SqlException("0A000", "a column added later is not numbered", a.Position, "create the table anew with it, and INSERT … SELECT");
        }

        if (a.Column.Checks.Count > 0 || a.Column.Unique)
        {
            throw new SqlException("0A000", $"a column added later has no {(a.Column.Unique ? "UNIQUE" : "CHECK")} constraint", a.Position, "create the table anew, and INSERT … SELECT");
        }

        Field field = CreateTableBinder.Column(a.Column);
        if (a.Column.PrimaryKey || (!field.Nullable && a.Column.Default is null))
        {
            throw new SqlException("0A000", "a column added to rows that are there must be nullable or have a default", a.Position);
        }

        ScalarExpr value = a.Column.Default is null ? new LiteralExpr(null, field.Type) : _dml.Default(a.Column.Default, field.Type, field.Name);
        // Rows that are there get one value: what is of each row is none.
        if (ExprMap.IsVolatile(value))
        {
            throw new SqlException("0A000", $"the default of \"{field.Name}\" is another for each row", a.Position,
                "add the column without a default, then ALTER COLUMN … SET DEFAULT: rows that are there read NULL");
        }

        return new BoundAlterAddColumn(found, field, value, a.Column.Default is null ? null : Syntax.SqlFormatter.Format(a.Column.Default))
        {
            TimeDigits = TableRules.TimeDigits(a.Column, field.Type),
        };
    }

    private BoundAlterColumn AlterColumn(CatalogObject found, Syntax.AlterColumnAction a)
    {
        if (found.Kind is not (ObjectKind.Table or ObjectKind.Stream))
        {
            throw new SqlException("42809", $"cannot change a column of {Word(found.Kind)} \"{found.Name}\"", a.Position, "create it anew with another query");
        }

        int at = DmlBinder.ColumnOf(found, a.Column);
        Field field = found.Columns[at];
        string? text = found.Defaults.ElementAtOrDefault(at);
        bool computed = found.GeneratedAt(at) is not null;
        switch (a.Change)
        {
            case Syntax.ColumnChange.SetDefault or Syntax.ColumnChange.DropDefault when computed || found.IdentityAt(at) is not null:
                throw new SqlException("42601", $"column \"{field.Name}\" of relation \"{found.Name}\" is {(computed ? "a generated" : "an identity")} column", a.Position);
            case Syntax.ColumnChange.SetDefault:
                _dml.Default(a.Default!, field.Type, field.Name);
                return context.FunctionsUsed.Count == 0 ? new BoundAlterColumn(found, at, field, Syntax.SqlFormatter.Format(a.Default!))
                    : throw new SqlException("0A000", $"the default of \"{field.Name}\" calls a function written in SQL", a.Position, "write the expression itself");
            case Syntax.ColumnChange.DropDefault:
                return new BoundAlterColumn(found, at, field, null);
            case Syntax.ColumnChange.SetNotNull when computed:
                throw new SqlException("0A000", "NOT NULL for a generated column is not supported", a.Position, "use coalesce in its expression");
            case Syntax.ColumnChange.SetNotNull:
                return new BoundAlterColumn(found, at, field with { Nullable = false }, text);
            case Syntax.ColumnChange.DropNotNull when found.PrimaryKey.Contains(at):
                throw new SqlException("42P16", $"column \"{field.Name}\" is in a primary key", a.Position);
            case Syntax.ColumnChange.DropNotNull when found.IdentityAt(at) is not null:
                throw new SqlException("42601", $"column \"{field.Name}\" of relation \"{found.Name}\" is an identity column", a.Position);
            case Syntax.ColumnChange.DropNotNull:
                return new BoundAlterColumn(found, at, field with { Nullable = true }, text);
            default:
                throw new BugException($"BUG: {a.Change} of a column");
        }
    }

    private BoundStatement DropColumn(CatalogObject found, Syntax.DropColumnAction a)
    {
        if (found.Kind != ObjectKind.Table)
        {
            throw found.Kind == ObjectKind.Stream
                ? new SqlException("0A000", "a stream keeps its columns: its rows are stored as they came", a.Position, "make a view without the column")
                : new SqlException("42809", $"cannot drop a column of {Word(found.Kind)} \"{found.Name}\"", a.Position, "create it anew with another query");
        }

        string name = a.Column.Text;
        int visible = found.Columns.Count - found.HiddenColumns;
        int at = found.Columns.IndexOf(name);
        if ((at < 0 || at >= visible) && a.IfExists)
        {
            return new BoundNoOp("ALTER TABLE") { Notices = [$"column \"{name}\" of relation \"{found.Name}\" does not exist, skipping"] };
        }

        at = DmlBinder.ColumnOf(found, a.Column);
        string? needed = found.PrimaryKey.Contains(at) ? "it is part of the primary key" : at == found.VersionColumn ? "it orders the versions of rows"
            : at == found.EventTime ? "it is the event time" : visible == 1 ? "it is the only one"
            : found.Generated.Index().FirstOrDefault(g => g.Item is { } value && ExprMap.Columns(value).Contains(at)) is { Item: not null } g ? $"\"{found.Columns[g.Index].Name}\" is computed from it"
            : null;
        return needed is null ? new BoundAlterDropColumn(found, at)
            : throw new SqlException("2BP01", $"cannot drop column \"{name}\" of table \"{found.Name}\" because {needed}", a.Position, "create the table anew, and INSERT … SELECT");
    }

    private static (int Column, long Delay) EventTime(PlanNode plan, bool emitOnClose)
    {
        TimeFact[] facts = Lineage.Of(plan);
        if (emitOnClose && Array.FindIndex(facts, f => f.Role == TimeRole.WindowEnd) is >= 0 and var end)
        {
            return (end, facts[end].ByClock ? -1 : 0);
        }

        int at = plan.AppendOnly ? Array.FindIndex(facts, f => f.Role == TimeRole.EventTime) : -1;
        return at < 0 ? (-1, -1) : (at, facts[at].ByClock ? -1 : facts[at].SizeUs);
    }

    /// <summary>Checks that a query can be kept up to date.</summary>
    public static void CheckMaterialized(PlanNode plan, int position)
    {
        ScalarExpr? bad = null;
        PlanMap.AnyExpression(plan, e =>
        {
            bad ??= e is CallExpr { Function.Volatility: Volatility.Volatile } ? e : null;
            return bad is not null;
        });
        if (bad is CallExpr call)
        {
            throw new SqlException("0A000", $"function {call.Function.Name} is volatile: a materialized view could not be kept up to date with it", position,
                "compute the value when inserting");
        }

        CheckTemporalJoins(plan, position);
        if (PlanMap.All(plan).FirstOrDefault(n => n is ScanPlan { Object.Kind: ObjectKind.System }) is ScanPlan scan)
        {
            throw new SqlException("0A000", $"a materialized view cannot read system relation \"{scan.Object.Name}\"", position, "use CREATE VIEW");
        }
    }

    /// <summary>Checks that the left sides of temporal joins only grow.</summary>
    /// <exception cref="SqlException">0A000: a row that is taken back met rows that nobody knows any more.</exception>
    public static void CheckTemporalJoins(PlanNode plan, int position)
    {
        if (PlanMap.All(plan).Any(n => n is TemporalJoinPlan { Left.AppendOnly: false }))
        {
            throw new SqlException("0A000", "the left side of a join FOR SYSTEM_TIME AS OF PROCTIME() must only grow", position,
                "join a stream, or leave out FOR SYSTEM_TIME: then later changes correct the result");
        }
    }

    private static ObjectKind KindOf(Syntax.ObjectKind kind, int position) => kind switch
    {
        Syntax.ObjectKind.Stream or Syntax.ObjectKind.Source => ObjectKind.Stream,
        Syntax.ObjectKind.Table => ObjectKind.Table,
        Syntax.ObjectKind.View => ObjectKind.View,
        Syntax.ObjectKind.MaterializedView => ObjectKind.MaterializedView,
        Syntax.ObjectKind.Index => ObjectKind.Index,
        Syntax.ObjectKind.Endpoint => ObjectKind.Endpoint,
        Syntax.ObjectKind.User => ObjectKind.User,
        Syntax.ObjectKind.Token => ObjectKind.Token,
        Syntax.ObjectKind.Alert => ObjectKind.Alert,
        Syntax.ObjectKind.Subscription or Syntax.ObjectKind.Sink => ObjectKind.MaterializedView,
        Syntax.ObjectKind.Function => ObjectKind.Function,
        _ => throw new SqlException("0A000", $"{kind.ToString().ToLowerInvariant()} objects are not supported", position),
    };

    private static void CheckKind(CatalogObject found, ObjectKind kind, Syntax.ObjectName name, string verb)
    {
        if (found.Kind == ObjectKind.System)
        {
            throw new SqlException("42501", $"\"{name.Display}\" is a system relation", name.Position);
        }

        if (found.Kind != kind && !(found.IsStream && kind is ObjectKind.Stream or ObjectKind.Table))
        {
            throw new SqlException("42809", $"\"{name.Display}\" is not a {Word(kind)}", name.Position, $"use {verb} {Word(found.Kind).ToUpperInvariant()}");
        }
    }

    private static void CheckCalled(CatalogObject found, Syntax.ObjectKind kind, Syntax.ObjectName name, string verb)
    {
        string? called = found.CalledSubscription ? "subscription" : found.SinkInto > 0 ? "sink" : null;
        string? wanted = kind == Syntax.ObjectKind.Subscription ? "subscription" : kind == Syntax.ObjectKind.Sink ? "sink" : null;
        if (called != wanted)
        {
            throw new SqlException("42809", $"\"{name.Display}\" is {(called is null ? $"no {wanted}" : $"a {called}")}", name.Position,
                $"use {verb} {(called ?? Word(found.Kind)).ToUpperInvariant()}");
        }
    }

    /// <summary>COMMENT ON.</summary>
    public BoundStatement Comment(Syntax.CommentStatement s)
    {
        if (s.Kind is Syntax.ObjectKind.Database or Syntax.ObjectKind.Schema or >= Syntax.ObjectKind.Endpoint)
        {
            return new BoundNoOp("COMMENT") { Notices = [$"comments on a {s.Kind.ToString().ToLowerInvariant()} are not kept"] };
        }

        bool ofColumn = s.Kind == Syntax.ObjectKind.Column;
        Syntax.ObjectName name = ofColumn ? new Syntax.ObjectName([.. s.Name.Parts.Take(s.Name.Parts.Count - 1)]) { Position = s.Name.Position } : s.Name;
        CatalogObject found = Relations.TryFind(context, name) ?? Relations.Find(context, name);
        if (ofColumn && name.Schema is null)
        {
            context.Qualify(s.Name, found.Namespace);
        }

        if (!ofColumn)
        {
            CheckKind(found, KindOf(s.Kind, s.Position), name, "COMMENT ON");
        }
        else if (found.Kind == ObjectKind.System)
        {
            throw new SqlException("42501", $"\"{name.Display}\" is a system relation", name.Position);
        }

        context.DependsOn.Add(found.Id);
        return new BoundComment(found, ofColumn ? DmlBinder.ColumnOf(found, s.Name.Parts[^1]) + 1 : 0, string.IsNullOrEmpty(s.Text) ? null : s.Text);
    }

    private static string Word(ObjectKind kind) => kind switch
    {
        ObjectKind.MaterializedView => "materialized view",
        ObjectKind.View => "view",
        ObjectKind.Index => "index",
        ObjectKind.Stream => "stream",
        ObjectKind.Table => "table",
        ObjectKind.Endpoint => "endpoint",
        ObjectKind.User => "role",
        ObjectKind.Token => "token",
        ObjectKind.Alert => "alert",
        ObjectKind.Function => "function",
        ObjectKind.Schema => "schema",
        _ => "relation",
    };
}
