// From the terms of a filter to conditions that groups of rows can be judged by without reading them.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Store.Segments;

namespace Millrace.Engine;

/// <summary>Turns comparisons of a column with something constant into <see cref="ColumnRange"/>s.</summary>
internal static class Predicates
{
    // Of more values only the smallest and the largest count.
    private const int PointsMax = 64;

    /// <summary>What is understood of the terms; the others judge row by row later.</summary>
    /// <param name="terms">All of them hold for a row wanted.</param>
    /// <param name="context">Gives now() and the session's zone; null when only literals are constant.</param>
    public static List<ColumnRange> Ranges(IReadOnlyList<ScalarExpr> terms, EvalContext? context)
    {
        var ranges = new List<ColumnRange>();
        foreach (ScalarExpr term in terms)
        {
            if (Range(term, context) is { } range)
            {
                ranges.Add(range);
            }
        }

        return ranges;
    }

    /// <summary>True when the expression gives the same for the same row, within a statement or, unless <paramref name="stable"/>, at any time.</summary>
    public static bool IsRepeatable(ScalarExpr expr, bool stable = true) => expr switch
    {
        CallExpr e => e.Function.Volatility <= (stable ? Volatility.Stable : Volatility.Immutable) && e.Arguments.All(a => IsRepeatable(a, stable)),
        AndExpr e => e.Arguments.All(a => IsRepeatable(a, stable)),
        OrExpr e => e.Arguments.All(a => IsRepeatable(a, stable)),
        NotExpr e => IsRepeatable(e.Argument, stable),
        IsNullExpr e => IsRepeatable(e.Argument, stable),
        InListExpr e => IsRepeatable(e.Argument, stable),
        ColumnExpr or LiteralExpr => true,
        _ => false,
    };

    private static ColumnRange? Range(ScalarExpr term, EvalContext? context)
    {
        switch (term)
        {
            case CallExpr { Function.Name: "=" or "<" or "<=" or ">" or ">=", Arguments: [ColumnExpr column, var other] } call:
                return Compare(column, call.Function.Name, other, context);
            case CallExpr { Function.Name: "=" or "<" or "<=" or ">" or ">=", Arguments: [var other, ColumnExpr column] } call:
                return Compare(column, Mirrored(call.Function.Name), other, context);
            case InListExpr { Negated: false, Argument: ColumnExpr column } list:
                return OneOf(column, [.. list.Values.Where(v => v.Value is not null).Select(v => v.Value!)]);
            case OrExpr any when any.Arguments.All(a => a is CallExpr { Function.Name: "=", Arguments: [ColumnExpr, LiteralExpr] }):
                var terms = any.Arguments.Cast<CallExpr>().ToList();
                var first = (ColumnExpr)terms[0].Arguments[0];
                return terms.All(t => ((ColumnExpr)t.Arguments[0]).Index == first.Index && t.Arguments[1].Type.SameAs(first.Type))
                    ? OneOf(first, [.. terms.Select(t => ((LiteralExpr)t.Arguments[1]).Value).OfType<object>()])
                    : null;
            case OrExpr any:
                return AnyOf(any, context);
            default:
                return null;
        }
    }

    // Stretches of one column, each with a bound or two, and perhaps its nulls: (ts < a OR ts >= b AND ts < c OR ts IS NULL).
    private static ColumnRange? AnyOf(OrExpr any, EvalContext? context)
    {
        int column = -1;
        bool orNull = false;
        var stretches = new List<(long Min, long Max)>();
        foreach (ScalarExpr arm in any.Arguments)
        {
            if (arm is IsNullExpr { Negated: false, Argument: ColumnExpr tested } && (column < 0 || column == tested.Index))
            {
                (column, orNull) = (tested.Index, true);
                continue;
            }

            (long min, long max) = (long.MinValue, long.MaxValue);
            foreach (ScalarExpr bound in arm is AndExpr all ? all.Arguments : [arm])
            {
                if (bound is not CallExpr || Range(bound, context) is not { Integers: { } range } found || (column >= 0 && column != found.Column))
                {
                    return null;
                }

                column = found.Column;
                (min, max) = (Math.Max(min, range.Min), Math.Min(max, range.Max));
            }

            stretches.Add((min, max));
        }

        return column < 0 ? null : new ColumnRange(column) { AnyIntegers = stretches, OrNull = orNull };
    }

    private static string Mirrored(string comparison) => comparison switch
    {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => comparison,
    };

    private static ColumnRange? Compare(ColumnExpr column, string comparison, ScalarExpr other, EvalContext? context)
    {
        if (!other.Type.SameAs(column.Type) || BatchColumns.Used(other).Any() || !IsRepeatable(other) || (context is null && other is not LiteralExpr))
        {
            return null;
        }

        object? value;
        try
        {
            value = other is LiteralExpr literal ? literal.Value : ConstantFolder.Evaluate(other, context!).Value;
        }
        catch (SqlException)
        {
            // It fails for every row, and says so when there is one.
            return null;
        }

        if (Integer(value) is { } integer)
        {
            return new ColumnRange(column.Index)
            {
                Integers = comparison switch
                {
                    "=" => (integer, integer),
                    "<" => (long.MinValue, integer == long.MinValue ? integer : integer - 1),
                    "<=" => (long.MinValue, integer),
                    ">" => (integer == long.MaxValue ? integer : integer + 1, long.MaxValue),
                    _ => (integer, long.MaxValue),
                },
            };
        }

        double? real = value switch
        {
            float f => f,
            double d => d,
            _ => null,
        };
        if (real is { } number && !double.IsNaN(number))
        {
            return new ColumnRange(column.Index)
            {
                Floats = comparison switch
                {
                    "=" => (number, number),
                    "<" or "<=" => (double.NegativeInfinity, number),
                    _ => (number, double.PositiveInfinity),
                },
            };
        }

        return comparison == "=" && value is not null ? OneOf(column, [value]) : null;
    }

    private static ColumnRange? OneOf(ColumnExpr column, List<object> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        if (column.Type.Id == TypeId.Text && values.TrueForAll(v => v is ByteSlice))
        {
            return new ColumnRange(column.Index) { AnyOf = [.. values.Select(v => ((ByteSlice)v).Span.ToArray()).OrderBy(v => v, Bytes)] };
        }

        if (values.TrueForAll(v => v is Uuid))
        {
            return new ColumnRange(column.Index) { AnyOf = [.. values.Select(v => GroupFilter.BytesOf((Uuid)v)).OrderBy(v => v, Bytes)] };
        }

        List<long?> integers = [.. values.Select(Integer)];
        return !integers.TrueForAll(v => v is not null) ? null
            : integers.Count <= PointsMax ? new ColumnRange(column.Index) { AnyIntegers = [.. integers.Distinct().Order().Select(v => (v!.Value, v.Value))] }
            : new ColumnRange(column.Index) { Integers = (integers.Min()!.Value, integers.Max()!.Value) };
    }

    private static readonly Comparer<byte[]> Bytes = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static long? Integer(object? value) => value switch
    {
        bool v => v ? 1 : 0,
        short v => v,
        int v => v,
        long v => v,
        _ => null,
    };
}
