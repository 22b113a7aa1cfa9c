// Aggregates over a list of rows, each computed from its definition.
using System.Numerics;
using System.Text;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;

namespace Millrace.Tests.Reference;

internal static class ReferenceAggregates
{
    public static object? Evaluate(AggregateCall call, List<object?[]> group)
    {
        IEnumerable<object?[]> rows = group.Where(r => call.Filter < 0 || r[call.Filter] is true);
        rows = rows.OrderBy(r => r, Comparer<object?[]>.Create((a, b) => ReferenceEvaluator.CompareBy(call.OrderBy, a, b)));
        if (call.Distinct)
        {
            rows = ReferenceEvaluator.Groups(rows, call.Arguments).Select(g => g[0]);
        }

        object?[][] arguments = [.. rows.Select(r => call.Arguments.Select(a => r[a]).ToArray())];
        return Evaluate((AggregateKind)call.Function.Body, arguments, call);
    }

    public static object? Evaluate(AggregateKind kind, object?[][] rows, AggregateCall call)
    {
        object[] values = [.. rows.Where(r => r.Length > 0 && r[0] is not null).Select(r => r[0]!)];
        object[] sorted = [.. values.OrderBy(v => v, Comparer<object>.Create(SqlOrder.Compare))];
        switch (kind)
        {
            case AggregateKind.CountRows: return (long)rows.Length;
            case AggregateKind.Count: return (long)values.Length;
            case AggregateKind.Min: return sorted.FirstOrDefault();
            case AggregateKind.Max: return sorted.LastOrDefault();
            case AggregateKind.BoolAnd: return values.Length == 0 ? null : values.All(v => (bool)v);
            case AggregateKind.BoolOr: return values.Length == 0 ? null : values.Any(v => (bool)v);
            case AggregateKind.BitAnd: return values.Length == 0 ? null : values.Select(Long).Aggregate((a, b) => a & b) is var and && call.Type.Id == TypeId.Integer ? (int)and : and;
            case AggregateKind.BitOr: return values.Length == 0 ? null : values.Select(Long).Aggregate((a, b) => a | b) is var or && call.Type.Id == TypeId.Integer ? (int)or : or;
            case AggregateKind.BitXor: return values.Length == 0 ? null : values.Select(Long).Aggregate((a, b) => a ^ b) is var xor && call.Type.Id == TypeId.Integer ? (int)xor : xor;
            case AggregateKind.ArrayAgg: return rows.Length == 0 ? null : rows.Select(r => r[0]).ToArray();
            case AggregateKind.StringAgg: return StringAgg([.. rows.Where(r => r[0] is not null)]);
            case AggregateKind.Mode:
                return sorted.GroupBy(Canonical.Text).Select(g => (g.First(), g.Count())).OrderByDescending(p => p.Item2).Select(p => p.Item1).FirstOrDefault();
            case AggregateKind.First or AggregateKind.Last:
                object?[][] timed = [.. rows.Where(r => r[1] is not null)];
                return timed.Length == 0 ? null : timed
                    .OrderBy(r => r[1], Comparer<object?>.Create((a, b) => SqlOrder.Compare(a, b) * (kind == AggregateKind.Last ? -1 : 1)))
                    .ThenBy(r => r[0], Comparer<object?>.Create(SqlOrder.Compare)).First()[0];
            case AggregateKind.Sum or AggregateKind.Avg when values.Length == 0: return null;
            case AggregateKind.Sum or AggregateKind.Avg: return SumOrAvg(values, kind == AggregateKind.Avg, call.Type);
            default: return Spread(kind, values, call.Type);
        }
    }

    private static byte[]? StringAgg(object?[][] rows)
    {
        if (rows.Length == 0)
        {
            return null;
        }

        var text = new StringBuilder();
        for (int i = 0; i < rows.Length; i++)
        {
            text.Append(i > 0 && rows[i][1] is byte[] d ? Encoding.UTF8.GetString(d) : "").Append(Encoding.UTF8.GetString((byte[])rows[i][0]!));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static object SumOrAvg(object[] values, bool average, SqlType type)
    {
        if (values[0] is double or float)
        {
            double sum = values.Sum(v => Convert.ToDouble(v, null));
            return average ? sum / values.Length : sum;
        }

        if (values.Any(v => v is Numeric { IsNaN: true }))
        {
            return Numeric.NaN;
        }

        int scale = values.Max(v => v is Numeric n ? n.Scale : 0);
        BigInteger total = values.Aggregate(BigInteger.Zero, (t, v) => t + Scaled(v, scale));
        if (!average)
        {
            return type.Id == TypeId.BigInt ? (long)total : Numeric.Create((Int128)total, scale);
        }

        return Ratio(total, values.Length * BigInteger.Pow(10, scale));
    }

    private static object? Spread(AggregateKind kind, object[] values, SqlType type)
    {
        bool sample = kind is AggregateKind.VarSamp or AggregateKind.StddevSamp;
        if (values.Length < (sample ? 2 : 1))
        {
            return null;
        }

        long n = values.Length;
        bool root = kind is AggregateKind.StddevPop or AggregateKind.StddevSamp;
        if (values[0] is double)
        {
            double[] x = [.. values.Select(v => (double)v)];
            double variance = ((n * x.Sum(v => v * v)) - (x.Sum() * x.Sum())) / (n * (sample ? n - 1 : n));
            return root ? Math.Sqrt(variance) : variance;
        }

        if (values.Any(v => v is Numeric { IsNaN: true }))
        {
            return Numeric.NaN;
        }

        int scale = values.Max(v => v is Numeric m ? m.Scale : 0);
        BigInteger[] scaled = [.. values.Select(v => Scaled(v, scale))];
        BigInteger sum = scaled.Aggregate(BigInteger.Zero, (a, b) => a + b);
        BigInteger spread = (n * scaled.Aggregate(BigInteger.Zero, (a, b) => a + (b * b))) - (sum * sum);
        Numeric ratio = Ratio(spread, n * (sample ? n - 1 : n) * BigInteger.Pow(10, 2 * scale));
        return root ? Numeric.Create((Int128)Math.Round(Math.Sqrt((double)ratio.Unscaled / 1e12) * 1e8), 8) : ratio;
    }

    private static Numeric Ratio(BigInteger a, BigInteger b) =>
        Numeric.Create((Int128)(a.Sign * (((BigInteger.Abs(a) * BigInteger.Pow(10, 12) * 2) + b) / (2 * b))), 12);

    private static BigInteger Scaled(object value, int scale) =>
        value is Numeric n ? (BigInteger)n.Unscaled * BigInteger.Pow(10, scale - n.Scale) : (BigInteger)Long(value) * BigInteger.Pow(10, scale);

    private static long Long(object value) => Convert.ToInt64(value, null);
}
