// More of arrays: made, measured and summed up. Those that PostgreSQL lacks are RisingWave's.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>array_fill, array_dims, array_max and their relatives.</summary>
internal static class ArrayMoreFunctions
{
    private const int ElementsMax = 10_000_000;

    public static void Register(FunctionRegistry r)
    {
        r.Group("Arrays");
        r.F("array_fill(elem, int4[]) array", new GenericBody(Method(nameof(Fill)), (types, _) => [types[0]]), "A value several times", "array_fill(7, ARRAY[3]) → {7,7,7}");
        r.F("array_dims(array) text", (ListSlice a, EvalContext c) => a.Count > 0 ? c.Scratch.Copy($"[1:{a.Count}]") : (ByteSlice?)null, "First and last position, as text",
            "array_dims(ARRAY[5, 6]) → [1:2]");
        r.F("array_length(array) int4", (ListSlice a) => a.Count, "Number of elements", "array_length(ARRAY[1, 2]) → 2");
        r.F("array_position(array, elem, int4) int4", new GenericBody(Method(nameof(PositionFrom)), (types, _) => [types[1]]), "First position of a value from one on",
            "array_position(ARRAY['a', 'b', 'a'], 'a', 2) → 3");
        r.F("array_max(array) elem", new GenericBody(Method(nameof(Greatest)), (_, result) => [result]), "The largest element", "array_max(ARRAY[1, 3, 2]) → 3");
        r.F("array_min(array) elem", new GenericBody(Method(nameof(Least)), (_, result) => [result]), "The smallest element", "array_min(ARRAY[3, 1, 2]) → 1");
        r.F("array_sum(int4[]) int8", (ListSlice a) => Sum<int, long>(a, (s, v) => checked(s + v)), "The sum of the elements", "array_sum(ARRAY[1, 2, NULL]) → 3");
        r.F("array_sum(int8[]) numeric", (ListSlice a) => Sum<long, Numeric>(a, (s, v) => s + Numeric.From(v)), "The sum of the elements", "array_sum(ARRAY[1::bigint, 2]) → 3");
        r.F("array_sum(numeric[]) numeric", (ListSlice a) => Sum<Numeric, Numeric>(a, (s, v) => s + v), "The sum of the elements", "array_sum(ARRAY[1.5, 2]) → 3.5");
        r.F("array_sum(float8[]) float8", (ListSlice a) => Sum<double, double>(a, (s, v) => s + v), "The sum of the elements", "array_sum(ARRAY[1.5::float8, 2]) → 3.5");
        r.F("array_reverse(array) array", Reverse, "Elements from last to first", "array_reverse(ARRAY[1, 2, 3]) → {3,2,1}");
        r.F("array_contains(array, array) bool", (ListSlice a, ListSlice b) => ArrayFunctions.Contains(a, b), "Contains all elements of the second", "array_contains(ARRAY[1, 2], ARRAY[2]) → true");
        r.F("array_join(array, text) text", (ListSlice a, ByteSlice s, EvalContext c) => ArrayFunctions.ToText(a, s, null, c), "Elements as text with a separator",
            "array_join(ARRAY['a', 'b'], '-') → a-b");
        r.F("array_compares(array, elem, int4) bool", new GenericBody(Method(nameof(Compares)), (types, _) => [types[1]]),
            "Has an element that is less than (1), equal to (2) or greater than (4) a value, or one of several of these: value > ANY(array) and its relatives",
            "array_compares(ARRAY[1, 5], 3, 1) → true");
        r.F("width_bucket(elem, array) int4", new GenericBody(Method(nameof(Bucket)), (types, _) => [types[0]]), "Which of the ranges that begin at the elements; 0 before the first",
            "width_bucket(5, ARRAY[1, 3, 6]) → 2");
    }

