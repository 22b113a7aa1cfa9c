// How compiled loops see the columns of a batch: arrays in locals, validity where there is any.
using System.Linq.Expressions;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Hoists the arrays of the columns that an expression uses out of its loop. In the variant for batches without nulls the null tests disappear.
/// </summary>
internal sealed class BatchColumns(ParameterExpression columns, ParameterExpression row, bool nulls) : ExprCompiler.IColumnReader
{
    private readonly Dictionary<int, RowValue> _read = [];

    public List<ParameterExpression> Locals { get; } = [];

    public List<Expression> Setup { get; } = [];

    public RowValue Read(ColumnExpr column)
    {
        if (_read.TryGetValue(column.Index, out RowValue known))
        {
            return known;
        }

        Type columnType = ClrTypes.IsFixed(column.Type) ? typeof(FixedColumn<>).MakeGenericType(ClrTypes.Of(column.Type))
            : column.Type.IsBytes ? typeof(BytesColumn)
            : column.Type.Id == TypeId.Array ? typeof(ListColumn) : typeof(RowColumn);
        Expression source = Expression.Convert(Expression.ArrayIndex(columns, Expression.Constant(column.Index)), columnType);
        Expression value;
        if (ClrTypes.IsFixed(column.Type))
        {
            ParameterExpression values = Hoist(Expression.Property(source, "Values"));
            value = Expression.ArrayIndex(values, row);
        }
        else if (column.Type.IsBytes)
        {
            ParameterExpression offsets = Hoist(Expression.Property(source, nameof(BytesColumn.Offsets)));
            ParameterExpression data = Hoist(Expression.Property(source, nameof(BytesColumn.Data)));
            Expression start = Expression.ArrayIndex(offsets, row);
            Expression end = Expression.ArrayIndex(offsets, Expression.Add(row, Expression.Constant(1)));
            value = Expression.New(
                typeof(ByteSlice).GetConstructor([typeof(byte[]), typeof(int), typeof(int)])!, data, start, Expression.Subtract(end, start));
        }
        else
        {
            ParameterExpression typed = Hoist(source);
            value = Expression.Call(
                typeof(RowAccess).GetMethod(column.Type.Id == TypeId.Array ? nameof(RowAccess.ListAt) : nameof(RowAccess.RowAt))!, typed, row);
        }

        Expression isNull = Expression.Constant(false);
        if (nulls)
        {
            ParameterExpression validity = Hoist(Expression.Property(source, nameof(Column.Validity)));
            Expression word = Expression.ArrayIndex(validity, Expression.RightShift(row, Expression.Constant(6)));
            Expression bit = Expression.And(
                Expression.RightShift(word, Expression.And(row, Expression.Constant(63))), Expression.Constant(1UL));
            isNull = Expression.AndAlso(
                Expression.NotEqual(validity, Expression.Constant(null, typeof(ulong[]))), Expression.Equal(bit, Expression.Constant(0UL)));
        }

        return _read[column.Index] = new RowValue(value, isNull);
    }

    /// <summary>The columns an expression reads.</summary>
    public static IEnumerable<int> Used(ScalarExpr expr) => expr switch
    {
        ColumnExpr c => [c.Index],
        CallExpr e => e.Arguments.SelectMany(Used),
        AndExpr e => e.Arguments.SelectMany(Used),
        OrExpr e => e.Arguments.SelectMany(Used),
        NotExpr e => Used(e.Argument),
        IsNullExpr e => Used(e.Argument),
        IsDistinctExpr e => Used(e.Left).Concat(Used(e.Right)),
        CaseExpr e => e.Branches.SelectMany(b => Used(b.When).Concat(Used(b.Then))).Concat(Used(e.Else)),
        CoalesceExpr e => e.Arguments.SelectMany(Used),
        InListExpr e => Used(e.Argument),
        ArrayExpr e => e.Elements.SelectMany(Used),
        RowExpr e => e.Fields.SelectMany(Used),
        FieldExpr e => Used(e.Row),
        CastArrayExpr e => Used(e.Argument),
        _ => [],
    };

    private ParameterExpression Hoist(Expression value)
    {
        ParameterExpression local = Expression.Variable(value.Type);
        Locals.Add(local);
        Setup.Add(Expression.Assign(local, value));
        return local;
    }
}
