// From aggregate calls to states and results: the one place that knows which kind needs what.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Builds the states that the calls of one aggregate operator need, each once: sum(x), avg(x) and count(x) share. A call with FILTER or DISTINCT
/// reads states of its own, behind the wrapper that picks its rows.
/// </summary>
internal sealed class AggregateFactory(Schema input, bool appendOnly, GroupRows rows)
{
    private readonly Dictionary<string, AggregateState> _shared = [];
    private readonly Dictionary<string, DistinctCounts> _distinct = [];
    private readonly List<AggregateState> _states = [];
    private List<AggregateState> _target = [];
    private string _scope = "";

    /// <summary>The states to feed, in order.</summary>
    public IReadOnlyList<AggregateState> States => _states;

    /// <summary>Adds what a call needs and gives what reads it.</summary>
    public AggregateResult Add(AggregateCall call)
    {
        int[] arguments = [.. call.Arguments];
        var kind = (AggregateKind)call.Function.Body;
        bool countExactly = kind == AggregateKind.ApproxCountDistinct && !appendOnly; // a sketch cannot forget
        kind = countExactly ? AggregateKind.Count : kind;
        bool distinct = (call.Distinct || countExactly) && kind is not (AggregateKind.Min or AggregateKind.Max or AggregateKind.BoolAnd or AggregateKind.BoolOr
            or AggregateKind.BitAnd or AggregateKind.BitOr);
        if (appendOnly && distinct && kind == AggregateKind.Count)
        {
            return Distinct(arguments).Count(call.Filter);
        }

        var own = new List<AggregateState>();
        _target = distinct || call.Filter >= 0 ? own : _states;
        _scope = _target == _states ? "" : $"{call.Filter} {distinct} {string.Join(',', arguments)} ";
        AggregateResult result = Make(kind, call, arguments);
        if (own.Count > 0)
        {
            AggregateState[] inner = [.. own];
            if (distinct)
            {
                inner = [new DistinctState(input, arguments, kind is not (AggregateKind.ArrayAgg or AggregateKind.JsonbAgg), inner)];
            }

            _states.AddRange(call.Filter >= 0 ? [new FilteredState(call.Filter, inner)] : inner);
        }

        return result;
    }

