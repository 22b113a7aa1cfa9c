// ASOF JOIN, and joins FOR SYSTEM_TIME AS OF: one side as it was at a moment of the other.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class FromBinder
{
    private const string AsOfRemedy = "write ON a.key = b.key AND a.ts >= b.ts";

    /// <summary>The AS OF of a join's right side, or null.</summary>
    private static Syntax.Expr? AsOf(Syntax.JoinTable join) => (join.Right as Syntax.NamedTable)?.AsOf;

    /// <summary>Plans a join whose right side is looked at as of a moment.</summary>
    private PlanNode JoinAsOf(Syntax.JoinTable join, FromItem left, FromItem right, ScalarExpr? on, Scope? lateral, Frame? frame)
    {
        string name = join.AsOf ? "ASOF JOIN" : "a join AS OF";
        if (join.Kind is not (Syntax.JoinKind.Inner or Syntax.JoinKind.Left))
        {
            throw new SqlException("0A000", $"{name} is an inner or a left join", join.Position, "the left side is kept whole with LEFT; swap the sides for the other");
        }

        int l = left.Plan.Columns.Count;
        int r = right.Plan.Columns.Count;
        var leftRows = new PlanBuilder(context, left.Plan);
        var rightRows = new PlanBuilder(context, right.Plan);
        bool outer = join.Kind == Syntax.JoinKind.Left;
        Moment? moment = AsOf(join) is { } asOf && !join.AsOf ? SystemTime(asOf, left, right, leftRows, lateral, frame) : null;
        List<int> leftKeys = [];
        List<int> rightKeys = [];
        List<ScalarExpr> rest = [];
        foreach (ScalarExpr term in ExprMap.Conjuncts(on))
        {
            (ScalarExpr A, ScalarExpr B, string Operator)? sides = Sides(term, l);
            if (sides is (var a, var b, "="))
            {
                leftKeys.Add(leftRows.Column(a));
                rightKeys.Add(rightRows.Column(b));
            }
            else if (join.AsOf && moment is null && sides is (var x, var y, var comparison))
            {
                CheckMoment(x.Type, join);
                moment = new Moment(leftRows.Column(x), rightRows.Column(y), comparison);
            }
            else if (ExprMap.Columns(term) is { Count: > 0 } used && used.All(c => c >= l) && !ExprMap.Any(term, e => e is SubqueryExpr))
            {
                rightRows.Filter(ExprMap.MapColumns(term, c => c - l));
            }
            else
            {
                rest.Add(term);
            }
        }

        if (join.AsOf && moment is null)
        {
            throw new SqlException("42601", "ASOF JOIN needs a comparison of the times of both sides", (join.On as Syntax.Node ?? join).Position, AsOfRemedy);
        }

        PlanNode wideLeft = leftRows.Plan;
        PlanNode wideRight = rightRows.Plan;
        int shift = wideLeft.Columns.Count;
        Schema columns = Plans.JoinColumns(outer ? JoinKind.Left : JoinKind.Inner, wideLeft, wideRight);
        PlanNode plan;
        if (moment is { } m)
        {
            if (rest.Count > 0)
            {
                throw new SqlException("0A000", $"{name} takes equalities of both sides and one comparison of their times", (join.On as Syntax.Node ?? join).Position,
                    "put other conditions into WHERE, or into subqueries of the sides; " + AsOfRemedy);
            }

            plan = new AsOfJoinPlan(wideLeft, wideRight, leftKeys, rightKeys, m.Left, m.Right, m.Operator, outer, columns);
        }
        else
        {
            ScalarExpr? condition = ExprMap.And([.. rest.Select(t => ExprMap.MapColumns(t, c => c < l ? c : c - l + shift))]);
            plan = new TemporalJoinPlan(wideLeft, wideRight, leftKeys, rightKeys, condition, outer, columns);
        }

        return Plans.Pick(plan, [.. Enumerable.Range(0, l), .. Enumerable.Range(shift, r)]);
    }

    /// <summary>The time columns of both sides and how they compare.</summary>
    private readonly record struct Moment(int Left, int Right, string Operator);

    // AS OF PROCTIME() is the present; AS OF a time of the left side looks among the versions that the right side's event time tells apart.
    private Moment? SystemTime(Syntax.Expr asOf, FromItem left, FromItem right, PlanBuilder leftRows, Scope? lateral, Frame? frame)
    {
        var scope = new Scope(left.Tables, left.Columns, lateral, frame);
        ScalarExpr time = new ExprBinder(context, queries, scope, ctes) { Clause = "AS OF" }.BindTyped(asOf);
        if (TimeBounds.IsPresent(time))
        {
            return null;
        }

        if (right.Plan is not ScanPlan { Object: { EventTime: >= 0 and var version } of })
        {
            throw new SqlException("42601", "AS OF a time needs versions with a time of their own", asOf.Position,
                "join a stream declared WITH (event_time = '…') that holds each version, or write AS OF PROCTIME() for the table as it is");
        }

        if (!time.Type.SameAs(of.Columns[version].Type))
        {
            throw new SqlException("42804", $"AS OF a {time.Type}, but \"{of.Columns[version].Name}\" of \"{of.Name}\" is {of.Columns[version].Type}", asOf.Position, "cast it");
        }

        return new Moment(leftRows.Column(time), version, ">=");
    }

    private static void CheckMoment(SqlType type, Syntax.JoinTable join)
    {
        if (type.Id is not (TypeId.Timestamp or TypeId.TimestampTz or TypeId.Date or TypeId.Integer or TypeId.BigInt))
        {
            throw new SqlException("42804", $"ASOF JOIN compares timestamps, dates or integers, not {type}", (join.On as Syntax.Node ?? join).Position, "cast both sides");
        }
    }

    /// <summary>A comparison between the sides, the left one first and the right one over its own columns.</summary>
    private static (ScalarExpr Left, ScalarExpr Right, string Operator)? Sides(ScalarExpr term, int l)
    {
        if (term is not CallExpr { Function.Name: "=" or "<" or "<=" or ">" or ">=", Arguments: [var a, var b] } call || !a.Type.SameAs(b.Type))
        {
            return null;
        }

        HashSet<int> ua = ExprMap.Columns(a);
        HashSet<int> ub = ExprMap.Columns(b);
        if (ua.Count == 0 || ub.Count == 0)
        {
            return null;
        }

        string name = call.Function.Name;
        if (ua.All(c => c < l) && ub.All(c => c >= l))
        {
            return (a, ExprMap.MapColumns(b, c => c - l), name);
        }

        string mirrored = name switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => name };
        return ua.All(c => c >= l) && ub.All(c => c < l) ? (b, ExprMap.MapColumns(a, c => c - l), mirrored) : null;
    }
}
