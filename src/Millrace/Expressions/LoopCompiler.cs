// Wraps compiled row code into a loop over a batch.
using System.Linq.Expressions;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Evaluates one expression for all rows into a builder.</summary>
internal delegate void ProjectLoop(Column[] columns, int count, ColumnBuilder output, EvalContext context);

/// <summary>Writes the rows for which a predicate is true and returns how many they are.</summary>
internal delegate int FilterLoop(Column[] columns, int count, int[] selected, EvalContext context);

/// <summary>Makes the loops. The guarded variants catch a failing row, count it, and go on behind it.</summary>
internal static class LoopCompiler
{
    private static readonly ParameterExpression Columns = Expression.Parameter(typeof(Column[]), "columns");
    private static readonly ParameterExpression Count = Expression.Parameter(typeof(int), "count");
    private static readonly ParameterExpression Context = Expression.Parameter(typeof(EvalContext), "context");

    public static ProjectLoop Project(ScalarExpr expr, bool nulls, bool guarded)
    {
        ParameterExpression output = Expression.Parameter(typeof(ColumnBuilder), "output");
        ParameterExpression row = Expression.Variable(typeof(int), "row");
        var columns = new BatchColumns(Columns, row, nulls);
        var compiler = new ExprCompiler(columns, Context);
        var locals = new List<ParameterExpression>();
        var body = new List<Expression>();
        RowValue value = compiler.Compile(expr, locals, body);
        var setup = new List<Expression>();
        var outer = new List<ParameterExpression> { row };
        Expression fail;
        Type clr = ClrTypes.Of(expr.Type);
        if (ClrTypes.IsFixed(expr.Type))
        {
            Type builderType = typeof(FixedBuilder<>).MakeGenericType(clr);
            ParameterExpression builder = Local(builderType, outer, setup, Expression.Convert(output, builderType));
            ParameterExpression first = Local(typeof(int), outer, setup, Expression.Property(builder, nameof(ColumnBuilder.Count)));
            ParameterExpression values = Local(clr.MakeArrayType(), outer, setup, Expression.Call(builder, "Reserve", null, Count));
            setup.Add(Expression.Call(builder, "Advance", null, Count));
            Expression slot = Expression.ArrayAccess(values, Expression.Add(first, row));
            fail = Expression.Block(
                Expression.Assign(slot, Expression.Default(clr)),
                Expression.Call(builder, nameof(ColumnBuilder.SetNull), null, Expression.Add(first, row)));
            body.Add(value.NeverNull
                ? Expression.Assign(slot, value.Value)
                : Expression.IfThenElse(value.IsNull, fail, Expression.Block(typeof(void), Expression.Assign(slot, value.Value))));
        }
        else
        {
            Type builderType = expr.Type.IsBytes ? typeof(BytesBuilder) : expr.Type.Id == TypeId.Array ? typeof(ListBuilder) : typeof(RowBuilder);
            ParameterExpression builder = Local(builderType, outer, setup, Expression.Convert(output, builderType));
            fail = Expression.Call(builder, typeof(ColumnBuilder).GetMethod(nameof(ColumnBuilder.AppendNull))!);
            Expression append = Expression.Call(builder, builderType.GetMethod("Append", [clr])!, value.Value);
            body.Add(value.NeverNull ? append : Expression.IfThenElse(value.IsNull, fail, append));
        }

        if (compiler.UsesContext)
        {
            body.Add(Expression.Call(Context, nameof(EvalContext.NextRow), null));
        }

        Expression loop = Loop(row, Expression.Block(locals, body), guarded ? fail : null);
        return Expression.Lambda<ProjectLoop>(
            Expression.Block(
                [.. outer, .. columns.Locals, .. compiler.Hoisted],
                [.. setup, .. columns.Setup, .. compiler.Setup, loop]),
            Columns, Count, output, Context).Compile();
    }

    public static FilterLoop Filter(ScalarExpr predicate, bool nulls, bool guarded)
    {
        ParameterExpression selected = Expression.Parameter(typeof(int[]), "selected");
        ParameterExpression row = Expression.Variable(typeof(int), "row");
        ParameterExpression found = Expression.Variable(typeof(int), "found");
        var columns = new BatchColumns(Columns, row, nulls);
        var compiler = new ExprCompiler(columns, Context);
        var locals = new List<ParameterExpression>();
        var body = new List<Expression>();
        RowValue value = compiler.Compile(predicate, locals, body);
        Expression isTrue = value.NeverNull ? value.Value : Expression.AndAlso(Expression.Not(value.IsNull), value.Value);
        body.Add(Expression.IfThen(isTrue, Expression.Block(
            typeof(void),
            Expression.Assign(Expression.ArrayAccess(selected, found), row),
            Expression.Assign(found, Expression.Add(found, Expression.Constant(1))))));
        if (compiler.UsesContext)
        {
            body.Add(Expression.Call(Context, nameof(EvalContext.NextRow), null));
        }

        Expression loop = Loop(row, Expression.Block(locals, body), guarded ? Expression.Empty() : null);
        return Expression.Lambda<FilterLoop>(
            Expression.Block(
                [row, found, .. columns.Locals, .. compiler.Hoisted],
                [Expression.Assign(found, Expression.Constant(0)), .. columns.Setup, .. compiler.Setup, loop, found]),
            Columns, Count, selected, Context).Compile();
    }

    private static BlockExpression Loop(ParameterExpression row, Expression body, Expression? onError)
    {
        LabelTarget end = Expression.Label();
        if (onError is not null)
        {
            ParameterExpression error = Expression.Parameter(typeof(SqlException));
            body = Expression.TryCatch(
                Expression.Block(typeof(void), body),
                Expression.Catch(error, Expression.Block(
                    typeof(void), Expression.Call(Context, nameof(EvalContext.Report), null, error), onError)));
        }

        return Expression.Block(
            Expression.Assign(row, Expression.Constant(0)),
            Expression.Loop(
                Expression.Block(
                    Expression.IfThen(Expression.GreaterThanOrEqual(row, Count), Expression.Break(end)),
                    body,
                    Expression.PreIncrementAssign(row)),
                end));
    }

    private static ParameterExpression Local(Type type, List<ParameterExpression> locals, List<Expression> setup, Expression value)
    {
        ParameterExpression local = Expression.Variable(type);
        locals.Add(local);
        setup.Add(Expression.Assign(local, value));
        return local;
    }
}