    private AggregateResult Make(AggregateKind kind, AggregateCall call, int[] arguments)
    {
        int first = arguments.Length > 0 ? arguments[0] : -1;
        SqlType? type = first >= 0 ? input[first].Type : null;
        switch (kind)
        {
            case AggregateKind.CountRows when _scope.Length == 0:
                return new CountResult(() => rows.Rows);
            case AggregateKind.CountRows:
                return Counts(Count([]));
            case AggregateKind.Count:
                return Counts(Count(arguments));
            case AggregateKind.Sum or AggregateKind.Avg:
                return Sum(kind == AggregateKind.Avg, first, type!);
            case AggregateKind.Min or AggregateKind.Max:
                return Extreme(kind == AggregateKind.Max, first, type!);
            case AggregateKind.BoolAnd or AggregateKind.BoolOr:
                CountState all = Count(arguments);
                TrueState trues = Share($"true {first}", () => new TrueState(first));
                return new BooleanResult(trues, all, kind == AggregateKind.BoolAnd);
            case AggregateKind.First or AggregateKind.Last:
                bool last = kind == AggregateKind.Last;
                return appendOnly
                    ? new BestResult(Own(new BestState(
                        new RowCodec([input[arguments[1]].Type, type!], exact: true, [last, false]), [arguments[1], first], [arguments[1]])))
                    : new FirstOfOrderResult(Own(new OrderedState(input, [new SortKey(arguments[1], last, false)], [first], [arguments[1]], false)));
            case AggregateKind.SingleValue:
                OrderedState only = Share($"single {first}", () => new OrderedState(input, [new SortKey(first, false, false)], [first], [], false));
                return new SingleValueResult(new FirstOfOrderResult(only), Count([]));
            case AggregateKind.ArrayAgg or AggregateKind.StringAgg or AggregateKind.JsonbAgg or AggregateKind.JsonbObjectAgg:
                int[] strict = kind is AggregateKind.StringAgg or AggregateKind.JsonbObjectAgg ? [first] : [];
                OrderedState values = Own(new OrderedState(input, call.OrderBy, arguments, strict, appendOnly && call.OrderBy.Count == 0 && !call.Distinct));
                return new CollectResult(kind, values, Count(strict), call.Type);
            case AggregateKind.PercentileCont or AggregateKind.PercentileDisc or AggregateKind.Mode:
                int value = arguments[^1];
                SortKey order = call.OrderBy.Count > 0 ? call.OrderBy[0] : new SortKey(value, false, false);
                int[] wanted = kind == AggregateKind.Mode ? [value] : [first, value];
                return new OrderedSetResult(kind, Own(new OrderedState(input, [order with { Column = value }], wanted, [value], false)), call);
            case AggregateKind.HypotheticalRank or AggregateKind.HypotheticalDenseRank or AggregateKind.HypotheticalPercentRank or AggregateKind.HypotheticalCumeDist:
                int keys = arguments.Length / 2;
                SortKey[] ranked = [.. call.OrderBy.Select((k, i) => k with { Column = arguments[keys + i] })];
                return new HypotheticalResult(kind, Own(new OrderedState(input, ranked, arguments, [], false)), [.. arguments.Select(a => input[a].Type)], ranked);
            case AggregateKind.ApproxCountDistinct:
                return new HyperLogLogResult(Share($"distinct {first}", () => new HyperLogLogState(first, type!)));
            case AggregateKind.ApproxPercentile:
                return new QuantileSketchResult(Own(new QuantileSketchState(first, arguments.Length > 2 ? arguments[1] : -1, arguments[^1])));
            case AggregateKind.Delta or AggregateKind.Increase or AggregateKind.Rate or AggregateKind.Derivative or AggregateKind.MovingAverage:
                return new SeriesResult(kind, Share($"series {string.Join(',', arguments)}", () => new OrderedState(
                    input, [new SortKey(arguments[1], false, false)], arguments, [first, arguments[1]], false)));
            case AggregateKind.BitAnd or AggregateKind.BitOr or AggregateKind.BitXor:
                return new BitResult(kind, Own(new OrderedState(input, [], [first], [first], false)));
            default:
                return Statistics(kind, arguments, type!);
        }
    }

    private AggregateResult Statistics(AggregateKind kind, int[] arguments, SqlType type)
    {
        if (kind is AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp
            && type.Id is not (TypeId.Real or TypeId.Double))
        {
            int argument = arguments[0];
            return new ExactVarianceResult(kind, Share($"squares {argument}", () => new SquareSumState(argument)), Count(arguments));
        }

        string key = string.Join(',', arguments);
        return new FloatStatisticsResult(kind, Share($"moments {key}", () => new MomentState(arguments)), Count(arguments));
    }

    private AggregateResult Sum(bool average, int argument, SqlType type)
    {
        CountState count = Count([argument]);
        switch (type.Id)
        {
            case TypeId.SmallInt:
                SmallSumState<short> shorts = Share($"sum {argument}", () => new SmallSumState<short>(argument));
                return average ? new IntegerAvgResult(s => shorts.Sums[s], count) : new SmallSumResult(() => shorts.Sums, count);
            case TypeId.Integer:
                SmallSumState<int> ints = Share($"sum {argument}", () => new SmallSumState<int>(argument));
                return average ? new IntegerAvgResult(s => ints.Sums[s], count) : new SmallSumResult(() => ints.Sums, count);
            case TypeId.BigInt:
                BigSumState longs = Share($"sum {argument}", () => new BigSumState(argument));
                return average ? new IntegerAvgResult(s => longs.Sums[s], count) : new BigSumResult(longs, count);
            case TypeId.Real or TypeId.Double:
                FloatSumState floats = Share($"sum {argument}", () => new FloatSumState(argument, type.Id == TypeId.Real));
                return new FloatSumResult(floats, count, average);
            case TypeId.Numeric:
                NumericSumState numerics = Share($"sum {argument}", () => new NumericSumState(argument, !appendOnly && type.Scale < 0));
                return new NumericSumResult(numerics, count, average);
            case TypeId.Interval:
                IntervalSumState intervals = Share($"sum {argument}", () => new IntervalSumState(argument));
                return new IntervalSumResult(intervals, count, average);
            default:
                throw new SqlException("0A000", $"sum and avg of {type} are not supported", hint: "cast the argument to a number");
        }
    }

