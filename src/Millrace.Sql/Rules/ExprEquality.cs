// Structural equality of bound expressions: records with lists compare those by identity, so it is spelled out here.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Structural equality of bound expressions.</summary>
internal static class ExprEquality
{
    /// <summary>True when the two always give the same value for the same row (volatile calls excepted).</summary>
    public static bool Same(ScalarExpr a, ScalarExpr b)
    {
        BindContext.CheckDepth(-1);
        if (ReferenceEquals(a, b))
        {
            return true;
        }

        if (a.GetType() != b.GetType() || !a.Type.Equals(b.Type))
        {
            return false;
        }

        bool own = (a, b) switch
        {
            (ColumnExpr x, ColumnExpr y) => x.Index == y.Index,
            (LiteralExpr x, LiteralExpr y) => SameValue(x.Value, y.Value),
            (ParameterExpr x, ParameterExpr y) => x.Index == y.Index,
            (CallExpr x, CallExpr y) => ReferenceEquals(x.Function, y.Function) && x.Arguments.Count == y.Arguments.Count,
            (IsNullExpr x, IsNullExpr y) => x.Negated == y.Negated,
            (IsDistinctExpr x, IsDistinctExpr y) => x.Negated == y.Negated && ReferenceEquals(x.Equal, y.Equal),
            (InListExpr x, InListExpr y) => x.Negated == y.Negated && SameAll(x.Values, y.Values),
            (FieldExpr x, FieldExpr y) => x.Index == y.Index,
            (CastArrayExpr x, CastArrayExpr y) => ReferenceEquals(x.Element, y.Element),
            (OuterExpr x, OuterExpr y) => ReferenceEquals(x.Frame, y.Frame) && x.Index == y.Index,
            (AggregateExpr x, AggregateExpr y) => ReferenceEquals(x.Function, y.Function) && x.Distinct == y.Distinct
                && x.Arguments.Count == y.Arguments.Count && x.Filter is null == y.Filter is null && SameOrder(x.OrderBy, y.OrderBy),
            (WindowExpr x, WindowExpr y) => ReferenceEquals(x.Function, y.Function) && ReferenceEquals(x.Aggregate, y.Aggregate)
                && x.Arguments.Count == y.Arguments.Count && x.Filter is null == y.Filter is null && x.PartitionBy.Count == y.PartitionBy.Count
                && SameOrder(x.OrderBy, y.OrderBy) && x.Frame == y.Frame,
            (SetReturningExpr x, SetReturningExpr y) => x.Function == y.Function,
            (SubqueryExpr x, SubqueryExpr y) => ReferenceEquals(x.Frame, y.Frame) && ReferenceEquals(x.Condition, y.Condition),
            _ => true,
        };
        return own && SameAll(ExprMap.Children(a), ExprMap.Children(b));
    }

    // Arrays and rows are slices of columns, which two literals do not share.
    private static bool SameValue(object? a, object? b) => (a, b) switch
    {
        (ListSlice x, ListSlice y) => x.Count == y.Count
            && Enumerable.Range(0, x.Count).All(i => SameValue(BoxedValue.Get(x.Elements, x.Start + i), BoxedValue.Get(y.Elements, y.Start + i))),
        (RowSlice x, RowSlice y) => x.Fields.Length == y.Fields.Length
            && Enumerable.Range(0, x.Fields.Length).All(f => SameValue(BoxedValue.Get(x.Fields[f], x.Index), BoxedValue.Get(y.Fields[f], y.Index))),
        _ => Equals(a, b),
    };

    private static bool SameAll(IEnumerable<ScalarExpr> a, IEnumerable<ScalarExpr> b)
    {
        using IEnumerator<ScalarExpr> left = a.GetEnumerator();
        using IEnumerator<ScalarExpr> right = b.GetEnumerator();
        while (left.MoveNext())
        {
            if (!right.MoveNext() || !Same(left.Current, right.Current))
            {
                return false;
            }
        }

        return !right.MoveNext();
    }

    private static bool SameOrder(IReadOnlyList<OrderExpr> a, IReadOnlyList<OrderExpr> b) =>
        a.Count == b.Count && a.Zip(b).All(p => p.First.Descending == p.Second.Descending && p.First.NullsFirst == p.Second.NullsFirst);
}
