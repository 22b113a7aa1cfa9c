// Aggregates in two steps: what is kept of each window, how that is put together, and what the result is made of.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>A value that is computed by window, or of rows, and then put together.</summary>
/// <param name="OfRows">Computes it of rows, over the columns of the aggregate's input.</param>
/// <param name="Call">The same as a rollup may have it; null for the time of the first or last row, for which the window's start stands.</param>
/// <param name="Combine">Puts the values together.</param>
/// <param name="CombinedType">The type of that.</param>
/// <param name="Arguments">The parts that <paramref name="Combine"/> reads.</param>
/// <param name="IsRounded">True when the value was rounded once already: putting such values together rounds again.</param>
internal sealed record RollupPart(AggregateCall OfRows, RollupCall? Call, AggregateFunction Combine, SqlType CombinedType, IReadOnlyList<int> Arguments, bool IsRounded);

/// <summary>The parts of all calls of one aggregate.</summary>
internal sealed class RollupParts
{
    private readonly AggregatePlan _aggregate;
    private readonly GroupedRows _rows;
    private readonly FunctionCatalog _functions;
    private readonly List<RollupPart> _parts = [];
    private readonly List<Func<IReadOnlyList<ScalarExpr>, ScalarExpr>?> _results = [];

    public RollupParts(AggregatePlan aggregate, GroupedRows rows, FunctionCatalog functions)
    {
        (_aggregate, _rows, _functions) = (aggregate, rows, functions);
        Calls = [.. aggregate.Calls.Select(c => RollupCall.Of(c, rows))];
        foreach (AggregateCall call in aggregate.Calls)
        {
            _results.Add(call.Distinct || call.OrderBy.Count > 0 ? null : Result(call));
        }
    }

    /// <summary>The calls over the stream.</summary>
    public IReadOnlyList<RollupCall> Calls { get; }

    /// <summary>The parts, each once.</summary>
    public IReadOnlyList<RollupPart> Parts => _parts;

    /// <summary>True when windows must be told apart by every key of a rollup: of two rows in one window nobody knows which came first.</summary>
    public bool NeedsAllKeys { get; private set; }

    /// <summary>The first call that cannot be put together of parts, or −1.</summary>
    public int Whole => _results.FindIndex(r => r is null);

    /// <summary>A call's result, made of parts that were put together; null when it cannot be.</summary>
    public ScalarExpr? Result(int call, IReadOnlyList<ScalarExpr> combined) => _results[call]?.Invoke(combined);

    /// <summary>A conversion between two types; the expression itself when they are the same.</summary>
    public ScalarExpr Cast(ScalarExpr value, SqlType to) =>
        value.Type.SameAs(to) ? value : new CallExpr(_functions.FindCast(value.Type, to)!.Function, [value], to);

    private Func<IReadOnlyList<ScalarExpr>, ScalarExpr>? Result(AggregateCall call)
    {
        switch (call.Function.Name)
        {
            case "count":
                int counted = Count(call.Arguments, call.Filter);
                return parts => new CoalesceExpr([Cast(parts[counted], SqlType.BigInt), new LiteralExpr(0L, SqlType.BigInt)], SqlType.BigInt);
            case "sum" when Aggregate("sum", call.Type) is { } sum:
                int summed = Part(call, sum, rounded: IsFloat(call.Type));
                return parts => Cast(parts[summed], call.Type);
            case "avg":
                return Average(call);
            case "min" or "max" or "any_value" or "bool_and" or "every" or "bool_or" or "bit_and" or "bit_or" or "bit_xor":
                int best = Part(call, call.Function, rounded: false);
                return parts => parts[best];
            case "first" or "last" when call.Filter < 0 && _rows.Columns[call.Arguments[1]] is ColumnExpr time && time.Index == _rows.Time:
                NeedsAllKeys = true;
                return Extreme(call, time.Type);
            default:
                return null;
        }
    }

    private Func<IReadOnlyList<ScalarExpr>, ScalarExpr>? Average(AggregateCall call)
    {
        SqlType input = _aggregate.Input.Columns[call.Arguments[0]].Type;
        if (Aggregate("sum", input) is not { } sum || sum.Returns([input]) is not { } type || Aggregate("sum", type) is not { } combine)
        {
            return null;
        }

        // A sum of reals is rounded to one; the mean is made of what was before. A mean of intervals has rules of its own.
        if (type.Id is not (TypeId.BigInt or TypeId.Numeric or TypeId.Double))
        {
            return null;
        }

        int total = Part(new AggregateCall(sum, call.Arguments, false, call.Filter, [], type), combine, rounded: IsFloat(type));
        int count = Count(call.Arguments, call.Filter);
        ScalarFunction? divide = _functions.FindScalars("/").FirstOrDefault(f => f.Parameters is [{ Type: { } a }, { Type: { } b }] && a.SameAs(call.Type) && b.SameAs(call.Type));
        return divide is null ? null : parts => new CallExpr(divide, [Cast(parts[total], call.Type), Cast(parts[count], call.Type)], call.Type);
    }

    private Func<IReadOnlyList<ScalarExpr>, ScalarExpr>? Extreme(AggregateCall call, SqlType timeType)
    {
        AggregateFunction? of = Aggregate(call.Function.Name == "first" ? "min" : "max", timeType);
        if (of is null)
        {
            return null;
        }

        int time = _parts.Count;
        _parts.Add(new RollupPart(new AggregateCall(of, [call.Arguments[1]], false, -1, [], timeType), null, of, timeType, [time], false));
        _parts.Add(new RollupPart(call, RollupCall.Of(call, _rows), call.Function, call.Type, [time + 1, time], false));
        return parts => parts[time + 1];
    }

    private int Count(IReadOnlyList<int> arguments, int filter)
    {
        AggregateFunction count = _functions.FindAggregates("count").First(a => a.Parameters.Count == arguments.Count);
        return Part(new AggregateCall(count, arguments, false, filter, [], SqlType.BigInt), Aggregate("sum", SqlType.BigInt)!, rounded: false);
    }

    private int Part(AggregateCall ofRows, AggregateFunction combine, bool rounded)
    {
        RollupCall call = RollupCall.Of(ofRows, _rows);
        int at = _parts.FindIndex(p => p.Call is { } c && c.IsSameAs(call));
        if (at < 0)
        {
            at = _parts.Count;
            _parts.Add(new RollupPart(ofRows, call, combine, combine.Returns([ofRows.Type]), [at], rounded));
        }

        return at;
    }

    private AggregateFunction? Aggregate(string name, SqlType argument) =>
        _functions.FindAggregates(name).FirstOrDefault(a => a.Parameters is [{ Type: { } type }] && type.SameAs(argument));

    private static bool IsFloat(SqlType type) => type.Id is TypeId.Real or TypeId.Double;
}