    private AggregateResult Extreme(bool max, int argument, SqlType type)
    {
        if (!appendOnly)
        {
            return Retractable(max, argument, type);
        }

        return type.Id switch
        {
            TypeId.Boolean => Extreme<bool, BooleanBits>(max, argument),
            TypeId.SmallInt => Extreme<short, Int16Bits>(max, argument),
            TypeId.Integer or TypeId.Date => Extreme<int, Int32Bits>(max, argument),
            TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => Extreme<long, Int64Bits>(max, argument),
            TypeId.Real => Extreme<float, SingleBits>(max, argument),
            TypeId.Double => Extreme<double, DoubleBits>(max, argument),
            _ => new BestResult(Own(new BestState(new RowCodec([type], exact: true, [max]), [argument], [argument]))),
        };
    }

    private MinMaxResult<T, TBits> Extreme<T, TBits>(bool max, int argument)
        where T : unmanaged
        where TBits : struct, IOrderedBits<T> =>
        new(Share($"extreme {argument} {max}", () => new MinMaxState<T, TBits>(argument, max)), Count([argument]));

    private AggregateResult Retractable(bool max, int argument, SqlType type) => type.Id switch
    {
        TypeId.Boolean => Retractable<bool, BooleanBits>(max, argument),
        TypeId.SmallInt => Retractable<short, Int16Bits>(max, argument),
        TypeId.Integer or TypeId.Date => Retractable<int, Int32Bits>(max, argument),
        TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz => Retractable<long, Int64Bits>(max, argument),

        // Values that may be equal and yet differ (a zero's sign, a numeric's scale) go by their whole bytes.
        _ => new FirstOfOrderResult(Share(
            $"order {argument} {max}", () => new OrderedState(input, [new SortKey(argument, max, false)], [argument], [argument], false))),
    };

    private ExtremeSetResult<T, TBits> Retractable<T, TBits>(bool max, int argument)
        where T : unmanaged
        where TBits : struct, IOrderedBits<T> =>
        new(Share($"set {argument} {max}", () => new ExtremeSet<T, TBits>(input, argument, max)));

    private DistinctCounts Distinct(int[] arguments)
    {
        string key = "distinct " + string.Join(',', arguments);
        if (!_distinct.TryGetValue(key, out DistinctCounts? state) || !state.HasRoom)
        {
            state = new DistinctCounts(input, arguments);
            _distinct[key] = state;
            _states.Add(state);
        }

        return state;
    }

    private static CountResult Counts(CountState state) => new(() => state.Counts);

    private CountState Count(int[] arguments) =>
        Share($"count {string.Join(',', arguments)}", () => new CountState(rows, arguments, _scope.Length == 0));

    private T Share<T>(string key, Func<T> make)
        where T : AggregateState
    {
        if (_shared.TryGetValue(_scope + key, out AggregateState? state))
        {
            return (T)state;
        }

        T made = Own(make());
        _shared.Add(_scope + key, made);
        return made;
    }

    private T Own<T>(T state)
        where T : AggregateState
    {
        _target.Add(state);
        return state;
    }
}
