// Joins: ON, USING, NATURAL, lateral right sides.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class FromBinder
{
    private FromItem Join(Syntax.JoinTable join, Scope? lateral, Frame? lateralFrame, Scope? parent, Frame? frame)
    {
        FromItem left = Item(join.Left, lateral, lateralFrame, parent, frame);
        var own = new Frame { NoAggregates = "FROM" };
        FromItem right = Item(join.Right, new Scope(left.Tables, left.Columns, lateral, lateralFrame), own, parent, frame);
        CheckNames(left, right, join.Right);
        JoinKind kind = join.Kind switch
        {
            Syntax.JoinKind.Left => JoinKind.Left,
            Syntax.JoinKind.Right => JoinKind.Right,
            Syntax.JoinKind.Full => JoinKind.Full,
            _ => JoinKind.Inner,
        };
        FromItem both = Combined(left, right, join, kind, out List<ScalarExpr> equal);
        var scope = new Scope(both.Tables, both.Columns, lateral, lateralFrame);
        if (join.On is not null)
        {
            equal.Add(new ExprBinder(context, queries, scope, ctes) { Clause = "JOIN conditions" }.Boolean(join.On, "JOIN/ON"));
        }

        ScalarExpr? on = ExprMap.And([.. equal.SelectMany(ExprMap.Conjuncts)]);
        if (join.AsOf || AsOf(join) is not null)
        {
            return both with { Plan = JoinAsOf(join, left, right, on, lateral, lateralFrame) };
        }

        bool depends = DomainPush.Depends(right.Plan, own);
        if (depends && kind is JoinKind.Right or JoinKind.Full && depends)
        {
            throw new SqlException("42P10", "invalid reference to FROM-clause entry", join.Right.Position,
                "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
        }

        var unnesting = new Unnesting(context, own);
        if (on is null || !ExprMap.Any(on, e => e is SubqueryExpr))
        {
            return both with { Plan = depends ? unnesting.Lateral(left.Plan, right.Plan, kind, on) : Plans.Join(kind, left.Plan, right.Plan, on) };
        }

        if (kind == JoinKind.Inner)
        {
            var builder = new PlanBuilder(context, unnesting.Lateral(left.Plan, right.Plan, kind, null));
            builder.Filter(on);
            return both with { Plan = Plans.Pick(builder.Plan, Enumerable.Range(0, left.Plan.Columns.Count + right.Plan.Columns.Count)) };
        }

        return both with { Plan = depends ? throw TooComplex(join) : WithSubqueries(kind, left.Plan, right.Plan, on, join) };
    }

    /// <summary>An outer join whose ON has subqueries: each is answered on the side whose columns it uses.</summary>
    private PlanNode WithSubqueries(JoinKind kind, PlanNode left, PlanNode right, ScalarExpr on, Syntax.JoinTable join)
    {
        int l = left.Columns.Count;
        int r = right.Columns.Count;
        var leftBuilder = new PlanBuilder(context, left);
        var rightBuilder = new PlanBuilder(context, right);

        // Until both plans have their final width, columns are named by side: left ones from zero up, right ones below zero.
        ScalarExpr placed = ExprMap.Rewrite(on, e =>
        {
            if (e is ColumnExpr c)
            {
                return c.Index < l ? c : new ColumnExpr(l - 1 - c.Index, c.Type);
            }

            if (e is not SubqueryExpr s)
            {
                return e;
            }

            HashSet<int> used = ExprMap.Columns(s);
            if (used.All(u => u < 0))
            {
                return ExprMap.MapColumns(rightBuilder.Place(ExprMap.MapColumns(s, u => -1 - u)), u => -1 - u);
            }

            return used.All(u => u >= 0) ? leftBuilder.Place(s) : throw TooComplex(join);
        });
        PlanNode wideLeft = leftBuilder.Plan;
        int shift = wideLeft.Columns.Count;
        JoinPlan plan = Plans.Join(kind, wideLeft, rightBuilder.Plan, ExprMap.MapColumns(placed, c => c < 0 ? shift - 1 - c : c));
        return Plans.Pick(plan, [.. Enumerable.Range(0, l), .. Enumerable.Range(shift, r)]);
    }

    private static SqlException TooComplex(Syntax.JoinTable join) => new("0A000", "this subquery in the ON of an outer join is not supported", join.Position,
        "compute it in a subquery in FROM");

    /// <summary>The names of a join, and the equalities of USING and NATURAL.</summary>
    private FromItem Combined(FromItem left, FromItem rightItem, Syntax.JoinTable join, JoinKind kind, out List<ScalarExpr> equal)
    {
        FromItem right = rightItem.Shifted(left.Plan.Columns.Count);
        equal = [];
        List<string> names = join.Natural
            ? [.. left.Columns.Where(c => !c.Hidden && right.Columns.Any(r => !r.Hidden && r.Name == c.Name)).Select(c => c.Name).Distinct()]
            : [.. join.Using.Select(u => u.Text)];
        if (names.Count == 0)
        {
            return new FromItem(left.Plan, [.. left.Tables, .. right.Tables], [.. left.Columns, .. right.Columns]);
        }

        var binder = new ExprBinder(context, queries, Scope.Empty(null, null), ctes) { Clause = "USING" };
        List<ScopeColumn> merged = [];
        foreach (string name in names)
        {
            ScopeColumn l = Side(left, name, "left", join);
            ScopeColumn r = Side(right, name, "right", join);
            equal.Add(binder.Operator("=", [l.Value, r.Value], join.Position));
            SqlType type = binder.CommonType([l.Value, r.Value], "JOIN/USING", join.Position);
            ScalarExpr lv = binder.Coercion.Coerce(l.Value, type, CastContext.Implicit, join.Position);
            ScalarExpr rv = binder.Coercion.Coerce(r.Value, type, CastContext.Implicit, join.Position);
            merged.Add(new ScopeColumn(name, kind switch
            {
                JoinKind.Right => rv,
                JoinKind.Full => new CoalesceExpr([lv, rv], type),
                _ => lv,
            }, false));
        }

        return new FromItem(left.Plan, [.. left.Tables, .. right.Tables], [
            .. merged, .. left.Columns.Where(c => !names.Contains(c.Name)), .. right.Columns.Where(c => !names.Contains(c.Name)),
        ]);
    }

    private static ScopeColumn Side(FromItem item, string name, string side, Syntax.JoinTable join)
    {
        ScopeColumn[] found = [.. item.Columns.Where(c => c.Name == name)];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new SqlException("42703", $"column \"{name}\" specified in USING clause does not exist in {side} table", join.Position,
                Suggest.Hint(name, item.Columns.Select(c => c.Name))),
            _ => throw new SqlException("42702", $"common column name \"{name}\" appears more than once in {side} table", join.Position),
        };
    }
}
