// Conversions: of untyped literals, by implicit and assignment casts, to declared precisions.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Puts the casts in that an expression needs.</summary>
internal sealed class Coercion(BindContext context)
{
    private readonly FunctionCatalog _functions = context.Functions;

    /// <summary>The expression as a value of the type.</summary>
    /// <exception cref="SqlException">42804 (implicit, assignment) or 42846 (explicit): there is no such conversion; 22P02: a literal is not of the type.</exception>
    public ScalarExpr Coerce(ScalarExpr expr, SqlType to, CastContext how, int position, string? what = null)
    {
        if (TryCoerce(expr, to, how, position) is { } done)
        {
            return done;
        }

        if (how == CastContext.Explicit)
        {
            throw new SqlException("42846", $"cannot cast type {expr.Type} to {to}", position);
        }

        string hint = "You will need to rewrite or cast the expression.";
        throw new SqlException("42804", what is null
            ? $"expression is of type {expr.Type} but {to} is wanted"
            : $"{what} is of type {to} but expression is of type {expr.Type}", position, hint);
    }

    /// <summary>The expression as a value of the type, or null when there is no such conversion.</summary>
    public ScalarExpr? TryCoerce(ScalarExpr expr, SqlType to, CastContext how, int position)
    {
        if (to.Id == TypeId.Unknown)
        {
            return expr;
        }

        if (expr.Type.Id == TypeId.Unknown)
        {
            return FromUnknown(expr, to, how, position);
        }

        if (expr.Type.SameAs(to))
        {
            return WithModifier(expr, to, how);
        }

        if (to.Id == TypeId.Row)
        {
            return RowToRow(expr, to, how, position);
        }

        if (expr.Type.IsVector && to.Id == TypeId.Text && how == CastContext.Explicit)
        {
            ScalarFunction join = _functions.FindScalars("array_to_string").First(f => f.Parameters.Count == 2);
            return WithModifier(new CallExpr(join, [expr, new LiteralExpr(ByteSlice.From(" "), SqlType.Text)], SqlType.Text), to, how);
        }

        if (to.Id == TypeId.Array && expr.Type.Id == TypeId.Array)
        {
            return ArrayToArray(expr, to, how, position);
        }

        CastDescriptor? cast = _functions.FindCast(expr.Type, to);
        if (cast is null || cast.Context > how)
        {
            return null;
        }

        return WithModifier(Call(cast.Function, expr, to), to, how);
    }

    /// <summary>Untyped literals and parameters as text, everything else as it is.</summary>
    public ScalarExpr ResolveUnknown(ScalarExpr expr) =>
        expr.Type.Id == TypeId.Unknown ? TryCoerce(expr, SqlType.Text, CastContext.Implicit, -1)! : expr;

    /// <summary>A call of a one-parameter function with constants folded.</summary>
    public ScalarExpr Call(ScalarFunction function, ScalarExpr argument, SqlType type) =>
        Fold(new CallExpr(function, [argument], TypeRules.Plain(type)));

    /// <summary>The constant's value when there is an evaluator and it does not fail; else the expression.</summary>
    public ScalarExpr Fold(CallExpr call)
    {
        if (_functions.Fold is null || call.Function.Volatility != Volatility.Immutable || !call.Arguments.All(a => a is LiteralExpr))
        {
            return call;
        }

        try
        {
            return _functions.Fold(call);
        }
        catch (SqlException)
        {
            return call;
        }
    }

    private ScalarExpr? FromUnknown(ScalarExpr expr, SqlType to, CastContext how, int position)
    {
        switch (expr)
        {
            case LiteralExpr { Value: null }:
                return new LiteralExpr(null, to);
            case LiteralExpr when to.Id == TypeId.Text:
                return WithModifier(expr with { Type = SqlType.Text }, to, how);
            case LiteralExpr literal when Moment(literal, to) is { } moment:
                return TryCoerce(moment, to, CastContext.Explicit, position);
            case LiteralExpr literal:
                return Parse(literal, to, position) is { } parsed ? WithModifier(parsed, to, how) : null;
            case ParameterExpr p:
                SqlType type = context.SetParameter(p.Index, TypeRules.Plain(to));
                var typed = new ParameterExpr(p.Index, type);
                return type.SameAs(to) ? WithModifier(typed, to, how) : TryCoerce(typed, to, how, position);
            case CaseExpr or CoalesceExpr or PlaceholderExpr or ColumnExpr:
                ScalarExpr text = ExprMap.MapChildren(expr, ResolveUnknown) with { Type = SqlType.Text };
                return TryCoerce(text, to, CastContext.Explicit, position);
            default:
                return null;
        }
    }

