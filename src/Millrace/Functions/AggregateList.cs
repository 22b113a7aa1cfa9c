// The aggregates: what the binder may call. Their accumulators are chosen by AggregateKind.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Registers the aggregates.</summary>
internal static class AggregateList
{
    private static readonly string[] s_ordered =
        ["int2", "int4", "int8", "float4", "float8", "numeric", "text", "date", "time", "ts", "tstz", "interval", "uuid", "bytea"];

    public static void Register(FunctionRegistry r)
    {
        A(r, "count()", AggregateKind.CountRows, "int8", "Number of rows", "count(*) → 4");
        A(r, "count(any)", AggregateKind.Count, "int8", "Number of values that are not null", "count(ok) → 3");
        foreach ((string type, string result) in new[]
        {
            ("int2", "int8"), ("int4", "int8"), ("int8", "numeric"), ("numeric", "numeric"), ("float4", "float4"), ("float8", "float8"),
            ("interval", "interval"),
        })
        {
            A(r, $"sum({type})", AggregateKind.Sum, result, "Sum of the values", "sum(x) → 9");
        }

        foreach ((string type, string result) in new[]
        {
            ("int2", "numeric"), ("int4", "numeric"), ("int8", "numeric"), ("numeric", "numeric"), ("float4", "float8"), ("float8", "float8"),
            ("interval", "interval"),
        })
        {
            A(r, $"avg({type})", AggregateKind.Avg, result, "Mean of the values", "avg(x) → 2.2500000000000000");
        }

        foreach (string type in s_ordered)
        {
            A(r, $"min({type})", AggregateKind.Min, type, "Smallest value", "min(x) → 1");
            A(r, $"max({type})", AggregateKind.Max, type, "Largest value", "max(x) → 4");
        }

        A(r, "min(array)", AggregateKind.Min, "array", "Smallest value", "min(x) → 1");
        A(r, "max(array)", AggregateKind.Max, "array", "Largest value", "max(x) → 4");
        A(r, "single_value(elem)", AggregateKind.SingleValue, "elem", "The only value; an error when there are several rows", "single_value(x) FILTER (WHERE name = 'dan') → 4");
        A(r, "bool_and(bool)", AggregateKind.BoolAnd, "bool", "True when every value is", "bool_and(ok) → false");
        A(r, "every(bool)", AggregateKind.BoolAnd, "bool", "True when every value is", "every(ok) → false");
        A(r, "bool_or(bool)", AggregateKind.BoolOr, "bool", "True when a value is", "bool_or(ok) → true");
        foreach (string type in new[] { "int2", "int4", "int8" })
        {
            A(r, $"bit_and({type})", AggregateKind.BitAnd, type, "Bits set in every value", "bit_and(x) → 0");
            A(r, $"bit_or({type})", AggregateKind.BitOr, type, "Bits set in a value", "bit_or(x) → 7");
            A(r, $"bit_xor({type})", AggregateKind.BitXor, type, "Bits set in an odd number of values", "bit_xor(x) → 5");
        }

        A(r, "string_agg(text, text)", AggregateKind.StringAgg, "text", "Values joined with a separator", "string_agg(name, ', ' ORDER BY name) → ann, bob, cas, dan", true);
        A(r, "string_agg(bytea, bytea)", AggregateKind.StringAgg, "bytea", "Values joined with a separator", "string_agg(name, ', ' ORDER BY name) → ann, bob, cas, dan", true);
        A(r, "array_agg(elem)", AggregateKind.ArrayAgg, "array", "All values as an array, nulls as well", "array_agg(x ORDER BY x) → {1,2,2,4}", true);
        A(r, "jsonb_agg(any)", AggregateKind.JsonbAgg, "jsonb", "All values as a JSON array", "jsonb_agg(x ORDER BY x) → [1, 2, 2, 4]", true);
        A(r, "json_agg(any)", AggregateKind.JsonbAgg, "jsonb", "All values as a JSON array", "json_agg(x ORDER BY x) → [1, 2, 2, 4]", true);
        A(r, "jsonb_object_agg(any, any)", AggregateKind.JsonbObjectAgg, "jsonb", "Pairs as a JSON object", "jsonb_object_agg(name, x) → {\"ann\": 1, \"bob\": 2, \"cas\": 2, \"dan\": 4}", true);
        A(r, "json_object_agg(any, any)", AggregateKind.JsonbObjectAgg, "jsonb", "Pairs as a JSON object", "json_object_agg(name, x) → {\"ann\": 1, \"bob\": 2, \"cas\": 2, \"dan\": 4}", true);
        Moments(r, "stddev", AggregateKind.StddevSamp, "Standard deviation of the sample", "stddev(x) → 1.2583057392117916");
        Moments(r, "stddev_samp", AggregateKind.StddevSamp, "Standard deviation of the sample", "stddev_samp(x) → 1.2583057392117916");
        Moments(r, "stddev_pop", AggregateKind.StddevPop, "Standard deviation of the population", "stddev_pop(x) → 1.0897247358851684");
        Moments(r, "variance", AggregateKind.VarSamp, "Variance of the sample", "variance(x) → 1.5833333333333333");
        Moments(r, "var_samp", AggregateKind.VarSamp, "Variance of the sample", "var_samp(x) → 1.5833333333333333");
        Moments(r, "var_pop", AggregateKind.VarPop, "Variance of the population", "var_pop(x) → 1.1875000000000000");
        foreach ((string name, AggregateKind kind, string doc, string gives) in new[]
        {
            ("corr", AggregateKind.Corr, "Correlation coefficient", "0.9898267954648646"),
            ("covar_pop", AggregateKind.CovarPop, "Covariance of the population", "2.75"),
            ("covar_samp", AggregateKind.CovarSamp, "Covariance of the sample", "3.6666666666666665"),
            ("regr_slope", AggregateKind.RegrSlope, "Slope of the least-squares line", "2.3157894736842106"),
            ("regr_intercept", AggregateKind.RegrIntercept, "Intercept of the least-squares line", "-0.21052631578947367"),
            ("regr_r2", AggregateKind.RegrR2, "Square of the correlation coefficient", "0.979757085020243"),
            ("regr_sxx", AggregateKind.RegrSxx, "Sum of squares of x around its mean", "4.75"),
            ("regr_sxy", AggregateKind.RegrSxy, "Sum of products of x and y around their means", "11"),
            ("regr_syy", AggregateKind.RegrSyy, "Sum of squares of y around its mean", "26"),
            ("regr_avgx", AggregateKind.RegrAvgX, "Mean of x where both are present", "2.25"),
            ("regr_avgy", AggregateKind.RegrAvgY, "Mean of y where both are present", "5"),
        })
        {
            A(r, $"{name}(float8, float8)", kind, "float8", doc, $"{name}(y, x) → {gives}");
        }

        A(r, "regr_count(float8, float8)", AggregateKind.RegrCount, "int8", "Rows in which both are present", "regr_count(y, x) → 4");
        Percentiles(r);
        Sketches(r);
        A(r, "first(elem, any)", AggregateKind.First, "elem", "The value at the smallest time", "first(name, ts) → ann", true);
        A(r, "last(elem, any)", AggregateKind.Last, "elem", "The value at the largest time", "last(name, ts) → dan", true);
        A(r, "any_value(elem)", AggregateKind.Min, "elem", "Some value that is not null", "any_value(x) → 1");
    }

