// LATE DATA INTO: the rows that come too late for a view, as an object of their own that is made with it.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds LATE DATA INTO.</summary>
internal sealed class LateDataBinder(BindContext context, DmlBinder dml)
{
    /// <summary>What is made beside the view.</summary>
    /// <param name="s">The statement, with LATE DATA INTO.</param>
    /// <param name="view">The view.</param>
    /// <param name="written">The plan of its query before it was optimized: late rows have all columns of what the windows are over.</param>
    /// <exception cref="SqlException">The view closes no windows, or other operations stand between them and their closing.</exception>
    public LateData Bind(Syntax.CreateViewStatement s, CatalogObject view, PlanNode written)
    {
        Syntax.ObjectName name = s.Query.LateDataInto!;
        if (!s.Materialized)
        {
            throw new SqlException("0A000", "LATE DATA INTO is for CREATE MATERIALIZED VIEW", name.Position, "a plain view keeps nothing");
        }

        if (!s.Query.EmitOnWindowClose && s.Query.AllowLateness is null)
        {
            throw new SqlException("42601", "LATE DATA INTO needs windows that close, or nothing is late", name.Position,
                "write EMIT ON WINDOW CLOSE or ALLOW LATENESS INTERVAL '…' before it");
        }

        string schema = CheckName(name, view);
        PlanNode plan = dml.Finished(Late(written, name.Position));
        Field[] fields = [.. plan.Columns.Fields];
        if (fields.GroupBy(f => f.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new SqlException("42701", $"column \"{twice.Key}\" of the late rows is there more than once", name.Position, "give one of them another name with AS");
        }

        TimeFact[] facts = Lineage.Of(plan);
        var template = new CatalogObject
        {
            Id = 0,
            Namespace = schema,
            Name = name.Last,
            Kind = ObjectKind.MaterializedView,
            Columns = plan.Columns,
            // In order of time on disk, but without a watermark: behind the view's all of them lie.
            EventTime = Array.FindIndex(facts, f => f is { Role: TimeRole.EventTime, ByClock: false }),
            AppendOnly = true,
            Query = view.Query,
            DependsOn = view.DependsOn,
        };
        return new LateData(template, new BoundQuery(plan, plan.Columns));
    }

    private string CheckName(Syntax.ObjectName name, CatalogObject view)
    {
        string schema = Relations.SchemaFor(context, name);
        if ((name.Last == view.Name && schema == view.Namespace) || context.Catalog.Find(schema, name.Last) is not null)
        {
            throw new SqlException("42P07", $"relation \"{name.Last}\" already exists", name.Position, "LATE DATA INTO makes a new one for this view: give it another name");
        }

        return schema;
    }

    // The way that the compiler goes from the closing of windows down to them; conditions on the rows alone hold for late rows too.
    private static PlanNode Late(PlanNode written, int position)
    {
        var close = (EmitOnClosePlan)PlanMap.All(written).First(n => n is EmitOnClosePlan);
        if (close.ByClock)
        {
            throw new SqlException("0A000", "nothing comes late to windows over processing time", position, "leave out LATE DATA INTO");
        }

        PlanNode node = close.Input;
        List<ScalarExpr> terms = [];
        bool grouped = false;
        int end = close.WindowEnd;
        while (true)
        {
            switch (node)
            {
                case FilterPlan filter:
                    terms.AddRange(ExprMap.Conjuncts(filter.Predicate).Where(t => !ExprMap.IsVolatile(t) && !TimeBounds.TellsTime(t)));
                    node = filter.Input;
                    break;
                case ProjectPlan project:
                    terms = [.. terms.Where(t => !ExprMap.Columns(t).Any(c => ExprMap.IsVolatile(project.Expressions[c]) || TimeBounds.TellsTime(project.Expressions[c])))
                        .Select(t => ExprMap.Substitute(t, project.Expressions))];
                    end = end >= 0 && project.Expressions[end] is ColumnExpr column ? column.Index : -1;
                    node = project.Input;
                    break;
                case AggregatePlan aggregate when !grouped:
                    grouped = true;
                    terms = [.. terms.Where(t => ExprMap.Columns(t) is { Count: > 0 } used && used.All(c => c < aggregate.Keys.Count))
                        .Select(t => ExprMap.MapColumns(t, c => aggregate.Keys[c]))];
                    end = end >= 0 && end < aggregate.Keys.Count ? aggregate.Keys[end] : -1;
                    node = aggregate.Input;
                    break;
                case TimeWindowPlan { Input: { AppendOnly: true } rows } window:
                    return Plans.Filter(new LateRowsPlan(
                        rows, window.Time, window.Stride, window.Size, window.Offset, close.Lateness), OfRowAlone(terms, rows));
                case SessionPlan { Input: { AppendOnly: true } rows } sessions when end == sessions.Columns.Count - 1:
                    return Plans.Filter(
                        new LateSessionRowsPlan(rows, sessions.PartitionBy, sessions.Time, sessions.Gap, close.Lateness), OfRowAlone(terms, rows));
                default:
                    throw new SqlException("0A000", "LATE DATA INTO needs TUMBLE, HOP, CUMULATE or SESSION over one input that only grows, read by the query itself", position,
                        "join and rank in a view that reads this one");
            }
        }
    }

    private static ScalarExpr? OfRowAlone(List<ScalarExpr> terms, PlanNode rows) =>
        ExprMap.And([.. terms.Where(t => ExprMap.Columns(t) is { Count: > 0 } used && used.All(c => c < rows.Columns.Count))]);
}
