// CREATE SUBSCRIPTION, and cursors over one.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds subscriptions: append-only views of the changes of a table or view, with a retention, and cursors that walk along them.</summary>
internal sealed class SubscriptionBinder(BindContext context)
{
    /// <summary>CREATE SUBSCRIPTION.</summary>
    public BoundCreateView Create(Syntax.CreateSubscriptionStatement s)
    {
        CatalogObject from = Relations.Find(context, s.From);
        if (from.Kind is not (ObjectKind.Table or ObjectKind.MaterializedView or ObjectKind.Stream) || from.CalledSubscription)
        {
            throw new SqlException("42809", $"a subscription cannot be from \"{s.From.Display}\"", s.From.Position, "name a table, a stream or a materialized view");
        }

        var star = new Syntax.SelectItem(new Syntax.StarExpr(null, []) { Position = s.From.Position }, null);
        var changes = new Syntax.ChangelogTable(new Syntax.NamedTable(s.From) { Position = s.From.Position }, false) { OnlyChanges = true, Position = s.From.Position };
        BoundCreateView view = new DdlBinder(context).CreateView(new Syntax.CreateViewStatement(s.Name, true, new Syntax.Query(null, new Syntax.SelectBody([star], [changes])))
        {
            Position = s.Position,
            IfNotExists = s.IfNotExists,
            Options = s.Options,
        });
        return view with { Template = view.Template with { CalledSubscription = true } };
    }

    /// <summary>A cursor over a subscription; null when it is over something else.</summary>
    /// <exception cref="SqlException">42809: it is over something else, and begins somewhere.</exception>
    public BoundDeclareCursor? Cursor(Syntax.DeclareCursorStatement s)
    {
        CatalogObject? found = s.Subscribe!.Name is { } name ? Relations.TryFind(context, name) : null;
        if (found is not { CalledSubscription: true })
        {
            return s.Since is null && !s.Full ? null : throw new SqlException("42809", "only a cursor over a subscription begins somewhere", s.Since?.Position ?? s.Position,
                "CREATE SUBSCRIPTION name FROM view keeps the view's changes; leave SINCE and FULL out to follow it from now on");
        }

        CatalogObject from = context.Catalog.Find(found.DependsOn[0])!;
        (bool kept, string where) = Since(s);
        int width = found.Columns.Count - ChangelogPlan.Added(false).Count;
        string columns = string.Concat(found.Columns.Fields.Take(width).Select(f => Syntax.SqlFormatter.QuoteName(f.Name) + ", "));
        string changes = $"SELECT {columns}CASE change_kind WHEN 'insert' THEN 'Insert' WHEN 'delete' THEN 'Delete' WHEN 'update_before' THEN 'UpdateDelete' ELSE 'UpdateInsert' END AS op, "
            + $"CAST(floor(extract(epoch FROM change_time) * 1000) AS bigint) AS rw_timestamp FROM {Name(found)}{where}";
        context.FollowsChanges = true;
        var dml = new DmlBinder(context);
        BoundQuery query = DmlBinder.Followed(context, dml.Query(Query(changes)), -1);
        string rows = string.Concat(from.Columns.Fields.Take(width).Select(f => Syntax.SqlFormatter.QuoteName(f.Name) + ", "));
        return new BoundDeclareCursor(s.Name.Text, query, s.Hold)
        {
            OverSubscription = true,
            Subscribe = new BoundSubscribe(query with { DependsOn = [.. context.DependsOn] }, kept),
            First = s.Full ? dml.Query(Query($"SELECT {rows}'Insert' AS op, CAST(NULL AS bigint) AS rw_timestamp FROM {Name(from)}")) : null,
        };
    }

    // Whether changes that are kept come first, and which of them.
    private (bool Kept, string Where) Since(Syntax.DeclareCursorStatement s)
    {
        if (s.Since is Syntax.FunctionCall { Args.Count: 0 } call && call.Name.Last is "now" or "proctime" or "begin" or "current_timestamp")
        {
            return (call.Name.Last == "begin", "");
        }

        if (s.Since is null)
        {
            return (false, "");
        }

        var binder = new ExprBinder(context, new QueryBinder(context), Scope.Empty(null, null), null) { Clause = "SINCE" };
        object? millis = binder.Constant(s.Since, SqlType.BigInt, "SINCE").Value;
        return millis is long value and >= 0 and < 253_402_300_800_000
            ? (true, string.Create(CultureInfo.InvariantCulture, $" WHERE change_time >= to_timestamp({value / 1000}) + INTERVAL '{value % 1000} milliseconds'"))
            : throw new SqlException("22023", "SINCE takes a time in milliseconds since 1970, begin() or now()", s.Since.Position);
    }

    private static Syntax.Query Query(string text) => ((Syntax.QueryStatement)Syntax.SqlParser.Parse(text)[0]).Query;

    private static string Name(CatalogObject o) => Syntax.SqlFormatter.QuoteName(o.Namespace) + "." + Syntax.SqlFormatter.QuoteName(o.Name);
}
