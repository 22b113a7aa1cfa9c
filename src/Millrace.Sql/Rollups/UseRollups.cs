// Aggregates over a stream answered from its rollups: closed windows from there, the rest from rows, and both put together.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What a session allows: <c>SET rollups</c>.</summary>
public enum RollupMode
{
    /// <summary>Rows only.</summary>
    Off,
    /// <summary>Rollups where they give the same to the last digit, or where rows are gone.</summary>
    On,
    /// <summary>Also where sums of floats are rounded once more than they would be.</summary>
    Rounded,
}

/// <summary>A rollup that answers a part of a query.</summary>
/// <param name="Rollup">The rollup.</param>
/// <param name="Times">The times that it answers for.</param>
/// <param name="Gone">Those of them whose rows retention may have dropped.</param>
public sealed record RollupUse(RollupCandidate Rollup, TimeRanges Times, TimeRanges Gone);

/// <summary>Where the answer of one aggregate comes from.</summary>
/// <param name="Stream">The stream asked.</param>
/// <param name="Uses">The rollups, the coarsest first.</param>
/// <param name="Rows">The times that rows answer for.</param>
/// <param name="Missing">Those of them whose rows retention may have dropped.</param>
/// <param name="Refused">Rollups of the stream that are of no use here, with the reason.</param>
public sealed record RollupReport(
    CatalogObject Stream, IReadOnlyList<RollupUse> Uses, TimeRanges Rows, TimeRanges Missing, IReadOnlyList<(string Name, string Reason)> Refused);

/// <summary>The rule. It runs on the plan of a one-time query, when the epoch that is read is known.</summary>
public sealed class UseRollups
{
    private readonly FunctionCatalog _functions;
    private readonly IReadOnlyList<RollupCandidate> _rollups;
    private readonly Func<int, long> _goneUpto;
    private readonly RollupMode _mode;
    private readonly bool _localIsUtc;
    private readonly List<RollupReport> _reports = [];

    private UseRollups(FunctionCatalog functions, IReadOnlyList<RollupCandidate> rollups, Func<int, long> goneUpto, RollupMode mode, bool localIsUtc)
    {
        (_functions, _rollups, _goneUpto, _mode, _localIsUtc) = (functions, rollups, goneUpto, mode, localIsUtc);
    }

    /// <summary>The plan with aggregates answered from rollups where they can be.</summary>
    /// <param name="plan">Parameters and stable calls replaced by literals.</param>
    /// <param name="functions">All functions.</param>
    /// <param name="rollups">The rollups there are, as of the epoch that is read.</param>
    /// <param name="goneUpto">By object: rows with event times up to here may be gone by retention; MinValue for none.</param>
    /// <param name="mode">What the session allows.</param>
    /// <param name="localIsUtc">True when the session's zone is UTC, as it is in views.</param>
    public static (PlanNode Plan, IReadOnlyList<RollupReport> Reports) Apply(
        PlanNode plan, FunctionCatalog functions, IReadOnlyList<RollupCandidate> rollups, Func<int, long> goneUpto, RollupMode mode, bool localIsUtc)
    {
        if (mode == RollupMode.Off || rollups.Count == 0)
        {
            return (plan, []);
        }

        var rule = new UseRollups(functions, rollups, goneUpto, mode, localIsUtc);
        plan = PlanMap.Rewrite(plan, n => n is AggregatePlan aggregate ? rule.Rewritten(aggregate) ?? n : n);
        return (plan, rule._reports);
    }

