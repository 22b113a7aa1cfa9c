// SQL's order of values, one pair at a time and by the book: the oracle for the row codec and the reference evaluator.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Tests.Reference;

/// <summary>Compares boxed values (null for NULL) as PostgreSQL orders them ascending, nulls last.</summary>
internal static class SqlOrder
{
    public static object? Value(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return null;
        }

        return column switch
        {
            FixedColumn<bool> c => c.Values[row],
            FixedColumn<short> c => c.Values[row],
            FixedColumn<int> c => c.Values[row],
            FixedColumn<long> c => c.Values[row],
            FixedColumn<float> c => c.Values[row],
            FixedColumn<double> c => c.Values[row],
            FixedColumn<Numeric> c => c.Values[row],
            FixedColumn<Interval> c => c.Values[row],
            FixedColumn<Uuid> c => c.Values[row],
            BytesColumn c => c.Span(row).ToArray(),
            ListColumn c => Enumerable.Range(c.Offsets[row], c.Offsets[row + 1] - c.Offsets[row]).Select(i => Value(c.Elements, i)).ToArray(),
            RowColumn c => c.Fields.Select(f => Value(f, row)).ToArray(),
            _ => throw new InvalidOperationException(),
        };
    }

    public static int Compare(object? a, object? b)
    {
        if (a is null || b is null)
        {
            return a is null ? (b is null ? 0 : 1) : -1;
        }

        return (a, b) switch
        {
            (float x, float y) => Float(x, y),
            (double x, double y) => Float(x, y),
            (Numeric x, Numeric y) => Number(x, y),
            (Interval x, Interval y) => Micros(x).CompareTo(Micros(y)),
            (Uuid x, Uuid y) => x.CompareTo(y),
            (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
            (object?[] x, object?[] y) => Sequence(x, y),
            _ => ((IComparable)a).CompareTo(b),
        };
    }

    public static int Sequence(IReadOnlyList<object?> x, IReadOnlyList<object?> y)
    {
        for (int i = 0; i < Math.Min(x.Count, y.Count); i++)
        {
            int c = Compare(x[i], y[i]);
            if (c != 0)
            {
                return c;
            }
        }

        return x.Count.CompareTo(y.Count);
    }

    /// <summary>Text that tells apart every two representations (2.5 from 2.50, 0 from −0).</summary>
    public static string Exact(object? value) => value switch
    {
        null => "NULL",
        float f => BitConverter.SingleToUInt32Bits(float.IsNaN(f) ? float.NaN : f).ToString("x8"),
        double d => BitConverter.DoubleToUInt64Bits(double.IsNaN(d) ? double.NaN : d).ToString("x16"),
        Numeric n => n.IsNaN ? "NaN" : $"{n.Unscaled}e-{n.Scale}",
        byte[] b => "'" + Convert.ToHexString(b) + "'",
        object?[] list => "[" + string.Join(",", list.Select(Exact)) + "]",
        _ => value.ToString()!,
    };

    private static int Float(double x, double y) =>
        double.IsNaN(x) ? (double.IsNaN(y) ? 0 : 1) : double.IsNaN(y) ? -1 : x < y ? -1 : x > y ? 1 : 0;

    private static int Number(Numeric x, Numeric y)
    {
        if (x.IsNaN || y.IsNaN)
        {
            return x.IsNaN.CompareTo(y.IsNaN);
        }

        return ((BigInteger)x.Unscaled * BigInteger.Pow(10, y.Scale)).CompareTo((BigInteger)y.Unscaled * BigInteger.Pow(10, x.Scale));
    }

    private static Int128 Micros(Interval i) => ((((Int128)i.Months * 30) + i.Days) * 86_400_000_000) + i.Micros;
}
