// How far a change of a row reaches: which rows of its partition a window call can give another value for.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>What a call depends on, as far as it matters for which rows have to be worked out anew.</summary>
internal enum WindowNeed
{
    /// <summary>The whole partition, in ways that are not told apart (ntile, cume_dist, frames that reach to the end).</summary>
    Partition,

    /// <summary>One value for all rows of a partition.</summary>
    Constant,

    /// <summary>The number of rows, or groups of peers, before.</summary>
    Position,

    /// <summary>The same, of the row's peers.</summary>
    PeerPosition,

    /// <summary>Rows some places before.</summary>
    Before,

    /// <summary>Rows some places behind.</summary>
    Behind,

    /// <summary>The rows of a frame that begins near the row.</summary>
    Frame,

    /// <summary>An aggregate of everything from the partition's first row to near the row.</summary>
    Running,

    /// <summary>The first row of a frame that begins at the partition's first.</summary>
    First,

    /// <summary>The last row of such a frame.</summary>
    Last,
}

/// <summary>The need of one call, with its reach in rows, groups of peers or distance of the order key.</summary>
/// <param name="Need">What it depends on.</param>
/// <param name="Ahead">How many rows (<see cref="FrameUnit.Rows"/>) or groups ahead it looks.</param>
/// <param name="Back">How many it looks back.</param>
/// <param name="Unit">What these count.</param>
/// <param name="AheadBy">How far ahead a RANGE frame reaches, or null.</param>
/// <param name="BackBy">How far back.</param>
internal sealed record WindowReach(WindowNeed Need, int Ahead = 0, int Back = 0, FrameUnit Unit = FrameUnit.Rows, LiteralExpr? AheadBy = null, LiteralExpr? BackBy = null)
{
    private const int Far = 1 << 20; // a frame of more rows than this is as good as the partition

    private static readonly WindowReach Everything = new(WindowNeed.Partition);

    /// <summary>True when the rows of a group of peers must be seen together.</summary>
    public bool Peers => Need == WindowNeed.PeerPosition || (Unit != FrameUnit.Rows && Need is WindowNeed.Frame or WindowNeed.Running or WindowNeed.First or WindowNeed.Last);

    /// <summary>True when what stands before the rows worked out anew has to be known.</summary>
    public bool Prefix => Need is WindowNeed.Position or WindowNeed.PeerPosition or WindowNeed.Running;

    /// <summary>The reach of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="plan">Its operator.</param>
    /// <param name="aggregate">What works it out, for an aggregate.</param>
    public static WindowReach Of(WindowCall call, WindowPlan plan, FrameAggregate? aggregate)
    {
        if (call.Function is { } function)
        {
            switch ((WindowKind)function.Body)
            {
                case WindowKind.RowNumber:
                    return new WindowReach(WindowNeed.Position);
                case WindowKind.Rank or WindowKind.DenseRank:
                    return new WindowReach(WindowNeed.PeerPosition);
                case WindowKind.Lag or WindowKind.Lead:
                    if ((call.Arguments.Count > 1 ? Constant(plan.Input, call.Arguments[1]) : 1) is not (> -Far and < Far and var by))
                    {
                        return Everything;
                    }

                    by = (WindowKind)function.Body == WindowKind.Lag ? -by : by;
                    return by <= 0 ? new WindowReach(WindowNeed.Before, Back: (int)-by) : new WindowReach(WindowNeed.Behind, Ahead: (int)by);
                case WindowKind.FirstValue or WindowKind.LastValue or WindowKind.NthValue:
                    break;
                default:
                    return Everything;
            }
        }

        FrameSpec frame = call.Frame;
        bool nth = call.Function is { Body: WindowKind.NthValue };
        bool fromStart = frame.Start == FrameBound.UnboundedPreceding;
        if (frame.Exclusion != FrameExclusion.NoOthers || frame.Start == FrameBound.UnboundedFollowing || frame.End == FrameBound.UnboundedPreceding
            || (fromStart && (nth || aggregate is { CanResume: false })))
        {
            return Everything;
        }

        // Without an order all rows are peers.
        if (frame.End == FrameBound.UnboundedFollowing || (plan.OrderBy.Count == 0 && frame.Unit != FrameUnit.Rows && frame.End == FrameBound.CurrentRow))
        {
            return fromStart && !nth ? new WindowReach(WindowNeed.Constant) : Everything;
        }

        WindowNeed need = !fromStart ? WindowNeed.Frame : aggregate is not null ? WindowNeed.Running
            : call.Function is { Body: WindowKind.FirstValue } ? WindowNeed.First : WindowNeed.Last;
        return frame.Unit == FrameUnit.Range ? ByDistance(need, frame, plan) : ByCount(need, frame);
    }

    private static WindowReach ByCount(WindowNeed need, FrameSpec frame)
    {
        int ahead = 0;
        int back = 0;
        foreach ((FrameBound bound, LiteralExpr? offset) in new[] { (frame.Start, frame.StartOffset), (frame.End, frame.EndOffset) })
        {
            if (bound is not (FrameBound.Preceding or FrameBound.Following))
            {
                continue;
            }

            if (Whole(offset?.Value) is not (>= 0 and < Far and var count))
            {
                return Everything;
            }

            (ahead, back) = bound == FrameBound.Following ? (Math.Max(ahead, (int)count), back) : (ahead, Math.Max(back, (int)count));
        }

        return new WindowReach(need, ahead, back, frame.Unit);
    }

    private static WindowReach ByDistance(WindowNeed need, FrameSpec frame, WindowPlan plan)
    {
        LiteralExpr?[] offsets = [.. new[] { frame.StartOffset, frame.EndOffset }.Where(o => o is not null)];
        bool usable = offsets.Length == 0 || (plan.OrderBy.Count == 1
            && offsets.All(o => o!.Value is short or int or long or float or double or Numeric or Interval { Months: 0 }));
        return !usable ? Everything : new WindowReach(
            need,
            Unit: FrameUnit.Range,
            AheadBy: frame.End == FrameBound.Following ? frame.EndOffset : null,
            BackBy: frame.Start == FrameBound.Preceding ? frame.StartOffset : frame.End == FrameBound.Preceding ? frame.EndOffset : null);
    }

    // The number that a column of the input is in all rows, or null.
    private static long? Constant(PlanNode input, int column) => input is not ProjectPlan project ? null : project.Expressions[column] switch
    {
        LiteralExpr literal => Whole(literal.Value),
        ColumnExpr c => Constant(project.Input, c.Index),
        _ => null,
    };

    private static long? Whole(object? value) => value switch
    {
        short v => v,
        int v => v,
        long v => v,
        _ => null,
    };
}
