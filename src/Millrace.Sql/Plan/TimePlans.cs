// Operations that depend on what time it is, or was.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// The rows for which a condition on now() is true at the moment: they come and go as time passes. Only in what is kept up to date; a SELECT has one now().
/// </summary>
/// <param name="Input">The input.</param>
/// <param name="Predicate">A boolean over its columns that <see cref="TimeBounds.Of"/> can take apart.</param>
public sealed record TemporalFilterPlan(PlanNode Input, ScalarExpr Predicate) : PlanNode(Input.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>
/// LATE DATA INTO: the rows that come after the last of their windows has closed for good, as they came. Only in what is kept up to date: a one-time
/// SELECT has no row before another.
/// </summary>
/// <param name="Input">The rows that the windows are over; it only grows.</param>
/// <param name="Time">The time column.</param>
/// <param name="Slide">Distance of window starts (of the long windows for CUMULATE), µs.</param>
/// <param name="Size">Length of a window, µs.</param>
/// <param name="Offset">Shift of window starts, µs.</param>
/// <param name="Lateness">How long after its end a window takes rows, µs.</param>
public sealed record LateRowsPlan(PlanNode Input, int Time, long Slide, long Size, long Offset, long Lateness) : PlanNode(Input.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>
/// LATE DATA INTO over SESSION: the rows that come when every session that they could begin or extend has closed for good, as they came.
/// </summary>
/// <param name="Input">The rows that the sessions are over; it only grows.</param>
/// <param name="PartitionBy">Partition columns.</param>
/// <param name="Time">The time column.</param>
/// <param name="Gap">µs without a row that end a session.</param>
/// <param name="Lateness">How long after its end a session takes rows, µs.</param>
public sealed record LateSessionRowsPlan(PlanNode Input, IReadOnlyList<int> PartitionBy, int Time, long Gap, long Lateness) : PlanNode(Input.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>
/// ASOF JOIN: each left row with the one right row of equal keys whose time is the closest that satisfies the comparison. Columns: left, then right.
/// </summary>
/// <param name="Left">Left input.</param>
/// <param name="Right">Right input.</param>
/// <param name="LeftKeys">Key columns of the left input.</param>
/// <param name="RightKeys">Key columns of the right input, same count and types.</param>
/// <param name="LeftTime">The left time: a timestamp, date or integer.</param>
/// <param name="RightTime">The right time, of the same type.</param>
/// <param name="Operator">What must hold: left time, one of &gt;=, &gt;, &lt;=, &lt;, right time.</param>
/// <param name="Outer">True to give left rows without partner beside nulls.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record AsOfJoinPlan(
    PlanNode Left, PlanNode Right, IReadOnlyList<int> LeftKeys, IReadOnlyList<int> RightKeys, int LeftTime, int RightTime, string Operator, bool Outer,
    Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Left, Right];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Left.Key;

    /// <summary>True when what lies behind the watermark is final: both sides only grow, and both times have a watermark.</summary>
    public bool IsBounded => Operator is ">=" or ">" && Left.AppendOnly && Right.AppendOnly
        && Lineage.Of(Left)[LeftTime] is { Role: TimeRole.EventTime, ByClock: false } && Lineage.Of(Right)[RightTime] is { Role: TimeRole.EventTime, ByClock: false };
}

/// <summary>
/// A join FOR SYSTEM_TIME AS OF PROCTIME(): each left row with the right rows there are when it comes; what changes on the right later changes nothing.
/// </summary>
/// <param name="Left">Left input; in what is kept up to date it only grows.</param>
/// <param name="Right">Right input.</param>
/// <param name="LeftKeys">Key columns of the left input.</param>
/// <param name="RightKeys">Key columns of the right input, same count and types.</param>
/// <param name="Condition">A boolean over left then right columns, or null.</param>
/// <param name="Outer">True to give left rows without partner beside nulls.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record TemporalJoinPlan(
    PlanNode Left, PlanNode Right, IReadOnlyList<int> LeftKeys, IReadOnlyList<int> RightKeys, ScalarExpr? Condition, bool Outer, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Left, Right];

    /// <inheritdoc/>
    public override bool AppendOnly => Left.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => AsJoin.Key;

    /// <summary>The same rows as an ordinary join, for an input that does not change.</summary>
    public JoinPlan AsJoin => new(
        Outer ? JoinKind.Left : JoinKind.Inner, Left, Right, LeftKeys, RightKeys, [.. LeftKeys.Select(_ => false)], Condition, Columns);
}

/// <summary>A column of a <see cref="GapFillPlan"/> that has values in the gaps.</summary>
/// <param name="Column">The input column whose values it has in the rows that are there.</param>
/// <param name="Interpolate">True for values on the line between the rows beside the gap; false to carry on the last.</param>
public readonly record struct GapValue(int Column, bool Interpolate);

/// <summary>
/// time_bucket_gapfill: rows for the buckets between the first and the last row of each series, beside nulls. Columns: the input's, then one a fill.
/// </summary>
/// <param name="Input">Rows with a bucket; one row a bucket and series.</param>
/// <param name="PartitionBy">Columns that make a series.</param>
/// <param name="Bucket">The bucket's start, a timestamp.</param>
/// <param name="Width">Width of a bucket, µs.</param>
/// <param name="Start">The first bucket to fill from, without columns, or null for the first there is.</param>
/// <param name="End">Where the buckets to fill end, without columns, or null for the last there is.</param>
/// <param name="Fills">The columns with values in the gaps.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record GapFillPlan(
    PlanNode Input, IReadOnlyList<int> PartitionBy, int Bucket, long Width, ScalarExpr? Start, ScalarExpr? End, IReadOnlyList<GapValue> Fills, Schema Columns) : PlanNode(Columns)
{
    /// <summary>True when the statement gives start and end itself; false when they are taken from WHERE.</summary>
    public bool BoundsGiven { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}
