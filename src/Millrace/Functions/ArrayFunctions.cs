// Operators and functions of arrays.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Arrays of one dimension, counted from 1.</summary>
internal static class ArrayFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Arrays");
        r.F("[](array, int4) elem", new GenericBody(Method(nameof(Element)), (_, result) => [result]), "The n-th element",
            "(ARRAY[10, 20])[2] → 20");
        r.F("[:](array, int4, int4) array", Slice, "Elements from one position to another", "(ARRAY[1, 2, 3])[2:3] → {2,3}");
        r.F("array_length(array, int4) int4", (ListSlice a, int d) => d == 1 && a.Count > 0 ? a.Count : (int?)null, "Number of elements",
            "array_length(ARRAY[1, 2], 1) → 2");
        r.F("cardinality(array) int4", (ListSlice a) => a.Count, "Number of elements", "cardinality(ARRAY[1, 2]) → 2");
        r.F("array_ndims(array) int4", (ListSlice a) => a.Count > 0 ? 1 : (int?)null, "Number of dimensions", "array_ndims(ARRAY[1]) → 1");
        r.F("array_lower(array, int4) int4", (ListSlice a, int d) => d == 1 && a.Count > 0 ? 1 : (int?)null, "First position",
            "array_lower(ARRAY[5], 1) → 1");
        r.F("array_upper(array, int4) int4", (ListSlice a, int d) => d == 1 && a.Count > 0 ? a.Count : (int?)null, "Last position",
            "array_upper(ARRAY[5, 6], 1) → 2");
        r.F("array_subscripts(array, int4) int4[]", (ListSlice a, int d, EvalContext c) => Subscripts(a, d, reverse: false, c),
            "All positions; generate_subscripts gives them as rows", "array_subscripts(ARRAY['a', 'b'], 1) → {1,2}");
        r.F("array_subscripts(array, int4, bool) int4[]", (ListSlice a, int d, bool reverse, EvalContext c) => Subscripts(a, d, reverse, c),
            "All positions, the last one first where the third argument is true", "array_subscripts(ARRAY['a', 'b'], 1, true) → {2,1}");
        r.F("||(array, array) array", (ListSlice? a, ListSlice? b, EvalContext c) => Concat(a, b, c), "One array after the other",
            "ARRAY[1] || ARRAY[2, 3] → {1,2,3}");
        r.F("array_cat(array, array) array", (ListSlice? a, ListSlice? b, EvalContext c) => Concat(a, b, c), "One array after the other",
            "array_cat(ARRAY[1], ARRAY[2]) → {1,2}");
        Generic(r, "||(array, elem) array", nameof(Append), 1, "With an element behind", "ARRAY[1, 2] || 3 → {1,2,3}");
        Generic(r, "||(elem, array) array", nameof(Prepend), 0, "With an element in front", "1 || ARRAY[2, 3] → {1,2,3}");
        Generic(r, "array_append(array, elem) array", nameof(Append), 1, "With an element behind", "array_append(ARRAY[1], 2) → {1,2}");
        Generic(r, "array_prepend(elem, array) array", nameof(Prepend), 0, "With an element in front", "array_prepend(1, ARRAY[2]) → {1,2}");
        Generic(r, "array_remove(array, elem) array", nameof(Remove), 1, "Without the elements equal to a value", "array_remove(ARRAY[1, 2, 1], 1) → {2}");
        Generic(r, "array_replace(array, elem, elem) array", nameof(Replace), 1, "Elements equal to a value replaced", "array_replace(ARRAY[1, 2], 2, 5) → {1,5}");
        Generic(r, "array_holds(array, elem) bool", nameof(Holds), 1, "Has an element equal to a value: value = ANY(array)", "array_holds(ARRAY['a', 'b'], 'b') → true");
        Generic(r, "array_position(array, elem) int4", nameof(Position), 1, "First position of a value", "array_position(ARRAY['a', 'b'], 'b') → 2");
        Generic(r, "array_positions(array, elem) int4[]", nameof(Positions), 1, "All positions of a value", "array_positions(ARRAY[1, 2, 1], 1) → {1,3}");
        r.F("@>(array, array) bool", (ListSlice a, ListSlice b) => Contains(a, b), "Contains all elements of",
            "ARRAY[1, 4, 3] @> ARRAY[3, 1] → true");
        r.F("<@(array, array) bool", (ListSlice a, ListSlice b) => Contains(b, a), "All its elements are in",
            "ARRAY[1] <@ ARRAY[1, 2] → true");
        r.F("&&(array, array) bool", Overlap, "Have an element in common", "ARRAY[1, 2] && ARRAY[2, 3] → true");
        r.F("array_to_string(array, text) text", (ListSlice a, ByteSlice s, EvalContext c) => ToText(a, s, null, c),
            "Elements as text with a separator; nulls left out", "array_to_string(ARRAY[1, 2], ',') → 1,2");
        r.F("array_to_string(array, text, text) text",
            (ListSlice? a, ByteSlice? s, ByteSlice? n, EvalContext c) => a is { } list && s is { } separator ? ToText(list, separator, n, c) : null,
            "Elements as text, nulls as given", "array_to_string(ARRAY[1, NULL], ',', '*') → 1,*");
        r.F("string_to_array(text, text) text[]", (ByteSlice? s, ByteSlice? d, EvalContext c) => Split(s, d, null, c),
            "Parts of a text between separators", "string_to_array('a,b', ',') → {a,b}");
        r.F("string_to_array(text, text, text) text[]", (ByteSlice? s, ByteSlice? d, ByteSlice? n, EvalContext c) => Split(s, d, n, c),
            "Parts of a text, one of them read as null", "string_to_array('a,b', ',', 'b') → {a,NULL}");
        r.F("trim_array(array, int4) array", TrimEnd, "Without the last elements", "trim_array(ARRAY[1, 2, 3], 2) → {1}");
        r.F("array_sort(array) array", Sort, "Elements in order", "array_sort(ARRAY[3, 1, 2]) → {1,2,3}");
        r.F("array_distinct(array) array", Distinct, "Each different element once, in order", "array_distinct(ARRAY[2, 1, 2]) → {1,2}");
    }

    private static System.Reflection.MethodInfo Method(string name) =>
        typeof(ArrayFunctions).GetMethod(name, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!;

    private static void Generic(FunctionRegistry r, string signature, string method, int element, string doc, string example) =>
        r.F(signature, new GenericBody(Method(method), (types, _) => [types[element]]), doc, example);

    private static T? Element<T>(ListSlice array, int position)
        where T : struct
    {
        if (position < 1 || position > array.Count || array.Elements.IsNull(array.Start + position - 1))
        {
            return null;
        }

        return Cell<T>(array.Elements, array.Start + position - 1);
    }

    internal static T Cell<T>(Column column, int row)
        where T : struct
    {
        if (typeof(T) == typeof(ByteSlice))
        {
            return (T)(object)((BytesColumn)column).Slice(row);
        }

        return (T)BoxedValue.Get(column, row)!;
    }

    private static ListSlice Slice(ListSlice a, int from, int to)
    {
        int first = Math.Max(from, 1);
        int last = Math.Min(to, a.Count);
        return new ListSlice(a.Elements, a.Start + first - 1, Math.Max(0, last - first + 1)) is { Count: > 0 } part ? part : new ListSlice(a.Elements, a.Start, 0);
    }

    private static ListSlice Subscripts(ListSlice a, int dimension, bool reverse, EvalContext context)
    {
        var builder = (FixedBuilder<int>)context.NewBuilder(SqlType.Integer);
        int count = dimension == 1 ? a.Count : 0;
        for (int i = 1; i <= count; i++)
        {
            builder.Append(reverse ? count + 1 - i : i);
        }

        return View(builder);
    }

    private static ListSlice View(ColumnBuilder builder) => new(builder.View(), 0, builder.Count);

    private static ListSlice? Concat(ListSlice? a, ListSlice? b, EvalContext context)
    {
        if (a is not { } x || b is not { } y)
        {
            return a ?? b;
        }

        ColumnBuilder builder = context.NewBuilder(x.Elements.Type);
        builder.AppendRange(x.Elements, x.Start, x.Count);
        builder.AppendRange(y.Elements, y.Start, y.Count);
        return View(builder);
    }

    private static ListSlice Append<T>(ListSlice? array, T? value, SqlType type, EvalContext context)
        where T : struct
    {
        ColumnBuilder builder = context.NewBuilder(type.Element!);
        builder.AppendRange(array?.Elements ?? Column.Empty(type.Element!), array?.Start ?? 0, array?.Count ?? 0);
        BoxedValue.Append(builder, value);
        return View(builder);
    }

    private static ListSlice Prepend<T>(T? value, ListSlice? array, SqlType type, EvalContext context)
        where T : struct
    {
        ColumnBuilder builder = context.NewBuilder(type.Element!);
        BoxedValue.Append(builder, value);
        builder.AppendRange(array?.Elements ?? Column.Empty(type.Element!), array?.Start ?? 0, array?.Count ?? 0);
        return View(builder);
    }

    internal static bool Is<T>(ListSlice array, int i, T? value)
        where T : struct
    {
        bool isNull = array.Elements.IsNull(array.Start + i);
        return value is { } v ? !isNull && Ordering.Equal(Cell<T>(array.Elements, array.Start + i), v) : isNull;
    }

    private static ListSlice? Remove<T>(ListSlice? array, T? value, EvalContext context)
        where T : struct
    {
        if (array is not { } a)
        {
            return null;
        }

        ColumnBuilder builder = context.NewBuilder(a.Elements.Type);
        for (int i = 0; i < a.Count; i++)
        {
            if (!Is(a, i, value))
            {
                builder.AppendFrom(a.Elements, a.Start + i);
            }
        }

        return View(builder);
    }

    private static ListSlice? Replace<T>(ListSlice? array, T? from, T? to, EvalContext context)
        where T : struct
    {
        if (array is not { } a)
        {
            return null;
        }

        ColumnBuilder builder = context.NewBuilder(a.Elements.Type);
        for (int i = 0; i < a.Count; i++)
        {
            if (Is(a, i, from))
            {
                BoxedValue.Append(builder, to);
            }
            else
            {
                builder.AppendFrom(a.Elements, a.Start + i);
            }
        }

        return View(builder);
    }

    // As the operator: unknown when nothing is equal and a null may be.
    private static bool? Holds<T>(ListSlice? array, T? value)
        where T : struct
    {
        bool unknown = array is null;
        for (int i = 0; i < array?.Count; i++)
        {
            bool isNull = value is null || array.Value.Elements.IsNull(array.Value.Start + i);
            if (!isNull && Is(array.Value, i, value))
            {
                return true;
            }

            unknown |= isNull;
        }

        return unknown ? null : false;
    }

    private static int? Position<T>(ListSlice? array, T? value)
        where T : struct
    {
        for (int i = 0; i < array?.Count; i++)
        {
            if (Is(array.Value, i, value))
            {
                return i + 1;
            }
        }

        return null;
    }

    private static ListSlice? Positions<T>(ListSlice? array, T? value, EvalContext context)
        where T : struct
    {
        if (array is not { } a)
        {
            return null;
        }

        var builder = (FixedBuilder<int>)context.NewBuilder(SqlType.Integer);
        for (int i = 0; i < a.Count; i++)
        {
            if (Is(a, i, value))
            {
                builder.Append(i + 1);
            }
        }

        return View(builder);
    }

    private static bool Has(ListSlice a, Column column, int row)
    {
        for (int i = 0; i < a.Count; i++)
        {
            if (!a.Elements.IsNull(a.Start + i) && Ordering.CompareCells(a.Elements, a.Start + i, column, row) == 0)
            {
                return true;
            }
        }

        return false;
    }

    internal static bool Contains(ListSlice a, ListSlice b)
    {
        for (int i = 0; i < b.Count; i++)
        {
            if (b.Elements.IsNull(b.Start + i) || !Has(a, b.Elements, b.Start + i))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Overlap(ListSlice a, ListSlice b)
    {
        for (int i = 0; i < b.Count; i++)
        {
            if (!b.Elements.IsNull(b.Start + i) && Has(a, b.Elements, b.Start + i))
            {
                return true;
            }
        }

        return false;
    }

    internal static ByteSlice? ToText(ListSlice a, ByteSlice separator, ByteSlice? nullText, EvalContext context)
    {
        ByteWriter writer = context.Scratch.Begin();
        bool first = true;
        for (int i = 0; i < a.Count; i++)
        {
            bool isNull = a.Elements.IsNull(a.Start + i);
            if (isNull && nullText is null)
            {
                continue;
            }

            writer.Write(first ? default : separator.Span);
            first = false;
            if (isNull)
            {
                writer.Write(nullText!.Value.Span);
            }
            else
            {
                TextFormat.Append(writer, a.Elements, a.Start + i);
            }
        }

        return context.Scratch.End();
    }

    private static ListSlice? Split(ByteSlice? text, ByteSlice? separator, ByteSlice? nullText, EvalContext context)
    {
        if (text is not { } s)
        {
            return null;
        }

        var builder = (BytesBuilder)context.NewBuilder(SqlType.Text);
        ReadOnlySpan<byte> rest = s.Span;
        if (separator is null)
        {
            while (!rest.IsEmpty)
            {
                int width = Math.Min(Utf8Text.Width(rest[0]), rest.Length);
                Part(builder, rest[..width], nullText);
                rest = rest[width..];
            }

            return View(builder);
        }

        if (!rest.IsEmpty)
        {
            int at;
            while (separator.Value.Length > 0 && (at = rest.IndexOf(separator.Value.Span)) >= 0)
            {
                Part(builder, rest[..at], nullText);
                rest = rest[(at + separator.Value.Length)..];
            }

            Part(builder, rest, nullText);
        }

        return View(builder);
    }

    private static void Part(BytesBuilder builder, ReadOnlySpan<byte> part, ByteSlice? nullText)
    {
        if (nullText is { } n && n.Span.SequenceEqual(part))
        {
            builder.AppendNull();
        }
        else
        {
            builder.Append(part);
        }
    }

    private static ListSlice TrimEnd(ListSlice a, int count) => count < 0 || count > a.Count
        ? throw new SqlException("2202E", $"number of elements to trim must be between 0 and {a.Count}")
        : a with { Count = a.Count - count };

    private static int[] Ordered(ListSlice a)
    {
        int[] rows = [.. Enumerable.Range(a.Start, a.Count)];
        Array.Sort(rows, (x, y) => Ordering.CompareCells(a.Elements, x, a.Elements, y) is var c && c != 0 ? c : x - y);
        return rows;
    }

    private static ListSlice Sort(ListSlice a, EvalContext context)
    {
        ColumnBuilder builder = context.NewBuilder(a.Elements.Type);
        builder.AppendRows(a.Elements, Ordered(a));
        return View(builder);
    }

    private static ListSlice Distinct(ListSlice a, EvalContext context)
    {
        ColumnBuilder builder = context.NewBuilder(a.Elements.Type);
        int[] rows = Ordered(a);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i == 0 || Ordering.CompareCells(a.Elements, rows[i - 1], a.Elements, rows[i]) != 0)
            {
                builder.AppendFrom(a.Elements, rows[i]);
            }
        }

        return View(builder);
    }
}
