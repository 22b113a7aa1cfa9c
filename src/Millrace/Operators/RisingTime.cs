// When the other side of a temporal comparison reaches a value: solved for n where it is n plus a constant, searched for otherwise.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// One <see cref="TimeBound"/> made ready: a function of the epoch's time that never falls. A value is looked up as the first epoch's time at which the
/// function is at least that value.
/// </summary>
internal sealed class RisingTime
{
    private const long SearchEnd = 1L << 62; // far behind the last timestamp that people use, and all spans can be added to it

    private readonly TimeBound _bound;
    private readonly EvalContext _own = new();
    private readonly Interpreter _interpreter;
    private readonly Batch _one = new([], 1);
    private readonly long? _plus;
    private long _knownValue;
    private long _knownTime;
    private bool _known;

    public RisingTime(TimeBound bound)
    {
        _bound = bound;
        _interpreter = new Interpreter(_own);
        _plus = Plus(bound.Now) is { } plus && !WouldOverflow(plus, bound.PlusMicros) ? plus + bound.PlusMicros : null;
    }

    /// <summary>The first time after <paramref name="now"/> at which the comparison with this value may change its answer; MaxValue for never.</summary>
    public long NextChange(long value, long now)
    {
        long next = long.MaxValue;
        if (_bound.AtReached && Reached(value) is var reached && reached > now)
        {
            next = reached;
        }

        if (_bound.AtPassed && Reached(value + 1) is var passed && passed > now)
        {
            next = Math.Min(next, passed);
        }

        return next;
    }

    private long Reached(long value)
    {
        if (_plus is { } plus)
        {
            return WouldOverflow(value, -plus) ? (plus < 0 ? long.MaxValue : long.MinValue) : value - plus;
        }

        if (!_known || _knownValue != value)
        {
            _knownTime = Search(value);
            _knownValue = value;
            _known = true;
        }

        return _knownTime;
    }

    private long Search(long value)
    {
        if (At(0) >= value)
        {
            return long.MinValue;
        }

        if (At(SearchEnd) < value)
        {
            return long.MaxValue;
        }

        (long low, long high) = (0, SearchEnd);
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            if (At(middle) >= value)
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        return high;
    }

    private long At(long time)
    {
        _own.NowMicros = time;
        object? value = _interpreter.Evaluate(_bound.Now, _one, 0);
        _own.NextRow();
        // A span that cannot be added that far from today: nothing is later.
        long micros = value switch { int days => days, long t => t, _ => long.MaxValue };
        return WouldOverflow(micros, _bound.PlusMicros) ? (_bound.PlusMicros > 0 ? long.MaxValue : long.MinValue) : micros + _bound.PlusMicros;
    }

    // now(), in UTC as a timestamp too, plus or minus spans of fixed length.
    private static long? Plus(ScalarExpr now) => now switch
    {
        _ when TimeBounds.IsPresent(now) => 0,
        CallExpr { Arguments.Count: 0, Function.Name: "localtimestamp" } => 0,
        CallExpr { Function.Name: "+" or "-", Arguments: [var t, LiteralExpr { Value: Interval { Months: 0 } by }] } call when Plus(t) is { } plus =>
            Sum(plus, by, call.Function.Name == "-" ? -1 : 1),
        CallExpr { Arguments: [{ Type.Id: TypeId.TimestampTz or TypeId.Timestamp } t], Type.Id: TypeId.TimestampTz or TypeId.Timestamp } => Plus(t),
        _ => null,
    };

    private static long? Sum(long plus, Interval by, int sign)
    {
        Int128 sum = plus + (sign * (((Int128)by.Days * 86_400_000_000) + by.Micros));
        return sum > long.MinValue && sum < long.MaxValue ? (long)sum : null;
    }

    private static bool WouldOverflow(long a, long b)
    {
        long sum = unchecked(a + b);
        return ((a ^ sum) & (b ^ sum)) < 0;
    }
}
