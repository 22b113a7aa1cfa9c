// Expressions that exist only while a statement is bound: outer values, aggregates, window calls, subqueries not yet placed in the plan.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>An expression that the binder replaces before a plan leaves it.</summary>
/// <param name="Type">The type of its value.</param>
internal abstract record PlaceholderExpr(SqlType Type) : ScalarExpr(Type)
{
    /// <summary>The direct parts, all over the same row.</summary>
    public abstract IEnumerable<ScalarExpr> Parts { get; }

    /// <summary>The same with its parts mapped, in the order of <see cref="Parts"/>.</summary>
    public abstract PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map);
}

/// <summary>A value that a correlated subquery takes from the row it is evaluated for; <see cref="Frame.Arguments"/> says which.</summary>
/// <param name="Frame">The subquery's frame.</param>
/// <param name="Index">Which argument.</param>
/// <param name="Type">Its type.</param>
internal sealed record OuterExpr(Frame Frame, int Index, SqlType Type) : PlaceholderExpr(Type)
{
    public override IEnumerable<ScalarExpr> Parts => [];

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this;
}

/// <summary>What a subquery takes from the row it is evaluated for: a subquery is a function of these. Compared by identity.</summary>
internal sealed class Frame
{
    private readonly List<ScalarExpr> _arguments = [];

    /// <summary>The clause that the subquery stands in, where that takes no aggregates; one over the outer row's columns would belong there.</summary>
    public string? NoAggregates { get; init; }

    /// <summary>Over the columns of the outer row, as they were when the subquery was bound.</summary>
    public IReadOnlyList<ScalarExpr> Arguments => _arguments;

    /// <summary>The placeholder for an outer value.</summary>
    public OuterExpr Add(ScalarExpr value)
    {
        int at = _arguments.FindIndex(a => ExprEquality.Same(a, value));
        if (at < 0)
        {
            at = _arguments.Count;
            _arguments.Add(value);
        }

        return new OuterExpr(this, at, value.Type);
    }
}

/// <summary>A key of an order, before it has a column.</summary>
internal readonly record struct OrderExpr(ScalarExpr Value, bool Descending, bool NullsFirst);

/// <summary>A call of an aggregate, before the aggregation is planned.</summary>
internal sealed record AggregateExpr(
    AggregateFunction Function, IReadOnlyList<ScalarExpr> Arguments, bool Distinct, ScalarExpr? Filter, IReadOnlyList<OrderExpr> OrderBy, SqlType Type)
    : PlaceholderExpr(Type)
{
    public override IEnumerable<ScalarExpr> Parts => [.. Arguments, .. OrderBy.Select(o => o.Value), .. Filter is null ? [] : new[] { Filter }];

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this with
    {
        Arguments = [.. Arguments.Select(map)],
        OrderBy = [.. OrderBy.Select(o => o with { Value = map(o.Value) })],
        Filter = Filter is null ? null : map(Filter),
    };
}

/// <summary>GROUPING(…), before the grouping sets are planned.</summary>
internal sealed record GroupingExpr(IReadOnlyList<ScalarExpr> Arguments) : PlaceholderExpr(SqlType.Integer)
{
    public override IEnumerable<ScalarExpr> Parts => Arguments;

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => new GroupingExpr([.. Arguments.Select(map)]);
}

/// <summary>A call over a window, before the window is planned.</summary>
internal sealed record WindowExpr(
    WindowFunction? Function, AggregateFunction? Aggregate, IReadOnlyList<ScalarExpr> Arguments, ScalarExpr? Filter,
    IReadOnlyList<ScalarExpr> PartitionBy, IReadOnlyList<OrderExpr> OrderBy, FrameSpec Frame, SqlType Type) : PlaceholderExpr(Type)
{
    /// <summary>For a frame that is a session of an event time: how it ends; else null.</summary>
    public SessionFrame? Session { get; init; }

    public override IEnumerable<ScalarExpr> Parts =>
        [.. Arguments, .. Filter is null ? [] : new[] { Filter }, .. PartitionBy, .. OrderBy.Select(o => o.Value)];

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this with
    {
        Arguments = [.. Arguments.Select(map)],
        Filter = Filter is null ? null : map(Filter),
        PartitionBy = [.. PartitionBy.Select(map)],
        OrderBy = [.. OrderBy.Select(o => o with { Value = map(o.Value) })],
    };
}

/// <summary>A session as the frame of a window.</summary>
/// <param name="GapMicros">How far its rows may be apart, µs.</param>
/// <param name="Last">The aggregate that gives its last time.</param>
internal sealed record SessionFrame(long GapMicros, AggregateFunction Last);

/// <summary>A set-returning call in a select list.</summary>
internal sealed record SetReturningExpr(string Function, IReadOnlyList<ScalarExpr> Arguments, SqlType Type) : PlaceholderExpr(Type)
{
    public override IEnumerable<ScalarExpr> Parts => Arguments;

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this with { Arguments = [.. Arguments.Select(map)] };
}

/// <summary>What a subquery in an expression asks.</summary>
internal enum SubqueryKind
{
    /// <summary>Its only value; an error when it has several rows.</summary>
    Scalar,
    /// <summary>Whether it has rows.</summary>
    Exists,
    /// <summary>Whether a comparison holds for some row: IN, = ANY.</summary>
    Any,
}

/// <summary>A subquery in an expression, before it is joined to the plan.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Plan">The subquery; its outer values are <see cref="OuterExpr"/> of <paramref name="Frame"/>.</param>
/// <param name="Frame">What names its outer values.</param>
/// <param name="Arguments">The outer values, over the row that the expression is for.</param>
/// <param name="Test">For Any: what is compared, over the same row.</param>
/// <param name="Condition">For Any: the comparison, over the subquery's columns followed by one column a test.</param>
/// <param name="Type">The type of the answer.</param>
internal sealed record SubqueryExpr(
    SubqueryKind Kind, PlanNode Plan, Frame Frame, IReadOnlyList<ScalarExpr> Arguments, IReadOnlyList<ScalarExpr> Test, ScalarExpr? Condition,
    SqlType Type) : PlaceholderExpr(Type)
{
    public override IEnumerable<ScalarExpr> Parts => [.. Arguments, .. Test];

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this with
    {
        Arguments = [.. Arguments.Select(map)],
        Test = [.. Test.Select(map)],
    };
}
