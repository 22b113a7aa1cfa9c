// Columns of every type and shape for the tests of the codecs, from a seed, and a comparison to the bit.
using System.Runtime.InteropServices;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Store;

/// <summary>How the values of a generated column follow one another.</summary>
public enum Shape
{
    Constant,
    Regular,
    Jitter,
    Walk,
    Decimals,
    Few,
    Runs,
    Repeats,
    Outliers,
    HeavyTail,
    Random,
    Edges,
}

internal static class CodecData
{
    public static readonly SqlType[] Types =
    [
        SqlType.Boolean, SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Real, SqlType.Double, SqlType.Numeric, SqlType.NumericOf(12, 2), SqlType.Text,
        SqlType.VarcharOf(20), SqlType.Bytea, SqlType.Date, SqlType.Time, SqlType.Timestamp, SqlType.TimestampTz, SqlType.Interval, SqlType.Uuid, SqlType.Jsonb, SqlType.Unknown,
        SqlType.ArrayOf(SqlType.BigInt), SqlType.ArrayOf(SqlType.Text), SqlType.ArrayOf(SqlType.ArrayOf(SqlType.Double)),
        SqlType.RowOf([new Field("a", SqlType.Integer), new Field("b", SqlType.ArrayOf(SqlType.Text)), new Field("c", SqlType.RowOf([new Field("d", SqlType.Boolean)]))]),
        SqlType.RowOf([]),
    ];

    private static readonly double[] s_doubleEdges =
    [
        0, -0.0, double.NaN, BitConverter.UInt64BitsToDouble(0x7FF0000000000001), BitConverter.UInt64BitsToDouble(0xFFFFDEADBEEF0123), double.PositiveInfinity,
        double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 0.1, 0.30000000000000004, 1e22, 1e23, 9007199254740993, -9007199254740991,
        long.MaxValue, long.MinValue, 123456.789, 1e-300,
    ];

