// TUMBLE, HOP, CUMULATE and SESSION in FROM.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class FromBinder
{
    private FromItem Window(Syntax.WindowTable window, FromItem input, Scope? parent, Frame? frame)
    {
        var scope = new Scope(input.Tables, input.Columns, parent, frame);
        string name = window.Kind.ToString().ToUpperInvariant();
        var binder = new ExprBinder(context, queries, scope, ctes) { Clause = name };
        var builder = new PlanBuilder(context, input.Plan);
        Syntax.Expr? timeColumn = window.TimeColumn ?? (window.OrderBy.Count == 1 ? window.OrderBy[0].Value : null);
        int time = timeColumn is null ? EventTimeOf(input, window, name) : builder.Column(binder.BindTyped(timeColumn));
        SqlType type = timeColumn is null ? input.Plan.Columns[time].Type : builder.Plan.Columns[time].Type;
        if (!type.IsTimestamp)
        {
            throw new SqlException("42804", $"the time column of {name} must be a timestamp, not {type}", timeColumn?.Position ?? window.Position,
                "cast it, as in (SELECT *, ts::timestamp AS t FROM …)");
        }

        int[] partition = [.. window.PartitionBy.Select(p => builder.Column(binder.BindTyped(p)))];
        PlanNode rows = builder.Plan;
        Schema columns = new([.. rows.Columns.Fields, new Field("window_start", type, false), new Field("window_end", type, false)]);
        long[] args = [.. window.Args.Select((a, i) => Micros(binder, a, name, window, i))];
        PlanNode plan = window.Kind switch
        {
            Syntax.WindowTableKind.Tumble => new TimeWindowPlan(rows, time, args[0], args[0], At(1), false, columns),
            Syntax.WindowTableKind.Hop => new TimeWindowPlan(rows, time, args[0], args[1], At(2), false, columns),
            Syntax.WindowTableKind.Cumulate => new TimeWindowPlan(rows, time, args[0], args[1], At(2), true, columns),
            _ => new SessionPlan(rows, partition, time, args[0], columns),
        };
        if (window.Kind is Syntax.WindowTableKind.Cumulate && args[1] % args[0] != 0)
        {
            throw new SqlException("22023", "the size of CUMULATE must be a multiple of its step", window.Args[1].Position);
        }

        ScopeColumn[] added = [
            new ScopeColumn("window_start", Plans.Column(plan, rows.Columns.Count), false),
            new ScopeColumn("window_end", Plans.Column(plan, rows.Columns.Count + 1), false),
        ];
        ScopeColumn[] all = [.. input.Columns, .. added];
        string? alias = window.Alias?.Name.Text ?? (input.Tables.Count == 1 ? input.Tables[0].Name : null);
        if (window.Alias is { Columns.Count: > 0 } renamed)
        {
            int shown = 0;
            all = [.. all.Select(c => c.Hidden || shown >= renamed.Columns.Count ? c : c with { Name = renamed.Columns[shown++].Text })];
        }

        return new FromItem(plan, [new ScopeTable(alias, null, all, null)], all);

        long At(int index) => args.Length > index ? args[index] : 0;
    }

    private static int EventTimeOf(FromItem input, Syntax.WindowTable window, string name) => input.Plan is ScanPlan { Object.EventTime: >= 0 and var at }
        ? at
        : throw new SqlException("42601", $"{name} needs a time column", window.Position, $"write {name}(table, column, INTERVAL '…')");

    /// <summary>A constant interval of fixed length in µs; only the last argument of three (or of two in TUMBLE), the offset, may be zero or less.</summary>
    private static long Micros(ExprBinder binder, Syntax.Expr expr, string name, Syntax.WindowTable window, int index)
    {
        LiteralExpr value = binder.Constant(expr, SqlType.Interval, $"the interval of {name}");
        if (value.Value is not Interval interval)
        {
            throw new SqlException("22004", $"the interval of {name} must not be null", expr.Position);
        }

        if (interval.Months != 0)
        {
            throw new SqlException("0A000", $"{name} needs intervals of fixed length, not months or years", expr.Position,
                "use days, or group by date_trunc('month', …)");
        }

        long micros = checked((interval.Days * 86_400_000_000L) + interval.Micros);
        bool offset = index == (window.Kind == Syntax.WindowTableKind.Tumble ? 1 : 2);
        return micros > 0 || offset ? micros
            : throw new SqlException("22023", $"the interval of {name} must be positive", expr.Position);
    }
}
