// Calls of functions inside compiled expressions: strictness, nullable results, variadics, arrays and rows.
using System.Linq.Expressions;
using System.Reflection;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

internal sealed partial class ExprCompiler
{
    private RowValue Call(CallExpr call, List<ParameterExpression> locals, List<Expression> block)
    {
        SqlType[] types = [.. call.Arguments.Select(a => a.Type)];
        RowValue value = call.Function.Body switch
        {
            IdentityBody => Compile(call.Arguments[0], locals, block),
            ExtremeBody body => Extreme(body, call, locals, block),
            VariadicBody body => Variadic(body, call, locals, block),
            _ => call.Function.Strict ? StrictCall(call, types, locals, block) : LenientCall(call, types, locals, block),
        };
        return Declared.Needed(call.Type) ? WithPrecision(value, call.Type, locals, block) : value;
    }

    // A strict function is null when an argument is, and then its body is not called (nor later arguments evaluated).
    private RowValue StrictCall(CallExpr call, SqlType[] types, List<ParameterExpression> locals, List<Expression> block)
    {
        var values = new List<Expression>();
        var nullTests = new List<Expression>();
        foreach (ScalarExpr argument in call.Arguments)
        {
            RowValue value = Compile(argument, locals, block);
            if (value.AlwaysNull)
            {
                return new RowValue(Expression.Default(ClrTypes.Of(call.Type)), True);
            }

            bool twice = !value.NeverNull || call.Arguments.Count > 1;
            value = twice && value.Value is not (ParameterExpression or ConstantExpression) ? Stored(value, locals, block) : value;
            values.Add(value.Value);
            if (!value.NeverNull)
            {
                nullTests.Add(value.IsNull);
            }
        }

        Expression invoked = Invoke(call.Function, types, call.Type, values, call.Arguments);
        if (invoked.Type == ClrTypes.Of(call.Type))
        {
            if (nullTests.Count == 0)
            {
                ParameterExpression direct = Local(invoked.Type, locals);
                block.Add(Expression.Assign(direct, invoked));
                return new RowValue(direct, False);
            }

            ParameterExpression isNull = Local(typeof(bool), locals);
            ParameterExpression value = Local(invoked.Type, locals);
            block.Add(Expression.Assign(isNull, nullTests.Aggregate(Expression.OrElse)));
            block.Add(Expression.IfThen(Expression.Not(isNull), Expression.Assign(value, invoked)));
            return new RowValue(value, isNull);
        }

        Check.That(Nullable.GetUnderlyingType(invoked.Type) == ClrTypes.Of(call.Type));
        ParameterExpression maybe = Local(invoked.Type, locals);
        block.Add(Expression.Assign(maybe, nullTests.Count == 0
            ? invoked
            : Expression.Condition(nullTests.Aggregate(Expression.OrElse), Expression.Default(invoked.Type), invoked)));
        return FromNullable(maybe);
    }

    private RowValue LenientCall(CallExpr call, SqlType[] types, List<ParameterExpression> locals, List<Expression> block)
    {
        var values = new List<Expression>();
        foreach (ScalarExpr argument in call.Arguments)
        {
            RowValue value = Stored(Compile(argument, locals, block), locals, block);
            Type nullable = typeof(Nullable<>).MakeGenericType(value.Value.Type);
            values.Add(value.NeverNull
                ? Expression.Convert(value.Value, nullable)
                : Expression.Condition(value.IsNull, Expression.Default(nullable), Expression.Convert(value.Value, nullable)));
        }

        Expression invoked = Invoke(call.Function, types, call.Type, values, call.Arguments);
        ParameterExpression result = Local(invoked.Type, locals);
        block.Add(Expression.Assign(result, invoked));
        return Nullable.GetUnderlyingType(result.Type) is null ? new RowValue(result, False) : FromNullable(result);
    }

    private static RowValue FromNullable(ParameterExpression maybe) => new(
        Expression.Call(maybe, maybe.Type.GetMethod("GetValueOrDefault", Type.EmptyTypes)!),
        Expression.Not(Expression.Property(maybe, "HasValue")));

