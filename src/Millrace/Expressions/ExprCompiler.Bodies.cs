// The forms of function bodies that are more than a delegate: comparisons, prepared arguments, any number of arguments, casts.
using System.Linq.Expressions;
using System.Reflection;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class ExprCompiler
{
    /// <summary>True when a body takes the context: its memory is then freed after each row.</summary>
    public bool UsesContext { get; private set; }

    // Numbers compare by one instruction; other types by their order in SQL.
    private static Expression Compare(ComparisonKind kind, Expression left, Expression right)
    {
        if (left.Type == typeof(long) || left.Type == typeof(int) || left.Type == typeof(short))
        {
            return kind switch
            {
                ComparisonKind.Equal => Expression.Equal(left, right),
                ComparisonKind.NotEqual => Expression.NotEqual(left, right),
                ComparisonKind.Less => Expression.LessThan(left, right),
                ComparisonKind.LessOrEqual => Expression.LessThanOrEqual(left, right),
                ComparisonKind.Greater => Expression.GreaterThan(left, right),
                _ => Expression.GreaterThanOrEqual(left, right),
            };
        }

        MethodInfo method = typeof(Ordering).GetMethod(kind.ToString())!.MakeGenericMethod(left.Type);
        return Expression.Call(method, left, right);
    }

    private Expression ToText(Expression value, SqlType type)
    {
        UsesContext = true;
        MethodInfo method = typeof(ValueText).GetMethod(nameof(ValueText.ToText))!.MakeGenericMethod(value.Type);
        return Expression.Call(method, value, HoistConstant(type, typeof(SqlType)), _context);
    }

    private (object Body, IReadOnlyList<Expression> Arguments) Prepare(
        PreparedBody body, IReadOnlyList<Expression> arguments, IReadOnlyList<ScalarExpr>? sources)
    {
        if (sources?[body.Argument] is not LiteralExpr { Value: { } constant })
        {
            return (body.Plain, arguments);
        }

        object prepared;
        try
        {
            prepared = body.Prepare(constant);
        }
        catch (SqlException)
        {
            // A bad pattern fails for the rows that meet it, and only for those.
            return (body.Plain, arguments);
        }

        Type type = body.Prepared.Method.GetParameters().Where(p => p.ParameterType != typeof(EvalContext)).ElementAt(body.Argument).ParameterType;
        var replaced = arguments.ToList();
        replaced[body.Argument] = type.IsPrimitive ? Expression.Constant(prepared, type) : HoistConstant(prepared, type);
        return (body.Prepared, replaced);
    }

    // Constants that are no immediate operands are fetched once, before the loop.
    private ParameterExpression HoistConstant(object value, Type type)
    {
        ParameterExpression local = Expression.Variable(type);
        _hoisted.Add(local);
        _setup.Add(Expression.Assign(local, Expression.Constant(value, type)));
        return local;
    }

    private RowValue Extreme(ExtremeBody body, CallExpr call, List<ParameterExpression> locals, List<Expression> block)
    {
        Type type = ClrTypes.Of(call.Type);
        ParameterExpression best = Local(type, locals);
        ParameterExpression isNull = Local(typeof(bool), locals);
        MethodInfo pick = typeof(Ordering).GetMethod(body.Greatest ? nameof(Ordering.Greatest) : nameof(Ordering.Least))!.MakeGenericMethod(type);
        block.Add(Expression.Assign(isNull, True));
        foreach (ScalarExpr argument in call.Arguments)
        {
            RowValue value = Stored(Compile(argument, locals, block), locals, block);
            Expression take = Expression.Block(
                Expression.Assign(best, Expression.Condition(isNull, value.Value, Expression.Call(pick, best, value.Value))),
                Expression.Assign(isNull, False));
            block.Add(value.NeverNull ? take : Expression.IfThen(Expression.Not(value.IsNull), take));
        }

        return new RowValue(best, isNull);
    }

    private RowValue Variadic(VariadicBody body, CallExpr call, List<ParameterExpression> locals, List<Expression> block)
    {
        UsesContext = true;
        ParameterExpression array = Expression.Variable(typeof(ByteSlice?[]));
        _hoisted.Add(array);
        _setup.Add(Expression.Assign(array, Expression.NewArrayBounds(typeof(ByteSlice?), Expression.Constant(call.Arguments.Count))));
        string form = body.Form == VariadicForm.Json ? nameof(ValueText.ToJson) : nameof(ValueText.ToPlainText);
        for (int i = 0; i < call.Arguments.Count; i++)
        {
            SqlType type = call.Arguments[i].Type;
            RowValue value = Stored(Compile(call.Arguments[i], locals, block), locals, block);
            MethodInfo convert = typeof(ValueText).GetMethod(form)!.MakeGenericMethod(value.Value.Type);
            Expression text = Expression.Convert(
                Expression.Call(convert, value.Value, HoistConstant(type, typeof(SqlType)), _context), typeof(ByteSlice?));
            block.Add(Expression.Assign(
                Expression.ArrayAccess(array, Expression.Constant(i)),
                value.NeverNull ? text : Expression.Condition(value.IsNull, Expression.Default(typeof(ByteSlice?)), text)));
        }

        MethodInfo method = body.Call.Method;
        Expression? target = method.IsStatic ? null : HoistConstant(body.Call.Target!, body.Call.Target!.GetType());
        Expression invoked = Expression.Call(target, method, array, _context);
        ParameterExpression result = Local(invoked.Type, locals);
        block.Add(Expression.Assign(result, invoked));
        return Nullable.GetUnderlyingType(result.Type) is null ? new RowValue(result, False) : FromNullable(result);
    }

    private RowValue WithPrecision(RowValue value, SqlType type, List<ParameterExpression> locals, List<Expression> block)
    {
        value = Stored(value, locals, block);
        string method = type.Id == TypeId.Numeric ? nameof(Declared.Round) : nameof(Declared.Cut);
        ParameterExpression result = Local(value.Value.Type, locals);
        Expression set = Expression.Assign(result, Expression.Call(typeof(Declared).GetMethod(method)!, value.Value, HoistConstant(type, typeof(SqlType))));
        block.Add(value.NeverNull ? set : Expression.IfThen(Expression.Not(value.IsNull), set));
        return new RowValue(result, value.IsNull);
    }

    // Arrays are converted by the interpreter, element by element.
    private RowValue CastArray(CastArrayExpr cast, List<ParameterExpression> locals, List<Expression> block)
    {
        RowValue value = Stored(Compile(cast.Argument, locals, block), locals, block);
        ParameterExpression result = Local(typeof(ListSlice), locals);
        MethodInfo method = typeof(Interpreter).GetMethod(nameof(Interpreter.CastElements))!;
        Expression set = Expression.Assign(result, Expression.Call(method, HoistConstant(cast, typeof(CastArrayExpr)), value.Value, _context));
        block.Add(value.NeverNull ? set : Expression.IfThen(Expression.Not(value.IsNull), set));
        return new RowValue(result, value.IsNull);
    }
}
