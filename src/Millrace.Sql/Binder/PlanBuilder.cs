// A plan that grows while the clauses of a query are bound: columns are appended, never moved, so that bound expressions stay valid.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A growing plan. Columns are appended, never moved, so that expressions bound before stay valid.</summary>
internal sealed class PlanBuilder(BindContext context, PlanNode plan)
{
    private readonly List<ScalarExpr> _pending = [];
    private readonly List<string> _pendingNames = [];
    private readonly List<(SubqueryExpr Subquery, ScalarExpr Value)> _joined = [];
    private PlanNode _plan = plan;

    /// <summary>The plan so far.</summary>
    public PlanNode Plan
    {
        get
        {
            if (_pending.Count > 0)
            {
                string[] names = [.. _plan.Columns.Fields.Select(f => f.Name), .. _pendingNames];
                _plan = Plans.Project(_plan, [.. Plans.Columns(_plan), .. _pending], names);
                _pending.Clear();
                _pendingNames.Clear();
            }

            return _plan;
        }
    }

    /// <summary>The column that holds the value of an expression; appended when it is not one already.</summary>
    public int Column(ScalarExpr expr, string name = "?column?")
    {
        expr = Place(expr);
        if (expr is ColumnExpr c)
        {
            return c.Index;
        }

        int at = _pending.FindIndex(p => ExprEquality.Same(p, expr) && !ExprMap.IsVolatile(p));
        if (at < 0)
        {
            at = _pending.Count;
            _pending.Add(expr);
            _pendingNames.Add(name);
        }

        return _plan.Columns.Count + at;
    }

    /// <summary>The expression with its subqueries joined to the plan and replaced by columns.</summary>
    public ScalarExpr Place(ScalarExpr expr)
    {
        if (!ExprMap.Any(expr, e => e is SubqueryExpr))
        {
            return expr;
        }

        return ExprMap.Rewrite(expr, e => e is SubqueryExpr s ? Join(s) : e);
    }

    /// <summary>Keeps the rows for which a condition is true.</summary>
    public void Filter(ScalarExpr condition)
    {
        ScalarExpr[] terms = [.. ExprMap.Conjuncts(condition)];
        _plan = Plans.Filter(Plan, ExprMap.And([.. terms.Where(t => !ExprMap.Any(t, e => e is SubqueryExpr))]));
        foreach (ScalarExpr term in terms.Where(t => ExprMap.Any(t, e => e is SubqueryExpr)))
        {
            (SubqueryExpr? subquery, bool negated) = term switch
            {
                SubqueryExpr s => (s, false),
                NotExpr { Argument: SubqueryExpr s } => (s, true),

                // = ANY (array) is unknown for a null array, which a filter takes for false.
                OrExpr { Arguments: [SubqueryExpr s, CaseExpr { Branches: [(_, LiteralExpr { Value: null })], Else: LiteralExpr { Value: false } }] } => (s, false),
                _ => (null, false),
            };
            if (subquery?.Kind is SubqueryKind.Exists or SubqueryKind.Any)
            {
                subquery = (SubqueryExpr)subquery.MapParts(Place);
                if (new Unnesting(context, subquery.Frame).TrySemiJoin(Plan, subquery, negated) is { } joined)
                {
                    _plan = joined;
                    continue;
                }
            }

            ScalarExpr placed = Place(term);
            _plan = Plans.Filter(Plan, placed);
        }
    }

    /// <summary>Puts another operation on top; it must keep the columns and may append some.</summary>
    public void Wrap(Func<PlanNode, PlanNode> wrap)
    {
        PlanNode before = Plan;
        _plan = wrap(before);
        Check.That(_plan.Columns.Count >= before.Columns.Count);
    }

    private ScalarExpr Join(SubqueryExpr subquery)
    {
        // One that an expression names twice, as nullif does, is one column: of two, one could be ahead of the other while changes pass.
        foreach ((SubqueryExpr done, ScalarExpr known) in _joined)
        {
            if (ReferenceEquals(done.Plan, subquery.Plan) && done.Kind == subquery.Kind && ExprEquality.Same(done, subquery))
            {
                return known;
            }
        }

        int width = Plan.Columns.Count;
        (_plan, ScalarExpr value) = new Unnesting(context, subquery.Frame).JoinValue(Plan, subquery);
        context.Origins[_plan] = new OriginFact(null, width);
        _joined.Add((subquery, value));
        return value;
    }
}