    private Expression Invoke(
        ScalarFunction function, IReadOnlyList<SqlType> types, SqlType result, IReadOnlyList<Expression> arguments, IReadOnlyList<ScalarExpr>? sources = null)
    {
        object body = function.Body;
        switch (body)
        {
            case ComparisonBody comparison:
                return Compare(comparison.Kind, arguments[0], arguments[1]);
            case ToTextBody:
                return ToText(arguments[0], types[0]);
            case GenericBody generic:
                body = generic.Close(types, result);
                break;
            case PreparedBody prepared:
                (body, arguments) = Prepare(prepared, arguments, sources);
                break;
        }

        (MethodInfo method, object? target) = body switch
        {
            MethodInfo m => (m, null),
            Delegate d => (d.Method, d.Target),
            _ => throw new BugException($"BUG: the body of {function.Name} is a {body.GetType().Name}"),
        };
        ParameterInfo[] parameters = method.GetParameters();

        // A static lambda is an instance method of the compiler's closure class; a factory's delegate over a static method has its first parameter bound.
        int bound = method.IsStatic && target is not null ? 1 : 0;
        var passed = new List<Expression>();
        if (bound == 1)
        {
            passed.Add(Expression.Constant(target, parameters[0].ParameterType));
        }

        int next = 0;
        for (int p = bound; p < parameters.Length; p++)
        {
            Type type = parameters[p].ParameterType;
            if (type == typeof(EvalContext))
            {
                UsesContext = true;
                passed.Add(_context);
            }
            else if (type == typeof(SqlType))
            {
                passed.Add(HoistConstant(result, type));
            }
            else if (type.IsArray && Nullable.GetUnderlyingType(type.GetElementType()!) is not null)
            {
                passed.Add(Rest(type, arguments, next));
                next = arguments.Count;
            }
            else if (next < arguments.Count)
            {
                Check.That(arguments[next].Type == type);
                passed.Add(arguments[next++]);
            }
            else
            {
                Check.That(parameters[p].HasDefaultValue);
                passed.Add(Expression.Constant(parameters[p].DefaultValue, type));
            }
        }

        Check.That(next == arguments.Count);
        return Expression.Call(method.IsStatic ? null : HoistConstant(target!, target!.GetType()), method, passed);
    }

    // Variadic arguments go through one array that is filled anew for each row.
    private BlockExpression Rest(Type arrayType, IReadOnlyList<Expression> arguments, int from)
    {
        ParameterExpression array = Expression.Variable(arrayType);
        _hoisted.Add(array);
        _setup.Add(Expression.Assign(array, Expression.NewArrayBounds(arrayType.GetElementType()!, Expression.Constant(arguments.Count - from))));
        var fill = new List<Expression>();
        for (int i = from; i < arguments.Count; i++)
        {
            fill.Add(Expression.Assign(Expression.ArrayAccess(array, Expression.Constant(i - from)), arguments[i]));
        }

        fill.Add(array);
        return Expression.Block(fill);
    }

    private RowValue Array(ArrayExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        ParameterExpression builder = Hoist(typeof(ListBuilder), () => (ListBuilder)ColumnBuilder.For(expr.Type));
        ParameterExpression result = Local(typeof(ListSlice), locals);
        Expression elements = Expression.Property(builder, nameof(ListBuilder.Elements));
        ParameterExpression start = Local(typeof(int), locals);
        var stored = expr.Elements.Select(e => Stored(Compile(e, locals, block), locals, block)).ToList();
        block.Add(Expression.Assign(start, Expression.Property(elements, nameof(ColumnBuilder.Count))));
        AppendAll(elements, expr.Type.Element!, stored, block);
        MethodInfo make = typeof(RowAccess).GetMethod(nameof(RowAccess.List))!;
        block.Add(Expression.Assign(result, Expression.Call(make, elements, start)));
        return new RowValue(result, False);
    }

    private RowValue Row(RowExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        ParameterExpression builder = Hoist(typeof(RowBuilder), () => (RowBuilder)ColumnBuilder.For(expr.Type));
        ParameterExpression result = Local(typeof(RowSlice), locals);
        Expression fields = Expression.Property(builder, nameof(RowBuilder.Fields));
        for (int i = 0; i < expr.Fields.Count; i++)
        {
            RowValue value = Stored(Compile(expr.Fields[i], locals, block), locals, block);
            AppendAll(Expression.ArrayIndex(fields, Expression.Constant(i)), expr.Fields[i].Type, [value], block);
        }

        block.Add(Expression.Call(builder, nameof(RowBuilder.EndRow), null));
        block.Add(Expression.Assign(result, Expression.Call(typeof(RowAccess).GetMethod(nameof(RowAccess.LastRow))!, builder)));
        return new RowValue(result, False);
    }

    private static void AppendAll(Expression builder, SqlType type, IReadOnlyList<RowValue> values, List<Expression> block)
    {
        Type builderType = type.IsBytes ? typeof(BytesBuilder) : type.Id switch
        {
            TypeId.Array => typeof(ListBuilder),
            TypeId.Row => typeof(RowBuilder),
            _ => typeof(FixedBuilder<>).MakeGenericType(ClrTypes.Of(type)),
        };
        MethodInfo append = builderType.GetMethod("Append", [ClrTypes.Of(type)])!;
        MethodInfo appendNull = typeof(ColumnBuilder).GetMethod(nameof(ColumnBuilder.AppendNull))!;
        foreach (RowValue value in values)
        {
            Expression put = Expression.Call(Expression.Convert(builder, builderType), append, value.Value);
            block.Add(value.NeverNull ? put : Expression.IfThenElse(value.IsNull, Expression.Call(builder, appendNull), put));
        }
    }

    // A builder made anew for each batch: the values of its rows stay valid while the batch's results are copied out.
    private ParameterExpression Hoist<T>(Type type, Func<T> make)
    {
        ParameterExpression local = Expression.Variable(type);
        _hoisted.Add(local);
        _setup.Add(Expression.Assign(local, Expression.Invoke(Expression.Constant(make))));
        return local;
    }
}
