// Operators and conditions.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class ExprBinder
{
    /// <summary>Applies an operator to bound operands.</summary>
    /// <exception cref="SqlException">42883: no such operator; 42725: several.</exception>
    public ScalarExpr Operator(string name, IReadOnlyList<ScalarExpr> operands, int position)
    {
        Candidate[] candidates = [.. context.Functions.FindScalars(name).Select(Candidate.Of)];
        if (AsNumbers(operands) is { } numbers && !Fits(candidates, operands, isOperator: true))
        {
            operands = numbers;
        }

        SqlType[] types = [.. operands.Select(o => o.Type)];
        Resolution? chosen = OverloadResolver.Resolve(candidates, types, true, context.Functions, out bool ambiguous);
        if (chosen is null)
        {
            string shown = operands.Count == 1 ? $"{name} {types[0]}" : $"{types[0]} {name} {types[1]}";
            throw ambiguous
                ? new SqlException("42725", $"operator is not unique: {shown}", position, "add an explicit type cast")
                : new SqlException("42883", $"operator does not exist: {shown}", position, candidates.Length == 0
                    ? Suggest.Hint(name, [])
                    : "No operator matches the given name and argument types. You might need to add explicit type casts.");
        }

        return Apply(chosen, operands, position);
    }

    /// <summary>The = of a type.</summary>
    public ScalarFunction EqualOf(SqlType type, int position)
    {
        Candidate[] candidates = [.. context.Functions.FindScalars("=").Select(Candidate.Of)];
        SqlType plain = TypeRules.Plain(type);
        return (ScalarFunction)(OverloadResolver.Resolve(candidates, [plain, plain], true, context.Functions, out _)?.Candidate.Function
            ?? throw new SqlException("42883", $"operator does not exist: {type} = {type}", position));
    }

    private ScalarExpr Apply(Resolution chosen, IReadOnlyList<ScalarExpr> arguments, int position)
    {
        var converted = new ScalarExpr[arguments.Count];
        for (int i = 0; i < converted.Length; i++)
        {
            SqlType to = chosen.ArgumentTypes[i];
            converted[i] = to.Id == TypeId.Unknown
                ? _coercion.ResolveUnknown(arguments[i])
                : _coercion.Coerce(arguments[i], to, CastContext.Implicit, position);
        }

        CheckConstant((ScalarFunction)chosen.Candidate.Function, converted, position);
        SqlType type = chosen.Candidate.Returns([.. converted.Select(a => a.Type)]);
        ScalarExpr call = _coercion.Fold(new CallExpr((ScalarFunction)chosen.Candidate.Function, converted, type));
        if (converted.Length == 0 || chosen.Candidate.Function is ScalarFunction { Name: GapFillStage.Bucket })
        {
            context.Positions[call] = position;
        }

        return call;
    }

    // What is kept up to date would give NULL for ever where a query says what is wrong with its pattern.
    private void CheckConstant(ScalarFunction function, ScalarExpr[] arguments, int position)
    {
        if (!context.FollowsChanges || context.Options.Replayed || function.CheckConstant is not { } check || arguments[function.CheckedArgument] is not LiteralExpr { Value: { } value })
        {
            return;
        }

        try
        {
            check(value);
        }
        catch (SqlException e)
        {
            throw new SqlException(e.SqlState, e.Message, position, e.Hint, e.Detail);
        }
    }

    private ScalarExpr Unary(Syntax.UnaryExpr e)
    {
        if (e is { Operator: "-", Operand: Syntax.NumberLiteral number })
        {
            return Number(number, "-");
        }

        ScalarExpr operand = Bind(e.Operand);
        if (e.Operator == "+" && operand.Type.IsNumber)
        {
            return operand;
        }

        return Operator(e.Operator, [operand], e.Position);
    }

    private ScalarExpr Binary(Syntax.BinaryExpr e)
    {
        if (e.Left is Syntax.RowExpr && e.Right is Syntax.ScalarSubqueryExpr sub && IsComparison(e.Operator))
        {
            return Quantified(e.Left, e.Operator, Syntax.Quantifier.Any, sub.Query, e.Position);
        }

        if (e.Left is Syntax.RowExpr fields && e.Right is Syntax.RowExpr others && IsComparison(e.Operator))
        {
            // Untyped items take their type from what they are compared with, not from being in a row.
            return CompareRows(e.Operator, [.. fields.Items.Select(Bind)], [.. others.Items.Select(Bind)], e.Position);
        }

        ScalarExpr left = Bind(e.Left);
        ScalarExpr right = Bind(e.Right);
        return left is RowExpr l && right is RowExpr r && IsComparison(e.Operator)
            ? CompareRows(e.Operator, l.Fields, r.Fields, e.Position)
            : Operator(e.Operator, [left, right], e.Position);
    }

    private static bool IsComparison(string op) => op is "=" or "<>" or "<" or "<=" or ">" or ">=";

    /// <summary>Compares rows field by field, as SQL says: = is a conjunction, &lt; is lexicographic.</summary>
    private ScalarExpr CompareRows(string op, IReadOnlyList<ScalarExpr> left, IReadOnlyList<ScalarExpr> right, int position)
    {
        if (left.Count != right.Count)
        {
            throw new SqlException("42601", "unequal number of entries in row expressions", position);
        }

        if (op is "=" or "<>")
        {
            ScalarExpr[] terms = [.. left.Zip(right, (l, r) => Operator(op, [l, r], position))];
            return terms.Length == 1 ? terms[0] : op == "=" ? new AndExpr(terms) : new OrExpr(terms);
        }

        string strict = op[..1];
        ScalarExpr result = Operator(op, [left[^1], right[^1]], position);
        for (int i = left.Count - 2; i >= 0; i--)
        {
            result = new OrExpr([
                Operator(strict, [left[i], right[i]], position),
                new AndExpr([Operator("=", [left[i], right[i]], position), result]),
            ]);
        }

        return result;
    }

    private ScalarExpr Logical(Syntax.LogicalExpr e)
    {
        string name = e.Operator == Syntax.LogicalOperator.And ? "AND" : "OR";
        ScalarExpr[] operands = [.. e.Operands.Select(o => Boolean(o, name))];
        return e.Operator == Syntax.LogicalOperator.And ? new AndExpr(operands) : new OrExpr(operands);
    }

    private ScalarExpr Is(Syntax.IsExpr e)
    {
        if (e.Test == Syntax.IsTest.Null)
        {
            ScalarExpr operand = BindTyped(e.Operand);
            if (operand is RowExpr row)
            {
                ScalarExpr[] tests = [.. row.Fields.Select(f => (ScalarExpr)new IsNullExpr(f, e.Negated))];
                return ExprMap.And(tests) ?? new LiteralExpr(true, SqlType.Boolean);
            }

            return new IsNullExpr(operand, e.Negated);
        }

        ScalarExpr truth = Boolean(e.Operand, "IS " + e.Test.ToString().ToUpperInvariant());
        if (e.Test == Syntax.IsTest.Unknown)
        {
            return new IsNullExpr(truth, e.Negated);
        }

        ScalarExpr asked = new CoalesceExpr(
            [e.Test == Syntax.IsTest.True ? truth : new NotExpr(truth), new LiteralExpr(false, SqlType.Boolean)], SqlType.Boolean);
        return e.Negated ? new NotExpr(asked) : asked;
    }

    private ScalarExpr IsDistinct(ScalarExpr left, ScalarExpr right, bool negated, int position)
    {
        if (left is RowExpr l && right is RowExpr r && l.Fields.Count == r.Fields.Count)
        {
            ScalarExpr[] terms = [.. l.Fields.Zip(r.Fields, (a, b) => IsDistinct(a, b, negated, position))];
            return terms.Length == 1 ? terms[0] : negated ? new AndExpr(terms) : new OrExpr(terms);
        }

        if (left.Type.Id == TypeId.Unknown && right.Type.Id == TypeId.Unknown)
        {
            left = _coercion.ResolveUnknown(left);
        }

        SqlType? common = TypeRules.Common([left.Type, right.Type], context.Functions);
        if (common is null)
        {
            throw new SqlException("42883", $"operator does not exist: {left.Type} = {right.Type}", position,
                "No operator matches the given name and argument types. You might need to add explicit type casts.");
        }

        left = _coercion.Coerce(left, TypeRules.Plain(common), CastContext.Implicit, position);
        right = _coercion.Coerce(right, TypeRules.Plain(common), CastContext.Implicit, position);
        return new IsDistinctExpr(left, right, EqualOf(common, position), negated);
    }

    private ScalarExpr Between(Syntax.BetweenExpr e)
    {
        ScalarExpr value = Bind(e.Operand);
        ScalarExpr low = Bind(e.Low);
        ScalarExpr high = Bind(e.High);
        ScalarExpr inside = Inside(low, high);
        if (e.Symmetric)
        {
            inside = new OrExpr([inside, Inside(high, low)]);
        }

        return e.Negated ? new NotExpr(inside) : inside;

        ScalarExpr Inside(ScalarExpr from, ScalarExpr to) =>
            new AndExpr([Operator(">=", [value, from], e.Position), Operator("<=", [value, to], e.Position)]);
    }

    private ScalarExpr Like(Syntax.LikeExpr e)
    {
        ScalarExpr pattern = Bind(e.Pattern);
        ScalarExpr operand = Bind(e.Operand);
        ScalarExpr match;
        if (e.Kind == Syntax.LikeKind.SimilarTo)
        {
            ScalarExpr[] arguments = e.Escape is null ? [pattern] : [pattern, Bind(e.Escape)];
            match = Operator("~", [operand, Call("similar_to_escape", arguments, e.Position)], e.Position);
        }
        else
        {
            if (e.Escape is not null)
            {
                pattern = Call("like_escape", [pattern, Bind(e.Escape)], e.Position);
            }

            match = Operator(e.Kind == Syntax.LikeKind.Like ? "~~" : "~~*", [operand, pattern], e.Position);
        }

        return e.Negated ? new NotExpr(match) : match;
    }

    private ScalarExpr InList(Syntax.InListExpr e)
    {
        ScalarExpr value = Bind(e.Operand);
        ScalarExpr[] items = [.. e.Items.Select(Bind)];
        ScalarExpr result = In(value, items, e);
        return e.Negated && result is not InListExpr ? new NotExpr(result) : result;
    }

    private ScalarExpr In(ScalarExpr value, ScalarExpr[] items, Syntax.InListExpr e)
    {
        if (value is RowExpr row)
        {
            ScalarExpr[] rows = [.. items.Select((item, i) => item is RowExpr r
                ? CompareRows("=", row.Fields, r.Fields, e.Position)
                : Operator("=", [value, item], e.Items[i].Position))];
            return rows.Length == 1 ? rows[0] : new OrExpr(rows);
        }

        SqlType? common = TypeRules.Common([value.Type, .. items.Select(i => i.Type)], context.Functions);
        if (common is not null && items.Length > 1)
        {
            common = TypeRules.Plain(common);
            value = _coercion.Coerce(value, common, CastContext.Implicit, e.Position);
            var literals = new List<LiteralExpr>(items.Length);
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = _coercion.Coerce(items[i], common, CastContext.Implicit, e.Items[i].Position);
                if (items[i] is LiteralExpr literal)
                {
                    literals.Add(literal);
                }
            }

            if (literals.Count == items.Length)
            {
                return new InListExpr(value, literals, EqualOf(common, e.Position), e.Negated);
            }
        }

        ScalarExpr[] terms = [.. items.Select(i => Operator("=", [value, i], e.Position))];
        return terms.Length == 1 ? terms[0] : new OrExpr(terms);
    }

    private ScalarExpr Case(Syntax.CaseExpr e)
    {
        ScalarExpr? operand = e.Operand is null ? null : BindTyped(e.Operand);
        var conditions = new List<ScalarExpr>();
        foreach (Syntax.WhenClause w in e.Whens)
        {
            conditions.Add(operand is null
                ? Boolean(w.Condition, "CASE/WHEN")
                : Operator("=", [operand, Bind(w.Condition)], w.Condition.Position));
        }

        List<ScalarExpr> results = [.. e.Whens.Select(w => Bind(w.Result))];
        ScalarExpr otherwise = e.Else is null ? new LiteralExpr(null, SqlType.Unknown) : Bind(e.Else);
        SqlType type = CommonType([otherwise, .. results], "CASE", e.Position);
        return new CaseExpr(
            [.. conditions.Select((c, i) => (c, _coercion.Coerce(results[i], type, CastContext.Implicit, e.Whens[i].Result.Position)))],
            _coercion.Coerce(otherwise, type, CastContext.Implicit, e.Position), type);
    }
}
