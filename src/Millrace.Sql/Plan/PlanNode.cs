// The bound plan: what the binder gives and the engine compiles into operators. Immutable values.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A relational operation. A plan is a tree whose leaves scan objects or hold values.</summary>
/// <param name="Columns">The columns it gives.</param>
public abstract record PlanNode(Schema Columns)
{
    /// <summary>The operations it reads from.</summary>
    public abstract IReadOnlyList<PlanNode> Inputs { get; }

    /// <summary>True when it never takes back a row it gave: such plans need no retraction state.</summary>
    public abstract bool AppendOnly { get; }

    /// <summary>Columns that identify a row of the result, or null when rows may repeat. An empty list means at most one row.</summary>
    public virtual IReadOnlyList<int>? Key => null;
}

/// <summary>One key of an order.</summary>
/// <param name="Column">The input column.</param>
/// <param name="Descending">True for DESC.</param>
/// <param name="NullsFirst">Where nulls go; PostgreSQL's default is last for ASC, first for DESC.</param>
public readonly record struct SortKey(int Column, bool Descending, bool NullsFirst);

/// <summary>All rows of a stream, table, materialized view or system relation.</summary>
/// <param name="Object">What is scanned; the columns include hidden ones.</param>
public sealed record ScanPlan(CatalogObject Object) : PlanNode(Object.Columns)
{
    /// <summary>True when the object has more columns than are read here: a plain view keeps to those it was made with.</summary>
    public bool Narrowed { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [];

    /// <inheritdoc/>
    public override bool AppendOnly => Object.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Object.PrimaryKey.Count > 0 ? Object.PrimaryKey : null;
}

/// <summary>Constant rows. The expressions have no column references.</summary>
/// <param name="Rows">One list of expressions a row.</param>
/// <param name="Columns">The columns.</param>
public sealed record ValuesPlan(IReadOnlyList<IReadOnlyList<ScalarExpr>> Rows, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [];

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Rows.Count <= 1 ? [] : null;
}

/// <summary>generate_series(start, stop, step) and unnest: rows made from the values of each input row (appended to its columns).</summary>
/// <param name="Input">The rows whose columns the arguments refer to; a one-row <see cref="ValuesPlan"/> without columns when not lateral.</param>
/// <param name="Function">"generate_series" or "unnest".</param>
/// <param name="Arguments">Over the input's columns.</param>
/// <param name="WithOrdinality">True when a bigint column with the 1-based position follows.</param>
/// <param name="Columns">Input columns, then those of the function.</param>
public sealed record TableFunctionPlan(
    PlanNode Input, string Function, IReadOnlyList<ScalarExpr> Arguments, bool WithOrdinality, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;
}

/// <summary>The rows for which the predicate is true.</summary>
/// <param name="Input">The input.</param>
/// <param name="Predicate">A boolean over its columns.</param>
public sealed record FilterPlan(PlanNode Input, ScalarExpr Predicate) : PlanNode(Input.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>One expression a column.</summary>
/// <param name="Input">The input.</param>
/// <param name="Expressions">Over its columns.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record ProjectPlan(PlanNode Input, IReadOnlyList<ScalarExpr> Expressions, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key
    {
        get
        {
            if (Input.Key is not { } key)
            {
                return null;
            }

            var mapped = new List<int>();
            foreach (int column in key)
            {
                int at = -1;
                for (int i = 0; i < Expressions.Count && at < 0; i++)
                {
                    at = Expressions[i] is ColumnExpr c && c.Index == column ? i : -1;
                }

                if (at < 0)
                {
                    return null;
                }

                mapped.Add(at);
            }

            return mapped;
        }
    }
}

/// <summary>Which rows a join gives.</summary>
public enum JoinKind
{
    /// <summary>Matching pairs.</summary>
    Inner,
    /// <summary>Pairs, and left rows without a match beside nulls.</summary>
    Left,
    /// <summary>Pairs, and right rows without a match beside nulls.</summary>
    Right,
    /// <summary>Both.</summary>
    Full,
    /// <summary>Left rows with a match (EXISTS, IN). Gives left columns only.</summary>
    Semi,
    /// <summary>Left rows without a match (NOT EXISTS). Gives left columns only.</summary>
    Anti,
    /// <summary>
    /// NOT IN: like Anti, but a left row is dropped as well when a comparison with some right row is unknown; keys compare with SQL's null
    /// rule: any null key on the right drops every left row, a null left key passes only when the right side is empty.
    /// </summary>
    NullAwareAnti,
}

/// <summary>A join by equality of key columns and any further condition. Columns: left then right (left only for semi and anti).</summary>
/// <param name="Kind">Which rows.</param>
/// <param name="Left">Left input.</param>
/// <param name="Right">Right input.</param>
/// <param name="LeftKeys">Key columns of the left input; may be empty (cross join).</param>
/// <param name="RightKeys">Key columns of the right input, same count and types.</param>
/// <param name="NullSafe">Per key: true when null matches null (set operations, decorrelated subqueries).</param>
/// <param name="Condition">A boolean over left then right columns, or null.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record JoinPlan(
    JoinKind Kind, PlanNode Left, PlanNode Right, IReadOnlyList<int> LeftKeys, IReadOnlyList<int> RightKeys,
    IReadOnlyList<bool> NullSafe, ScalarExpr? Condition, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Left, Right];

    /// <inheritdoc/>
    public override bool AppendOnly => Kind == JoinKind.Inner && Left.AppendOnly && Right.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key
    {
        get
        {
            if (Kind is JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti)
            {
                return Left.Key;
            }

            if (Kind is not (JoinKind.Inner or JoinKind.Left) || Left.Key is not { } l || Right.Key is not { } r)
            {
                return null;
            }

            // A key of the right that is matched whole gives each left row one partner at most; likewise the other way round.
            return r.All(RightKeys.Contains) ? l
                : Kind == JoinKind.Inner && l.All(LeftKeys.Contains) ? [.. r.Select(c => c + Left.Columns.Count)]
                : [.. l, .. r.Select(c => c + Left.Columns.Count)];
        }
    }
}

