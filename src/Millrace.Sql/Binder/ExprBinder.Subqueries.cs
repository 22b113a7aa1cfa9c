// Subqueries in expressions; they stay placeholders until the expression has its place in a plan.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class ExprBinder
{
    private SubqueryExpr ScalarSubquery(Syntax.ScalarSubqueryExpr e)
    {
        (PlanNode plan, Frame frame, _) = Subquery(e.Query, 1, e.Position);
        return new SubqueryExpr(SubqueryKind.Scalar, plan, frame, Used(plan, frame), [], null, plan.Columns[0].Type);
    }

    private SubqueryExpr Exists(Syntax.ExistsExpr e)
    {
        (PlanNode plan, Frame frame, _) = Subquery(e.Query, -1, e.Position);
        return new SubqueryExpr(SubqueryKind.Exists, plan, frame, Used(plan, frame), [], null, SqlType.Boolean);
    }

    private ScalarExpr InSubquery(Syntax.InSubqueryExpr e)
    {
        ScalarExpr any = Quantified(e.Operand, "=", Syntax.Quantifier.Any, e.Query, e.Position);
        return e.Negated ? new NotExpr(any) : any;
    }

    private ScalarExpr Quantified(Syntax.Expr left, string op, Syntax.Quantifier quantifier, Syntax.Query query, int position)
    {
        ScalarExpr[] tests = left is Syntax.RowExpr row ? [.. row.Items.Select(Bind)] : [Bind(left)];
        (PlanNode plan, Frame frame, _) = Subquery(query, -1, position);
        if (plan.Columns.Count != tests.Length)
        {
            throw new SqlException("42601", $"subquery has too {(plan.Columns.Count < tests.Length ? "few" : "many")} columns", position);
        }

        return Quantified(tests, op, quantifier, plan, frame, position);
    }

    private ScalarExpr Quantified(ScalarExpr[] tests, string op, Syntax.Quantifier quantifier, PlanNode plan, Frame frame, int position)
    {
        int count = plan.Columns.Count;
        for (int i = 0; i < tests.Length; i++)
        {
            if (tests[i].Type.Id == TypeId.Unknown)
            {
                tests[i] = _coercion.Coerce(tests[i], plan.Columns[i].Type, CastContext.Implicit, position);
            }
        }

        ScalarExpr[] left = [.. tests.Select((t, i) => (ScalarExpr)new ColumnExpr(count + i, t.Type))];
        ScalarExpr[] right = [.. Enumerable.Range(0, count).Select(i => (ScalarExpr)new ColumnExpr(i, plan.Columns[i].Type))];
        (string name, bool negate) = op switch
        {
            "LIKE" => ("~~", false),
            "NOT LIKE" => ("~~", true),
            "ILIKE" => ("~~*", false),
            "NOT ILIKE" => ("~~*", true),
            _ => (op, false),
        };
        ScalarExpr condition = count == 1 ? Operator(name, [left[0], right[0]], position) : CompareRows(name, left, right, position);
        condition = _coercion.TryCoerce(condition, SqlType.Boolean, CastContext.Implicit, position)
            ?? throw new SqlException("42809", $"op ANY/ALL requires operator to yield boolean", position);
        bool all = quantifier == Syntax.Quantifier.All;
        if (negate != all)
        {
            condition = new NotExpr(condition);
        }

        var any = new SubqueryExpr(SubqueryKind.Any, plan, frame, Used(plan, frame), tests, condition, SqlType.Boolean);
        return all ? new NotExpr(any) : any;
    }

    private ScalarExpr QuantifiedArray(Syntax.QuantifiedArrayExpr e)
    {
        ScalarExpr left = Bind(e.Left);
        ScalarExpr array = Bind(e.Array);
        if (array.Type.Id == TypeId.Unknown)
        {
            SqlType element = left.Type.Id == TypeId.Unknown ? SqlType.Text : TypeRules.Plain(left.Type);
            array = _coercion.Coerce(array, SqlType.ArrayOf(element), CastContext.Implicit, e.Array.Position);
        }

        if (array.Type.Id != TypeId.Array)
        {
            throw new SqlException("42809", "op ANY/ALL (array) requires array on right side", e.Position);
        }

        if (array is ArrayExpr { Elements.Count: > 0 and <= 1000 } list)
        {
            return OverElements(left, list.Elements, e);
        }

        if (array is LiteralExpr { Value: ListSlice { Count: > 0 and <= 1000 } given })
        {
            SqlType of = array.Type.Element!;
            return OverElements(left, [.. Enumerable.Range(given.Start, given.Count).Select(i => new LiteralExpr(BoxedValue.Get(given.Elements, i), of))], e);
        }

        // Arrays are looked through where they are, also where no subquery can be (the ON of an outer join, ON CONFLICT). What may be long and is the same for all rows is a table to look up in.
        bool ofRow = ExprMap.Any(array, x => x is ColumnExpr);
        bool lookedUp = !ofRow && (ExprMap.Any(array, x => x is ParameterExpr) || array is LiteralExpr { Value: ListSlice { Count: > 0 } });
        if (!lookedUp && e.Operator is "=" or "<>" or "<" or "<=" or ">" or ">=" && _coercion.TryCoerce(left, array.Type.Element!, CastContext.Implicit, e.Position) is { } value)
        {
            return Compared(array, value, e);
        }

        var frame = new Frame();
        ScalarExpr argument = ofRow ? frame.Add(array) : array;
        var one = new ValuesPlan([[]], Schema.Empty);
        var plan = new TableFunctionPlan(one, "unnest", [argument], false, new Schema([new Field("unnest", array.Type.Element!)]));
        ScalarExpr found = Quantified([left], e.Operator, e.Quantifier, plan, frame, e.Position);
        if (array is LiteralExpr { Value: not null })
        {
            return found;
        }

        // A null array has no elements, but the answer is unknown then.
        var unknown = new CaseExpr(
            [(new IsNullExpr(array, false), new LiteralExpr(null, SqlType.Boolean))], new LiteralExpr(false, SqlType.Boolean), SqlType.Boolean);
        return found is NotExpr all ? new NotExpr(new OrExpr([all.Argument, unknown])) : new OrExpr([found, unknown]);
    }

    // ALL is that no element does the opposite. What the operator says of the value, the elements are asked the other way round.
    private ScalarExpr Compared(ScalarExpr array, ScalarExpr value, Syntax.QuantifiedArrayExpr e)
    {
        const int Less = 1;
        const int Equal = 2;
        const int Greater = 4;
        bool all = e.Quantifier == Syntax.Quantifier.All;
        int wanted = e.Operator switch
        {
            "=" => Equal,
            "<>" => Less | Greater,
            "<" => Greater,
            "<=" => Greater | Equal,
            ">" => Less,
            _ => Less | Equal,
        };
        wanted = all ? (Less | Equal | Greater) - wanted : wanted;
        ScalarExpr any = wanted == Equal ? Call("array_holds", [array, value], e.Position)
            : Call("array_compares", [array, value, new LiteralExpr(wanted, SqlType.Integer)], e.Position);
        return all ? new NotExpr(any) : any;
    }

    private ScalarExpr OverElements(ScalarExpr left, IReadOnlyList<ScalarExpr> elements, Syntax.QuantifiedArrayExpr e)
    {
        (string name, bool negate) = e.Operator switch
        {
            "LIKE" => ("~~", false),
            "NOT LIKE" => ("~~", true),
            "ILIKE" => ("~~*", false),
            "NOT ILIKE" => ("~~*", true),
            _ => (e.Operator, false),
        };
        ScalarExpr[] terms = [.. elements.Select(x =>
        {
            ScalarExpr term = Operator(name, [left, x], e.Position);
            return negate ? new NotExpr(term) : term;
        })];
        return terms.Length == 1 ? terms[0] : e.Quantifier == Syntax.Quantifier.Any ? new OrExpr(terms) : new AndExpr(terms);
    }

    private ScalarExpr ArraySubquery(Syntax.ArraySubqueryExpr e)
    {
        (PlanNode plan, Frame frame, IReadOnlyList<SortKey> order) = Subquery(e.Query, 1, e.Position);
        SqlType element = plan.Columns[0].Type;
        SqlType type = SqlType.ArrayOf(element);
        Candidate[] candidates = [.. context.Functions.FindAggregates("array_agg").Select(Candidate.Of)];
        Resolution chosen = OverloadResolver.Resolve(candidates, [element], false, context.Functions, out _)
            ?? throw new SqlException("42883", $"could not find array type for data type {element}", e.Position);
        var call = new AggregateCall((AggregateFunction)chosen.Candidate.Function, [0], false, -1, order, type);
        var aggregate = new AggregatePlan(plan, [], [call], new Schema([new Field("array", type)]));
        var value = new SubqueryExpr(SubqueryKind.Scalar, aggregate, frame, Used(aggregate, frame), [], null, type);
        return new CoalesceExpr([value, new ArrayExpr([], type)], type);
    }

    private (PlanNode Plan, Frame Frame, IReadOnlyList<SortKey> Order) Subquery(Syntax.Query query, int columns, int position)
    {
        var frame = new Frame { NoAggregates = _insideAggregate ? "the arguments of an aggregate" : AllowAggregates ? null : Clause };
        QueryResult result = queries.Bind(query, scope, frame, ctes);
        if (columns >= 0 && result.Columns.Count != columns)
        {
            throw new SqlException("42601", "subquery must return only one column", position);
        }

        // Hidden sort columns stay only where the order has a meaning (ARRAY); a scalar subquery reads column 0.
        return columns == 1 ? (result.Plan, frame, result.Order) : (result.Visible(), frame, []);
    }

    /// <summary>
    /// The outer values of a subquery; those that it does not use after all (the column inside an aggregate that turned out to be the outer query's) as null.
    /// </summary>
    private static ScalarExpr[] Used(PlanNode plan, Frame frame)
    {
        var used = new HashSet<int>();
        PlanMap.AnyExpression(plan, e =>
        {
            if (e is OuterExpr o && ReferenceEquals(o.Frame, frame))
            {
                used.Add(o.Index);
            }

            return false;
        });
        return [.. frame.Arguments.Select((a, i) => used.Contains(i) ? a : new LiteralExpr(null, a.Type))];
    }
}
