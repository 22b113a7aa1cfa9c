// = <> < <= > >= for every type, and what builds on order: greatest, least, nullif, between's kin.
using System.Runtime.CompilerServices;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>The comparison operators.</summary>
internal static class ComparisonFunctions
{
    private static readonly string[] s_types =
    [
        "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "bytea", "date", "time", "ts", "tstz", "interval", "uuid", "jsonb",
    ];

    public static void Register(FunctionRegistry r)
    {
        r.Group("Comparison");
        ReadOnlySpan<(string Name, ComparisonKind Kind, string Doc, string Example)> kinds =
        [
            ("=", ComparisonKind.Equal, "True when both are equal", "1 = 1.0 → true"),
            ("<>", ComparisonKind.NotEqual, "True when both differ", "1 <> 2 → true"),
            ("<", ComparisonKind.Less, "True when the left comes first", "1 < 2 → true"),
            ("<=", ComparisonKind.LessOrEqual, "True when the left does not come after the right", "'a' <= 'b' → true"),
            (">", ComparisonKind.Greater, "True when the left comes after the right", "ARRAY[1, 3] > ARRAY[1, 2] → true"),
            (">=", ComparisonKind.GreaterOrEqual, "True when the left does not come before the right", "DATE '2026-02-01' >= '2026-01-31' → true"),
        ];
        foreach ((string name, ComparisonKind kind, string doc, string example) in kinds)
        {
            foreach (string type in s_types)
            {
                Add(r, name, FunctionRegistry.SimpleType(type), kind, doc, example);
            }

            Add(r, name, Polymorphic.AnyArray, kind, doc, example);
            Add(r, name, Polymorphic.AnyElement, kind, doc, example);
        }

        // As in PostgreSQL, a real meets any other number as a double.
        Mixed(r, "=", (a, b) => Ordering.Equal(a, b));
        Mixed(r, "<>", (a, b) => !Ordering.Equal(a, b));
        Mixed(r, "<", (a, b) => Ordering.Less(a, b));
        Mixed(r, "<=", (a, b) => Ordering.LessOrEqual(a, b));
        Mixed(r, ">", (a, b) => Ordering.Greater(a, b));
        Mixed(r, ">=", (a, b) => Ordering.GreaterOrEqual(a, b));
        Extreme(r, "greatest", true, "The largest argument that is not null");
        Extreme(r, "least", false, "The smallest argument that is not null");
    }

    private static void Add(FunctionRegistry r, string name, ParameterType type, ComparisonKind kind, string doc, string example) => r.Catalog.Add(new ScalarFunction
    {
        Name = name,
        Parameters = [type, type],
        Returns = _ => SqlType.Boolean,
        Doc = doc,
        Example = example,
        Group = "Comparison",
        Body = new ComparisonBody(kind),
    });

    private static void Mixed(FunctionRegistry r, string name, Func<double, double, bool> compare)
    {
        r.F($"{name}(float4, float8) bool", (float a, double b) => compare(a, b), "A real meets a double as a double");
        r.F($"{name}(float8, float4) bool", (double a, float b) => compare(a, b), "A real meets a double as a double");
    }

    private static void Extreme(FunctionRegistry r, string name, bool greatest, string doc) => r.Catalog.Add(new ScalarFunction
    {
        Name = name,
        Parameters = [Polymorphic.AnyElement],
        // Declared precisions hold only where all agree: the largest of numeric(10,2) and numeric(14,3) is a numeric.
        Returns = types => types[0].Precision < 0 || types.All(t => t.Equals(types[0])) ? types[0] : SqlType.Of(types[0].Id),
        Variadic = true,
        Strict = false,
        Doc = doc,
        Example = greatest ? "greatest(1, 3, 2) → 3" : "least(3, 1, 2) → 1",
        Group = "Comparison",
        Body = new ExtremeBody(greatest),
    });
}