/// <summary>One aggregate of an <see cref="AggregatePlan"/>.</summary>
/// <param name="Function">Which.</param>
/// <param name="Arguments">Input columns that hold the arguments.</param>
/// <param name="Distinct">True when equal arguments count once.</param>
/// <param name="Filter">Boolean input column: only rows where it is true count; −1 for all.</param>
/// <param name="OrderBy">The order in which rows are fed, where it matters.</param>
/// <param name="Type">The result's type.</param>
public sealed record AggregateCall(
    AggregateFunction Function, IReadOnlyList<int> Arguments, bool Distinct, int Filter, IReadOnlyList<SortKey> OrderBy, SqlType Type);

/// <summary>Groups by columns and aggregates. Without keys there is always exactly one row. Columns: keys, then one a call.</summary>
/// <param name="Input">The input.</param>
/// <param name="Keys">Group columns (nulls are equal).</param>
/// <param name="Calls">The aggregates.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record AggregatePlan(PlanNode Input, IReadOnlyList<int> Keys, IReadOnlyList<AggregateCall> Calls, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => [.. Enumerable.Range(0, Keys.Count)];
}

/// <summary>Each different row once (nulls are equal).</summary>
/// <param name="Input">The input.</param>
public sealed record DistinctPlan(PlanNode Input) : PlanNode(Input.Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => [.. Enumerable.Range(0, Columns.Count)];
}

/// <summary>UNION ALL: all rows of all inputs, which have the same column types.</summary>
/// <param name="Sources">The inputs.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record UnionPlan(IReadOnlyList<PlanNode> Sources, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => Sources;

    /// <inheritdoc/>
    public override bool AppendOnly => Sources.All(s => s.AppendOnly);
}

