// Turns bound expressions into expression trees over one row: a value and whether it is null.
using System.Linq.Expressions;
using System.Reflection;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>The compiled form of one expression: evaluate <see cref="IsNull"/> first; <see cref="Value"/> only when it is false.</summary>
/// <param name="Value">Of the CLR type of the SQL type.</param>
/// <param name="IsNull">A boolean; a constant where it is known.</param>
internal readonly record struct RowValue(Expression Value, Expression IsNull)
{
    public bool NeverNull => IsNull is ConstantExpression { Value: false };

    public bool AlwaysNull => IsNull is ConstantExpression { Value: true };
}

/// <summary>
/// Compiles bound expressions into the body of a loop over rows. Every sub-expression becomes a pair of locals, so nothing is evaluated twice, and
/// laziness (AND, OR, CASE, COALESCE, strict functions) is kept by real branches.
/// </summary>
internal sealed partial class ExprCompiler
{
    private static readonly Expression False = Expression.Constant(false);
    private static readonly Expression True = Expression.Constant(true);

    private readonly IColumnReader _columns;
    private readonly Expression _context;

    // Set-up that runs once before the loop: constants prepared, arrays made.
    private readonly List<ParameterExpression> _hoisted = [];
    private readonly List<Expression> _setup = [];

    public ExprCompiler(IColumnReader columns, Expression context)
    {
        _columns = columns;
        _context = context;
    }

    /// <summary>Locals that live outside the loop.</summary>
    public IReadOnlyList<ParameterExpression> Hoisted => _hoisted;

    /// <summary>Statements that run before the loop.</summary>
    public IReadOnlyList<Expression> Setup => _setup;

    /// <summary>Gives access to the columns of the row that the loop stands on.</summary>
    public interface IColumnReader
    {
        RowValue Read(ColumnExpr column);
    }

    /// <summary>Compiles <paramref name="expr"/>: statements to run per row go to <paramref name="block"/>, their locals to <paramref name="locals"/>.</summary>
    public RowValue Compile(ScalarExpr expr, List<ParameterExpression> locals, List<Expression> block) => expr switch
    {
        ColumnExpr column => _columns.Read(column),
        LiteralExpr literal => Literal(literal),
        SlotExpr slot => Slot(slot),
        CallExpr call => Call(call, locals, block),
        AndExpr and => Logic(and.Arguments, isAnd: true, locals, block),
        OrExpr or => Logic(or.Arguments, isAnd: false, locals, block),
        NotExpr not => Not(Compile(not.Argument, locals, block)),
        IsNullExpr isNull => IsNullTest(Compile(isNull.Argument, locals, block), isNull.Negated),
        IsDistinctExpr distinct => Distinct(distinct, locals, block),
        CaseExpr @case => Case(@case, locals, block),
        CoalesceExpr coalesce => Coalesce(coalesce, locals, block),
        InListExpr inList => InList(inList, locals, block),
        ArrayExpr array => Array(array, locals, block),
        RowExpr row => Row(row, locals, block),
        FieldExpr field => Field(field, locals, block),
        CastArrayExpr cast => CastArray(cast, locals, block),
        ParameterExpr => throw new SqlException("42P02", "there is a parameter without a value", hint: "give every $n a value"),
        _ => throw new BugException($"BUG: no way to compile {expr.GetType().Name}"),
    };

    private RowValue Literal(LiteralExpr literal)
    {
        Type type = ClrTypes.Of(literal.Type);
        return literal.Value is null
            ? new RowValue(Expression.Default(type), True)
            : new RowValue(type.IsPrimitive ? Expression.Constant(literal.Value, type) : HoistConstant(literal.Value, type), False);
    }

    private RowValue Slot(SlotExpr slot)
    {
        ParameterExpression local = Expression.Variable(ClrTypes.Of(slot.Type));
        _hoisted.Add(local);
        Expression value = Expression.ArrayIndex(Expression.Property(_context, nameof(EvalContext.Slots)), Expression.Constant(slot.Index));
        _setup.Add(Expression.Assign(local, Expression.Convert(value, local.Type)));
        return new RowValue(local, False);
    }

    private static RowValue Not(RowValue value) => new(Expression.Not(value.Value), value.IsNull);

    private static RowValue IsNullTest(RowValue value, bool negated) =>
        new(negated ? Expression.Not(value.IsNull) : value.IsNull, False);

    // AND: false as soon as one is false, else null if one is null. OR is its mirror.
    private RowValue Logic(IReadOnlyList<ScalarExpr> arguments, bool isAnd, List<ParameterExpression> locals, List<Expression> block)
    {
        ParameterExpression value = Local(typeof(bool), locals);
        ParameterExpression isNull = Local(typeof(bool), locals);
        LabelTarget done = Expression.Label();
        bool canBeNull = false;
        var body = new List<Expression> { Expression.Assign(value, Expression.Constant(isAnd)), Expression.Assign(isNull, False) };
        foreach (ScalarExpr argument in arguments)
        {
            RowValue one = Compile(argument, locals, body);
            Expression decided = isAnd ? Expression.Not(one.Value) : one.Value;
            Expression decide = Expression.IfThen(decided, Expression.Block(
                Expression.Assign(value, Expression.Constant(!isAnd)), Expression.Assign(isNull, False), Expression.Goto(done)));
            if (one.NeverNull)
            {
                body.Add(decide);
            }
            else
            {
                canBeNull = true;
                body.Add(Expression.IfThenElse(one.IsNull, Expression.Assign(isNull, True), decide));
            }
        }

        body.Add(Expression.Label(done));
        block.Add(Expression.Block(body));
        return new RowValue(value, canBeNull ? isNull : False);
    }