    private static void Moments(FunctionRegistry r, string name, AggregateKind kind, string doc, string example)
    {
        foreach (string type in new[] { "int2", "int4", "int8", "numeric" })
        {
            A(r, $"{name}({type})", kind, "numeric", doc, example);
        }

        A(r, $"{name}(float4)", kind, "float8", doc, example);
        A(r, $"{name}(float8)", kind, "float8", doc, example);
    }

    private static void Percentiles(FunctionRegistry r)
    {
        A(r, "percentile_cont(float8, float8)", AggregateKind.PercentileCont, "float8", "The value at a fraction of the order, interpolated",
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY y) → 4.5", ordered: true);
        A(r, "percentile_cont(float8, interval)", AggregateKind.PercentileCont, "interval", "The value at a fraction of the order, interpolated",
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY y) → 4.5", ordered: true);
        A(r, "percentile_disc(float8, elem)", AggregateKind.PercentileDisc, "elem", "The first value at or behind a fraction of the order",
            "percentile_disc(0.5) WITHIN GROUP (ORDER BY x) → 2", ordered: true);
        A(r, "percentile_cont(float8[], float8)", AggregateKind.PercentileCont, "float8[]", "The values at several fractions of the order, interpolated",
            "percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY y) → {3.5,6}", ordered: true);
        A(r, "percentile_cont(float8[], interval)", AggregateKind.PercentileCont, "interval[]", "The values at several fractions of the order, interpolated",
            "percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY y) → {3.5,6}", ordered: true);
        A(r, "percentile_disc(float8[], elem)", AggregateKind.PercentileDisc, "array", "The first values at or behind several fractions of the order",
            "percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY x) → {1,2}", ordered: true);
        Hypothetical(r, "rank", AggregateKind.HypotheticalRank, "int8", "The rank, with gaps, that a row would have in the group", "2");
        Hypothetical(r, "dense_rank", AggregateKind.HypotheticalDenseRank, "int8", "The rank, without gaps, that a row would have in the group", "2");
        Hypothetical(r, "percent_rank", AggregateKind.HypotheticalPercentRank, "float8", "The share of the group's rows that come before a row", "0.25");
        Hypothetical(r, "cume_dist", AggregateKind.HypotheticalCumeDist, "float8", "The share of rows, the row itself counted, that come before it or beside it", "0.8");
        A(r, "mode(elem)", AggregateKind.Mode, "elem", "The most frequent value", "mode() WITHIN GROUP (ORDER BY x) → 2", ordered: true);
    }