/// <summary>INTERSECT or EXCEPT (nulls are equal).</summary>
/// <param name="Except">True for EXCEPT.</param>
/// <param name="All">True to keep duplicates: minimum of the counts, or their difference.</param>
/// <param name="Left">Left input.</param>
/// <param name="Right">Right input.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record SetOpPlan(bool Except, bool All, PlanNode Left, PlanNode Right, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Left, Right];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => All ? null : [.. Enumerable.Range(0, Columns.Count)];
}

/// <summary>Which rank a <see cref="TopNPlan"/> counts by.</summary>
public enum RankKind
{
    /// <summary>LIMIT, row_number(), DISTINCT ON: ties broken by the remaining columns.</summary>
    RowNumber,
    /// <summary>rank(): ties share a rank and leave a gap.</summary>
    Rank,
    /// <summary>dense_rank().</summary>
    DenseRank,
}

/// <summary>The first rows of each partition in an order: LIMIT/OFFSET (no partition), DISTINCT ON, row_number() &lt;= n.</summary>
/// <param name="Input">The input.</param>
/// <param name="PartitionBy">Partition columns.</param>
/// <param name="OrderBy">The order.</param>
/// <param name="Rank">What is counted.</param>
/// <param name="Offset">Ranks to skip.</param>
/// <param name="Limit">Ranks to give, or null for no end.</param>
/// <param name="WithRank">True when a bigint column with the rank follows the input's.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record TopNPlan(
    PlanNode Input, IReadOnlyList<int> PartitionBy, IReadOnlyList<SortKey> OrderBy, RankKind Rank, long Offset, long? Limit,
    bool WithRank, Schema Columns) : PlanNode(Columns)
{
    /// <summary>LIMIT as a bigint parameter; <see cref="ParameterSubstitution"/> turns it into <see cref="Limit"/>. Null for constants.</summary>
    public ScalarExpr? LimitParameter { get; init; }

    /// <summary>OFFSET as a bigint parameter, likewise.</summary>
    public ScalarExpr? OffsetParameter { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>Where a window frame begins or ends.</summary>
public enum FrameBound
{
    /// <summary>UNBOUNDED PRECEDING.</summary>
    UnboundedPreceding,
    /// <summary>offset PRECEDING.</summary>
    Preceding,
    /// <summary>CURRENT ROW.</summary>
    CurrentRow,
    /// <summary>offset FOLLOWING.</summary>
    Following,
    /// <summary>UNBOUNDED FOLLOWING.</summary>
    UnboundedFollowing,
}

/// <summary>How frame offsets count.</summary>
public enum FrameUnit
{
    /// <summary>Rows.</summary>
    Rows,
    /// <summary>Values of the order key.</summary>
    Range,
    /// <summary>Peer groups.</summary>
    Groups,
}

/// <summary>Which rows of a frame do not count.</summary>
public enum FrameExclusion
{
    /// <summary>All count.</summary>
    NoOthers,
    /// <summary>The row itself does not.</summary>
    CurrentRow,
    /// <summary>The row and its peers do not.</summary>
    Group,
    /// <summary>Its peers do not, the row itself does.</summary>
    Ties,
}

/// <summary>A window frame.</summary>
/// <param name="Unit">How offsets count.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="StartOffset">The offset literal, when there is one.</param>
/// <param name="End">Where it ends.</param>
/// <param name="EndOffset">The offset literal, when there is one.</param>
public sealed record FrameSpec(FrameUnit Unit, FrameBound Start, LiteralExpr? StartOffset, FrameBound End, LiteralExpr? EndOffset)
{
    /// <summary>The default: RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.</summary>
    public static readonly FrameSpec Default = new(FrameUnit.Range, FrameBound.UnboundedPreceding, null, FrameBound.CurrentRow, null);

    /// <summary>Which of its rows do not count.</summary>
    public FrameExclusion Exclusion { get; init; }
}

/// <summary>One call of a <see cref="WindowPlan"/>: a window function, or an aggregate over the frame.</summary>
/// <param name="Function">The window function, or null.</param>
/// <param name="Aggregate">The aggregate, or null.</param>
/// <param name="Arguments">Input columns that hold the arguments.</param>
/// <param name="Filter">Boolean input column, or −1.</param>
/// <param name="Frame">The frame.</param>
/// <param name="Type">The result's type.</param>
public sealed record WindowCall(
    WindowFunction? Function, AggregateFunction? Aggregate, IReadOnlyList<int> Arguments, int Filter, FrameSpec Frame, SqlType Type);

/// <summary>Window functions over one PARTITION BY and ORDER BY. Columns: the input's, then one a call.</summary>
/// <param name="Input">The input.</param>
/// <param name="PartitionBy">Partition columns.</param>
/// <param name="OrderBy">The order inside a partition.</param>
/// <param name="Calls">The calls.</param>
/// <param name="Columns">The result's columns.</param>
public sealed record WindowPlan(
    PlanNode Input, IReadOnlyList<int> PartitionBy, IReadOnlyList<SortKey> OrderBy, IReadOnlyList<WindowCall> Calls, Schema Columns) : PlanNode(Columns)
{
    /// <summary>Where partitions are sessions of an event time: how far their rows may be apart, µs; the last column is then the session's last time. Else −1.</summary>
    public long SessionGap { get; init; } = -1;

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>TUMBLE, HOP and CUMULATE: each row once per window it falls into, with window_start and window_end appended. A null time gives no row.</summary>
/// <param name="Input">The input.</param>
/// <param name="Time">The timestamp column.</param>
/// <param name="Slide">Distance of window starts, µs (TUMBLE: equal to the size).</param>
/// <param name="Size">Length of a window, µs.</param>
/// <param name="Offset">Shift of window starts from the epoch 1970-01-01, µs.</param>
/// <param name="Cumulative">True for CUMULATE: windows start at multiples of Size and end at each Slide.</param>
/// <param name="Columns">Input columns, window_start, window_end (both of the time column's type).</param>
public sealed record TimeWindowPlan(PlanNode Input, int Time, long Slide, long Size, long Offset, bool Cumulative, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => Input.AppendOnly;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key is { } k ? [.. k, Columns.Count - 2] : null;

    /// <summary>Distance of the windows that are the last to close for a row, µs: for CUMULATE those of full size.</summary>
    public long Stride => Cumulative ? Size : Slide;
}

/// <summary>SESSION: rows of a partition whose times lie closer than the gap share a window [first time, last time + gap).</summary>
/// <param name="Input">The input.</param>
/// <param name="PartitionBy">Partition columns.</param>
/// <param name="Time">The timestamp column.</param>
/// <param name="Gap">µs without a row that end a session.</param>
/// <param name="Columns">Input columns, window_start, window_end.</param>
public sealed record SessionPlan(PlanNode Input, IReadOnlyList<int> PartitionBy, int Time, long Gap, Schema Columns) : PlanNode(Columns)
{
    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}

/// <summary>EMIT ON WINDOW CLOSE: holds rows back until the watermark passes their window's end, then gives them once and for all.</summary>
/// <param name="Input">Rows with a window end column; changes are consolidated until the window closes.</param>
/// <param name="WindowEnd">The timestamp column compared with the watermark.</param>
public sealed record EmitOnClosePlan(PlanNode Input, int WindowEnd) : PlanNode(Input.Columns)
{
    /// <summary>True for windows over processing time: the clock closes them, not a watermark.</summary>
    public bool ByClock { get; init; }

    /// <summary>How long after its end a window takes rows, µs.</summary>
    public long Lateness { get; init; }

    /// <summary>True to give every change as it comes until the window closes: ALLOW LATENESS without EMIT ON WINDOW CLOSE.</summary>
    public bool EveryChange { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<PlanNode> Inputs => [Input];

    /// <inheritdoc/>
    public override bool AppendOnly => !EveryChange || Input.AppendOnly;

    /// <summary>The same over another input with as many or fewer columns.</summary>
    public EmitOnClosePlan Over(PlanNode input, int windowEnd) => new(input, windowEnd) { ByClock = ByClock, Lateness = Lateness, EveryChange = EveryChange };

    /// <inheritdoc/>
    public override IReadOnlyList<int>? Key => Input.Key;
}
