// Evaluates an expression for one row by walking its tree: for constants, for a handful of rows, and as the compiler's oracle in tests.
using System.Reflection;
using System.Runtime.ExceptionServices;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>The plain meaning of expressions. Allocates; the compiler is for batches.</summary>
internal sealed class Interpreter(EvalContext context)
{
    /// <summary>The boxed value for a row; null for NULL. Slices may point into the context's memory.</summary>
    public object? Evaluate(ScalarExpr expression, Batch? input, int row)
    {
        switch (expression)
        {
            case ColumnExpr e:
                Check.That(input is not null);
                return BoxedValue.Get(input.Columns[e.Index], row);
            case LiteralExpr e:
                return e.Value;
            case CallExpr e:
                return Call(e, input, row);
            case AndExpr e:
                return Logic(e.Arguments, false, input, row);
            case OrExpr e:
                return Logic(e.Arguments, true, input, row);
            case NotExpr e:
                return Evaluate(e.Argument, input, row) is bool b ? !b : null;
            case IsNullExpr e:
                return IsNull(Evaluate(e.Argument, input, row), e.Negated) != e.Negated;
            case IsDistinctExpr e:
                return !Same(Evaluate(e.Left, input, row), Evaluate(e.Right, input, row)) != e.Negated;
            case CaseExpr e:
                foreach ((ScalarExpr when, ScalarExpr then) in e.Branches)
                {
                    if (Evaluate(when, input, row) is true)
                    {
                        return Evaluate(then, input, row);
                    }
                }

                return Evaluate(e.Else, input, row);
            case CoalesceExpr e:
                foreach (ScalarExpr argument in e.Arguments)
                {
                    if (Evaluate(argument, input, row) is { } value)
                    {
                        return value;
                    }
                }

                return null;
            case InListExpr e:
                return In(e, Evaluate(e.Argument, input, row));
            case ArrayExpr e:
                ColumnBuilder elements = ColumnBuilder.For(e.Type.Element!);
                foreach (ScalarExpr element in e.Elements)
                {
                    BoxedValue.Append(elements, Evaluate(element, input, row));
                }

                return new ListSlice(elements.View(), 0, elements.Count);
            case RowExpr e:
                return new RowSlice([.. e.Fields.Select(f => BoxedValue.ToColumn(Evaluate(f, input, row), f.Type))], 0);
            case FieldExpr e:
                return Evaluate(e.Row, input, row) is RowSlice r ? BoxedValue.Get(r.Fields[e.Index], r.Index) : null;
            case CastArrayExpr e:
                return Evaluate(e.Argument, input, row) is ListSlice l ? CastArray(e, l) : null;
            default:
                throw new SqlException("0A000", $"{expression.GetType().Name} cannot be evaluated here");
        }
    }

    /// <summary>A copy that does not point into the context's memory or a column.</summary>
    public static object? Detach(object? value, SqlType type) => value switch
    {
        ByteSlice s => ByteSlice.From(s.Span.ToArray()),
        ListSlice or RowSlice => BoxedValue.Get(BoxedValue.ToColumn(value, type), 0),
        _ => value,
    };

    private bool? Logic(IReadOnlyList<ScalarExpr> arguments, bool stop, Batch? input, int row)
    {
        bool unknown = false;
        foreach (ScalarExpr argument in arguments)
        {
            object? value = Evaluate(argument, input, row);
            if (value is bool b && b == stop)
            {
                return stop;
            }

            unknown |= value is null;
        }

        return unknown ? null : !stop;
    }

    /// <summary>A row value is null when all its fields are, and not null when none is.</summary>
    internal static bool IsNull(object? value, bool negated) => value is RowSlice row
        ? negated ? row.Fields.Any(f => f.IsNull(row.Index)) : row.Fields.All(f => f.IsNull(row.Index))
        : value is null;

    internal static bool Same(object? a, object? b) => a is null || b is null ? a is null && b is null : Equal(a, b);

    private static bool Equal(object a, object b) => a switch
    {
        double x => Ordering.Equal(x, (double)b),
        float x => Ordering.Equal(x, (float)b),
        Interval x => Ordering.Equal(x, (Interval)b),
        ListSlice x => Ordering.Equal(x, (ListSlice)b),
        RowSlice x => Ordering.Equal(x, (RowSlice)b),
        _ => a.Equals(b),
    };

    private static bool? In(InListExpr e, object? value)
    {
        if (value is null)
        {
            return null;
        }

        bool unknown = false;
        foreach (LiteralExpr literal in e.Values)
        {
            if (literal.Value is null)
            {
                unknown = true;
            }
            else if (Equal(value, literal.Value))
            {
                return !e.Negated;
            }
        }

        return unknown ? null : e.Negated;
    }

    /// <summary>Converts each element of an array.</summary>
    public static ListSlice CastElements(CastArrayExpr e, ListSlice list, EvalContext context) => new Interpreter(context).CastArray(e, list);