    // DATE 'today' and its kin are what the clock says, not constants.
    private ScalarExpr? Moment(LiteralExpr literal, SqlType to)
    {
        if ((to.Id != TypeId.Date && !to.IsTimestamp) || literal.Value is not ByteSlice { Length: <= 16 } text)
        {
            return null;
        }

        int? days = text.ToString().Trim().ToLowerInvariant() switch { "now" => 0, "today" => 0, "tomorrow" => 1, "yesterday" => -1, _ => null };
        if (days is null)
        {
            return null;
        }

        if (text.ToString().Contains("now", StringComparison.OrdinalIgnoreCase))
        {
            return new CallExpr(_functions.FindScalars("now")[0], [], SqlType.TimestampTz);
        }

        ScalarExpr today = new CallExpr(_functions.FindScalars("current_date")[0], [], SqlType.Date);
        ScalarFunction plus = _functions.FindScalars("+").First(f => f.Parameters.Count == 2 && f.Parameters[0].Type?.Id == TypeId.Date && f.Parameters[1].Type?.Id == TypeId.Integer);
        return days == 0 ? today : new CallExpr(plus, [today, new LiteralExpr(days.Value, SqlType.Integer)], SqlType.Date);
    }

    private ScalarExpr? Parse(LiteralExpr literal, SqlType to, int position)
    {
        CastDescriptor? cast = _functions.FindCast(SqlType.Text, to);
        if (cast is null)
        {
            return null;
        }

        var call = new CallExpr(cast.Function, [literal with { Type = SqlType.Text }], to);
        if (to.Id == TypeId.TimestampTz && literal.Value is ByteSlice instant && !context.Options.Replayed)
        {
            // Its value depends on the session's zone, and so is worked out later; whether it is a time does not.
            try
            {
                TextParse.TimestampTz(instant.Span);
            }
            catch (SqlException e)
            {
                throw new SqlException(e.SqlState, e.Message, position, e.Hint, e.Detail);
            }
        }

        if (_functions.Fold is null || cast.Function.Volatility != Volatility.Immutable)
        {
            return call;
        }

        try
        {
            return _functions.Fold(call);
        }
        catch (SqlException e)
        {
            throw new SqlException(e.SqlState, e.Message, position, e.Hint, e.Detail);
        }
    }

    private ScalarExpr WithModifier(ScalarExpr expr, SqlType to, CastContext how)
    {
        if (to.Precision < 0 || expr.Type.Equals(to) || expr is LiteralExpr { Value: null })
        {
            return expr is LiteralExpr { Value: null } ? expr with { Type = to } : expr;
        }

        ScalarFunction? function;
        CallExpr call;
        if (to.Id == TypeId.Numeric)
        {
            function = Find("numeric", 3);
            call = function is null ? new CallExpr(Find("round", 2)!, [expr, Int(to.Scale)], to)
                : new CallExpr(function, [expr, Int(to.Precision), Int(to.Scale)], to);
        }
        else
        {
            function = Find("varchar", 3);
            if (function is null)
            {
                return expr;
            }

            call = new CallExpr(function, [expr, Int(to.Precision), new LiteralExpr(how == CastContext.Explicit, SqlType.Boolean)], to);
        }

        ScalarExpr folded = Fold(call);
        return folded is LiteralExpr ? folded with { Type = to } : folded;
    }

    private ScalarFunction? Find(string name, int parameters) =>
        _functions.FindScalars(name).FirstOrDefault(f => f.Parameters.Count == parameters
            && f.Parameters[0].Type is { Id: TypeId.Numeric or TypeId.Text });

    private static LiteralExpr Int(int value) => new(value, SqlType.Integer);

    private ScalarExpr? RowToRow(ScalarExpr expr, SqlType to, CastContext how, int position)
    {
        if (expr.Type.Id != TypeId.Row || expr.Type.Fields!.Count != to.Fields!.Count)
        {
            return null;
        }

        var fields = new List<ScalarExpr>();
        for (int i = 0; i < to.Fields.Count; i++)
        {
            ScalarExpr field = expr is RowExpr row ? row.Fields[i] : new FieldExpr(expr, i, expr.Type.Fields[i].Type);
            if (TryCoerce(field, to.Fields[i].Type, how, position) is not { } converted)
            {
                return null;
            }

            fields.Add(converted);
        }

        ScalarExpr made = new RowExpr(fields, to);
        return expr is RowExpr ? made : new CaseExpr([(new IsNullExpr(expr, false), new LiteralExpr(null, to))], made, to);
    }

    private ScalarExpr? ArrayToArray(ScalarExpr expr, SqlType to, CastContext how, int position)
    {
        if (expr is ArrayExpr array)
        {
            ScalarExpr?[] elements = [.. array.Elements.Select(e => TryCoerce(e, to.Element!, how, position))];
            return elements.Any(e => e is null) ? null : new ArrayExpr(elements!, to);
        }

        CastDescriptor? cast = _functions.FindCast(expr.Type.Element!, to.Element!);
        return cast is null || cast.Context > how ? null : new CastArrayExpr(expr, cast.Function, to);
    }
}
