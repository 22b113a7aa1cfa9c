// Which functions of a time are the same for all times of a window, so that the window's start stands for all of them.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Looks at expressions of one time column.</summary>
internal static class CoarseTime
{
    private const long Second = 1_000_000;
    private const long Hour = 3600 * Second;
    private const long Day = 24 * Hour;

    // Where time_bucket counts from: Monday, 3 January 2000.
    private const long BucketOrigin = 10_959 * Day;

    /// <summary>
    /// The windows within which a call has one value; null when it is none of this kind. Any window that divides these does as well.
    /// </summary>
    /// <param name="expr">A call on the time column.</param>
    /// <param name="time">The column.</param>
    /// <param name="localIsUtc">True when what depends on the session's zone counts in UTC.</param>
    public static Bucket? Of(ScalarExpr expr, int time, bool localIsUtc)
    {
        if (expr is not CallExpr call || (call.Function.Volatility != Volatility.Immutable && !localIsUtc))
        {
            return null;
        }

        bool IsTime(ScalarExpr e) => e is ColumnExpr c && c.Index == time;
        switch (call)
        {
            case { Function.Name: "time_bucket" or "time_bucket_gapfill", Arguments: [LiteralExpr { Value: Interval width }, var t, ..] } when IsTime(t):
                return width.Months != 0 ? call.Arguments.Count == 2 ? new Bucket(Day, 0) : null
                    : Span(width) is { } size && Origin(call) is { } origin ? new Bucket(size, origin) : null;
            case { Function.Name: "date_bin", Arguments: [LiteralExpr { Value: Interval { Months: 0 } width }, var t, LiteralExpr { Value: long from }] } when IsTime(t):
                return Span(width) is { } stride ? new Bucket(stride, from) : null;
            case { Function.Name: "date_trunc" or "extract" or "date_part", Arguments: [LiteralExpr { Value: ByteSlice unit }, var t] } when IsTime(t):
                // The second that extract gives has its fraction.
                return Unit(unit.ToString().ToLowerInvariant()) is { } length && (length > Second || call.Function.Name == "date_trunc") ? new Bucket(length, 0) : null;
            case { Function.Name: "date", Arguments: [var t], Type.Id: TypeId.Date } when IsTime(t):
                return new Bucket(Day, 0);
            default:
                return null;
        }
    }

    /// <summary>The windows whose start the call gives; null when it gives another value of the window, or windows of differing length.</summary>
    public static Bucket? StartOf(ScalarExpr expr, int time, bool localIsUtc) => expr switch
    {
        CallExpr { Function.Name: "time_bucket" or "time_bucket_gapfill" or "date_bin", Arguments: [LiteralExpr { Value: Interval { Months: 0 } }, ..] } => Of(expr, time, localIsUtc),
        CallExpr { Function.Name: "date_trunc", Arguments: [LiteralExpr { Value: ByteSlice unit }, _] }
            when unit.ToString().ToLowerInvariant() is not ("week" or "month" or "quarter" or "year" or "decade" or "century" or "millennium") => Of(expr, time, localIsUtc),
        _ => null,
    };

    private static long? Span(Interval width) => ((Int128)width.Days * Day) + width.Micros is var size && size > 0 && size <= long.MaxValue ? (long)size : null;

    private static long? Origin(CallExpr call) => call switch
    {
        { Arguments.Count: 2 } or { Function.Name: "time_bucket_gapfill" } => BucketOrigin,
        { Arguments: [_, _, LiteralExpr { Value: long origin }] } => origin,
        { Arguments: [_, _, LiteralExpr { Value: Interval { Months: 0 } shift }] } => BucketOrigin + (shift.Days * Day) + shift.Micros,
        _ => null,
    };

    private static long? Unit(string unit) => unit switch
    {
        "second" => Second,
        "minute" => 60 * Second,
        "hour" => Hour,
        "day" or "dow" or "isodow" or "doy" or "week" or "month" or "quarter" or "year" or "isoyear" or "decade" or "century" or "millennium" => Day,
        _ => null,
    };
}
