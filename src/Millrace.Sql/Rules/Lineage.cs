// What is known of each column's time: whether it is a stream's event time, or the start or end of a window over it.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What a column's values have to do with the watermark.</summary>
internal enum TimeRole
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>It is the event time of a stream with a watermark.</summary>
    EventTime,
    /// <summary>The start of a window of fixed length over such a column.</summary>
    WindowStart,
    /// <summary>The end of a window.</summary>
    WindowEnd,
    /// <summary>The last time of a session that is a window's frame.</summary>
    SessionLast,
}

/// <summary>A column's role, and for a window's start the window's length.</summary>
/// <param name="Role">The role.</param>
/// <param name="SizeUs">Length of the window in µs (WindowStart), the watermark's delay (EventTime), or the session's gap (SessionLast); −1 when not fixed.</param>
/// <param name="ByClock">True for processing time: rows are stamped as they come, and what time it is stands for the watermark.</param>
internal readonly record struct TimeFact(TimeRole Role, long SizeUs, bool ByClock = false)
{
    public static readonly TimeFact None = new(TimeRole.None, -1);
}

/// <summary>Derives the time facts of a plan's columns.</summary>
internal static class Lineage
{
    /// <summary>One fact a column.</summary>
    public static TimeFact[] Of(PlanNode plan)
    {
        switch (plan)
        {
            case ScanPlan scan:
                TimeFact[] facts = Nothing(plan);
                if (scan.Object is { EventTime: >= 0 and var at, WatermarkDelay: >= 0 and var delay })
                {
                    facts[at] = new TimeFact(TimeRole.EventTime, delay);
                }

                return facts;
            case ProjectPlan project:
                TimeFact[] input = Of(project.Input);
                return [.. project.Expressions.Select(e => OfExpression(e, input))];
            case FilterPlan or TemporalFilterPlan or DistinctPlan or EmitOnClosePlan:
                return Of(plan.Inputs[0]);
            case WindowPlan { SessionGap: >= 0 and var gap } sessions:
                TimeFact[] inSessions = Padded(Of(sessions.Input), plan);
                TimeFact by = inSessions[sessions.OrderBy[0].Column];
                inSessions[^1] = by is { Role: TimeRole.EventTime, ByClock: false } ? new TimeFact(TimeRole.SessionLast, gap) : TimeFact.None;
                return inSessions;
            case TopNPlan or WindowPlan or TableFunctionPlan:
                return Padded(Of(plan.Inputs[0]), plan);
            case TimeWindowPlan window:
                TimeFact[] rows = Of(window.Input);
                (bool timed, bool byClock) = (rows[window.Time].Role == TimeRole.EventTime, rows[window.Time].ByClock);
                return !timed ? Padded(rows, plan)
                    : [.. rows, window.Cumulative ? TimeFact.None : new TimeFact(TimeRole.WindowStart, window.Size, byClock), new TimeFact(TimeRole.WindowEnd, -1, byClock)];
            case SessionPlan session:
                TimeFact[] before = Of(session.Input);
                return before[session.Time].Role == TimeRole.EventTime
                    ? [.. before, TimeFact.None, new TimeFact(TimeRole.WindowEnd, -1, before[session.Time].ByClock)]
                    : Padded(before, plan);
            case AggregatePlan aggregate:
                TimeFact[] grouped = Of(aggregate.Input);
                return [.. aggregate.Keys.Select(k => grouped[k]), .. aggregate.Calls.Select(_ => TimeFact.None)];
            case JoinPlan { Kind: JoinKind.Semi or JoinKind.Anti or JoinKind.NullAwareAnti } join:
                return Of(join.Left);
            case JoinPlan join:
                TimeFact[] l = join.Kind is JoinKind.Right or JoinKind.Full ? Nothing(join.Left) : Of(join.Left);
                TimeFact[] r = join.Kind is JoinKind.Left or JoinKind.Full ? Nothing(join.Right) : Of(join.Right);
                return [.. l, .. r];
            case ChangelogPlan changelog:
                // Rows that were there come again when they change or go: their times say nothing any more. Changes are stamped as they come.
                TimeFact[] changes = Nothing(plan);
                changes[^1] = changelog.Numbered ? TimeFact.None : new TimeFact(TimeRole.EventTime, 0, ByClock: true);
                return changes;
            case AsOfJoinPlan or TemporalJoinPlan:
                return Padded(Of(plan.Inputs[0]), plan);
            case UnionPlan union:
                TimeFact[][] all = [.. union.Sources.Select(Of)];
                return [.. Enumerable.Range(0, plan.Columns.Count).Select(i => all.All(f => f[i] == all[0][i])
                    ? all[0][i] : TimeFact.None)];
            case SetOpPlan set:
                return Of(set.Left);
            default:
                return Nothing(plan);
        }
    }

    private static TimeFact OfExpression(ScalarExpr expr, TimeFact[] input)
    {
        if (expr is ColumnExpr c)
        {
            return input[c.Index];
        }

        // A window's start plus its length is its end.
        if (expr is CallExpr { Function.Name: "+", Arguments: [ColumnExpr s, LiteralExpr { Value: Interval { Months: 0, Days: 0 } length }] }
            && input[s.Index] is { Role: TimeRole.WindowStart } start && start.SizeUs == length.Micros)
        {
            return start with { Role = TimeRole.WindowEnd, SizeUs = -1 };
        }

        // now() of a row that is stamped as it comes, as a timestamp with or without zone.
        if (TimeBounds.IsPresent(expr) || (expr is CallExpr { Arguments: [var stamp], Type.Id: TypeId.Timestamp } && TimeBounds.IsPresent(stamp)))
        {
            return new TimeFact(TimeRole.EventTime, 0, ByClock: true);
        }

        // time_bucket(interval, t) and date_trunc('unit', t) start a window of fixed length.
        if (expr is CallExpr { Function.Name: "time_bucket", Arguments: [LiteralExpr { Value: Interval { Months: 0 } i }, ColumnExpr t] }
            && input[t.Index].Role == TimeRole.EventTime)
        {
            return new TimeFact(TimeRole.WindowStart, (i.Days * 86_400_000_000L) + i.Micros, input[t.Index].ByClock);
        }

        if (expr is CallExpr { Function.Name: "date_trunc", Arguments: [LiteralExpr { Value: ByteSlice unit }, ColumnExpr d] }
            && input[d.Index].Role == TimeRole.EventTime)
        {
            long size = unit.ToString().ToLowerInvariant() switch
            {
                "millisecond" or "milliseconds" => 1_000,
                "second" => 1_000_000,
                "minute" => 60_000_000,
                "hour" => 3_600_000_000,
                "day" when expr.Type.Id == TypeId.Timestamp => 86_400_000_000,
                _ => -1,
            };
            return size > 0 ? new TimeFact(TimeRole.WindowStart, size, input[d.Index].ByClock) : TimeFact.None;
        }

        return TimeFact.None;
    }

    private static TimeFact[] Nothing(PlanNode plan) => [.. Enumerable.Repeat(TimeFact.None, plan.Columns.Count)];

    private static TimeFact[] Padded(TimeFact[] facts, PlanNode plan) => [.. facts, .. Enumerable.Repeat(TimeFact.None, plan.Columns.Count - facts.Length)];
}
