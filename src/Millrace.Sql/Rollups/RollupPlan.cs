// The plan of an answer from rollups and rows.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// UNION ALL of what each rollup has and what the remaining rows give. When groups are made of several such rows, they hold the parts of the results, and are
/// grouped once more; else each of them is a result already.
/// </summary>
/// <param name="aggregate">What is asked.</param>
/// <param name="rows">Its input.</param>
/// <param name="parts">Its parts.</param>
/// <param name="functions">All functions.</param>
/// <param name="combine">True when groups are put together of several rows.</param>
internal sealed class RollupPlan(AggregatePlan aggregate, GroupedRows rows, RollupParts parts, FunctionCatalog functions, bool combine)
{
    private readonly int _keys = aggregate.Keys.Count;

    /// <summary>The plan, with the columns of the aggregate.</summary>
    public PlanNode Of(RollupMatch[] matches, TimeRanges[] taken, TimeRanges rest)
    {
        Schema columns = combine
            ? new Schema([.. aggregate.Columns.Fields.Take(_keys), .. parts.Parts.Select(p => new Field(p.OfRows.Function.Name, p.OfRows.Type))])
            : aggregate.Columns;
        var sources = new List<PlanNode>();
        for (int i = 0; i < matches.Length; i++)
        {
            if (!taken[i].IsEmpty)
            {
                sources.Add(FromRollup(matches[i], taken[i], columns));
            }
        }

        bool nulls = rows.Window is null && rows.Scan.Columns[rows.Time].Nullable && !rows.Terms.Any(t => rows.Times(t) is not null);
        if (nulls || !rest.IsEmpty)
        {
            sources.Add(FromRows(rest, nulls, columns));
        }

        PlanNode all = sources.Count == 1 ? sources[0] : new UnionPlan(sources, columns);
        if (!combine)
        {
            return all;
        }

        AggregateCall[] calls = [.. parts.Parts.Select(p => new AggregateCall(p.Combine, [.. p.Arguments.Select(a => _keys + a)], false, -1, [], p.CombinedType))];
        PlanNode groups = new AggregatePlan(all, [.. Enumerable.Range(0, _keys)], calls, new Schema(
            [.. columns.Fields.Take(_keys), .. parts.Parts.Select(p => new Field(p.Combine.Name, p.CombinedType))]));
        ScalarExpr[] combined = [.. Plans.Columns(groups, _keys)];
        return new ProjectPlan(groups, [.. Plans.Columns(groups, 0, _keys), .. parts.Calls.Select((_, i) => parts.Result(i, combined)!)], aggregate.Columns);
    }

    private ProjectPlan FromRollup(RollupMatch match, TimeRanges times, Schema columns)
    {
        RollupShape shape = match.Rollup.Shape;
        CatalogObject view = match.Rollup.View;
        ScalarExpr time = shape.StartColumn >= 0 ? RollupMatch.Representative(match.Rollup) : new ColumnExpr(shape.EndColumn, view.Columns[shape.EndColumn].Type);
        long shift = shape.StartColumn >= 0 ? 0 : shape.Bucket.Size;
        ScalarExpr? within = Within(time, times, shift, nulls: false);
        List<ScalarExpr> low = [.. match.Terms.Where(t => !ReadsWindow(t))];
        List<ScalarExpr> high = [.. match.Terms.Where(ReadsWindow)];
        int width = view.Columns.Count;
        if (shape.StartColumn < 0)
        {
            // The start is computed above the scan; conditions on it cannot be taken down into it.
            high.InsertRange(0, low.Where(t => ExprMap.Columns(t).Contains(width)));
            low.RemoveAll(t => ExprMap.Columns(t).Contains(width));
        }

        PlanNode plan = Plans.Filter(new ScanPlan(view), ExprMap.And([.. ExprMap.Conjuncts(within), .. low]));
        if (shape.StartColumn < 0)
        {
            ScalarFunction minus = functions.FindScalars("-").First(f => f.Parameters is [{ Type: { } a }, { Type: { } b }] && a.SameAs(time.Type) && b.SameAs(SqlType.Interval));
            var start = new CallExpr(minus, [time, new LiteralExpr(new Interval(0, 0, shape.Bucket.Size), SqlType.Interval)], time.Type);
            plan = new ProjectPlan(plan, [.. Plans.Columns(plan), start], new Schema([.. view.Columns.Fields, new Field("window_start", time.Type)]));
            width++;
        }

        if (rows.Window is { } window)
        {
            int representative = ((ColumnExpr)RollupMatch.Representative(match.Rollup)).Index;
            plan = new TimeWindowPlan(plan, representative, window.Slide, window.Size, window.Offset, window.Cumulative, new Schema(
                [.. plan.Columns.Fields, new Field("window_start", time.Type), new Field("window_end", time.Type)]));
        }

        ScalarExpr At(ScalarExpr e) => ExprMap.MapColumns(e, c => c >= GroupedRows.WindowStart ? width + (c - GroupedRows.WindowStart) : c);
        plan = Plans.Filter(plan, ExprMap.And([.. high.Select(At)]));
        return new ProjectPlan(plan, [.. match.Keys.Select(At), .. (combine ? match.Parts : match.Results)!.Select(At)], columns);
    }

    private AggregatePlan FromRows(TimeRanges rest, bool nulls, Schema columns)
    {
        PlanNode input = aggregate.Input;
        if (Within(new ColumnExpr(rows.Time, rows.Scan.Columns[rows.Time].Type), rest, 0, nulls) is { } within)
        {
            // Right above the scan and in one filter with what stands there: so the scan passes over what is not wanted.
            input = PlanMap.Rewrite(input, n => n switch
            {
                ScanPlan scan => new FilterPlan(scan, within),
                FilterPlan { Input: FilterPlan { Input: ScanPlan scan } } filter => new FilterPlan(scan, ExprMap.And([.. ExprMap.Conjuncts(within), .. ExprMap.Conjuncts(filter.Predicate)])!),
                _ => n,
            });
        }

        return combine
            ? new AggregatePlan(input, aggregate.Keys, [.. parts.Parts.Select(p => p.OfRows)], columns)
            : new AggregatePlan(input, aggregate.Keys, aggregate.Calls, columns);
    }

    // Null when every time is meant.
    private ScalarExpr? Within(ScalarExpr time, TimeRanges times, long shift, bool nulls)
    {
        CallExpr Compare(string name, long with) => new(
            functions.FindScalars(name).First(f => f.Parameters is [{ Type: { } a }, { Type: { } b }] && a.SameAs(time.Type) && b.SameAs(time.Type)),
            [time, new LiteralExpr(with, time.Type)], SqlType.Boolean);
        var ranges = new List<ScalarExpr>();
        foreach (TimeRange range in times.Ranges)
        {
            var bounds = new List<ScalarExpr>();
            if (range.From > TimeRanges.First)
            {
                bounds.Add(Compare(">=", range.From + shift));
            }

            if (range.To < long.MaxValue)
            {
                bounds.Add(Compare("<", range.To + shift));
            }

            if (bounds.Count == 0)
            {
                return null;
            }

            ranges.Add(ExprMap.And(bounds)!);
        }

        if (nulls)
        {
            ranges.Add(new IsNullExpr(time, false));
        }

        return ranges.Count == 1 ? ranges[0] : new OrExpr(ranges);
    }

    private static bool ReadsWindow(ScalarExpr term) => ExprMap.Columns(term).Any(c => c >= GroupedRows.WindowStart);
}