    private ListSlice CastArray(CastArrayExpr e, ListSlice list)
    {
        ColumnBuilder elements = ColumnBuilder.For(e.Type.Element!);
        SqlType from = e.Argument.Type.Element!;
        for (int i = 0; i < list.Count; i++)
        {
            object? element = BoxedValue.Get(list.Elements, list.Start + i);
            BoxedValue.Append(elements, element is null ? null : Apply(e.Element, [element], [from], e.Type.Element!, null));
        }

        return new ListSlice(elements.View(), 0, elements.Count);
    }

    private object? Call(CallExpr e, Batch? input, int row)
    {
        object?[] values = new object?[e.Arguments.Count];
        SqlType[] types = new SqlType[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(e.Arguments[i], input, row);
            types[i] = e.Arguments[i].Type;
            if (values[i] is ByteSlice slice && e.Arguments[i] is not (ColumnExpr or LiteralExpr))
            {
                values[i] = ByteSlice.From(slice.Span.ToArray());
            }
        }

        return Apply(e.Function, values, types, e.Type, e);
    }

    private object? Apply(ScalarFunction function, object?[] values, SqlType[] types, SqlType result, CallExpr? call)
    {
        if (function.Strict && Array.IndexOf(values, null) >= 0)
        {
            return null;
        }

        object? value = function.Body switch
        {
            IdentityBody => values[0],
            ToTextBody => Text(values[0]!, types[0]),
            ComparisonBody b => Compare(b.Kind, values[0]!, values[1]!),
            ExtremeBody b => Extreme(b.Greatest, values),
            PreparedBody b => Invoke(b.Plain.Target, b.Plain.Method, values, result),
            GenericBody b => Invoke(null, b.Close(types, result), values, result),
            VariadicBody b => Invoke(b.Call.Target, b.Call.Method, [Texts(b.Form, values, types)], result),
            Delegate d => Invoke(d.Target, d.Method, values, result),
            _ => throw new BugException($"BUG: {function.Name} has a body of type {function.Body.GetType().Name}"),
        };
        return value is null || call is null || !Declared.Needed(result) ? value : Declared.Apply(value, result);
    }

    private ByteSlice Text(object value, SqlType type)
    {
        if (value is bool b)
        {
            return ByteSlice.From(b ? "true" : "false");
        }

        var writer = new ByteWriter(64);
        ValueText.AppendAny(writer, value, type, context);
        return ByteSlice.From(writer.Written.ToArray());
    }

    private ByteSlice?[] Texts(VariadicForm form, object?[] values, SqlType[] types)
    {
        var texts = new ByteSlice?[values.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            if (values[i] is { } value)
            {
                var writer = new ByteWriter(64);
                if (form == VariadicForm.Json)
                {
                    ValueText.AppendJson(writer, value, types[i], context);
                }
                else
                {
                    ValueText.AppendAny(writer, value, types[i], context);
                }

                texts[i] = ByteSlice.From(writer.Written.ToArray());
            }
        }

        return texts;
    }

    private static bool Compare(ComparisonKind kind, object a, object b)
    {
        if (kind is ComparisonKind.Equal or ComparisonKind.NotEqual)
        {
            return Equal(a, b) == (kind == ComparisonKind.Equal);
        }

        int order = Order(a, b);
        return kind switch
        {
            ComparisonKind.Less => order < 0,
            ComparisonKind.LessOrEqual => order <= 0,
            ComparisonKind.Greater => order > 0,
            _ => order >= 0,
        };
    }

    private static int Order(object a, object b) => a switch
    {
        double x => Ordering.Compare(x, (double)b),
        float x => Ordering.Compare(x, (float)b),
        Numeric x => Ordering.Compare(x, (Numeric)b),
        Interval x => Ordering.Compare(x, (Interval)b),
        Uuid x => Ordering.Compare(x, (Uuid)b),
        ByteSlice x => Ordering.Compare(x, (ByteSlice)b),
        ListSlice x => Ordering.Compare(x, (ListSlice)b),
        RowSlice x => Ordering.Compare(x, (RowSlice)b),
        _ => ((IComparable)a).CompareTo(b),
    };

    private static object? Extreme(bool greatest, object?[] values)
    {
        object? best = null;
        foreach (object? value in values)
        {
            if (value is not null && (best is null || (greatest ? Order(value, best) > 0 : Order(value, best) < 0)))
            {
                best = value;
            }
        }

        return best;
    }

    private object? Invoke(object? target, MethodInfo method, object?[] values, SqlType result)
    {
        ParameterInfo[] parameters = method.GetParameters();
        object?[] arguments = new object?[parameters.Length];
        int next = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            if (type == typeof(EvalContext))
            {
                arguments[i] = context;
            }
            else if (type == typeof(SqlType))
            {
                arguments[i] = result;
            }
            else if (next == values.Length && parameters[i].HasDefaultValue)
            {
                arguments[i] = parameters[i].DefaultValue;
            }
            else if (type.IsArray && Nullable.GetUnderlyingType(type.GetElementType()!) is not null && !type.IsInstanceOfType(values[next]))
            {
                var rest = Array.CreateInstance(type.GetElementType()!, values.Length - next);
                for (int r = 0; r < rest.Length; r++)
                {
                    rest.SetValue(values[next++], r);
                }

                arguments[i] = rest;
            }
            else
            {
                arguments[i] = values[next++];
            }
        }

        try
        {
            return method.Invoke(target, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            return null;
        }
    }
}
