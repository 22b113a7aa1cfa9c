// Whether two values are the very same, down to a numeric's scale: what decides if a changed group is worth telling.
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Exact comparison of column values.</summary>
internal static class ColumnCompare
{
    /// <summary>Sets <paramref name="differs"/> for each row in which the two columns are not the same.</summary>
    public static void MarkDifferent(Column a, Column b, Span<bool> differs)
    {
        switch (a)
        {
            case FixedColumn<long> x: Mark(x, (FixedColumn<long>)b, differs); break;
            case FixedColumn<int> x: Mark(x, (FixedColumn<int>)b, differs); break;
            case FixedColumn<double> x: Mark(x, (FixedColumn<double>)b, differs); break;
            case FixedColumn<Numeric> x: Mark(x, (FixedColumn<Numeric>)b, differs); break;
            default:
                for (int i = 0; i < differs.Length; i++)
                {
                    differs[i] |= !Same(a, i, b, i);
                }

                break;
        }
    }

    /// <summary>True when the two values are the same, or both null.</summary>
    public static bool Same(Column a, int i, Column b, int j)
    {
        if (a.IsNull(i) || b.IsNull(j))
        {
            return a.IsNull(i) && b.IsNull(j);
        }

        return (a, b) switch
        {
            (FixedColumn<bool> x, FixedColumn<bool> y) => x.Values[i] == y.Values[j],
            (FixedColumn<short> x, FixedColumn<short> y) => x.Values[i] == y.Values[j],
            (FixedColumn<int> x, FixedColumn<int> y) => x.Values[i] == y.Values[j],
            (FixedColumn<long> x, FixedColumn<long> y) => x.Values[i] == y.Values[j],
            (FixedColumn<float> x, FixedColumn<float> y) => SameBits(x, i, y, j),
            (FixedColumn<double> x, FixedColumn<double> y) => SameBits(x, i, y, j),
            (FixedColumn<Numeric> x, FixedColumn<Numeric> y) => SameBits(x, i, y, j),
            (FixedColumn<Interval> x, FixedColumn<Interval> y) => SameBits(x, i, y, j),
            (FixedColumn<Uuid> x, FixedColumn<Uuid> y) => x.Values[i] == y.Values[j],
            (BytesColumn x, BytesColumn y) => x.Span(i).SequenceEqual(y.Span(j)),
            (ListColumn x, ListColumn y) => SameList(x, i, y, j),
            (RowColumn x, RowColumn y) => x.Fields.Zip(y.Fields).All(p => Same(p.First, i, p.Second, j)),
            _ => throw new BugException($"BUG: comparing {a.Type} with {b.Type}"),
        };
    }

    private static void Mark<T>(FixedColumn<T> a, FixedColumn<T> b, Span<bool> differs)
        where T : unmanaged
    {
        for (int i = 0; i < differs.Length; i++)
        {
            bool nulls = a.IsNull(i) || b.IsNull(i);
            differs[i] |= nulls ? a.IsNull(i) != b.IsNull(i) : !SameBits(a, i, b, i);
        }
    }

    private static bool SameBits<T>(FixedColumn<T> a, int i, FixedColumn<T> b, int j)
        where T : unmanaged =>
        MemoryMarshal.AsBytes(a.Values.AsSpan(i, 1)).SequenceEqual(MemoryMarshal.AsBytes(b.Values.AsSpan(j, 1)));

    private static bool SameList(ListColumn a, int i, ListColumn b, int j)
    {
        int count = a.Offsets[i + 1] - a.Offsets[i];
        bool same = count == b.Offsets[j + 1] - b.Offsets[j];
        for (int k = 0; same && k < count; k++)
        {
            same = Same(a.Elements, a.Offsets[i] + k, b.Elements, b.Offsets[j] + k);
        }

        return same;
    }
}
