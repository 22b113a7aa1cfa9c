// When a condition on now() changes its answer for a row: comparisons of the row's time with a time that rises with the clock.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// A comparison of a value of the row with a time that rises with now(), such as <c>at &gt; now() - INTERVAL '1 hour'</c>. As time passes its answer changes at
/// most twice: when the rising time reaches the value, and when it passes it.
/// </summary>
/// <param name="Row">The row's side: a date or timestamp that does not depend on now().</param>
/// <param name="Now">The other side: of the same type, without columns, never falling as now() rises.</param>
/// <param name="PlusMicros">What is added to the other side, µs; only for timestamps.</param>
/// <param name="AtReached">True when the answer may change as the other side becomes equal to or later than the row's.</param>
/// <param name="AtPassed">True when it may change as the other side becomes later than the row's.</param>
public sealed record TimeBound(ScalarExpr Row, ScalarExpr Now, long PlusMicros, bool AtReached, bool AtPassed);

/// <summary>Takes conditions on now() apart.</summary>
public static class TimeBounds
{
    /// <summary>True when the value depends on what time it is.</summary>
    public static bool TellsTime(ScalarExpr expr) => ExprMap.Any(expr, IsClock);

    /// <summary>True for the present time itself: a call that gives what the epoch's time is.</summary>
    public static bool IsPresent(ScalarExpr expr) => expr is CallExpr { Arguments.Count: 0 } && IsClock(expr) && expr.Type.Id == TypeId.TimestampTz;

    /// <summary>
    /// All comparisons with now() in a condition; null when now() stands anywhere else in it, so that nobody could say when its answer changes.
    /// </summary>
    public static IReadOnlyList<TimeBound>? Of(ScalarExpr condition)
    {
        var bounds = new List<TimeBound>();
        return Collect(condition, bounds) ? bounds : null;
    }

    private static bool Collect(ScalarExpr expr, List<TimeBound> bounds)
    {
        if (!TellsTime(expr))
        {
            return true;
        }

        if (expr is CallExpr { Function.Name: "<" or "<=" or ">" or ">=" or "=" or "<>", Arguments: [var left, var right] } call)
        {
            TimeBound? bound = Bound(call.Function.Name, left, right) ?? Bound(Mirrored(call.Function.Name), right, left);
            if (bound is not null)
            {
                bounds.Add(bound);
            }

            return bound is not null;
        }

        // Anything may be made of the answers of comparisons: each row is asked again when one of them has changed.
        return expr.Type.Id == TypeId.Boolean && expr is not CallExpr && ExprMap.Children(expr).All(c => Collect(c, bounds));
    }

    private static TimeBound? Bound(string comparison, ScalarExpr row, ScalarExpr now)
    {
        if (IsTime(now.Type) && !TellsTime(row) && Rises(now))
        {
            return new TimeBound(row, now, 0, comparison is not (">=" or "<"), comparison is not (">" or "<="));
        }

        // now() - at < INTERVAL '1 hour', from which at > now() - INTERVAL '1 hour'. Such differences are days and hours, whatever the calendar says.
        if (row.Type.Id != TypeId.Interval || now is not LiteralExpr { Value: Interval span } || row is not CallExpr { Function.Name: "-", Arguments: [var later, var earlier] }
            || !IsTimestamp(later.Type) || !IsTimestamp(earlier.Type))
        {
            return null;
        }

        Int128 micros = ((((Int128)span.Months * 30) + span.Days) * 86_400_000_000) + span.Micros;
        if (micros < -long.MaxValue || micros > long.MaxValue)
        {
            return null;
        }

        return TellsTime(earlier)
            ? Bound(comparison, later, earlier) is { } after ? after with { PlusMicros = (long)micros } : null
            : Bound(Mirrored(comparison), earlier, later) is { } before ? before with { PlusMicros = -(long)micros } : null;
    }

    private static string Mirrored(string comparison) => comparison switch
    {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => comparison,
    };

    // In a view the zone is UTC: there local time never goes back.
    private static bool Rises(ScalarExpr expr)
    {
        if (!IsTime(expr.Type) || expr is not CallExpr call)
        {
            return false;
        }

        return call switch
        {
            { Arguments.Count: 0 } => IsClock(call),
            { Function.Name: "current_timestamp" or "localtimestamp", Arguments: [var digits] } => IsFixed(digits),
            { Function.Name: "+", Arguments: [var by, var t] } when IsTime(t.Type) => IsFixed(by) && Rises(t),
            { Function.Name: "+" or "-", Arguments: [var t, var by] } => !IsTime(by.Type) && IsFixed(by) && Rises(t),
            { Function.Name: "date_trunc" or "time_bucket" or "date_bin", Arguments: [var unit, var t] } => IsFixed(unit) && Rises(t),
            { Function.Name: "date_bin", Arguments: [var unit, var t, var origin] } => IsFixed(unit) && IsFixed(origin) && Rises(t),
            { Function.Name: "timezone", Arguments: [LiteralExpr { Value: ByteSlice zone }, var t] } => zone.ToString().Equals("utc", StringComparison.OrdinalIgnoreCase) && Rises(t),
            { Arguments: [var t] } => Rises(t),
            _ => false,
        };
    }

    private static bool IsFixed(ScalarExpr expr) => !TellsTime(expr) && !ExprMap.Any(expr, e => e is ColumnExpr) && !ExprMap.IsVolatile(expr);

    private static bool IsTime(SqlType type) => type.Id is TypeId.Timestamp or TypeId.TimestampTz or TypeId.Date;

    private static bool IsTimestamp(SqlType type) => type.Id is TypeId.Timestamp or TypeId.TimestampTz;

    private static bool IsClock(ScalarExpr e) => e is CallExpr
    {
        Function.Name: "now" or "current_timestamp" or "transaction_timestamp" or "statement_timestamp" or "proctime"
        or "clock_timestamp" or "localtimestamp" or "current_date" or "localtime" or "current_time"
    };
}
