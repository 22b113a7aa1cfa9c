// Seeded random values and columns of every type, with the awkward ones over-represented.
using System.Text;
using Millrace.Core;

namespace Millrace.Tests.Reference;

/// <summary>Random values: small domains, so that duplicates, ties and nulls are common.</summary>
internal static class RandomRows
{
    public static readonly SqlType[] SimpleTypes =
    [
        SqlType.Boolean, SqlType.SmallInt, SqlType.Integer, SqlType.BigInt, SqlType.Real, SqlType.Double, SqlType.Numeric, SqlType.Text,
        SqlType.Bytea, SqlType.Date, SqlType.Time, SqlType.Timestamp, SqlType.TimestampTz, SqlType.Interval, SqlType.Uuid, SqlType.Jsonb,
    ];

    public static SqlType Type(Random random, int depth = 1)
    {
        int pick = random.Next(SimpleTypes.Length + (depth > 0 ? 2 : 0));
        if (pick < SimpleTypes.Length)
        {
            return SimpleTypes[pick];
        }

        if (pick == SimpleTypes.Length)
        {
            return SqlType.ArrayOf(Type(random, depth - 1));
        }

        return SqlType.RowOf([new Field("a", Type(random, depth - 1)), new Field("b", Type(random, depth - 1))]);
    }

    public static void Append(ColumnBuilder builder, Random random, double nulls = 0.15)
    {
        if (random.NextDouble() < nulls)
        {
            builder.AppendNull();
            return;
        }

        switch (builder)
        {
            case FixedBuilder<bool> b: b.Append(random.Next(2) == 0); break;
            case FixedBuilder<short> b: b.Append(Pick<short>(random, short.MinValue, short.MaxValue, -1, 0, 1, 2, 3)); break;
            case FixedBuilder<int> b: b.Append(Pick(random, int.MinValue, int.MaxValue, -1, 0, 1, 2, random.Next(-5, 5))); break;
            case FixedBuilder<long> b: b.Append(Pick(random, long.MinValue, long.MaxValue, -1, 0, 1, 1L << 40, random.Next(-5, 5))); break;
            case FixedBuilder<float> b:
                b.Append(Pick(random, 0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1.5f, -1.5f, float.Epsilon));
                break;
            case FixedBuilder<double> b:
                b.Append(Pick(random, 0d, -0d, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1.5, -1.5, double.Epsilon, 1e300));
                break;
            case FixedBuilder<Numeric> b: b.Append(Number(random)); break;
            case FixedBuilder<Interval> b:
                b.Append(new Interval(random.Next(-2, 3), Pick(random, 0, 30, -30, 60, 1), Pick(random, 0L, 86_400_000_000, -86_400_000_000, 5)));
                break;
            case FixedBuilder<Uuid> b: b.Append(new Uuid((ulong)random.Next(2) << 63, (ulong)random.Next(3))); break;
            case BytesBuilder b when b.Type.Id == TypeId.Text: b.Append(Encoding.UTF8.GetBytes(Pick(random, "", "a", "ab", "b", "ä", "aa", "z\u0001"))); break;
            case BytesBuilder b when b.Type.Id == TypeId.Jsonb: b.Append(Encoding.UTF8.GetBytes(Pick(random, "1", "{}", "null", "[1, 2]"))); break;
            case BytesBuilder b:
                byte[] bytes = new byte[random.Next(5)];
                for (int i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = Pick<byte>(random, 0, 1, 2, 254, 255);
                }

                b.Append(bytes);
                break;
            case ListBuilder b:
                int count = random.Next(4);
                for (int i = 0; i < count; i++)
                {
                    Append(b.Elements, random, nulls);
                }

                b.EndList();
                break;
            case RowBuilder b:
                foreach (ColumnBuilder field in b.Fields)
                {
                    Append(field, random, nulls);
                }

                b.EndRow();
                break;
            default: throw new InvalidOperationException(builder.Type.ToString());
        }
    }

    public static Numeric Number(Random random)
    {
        if (random.Next(20) == 0)
        {
            return Numeric.NaN;
        }

        Int128 unscaled = random.Next(6) switch
        {
            0 => random.Next(-3, 4),
            1 => (Int128)random.Next(-30, 31) * 10,
            2 => (Int128)random.NextInt64() * random.Next(1, 100_000),
            3 => Numeric.MaxUnscaled,
            4 => -Numeric.MaxUnscaled,
            _ => random.Next(-1000, 1000),
        };
        return Numeric.Create(unscaled, random.Next(8) == 0 ? random.Next(40) : random.Next(4));
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
