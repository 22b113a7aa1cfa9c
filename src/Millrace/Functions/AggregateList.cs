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
        A(r, "count()", AggregateKind.CountRows, "int8", "Number of rows", "count(*)");
        A(r, "count(any)", AggregateKind.Count, "int8", "Number of values that are not null", "count(x)");
        foreach ((string type, string result) in new[]
        {
            ("int2", "int8"), ("int4", "int8"), ("int8", "numeric"), ("numeric", "numeric"), ("float4", "float4"), ("float8", "float8"),
            ("interval", "interval"),
        })
        {
            A(r, $"sum({type})", AggregateKind.Sum, result, "Sum of the values", "sum(x)");
        }

        foreach ((string type, string result) in new[]
        {
            ("int2", "numeric"), ("int4", "numeric"), ("int8", "numeric"), ("numeric", "numeric"), ("float4", "float8"), ("float8", "float8"),
            ("interval", "interval"),
        })
        {
            A(r, $"avg({type})", AggregateKind.Avg, result, "Mean of the values", "avg(x)");
        }

        foreach (string type in s_ordered)
        {
            A(r, $"min({type})", AggregateKind.Min, type, "Smallest value", "min(x)");
            A(r, $"max({type})", AggregateKind.Max, type, "Largest value", "max(x)");
        }

        A(r, "min(array)", AggregateKind.Min, "array", "Smallest value", "min(x)");
        A(r, "max(array)", AggregateKind.Max, "array", "Largest value", "max(x)");
        A(r, "single_value(elem)", AggregateKind.SingleValue, "elem", "The only value; an error when there are several rows", "single_value(x)");
        A(r, "bool_and(bool)", AggregateKind.BoolAnd, "bool", "True when every value is", "bool_and(x)");
        A(r, "every(bool)", AggregateKind.BoolAnd, "bool", "True when every value is", "every(x)");
        A(r, "bool_or(bool)", AggregateKind.BoolOr, "bool", "True when a value is", "bool_or(x)");
        foreach (string type in new[] { "int2", "int4", "int8" })
        {
            A(r, $"bit_and({type})", AggregateKind.BitAnd, type, "Bits set in every value", "bit_and(x)");
            A(r, $"bit_or({type})", AggregateKind.BitOr, type, "Bits set in a value", "bit_or(x)");
            A(r, $"bit_xor({type})", AggregateKind.BitXor, type, "Bits set in an odd number of values", "bit_xor(x)");
        }

        A(r, "string_agg(text, text)", AggregateKind.StringAgg, "text", "Values joined with a separator", "string_agg(name, ', ' ORDER BY name)", true);
        A(r, "string_agg(bytea, bytea)", AggregateKind.StringAgg, "bytea", "Values joined with a separator", "string_agg(x, '')", true);
        A(r, "array_agg(elem)", AggregateKind.ArrayAgg, "array", "All values as an array, nulls as well", "array_agg(x ORDER BY x)", true);
        A(r, "jsonb_agg(any)", AggregateKind.JsonbAgg, "jsonb", "All values as a JSON array", "jsonb_agg(x ORDER BY x)", true);
        A(r, "json_agg(any)", AggregateKind.JsonbAgg, "jsonb", "All values as a JSON array", "json_agg(x ORDER BY x)", true);
        A(r, "jsonb_object_agg(any, any)", AggregateKind.JsonbObjectAgg, "jsonb", "Pairs as a JSON object", "jsonb_object_agg(k, v)", true);
        A(r, "json_object_agg(any, any)", AggregateKind.JsonbObjectAgg, "jsonb", "Pairs as a JSON object", "json_object_agg(k, v)", true);
        Moments(r, "stddev", AggregateKind.StddevSamp, "Standard deviation of the sample");
        Moments(r, "stddev_samp", AggregateKind.StddevSamp, "Standard deviation of the sample");
        Moments(r, "stddev_pop", AggregateKind.StddevPop, "Standard deviation of the population");
        Moments(r, "variance", AggregateKind.VarSamp, "Variance of the sample");
        Moments(r, "var_samp", AggregateKind.VarSamp, "Variance of the sample");
        Moments(r, "var_pop", AggregateKind.VarPop, "Variance of the population");
        foreach ((string name, AggregateKind kind, string doc) in new[]
        {
            ("corr", AggregateKind.Corr, "Correlation coefficient"),
            ("covar_pop", AggregateKind.CovarPop, "Covariance of the population"),
            ("covar_samp", AggregateKind.CovarSamp, "Covariance of the sample"),
            ("regr_slope", AggregateKind.RegrSlope, "Slope of the least-squares line"),
            ("regr_intercept", AggregateKind.RegrIntercept, "Intercept of the least-squares line"),
            ("regr_r2", AggregateKind.RegrR2, "Square of the correlation coefficient"),
            ("regr_sxx", AggregateKind.RegrSxx, "Sum of squares of x around its mean"),
            ("regr_sxy", AggregateKind.RegrSxy, "Sum of products of x and y around their means"),
            ("regr_syy", AggregateKind.RegrSyy, "Sum of squares of y around its mean"),
            ("regr_avgx", AggregateKind.RegrAvgX, "Mean of x where both are present"),
            ("regr_avgy", AggregateKind.RegrAvgY, "Mean of y where both are present"),
        })
        {
            A(r, $"{name}(float8, float8)", kind, "float8", doc, $"{name}(y, x)");
        }

        A(r, "regr_count(float8, float8)", AggregateKind.RegrCount, "int8", "Rows in which both are present", "regr_count(y, x)");
        Percentiles(r);
        Sketches(r);
        A(r, "first(elem, any)", AggregateKind.First, "elem", "The value at the smallest time", "first(price, ts)", true);
        A(r, "last(elem, any)", AggregateKind.Last, "elem", "The value at the largest time", "last(price, ts)", true);
        A(r, "any_value(elem)", AggregateKind.Min, "elem", "Some value that is not null", "any_value(x)");
    }

    private static void Moments(FunctionRegistry r, string name, AggregateKind kind, string doc)
    {
        foreach (string type in new[] { "int2", "int4", "int8", "numeric" })
        {
            A(r, $"{name}({type})", kind, "numeric", doc, $"{name}(x)");
        }

        A(r, $"{name}(float4)", kind, "float8", doc, $"{name}(x)");
        A(r, $"{name}(float8)", kind, "float8", doc, $"{name}(x)");
    }

    private static void Percentiles(FunctionRegistry r)
    {
        A(r, "percentile_cont(float8, float8)", AggregateKind.PercentileCont, "float8", "The value at a fraction of the order, interpolated",
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY x)", ordered: true);
        A(r, "percentile_cont(float8, interval)", AggregateKind.PercentileCont, "interval", "The value at a fraction of the order, interpolated",
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY x)", ordered: true);
        A(r, "percentile_disc(float8, elem)", AggregateKind.PercentileDisc, "elem", "The first value at or behind a fraction of the order",
            "percentile_disc(0.5) WITHIN GROUP (ORDER BY x)", ordered: true);
        A(r, "mode(elem)", AggregateKind.Mode, "elem", "The most frequent value", "mode() WITHIN GROUP (ORDER BY x)", ordered: true);
    }

    private static void Sketches(FunctionRegistry r)
    {
        A(r, "approx_count_distinct(any)", AggregateKind.ApproxCountDistinct, "int8",
            "Number of different values, by HyperLogLog: exact up to 256, then within about 1.6 % (one standard error); exact where rows can be taken back",
            "approx_count_distinct(visitor)");
        A(r, "approx_percentile(float8, float8)", AggregateKind.ApproxPercentile, "float8",
            "The value at a fraction of the order, by DDSketch, within 1 % of it", "approx_percentile(0.99) WITHIN GROUP (ORDER BY x)", ordered: true);
        A(r, "approx_percentile(float8, float8, float8)", AggregateKind.ApproxPercentile, "float8",
            "The value at a fraction of the order, by DDSketch, within the relative error given", "approx_percentile(0.99, 0.001) WITHIN GROUP (ORDER BY x)",
            ordered: true);
        foreach (string time in new[] { "ts", "tstz" })
        {
            A(r, $"delta(float8, {time})", AggregateKind.Delta, "float8", "The last value minus the first, by time", "delta(temperature, ts)", true);
            A(r, $"increase(float8, {time})", AggregateKind.Increase, "float8", "How much a counter grew; where it falls it has begun anew from 0",
                "increase(requests_total, ts)", true);
            A(r, $"rate(float8, {time})", AggregateKind.Rate, "float8", "How much a counter grew a second, between the first row and the last",
                "rate(requests_total, ts)", true);
            A(r, $"derivative(float8, {time})", AggregateKind.Derivative, "float8", "Slope a second of the least-squares line", "derivative(temperature, ts)", true);
            A(r, $"ema(float8, {time}, interval)", AggregateKind.MovingAverage, "float8",
                "Exponential moving average at the last row: a value weighs half as much for each half-life that it is older", "ema(price, ts, INTERVAL '5 minutes')", true);
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
