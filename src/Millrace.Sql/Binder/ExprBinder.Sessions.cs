// SESSION WITH GAP frames: the rows around a row that follow one another with at most a gap between them.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class ExprBinder
{
    private static readonly HashSet<string> OfFrame = ["first_value", "last_value", "nth_value"];

    /// <summary>
    /// A call over a session: the frame is a partition of its own, named by the first time of its session. That is the newest of those times at or before the row
    /// whose distance to the row before is more than the gap.
    /// </summary>
    private WindowExpr Session(
        Resolution chosen, ScalarExpr[] arguments, ScalarExpr? filter, ScalarExpr[] partition, OrderExpr[] order, Syntax.WindowFrame frame)
    {
        if (order is not [{ Descending: false, NullsFirst: false } by])
        {
            throw new SqlException("42P20", "SESSION requires exactly one ORDER BY column, in ascending order", frame.Position, "write ORDER BY time SESSION WITH GAP INTERVAL '…'");
        }

        var function = chosen.Candidate.Function as WindowFunction;
        var aggregate = chosen.Candidate.Function as AggregateFunction;
        SqlType type = chosen.Candidate.Returns([.. arguments.Select(a => a.Type)]);
        if (function is not null && !OfFrame.Contains(function.Name))
        {
            // What does not look at the frame does not look at the session either.
            return new WindowExpr(function, aggregate, arguments, filter, partition, order, FrameSpec.Default, type);
        }

        bool isTime = TypeRules.Category(by.Value.Type) == 'D';
        LiteralExpr gap = Constant(frame.Start.Offset!, isTime ? SqlType.Interval : TypeRules.Plain(by.Value.Type), "session gap");
        if (gap.Value is null or < 0L or < 0 or Interval { Months: 0, Days: 0, Micros: < 0 })
        {
            throw new SqlException("22013", "session gap must be a distance of zero or more", frame.Start.Position);
        }

        ScalarExpr time = by.Value;
        int position = frame.Position;
        WindowExpr before = Over("lag", [time]);
        ScalarExpr opens = new OrExpr([new IsNullExpr(before, false), Operator("<", [Operator("+", [before, gap], position), time], position)]);
        WindowExpr first = Over("max", [new CaseExpr([(opens, time)], new LiteralExpr(null, time.Type), time.Type)]);
        ScalarExpr session = new CaseExpr([(new IsNullExpr(time, true), first)], new LiteralExpr(null, time.Type), time.Type);
        var whole = new FrameSpec(FrameUnit.Rows, FrameBound.UnboundedPreceding, null, FrameBound.UnboundedFollowing, null);
        return new WindowExpr(function, aggregate, arguments, filter, [.. partition, session], order, whole, type)
        {
            Session = time.Type.IsTimestamp && gap.Value is Interval { Months: 0 } fixedGap
                ? new SessionFrame((fixedGap.Days * 86_400_000_000L) + fixedGap.Micros, Over("max", [time]).Aggregate!) : null,
        };

        WindowExpr Over(string name, ScalarExpr[] values)
        {
            Candidate[] candidates = name == "lag" ? [.. context.Functions.FindWindowFunctions(name).Select(Candidate.Of)]
                : [.. context.Functions.FindAggregates(name).Where(a => !a.OrderedSet).Select(Candidate.Of)];
            Resolution call = Choose(name, candidates, values, position);
            return new WindowExpr(call.Candidate.Function as WindowFunction, call.Candidate.Function as AggregateFunction, values, null, partition, order,
                FrameSpec.Default, call.Candidate.Returns([.. values.Select(v => v.Type)]));
        }
    }
}