    private static void Hypothetical(FunctionRegistry r, string name, AggregateKind kind, string result, string doc, string gives) => r.Catalog.Add(new AggregateFunction
    {
        Name = name,
        Parameters = [],
        Returns = FunctionRegistry.Result(result, []),
        OrderedSet = true,
        Hypothetical = true,
        Doc = doc,
        Example = $"{name}(2) WITHIN GROUP (ORDER BY x) → {gives}",
        Body = kind,
    });

    private static void Sketches(FunctionRegistry r)
    {
        A(r, "approx_count_distinct(any)", AggregateKind.ApproxCountDistinct, "int8",
            "Number of different values, by HyperLogLog: exact up to 256, then within about 1.6 % (one standard error); exact where rows can be taken back",
            "approx_count_distinct(x) → 3");
        A(r, "approx_percentile(float8, float8)", AggregateKind.ApproxPercentile, "float8",
            "The value at a fraction of the order, by DDSketch, within 1 % of it", "approx_percentile(0.99) WITHIN GROUP (ORDER BY y) → 5.002829575110704", ordered: true);
        A(r, "approx_percentile(float8, float8, float8)", AggregateKind.ApproxPercentile, "float8",
            "The value at a fraction of the order, by DDSketch, within the relative error given", "approx_percentile(0.99, 0.001) WITHIN GROUP (ORDER BY y) → 4.997811098765085",
            ordered: true);
        foreach (string time in new[] { "ts", "tstz" })
        {
            A(r, $"delta(float8, {time})", AggregateKind.Delta, "float8", "The last value minus the first, by time", "delta(y, ts) → 7", true);
            A(r, $"increase(float8, {time})", AggregateKind.Increase, "float8", "How much a counter grew; where it falls it has begun anew from 0",
                "increase(y, ts) → 7", true);
            A(r, $"rate(float8, {time})", AggregateKind.Rate, "float8", "How much a counter grew a second, between the first row and the last",
                "rate(y, ts) → 0.23333333333333334", true);
            A(r, $"derivative(float8, {time})", AggregateKind.Derivative, "float8", "Slope a second of the least-squares line", "derivative(y, ts) → 0.22", true);
            A(r, $"ema(float8, {time}, interval)", AggregateKind.MovingAverage, "float8",
                "Exponential moving average at the last row: a value weighs half as much for each half-life that it is older", "ema(y, ts, INTERVAL '10 seconds') → 6.8", true);
        }
    }

    private static void A(FunctionRegistry r, string signature, AggregateKind kind, string result, string doc, string example,
        bool orderSensitive = false, bool ordered = false)
    {
        int open = signature.IndexOf('(');
        ParameterType[] parameters = FunctionRegistry.Parameters(signature[(open + 1)..^1]);
        r.Catalog.Add(new AggregateFunction
        {
            Name = signature[..open],
            Parameters = parameters,
            Returns = FunctionRegistry.Result(result, parameters),
            OrderSensitive = orderSensitive,
            OrderedSet = ordered,
            Doc = doc,
            Example = example,
            Body = kind,
        });
    }
}
