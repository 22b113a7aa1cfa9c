// Which state an aggregate needs: what descriptors name and the aggregate operator's factory maps to an accumulator.
namespace Millrace.Engine;

/// <summary>The body of an aggregate's descriptor.</summary>
internal enum AggregateKind
{
    /// <summary>count(*): rows.</summary>
    CountRows,
    /// <summary>count(x): rows where x is not null.</summary>
    Count,
    /// <summary>sum.</summary>
    Sum,
    /// <summary>avg.</summary>
    Avg,
    /// <summary>min.</summary>
    Min,
    /// <summary>max.</summary>
    Max,
    /// <summary>bool_and, every.</summary>
    BoolAnd,
    /// <summary>bool_or.</summary>
    BoolOr,
    /// <summary>bit_and.</summary>
    BitAnd,
    /// <summary>bit_or.</summary>
    BitOr,
    /// <summary>bit_xor.</summary>
    BitXor,
    /// <summary>var_pop.</summary>
    VarPop,
    /// <summary>var_samp, variance.</summary>
    VarSamp,
    /// <summary>stddev_pop.</summary>
    StddevPop,
    /// <summary>stddev_samp, stddev.</summary>
    StddevSamp,
    /// <summary>covar_pop(y, x).</summary>
    CovarPop,
    /// <summary>covar_samp(y, x).</summary>
    CovarSamp,
    /// <summary>corr(y, x).</summary>
    Corr,
    /// <summary>regr_avgx(y, x).</summary>
    RegrAvgX,
    /// <summary>regr_avgy(y, x).</summary>
    RegrAvgY,
    /// <summary>regr_count(y, x).</summary>
    RegrCount,
    /// <summary>regr_intercept(y, x).</summary>
    RegrIntercept,
    /// <summary>regr_r2(y, x).</summary>
    RegrR2,
    /// <summary>regr_slope(y, x).</summary>
    RegrSlope,
    /// <summary>regr_sxx(y, x).</summary>
    RegrSxx,
    /// <summary>regr_sxy(y, x).</summary>
    RegrSxy,
    /// <summary>regr_syy(y, x).</summary>
    RegrSyy,
    /// <summary>array_agg.</summary>
    ArrayAgg,
    /// <summary>string_agg(text, delimiter), also for bytea.</summary>
    StringAgg,
    /// <summary>jsonb_agg, json_agg.</summary>
    JsonbAgg,
    /// <summary>jsonb_object_agg(key, value).</summary>
    JsonbObjectAgg,
    /// <summary>percentile_cont(fraction) WITHIN GROUP (ORDER BY x): arguments are the fraction, then x.</summary>
    PercentileCont,
    /// <summary>percentile_disc(fraction) WITHIN GROUP (ORDER BY x): arguments are the fraction, then x.</summary>
    PercentileDisc,
    /// <summary>mode() WITHIN GROUP (ORDER BY x): the argument is x.</summary>
    Mode,
    /// <summary>rank(…) WITHIN GROUP (ORDER BY …): arguments are the row to be ranked, then the keys.</summary>
    HypotheticalRank,
    /// <summary>dense_rank(…) WITHIN GROUP (ORDER BY …).</summary>
    HypotheticalDenseRank,
    /// <summary>percent_rank(…) WITHIN GROUP (ORDER BY …).</summary>
    HypotheticalPercentRank,
    /// <summary>cume_dist(…) WITHIN GROUP (ORDER BY …).</summary>
    HypotheticalCumeDist,
    /// <summary>first(value, time): the value of the earliest time.</summary>
    First,
    /// <summary>last(value, time): the value of the latest time.</summary>
    Last,
    /// <summary>single_value(x): the value of the one row there is; more than one is an error. What a scalar subquery becomes.</summary>
    SingleValue,
    /// <summary>approx_count_distinct(x).</summary>
    ApproxCountDistinct,
    /// <summary>approx_percentile(fraction [, error]) WITHIN GROUP (ORDER BY x): arguments are the fraction, the error where given, then x.</summary>
    ApproxPercentile,
    /// <summary>delta(value, time): last minus first.</summary>
    Delta,
    /// <summary>increase(value, time): how much a counter grew, resets counted.</summary>
    Increase,
    /// <summary>rate(value, time): increase a second.</summary>
    Rate,
    /// <summary>derivative(value, time): slope of the least-squares line a second.</summary>
    Derivative,
    /// <summary>ema(value, time, half_life): the exponential moving average at the last time.</summary>
    MovingAverage,
}