    private PlanNode? Rewritten(AggregatePlan aggregate)
    {
        if (GroupedRows.Of(aggregate.Input) is not { } rows || rows.IsVolatile)
        {
            return null;
        }

        RollupCandidate[] own = [.. _rollups.Where(r => r.Shape.StreamId == rows.Scan.Object.Id)
            .OrderByDescending(r => r.Shape.Bucket.Size).ThenBy(r => r.Shape.Keys.Count).ThenBy(r => r.View.Id)];
        if (own.Length == 0)
        {
            return null;
        }

        var parts = new RollupParts(aggregate, rows, _functions);
        RollupMatch[] matches = [.. own.Select(r => RollupMatch.Of(r, aggregate, rows, parts, _functions, _localIsUtc))];
        List<(string, string)> refused = [.. matches.Where(m => m.Reason is not null).Select(m => (m.Rollup.View.Name, m.Reason!))];
        TimeRanges asked = Asked(rows);
        long gone = _goneUpto(rows.Scan.Object.Id);
        bool isRounded = parts.Parts.Any(p => p.IsRounded) && _mode != RollupMode.Rounded;
        TimeRanges[] combined = Cover([.. matches.Select(m => m.Parts is null ? null : m)], asked, gone, isRounded);
        TimeRanges[] direct = Cover([.. matches.Select(m => m.Results is null ? null : m)], asked, gone, isRounded: false);
        bool combine = Union(direct).Except(Union(combined)).IsEmpty;
        TimeRanges[] taken = combine ? combined : direct;
        for (int i = 0; i < matches.Length; i++)
        {
            if (matches[i].Reason is null && taken[i].IsEmpty)
            {
                bool rounds = combine && isRounded && matches[i].Results is null;
                refused.Add((matches[i].Rollup.View.Name, rounds
                    ? "sums of floats over several of its windows would be rounded once more: SET rollups = rounded allows it"
                    : "none of its closed windows lies wholly in what is asked and is left to answer"));
            }
        }

        TimeRanges rest = asked.Except(Union(taken));
        TimeRanges goneTimes = gone == long.MinValue ? TimeRanges.None : TimeRanges.Of(long.MinValue, Behind(gone));
        RollupUse[] uses = [.. matches.Select((m, i) => new RollupUse(m.Rollup, taken[i], taken[i].And(goneTimes))).Where(u => !u.Times.IsEmpty)];
        _reports.Add(new RollupReport(rows.Scan.Object, uses, rest, uses.Length == 0 ? TimeRanges.None : rest.And(goneTimes).And(FromFirst), refused));
        return uses.Length == 0 ? null : new RollupPlan(aggregate, rows, parts, _functions, combine).Of(matches, taken, rest);
    }

    private static readonly TimeRanges FromFirst = TimeRanges.Of(TimeRanges.First, long.MaxValue);

    private static TimeRanges Asked(GroupedRows rows)
    {
        TimeRanges asked = rows.Window is null ? TimeRanges.All : FromFirst;
        foreach (ScalarExpr term in rows.Terms)
        {
            asked = rows.Times(term) is { } times ? asked.And(times) : asked;
        }

        return asked;
    }

    // The coarsest first, each takes what is left of what it can vouch for; then, where rows may be gone, what it has at all.
    private static TimeRanges[] Cover(RollupMatch?[] matches, TimeRanges asked, long gone, bool isRounded)
    {
        TimeRanges[] taken = [.. matches.Select(_ => TimeRanges.None)];
        TimeRanges left = asked;
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < matches.Length; i++)
            {
                if (matches[i] is not { } match || (pass == 0 && isRounded))
                {
                    continue;
                }

                Bucket bucket = match.Rollup.Shape.Bucket;
                TimeRanges has = Closed(match.Rollup).And(match.Limits);
                has = pass == 0 ? has.Except(Late(match.Rollup))
                    : gone == long.MinValue ? TimeRanges.None : has.And(TimeRanges.Of(TimeRanges.First, bucket.Ceiling(Behind(gone))));
                TimeRanges takes = left.And(has).Whole(bucket);
                taken[i] = taken[i].Or(takes);
                left = left.Except(takes);
            }
        }

        return taken;
    }

    // Even when all windows have closed, the rows at infinity are in none of them; and every window named has an end.
    private static TimeRanges Closed(RollupCandidate rollup) => TimeRanges.Of(
        rollup.After == long.MinValue ? TimeRanges.First : rollup.Shape.Bucket.Ceiling(Behind(rollup.After)),
        rollup.Shape.Bucket.Floor(Math.Min(rollup.ClosedUpto, long.MaxValue - 1 - rollup.Shape.Bucket.Size)));

    private static long Behind(long time) => time == long.MaxValue ? time : time + 1;

    private static TimeRanges Late(RollupCandidate rollup)
    {
        TimeRanges late = TimeRanges.None;
        foreach ((long first, long last) in rollup.Late)
        {
            late = late.Or(TimeRanges.Of(first < long.MinValue + rollup.Shape.Bucket.Size ? long.MinValue : first - rollup.Shape.Bucket.Size, last));
        }

        return late;
    }

    private static TimeRanges Union(IEnumerable<TimeRanges> all) => all.Aggregate(TimeRanges.None, (a, b) => a.Or(b));
}
