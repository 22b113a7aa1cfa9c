// Values in PostgreSQL's binary form (each type's "recv" function), from a client's bytes into column builders.
using System.Buffers.Binary;
using System.Numerics;
using Millrace.Core;
using Millrace.Formats;

namespace Millrace.Doors.Postgres;

/// <summary>Binary form, in.</summary>
internal static class BinaryRead
{
    private const int NumericGroupsMax = 128;

    /// <summary>Appends the value that <paramref name="bytes"/> hold.</summary>
    /// <exception cref="SqlException">22P03: not the binary form of the type.</exception>
    public static void Append(ColumnBuilder builder, ReadOnlySpan<byte> bytes)
    {
        SqlType type = builder.Type;
        switch (type.Id)
        {
            case TypeId.Boolean:
                ((FixedBuilder<bool>)builder).Append(Exactly(bytes, 1, type)[0] != 0);
                break;
            case TypeId.SmallInt:
                ((FixedBuilder<short>)builder).Append(BinaryPrimitives.ReadInt16BigEndian(Exactly(bytes, 2, type)));
                break;
            case TypeId.Integer:
                ((FixedBuilder<int>)builder).Append(BinaryPrimitives.ReadInt32BigEndian(Exactly(bytes, 4, type)));
                break;
            case TypeId.BigInt or TypeId.Time:
                ((FixedBuilder<long>)builder).Append(BinaryPrimitives.ReadInt64BigEndian(Exactly(bytes, 8, type)));
                break;
            case TypeId.Real:
                ((FixedBuilder<float>)builder).Append(BinaryPrimitives.ReadSingleBigEndian(Exactly(bytes, 4, type)));
                break;
            case TypeId.Double:
                ((FixedBuilder<double>)builder).Append(BinaryPrimitives.ReadDoubleBigEndian(Exactly(bytes, 8, type)));
                break;
            case TypeId.Numeric:
                ((FixedBuilder<Numeric>)builder).Append(ReadNumeric(bytes));
                break;
            case TypeId.Date:
                int days = BinaryPrimitives.ReadInt32BigEndian(Exactly(bytes, 4, type));
                ((FixedBuilder<int>)builder).Append(days is int.MaxValue or int.MinValue ? days : InRange(days + (long)BinaryWrite.EpochDays));
                break;
            case TypeId.Timestamp or TypeId.TimestampTz:
                long micros = BinaryPrimitives.ReadInt64BigEndian(Exactly(bytes, 8, type));
                ((FixedBuilder<long>)builder).Append(micros is long.MaxValue or long.MinValue ? micros : Unix(micros));
                break;
            case TypeId.Interval:
                Exactly(bytes, 16, type);
                ((FixedBuilder<Interval>)builder).Append(new Interval(
                    BinaryPrimitives.ReadInt32BigEndian(bytes[12..]),
                    BinaryPrimitives.ReadInt32BigEndian(bytes[8..]),
                    BinaryPrimitives.ReadInt64BigEndian(bytes)));
                break;
            case TypeId.Uuid:
                Exactly(bytes, 16, type);
                ((FixedBuilder<Uuid>)builder).Append(
                    new Uuid(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..])));
                break;
            case TypeId.Bytea:
                ((BytesBuilder)builder).Append(bytes);
                break;
            case TypeId.Jsonb:
                // jsonb_send puts a version byte in front; json has none, and no JSON text begins with a 1 byte.
                TextValue.Append(builder, bytes.Length > 0 && bytes[0] == 1 ? bytes[1..] : bytes);
                break;
            case TypeId.Text or TypeId.Unknown:
                TextValue.Append(builder, bytes);
                break;
            case TypeId.Array:
                ReadArray((ListBuilder)builder, bytes);
                break;
            default:
                throw new SqlException("0A000", $"binary input of type {type} is not supported", hint: "send it as text");
        }
    }

    private static ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> bytes, int length, SqlType type) =>
        bytes.Length == length ? bytes : throw Bad(type.ToString());

    private static SqlException Bad(string type) => new("22P03", $"incorrect binary data format for type {type}");

    private static int InRange(long days) => days is > int.MinValue and < int.MaxValue
        ? (int)days
        : throw new SqlException("22008", "date out of range");

    private static long Unix(long micros) => micros < long.MaxValue - BinaryWrite.EpochMicros
        ? micros + BinaryWrite.EpochMicros
        : throw new SqlException("22008", "timestamp out of range");

    private static Numeric ReadNumeric(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8)
        {
            throw Bad("numeric");
        }

        int groups = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        int weight = BinaryPrimitives.ReadInt16BigEndian(bytes[2..]);
        int sign = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        int scale = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        if (sign == 0xC000)
        {
            return Numeric.NaN;
        }

        if (bytes.Length != 8 + (groups * 2) || sign is not (0 or 0x4000))
        {
            throw Bad("numeric");
        }

        if (groups > NumericGroupsMax || Math.Abs(weight) > NumericGroupsMax || scale > 254)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }

        BigInteger value = BigInteger.Zero;
        for (int i = 0; i < groups; i++)
        {
            int digit = BinaryPrimitives.ReadInt16BigEndian(bytes[(8 + (i * 2))..]);
            value = digit is >= 0 and < 10_000 ? (value * 10_000) + digit : throw Bad("numeric");
        }

        int shift = ((weight - groups + 1) * 4) + scale;
        value = shift >= 0 ? value * BigInteger.Pow(10, shift) : value / BigInteger.Pow(10, -shift);
        if (value > (BigInteger)Numeric.MaxUnscaled)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }

        return Numeric.Create((Int128)(sign == 0 ? value : -value), scale);
    }

    private static void ReadArray(ListBuilder builder, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new BodyReader(bytes);
            int dimensions = reader.Int32();
            reader.Int32();
            reader.Int32();
            if (dimensions is < 0 or > 6)
            {
                throw Bad(builder.Type.ToString());
            }

            Span<int> lengths = stackalloc int[dimensions];
            for (int i = 0; i < dimensions; i++)
            {
                lengths[i] = reader.Int32();
                reader.Int32();
                reader.CheckRoom(Math.Max(lengths[i], 0), 4);
            }

            if (dimensions == 0)
            {
                builder.EndList();
            }
            else
            {
                ReadElements(builder, ref reader, lengths);
            }

            reader.End();
        }
        catch (ProtocolException)
        {
            throw Bad(builder.Type.ToString());
        }
    }

    private static void ReadElements(ListBuilder builder, ref BodyReader reader, scoped ReadOnlySpan<int> lengths)
    {
        for (int i = 0; i < lengths[0]; i++)
        {
            if (lengths.Length > 1)
            {
                if (builder.Elements is not ListBuilder inner)
                {
                    throw new SqlException("0A000", "multidimensional arrays are not supported here", hint: $"the type is {builder.Type}");
                }

                ReadElements(inner, ref reader, lengths[1..]);
                continue;
            }

            int length = reader.Int32();
            if (length == -1)
            {
                builder.Elements.AppendNull();
            }
            else
            {
                Append(builder.Elements, reader.Bytes(length));
            }
        }

        builder.EndList();
    }
}
