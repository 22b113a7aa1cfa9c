// How long the rows of a join can still find partners: from its keys and conditions on time, and what the watermark says of rows to come.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>How long the rows of one side of a join are needed.</summary>
/// <param name="Time">The column of that side that says so, a timestamp; −1 when they are needed for ever.</param>
/// <param name="Reach">A row is not needed once the watermark has passed its time plus this, µs.</param>
/// <param name="Arrival">The column whose values the watermark of that side bounds from below, or −1.</param>
/// <param name="ArrivalReach">A row is late when that column plus this lies behind the watermark, µs.</param>
public readonly record struct JoinBound(int Time, long Reach, int Arrival, long ArrivalReach)
{
    /// <summary>Needed for ever.</summary>
    public static readonly JoinBound None = new(-1, 0, -1, 0);
}

/// <summary>
/// Finds the bounds of interval and window joins: <c>b.ts BETWEEN a.ts AND a.ts + INTERVAL '5 minutes'</c>, or equal windows. Only for inputs that take nothing
/// back: a row that is taken back must be found.
/// </summary>
public static class JoinBounds
{
    /// <summary>The bounds of both sides.</summary>
    public static (JoinBound Left, JoinBound Right) Of(JoinPlan join)
    {
        if (!join.Left.AppendOnly || !join.Right.AppendOnly || join.Kind == JoinKind.NullAwareAnti)
        {
            return (JoinBound.None, JoinBound.None);
        }

        TimeFact[] left = Lineage.Of(join.Left);
        TimeFact[] right = Lineage.Of(join.Right);
        JoinBound boundLeft = JoinBound.None;
        JoinBound boundRight = JoinBound.None;
        for (int i = 0; i < join.LeftKeys.Count; i++)
        {
            BoundLeft(join.LeftKeys[i], join.RightKeys[i], 0);
            BoundRight(join.LeftKeys[i], join.RightKeys[i], 0);
        }

        foreach (ScalarExpr term in ExprMap.Conjuncts(join.Condition))
        {
            if (term is not CallExpr { Function.Name: "<" or "<=" or ">" or ">=" or "=", Arguments: [var a, var b] } call
                || Shifted(a) is not { } x || Shifted(b) is not { } y)
            {
                continue;
            }

            string name = call.Function.Name;
            int strict = name is "<" or ">" ? 1 : 0;
            if (name is "<" or "<=" or "=")
            {
                Compared(x, y, strict);
            }

            if (name is ">" or ">=" or "=")
            {
                Compared(y, x, strict);
            }
        }

        return (boundLeft, boundRight);

        // low + its plus <= high + its plus: rows of the higher one's side are done when the lower side's rows to come lie above.
        void Compared((int Column, long Plus) low, (int Column, long Plus) high, int strict)
        {
            int width = join.Left.Columns.Count;
            Int128 reach = (Int128)high.Plus - low.Plus - strict;
            if (reach < -MaxReach || reach > MaxReach)
            {
                return;
            }

            if (low.Column >= width && high.Column < width)
            {
                BoundLeft(high.Column, low.Column - width, (long)reach);
            }
            else if (low.Column < width && high.Column >= width)
            {
                BoundRight(low.Column, high.Column - width, (long)reach);
            }
        }

        // Right rows to come with r <= l + reach: the left row is done when their least value lies above.
        void BoundLeft(int l, int r, long reach) => boundLeft = Better(boundLeft, join.Left, l, reach, right[r], left);

        void BoundRight(int l, int r, long reach) => boundRight = Better(boundRight, join.Right, r, reach, left[l], right);
    }

    // Far more than any stream goes back, and far from overflow.
    private const long MaxReach = 1L << 60;

    private static JoinBound Better(JoinBound present, PlanNode side, int column, long reach, TimeFact partner, TimeFact[] own)
    {
        if (Behind(partner) is not { } behind || side.Columns[column].Type.Id is not (TypeId.Timestamp or TypeId.TimestampTz))
        {
            return present;
        }

        int arrival = Array.FindIndex(own, f => Behind(f) is not null);
        var bound = new JoinBound(column, reach + behind, arrival, arrival < 0 ? 0 : Behind(own[arrival])!.Value);
        return present.Time < 0 || bound.Reach < present.Reach ? bound : present;
    }

    // Rows to come have at least the watermark minus this in such a column.
    private static long? Behind(TimeFact fact) => fact switch
    {
        { ByClock: true } => null,
        { Role: TimeRole.EventTime } => 0,
        { Role: TimeRole.WindowEnd } => -1,
        { Role: TimeRole.WindowStart, SizeUs: > 0 and < MaxReach } => fact.SizeUs - 1,
        _ => null,
    };

    // A column, or one plus or minus a span of fixed length.
    private static (int Column, long Plus)? Shifted(ScalarExpr expr) => expr switch
    {
        ColumnExpr c when c.Type.Id is TypeId.Timestamp or TypeId.TimestampTz => (c.Index, 0),
        CallExpr { Function.Name: "+" or "-", Arguments: [var t, LiteralExpr { Value: Interval { Months: 0 } by }] } call when Shifted(t) is { } s =>
            Sum(s, by, call.Function.Name == "-" ? -1 : 1),
        CallExpr { Function.Name: "+", Arguments: [LiteralExpr { Value: Interval { Months: 0 } by }, var t] } when Shifted(t) is { } s => Sum(s, by, 1),
        _ => null,
    };

    private static (int Column, long Plus)? Sum((int Column, long Plus) s, Interval by, int sign)
    {
        Int128 sum = s.Plus + (sign * (((Int128)by.Days * 86_400_000_000) + by.Micros));
        return sum > -MaxReach && sum < MaxReach ? (s.Column, (long)sum) : null;
    }
}