/// <summary>PostgreSQL's order of each CLR representation: NaN equals itself and is the largest float, intervals compare with 30-day months.</summary>
internal static class Ordering
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Compare<T>(T a, T b)
    {
        if (typeof(T) == typeof(double))
        {
            return CompareDouble((double)(object)a!, (double)(object)b!);
        }

        if (typeof(T) == typeof(float))
        {
            return CompareDouble((float)(object)a!, (float)(object)b!);
        }

        if (typeof(T) == typeof(ByteSlice))
        {
            return ((ByteSlice)(object)a!).Span.SequenceCompareTo(((ByteSlice)(object)b!).Span);
        }

        if (typeof(T) == typeof(ListSlice))
        {
            return CompareLists((ListSlice)(object)a!, (ListSlice)(object)b!);
        }

        if (typeof(T) == typeof(RowSlice))
        {
            return CompareRows((RowSlice)(object)a!, (RowSlice)(object)b!);
        }

        return Comparer<T>.Default.Compare(a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CompareDouble(double a, double b) => a < b ? -1 : a > b ? 1 : a == b ? 0 : double.IsNaN(a) ? (double.IsNaN(b) ? 0 : 1) : -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal<T>(T a, T b)
    {
        if (typeof(T) == typeof(ByteSlice))
        {
            return ((ByteSlice)(object)a!).Span.SequenceEqual(((ByteSlice)(object)b!).Span);
        }

        return Compare(a, b) == 0;
    }

    public static bool NotEqual<T>(T a, T b) => !Equal(a, b);

    public static bool Less<T>(T a, T b) => Compare(a, b) < 0;

    public static bool LessOrEqual<T>(T a, T b) => Compare(a, b) <= 0;

    public static bool Greater<T>(T a, T b) => Compare(a, b) > 0;

    public static bool GreaterOrEqual<T>(T a, T b) => Compare(a, b) >= 0;

    private static int CompareLists(ListSlice a, ListSlice b)
    {
        int common = Math.Min(a.Count, b.Count);
        for (int i = 0; i < common; i++)
        {
            int order = CompareCells(a.Elements, a.Start + i, b.Elements, b.Start + i);
            if (order != 0)
            {
                return order;
            }
        }

        return a.Count.CompareTo(b.Count);
    }

    private static int CompareRows(RowSlice a, RowSlice b)
    {
        for (int i = 0; i < a.Fields.Length; i++)
        {
            int order = CompareCells(a.Fields[i], a.Index, b.Fields[i], b.Index);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>Compares two cells of columns of one type; nulls are equal and the largest, as inside PostgreSQL's arrays.</summary>
    public static int CompareCells(Column a, int i, Column b, int j)
    {
        if (a.IsNull(i) || b.IsNull(j))
        {
            return a.IsNull(i).CompareTo(b.IsNull(j));
        }

        return (a, b) switch
        {
            (FixedColumn<bool> x, FixedColumn<bool> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<short> x, FixedColumn<short> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<int> x, FixedColumn<int> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<long> x, FixedColumn<long> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<float> x, FixedColumn<float> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<double> x, FixedColumn<double> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<Numeric> x, FixedColumn<Numeric> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<Interval> x, FixedColumn<Interval> y) => Compare(x.Values[i], y.Values[j]),
            (FixedColumn<Uuid> x, FixedColumn<Uuid> y) => Compare(x.Values[i], y.Values[j]),
            (BytesColumn x, BytesColumn y) => x.Span(i).SequenceCompareTo(y.Span(j)),
            (ListColumn x, ListColumn y) => CompareLists((ListSlice)BoxedValue.Get(x, i)!, (ListSlice)BoxedValue.Get(y, j)!),
            (RowColumn x, RowColumn y) => CompareRows(new RowSlice(x.Fields, i), new RowSlice(y.Fields, j)),
            _ => throw new BugException($"BUG: cannot compare {a.Type} with {b.Type}"),
        };
    }

    public static T Greatest<T>(T a, T b) => Compare(a, b) >= 0 ? a : b;

    public static T Least<T>(T a, T b) => Compare(a, b) <= 0 ? a : b;
}
