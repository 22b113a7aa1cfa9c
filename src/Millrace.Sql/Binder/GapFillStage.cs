// time_bucket_gapfill, locf and interpolate: a stage between GROUP BY and the select list.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>locf(x) or interpolate(x), before the gaps are planned.</summary>
internal sealed record GapFillExpr(ScalarExpr Argument, bool Interpolate, int Position) : PlaceholderExpr(Argument.Type)
{
    public override IEnumerable<ScalarExpr> Parts => [Argument];

    public override PlaceholderExpr MapParts(Func<ScalarExpr, ScalarExpr> map) => this with { Argument = map(Argument) };
}

/// <summary>Plans the gaps of a grouped query.</summary>
/// <param name="context">Shared by the statement's parts.</param>
/// <param name="builder">The groups: keys first.</param>
/// <param name="keys">What the keys were, over FROM's row.</param>
/// <param name="where">The condition on FROM's row, which may say where to begin and end.</param>
internal sealed class GapFillStage(BindContext context, PlanBuilder builder, IReadOnlyList<ScalarExpr> keys, ScalarExpr? where)
{
    /// <summary>The function that says which buckets there are.</summary>
    public const string Bucket = "time_bucket_gapfill";

    private readonly List<GapFillExpr> _calls = [];
    private int _first = -1;

    private static bool IsBucket(ScalarExpr expr) => expr is CallExpr { Function.Name: Bucket };

    /// <summary>Fills the gaps, when a key is a bucket to be filled; refuses what only makes sense then.</summary>
    public void Add(IReadOnlyList<ScalarExpr> expressions)
    {
        foreach (ScalarExpr expr in expressions)
        {
            ExprMap.Any(expr, e =>
            {
                if (e is GapFillExpr g && !_calls.Exists(c => Same(c, g)))
                {
                    _calls.Add(g);
                }

                return false;
            });
        }

        int at = keys.ToList().FindIndex(IsBucket);
        if (at < 0)
        {
            if (_calls.Count > 0)
            {
                throw new SqlException("42601", $"{(_calls[0].Interpolate ? "interpolate" : "locf")} needs gaps to fill", _calls[0].Position,
                    "group by time_bucket_gapfill(INTERVAL '…', ts)");
            }

            return;
        }

        int position = context.Positions.GetValueOrDefault(keys[at], -1);
        if (keys.Count(IsBucket) > 1)
        {
            throw new SqlException("0A000", "one time_bucket_gapfill a query", position, "group by the others with time_bucket");
        }

        var bucket = (CallExpr)keys[at];
        if (bucket.Arguments[0] is not LiteralExpr { Value: Interval { Months: 0 } width } || (width.Days * 86_400_000_000L) + width.Micros is not (> 0 and var micros))
        {
            throw new SqlException("0A000", "time_bucket_gapfill needs a constant width of fixed length, not months or years", position, "use days");
        }

        bool given = bucket.Arguments.Count == 4;
        (ScalarExpr? start, ScalarExpr? end) = given ? (bucket.Arguments[2], bucket.Arguments[3]) : Range(bucket.Arguments[1]);
        if (given && !(IsFixed(start) && IsFixed(end)))
        {
            throw new SqlException("0A000", "start and finish of time_bucket_gapfill may not depend on the row", position,
                "leave them out to fill between the first and the last row of each series");
        }

        int[] fills = [.. _calls.Select(c => builder.Column(c.Argument))];
        builder.Wrap(p =>
        {
            _first = p.Columns.Count;
            Field[] nullable = [.. p.Columns.Fields.Select((f, i) => i < keys.Count ? f : f with { Nullable = true })];
            return new GapFillPlan(
                p, [.. Enumerable.Range(0, keys.Count).Where(k => k != at)], at, micros,
                start is null ? null : bucket with { Arguments = [bucket.Arguments[0], start, .. bucket.Arguments.Skip(2)] }, end,
                [.. _calls.Select((c, i) => new GapValue(fills[i], c.Interpolate))],
                new Schema([.. nullable, .. _calls.Select(c => new Field(c.Interpolate ? "interpolate" : "locf", c.Type))]))
            {
                BoundsGiven = given,
            };
        });
    }

    /// <summary>An expression with the filled columns in place of the calls.</summary>
    public ScalarExpr Rewrite(ScalarExpr expr) => _first < 0 ? expr : ExprMap.Replace(
        expr, e => e is GapFillExpr g ? new ColumnExpr(_first + _calls.FindIndex(c => Same(c, g)), g.Type) : null);

    private static bool Same(GapFillExpr a, GapFillExpr b) => a.Interpolate == b.Interpolate && ExprEquality.Same(a.Argument, b.Argument);

    // WHERE ts >= start AND ts < end, where these do not depend on the row.
    private (ScalarExpr? Start, ScalarExpr? End) Range(ScalarExpr time)
    {
        ScalarExpr? start = null;
        ScalarExpr? end = null;
        foreach (ScalarExpr term in ExprMap.Conjuncts(where))
        {
            if (term is CallExpr { Arguments: [var t, var bound] } call && ExprEquality.Same(t, time) && IsFixed(bound))
            {
                start = call.Function.Name is ">=" or ">" ? bound : start;
                end = call.Function.Name is "<" or "<=" ? bound : end;
            }
        }

        return (start, end);
    }

    private static bool IsFixed(ScalarExpr? expr) => expr is null || !ExprMap.Any(expr, e => e is ColumnExpr or PlaceholderExpr);
}
