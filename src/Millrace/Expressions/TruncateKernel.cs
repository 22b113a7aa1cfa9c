// date_trunc and time_bucket over whole columns of time: rows that follow one another mostly fall into the same period.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Cuts a column of timestamps to periods that divide a day. The period of one row is kept and the next row compared with it, so that a division is needed only when
/// the period changes. Whatever is not of this form is left to the compiled loop.
/// </summary>
internal sealed class TruncateKernel
{
    private readonly int _column;
    private readonly long _unit;
    private readonly bool _inZone;

    private TruncateKernel(int column, long unit, bool inZone)
    {
        _column = column;
        _unit = unit;
        _inZone = inZone;
    }

    /// <summary>The kernel for an expression; null when it is another.</summary>
    public static TruncateKernel? For(ScalarExpr expr)
    {
        if (expr is not CallExpr { Arguments: [LiteralExpr { Value: { } width }, ColumnExpr column] } call || !column.Type.IsTimestamp)
        {
            return null;
        }

        switch (call.Function.Name, width)
        {
            case ("date_trunc", ByteSlice name) when Unit(name.ToString()) is > 0 and long unit:
                return new TruncateKernel(column.Index, unit, column.Type.Id == TypeId.TimestampTz);
            case ("time_bucket", Interval { Months: 0 } interval) when interval.Span > 0 && Calendar.DayMicros % interval.Span == 0:
                return new TruncateKernel(column.Index, (long)interval.Span, inZone: false);
            default:
                return null;
        }
    }

    /// <summary>Appends the periods of all rows; false, and nothing done, when this batch or zone needs the compiled loop.</summary>
    public bool TryRun(Batch input, ColumnBuilder output, EvalContext context)
    {
        if (input.Columns[_column] is not FixedColumn<long> { Validity: null } column || (_inZone && context.TimeZone != TimeZoneInfo.Utc))
        {
            return false;
        }

        var into = (FixedBuilder<long>)output;
        int first = into.Count;
        Span<long> periods = into.Reserve(input.Count).AsSpan(first, input.Count);
        ReadOnlySpan<long> times = column.Values.AsSpan(0, input.Count);
        long start = 0;
        ulong unit = (ulong)_unit;
        for (int i = 0; i < times.Length; i++)
        {
            if ((ulong)(times[i] - start) >= unit)
            {
                start = Start(times[i]);
                if (Calendar.IsInfinite(times[i]))
                {
                    periods[i] = times[i];
                    start = 0;
                    continue;
                }
            }

            periods[i] = start;
        }

        into.Advance(input.Count);
        return true;
    }

    private long Start(long time)
    {
        long rest = time % _unit;
        return time - (rest < 0 ? rest + _unit : rest);
    }

    private static long Unit(string name) => name.ToLowerInvariant() switch
    {
        "milliseconds" => 1_000,
        "second" => Calendar.SecondMicros,
        "minute" => Calendar.MinuteMicros,
        "hour" => Calendar.HourMicros,
        "day" => Calendar.DayMicros,
        _ => 0,
    };
}