    private RowValue Distinct(IsDistinctExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        RowValue left = Stored(Compile(expr.Left, locals, block), locals, block);
        RowValue right = Stored(Compile(expr.Right, locals, block), locals, block);
        ParameterExpression result = Local(typeof(bool), locals);
        Expression equal = Invoke(expr.Equal, [expr.Left.Type, expr.Right.Type], SqlType.Boolean, [left.Value, right.Value]);
        Expression different = Expression.Condition(
            Expression.OrElse(left.IsNull, right.IsNull),
            Expression.NotEqual(left.IsNull, right.IsNull),
            Expression.Not(equal));
        block.Add(Expression.Assign(result, expr.Negated ? Expression.Not(different) : different));
        return new RowValue(result, False);
    }

    private RowValue Case(CaseExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        ParameterExpression value = Local(ClrTypes.Of(expr.Type), locals);
        ParameterExpression isNull = Local(typeof(bool), locals);
        LabelTarget done = Expression.Label();
        var body = new List<Expression>();
        foreach ((ScalarExpr when, ScalarExpr then) in expr.Branches)
        {
            RowValue condition = Compile(when, locals, body);
            var branch = new List<Expression>();
            AssignTo(value, isNull, Compile(then, locals, branch), branch);
            branch.Add(Expression.Goto(done));
            body.Add(Expression.IfThen(IsTrue(condition), Expression.Block(branch)));
        }

        AssignTo(value, isNull, Compile(expr.Else, locals, body), body);
        body.Add(Expression.Label(done));
        block.Add(Expression.Block(body));
        return new RowValue(value, isNull);
    }

    private RowValue Coalesce(CoalesceExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        ParameterExpression value = Local(ClrTypes.Of(expr.Type), locals);
        ParameterExpression isNull = Local(typeof(bool), locals);
        LabelTarget done = Expression.Label();
        var body = new List<Expression>();
        foreach (ScalarExpr argument in expr.Arguments)
        {
            AssignTo(value, isNull, Compile(argument, locals, body), body);
            body.Add(Expression.IfThen(Expression.Not(isNull), Expression.Goto(done)));
        }

        body.Add(Expression.Label(done));
        block.Add(Expression.Block(body));
        return new RowValue(value, isNull);
    }

    private RowValue InList(InListExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        // The set is made once, at compile time, and looked into per row. x IN (…, null) is null where it is not true.
        Type type = ClrTypes.Of(expr.Argument.Type);
        object set = Activator.CreateInstance(
            typeof(ValueSet<>).MakeGenericType(type), expr.Argument.Type, expr.Values.Where(v => v.Value is not null).Select(v => v.Value!).ToArray())!;
        bool hasNull = expr.Values.Any(v => v.Value is null);
        RowValue argument = Stored(Compile(expr.Argument, locals, block), locals, block);
        ParameterExpression found = Local(typeof(bool), locals);
        MethodInfo contains = set.GetType().GetMethod(nameof(ValueSet<int>.Contains))!;
        Expression look = Expression.Call(Expression.Constant(set), contains, argument.Value);
        block.Add(Expression.Assign(found, argument.NeverNull ? look : Expression.AndAlso(Expression.Not(argument.IsNull), look)));
        Expression isNull = hasNull ? Expression.OrElse(argument.IsNull, Expression.Not(found)) : argument.IsNull;
        return new RowValue(expr.Negated ? Expression.Not(found) : found, isNull);
    }

    private RowValue Field(FieldExpr expr, List<ParameterExpression> locals, List<Expression> block)
    {
        RowValue row = Stored(Compile(expr.Row, locals, block), locals, block);
        MethodInfo isNullAt = typeof(RowAccess).GetMethod(nameof(RowAccess.IsNull))!;
        MethodInfo valueAt = typeof(RowAccess).GetMethod(nameof(RowAccess.Value))!.MakeGenericMethod(ClrTypes.Of(expr.Type));
        Expression index = Expression.Constant(expr.Index);
        return new RowValue(
            Expression.Call(valueAt, row.Value, index),
            Expression.OrElse(row.IsNull, Expression.Call(isNullAt, row.Value, index)));
    }

    private static void AssignTo(ParameterExpression value, ParameterExpression isNull, RowValue from, List<Expression> block)
    {
        block.Add(Expression.Assign(isNull, from.IsNull));
        block.Add(from.NeverNull
            ? Expression.Assign(value, from.Value)
            : from.AlwaysNull ? Expression.Assign(value, Expression.Default(value.Type))
            : Expression.IfThen(Expression.Not(isNull), Expression.Assign(value, from.Value)));
    }

    private static Expression IsTrue(RowValue value) =>
        value.NeverNull ? value.Value : value.AlwaysNull ? False : Expression.AndAlso(Expression.Not(value.IsNull), value.Value);

    // Puts a value into locals where it would otherwise be computed at each use.
    private static RowValue Stored(RowValue value, List<ParameterExpression> locals, List<Expression> block)
    {
        if (value.Value is ParameterExpression or ConstantExpression && value.IsNull is ParameterExpression or ConstantExpression)
        {
            return value;
        }

        ParameterExpression v = Local(value.Value.Type, locals);
        if (value.NeverNull)
        {
            block.Add(Expression.Assign(v, value.Value));
            return new RowValue(v, False);
        }

        ParameterExpression n = Local(typeof(bool), locals);
        AssignTo(v, n, value, block);
        return new RowValue(v, n);
    }

    private static ParameterExpression Local(Type type, List<ParameterExpression> locals)
    {
        ParameterExpression local = Expression.Variable(type);
        locals.Add(local);
        return local;
    }
}