    private static System.Reflection.MethodInfo Method(string name) =>
        typeof(ArrayMoreFunctions).GetMethod(name, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!;

    private static ListSlice Fill<T>(T? value, ListSlice? lengths, SqlType type, EvalContext context)
        where T : struct
    {
        if (lengths is not { } given || given.Count == 0)
        {
            throw new SqlException("22004", "dimension array or low bound array cannot be null", hint: "give one length, as in array_fill(0, ARRAY[3])");
        }

        if (given.Count > 1)
        {
            throw new SqlException("0A000", "arrays of several dimensions are not supported", hint: "give one length");
        }

        var values = (FixedColumn<int>)given.Elements;
        int count = values.IsNull(given.Start) ? throw new SqlException("22004", "dimension values cannot be null") : values.Values[given.Start];
        if (count is < 0 or > ElementsMax)
        {
            throw new SqlException("54000", $"array size exceeds the maximum allowed ({ElementsMax})");
        }

        ColumnBuilder builder = context.NewBuilder(type.Element!);
        for (int i = 0; i < count; i++)
        {
            BoxedValue.Append(builder, value);
        }

        return new ListSlice(builder.View(), 0, builder.Count);
    }

    private static bool? Compares<T>(ListSlice? array, T? value, int? wanted)
        where T : struct
    {
        bool unknown = array is null;
        for (int i = 0; i < array?.Count; i++)
        {
            if (value is not { } v || array.Value.Elements.IsNull(array.Value.Start + i))
            {
                unknown = true;
                continue;
            }

            int order = Ordering.Compare(ArrayFunctions.Cell<T>(array.Value.Elements, array.Value.Start + i), v);
            if ((wanted & (order < 0 ? 1 : order == 0 ? 2 : 4)) != 0)
            {
                return true;
            }
        }

        return unknown ? null : false;
    }

    private static int? PositionFrom<T>(ListSlice? array, T? value, int? from)
        where T : struct
    {
        if (from is not { } first)
        {
            throw new SqlException("22004", "initial position must not be null");
        }

        for (int i = Math.Max(first, 1) - 1; i < array?.Count; i++)
        {
            if (ArrayFunctions.Is(array.Value, i, value))
            {
                return i + 1;
            }
        }

        return null;
    }

    private static T? Greatest<T>(ListSlice array)
        where T : struct => Extreme<T>(array, 1);

    private static T? Least<T>(ListSlice array)
        where T : struct => Extreme<T>(array, -1);

    private static T? Extreme<T>(ListSlice a, int sign)
        where T : struct
    {
        int best = -1;
        for (int i = a.Start; i < a.Start + a.Count; i++)
        {
            if (!a.Elements.IsNull(i) && (best < 0 || Ordering.CompareCells(a.Elements, i, a.Elements, best) * sign > 0))
            {
                best = i;
            }
        }

        return best < 0 ? null : ArrayFunctions.Cell<T>(a.Elements, best);
    }

    private static TSum? Sum<T, TSum>(ListSlice a, Func<TSum, T, TSum> add)
        where T : unmanaged
        where TSum : struct
    {
        TSum? sum = null;
        var column = (FixedColumn<T>)a.Elements;
        for (int i = a.Start; i < a.Start + a.Count; i++)
        {
            if (!column.IsNull(i))
            {
                try
                {
                    sum = add(sum ?? default, column.Values[i]);
                }
                catch (OverflowException)
                {
                    throw new SqlException("22003", "bigint out of range");
                }
            }
        }

        return sum;
    }

    private static ListSlice Reverse(ListSlice a, EvalContext context)
    {
        ColumnBuilder builder = context.NewBuilder(a.Elements.Type);
        for (int i = a.Count - 1; i >= 0; i--)
        {
            builder.AppendFrom(a.Elements, a.Start + i);
        }

        return new ListSlice(builder.View(), 0, builder.Count);
    }

    // The elements are in order, as PostgreSQL asks for; so the first that is larger ends the search.
    private static int Bucket<T>(T value, ListSlice bounds)
        where T : struct
    {
        int low = 0;
        int high = bounds.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (bounds.Elements.IsNull(bounds.Start + middle))
            {
                throw new SqlException("22004", "thresholds array must not contain NULLs");
            }

            if (Ordering.Compare(ArrayFunctions.Cell<T>(bounds.Elements, bounds.Start + middle), value) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
