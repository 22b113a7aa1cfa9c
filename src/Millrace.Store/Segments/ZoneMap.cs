// What is known of the values of a block without reading it: smallest, largest, and the exact sum of integers.
using System.Numerics;
using Millrace.Core;

namespace Millrace.Store.Segments;

/// <summary>Which values a zone map bounds. Persisted: never renumber.</summary>
internal enum ZoneKind : byte
{
    /// <summary>Nothing is known: the type has no bounds here, all rows are null, or a NaN is among them.</summary>
    None = 0,
    /// <summary>Integers, dates, times, booleans as 0 and 1.</summary>
    Integer = 1,
    /// <summary>real and double precision.</summary>
    Float = 2,
    /// <summary>Short text and bytea, compared byte by byte.</summary>
    Bytes = 3,
}

/// <summary>Bounds of the non-null values of a block.</summary>
/// <param name="Kind">Which of the following mean anything.</param>
/// <param name="Min">Smallest integer, or the bits of the smallest float.</param>
/// <param name="Max">Largest integer, or the bits of the largest float.</param>
/// <param name="Sum">Exact sum of the integers.</param>
/// <param name="MinBytes">Smallest byte string.</param>
/// <param name="MaxBytes">Largest byte string.</param>
internal readonly record struct ZoneMap(ZoneKind Kind, long Min = 0, long Max = 0, Int128 Sum = default, byte[]? MinBytes = null, byte[]? MaxBytes = null)
{
    // Longer text is not kept: bounds are to be small against the block they save reading.
    private const int BytesMax = 64;

    public double MinFloat => BitConverter.Int64BitsToDouble(Min);

    public double MaxFloat => BitConverter.Int64BitsToDouble(Max);

    /// <summary>The bounds of rows <paramref name="from"/> .. from + count.</summary>
    public static ZoneMap Of(Column column, int from, int count) => column switch
    {
        FixedColumn<bool> c => OfIntegers(c, from, count, v => v ? 1 : 0),
        FixedColumn<short> c => OfIntegers(c, from, count, v => v),
        FixedColumn<int> c => OfIntegers(c, from, count, v => v),
        FixedColumn<long> c => OfLongs(c, from, count),
        FixedColumn<float> c => OfFloats(c, from, count, v => v),
        FixedColumn<double> c => OfFloats(c, from, count, v => v),
        BytesColumn { Type.Id: TypeId.Text or TypeId.Bytea } c => OfBytes(c, from, count),
        _ => default,
    };

    /// <summary>True when the bounds leave room for one value only (among those that are not null).</summary>
    public bool IsOneValue => Kind switch
    {
        ZoneKind.Integer => Min == Max,
        ZoneKind.Bytes => MinBytes.AsSpan().SequenceEqual(MaxBytes),
        _ => false,
    };

    public void Write(ByteWriter writer)
    {
        writer.WriteByte((byte)Kind);
        switch (Kind)
        {
            case ZoneKind.Integer:
                WriteSigned(writer, Min);
                writer.WriteVarint((ulong)(Max - Min));
                writer.WriteInt64((long)(Sum >> 64));
                writer.WriteInt64((long)(ulong)Sum);
                break;
            case ZoneKind.Float:
                writer.WriteInt64(Min);
                writer.WriteInt64(Max);
                break;
            case ZoneKind.Bytes:
                writer.WriteBytes(MinBytes);
                writer.WriteBytes(MaxBytes);
                break;
        }
    }

    /// <exception cref="FormatException">The bytes are no zone map.</exception>
    public static ZoneMap Read(ref ByteReader reader)
    {
        var kind = (ZoneKind)reader.ReadByte();
        switch (kind)
        {
            case ZoneKind.None:
                return default;
            case ZoneKind.Integer:
                long min = ReadSigned(ref reader);
                long max = unchecked(min + (long)reader.ReadVarint());
                long high = reader.ReadInt64();
                return new ZoneMap(kind, min, max, new Int128((ulong)high, (ulong)reader.ReadInt64()));
            case ZoneKind.Float:
                return new ZoneMap(kind, reader.ReadInt64(), reader.ReadInt64());
            case ZoneKind.Bytes:
                return new ZoneMap(kind, MinBytes: reader.ReadBytes().ToArray(), MaxBytes: reader.ReadBytes().ToArray());
            default:
                throw new FormatException($"unknown kind of zone map {(byte)kind}");
        }
    }

    public bool Equals(ZoneMap other) => Kind == other.Kind && Min == other.Min && Max == other.Max && Sum == other.Sum
        && MinBytes.AsSpan().SequenceEqual(other.MinBytes) && MaxBytes.AsSpan().SequenceEqual(other.MaxBytes);

    public override int GetHashCode() => HashCode.Combine(Kind, Min, Max, Sum);

    private static void WriteSigned(ByteWriter writer, long value) => writer.WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    private static long ReadSigned(ref ByteReader reader)
    {
        ulong value = reader.ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static ZoneMap OfLongs(FixedColumn<long> column, int from, int count)
    {
        if (column.Validity is not null)
        {
            return OfIntegers(column, from, count, v => v);
        }

        (long min, long max) = (long.MaxValue, long.MinValue);
        Int128 sum = 0;
        foreach (long value in column.Values.AsSpan(from, count))
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
            sum += value;
        }

        return count == 0 ? default : new ZoneMap(ZoneKind.Integer, min, max, sum);
    }

    private static ZoneMap OfIntegers<T>(FixedColumn<T> column, int from, int count, Func<T, long> toLong)
        where T : unmanaged
    {
        (long min, long max, bool any) = (long.MaxValue, long.MinValue, false);
        Int128 sum = 0;
        for (int i = from; i < from + count; i++)
        {
            if (!column.IsNull(i))
            {
                long value = toLong(column.Values[i]);
                min = Math.Min(min, value);
                max = Math.Max(max, value);
                sum += value;
                any = true;
            }
        }

        return any ? new ZoneMap(ZoneKind.Integer, min, max, sum) : default;
    }

    private static ZoneMap OfFloats<T>(FixedColumn<T> column, int from, int count, Func<T, double> toDouble)
        where T : unmanaged, INumber<T>
    {
        (double min, double max, bool any) = (0, 0, false);
        for (int i = from; i < from + count; i++)
        {
            if (column.IsNull(i))
            {
                continue;
            }

            double value = toDouble(column.Values[i]);
            if (double.IsNaN(value))
            {
                // NaN is larger than everything in PostgreSQL's order, and compares with nothing in the processor's: nothing is promised.
                return default;
            }

            (min, max, any) = any ? (Math.Min(min, value), Math.Max(max, value), true) : (value, value, true);
        }

        return any ? new ZoneMap(ZoneKind.Float, BitConverter.DoubleToInt64Bits(min), BitConverter.DoubleToInt64Bits(max)) : default;
    }

    private static ZoneMap OfBytes(BytesColumn column, int from, int count)
    {
        (int min, int max) = (-1, -1);
        for (int i = from; i < from + count; i++)
        {
            if (column.IsNull(i))
            {
                continue;
            }

            if (min < 0)
            {
                (min, max) = (i, i);
                continue;
            }

            ReadOnlySpan<byte> value = column.Span(i);
            if (value.SequenceEqual(column.Span(max)))
            {
                continue;
            }

            min = value.SequenceCompareTo(column.Span(min)) < 0 ? i : min;
            max = value.SequenceCompareTo(column.Span(max)) > 0 ? i : max;
        }

        return min < 0 || column.Span(min).Length > BytesMax || column.Span(max).Length > BytesMax
            ? default
            : new ZoneMap(ZoneKind.Bytes, MinBytes: column.Span(min).ToArray(), MaxBytes: column.Span(max).ToArray());
    }
}