    private static readonly float[] s_floatEdges =
    [
        0, -0f, float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFC12345), float.PositiveInfinity, float.NegativeInfinity,
        float.MaxValue, float.MinValue, float.Epsilon, 0.1f, 16777217f, 12.34f, 1e-30f,
    ];

    private static readonly long[] s_longEdges = [0, 1, -1, long.MaxValue, long.MinValue, int.MaxValue, int.MinValue, 1L << 53, long.MaxValue - 1, long.MinValue + 1];

    /// <summary>A column of <paramref name="rows"/> rows, each null with the given chance; 1 makes all null.</summary>
    public static Column Make(SqlType type, Shape shape, int rows, double nulls, Random random)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        Append(builder, shape, rows, nulls, random);
        return builder.ToColumn();
    }

    private static void Append(ColumnBuilder builder, Shape shape, int rows, double nulls, Random random)
    {
        IEnumerator<long> integers = Integers(shape, random).GetEnumerator();
        for (int i = 0; i < rows; i++)
        {
            integers.MoveNext();
            if (nulls > 0 && random.NextDouble() < nulls)
            {
                builder.AppendNull();
            }
            else
            {
                AppendValue(builder, shape, integers.Current, random);
            }
        }
    }

    private static void AppendValue(ColumnBuilder builder, Shape shape, long number, Random random)
    {
        switch (builder)
        {
            case FixedBuilder<bool> b: b.Append((number & 1) != 0); break;
            case FixedBuilder<short> b: b.Append((short)number); break;
            case FixedBuilder<int> b: b.Append((int)number); break;
            case FixedBuilder<long> b: b.Append(number); break;
            case FixedBuilder<float> b: b.Append(FloatOf(shape, number, random)); break;
            case FixedBuilder<double> b: b.Append(DoubleOf(shape, number, random)); break;
            case FixedBuilder<Numeric> b: b.Append(NumericOf(shape, number, random)); break;
            case FixedBuilder<Interval> b: b.Append(new Interval((int)(number >> 7), (int)number, number * 1000)); break;
            case FixedBuilder<Uuid> b: b.Append(new Uuid((ulong)number, shape == Shape.Random ? (ulong)random.NextInt64() : (ulong)number * 3)); break;
            case BytesBuilder b: b.Append(TextOf(shape, number, random)); break;
            case ListBuilder b:
                Append(b.Elements, shape, shape == Shape.Constant ? 2 : random.Next(5), 0.1, random);
                b.EndList();
                break;
            case RowBuilder b:
                foreach (ColumnBuilder field in b.Fields)
                {
                    Append(field, shape, 1, 0.1, random);
                }

                b.EndRow();
                break;
        }
    }

    /// <summary>Integers without end.</summary>
    public static IEnumerable<long> Integers(Shape shape, Random random)
    {
        long value = random.NextInt64(-1_000_000, 1_000_000);
        for (long i = 0; ; i++)
        {
            switch (shape)
            {
                case Shape.Regular: value += 10_000_000; break;
                case Shape.Jitter: value += 10_000_000 + (random.Next(-50, 50) * 1000); break;
                case Shape.Walk: value += (long)Math.Round(Normal(random)); break;
                case Shape.Decimals: value += (long)Math.Round(Normal(random) * 100); break;
                case Shape.Few: value = random.Next(5) * 1_000_000_007L; break;
                case Shape.Runs: value = random.Next(20) == 0 ? random.Next(1000) : value; break;
                case Shape.Repeats: value = random.Next(5) < 2 ? random.Next(1000) : value; break;
                case Shape.Outliers: value = random.Next(200) == 0 ? random.NextInt64() : random.Next(100); break;
                case Shape.HeavyTail: value = (long)Math.Exp(random.NextDouble() * random.NextDouble() * 40); break;
                case Shape.Random: value = random.NextInt64(long.MinValue, long.MaxValue); break;
                case Shape.Edges: value = s_longEdges[random.Next(s_longEdges.Length)]; break;
            }

            yield return value;
        }
    }

    private static double DoubleOf(Shape shape, long number, Random random) => shape switch
    {
        Shape.Decimals => number / 100.0,
        Shape.Repeats => number / 3.0,
        Shape.Random => BitConverter.Int64BitsToDouble(number),
        Shape.Edges => s_doubleEdges[random.Next(s_doubleEdges.Length)],
        Shape.Outliers => random.Next(50) == 0 ? s_doubleEdges[random.Next(s_doubleEdges.Length)] : number / 10.0,
        Shape.HeavyTail => Math.Sqrt(number),
        Shape.Jitter => 50 + (number * 1e-9),
        _ => number,
    };

    private static float FloatOf(Shape shape, long number, Random random) => shape switch
    {
        Shape.Random => BitConverter.Int32BitsToSingle((int)number),
        Shape.Edges => s_floatEdges[random.Next(s_floatEdges.Length)],
        _ => (float)DoubleOf(shape, number, random),
    };

    private static Numeric NumericOf(Shape shape, long number, Random random) => shape switch
    {
        Shape.Decimals => Numeric.Create(number, 2),
        Shape.Jitter => number % 10 == 0 ? Numeric.Create(number / 10, 3) : Numeric.Create(number, 4),
        Shape.Random => Numeric.Create((Int128)number * random.NextInt64() % Numeric.MaxUnscaled, random.Next(36)),
        Shape.Edges => new[] { Numeric.NaN, Numeric.Create(0, 0), Numeric.Create(0, 5), Numeric.Create(Numeric.MaxUnscaled, 0), Numeric.Create(-Numeric.MaxUnscaled, 254) }[random.Next(5)],
        Shape.Outliers => random.Next(100) == 0 ? Numeric.NaN : Numeric.Create(number % 1000, 2),
        _ => Numeric.Create(number, 0),
    };

    private static byte[] TextOf(Shape shape, long number, Random random)
    {
        switch (shape)
        {
            case Shape.Random:
                byte[] bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                return bytes;
            case Shape.Edges:
                return random.Next(4) switch { 0 => [], 1 => [0], 2 => new byte[3000], _ => [.. Enumerable.Repeat((byte)'x', random.Next(300))] };
            case Shape.HeavyTail:
                return System.Text.Encoding.UTF8.GetBytes($$"""{"level": "info", "path": "/api/v1/users/{{number % 1000}}", "took": {{number}}, "agent": "Mozilla/5.0 (X11; Linux)"}""");
            default:
                return System.Text.Encoding.UTF8.GetBytes("host_" + number);
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Rows start .. start + count of <paramref name="expected"/> are all of <paramref name="found"/>, bit by bit.</summary>
    public static void AssertSame(Column expected, int start, int count, Column found, int foundStart, string what)
    {
        for (int i = 0; i < count; i++)
        {
            int a = start + i;
            int b = foundStart + i;
            Assert.True(expected.IsNull(a) == found.IsNull(b), $"{what}: row {i}, null {expected.IsNull(a)} became {found.IsNull(b)}");
            if (expected.IsNull(a))
            {
                continue;
            }

            switch (expected)
            {
                case BytesColumn c: Assert.True(c.Span(a).SequenceEqual(((BytesColumn)found).Span(b)), $"{what}: row {i}"); break;
                case ListColumn c:
                    var list = (ListColumn)found;
                    int length = c.Offsets[a + 1] - c.Offsets[a];
                    Assert.True(length == list.Offsets[b + 1] - list.Offsets[b], $"{what}: length of row {i}");
                    AssertSame(c.Elements, c.Offsets[a], length, list.Elements, list.Offsets[b], what);
                    break;
                case RowColumn c:
                    for (int f = 0; f < c.Fields.Length; f++)
                    {
                        AssertSame(c.Fields[f], a, 1, ((RowColumn)found).Fields[f], b, what);
                    }

                    break;
                default:
                    ReadOnlySpan<byte> before = BytesOf(expected, a);
                    ReadOnlySpan<byte> after = BytesOf(found, b);
                    Assert.True(before.SequenceEqual(after), $"{what}: row {i}: {Convert.ToHexString(before)} became {Convert.ToHexString(after)}");
                    break;
            }
        }
    }

    private static ReadOnlySpan<byte> BytesOf(Column column, int row) => column switch
    {
        FixedColumn<bool> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<short> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<int> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<long> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<float> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<double> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<Numeric> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<Interval> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        FixedColumn<Uuid> c => MemoryMarshal.AsBytes(c.Values.AsSpan(row, 1)),
        _ => throw new ArgumentException(column.Type.ToString()),
    };
}
